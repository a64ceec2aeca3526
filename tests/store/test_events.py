"""Items of streams come back in order, without a gap, page by page, however big they are."""

from __future__ import annotations

import pytest

from augury.domain.event import FIRST_OUTPUT
from augury.domain.ids import PredictionId
from augury.domain.jsontext import JsonText
from augury.store import events
from augury.store.connection import ConstraintViolated
from augury.store.database import Database
from tests.store.rows import add

pytestmark = pytest.mark.anyio


def texts(*names: object) -> list[JsonText]:
    return [JsonText(str(name)) for name in names]


async def test_items_are_numbered_in_the_order_in_which_they_were_appended(db: Database) -> None:
    one, other = await add(db), await add(db)
    await db.write(lambda c: events.append(c, one.id, 2, texts(1, 2)))
    await db.write(lambda c: events.append(c, other.id, 2, texts("x")))
    await db.write(lambda c: events.append(c, one.id, 4, texts(3)))

    assert await db.read(lambda c: events.after(c, one.id, 0)) == [(2, "1"), (3, "2"), (4, "3")]
    assert await db.read(lambda c: events.after(c, one.id, 3)) == [(4, "3")]
    assert await db.read(lambda c: events.after(c, one.id, 4)) == []
    assert await db.read(lambda c: events.last_number(c, one.id)) == 4
    assert await db.read(lambda c: events.last_number(c, other.id)) == 2


async def test_the_last_number_of_a_stream_without_items_is_that_of_its_first_event(db: Database) -> None:
    one = await add(db)

    assert await db.read(lambda c: events.last_number(c, one.id)) == FIRST_OUTPUT - 1
    assert await db.read(lambda c: events.after(c, one.id, 0)) == []


@pytest.mark.parametrize("first", [1, 3])
async def test_no_number_is_taken_twice_nor_by_what_is_no_item(db: Database, first: int) -> None:
    one = await add(db)
    await db.write(lambda c: events.append(c, one.id, 2, texts(1, 2)))
    with pytest.raises(ConstraintViolated):
        await db.write(lambda c: events.append(c, one.id, first, texts("other")))

    assert await db.read(lambda c: events.after(c, one.id, 0)) == [(2, "1"), (3, "2")]


async def test_a_page_holds_so_many_items_and_the_next_begins_behind_it(db: Database) -> None:
    one = await add(db)
    given = texts(*range(1_201))
    await db.write(lambda c: events.append(c, one.id, 2, given))
    pages = await _pages(db, one.id)

    assert [len(page) for page in pages] == [500, 500, 201]
    assert [item for page in pages for item in page] == list(enumerate(given, 2))


async def test_items_of_five_megabytes_come_one_by_one_and_whole(db: Database) -> None:
    one = await add(db)
    given = [JsonText(f'"{n}' + "ü" * (5 << 20) + '"') if n % 3 == 0 else JsonText(str(n)) for n in range(8)]
    await db.write(lambda c: events.append(c, one.id, 2, given))
    pages = await _pages(db, one.id)

    assert [item for page in pages for item in page] == list(enumerate(given, 2))
    assert all(sum(len(data) for _, data in page) < 6 << 20 for page in pages)
    assert len(pages) >= 3


async def test_a_page_is_bounded_by_size_wherever_the_big_items_are(db: Database) -> None:
    one = await add(db)
    given = [JsonText("x" * (events.PAGE_BYTES // (2 if n > 300 else 1_000))) for n in range(310)]
    await db.write(lambda c: events.append(c, one.id, 2, given))
    pages = await _pages(db, one.id)

    assert [item for page in pages for item in page] == list(enumerate(given, 2))
    assert max(sum(len(data) for _, data in page) for page in pages) <= events.PAGE_BYTES


async def test_every_text_of_json_is_kept_as_it_is(db: Database) -> None:
    one = await add(db)
    given = texts('"\u2028\x85 \\u0000 \\r 😀"', "null", '""', '{"a":[1,{"b":null}]}', "1e400", "9" * 40)
    await db.write(lambda c: events.append(c, one.id, 2, given))

    assert [data for _, data in await db.read(lambda c: events.after(c, one.id, 0))] == given


async def _pages(db: Database, prediction_id: PredictionId) -> list[list[events.Item]]:
    pages: list[list[events.Item]] = []
    while True:
        position = pages[-1][-1][0] if pages else 0
        page = await db.read(lambda c, position=position: events.after(c, prediction_id, position))
        if not page:
            return pages
        pages.append(page)
