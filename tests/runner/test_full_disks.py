"""What the platform has no room to write is its own failure, which says which file; the model's own files are not."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from augury.protocol import Done
from tests.runner.driver import Worker

MODEL = """
    import os, resource
    from typing import Any, Iterator, Optional
    import augury
    from augury import File

    HARD = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def room(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (HARD if size is None else size, HARD))

    def made(folder, size=100_000):
        path = folder / "picture.png"
        path.write_bytes(b"x" * size)
        return path

    class Predictor:
        def predict(self, how: str = "", outside: str = "", limit: Optional[int] = None,
                    file: Optional[File] = None) -> Any:
            import pathlib
            room(None)
            there = made(pathlib.Path(outside)) if outside else made(augury.scratch())
            os.chdir(augury.scratch())
            room(limit)
            if how == "returned":
                return [1, File(there)]
            if how == "open":
                return [1, there.open("rb")]
            if how == "big":
                return "x" * 2_000_000
            if how == "missing":
                return [1, File("nowhere.png")]
            return "fine"
"""
YIELDING = """
    from typing import Any, Iterator
    import augury
    from augury import File

    def predict(how: str) -> Iterator[Any]:
        yield 1
        if how == "big":
            yield "x" * 2_000_000
        else:
            path = augury.scratch() / "picture.png"
            if how != "missing":
                path.write_bytes(b"x" * 100_000)
            yield File(path)
"""


def failed_to_store(done: Done, what: str) -> None:
    assert (done.outcome, done.type, done.traceback) == ("failed", "storage", []), done
    assert done.message is not None
    assert done.message.startswith(f"The file {what} could not be stored: " if what else "The output could not be ")
    assert any(reason in done.message for reason in ("No space left on device", "File too large"))
    assert done.unstored == what


@pytest.mark.parametrize("how", ["returned", "open", "big"])
def test_what_is_returned_and_cannot_be_stored_is_not_the_models_failure(tmp_path: Path, how: str) -> None:
    with Worker(tmp_path, MODEL, outbox=True) as worker:
        worker.ready()
        failed_to_store(worker.predict("p", how=how, outside=str(tmp_path), limit=50_000), _name(how))
        assert list(worker.spill.iterdir()) == [], "half a file takes no room"
        assert worker.output("q") == "fine"


@pytest.mark.parametrize("how", ["returned", "big"])
def test_a_full_disk_is_not_the_models_failure(tmp_path: Path, how: str) -> None:
    with Worker(tmp_path, MODEL, outbox=True) as worker:
        worker.ready()
        with small_disk(worker.spill):
            failed_to_store(worker.predict("p", how=how), _name(how))
            assert list(worker.spill.iterdir()) == []
            assert worker.output("q") == "fine"
        assert worker.predict("r", how=how).outcome == "succeeded"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("how", ["file", "big"])
def test_what_is_yielded_onto_a_full_disk_is_not_the_models_failure(tmp_path: Path, how: str, streamed: bool) -> None:
    with Worker(tmp_path, YIELDING, outbox=True) as worker:
        worker.ready()
        with small_disk(worker.spill):
            (worker.stream if streamed else worker.start)("p", how=how)
            failed_to_store(worker.done("p"), _name(how))
            assert list(worker.spill.iterdir()) == []
        assert worker.predict("r", how=how).outcome == "succeeded"


def test_an_input_that_cannot_be_stored_is_not_the_callers_failure(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL, outbox=True) as worker:
        worker.ready()
        assert worker.output("p", limit=50_000) == "fine"
        failed_to_store(worker.predict("q", file="data:text/plain;name=a.txt," + "x" * 60_000), "a.txt")


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("source", [MODEL, YIELDING], ids=["returned", "yielded"])
def test_a_file_that_the_model_has_not_written_is_the_models_failure(
    tmp_path: Path, source: str, streamed: bool
) -> None:
    with Worker(tmp_path, source, outbox=True) as worker:
        worker.ready()
        (worker.stream if streamed else worker.start)("p", how="missing")
        done = worker.done("p")
        assert (done.outcome, done.type, done.unstored) == ("failed", "OutputError", None)
        assert (done.message or "").startswith("output[1]: ")


def _name(how: str) -> str:
    return "" if how == "big" else "picture.png"


@contextmanager
def small_disk(place: Path) -> Generator[None]:
    """A disk of 64 KiB at that folder; skips the test where none may be mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)
