"""Blobs that come in parts: put together without a copy, each part whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from augury.blobs.base import BlobNotFound, Superseded
from augury.blobs.local import LocalBlobs

pytestmark = pytest.mark.anyio

KEY = "files/one"
MIB = 1 << 20


async def chunks(content: bytes, size: int = 60_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(blobs: LocalBlobs, key: str) -> bytes:
    return b"".join([chunk async for chunk in blobs.open(key)])


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()}"'


async def test_parts_in_any_order_become_one_blob(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    content = os.urandom(3 * MIB + 5)
    handle = await blobs.begin(KEY, len(content))
    pieces = [content[start : start + MIB] for start in range(0, len(content), MIB)]
    etags = [""] * len(pieces)

    async def put(number: int) -> None:
        etags[number] = await blobs.put_part(KEY, handle, number + 1, number * MIB, chunks(pieces[number]))

    async with anyio.create_task_group() as tasks:
        for number in reversed(range(len(pieces))):
            tasks.start_soon(put, number)
    assert etags == [etag(piece) for piece in pieces]
    assert not await blobs.exists(KEY)
    assert [one.key async for one in blobs.begun()] == [handle]
    for _ in range(2):  # again is no error
        assert (await blobs.complete(KEY, handle, etags)).size == len(content)
    assert await read(blobs, KEY) == content
    assert [one.key async for one in blobs.begun()] == []


async def test_whoever_completes_it_at_the_same_time_gets_the_same_blob(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    for number in range(20):
        key = f"files/{number}"
        handle = await blobs.begin(key, 3)
        etags = [await blobs.put_part(key, handle, 1, 0, chunks(b"abc"))]
        sizes: list[int] = []

        async def complete(key: str = key, handle: str = handle, etags: list[str] = etags) -> None:
            sizes.append((await blobs.complete(key, handle, etags)).size)  # noqa: B023 - all of it ends in this turn

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(complete)
        assert sizes == [3] * 8


async def test_an_empty_blob_has_a_part_too(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    handle = await blobs.begin(KEY, 0)
    assert await blobs.put_part(KEY, handle, 1, 0, chunks(b"")) == etag(b"")
    assert (await blobs.complete(KEY, handle, [etag(b"")])).size == 0


async def test_a_part_that_is_sent_again_takes_the_place_of_the_one_that_is_still_coming(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    handle = await blobs.begin(KEY, 2 * MIB)
    coming, superseded = anyio.Event(), anyio.Event()

    async def never_done() -> AsyncIterator[bytes]:
        yield b"x" * MIB
        coming.set()
        await anyio.sleep_forever()

    async def first() -> None:
        with pytest.raises(Superseded):
            await blobs.put_part(KEY, handle, 1, 0, never_done())
        superseded.set()

    content = os.urandom(2 * MIB)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first)
        await coming.wait()
        assert await blobs.put_part(KEY, handle, 1, 0, chunks(content)) == etag(content)
        await superseded.wait()
    await blobs.complete(KEY, handle, [etag(content)])
    assert await read(blobs, KEY) == content


async def test_whoever_still_sends_is_stopped_when_it_is_completed(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    handle = await blobs.begin(KEY, MIB)
    content = os.urandom(MIB)
    await blobs.put_part(KEY, handle, 1, 0, chunks(content))
    coming = anyio.Event()

    async def late() -> AsyncIterator[bytes]:
        coming.set()
        await anyio.sleep_forever()
        yield b"never"

    async def again() -> None:
        with pytest.raises(Superseded):
            await blobs.put_part(KEY, handle, 1, 0, late())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(again)
        await coming.wait()
        await blobs.complete(KEY, handle, [etag(content)])
    assert await read(blobs, KEY) == content


async def test_an_error_of_the_source_comes_out_and_leaves_no_descriptor(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    handle = await blobs.begin(KEY, MIB)

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * (MIB // 2 + 1)
        raise ConnectionError("gone")

    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(ConnectionError):
            await blobs.put_part(KEY, handle, 1, 0, broken())
    assert len(os.listdir("/proc/self/fd")) <= before


async def test_what_was_let_go_is_gone(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    handle = await blobs.begin(KEY, 3)
    await blobs.abort(KEY, handle)
    await blobs.abort(KEY, handle)
    with pytest.raises(BlobNotFound):
        await blobs.put_part(KEY, handle, 1, 0, chunks(b"abc"))
    with pytest.raises(BlobNotFound):
        await blobs.complete(KEY, handle, [])
    for wrong in ("../../etc/passwd", "", "x" * 32):
        with pytest.raises(BlobNotFound):
            await blobs.put_part(KEY, wrong, 1, 0, chunks(b"abc"))


async def test_a_file_is_taken_by_moving_it(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    source = tmp_path / "source"
    source.write_bytes(b"content")
    inode = source.stat().st_ino
    assert (await blobs.take(KEY, source)).size == 7
    assert not source.exists()
    place = blobs.local(KEY)
    assert place is not None
    assert place.stat().st_ino == inode
    assert await read(blobs, KEY) == b"content"


async def test_what_is_no_ordinary_file_is_not_taken(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing"):
        with pytest.raises(OSError, match=r"no ordinary file|No such file"):
            await blobs.take(KEY, tmp_path / name)
    assert not await blobs.exists(KEY)
    assert (tmp_path / "secret").read_text() == "secret"


async def test_a_file_that_cannot_be_taken_stays_for_another_try(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    source = tmp_path / "source"
    source.write_bytes(b"content")
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "files").write_text("in the way")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        await blobs.take(KEY, source)
    assert source.read_bytes() == b"content"
    (tmp_path / "blobs" / "files").unlink()
    assert (await blobs.take(KEY, source)).size == 7
