"""What predict() is called with, and what becomes of what it returns: the same model, run by Cog 0.23.1 and by ours."""

from __future__ import annotations

import os
import subprocess
import textwrap
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.examples.published import clean_environment, free_port
from tests.runner.driver import Worker
from tests.support.signals import until

HELLO = "data:text/plain;base64,aGVsbG8="
TOLD = """
import enum
import io
from dataclasses import field
from typing import Any, Dict, List, Optional, TypedDict, Union
from cog import BaseModel, BaseRunner, File, Input, Path, Secret, current_scope

class Color(str, enum.Enum):
    RED = "red"
    BLUE = "blue"

class Point(TypedDict):
    x: int

class Part(BaseModel):
    name: str
    count: int = 1

def told(value):
    if isinstance(value, Path):
        return [type(value).__name__, value.read_text(), value.suffix]
    if isinstance(value, io.IOBase):
        return ["open", value.read().decode()]
    if isinstance(value, Secret):
        return [repr(value), str(value), value.get_secret_value()]
    if isinstance(value, list):
        return [told(one) for one in value]
    return [type(value).__name__, repr(value)]

class Runner(BaseRunner):
    def run(
        self,
        text: str = Input(default="t"),
        number: float = Input(default=1),
        plain: float = 2,
        whole: int = Input(default=3, ge=0, le=9),
        yes: bool = Input(default=False),
        maybe: Optional[str] = None,
        several: List[str] = Input(default=["a"]),
        color: str = Input(default=Color.RED, choices=list(Color)),
        path: Optional[Path] = Input(default=None),
        paths: Optional[List[Path]] = None,
        opened: Optional[File] = Input(default=None),
        secret: Optional[Secret] = None,
        given: Secret = Input(default="k"),
        anything: Any = Input(default=None, description="A"),
        mapping: Dict[str, int] = Input(default={"a": 1}),
        point: Optional[Point] = None,
        mappings: List[dict] = Input(default=[]),
        either: Union[int, str] = Input(default="e"),
    ) -> Any:
        return {name: told(value) for name, value in locals().items() if name != "self"}
"""
RETURNED = """
import io
from typing import Any, List, Optional
from cog import BaseModel, BaseRunner, Path

class Part(BaseModel):
    name: str
    more: Optional[List[int]] = None

class Runner(BaseRunner):
    def run(self, what: str) -> Any:
        Path("a.txt").write_text("text")
        written = io.BytesIO()
        written.write(b"bytes")
        return {
            "text": "a", "nothing": None, "tuple": (1, "b"), "set": {1}, "part": Part("n"), "parts": [Part("m", [1])],
            "path": Path("a.txt"), "deep": {"in": [Path("a.txt")]}, "open": open("a.txt", "rb"), "written": written,
            "nested": [[1.5, True], {"k": {}}],
        }[what]
"""
FULL: dict[str, Any] = {
    "text": "grüße",
    "number": 0.5,
    "whole": 9,
    "yes": True,
    "maybe": "m",
    "several": ["x", "y"],
    "color": "blue",
    "path": HELLO,
    "paths": [HELLO, HELLO],
    "opened": HELLO,
    "secret": "s",
    "given": "g",
    "anything": {"a": [1, None]},
    "mapping": {"b": 2},
    "point": {"x": 1},
    "mappings": [{"a": "b"}],
    "either": 5,
}
INPUTS: list[dict[str, Any]] = [
    {"anything": 1},
    FULL,
    {"anything": "a text", "either": "5", "maybe": None, "path": None, "secret": None, "several": []},
    {"anything": [1, "a"], "text": "", "number": 0.0, "yes": False, "mapping": {}},
]
OUTPUTS = ["text", "nothing", "tuple", "set", "part", "parts", "path", "deep", "open", "written", "nested"]

Ask = Callable[[dict[str, Any]], Any]


@contextmanager
def in_cog(python: Path, folder: Path, source: str) -> Generator[Ask]:
    """Cog's own server for a model: what it answers to an input."""
    folder.mkdir()
    (folder / "predict.py").write_text(source)
    port = free_port()
    environ = {
        **clean_environment(),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",  # its workers are whatever `python` is
        "PORT": str(port),
        "COG_PREDICT_TYPE_STUB": "predict.py:Runner",
    }
    command = [python, "-m", "cog.server.http", "--host", "127.0.0.1"]
    with (folder / "log").open("wb") as log, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def is_ready() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                return http.get("/health-check").json()["status"] == "READY"
            except httpx.TransportError:
                return False

        def ask(values: dict[str, Any]) -> Any:
            # Its only slot is taken for a moment longer than its prediction lasts, and it has no queue.
            found = until(lambda: free(http.post("/predictions", json={"input": values})), "Cog has room")
            assert found["status"] == "succeeded", found
            return found["output"]

        try:
            until(is_ready, "Cog's server is ready", deadline=20)
            yield ask
        finally:
            process.terminate()
            process.wait(10)


def free(answer: httpx.Response) -> Any:
    return None if answer.status_code == 409 else answer.json()


@contextmanager
def in_ours(folder: Path, source: str) -> Generator[Ask]:
    folder.mkdir()
    environ = {"COG_PREDICT_TYPE_STUB": "predict.py:Runner"}
    with Worker(
        folder,
        source,
        entry="predict.py:Runner",
        files={"cog.yaml": "predict: predict.py:Runner"},
        environ=environ,
    ) as worker:
        worker.ready()
        names = iter(range(1000))
        yield lambda values: worker.output(str(next(names)), **values)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("source", "inputs"),
    [(TOLD, INPUTS), (RETURNED, [{"what": name} for name in OUTPUTS])],
    ids=["arguments", "outputs"],
)
def test_a_model_gets_and_gives_what_it_does_in_cog(
    source: str, inputs: list[dict[str, Any]], cog_interpreter: Path, tmp_path: Path
) -> None:
    source = textwrap.dedent(source)
    with in_cog(cog_interpreter, tmp_path / "theirs", source) as theirs:
        expected = [theirs(values) for values in inputs]
    with in_ours(tmp_path / "ours", source) as ours:
        for values, output in zip(inputs, expected, strict=True):
            assert (values, ours(values)) == (values, output)
