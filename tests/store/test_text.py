"""Text goes in and comes out the same on both databases, or is refused by both."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import StatementError

from augury.domain import jsontext
from augury.domain.ids import PredictionId
from augury.store import predictions
from augury.store.connection import Connection, Query, UnstorableText, storable
from augury.store.database import Database
from augury.store.tables import accounts
from tests.store.rows import ACCOUNT, add, claim_one, read, succeed

pytestmark = pytest.mark.anyio

SET_BIO = Query(update(accounts).where(accounts.c.id == ACCOUNT).values(bio=bindparam("bio")))
GET_BIO = Query(select(accounts.c.bio).where(accounts.c.id == ACCOUNT))

TEXTS = {
    "line separators": "a\u2028b\u2029c\r\n\x85",
    "outside the first plane": "\U0001f600 \U0010ffff",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\ufeff\uffff",
    "signs of both drivers": "%s %(x)s :name ? $1 {} ' \" \\ --",
    "empty": "",
    "five megabytes": "é" * 2_500_000,
    "combining": "e\u0301 is not \u00e9",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_text_comes_back_as_it_was(db: Database, text: str) -> None:
    await db.write(lambda c: c.change(SET_BIO, bio=text))

    assert await db.read(lambda c: c.run(GET_BIO)) == [(text,)]


@pytest.mark.parametrize("value", [*TEXTS.values(), "\0", {"\0": ["\0\0"]}, 2**200, -0.0, 1e308])
async def test_json_of_any_text_round_trips(db: Database, value: object) -> None:
    await add(db, input=jsontext.dumps({"x": value}))
    one = await claim_one(db)
    await db.write(lambda c: succeed(c, one, output=jsontext.dumps(value)))

    stored = await read(db, one)
    assert jsontext.loads(stored.input or "") == {"x": value}
    assert jsontext.loads(stored.output or "") == value


@pytest.mark.parametrize("text", ["a\0b", "\0", "\ud800", "x\udc00"])
async def test_text_that_one_of_them_cannot_keep_is_refused_by_both(db: Database, text: str) -> None:
    def core(c: Connection) -> None:
        c.execute(update(accounts).values(bio=text))

    with pytest.raises(UnstorableText):
        await db.write(lambda c: c.change(SET_BIO, bio=text))
    with pytest.raises((UnstorableText, StatementError, UnicodeEncodeError)):
        await db.write(core)
    assert await db.read(lambda c: c.run(GET_BIO)) == [(None,)]
    assert await add(db)


async def test_many_rows_at_once_are_checked_too(db: Database) -> None:
    people = [{"id": name, "name": name, "admin": False, "created_at": 1, "bio": bio} for name, bio in _PEOPLE]

    with pytest.raises((UnstorableText, StatementError)):
        await db.write(lambda c: c.execute(insert(accounts), people))
    assert await db.read(lambda c: len(c.execute(select(accounts)).all())) == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("a\0b\0", "a\ufffdb\ufffd"),
        ("x\ud800y", "x\ufffdy"),
        ("\udc00", "\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("end\ud800", "end\ufffd"),
    ],
)
async def test_storable_text_replaces_only_what_cannot_be_kept(db: Database, text: str, kept: str) -> None:
    assert storable(text) == kept
    await db.write(lambda c: c.change(SET_BIO, bio=storable(text)))
    assert await db.read(lambda c: c.run(GET_BIO)) == [(kept,)]


async def test_an_id_with_nul_is_refused_when_reading_too(db: Database) -> None:
    with pytest.raises(UnstorableText):
        await db.read(lambda c: predictions.get(c, PredictionId("\0")))


_PEOPLE = [("bob", None), ("carol", "n\0l"), ("dave", "fine")]
