"""Lists over HTTP: the query parameters they share, and the three keys that their bodies have and no other.

Knows nothing about what is listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

import orjson
from fastapi import Query, Response

from augury.domain.paging import Page

Item = TypeVar("Item")

CursorQuery = Annotated[
    str | None,
    Query(
        min_length=1,
        description="`next_cursor` or `previous_cursor` of another page; it is enough to go on with the same list.",
    ),
]
PageSize = Annotated[int, Query(ge=1, le=100, description="The most items that a page has.")]


def page_response(page: Page[Item], items: Iterable[bytes]) -> Response:
    """A page of items that are JSON already."""
    content = {
        "items": [orjson.Fragment(item) for item in items],
        "next_cursor": page.next_cursor,
        "previous_cursor": page.previous_cursor,
    }
    return Response(orjson.dumps(content), media_type="application/json")
