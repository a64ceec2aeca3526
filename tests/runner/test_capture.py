"""What a model prints: whole lines, of the right prediction, live, and bounded."""

from __future__ import annotations

from pathlib import Path

from augury.protocol import Log
from tests.runner.driver import Worker


def _run(folder: Path, body: str, head: str = "") -> tuple[list[tuple[str, str]], Worker]:
    lines = ["import sys, os, threading, subprocess, logging, warnings", head, "def predict() -> None:"]
    lines += ["    " + line for line in body.splitlines()]
    with Worker(folder, "\n".join(lines)) as worker:
        worker.ready()
        worker.output("p")
    return worker.logs("p"), worker


def test_lines_are_sent_with_their_stream_and_the_last_one_without_its_end(tmp_path: Path) -> None:
    logs, _ = _run(tmp_path, "print('a', 1)\nprint('b\\n\\nc', file=sys.stderr)\nsys.stdout.write('tail')")
    assert logs == [("stdout", "a 1"), ("stderr", "b"), ("stderr", ""), ("stderr", "c"), ("stdout", "tail")]


def test_a_line_is_there_before_the_run_ends(tmp_path: Path) -> None:
    source = """
        import os, time
        def predict(path: str) -> None:
            print("first")
            while not os.path.exists(path):
                time.sleep(.01)
    """
    gate = tmp_path / "gate"
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.start("p", path=str(gate))
        worker.log("first")
        gate.touch()
        assert worker.done("p").outcome == "succeeded"


def test_progress_displays_become_lines_and_unicode_separators_do_not_cut(tmp_path: Path) -> None:
    logs, _ = _run(
        tmp_path, "sys.stderr.write('\\r10%')\nsys.stderr.write('\\r20%\\r')\nprint('a\\u2028b\\x85c\\r\\nd\\r')"
    )
    assert logs == [("stderr", "10%"), ("stdout", "a\u2028b\x85c"), ("stdout", "d"), ("stderr", "20%")]


def test_bytes_are_text_even_when_cut_inside_a_character(tmp_path: Path) -> None:
    body = """
        out = sys.stdout.buffer
        raw = 'ä\\n'.encode()
        out.write(raw[:1]); out.write(raw[1:]); out.write(b'\\xff\\xfe\\n'); out.write(memoryview(b'end\\xc3'))
    """
    logs, _ = _run(tmp_path, "\n".join(line.strip() for line in body.strip().splitlines()))
    assert logs == [("stdout", "ä"), ("stdout", "\ufffd\ufffd"), ("stdout", "end\ufffd")]


def test_threads_that_the_model_started_belong_to_the_running_prediction(tmp_path: Path) -> None:
    body = "t = threading.Thread(target=print, args=('from a thread',))\nt.start()\nt.join()"
    logs, _ = _run(tmp_path, body)
    assert logs == [("stdout", "from a thread")]


def test_a_thread_of_an_earlier_prediction_never_writes_into_the_log_of_none(tmp_path: Path) -> None:
    source = """
        import threading
        go, gone = threading.Event(), threading.Event()
        def late():
            go.wait()
            print("late")
            gone.set()
        def predict(start: bool) -> None:
            if start:
                threading.Thread(target=late, daemon=True).start()
            else:
                go.set()
                gone.wait()
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.output("a", start=True)
        worker.output("b", start=False)
        assert worker.logs("a") == []
        assert worker.logs("b") == [("stdout", "late")]


def test_logging_and_warnings_arrive_on_stderr(tmp_path: Path) -> None:
    body = "logging.getLogger('x').warning('careful')\nlogging.getLogger('x').info('unseen')\nwarnings.warn('old')"
    logs, _ = _run(tmp_path, body)
    assert logs[0] == ("stderr", "careful")
    assert "UserWarning: old" in logs[1][1]
    logs, _ = _run_in(tmp_path / "2", "logging.info('seen')", "logging.basicConfig(level=logging.INFO)")
    assert logs == [("stderr", "INFO:root:seen")]


def _run_in(folder: Path, body: str, head: str) -> tuple[list[tuple[str, str]], Worker]:
    folder.mkdir()
    return _run(folder, body, head)


def test_child_processes_and_c_code_write_to_the_real_descriptors(tmp_path: Path) -> None:
    source = """
        import os, subprocess, sys
        def predict() -> None:
            subprocess.run(["echo", "from a child"], check=True)
            subprocess.run(["echo", "by descriptor"], check=True, stdout=sys.stdout)
            os.write(2, b"from C\\n")
            print("ours")
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.output("p")
        assert worker.logs("p") == [("stdout", "ours")]
        worker.raw_until("from C\n")
        assert worker.raw() == "from a child\nby descriptor\nfrom C\n"


def test_a_stream_that_the_model_replaced_or_closed_is_back_for_the_next_run(tmp_path: Path) -> None:
    source = """
        import io, sys
        def predict(how: str) -> None:
            print(how)
            if how == "replace":
                sys.stdout = io.StringIO()
            if how == "close":
                sys.stdout.close()
                sys.stdout.buffer.close()
            print("after", how)
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        for how in ("replace", "close", "plain"):
            worker.output(how, how=how)
        assert worker.logs("replace") == [("stdout", "replace")]
        assert worker.logs("close") == [("stdout", "close"), ("stdout", "after close")]
        assert worker.logs("plain") == [("stdout", "plain"), ("stdout", "after plain")]


def test_an_endless_line_is_cut_and_marked(tmp_path: Path) -> None:
    logs, _ = _run(tmp_path, "for _ in range(100):\n    sys.stdout.write('x' * 1000)\nprint()\nprint('y' * 16384)")
    assert logs == [("stdout", "x" * 16384 + "… [line cut]"), ("stdout", "y" * 16384)]


def test_a_flood_ends_in_one_warning_and_the_next_run_logs_again(tmp_path: Path) -> None:
    source = """
        def predict(n: int) -> None:
            for _ in range(n):
                print("x" * 9_999)
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.output("p", n=1500)
        logs = worker.logs("p")
        assert sum(len(text) + 1 for stream, text in logs if stream == "stdout") == 1048 * 10_000
        assert [text for stream, text in logs if stream == "logging"] == [
            "More than 10 MiB of log: the rest is dropped."
        ]
        assert logs[-1][0] == "logging"
        worker.output("q", n=1)
        assert len(worker.logs("q")) == 1


def test_many_threads_printing_keep_their_lines_whole(tmp_path: Path) -> None:
    body = """
def work(n):
    for m in range(200):
        sys.stdout.write('%d-%d\\n' % (n, m))
ts = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in ts]
[t.join() for t in ts]
""".strip()
    logs, worker = _run(tmp_path, body)
    assert sorted(text for _, text in logs) == sorted(f"{n}-{m}" for n in range(8) for m in range(200))
    times = [one.time for one in worker.messages if isinstance(one, Log)]
    assert times == sorted(times)


def test_what_is_no_text_is_refused_as_by_any_stream(tmp_path: Path) -> None:
    logs, _ = _run(tmp_path, "try:\n    sys.stdout.write(b'x')\nexcept TypeError as error:\n    print(error)")
    assert logs == [("stdout", "write() argument must be str, not bytes")]
    assert not logs[0][1].startswith("b'")


def test_the_streams_have_what_libraries_ask_for(tmp_path: Path) -> None:
    body = """
o = sys.stdout
o.reconfigure(line_buffering=True)
o.writelines(['a', 'b\\n'])
o.flush()
print(o.encoding, o.errors, o.isatty(), o.fileno(), o.writable(), o.closed, o.mode, o.name)
""".strip()
    logs, _ = _run(tmp_path, body)
    assert logs == [("stdout", "ab"), ("stdout", "utf-8 replace False 1 True False w <stdout>")]


def test_lone_surrogates_are_replaced(tmp_path: Path) -> None:
    logs, _ = _run(tmp_path, "print('a\\ud800b')")
    assert logs == [("stdout", "a\ufffdb")]


def test_metrics_and_progress_are_messages_of_their_prediction(tmp_path: Path) -> None:
    from augury.protocol import Metric, Progress

    source = """
        import augury, threading
        def predict() -> None:
            augury.metric("tokens", 3)
            augury.metric("bad", object())
            t = threading.Thread(target=augury.progress, args=(0.5, "half"))
            t.start()
            t.join()
        augury.metric("outside", 1)
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        worker.output("p")
        assert [one for one in worker.messages if isinstance(one, (Metric, Progress))] == [
            Metric("p", "tokens", 3),
            Progress("p", 0.5, "half"),
        ]
        ((stream, text),) = worker.logs("p")
        assert stream == "logging"
        assert "bad" in text
