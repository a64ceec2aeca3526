"""Models and users found by words, the best first.

What fits best is what is named like that; then what has the words in its name, in its description or categories, and
anywhere; of those that fit equally, what ran more. A private model is found by its owner alone (D51). Knows nothing
about how the database finds words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from augury.domain.account import Account, Caller
from augury.domain.errors import InvalidRequest
from augury.domain.ids import AccountId, ModelId
from augury.domain.model import Model
from augury.domain.paging import Cursor, Page, refused
from augury.store import models as model_rows
from augury.store import search as rows
from augury.store import users as user_rows
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.search import Found

Item = TypeVar("Item", Model, Account)

LONGEST = 200
"""Characters of the longest query."""

_Place = tuple[int, int, str]
"""How well something fits, how seldom it ran, and its id: what is least comes first."""


@dataclass(frozen=True)
class Search:
    """The use cases of searching."""

    db: Database

    async def models(
        self, caller: Caller | None, query: str | None, *, cursor: str | None = None, page_size: int = 25
    ) -> Page[Model]:
        """Models that the caller may see and that have all the words; raises InvalidRequest for what is no query."""
        audiences = [rows.MODELS] if caller is None else [rows.MODELS, rows.private_to(caller.account_id)]
        return await self._page(query, cursor, page_size, "models", audiences, _models)

    async def users(self, query: str | None, *, cursor: str | None = None, page_size: int = 25) -> Page[Account]:
        """Accounts that have all the words; raises InvalidRequest for what is no query."""
        return await self._page(query, cursor, page_size, "users", [rows.USERS], _users)

    async def _page(
        self,
        query: str | None,
        cursor: str | None,
        size: int,
        kind: str,
        audiences: Sequence[str],
        load: Callable[[Connection, Sequence[str]], Sequence[Item]],
    ) -> Page[Item]:
        place = Cursor({"q": _checked(query), "of": kind}) if cursor is None else Cursor.parse(cursor)
        words = rows.words(place.text_filter("q")[:LONGEST])
        if place.text_filter("of") != kind:
            raise refused()
        position = _position(place)

        def find(c: Connection) -> tuple[Sequence[Item], dict[str, _Place]]:
            ranked = sorted(_place(one, words) for one in rows.find(c, words, audiences)) if words else []
            wanted = _behind(ranked, position, backward=place.backward, limit=size + 1)
            return load(c, [one[2] for one in wanted]), {one[2]: one for one in wanted}

        found, places = await self.db.read(find)
        return place.page(found, size, lambda one: places[one.id])


def _checked(query: str | None) -> str:
    if query is None:
        raise InvalidRequest.at("query", "q", msg="Say what to look for, as `q`.", type="missing", input=None)
    if not query.strip():
        raise InvalidRequest.at("query", "q", msg="q is empty.", type="search_empty", input=query[:LONGEST])
    if len(query) > LONGEST:
        msg = f"q has {len(query):,} characters; {LONGEST} are allowed."
        raise InvalidRequest.at("query", "q", msg=msg, type="string_too_long", input=query[:LONGEST] + "…")
    # What is no character is no letter either; cursors carry none.
    return query.replace("\0", " ").encode(errors="replace").decode()


def _place(found: Found, words: Sequence[str]) -> _Place:
    # Only about how often it ran, so that what moves while pages are read is rare.
    return 3 * found.tier + _unlike(found, words), -len(str(found.predictions)), found.subject


def _unlike(found: Found, words: Sequence[str]) -> int:
    """0: it is named exactly so, 1: its name begins so, 2: neither."""
    if found.tier:
        return 2
    asked = [one.lower() for one in words]
    names = [[one.lower() for one in rows.words(name)] for name in (*found.title.split("/"), found.title)]
    if asked in names:
        return 0
    return 1 if any(_begins(name, asked) for name in names) else 2


def _begins(name: Sequence[str], asked: Sequence[str]) -> bool:
    last = len(asked) - 1
    return len(name) > last and list(name[:last]) == list(asked[:last]) and name[last].startswith(asked[last])


def _behind(ranked: Sequence[_Place], position: _Place | None, *, backward: bool, limit: int) -> Sequence[_Place]:
    if position is None:
        return ranked[:limit]
    if backward:
        return [one for one in ranked if one < position][-limit:]
    return [one for one in ranked if one > position][:limit]


def _position(place: Cursor) -> _Place | None:
    match place.position:
        case None:
            return None
        case (int(fit), int(seldom), str(subject)):
            return fit, seldom, subject
        case _:
            raise refused()


def _models(c: Connection, ids: Sequence[str]) -> Sequence[Model]:
    return model_rows.get_each(c, [ModelId(one) for one in ids])


def _users(c: Connection, ids: Sequence[str]) -> Sequence[Account]:
    found = (user_rows.get(c, AccountId(one)) for one in ids)
    return [one for one in found if one is not None]
