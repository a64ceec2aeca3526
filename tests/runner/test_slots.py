"""Async models: several predictions at once in one loop, each with its own context, cancelled by id."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from augury.protocol import Cancel, Done, Log, Metric, Predict, Recall, Recalled, Shutdown
from tests.runner.driver import Worker

MODEL = """
    import asyncio, os, augury
    async def predict(name: str, wait: bool = True) -> str:
        print("begun", name)
        while wait and not os.path.exists(os.path.join(os.path.dirname(__file__), name)):
            await asyncio.sleep(.005)
        augury.metric("name", name)
        print("end of", name)
        return name
"""


def test_as_many_run_at_once_as_there_are_slots_and_the_others_wait(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL, slots=2) as worker:
        assert worker.ready().slots == 2
        worker.send(*[Predict(name, {"name": name}) for name in "abc"])
        worker.log("begun a")
        worker.log("begun b")
        (worker.model / "b").touch()
        assert worker.done("b").output == "b"
        worker.log("begun c")
        for name in "ca":
            (worker.model / name).touch()
            assert worker.done(name).output == name
        for name in "abc":
            assert worker.logs(name) == [("stdout", "begun " + name), ("stdout", "end of " + name)]
            assert [one.value for one in worker.messages if isinstance(one, Metric) and one.id == name] == [name]


def test_the_one_that_is_named_is_cancelled(tmp_path: Path) -> None:
    # case 21
    with Worker(tmp_path, MODEL, slots=4) as worker:
        worker.ready()
        worker.send(*[Predict(name, {"name": name}) for name in "abc"])
        for name in "abc":
            worker.log("begun " + name)
        worker.send(Cancel("b"), Cancel("b"), Cancel("nobody"))
        assert worker.done("b").outcome == "cancelled"
        for name in "ac":
            (worker.model / name).touch()
            assert worker.done(name).output == name
        assert [one.id for one in worker.messages if isinstance(one, Done)].count("b") == 1


def test_recall_and_cancel_of_what_waits(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL, slots=1) as worker:
        worker.ready()
        worker.send(*[Predict(name, {"name": name}) for name in "abcd"])
        worker.log("begun a")
        worker.send(Recall(["a", "c"]), Cancel("b"))
        assert worker.expect(Recalled).ids == ["c"]
        assert worker.done("b") == Done("b", "cancelled", None)
        (worker.model / "a").touch()
        worker.log("begun d")
        assert {one.id for one in worker.messages if isinstance(one, Log)} == {"a", "d"}


def test_a_cancel_right_behind_its_prediction_gets_an_end_too(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL, slots=3) as worker:
        worker.ready()
        for n in range(100):
            name = f"p{n}"
            worker.send(Predict(name, {"name": name}), Cancel(name))
            assert worker.done(name).outcome == "cancelled"
        assert worker.output("last", name="last", wait=False) == "last"


def test_clean_up_may_await_and_a_swallowed_cancellation_comes_again(tmp_path: Path) -> None:
    source = """
        import asyncio
        async def predict(how: str) -> str:
            print("begun", how)
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                await asyncio.sleep(0)
                print("cleaned up")
                if how == "raise":
                    raise
                if how == "fail":
                    raise ValueError("spilt")
                if how == "return":
                    return "nevertheless"
            await asyncio.sleep(600)
    """
    with Worker(tmp_path, source, slots=4) as worker:
        worker.ready()
        for how in ("raise", "fail", "return", "go on"):
            worker.start(how, how=how)
            worker.log("begun " + how)
            worker.send(Cancel(how))
            assert worker.done(how).outcome == "cancelled"
            assert ("stdout", "cleaned up") in worker.logs(how)
        assert ("logging", "ValueError: spilt") in worker.logs("fail")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("raise ValueError('no')", "ValueError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise asyncio.CancelledError", "CancelledError"),
        ("asyncio.current_task().cancel(); await asyncio.sleep(1)", "CancelledError"),
        ("t = asyncio.get_running_loop().create_task(leave()); await t", "SystemExit"),
        ("await asyncio.wait_for(asyncio.sleep(9), .01)", "TimeoutError"),
    ],
)
def test_failures_end_their_prediction_and_not_the_loop(tmp_path: Path, body: str, kind: str) -> None:
    source = f"""
        import asyncio, sys
        async def leave():
            sys.exit(4)
        async def predict(fail: bool) -> str:
            if fail:
                {body}
            return "fine"
    """
    with Worker(tmp_path, source, slots=2) as worker:
        worker.ready()
        done = worker.predict("a", fail=True)
        assert (done.outcome, done.type) == ("failed", kind)
        assert worker.output("b", fail=False) == "fine"


def test_async_setup_and_teardown_share_the_loop_with_predict(tmp_path: Path) -> None:
    source = """
        import asyncio
        class Predictor:
            async def setup(self):
                self.queue = asyncio.Queue()
                self.loop = asyncio.get_running_loop()
                self.task = self.loop.create_task(self.pump())
            async def pump(self):
                while True:
                    text, future = await self.queue.get()
                    future.set_result(text.upper())
            async def predict(self, text: str) -> str:
                assert asyncio.get_running_loop() is self.loop
                future = self.loop.create_future()
                await self.queue.put((text, future))
                return await future
            async def teardown(self):
                assert asyncio.get_running_loop() is self.loop
                print("down")
    """
    with Worker(tmp_path, source, slots=8) as worker:
        worker.ready()
        worker.send(*[Predict(str(n), {"text": f"t{n}"}) for n in range(50)])
        assert [worker.done(str(n)).output for n in range(50)] == [f"T{n}" for n in range(50)]
        worker.send(Shutdown())
        assert worker.exit_code() == 0
        worker.log("down")


def test_an_async_setup_serves_a_sync_predict_too(tmp_path: Path) -> None:
    source = """
        import asyncio
        class Predictor:
            async def setup(self):
                await asyncio.sleep(0)
                self.ready = True
            def predict(self) -> bool:
                return self.ready
    """
    with Worker(tmp_path, source, slots=8) as worker:
        assert worker.ready().slots == 1
        assert worker.output("p") is True


@pytest.mark.parametrize(("annotation", "output"), [("AsyncIterator[str]", ["a", "b"]), ("TextStream", "ab")])
def test_async_generators_end_as_their_list_or_text(tmp_path: Path, annotation: str, output: object) -> None:
    source = f"""
        import asyncio
        from typing import AsyncIterator
        from augury import TextStream
        async def predict() -> {annotation}:
            for item in "ab":
                await asyncio.sleep(0)
                yield item
    """
    with Worker(tmp_path, source, slots=2) as worker:
        worker.ready()
        assert worker.output("p") == output


def test_a_generator_that_is_cancelled_is_closed(tmp_path: Path) -> None:
    source = """
        import asyncio
        from typing import AsyncIterator
        async def predict() -> AsyncIterator[int]:
            try:
                for n in range(10**9):
                    print("item", n)
                    yield n
                    await asyncio.sleep(.001)
            finally:
                print("closed")
    """
    with Worker(tmp_path, source, slots=2) as worker:
        worker.ready()
        worker.start("p")
        worker.log("item 3")
        worker.send(Cancel("p"))
        assert worker.done("p").outcome == "cancelled"
        assert worker.logs("p")[-1] == ("stdout", "closed")


def test_each_slot_has_its_own_scratch_folder_when_it_asks(tmp_path: Path) -> None:
    source = """
        import asyncio, os, augury
        async def predict(text: str) -> list:
            folder = augury.scratch()
            (folder / "f").write_text(text)
            await asyncio.sleep(.01)
            return [str(folder), (augury.scratch() / "f").read_text(), os.getcwd()]
    """
    with Worker(tmp_path, source, slots=5) as worker:
        worker.ready()
        worker.send(*[Predict(str(n), {"text": str(n)}) for n in range(5)])
        outputs = [worker.done(str(n)).output for n in range(5)]
        assert [text for _, text, _ in outputs] == ["0", "1", "2", "3", "4"]
        assert len({folder for folder, _, _ in outputs}) == 5
        assert {cwd for _, _, cwd in outputs} == {str(worker.model)}
        assert not any(Path(folder).exists() for folder, _, _ in outputs)


def test_one_slot_has_the_process_to_itself(tmp_path: Path) -> None:
    source = """
        import os, tempfile, augury
        async def predict() -> list:
            open("left", "w").close()
            return [os.getcwd(), tempfile.gettempdir(), str(augury.scratch())]
    """
    with Worker(tmp_path, source, slots=1) as worker:
        worker.ready()
        first, second = worker.output("a"), worker.output("b")
        assert len(set(first)) == len(set(second)) == 1
        assert first != second
        assert not Path(first[0]).exists()


def test_a_loop_that_is_blocked_dies_with_the_engine(tmp_path: Path) -> None:
    source = """
        import time
        async def predict() -> None:
            print("begun")
            time.sleep(600)
    """
    with Worker(tmp_path, source, slots=2) as worker:
        worker.ready()
        worker.start("p")
        worker.log("begun")
        worker.socket.close()
        before = time.monotonic()
        assert worker.exit_code() == -9
        assert time.monotonic() - before < 5


def test_a_thread_without_a_context_belongs_to_nobody_while_several_run(tmp_path: Path) -> None:
    source = """
        import asyncio, threading
        async def predict(text: str) -> None:
            print("begun", text)
            if text == "b":
                await asyncio.to_thread(print, "with context")
                await asyncio.get_running_loop().run_in_executor(None, print, "without")
            else:
                await asyncio.sleep(600)
    """
    with Worker(tmp_path, source, slots=2) as worker:
        worker.ready()
        worker.start("a", text="a")
        worker.log("begun a")
        worker.output("b", text="b")
        assert worker.logs("b") == [("stdout", "begun b"), ("stdout", "with context")]
        assert worker.logs(None) == [("stdout", "without")]
