"""The official client's File anywhere in an input, sync and async, of every size and kind of source."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from wriftai import File

from tests.client.conftest import Use
from tests.support import models
from tests.support.models import Source
from tests.support.server import Server

PART = 16 << 20

DIGESTS = Source(
    """
    import hashlib
    from typing import Any
    from augury import File

    def predict(pages: list[File] = [], one: File = None) -> Any:
        def seen(file: File) -> list[Any]:
            digest = hashlib.sha256()
            with open(file, "rb") as opened:
                while chunk := opened.read(1 << 20):
                    digest.update(chunk)
            return [digest.hexdigest(), file.content_type]
        return {"pages": [seen(page) for page in pages], "one": None if one is None else seen(one)}
    """,
    input={
        "type": "object",
        "properties": {
            "pages": {"type": "array", "items": {"type": "string", "format": "uri", "x-augury-type": "file"}},
            "one": {"type": "string", "format": "uri", "x-augury-type": "file"},
        },
    },
    output={},
)


@pytest.fixture(scope="session")
def digests(server: Server) -> str:
    """A published model that says what it was given."""
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as http:
        return models.publish(http, "digests", DIGESTS)


class Unseekable(io.RawIOBase):
    """A source that can be read once, from its beginning to its end."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._content.readinto(buffer)


async def output(use: Use, model: str, **inputs: Any) -> Any:
    params: Any = {"model": model, "input": inputs}
    made = await use("predictions", "create", wait=20.0, **params)
    assert made["status"] == "succeeded", made
    return made["output"]


def seen(content: bytes, mime_type: str = "application/octet-stream") -> list[str]:
    return [hashlib.sha256(content).hexdigest(), mime_type]


@pytest.mark.anyio
@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1])
async def test_a_file_of_any_size_arrives_whole(use: Use, digests: str, size: int) -> None:
    content = os.urandom(size)
    found = await output(use, digests, one=File(content))
    assert found["one"] == seen(content)


@pytest.mark.anyio
async def test_a_hundred_megabytes_from_the_disk_arrive_whole(use: Use, digests: str, tmp_path: Path) -> None:
    content = os.urandom(1 << 20) * 100
    (tmp_path / "big.mp4").write_bytes(content)
    found = await output(use, digests, one=File(tmp_path / "big.mp4"))
    assert found["one"] == seen(content, "video/mp4")


@pytest.mark.anyio
async def test_files_of_every_kind_of_source_anywhere_in_an_input(use: Use, digests: str, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(b"from a path")
    with (tmp_path / "page.png").open("rb") as opened:
        given = [
            File(b"bytes", "text/plain"),
            File(io.BytesIO(b"in memory")),
            File(Unseekable(b"read once" * 100_000)),  # pyright: ignore[reportArgumentType] - what it must stand
            File(opened),
            File(tmp_path / "page.png"),
        ]
        found = await output(use, digests, pages=given, one=File(b""))
    assert found["pages"] == [
        seen(b"bytes", "text/plain"),
        seen(b"in memory"),
        seen(b"read once" * 100_000),
        seen(b"from a path", "image/png"),
        seen(b"from a path", "image/png"),
    ]
    assert found["one"] == seen(b"")


@pytest.mark.anyio
async def test_an_upload_tells_how_far_it_is_and_gives_a_link(use: Use) -> None:
    content = os.urandom(PART + 5)
    sent: list[tuple[int, int]] = []

    async def told_async(size: int, total: int) -> None:
        sent.append((size, total))

    def told(size: int, total: int) -> None:
        sent.append((size, total))

    done = await use("files", "upload", File(content, "image/png"), told_async if use.asynchronously else told)
    assert sum(size for size, _ in sent) == len(content)
    assert {total for _, total in sent} == {len(content)}
    async with httpx.AsyncClient(timeout=20) as anybody:
        answer = await anybody.get(done["download_url"])
    assert (answer.content, answer.headers["content-type"]) == (content, "image/png")
