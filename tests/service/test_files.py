"""Uploads and files on both databases: expiry, removal, and what a crash leaves between bytes and rows."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from augury.domain.account import Caller
from augury.domain.entry import Entry
from augury.domain.errors import Conflict, Forbidden, Gone, InvalidRequest, NotFound
from augury.domain.file import FileId, StoredFile, Upload
from augury.domain.ids import PredictionId
from augury.domain.jsontext import JsonText
from augury.domain.model import Version
from augury.domain.prediction import Status
from augury.service import recording
from augury.service.files import Files, blob_key, new_blob, output_id
from augury.service.keyring import Keyring
from augury.service.links import Links
from augury.service.uploads import UploadLimits, Uploads
from augury.store import files as rows
from augury.store import removal, uploads
from tests.service.house import House, chunks, opened

pytestmark = pytest.mark.anyio


@dataclass
class Desk:
    house: House
    uploads: Uploads
    files: Files
    ada: Caller

    async def begun(self, size: int = 7) -> Upload:
        return await self.uploads.create(self.ada, size=size, mime_type="text/plain", name="a.txt")

    async def uploaded(self, content: bytes) -> str:
        upload = await self.begun(len(content))
        etag = await self.uploads.put_part(upload.id, 1, len(content), chunks(content))
        return await self.uploads.complete(self.ada, upload.id, [etag])

    async def kept(self, prediction_id: PredictionId, number: int, content: bytes) -> StoredFile:
        """An output whose bytes are stored, and whose row is not."""
        source = self.house.folder / f"out-{number}"
        source.write_bytes(content)
        blob = new_blob()
        size = await self.files.keep(blob, source)
        return StoredFile(
            id=output_id(prediction_id, number),
            account_id=self.ada.account_id,
            prediction_id=prediction_id,
            blob=blob,
            name="out.txt",
            mime_type="text/plain",
            size=size,
            etag='"x"',
            created_at=self.house.clock.now(),
            expires_at=None,
        )

    def bytes_left(self) -> int:
        """How many files there are in the store, finished or not."""
        places = [*self.house.folder.glob("blobs/files/*/*"), *self.house.folder.glob("blobs/.parts/*")]
        return len([one for one in places if one.is_file()])

    def age(self, seconds: float) -> None:
        """Let every file in the store be as old as that by the clock of the house."""
        then = self.house.clock.time / 1e6 - seconds
        for one in self.house.folder.glob("blobs/**/*"):
            os.utime(one, (then, then))


@pytest.fixture
async def desk(migrated_url: str, tmp_path: Path) -> AsyncGenerator[Desk]:
    async with opened(migrated_url, tmp_path) as house:
        links = Links("http://here", Keyring(("key",)).derive("links"), house.clock.now)
        uploads = Uploads(house.db, house.bundles.blobs, links, house.ids, house.clock.now, UploadLimits(part_size=10))
        files = Files(house.db, house.bundles.blobs, links, house.clock.now)
        yield Desk(house, uploads, files, await house.account("ada"))


async def opens(desk: Desk, link: str) -> bytes:
    found = (await desk.files.own([link]))[link]
    if isinstance(found, Forbidden | Gone):
        raise found
    assert found.path is not None
    return found.path.read_bytes()


async def test_an_upload_becomes_a_file_and_is_gone_after_a_day(desk: Desk) -> None:
    link = await desk.uploaded(b"content")
    assert await opens(desk, link) == b"content"
    desk.house.clock.pass_seconds(86_300)
    assert await desk.files.sweep() == 0
    assert await opens(desk, link) == b"content"
    desk.house.clock.pass_seconds(200)
    with pytest.raises(Forbidden):
        await opens(desk, link)
    assert await desk.files.sweep() == 2
    assert desk.bytes_left() == 0
    assert await desk.files.sweep() == 0


async def test_only_whoever_began_an_upload_completes_it(desk: Desk) -> None:
    upload = await desk.begun()
    etag = await desk.uploads.put_part(upload.id, 1, 7, chunks(b"content"))
    eve, admin = await desk.house.account("eve"), await desk.house.account("root", admin=True)
    for stranger in (eve, admin):
        with pytest.raises(NotFound):
            await desk.uploads.complete(stranger, upload.id, [etag])
    assert await desk.uploads.complete(desk.ada, upload.id, [etag])


async def test_an_upload_that_nobody_completes_is_over_and_removed(desk: Desk) -> None:
    upload = await desk.begun()
    etag = await desk.uploads.put_part(upload.id, 1, 7, chunks(b"content"))
    desk.house.clock.pass_seconds(3_700)
    assert await desk.files.sweep() == 0
    assert desk.bytes_left() == 1
    desk.house.clock.pass_seconds(3_600)
    with pytest.raises(Gone):
        await desk.uploads.complete(desk.ada, upload.id, [etag])
    with pytest.raises(Gone):
        await desk.uploads.put_part(upload.id, 1, 7, chunks(b"content"))
    assert await desk.files.sweep() == 1
    assert desk.bytes_left() == 0
    with pytest.raises(NotFound):
        await desk.uploads.complete(desk.ada, upload.id, [etag])


async def test_a_completion_that_was_cut_off_is_finished_by_the_next(desk: Desk) -> None:
    upload = await desk.begun()
    etag = await desk.uploads.put_part(upload.id, 1, 7, chunks(b"content"))
    # As if the server had died between the bytes and the row.
    await desk.house.bundles.blobs.complete(blob_key(upload.id), upload.handle, [etag])
    assert await opens(desk, await desk.uploads.complete(desk.ada, upload.id, [etag])) == b"content"
    with pytest.raises(Conflict):
        await desk.uploads.put_part(upload.id, 1, 7, chunks(b"CONTENT"))


async def test_parts_of_a_bigger_upload_are_checked_each(desk: Desk) -> None:
    upload = await desk.begun(25)
    assert [upload.length(number) for number in (1, 2, 3)] == [10, 10, 5]
    with pytest.raises(InvalidRequest):
        await desk.uploads.put_part(upload.id, 3, 10, chunks(b"x" * 10))
    with pytest.raises(NotFound):
        await desk.uploads.put_part(upload.id, 4, 10, chunks(b"x" * 10))
    sent = [(number, upload.length(number)) for number in (2, 3, 1)]
    etags = [await desk.uploads.put_part(upload.id, number, size, chunks(b"x" * size)) for number, size in sent]
    with pytest.raises(InvalidRequest) as refusal:
        await desk.uploads.complete(desk.ada, upload.id, etags)
    assert {one.type for one in refusal.value.problems} == {"etag_mismatch"}
    link = await desk.uploads.complete(desk.ada, upload.id, [etags[2], etags[0], etags[1]])
    assert await opens(desk, link) == b"x" * 25


async def test_fifty_gigabytes_have_at_most_a_thousand_parts(desk: Desk) -> None:
    upload = await desk.uploads.create(desk.ada, size=50 << 30, mime_type="video/mp4")
    assert 900 < upload.parts <= 1_000
    assert sum(upload.length(number) for number in range(1, upload.parts + 1)) == 50 << 30
    assert len(set(desk.uploads.part_links(upload))) == upload.parts


async def test_a_predictions_files_are_gone_with_its_contents(desk: Desk) -> None:
    version = await _version(desk)
    ended = {"status": Status.FAILED, "finished_at": desk.house.clock.now(), "error": JsonText("{}")}
    prediction = await desk.house.prediction(desk.ada, version, **ended)
    files = [await desk.kept(prediction.id, number, b"out") for number in (1, 2)]
    await desk.house.db.write(lambda c: recording.add(c, replace(prediction, attempt=1), Entry(files=files)))
    link = desk.files.links.file(files[0].id, "out.txt")
    assert await opens(desk, link) == b"out"
    now = desk.house.clock.now()
    assert await desk.house.db.write(lambda c: removal.remove(c, prediction.id, now))
    with pytest.raises(Gone):
        await opens(desk, link)
    await desk.files.remove_of(prediction.id)
    assert desk.bytes_left() == 0
    assert not await desk.house.db.read(lambda c: rows.of_prediction(c, prediction.id))


async def test_a_row_that_is_written_twice_keeps_what_was_given_out_first(desk: Desk) -> None:
    version = await _version(desk)
    prediction = replace(await desk.house.prediction(desk.ada, version), attempt=1)
    first, second = await desk.kept(prediction.id, 1, b"first"), await desk.kept(prediction.id, 1, b"second")
    for file in (first, second):
        await desk.house.db.write(lambda c, file=file: recording.add(c, prediction, Entry(files=[file], again=True)))
    assert await opens(desk, desk.files.links.file(first.id, "out.txt")) == b"first"


async def test_bytes_without_a_row_are_removed_once_they_are_old(desk: Desk) -> None:
    link = await desk.uploaded(b"content")
    await desk.kept(PredictionId(desk.house.ids.next()), 1, b"stray")
    lost = await desk.begun()
    await desk.house.db.write(lambda c: uploads.forget(c, lost.id))
    desk.age(3_600)
    assert await desk.files.sweep() == 0
    assert desk.bytes_left() == 3
    desk.house.clock.pass_seconds(80_000)
    later = Files(desk.house.db, desk.files.blobs, desk.files.links, desk.house.clock.now)
    desk.age(86_500)
    assert await later.sweep() == 2
    assert await opens(desk, link) == b"content"


async def test_a_file_that_never_was_is_gone_and_a_wrong_name_too(desk: Desk) -> None:
    for link in (
        desk.files.links.file(FileId(desk.house.ids.next()), "a.txt"),
        desk.files.links.file(FileId((await desk.uploaded(b"x")).split("/")[5]), "b.txt"),
    ):
        with pytest.raises(Gone):
            await opens(desk, link)


async def _version(desk: Desk) -> Version:
    await desk.house.model(desk.ada, "echo")
    return await desk.house.version(desk.ada, "echo")
