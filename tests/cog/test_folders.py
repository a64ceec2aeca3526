"""Five folders for Cog, pushed as they are, and run by a server of ours and by Cog 0.23.1: the outputs are the same.

Where a test gives an input to ours alone, D56 is why: Cog 0.23 demands an input that has `default=None`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uv

from tests.examples.published import Examples, clean_environment, free_port, running
from tests.support.signals import until

# The first question to a model builds its environment, from the network where nothing is cached yet.
pytestmark = pytest.mark.timeout(180)

REFERENCE = ("cog==0.23.1", "pillow>=11")
FOLDERS = Path(__file__).parents[2] / "examples" / "cog"
ARTICLE = (
    "The mill stands by the river. It is old. The river drives the mill, and the mill grinds the corn. Nobody sleeps."
)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examples]:
    with running(tmp_path_factory.mktemp("ours")) as examples:
        yield examples


@pytest.fixture(scope="module")
def cog_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with Cog itself, from the package index."""
    folder = tmp_path_factory.mktemp("cog") / "venv"
    python = folder / "bin" / "python"
    for arguments in (
        ("venv", "--quiet", "--python", sys.executable, str(folder)),
        ("pip", "install", "--quiet", "--python", str(python), *REFERENCE),
    ):
        made = subprocess.run([uv.find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
        assert made.returncode == 0, f"{REFERENCE} cannot be had from the index: {made.stderr}"
    return python


@contextmanager
def cog_serving(python: Path, folder: Path, entry: str, **environ: str) -> Generator[Callable[..., Any]]:
    """Cog's own server for a copy of a folder: what it answers to an input."""
    copy = folder / "model"
    shutil.copytree(FOLDERS / entry.partition("/")[0], copy)
    port = free_port()
    given = {
        **clean_environment(),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",  # its workers are whatever `python` is
        "PORT": str(port),
        "COG_PREDICT_TYPE_STUB": entry.partition("/")[2],
        **environ,
    }
    command = [python, "-m", "cog.server.http", "--host", "127.0.0.1"]
    with (folder / "log").open("wb") as log, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        process = subprocess.Popen(command, cwd=copy, env=given, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def is_ready() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                return http.get("/health-check").json()["status"] == "READY"
            except httpx.TransportError:
                return False

        def answer(**values: Any) -> Any:
            # It has no queue, and its only slot is taken for a moment longer than its prediction lasts.
            ends = time.monotonic() + 30
            while (answer := http.post("/predictions", json={"input": values})).status_code == 409:
                assert time.monotonic() < ends
            found = answer.json()
            assert found["status"] == "succeeded", found
            return found["output"]

        try:
            until(is_ready, "Cog's server is ready", deadline=60)
            yield answer
        finally:
            process.terminate()
            process.wait(30)


def with_contents(output: Any) -> Any:
    """An output with the bytes of its files in place of their addresses."""
    if isinstance(output, str) and output.startswith("data:"):
        head, _, body = output.partition(",")
        return head.partition(";")[0].removeprefix("data:"), base64.b64decode(body)
    if isinstance(output, str) and output.startswith("http"):
        found = httpx.get(output)
        assert found.status_code == 200
        return found.headers["content-type"], found.content
    if isinstance(output, dict):
        return {key: with_contents(value) for key, value in output.items()}  # pyright: ignore[reportUnknownVariableType]
    return [with_contents(one) for one in output] if isinstance(output, list) else output  # pyright: ignore[reportUnknownVariableType]


def picture(width: int, height: int) -> str:
    """A PNG with a red half, a blue quarter and a green quarter."""
    half, low = b"\xff\0\0" * (width // 2), height // 2
    rows = [b"\0" + half + (b"\0\0\xff" if row < low else b"\0\xff\0") * (width - width // 2) for row in range(height)]
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"".join(rows))),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


PICTURE = picture(40, 20)
CASES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "redact": (
        "predict.py:Predictor",
        [
            {"text": "Write to ada@example.org or call +44 20 7946 0000."},
            {"text": "a@b.co c@d.co 4111 1111 1111 1111", "kind": "email", "mark": "…", "most": 1},
            {"text": "nothing to hide"},
        ],
    ),
    "thumbnail": (
        "predict.py:Predictor",
        [{"image": PICTURE}, {"image": PICTURE, "width": 7, "grey": True}, {"image": PICTURE, "format": "webp"}],
    ),
    "storyteller": ("tell.py:Storyteller", [{"seed": 7}, {"seed": 11, "start": "nowhere", "words": 5, "pause": 0.01}]),
    "newsroom": ("run.py:Runner", [{"article": ARTICLE}, {"article": ARTICLE, "keep": 20, "wait": 0.01}]),
    "palette": ("predict.py:Predictor", [{"image": PICTURE}, {"image": PICTURE, "count": 2, "draw": False}]),
}


@pytest.mark.parametrize("folder", CASES)
def test_a_folder_for_cog_gives_what_it_gives_in_cog(
    folder: str, ours: Examples, cog_python: Path, tmp_path: Path
) -> None:
    entry, inputs = CASES[folder]
    with cog_serving(cog_python, tmp_path, f"{folder}/{entry}", REDACT_MARK="[hidden]") as theirs:
        expected = [with_contents(theirs(**values)) for values in inputs]
    assert [with_contents(ours.answer(f"cog/{folder}", **values)) for values in inputs] == expected
    assert len({json.dumps(one, default=repr) for one in expected}) == len(expected)


def test_nothing_of_a_folder_was_written_for_us() -> None:
    assert len(CASES) == 5
    for folder in CASES:
        text = "".join(path.read_text() for path in (FOLDERS / folder).rglob("*") if path.suffix in (".py", ".yaml"))
        assert "from cog import" in text
        assert "augury" not in text.lower()
        assert not (FOLDERS / folder / "pyproject.toml").exists()


def test_a_story_is_streamed_piece_by_piece_and_has_all_its_pieces_at_its_end(ours: Examples) -> None:
    model = ours.reference("cog/storyteller")
    events = list(ours.client.predictions.create(model=model, input={"seed": 7, "words": 12}, stream=True, wait=True))
    pieces = [event["data"] for event in events if event["event"] == "output"]
    assert len(pieces) == 12
    assert pieces == ours.answer("cog/storyteller", seed=7, words=12)


def test_an_input_whose_default_is_none_may_be_left_out_or_null(ours: Examples) -> None:
    # D56
    assert ours.answer("cog/storyteller", words=1) == ["the"]
    assert ours.answer("cog/storyteller", words=1, seed=None) == ["the"]


def test_a_file_at_a_fixed_place_is_each_predictions_own(ours: Examples) -> None:
    # D56: all write to the same path, one right after the other.
    model, widths = ours.reference("cog/thumbnail"), range(1, 31)
    asked = [ours.client.predictions.create(model=model, input={"image": PICTURE, "width": width}) for width in widths]
    until(
        lambda: all(ours.client.predictions.get(one["id"])["status"] == "succeeded" for one in asked),
        "all thumbnails are made",
        deadline=60,
    )
    made = [with_contents(ours.client.predictions.get(one["id"])["output"])[1] for one in asked]
    assert [struct.unpack(">I", png[16:20])[0] for png in made] == list(widths)


def test_as_many_articles_are_read_at_once_as_the_decorator_says(ours: Examples) -> None:
    model = ours.reference("cog/newsroom")
    create, get = ours.client.predictions.create, ours.client.predictions.get
    asked = [create(model=model, input={"article": ARTICLE, "wait": 5})["id"] for _ in range(5)]
    until(lambda: sum(get(one)["status"] == "started" for one in asked) == 4, "four run at once", deadline=30)
    assert sorted(get(one)["status"] for one in asked) == ["pending", *["started"] * 4]
    for one in asked:
        ours.client.predictions.cancel(one)
    until(lambda: all(get(one)["status"] == "cancelled" for one in asked), "all are cancelled", deadline=30)
    prediction = ours.ask("cog/newsroom", article=ARTICLE)
    assert prediction["metrics"]
    assert prediction["metrics"]["sentences"] == 4
