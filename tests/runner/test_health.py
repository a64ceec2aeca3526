"""healthcheck(): asked after setup, after a failure and while nothing runs; a model that is lost takes nothing more."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from augury.protocol import Cancel, Predict, Ready, Recall, Recalled, SetupFailed, Shutdown, Unhealthy
from tests.runner.driver import Worker

LINES = {"one": ("def", None), "slots": ("async def", None), "batch": ("def", 0.0), "loop batch": ("async def", 0.0)}
lines = pytest.mark.parametrize("line", ["one", "slots", "batch", "loop batch"])
checks = pytest.mark.parametrize("check", ["def", "async def"])

MODEL = """
    import asyncio, os, time
    from augury.runner import health
    HOME = os.path.dirname(__file__)
    def there(name):
        return os.path.exists(os.path.join(HOME, name))
    SETTINGS
    class Predictor:
        asked = 0
        PREDICT predict(self, n: INT) -> INT:
            if FIRST < 0:
                raise ValueError("below zero")
            return n
        CHECK healthcheck(self):
            self.asked += 1
            print("asked", self.asked, os.getcwd() == HOME)
            ANSWER
"""


def model(line: str, check: str = "def", answer: str = "return not there('ill')", settings: str = "") -> str:
    """A model's source for this kind of line."""
    predict, wait = LINES[line]
    kind, first = ("int", "n") if wait is None else ("list[int]", "n[0]")
    words = {"PREDICT": predict, "INT": kind, "FIRST": first, "CHECK": check, "ANSWER": answer, "SETTINGS": settings}
    source = textwrap.dedent(MODEL)
    for word, text in words.items():
        source = source.replace(word, text)
    return source


def start(folder: Path, line: str, source: str) -> Worker:
    return Worker(folder, source, slots=1, batch_wait=LINES[line][1])


@lines
@checks
def test_it_is_asked_after_setup_and_after_a_failure(tmp_path: Path, line: str, check: str) -> None:
    with start(tmp_path, line, model(line, check)) as worker:
        worker.ready()
        assert worker.logs(None) == [("stdout", "asked 1 True")]
        assert worker.output("a", n=1) == 1
        assert worker.predict("b", n=-1).type == "ValueError"
        worker.log("asked 2 True")
        assert worker.output("c", n=2) == 2
        assert worker.predict("d", n="no integer").type == "InputError"
        assert worker.output("e", n=3) == 3
        assert worker.logs(None) == [("stdout", "asked 1 True"), ("stdout", "asked 2 True")]
        worker.send(Shutdown())
        assert worker.exit_code() == 0


@lines
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("return not there('ill')", "healthcheck() returned False"),
        ("assert not there('ill'), 'no GPU'", "healthcheck() raised AssertionError: no GPU"),
        ("while there('ill'): time.sleep(.01)", "healthcheck() took more than 0.3 s"),
    ],
    ids=["false", "raises", "hangs"],
)
def test_what_is_lost_says_so_once_and_begins_nothing(tmp_path: Path, line: str, answer: str, words: str) -> None:
    with start(tmp_path, line, model(line, answer=answer, settings="health.LIMIT = .3")) as worker:
        worker.ready()
        (worker.model / "ill").touch()
        assert worker.predict("a", n=-1).outcome == "failed"
        assert words in worker.expect(Unhealthy).reason
        (worker.model / "ill").unlink()
        worker.send(Predict("b", {"n": 1}), Predict("c", {"n": 2}), Cancel("c"), Recall(["b", "c"]))
        assert worker.expect(Recalled).ids == ["b"]
        assert worker.done("c").outcome == "cancelled"
        worker.send(Shutdown())
        assert worker.exit_code() == 0
        assert len([one for one in worker.messages if isinstance(one, Unhealthy)]) == 1


@lines
@checks
def test_it_is_asked_while_nothing_runs(tmp_path: Path, line: str, check: str) -> None:
    with start(tmp_path, line, model(line, check, settings="health.IDLE = .05; health.PAUSE = .05")) as worker:
        worker.ready()
        worker.log("asked 4")
        assert worker.output("a", n=1) == 1
        (worker.model / "ill").touch()
        assert "returned False" in worker.expect(Unhealthy).reason


def test_an_async_model_is_asked_also_when_all_that_it_does_is_fail(tmp_path: Path) -> None:
    with Worker(tmp_path, model("slots"), slots=2) as worker:
        worker.ready()
        worker.send(*[Predict(str(n), {"n": -1}) for n in range(200)])
        worker.done("199")
        worker.log("asked 2")
        assert worker.output("last", n=1) == 1


@lines
@checks
@pytest.mark.parametrize("answer", ["return False", "raise OSError('no GPU')", "time.sleep(600)"])
def test_a_model_that_is_ill_after_setup_has_failed_to_start(
    tmp_path: Path, line: str, check: str, answer: str
) -> None:
    with start(tmp_path, line, model(line, check, answer, "health.LIMIT = .3")) as worker:
        failed = worker.expect(SetupFailed)
        assert failed.type == "Unhealthy"
        assert failed.message.startswith("healthcheck() ")
        assert worker.exit_code() == 1
        assert not [one for one in worker.messages if isinstance(one, Ready)]


def test_one_that_says_nothing_is_well_and_a_failing_model_is_not_asked_each_time(tmp_path: Path) -> None:
    with start(tmp_path, "one", model("one", answer="return None", settings="health.PAUSE = 60")) as worker:
        worker.ready()
        for n in range(20):
            assert worker.predict(str(n), n=-1).outcome == "failed"
        assert worker.logs(None) == [("stdout", "asked 1 True"), ("stdout", "asked 2 True")]
