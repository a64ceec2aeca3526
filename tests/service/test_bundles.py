"""Bundles: taken in only as what they are named, once, and prepared once however many wait."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import anyio
import pytest

from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest, TooLarge
from augury.packaging.errors import EnvironmentFailed, ProjectError
from augury.service.bundles import Prepared
from tests.service.house import ECHO, House, chunks

pytestmark = pytest.mark.anyio


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def left_over(house: House) -> list[str]:
    """What is on the disk of blobs and bundles, but for folders."""
    places = (house.folder / "blobs", house.folder / "bundles")
    return sorted(str(path) for place in places for path in place.rglob("*") if path.is_file())


async def test_bytes_are_stored_under_their_digest_and_again_to_no_effect(house: House, ada: Caller) -> None:
    content = b"x" * 5000
    digest = digest_of(content)
    assert not await house.bundles.exists(digest)
    assert await house.bundles.store(ada, digest, chunks(content), 5000) == 5000
    assert await house.bundles.exists(digest)
    before = left_over(house)
    assert await house.bundles.store(ada, digest, chunks(content), 5000) == 5000
    assert left_over(house) == before
    assert await house.bundles.size(digest) == 5000


@pytest.mark.parametrize("stored_before", [False, True])
async def test_bytes_of_another_digest_are_refused(house: House, ada: Caller, stored_before: bool) -> None:
    content = b"right"
    digest = digest_of(content)
    if stored_before:
        await house.bundles.store(ada, digest, chunks(content), 100)
    before = left_over(house)
    with pytest.raises(InvalidRequest) as refused:
        await house.bundles.store(ada, digest, chunks(b"wrong"), 100)
    assert refused.value.problems[0].type == "digest_mismatch"
    assert await house.bundles.exists(digest) is stored_before
    assert left_over(house) == before


async def test_bytes_over_the_limit_are_not_read_to_their_end(house: House, ada: Caller) -> None:
    content = b"x" * 10_000
    read: list[int] = []

    async def counted() -> AsyncIterator[bytes]:
        async for chunk in chunks(content):
            read.append(len(chunk))
            yield chunk

    with pytest.raises(TooLarge) as refused:
        await house.bundles.store(ada, digest_of(content), counted(), 4999)
    assert "4,999" in refused.value.message
    assert sum(read) == 5000
    assert left_over(house) == []
    assert await house.bundles.store(ada, digest_of(content), chunks(content), 10_000) == 10_000


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:" + "A" * 64, "md5:" + "0" * 64, "sha256:../../x", "\0"])
async def test_what_is_no_digest_is_refused(house: House, ada: Caller, digest: str) -> None:
    assert not await house.bundles.exists(digest)
    with pytest.raises(InvalidRequest):
        await house.bundles.store(ada, digest, chunks(b""), 100)


async def test_an_upload_that_breaks_off_leaves_nothing(house: House, ada: Caller) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await house.bundles.store(ada, digest_of(b"ab"), broken(), 100)
    assert not await house.bundles.exists(digest_of(b"ab"))
    assert left_over(house) == []


async def test_one_bundle_stored_by_two_at_once_is_one_bundle(house: House, ada: Caller, bob: Caller) -> None:
    content = b"x" * 50_000
    async with anyio.create_task_group() as tasks:
        for caller in (ada, bob, ada, bob):
            tasks.start_soon(house.bundles.store, caller, digest_of(content), chunks(content), 50_000)
    assert await house.bundles.size(digest_of(content)) == 50_000
    assert len(left_over(house)) == 1


async def test_a_prepared_bundle_is_its_files_and_an_interpreter(house: House, ada: Caller) -> None:
    prepared = await house.bundles.prepare(await house.bundle(ada))
    assert (prepared.folder / "predict.py").read_text() == ECHO
    assert prepared.python.exists()
    assert prepared.no_site
    assert prepared.project.root == prepared.folder


async def test_many_who_wait_for_a_bundle_get_the_same(house: House, ada: Caller) -> None:
    digest = await house.bundle(ada)
    prepared: list[Prepared] = []

    async def prepare() -> None:
        prepared.append(await house.bundles.prepare(digest))

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(prepare)
    assert len(prepared) == 10
    assert all(one is prepared[0] for one in prepared)


async def test_who_gives_up_waiting_takes_nothing_from_the_others(house: House, ada: Caller) -> None:
    digest = await house.bundle(ada)
    prepared: list[Prepared] = []

    async def prepare() -> None:
        prepared.append(await house.bundles.prepare(digest))

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as first:
                first.start_soon(prepare)
                scope.cancel()
        for _ in range(3):
            tasks.start_soon(prepare)
    assert len(prepared) >= 3


async def test_a_failure_is_that_of_all_who_waited_and_not_of_those_who_come_later(house: House, ada: Caller) -> None:
    code = '# /// script\n# dependencies = ["no-such-package-at-all==1"]\n# ///\n' + ECHO
    digest = await house.bundle(ada, code)
    failures: list[EnvironmentFailed] = []

    async def prepare() -> None:
        with pytest.raises(EnvironmentFailed) as failed:
            await house.bundles.prepare(digest)
        failures.append(failed.value)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(prepare)
    assert len({id(one) for one in failures}) == 1
    assert "no-such-package-at-all" in failures[0].output
    await prepare()
    assert failures[-1] is not failures[0]


async def test_a_folder_that_was_removed_is_made_again(house: House, ada: Caller) -> None:
    digest = await house.bundle(ada)
    prepared = await house.bundles.prepare(digest)
    prepared.folder.rename(house.folder / "elsewhere")
    again = await house.bundles.prepare(digest)
    assert (again.folder / "predict.py").is_file()


async def test_a_bundle_that_is_not_stored_cannot_be_prepared(house: House) -> None:
    with pytest.raises(ProjectError) as refused:
        await house.bundles.prepare("sha256:" + "0" * 64)
    assert "push" in str(refused.value)


async def test_a_damaged_bundle_is_refused_and_leaves_nothing(house: House, ada: Caller) -> None:
    content = b"no archive"
    digest = digest_of(content)
    await house.bundles.store(ada, digest, chunks(content), 100)
    before = left_over(house)
    with pytest.raises(ProjectError):
        await house.bundles.prepare(digest)
    assert left_over(house) == before
