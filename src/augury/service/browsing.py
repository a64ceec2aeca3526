"""Which predictions a list shows, as its caller asks or as a cursor carries it (D7), and whether they may.

    query parameters -> filters of a cursor -> what the store is asked for

Knows no HTTP but the places of its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.ids import AccountId
from augury.domain.model import MalformedReference, Reference, parse_reference
from augury.domain.paging import Cursor, Filter, refused
from augury.domain.prediction import Prediction, Status
from augury.store import browsing as rows
from augury.store import models, versions
from augury.store.browsing import Among
from augury.store.connection import Connection

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = ("created_after", "created_before")


@dataclass(frozen=True, slots=True)
class Browse:
    """What a caller wants to see: of the times the first is in it, the second is not."""

    statuses: Sequence[Status] = ()
    model: str | None = None
    """owner/name or owner/name:N"""
    created_after: str | None = None
    """RFC 3339, as is the next."""
    created_before: str | None = None
    everyone: bool = False
    """For admins: everybody's, not the caller's own alone."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The same, read."""

    account_id: AccountId | None
    statuses: list[Status] | None
    model: Reference | None
    times: dict[str, int] = field(default_factory=dict[str, int])


def begin(browse: Browse) -> Cursor:
    """The beginning of a list; raises InvalidRequest for a reference or a time that is none."""
    filters: dict[str, Filter] = {"statuses": [one.value for one in browse.statuses]}
    if browse.model is not None:
        try:
            filters["model"] = str(parse_reference(browse.model))
        except MalformedReference as error:
            raise InvalidRequest.at(
                "query", "model", msg=str(error), type="model_reference", input=browse.model[:200]
            ) from None
    for name, text in zip(_TIMES, (browse.created_after, browse.created_before), strict=True):
        if text is None:
            continue
        if _micros(text) is None:
            msg = "Input should be a time with its offset, such as 2025-08-13T11:48:44Z (in a URL, + is %2B)."
            raise InvalidRequest.at("query", name, msg=msg, type="datetime_parsing", input=text[:100])
        filters[name] = text
    if browse.everyone:
        filters["everyone"] = "true"
    return Cursor(filters)


def narrowed(place: Cursor, caller: Caller) -> Narrowed:
    """What a cursor says; raises InvalidRequest for one of another list, and Forbidden `admins_only`."""
    everyone = place.text_filter("everyone")
    if everyone:
        caller.demand_admin("see everybody's predictions")
    model = place.text_filter("model")
    times: dict[str, int] = {}
    for name in _TIMES:
        if text := place.text_filter(name):
            if (time := _micros(text)) is None:
                raise refused()
            times[name] = time
    try:
        return Narrowed(
            None if everyone else caller.account_id,
            [Status(one) for one in place.texts_filter("statuses")] or None,
            parse_reference(model) if model else None,
            times,
        )
    except ValueError:
        raise refused() from None


def find(c: Connection, wanted: Narrowed, place: Cursor, limit: int) -> list[Prediction]:
    """What a list has at a place. A model that is not there has been run by nobody."""
    among = Among(since=wanted.times.get("created_after"), until=wanted.times.get("created_before"))
    if wanted.model is not None:
        model = models.find(c, wanted.model.owner, wanted.model.name)
        if model is None:
            return []
        version_id = None
        if wanted.model.number is not None and (version_id := versions.id_of(c, model.id, wanted.model.number)) is None:
            return []
        among = Among(None if version_id is not None else model.id, version_id, among.since, among.until)
    return rows.page(
        c,
        wanted.account_id,
        statuses=wanted.statuses,
        before=place.before_text(),
        after=place.after_text(),
        limit=limit,
        among=among,
    )


def _micros(text: str) -> int | None:
    """Microseconds since the epoch; None for what is no time."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return (datetime.fromisoformat(text.upper()) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
