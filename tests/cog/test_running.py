"""A model for Cog in a worker: what it finds there, what it may do, and what it is told that it misses."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from augury.protocol import Cancel, Done, Metric, SetupFailed
from augury.runner.cogmodel import mirror
from tests.runner.driver import Worker

HELLO = "data:text/plain;base64," + base64.b64encode(b"hello").decode()


def worker(folder: Path, source: str, *, files: dict[str, str] | None = None, slots: int = 1, **environ: str) -> Worker:
    """A worker that is started as for a folder with a cog.yaml."""
    found = {"COG_PREDICT_TYPE_STUB": "predict.py", **environ}
    return Worker(
        folder, source, slots=slots, files={"cog.yaml": "predict: predict.py", **(files or {})}, environ=found
    )


def content(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def test_its_folder_is_the_working_directory_and_may_be_written_in(tmp_path: Path) -> None:
    source = """
        import os, helper
        from cog import BasePredictor, Path
        class Predictor(BasePredictor):
            def setup(self):
                self.home = os.getcwd()
            def predict(self, text: str) -> Path:
                assert os.getcwd() == self.home == os.path.dirname(__file__)
                with open("notes.txt", "a") as notes:
                    notes.write(text + helper.END)
                return Path("notes.txt")
    """
    with worker(tmp_path, source, files={"helper.py": "END = '.'", "notes.txt": "kept "}) as one:
        one.ready()
        assert content(one.output("a", text="a")) == b"kept a."
        assert content(one.output("b", text="b")) == b"kept a.b."
    assert (tmp_path / "model" / "notes.txt").read_text() == "kept "


def test_a_file_that_is_too_big_to_copy_is_there_too(tmp_path: Path) -> None:
    source = """
        from cog import BasePredictor
        class Predictor(BasePredictor):
            def predict(self) -> int:
                return len(open("big.txt").read())
    """
    with worker(tmp_path, source, files={"big.txt": "x" * 500_000}) as one:
        one.ready()
        assert one.output("a") == 500_000


def test_programs_of_its_environment_are_found_by_name(tmp_path: Path) -> None:
    source = """
        import os, shutil, sys
        from cog import BasePredictor
        class Predictor(BasePredictor):
            def predict(self) -> bool:
                return os.path.dirname(shutil.which("python3")) == os.path.dirname(sys.executable)
    """
    with worker(tmp_path, source) as one:
        one.ready()
        assert one.output("a") is True


@pytest.mark.parametrize("said", ["", "/elsewhere"])
def test_caches_are_in_its_folder_unless_it_says_otherwise(tmp_path: Path, said: str) -> None:
    source = """
        import os
        from cog import BasePredictor
        class Predictor(BasePredictor):
            def predict(self) -> bool:
                return os.environ["XDG_CACHE_HOME"] == os.path.join(os.getcwd(), ".cache")
    """
    with worker(tmp_path, source, XDG_CACHE_HOME=said) as one:
        one.ready()
        assert one.output("a") is not bool(said)


def test_the_copy_of_the_folder_has_its_links_folders_and_programs(tmp_path: Path) -> None:
    model, copy = tmp_path / "model", tmp_path / "copy"
    (model / "deep" / "empty").mkdir(parents=True)
    (model / "deep" / "run.sh").write_text("#!/bin/sh\n")
    (model / "deep" / "run.sh").chmod(0o555)
    (model / "big.bin").write_bytes(b"x" * 300_000)
    (model / "big.bin").chmod(0o444)
    (model / "link").symlink_to("deep/run.sh")
    (model / "folder").symlink_to("deep")
    assert mirror(str(model), str(copy)) == str(copy)
    assert sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*")) == [
        "big.bin", "deep", "deep/empty", "deep/run.sh", "folder", "link",
    ]  # fmt: skip
    assert (copy / "link").readlink() == Path("deep/run.sh")
    assert (copy / "folder" / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (copy / "big.bin").samefile(model / "big.bin")
    assert not (copy / "deep" / "run.sh").samefile(model / "deep" / "run.sh")


def test_an_output_at_a_fixed_place_is_taken_before_the_next_run_writes_there(tmp_path: Path) -> None:
    # D56
    source = f"""
        from cog import BasePredictor, Path
        class Predictor(BasePredictor):
            def predict(self, text: str) -> Path:
                out = Path("{tmp_path}/out.txt")
                out.write_text(text)
                return out
    """
    with worker(tmp_path, source) as one:
        one.ready()
        for number in range(20):
            one.start(str(number), text=f"text {number}")
        assert [content(one.done(str(number)).output) for number in range(20)] == [
            f"text {number}".encode() for number in range(20)
        ]


@pytest.mark.parametrize("line", ["def setup(self, weights):", "def setup(self, weights=None):"])
@pytest.mark.parametrize("weights", ["", "https://example.org/weights.bin"])
def test_setup_gets_the_weights_that_the_variable_names(tmp_path: Path, line: str, weights: str) -> None:
    source = f"""
        from cog import BasePredictor
        class Predictor(BasePredictor):
            {line}
                self.weights = weights
            def predict(self) -> str:
                return repr(self.weights)
    """
    with worker(tmp_path, source, COG_WEIGHTS=weights) as one:
        one.ready()
        assert one.output("a") == repr(weights or None)


def test_weights_that_are_asked_for_as_a_path_are_one(tmp_path: Path) -> None:
    source = """
        from typing import Optional
        from cog import BasePredictor, Path
        class Predictor(BasePredictor):
            def setup(self, weights: Optional[Path] = None):
                self.text = (weights / "w.txt").read_text() + type(weights).__name__
            def predict(self) -> str:
                return self.text
    """
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.txt").write_text("w")
    with worker(tmp_path, source, COG_WEIGHTS=str(tmp_path / "weights")) as one:
        one.ready()
        assert one.output("a") == "wPath"


@pytest.mark.parametrize("predict", ["def predict", "async def predict"])
def test_setup_may_be_async_whatever_predict_is(tmp_path: Path, predict: str) -> None:
    source = f"""
        import asyncio
        from cog import BasePredictor
        class Predictor(BasePredictor):
            async def setup(self):
                await asyncio.sleep(0)
                self.ready = "set up"
            {predict}(self) -> str:
                return self.ready
    """
    with worker(tmp_path, source) as one:
        one.ready()
        assert one.output("a") == "set up"


def test_run_of_a_class_that_is_no_runner_is_called(tmp_path: Path) -> None:
    source = """
        class Runner:
            def run(self, text: str) -> str:
                return text.upper()
    """
    with worker(tmp_path, source) as one:
        one.ready()
        assert one.output("a", text="x") == "X"


@pytest.mark.parametrize("kind", ["ConcatenateIterator[str]", "Iterator[str]"])
def test_a_generator_of_pieces_gives_them_as_a_list_as_cog_does(tmp_path: Path, kind: str) -> None:
    source = f"""
        from typing import Iterator
        from cog import BaseRunner, ConcatenateIterator, streaming
        class Runner(BaseRunner):
            @streaming
            def run(self, text: str) -> {kind}:
                yield from text
    """
    with worker(tmp_path, source) as one:
        one.ready()
        assert one.output("whole", text="abc") == ["a", "b", "c"]
        one.stream("streamed", text="abc")
        assert one.done("streamed").output == ["a", "b", "c"]
        assert one.items("streamed") == ["a", "b", "c"]


def test_async_pieces_are_streamed_in_as_many_slots_as_are_given(tmp_path: Path) -> None:
    source = """
        import asyncio
        from cog import AsyncConcatenateIterator, BaseRunner, concurrent
        class Runner(BaseRunner):
            def setup(self):
                self.inside, self.together = 0, None
            @concurrent(max=3)
            async def run(self, text: str) -> AsyncConcatenateIterator[str]:
                self.together = self.together or asyncio.Event()
                self.inside += 1
                if self.inside == 3:
                    self.together.set()
                await self.together.wait()
                for piece in text:
                    yield piece
    """
    with worker(tmp_path, source, slots=3) as one:
        assert one.ready().slots == 3
        for name in "abc":
            one.start(name, text=name * 3)
        assert [one.done(name).output for name in "abc"] == [["a"] * 3, ["b"] * 3, ["c"] * 3]


def test_inputs_are_of_the_classes_that_the_model_names(tmp_path: Path) -> None:
    source = """
        from cog import BasePredictor, File, Path, Secret
        import pathlib
        class Predictor(BasePredictor):
            def predict(self, path: Path, file: File, secret: Secret, more: list[Path] = []) -> str:
                assert isinstance(path, Path) and isinstance(path, pathlib.PosixPath) and path.exists()
                assert not isinstance(path, str) and path.suffix == ".txt"
                assert str(secret) == "**********"
                return path.read_text() + file.read().decode() + secret.get_secret_value() + more[0].read_text()
    """
    with worker(tmp_path, source) as one:
        one.ready()
        assert one.output("a", path=HELLO, file=HELLO, secret="s", more=[HELLO]) == "hellohelloshello"


def test_an_output_of_several_fields_is_an_object_with_its_files(tmp_path: Path) -> None:
    source = """
        from typing import List, Optional
        from cog import BaseModel, BasePredictor, Path
        class Part(BaseModel):
            name: str
            file: Optional[Path] = None
        class Output(BaseModel):
            parts: List[Part]
            total: int = 0
        class Predictor(BasePredictor):
            def predict(self) -> Output:
                Path("part.txt").write_text("part")
                return Output(parts=[Part(name="a"), Part("b", Path("part.txt"))], total=2)
    """
    with worker(tmp_path, source) as one:
        one.ready()
        output: dict[str, Any] = one.output("a")
        assert (output["total"], output["parts"][0]) == (2, {"name": "a", "file": None})
        assert content(output["parts"][1]["file"]) == b"part"


def test_metrics_are_recorded_in_all_the_ways_that_there_are(tmp_path: Path) -> None:
    source = """
        from cog import BasePredictor, current_scope
        class Predictor(BasePredictor):
            def predict(self) -> str:
                self.record_metric("seconds", 1.5)
                self.record_metric("tokens", 2, mode="incr")
                current_scope().record_metric("tokens", 3, mode="incr")
                current_scope().metrics["words.first"] = "a"
                self.scope.metrics.record("steps", "x", mode="append")
                return ""
    """
    with worker(tmp_path, source) as one:
        one.ready()
        one.output("a")
        found = {message.name: message.value for message in one.messages if isinstance(message, Metric)}
        assert found == {"seconds": 1.5, "tokens": 5, "words": {"first": "a"}, "steps": ["x"]}


@pytest.mark.parametrize("module", ["cog", "cog.server.exceptions"])
def test_a_cancellation_is_cogs_own_and_lets_the_model_clean_up(tmp_path: Path, module: str) -> None:
    # case 23
    marker = tmp_path / "cleaned up"
    source = f"""
        import pathlib, time
        from cog import BasePredictor
        from {module} import CancelationException
        class Predictor(BasePredictor):
            def predict(self, seconds: float) -> str:
                try:
                    print("begun")
                    while True:
                        try:
                            time.sleep(seconds)
                            return "slept"
                        except Exception:
                            pass
                except CancelationException:
                    pathlib.Path({str(marker)!r}).write_text("yes")
                    raise
    """
    with worker(tmp_path, source) as one:
        one.ready()
        one.start("a", seconds=600)
        one.log("begun")
        one.send(Cancel("a"))
        assert one.done("a").outcome == "cancelled"
        assert marker.read_text() == "yes"
        assert one.output("b", seconds=0) == "slept"


def test_an_async_prediction_is_cancelled_as_asyncio_does_it(tmp_path: Path) -> None:
    source = """
        import asyncio
        from cog import BasePredictor
        class Predictor(BasePredictor):
            async def predict(self) -> str:
                try:
                    print("begun")
                    await asyncio.sleep(600)
                except asyncio.CancelledError:
                    print("cleaning up")
                    raise
    """
    with worker(tmp_path, source, slots=2) as one:
        one.ready()
        one.start("a")
        one.log("begun")
        one.send(Cancel("a"))
        assert one.done("a").outcome == "cancelled"
        one.log("cleaning up")


def failed(folder: Path, statement: str) -> Done:
    source = f"""
        import os, subprocess
        from cog import BasePredictor
        class Predictor(BasePredictor):
            def predict(self) -> str:
                {statement}
    """
    with worker(folder, source) as one:
        one.ready()
        return one.predict("a")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("open('/src/weights/model.bin')", "leave out /src/"),
        ("os.listdir('/src')", "leave out /src/"),
        ("open('/nowhere')", None),
        ("subprocess.run(['pget', 'https://example.org/a', 'a'])", "pget is a program of Cog's images"),
        ("subprocess.run('pget https://example.org/a a', shell=True, check=True)", "pget is a program"),
        ("subprocess.run(['no-such-program'])", None),
        ("subprocess.run('exit 127', shell=True, check=True)", None),
    ],
)
def test_what_only_cogs_images_have_is_explained_where_it_is_missed(
    tmp_path: Path, statement: str, words: str | None
) -> None:
    done = failed(tmp_path, statement)
    assert done.outcome == "failed"
    assert done.message
    assert (words in done.message) if words else ("Cog" not in done.message)


def test_a_path_of_cogs_images_that_setup_misses_is_explained_too(tmp_path: Path) -> None:
    source = """
        from cog import BasePredictor
        class Predictor(BasePredictor):
            def setup(self):
                open("/src/weights.bin")
            def predict(self) -> str:
                return ""
    """
    with worker(tmp_path, source) as one:
        assert "leave out /src/" in one.expect(SetupFailed).message


def test_a_model_of_ours_stays_one_beside_a_cog_yaml(tmp_path: Path) -> None:
    source = """
        from augury import TextStream
        def predict(text: str) -> TextStream:
            yield from text
    """
    files = {"cog.yaml": "predict: predict.py", "pyproject.toml": "[tool.augury]\nconcurrency = 1\n"}
    with Worker(tmp_path, source, files=files) as one:
        one.ready()
        assert one.output("a", text="abc") == "abc"


def test_a_model_of_ours_works_in_a_folder_of_its_run_as_ever(tmp_path: Path) -> None:
    source = """
        import os
        def predict() -> bool:
            return os.getcwd() == os.path.dirname(__file__)
    """
    with Worker(tmp_path, source) as one:
        one.ready()
        assert one.output("a") is False
