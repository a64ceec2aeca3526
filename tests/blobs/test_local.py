"""Blobs in a folder: whole or not there, under their key and nowhere else."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.blobs.base import BlobNotFound, Blobs, InvalidKey, bundle_key, check_key
from augury.blobs.local import LocalBlobs

pytestmark = pytest.mark.anyio


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return LocalBlobs(tmp_path / "blobs")


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def content(blobs: Blobs, key: str, *, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in blobs.open(key, start=start, length=length)])


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


async def test_what_was_put_is_read_back(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    put = await blobs.put("a/file.bin", tmp_path / "file")
    assert (put.key, put.size) == ("a/file.bin", 3_000_000)
    assert await content(blobs, "a/file.bin") == b"x" * 3_000_000
    await blobs.put("a/chunks", chunks(b"one", b"", b"two"))
    assert await content(blobs, "a/chunks") == b"onetwo"
    await blobs.put("empty", chunks())
    assert await content(blobs, "empty") == b""
    assert await blobs.stat("a/file.bin") == put
    assert (tmp_path / "file").exists()


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (3, 4, b"3456"),
        (8, 99, b"89"),
        (10, None, b""),
        (99, 1, b""),
        (2, 0, b""),
    ],
)
async def test_a_part_of_a_blob_is_read(blobs: Blobs, start: int, length: int | None, expected: bytes) -> None:
    await blobs.put("digits", chunks(b"0123456789"))
    assert await content(blobs, "digits", start=start, length=length) == expected


async def test_a_part_over_several_chunks_has_exactly_its_length(blobs: Blobs) -> None:
    whole = os.urandom(3_500_000)
    await blobs.put("big", chunks(whole))
    assert await content(blobs, "big", start=1, length=2_500_000) == whole[1:2_500_001]


async def test_putting_again_replaces_the_whole(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.put("a", chunks(b"a long first content"))
    await blobs.put("a", chunks(b"short"))
    assert await content(blobs, "a") == b"short"
    assert len(files(tmp_path / "blobs")) == 1


async def test_what_is_not_there_is_said_so(blobs: Blobs) -> None:
    await blobs.put("a/b", chunks(b"x"))
    for key in ("nothing", "a", "a/b/c"):
        assert not await blobs.exists(key)
        with pytest.raises(BlobNotFound):
            await blobs.stat(key)
        with pytest.raises(BlobNotFound):
            await content(blobs, key)
        await blobs.delete(key)
    assert await blobs.exists("a/b")


async def test_a_deleted_blob_is_gone_and_may_be_deleted_again(blobs: Blobs) -> None:
    await blobs.put("a/b", chunks(b"x"))
    await blobs.delete("a/b")
    await blobs.delete("a/b")
    assert not await blobs.exists("a/b")


async def test_blobs_are_listed_by_prefix_in_the_order_of_their_keys(blobs: Blobs) -> None:
    keys = ["b/2", "a", "b/10", "b/2.txt", "ba/1", "b/c/d/e"]
    for key in keys:
        await blobs.put(key, chunks(key.encode()))
    assert [found.key async for found in blobs.list()] == sorted(keys)
    assert [found.key async for found in blobs.list("b/")] == ["b/10", "b/2", "b/2.txt", "b/c/d/e"]
    assert [found.key async for found in blobs.list("b")] == ["b/10", "b/2", "b/2.txt", "b/c/d/e", "ba/1"]
    assert [(found.key, found.size) async for found in blobs.list("b/2.")] == [("b/2.txt", 7)]
    assert [found.key async for found in blobs.list("c/")] == []


async def test_keys_that_look_like_each_others_folders_live_side_by_side(blobs: Blobs) -> None:
    keys = ["a", "a/a", "a/a/a", "a/b", "ab", "a.b/c"]
    for key in keys:
        await blobs.put(key, chunks(key.encode()))
    for key in keys:
        assert await content(blobs, key) == key.encode()


@pytest.mark.parametrize(
    "key",
    [
        *("", "/", "a/", "/a", "a//b", "..", "../a", "a/../b", ".", "./a", ".incoming/x", "~5e/a"),
        *("a\\b", "a\0", "a\n", "a b", "ü", "a" * 201, "/".join(["a" * 100] * 10)),
    ],
)
async def test_a_key_that_could_lead_elsewhere_is_refused(blobs: Blobs, tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidKey):
        await blobs.put(key, chunks(b"x"))
    with pytest.raises(InvalidKey):
        await content(blobs, key)
    for call in (blobs.stat, blobs.exists, blobs.delete):
        with pytest.raises(InvalidKey):
            await call(key)
    assert not (tmp_path / "blobs").exists()


@given(
    st.text(max_size=30) | st.lists(st.sampled_from(["a", "..", ".", "", "b.c", "-", "_"]), max_size=5).map("/".join)
)
def test_no_key_leads_out_of_the_folder(key: str) -> None:
    try:
        parts = check_key(key)
    except InvalidKey:
        return
    assert "/".join(parts) == key
    assert os.path.normpath(f"/folder/{key}") == f"/folder/{key}"


async def test_a_listing_cannot_be_led_elsewhere(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(InvalidKey):
        assert [found async for found in blobs.list("../")]


async def test_a_source_that_fails_leaves_what_was_there(blobs: Blobs, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError

    await blobs.put("a", chunks(b"whole"))
    for key in ("a", "b"):
        with pytest.raises(ConnectionError):
            await blobs.put(key, broken())
    with pytest.raises(FileNotFoundError):
        await blobs.put("a", tmp_path / "missing")
    assert await content(blobs, "a") == b"whole"
    assert not await blobs.exists("b")
    assert len(files(tmp_path / "blobs")) == 1


async def test_being_cancelled_leaves_nothing_behind(blobs: Blobs, tmp_path: Path) -> None:
    began = anyio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"half"
        began.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(blobs.put, "a", endless())
        await began.wait()
        assert len(files(tmp_path / "blobs")) == 1
        tasks.cancel_scope.cancel()
    assert files(tmp_path / "blobs") == []


async def test_a_reader_keeps_what_it_began_to_read(blobs: Blobs) -> None:
    await blobs.put("a", chunks(b"1" * 3_000_000))
    reader = blobs.open("a")
    first = await anext(reader)
    await blobs.put("a", chunks(b"2"))
    assert first + b"".join([chunk async for chunk in reader]) == b"1" * 3_000_000
    assert await content(blobs, "a") == b"2"


async def test_many_writers_of_one_key_leave_one_of_their_contents(blobs: Blobs, tmp_path: Path) -> None:
    contents = [bytes([65 + n]) * 100_000 for n in range(10)]
    async with anyio.create_task_group() as tasks:
        for one in contents:
            tasks.start_soon(blobs.put, "a/b", chunks(one[:50_000], one[50_000:]))
    assert await content(blobs, "a/b") in contents
    assert len(files(tmp_path / "blobs")) == 1


async def test_what_was_being_written_when_killed_is_cleared(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    await blobs.put("a", chunks(b"x"))
    (tmp_path / ".incoming" / "left").write_bytes(b"half")
    blobs.clear_incoming()
    assert [path.name for path in files(tmp_path)] == ["a"]
    assert [found.key async for found in blobs.list()] == ["a"]
    await blobs.put("b", chunks(b"x"))


async def test_a_disk_that_takes_no_more_is_told_and_leaves_what_was_there(blobs: Blobs, tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk: both make a write fail halfway."""
    await blobs.put("a", chunks(b"whole"))
    (tmp_path / "file").write_bytes(b"x" * 2_000_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        for source in (tmp_path / "file", chunks(b"x" * 2_000_000)):
            with pytest.raises(OSError, check=lambda error: error.errno == errno.EFBIG):
                await blobs.put("a", source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await content(blobs, "a") == b"whole"
    assert len(files(tmp_path / "blobs")) == 1


def test_a_bundle_has_its_key_by_its_digest() -> None:
    assert bundle_key("sha256:" + "ab" * 32) == "bundles/sha256/" + "ab" * 32
    for digest in (
        "",
        "sha256:",
        "ab" * 32,
        "sha256:" + "AB" * 32,
        "sha256:" + "ab" * 31 + "/.",
        "md5:" + "ab" * 32,
        "sha256:" + "ab" * 32 + "\n",
    ):
        with pytest.raises(InvalidKey):
            bundle_key(digest)
