"""The conversation: start, setup, order, recall, shutdown, and the end of the engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from augury.protocol import Cancel, Done, Fatal, Log, Predict, Recall, Recalled, SetupFailed, Shutdown
from tests.runner.driver import EndOfStream, Worker, alive
from tests.support.signals import until

ECHO = """
    def predict(text: str) -> str:
        return text
"""
GATED = """
    import os, time
    def predict(path: str) -> str:
        print("begun", flush=True)
        while not os.path.exists(path):
            time.sleep(0.01)
        return path
"""


def test_a_model_is_loaded_and_answers(tmp_path: Path) -> None:
    with Worker(tmp_path, ECHO) as worker:
        ready = worker.ready()
        assert ready.slots == 1
        assert 0 <= ready.seconds < 10
        assert worker.hello.pid == worker.process.pid
        assert worker.hello.python == "{}.{}.{}".format(*sys.version_info)
        done = worker.predict("p1", text="hello")
        assert (done.outcome, done.output) == ("succeeded", "hello")
        assert done.seconds is not None
        assert 0 <= done.seconds < 5


def test_the_package_can_be_started_by_name_too(tmp_path: Path) -> None:
    src = str(Path(sys.modules["augury"].__file__ or "").parent.parent)
    code = f"import sys, runpy; sys.path.insert(0, {src!r}); sys.argv = sys.argv[1:];"
    code += " runpy.run_module('augury.runner', run_name='__main__', alter_sys=True)"
    with Worker(tmp_path, ECHO, command=(sys.executable, "-I", "-c", code)) as worker:
        worker.ready()
        assert worker.output("p1", text="hello") == "hello"


def test_a_class_is_set_up_once_and_taken_down_at_the_end(tmp_path: Path) -> None:
    source = """
        import os
        class Predictor:
            def setup(self):
                print("setting up")
                self.count = 0
            def predict(self) -> int:
                self.count += 1
                return self.count
            def teardown(self):
                print("taking down in", os.getcwd())
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        assert [worker.output(str(n)) for n in range(3)] == [1, 2, 3]
        worker.send(Shutdown())
        assert worker.exit_code() == 0
        worker.log("taking down")
        assert worker.logs(None) == [
            ("stdout", "setting up"),
            ("stdout", f"taking down in {worker.model}"),
        ]


def test_a_teardown_that_raises_is_told_and_the_exit_code_stays_0(tmp_path: Path) -> None:
    source = """
        class Predictor:
            def predict(self) -> int:
                return 1
            def teardown(self):
                raise ValueError("no way down")
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.send(Shutdown())
        assert worker.exit_code() == 0
        worker.log("ValueError: no way down")


def test_shutdown_does_not_wait_for_threads_that_the_model_left(tmp_path: Path) -> None:
    source = """
        import threading
        threading.Thread(target=threading.Event().wait).start()
        def predict() -> int:
            return 1
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.send(Shutdown())
        assert worker.exit_code() == 0


@pytest.mark.parametrize(
    ("failure", "kind", "text"),
    [
        ("raise ValueError('weights are missing')", "ValueError", "weights are missing"),
        ("import sys; sys.exit(7)", "SystemExit", "setup() called sys.exit(7)."),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "setup() raised KeyboardInterrupt without a message."),
    ],
)
def test_a_setup_that_fails_is_told_with_its_logs_and_ends_the_process(
    tmp_path: Path, failure: str, kind: str, text: str
) -> None:
    source = f"""
        class Predictor:
            def setup(self):
                print("nearly there", end="")
                {failure}
            def predict(self) -> int:
                return 1
    """
    with Worker(tmp_path, source) as worker:
        failed = worker.expect(SetupFailed)
        assert (failed.type, failed.message) == (kind, text)
        assert any("predict.py" in line for line in failed.traceback)
        assert not any("session.py" in line for line in failed.traceback)
        assert worker.exit_code() == 1
        assert worker.logs(None) == [("stdout", "nearly there")]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("def predict(:\n    pass\n", "predict.py"),
        ("import nowhere_to_be_found\n", "nowhere_to_be_found"),
        ("x = 1\n", "predict"),
        ("raise SystemExit(3)\n", "3"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path, source: str, text: str) -> None:
    with Worker(tmp_path, source) as worker:
        failed = worker.expect(SetupFailed)
        assert text in failed.message
        assert worker.exit_code() == 1


def test_predictions_run_in_the_order_they_came(tmp_path: Path) -> None:
    source = """
        seen = []
        def predict(n: int) -> list:
            seen.append(n)
            return list(seen)
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.send(*[Predict(str(n), {"n": n}) for n in range(100)])
        assert worker.done("99").output == list(range(100))
        assert [one.id for one in worker.messages if isinstance(one, Done)] == [str(n) for n in range(100)]


def test_predictions_that_come_before_ready_run_after_it(tmp_path: Path) -> None:
    with Worker(tmp_path, ECHO) as worker:
        worker.start("early", text="bird")
        assert worker.done("early").output == "bird"


def test_recall_gives_back_what_has_not_begun_and_only_that(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with Worker(tmp_path, GATED) as worker:
        worker.ready()
        worker.send(*[Predict(name, {"path": str(gate)}) for name in "abcd"])
        worker.log("begun")
        worker.send(Recall(["a", "c", "d", "unknown"]))
        assert worker.expect(Recalled).ids == ["c", "d"]
        gate.touch()
        assert worker.done("b").outcome == "succeeded"
        assert worker.done("a").outcome == "succeeded"
        worker.send(Predict("c", {"path": str(gate)}))  # what was recalled may come again
        assert worker.done("c").outcome == "succeeded"
        assert [one.id for one in worker.messages if isinstance(one, Done)] == ["a", "b", "c"]


def test_cancel_of_one_that_has_not_begun_ends_it_at_once(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with Worker(tmp_path, GATED) as worker:
        worker.ready()
        worker.send(*[Predict(name, {"path": str(gate)}) for name in "abc"])
        worker.log("begun")
        worker.send(Cancel("b"))
        assert worker.done("b") == Done("b", "cancelled", None)
        gate.touch()
        assert worker.done("c").outcome == "succeeded"
        assert [one.id for one in worker.messages if isinstance(one, Log)] == ["a", "c"]


def test_an_input_and_an_output_too_big_for_the_socket_go_by_file(tmp_path: Path) -> None:
    text = "ä" * (5 << 19)
    with Worker(tmp_path, ECHO) as worker:
        worker.ready()
        assert worker.output("big", text=text) == text
        assert list(worker.spill.iterdir()) == []


@pytest.mark.parametrize("text", ["", "\x00", "\u2028\x85\r\n\r", "😀" * 100, "\\ud800", '"', "a" * 70_000])
def test_any_text_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    with Worker(tmp_path, ECHO) as worker:
        worker.ready()
        assert worker.output("p", text=text) == text


FAMILY = """
    import os, subprocess, sys, time
    class Predictor:
        def setup(self):
            child = subprocess.Popen([sys.executable, "-c", "import subprocess, sys; "
                "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
                "print(p.pid, flush=True); p.wait()"], stdout=subprocess.PIPE, text=True)
            print("grandchild", child.stdout.readline().strip())
        def predict(self, how: str) -> str:
            print("busy")
            if how == "python":
                while True:
                    pass
            import ctypes
            ctypes.PyDLL(None).sleep(600)  # C code that never lets another thread run
"""


def test_when_the_engine_is_gone_the_worker_dies_with_all_it_started_however_busy(tmp_path: Path) -> None:
    with Worker(tmp_path, FAMILY) as worker:
        worker.ready()
        grandchild = int(worker.log("grandchild").text.split()[1])
        worker.start("p", how="python")
        worker.log("busy")
        assert alive(grandchild)
        worker.socket.close()
        assert worker.exit_code() == -9
        until(lambda: not alive(grandchild), "the grandchild is gone")


def test_the_lifeline_kills_a_worker_in_which_no_thread_can_run(tmp_path: Path) -> None:
    with Worker(tmp_path, FAMILY, lifeline=True) as worker:
        worker.ready()
        grandchild = int(worker.log("grandchild").text.split()[1])
        worker.start("p", how="c")
        worker.log("busy")
        worker.socket.close()
        assert worker.process.stdin is not None
        worker.process.stdin.close()
        assert worker.exit_code() == -9
        until(lambda: not alive(grandchild), "the grandchild is gone")


def test_standard_input_is_empty_with_and_without_a_lifeline(tmp_path: Path) -> None:
    source = """
        import sys
        def predict() -> str:
            return sys.stdin.read()
    """
    for lifeline in (False, True):
        folder = tmp_path / str(lifeline)
        folder.mkdir()
        with Worker(folder, source, lifeline=lifeline) as worker:
            worker.ready()
            assert worker.output("p") == ""


def test_what_is_no_message_ends_the_worker_with_a_word(tmp_path: Path) -> None:
    with Worker(tmp_path, ECHO) as worker:
        worker.ready()
        worker.socket.sendall(b"\x00\x00\x00\x02{}")
        assert "not a message" in worker.expect(Fatal).message
        assert worker.exit_code() == -9


def test_a_model_that_ends_its_process_is_seen_by_its_exit_code(tmp_path: Path) -> None:
    source = """
        import os
        def predict(code: int) -> int:
            print("last words")
            os._exit(code)
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("p", code=3)
        with pytest.raises(EndOfStream):
            worker.done("p")
        assert worker.exit_code() == 3
        assert worker.logs("p") == [("stdout", "last words")]


def test_the_model_sees_neither_our_arguments_nor_our_folder(tmp_path: Path) -> None:
    source = """
        import os, sys
        def predict() -> dict:
            return {"argv": len(sys.argv), "path": sys.path, "cwd": os.getcwd()}
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        seen = worker.output("p")
        assert seen["argv"] == 1
        assert seen["path"][0] == str(worker.model)
        assert not any(entry.endswith("runner") for entry in seen["path"])
        assert os.path.dirname(seen["cwd"]) == str(worker.scratch)
