"""The parameters of a call that become inputs of a model as they are: by name, where the model takes them.

Knows no provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from augury.domain import offering
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject, JsonValue
from augury.service.models import RunnableVersion


def taken(version: RunnableVersion, names: Iterable[str]) -> str | None:
    """The first of these names that is an input of the model; None where none is."""
    known = offering.properties(version.schemas.described)
    return next((name for name in names if name in known), None)


def passed(version: RunnableVersion, body: JsonObject, own: Iterable[str]) -> tuple[JsonObject, tuple[str, ...]]:
    """What of a body the model takes under the same name, and the names of the rest; `own` are the endpoint's."""
    known = offering.properties(version.schemas.described)
    others = {name: value for name, value in body.items() if name not in set(own) and value is not None}
    return (
        {name: value for name, value in others.items() if name in known},
        tuple(name for name in others if name not in known),
    )


def placed(error: InvalidRequest, names: Mapping[str, tuple[str | int, ...]]) -> InvalidRequest:
    """The error with places in the caller's body; `names` says where the caller put an input, by its name."""
    return InvalidRequest([replace(one, loc=_place(one.loc, names)) for one in error.problems])


def moved(error: InvalidRequest, by: int) -> InvalidRequest:
    """The error of a list that is a piece of the caller's: its items are counted from where the piece began."""
    return InvalidRequest([replace(one, loc=_moved(one.loc, by)) for one in error.problems])


def _moved(loc: tuple[str | int, ...], by: int) -> tuple[str | int, ...]:
    index = loc[3] if len(loc) > 3 else None
    return (*loc[:3], index + by, *loc[4:]) if isinstance(index, int) else loc


def _place(loc: tuple[str | int, ...], names: Mapping[str, tuple[str | int, ...]]) -> tuple[str | int, ...]:
    if loc[:2] != ("body", "input") or len(loc) < 3:
        return loc[:1] if loc[:2] == ("body", "input") else loc
    return ("body", *names.get(str(loc[2]), (loc[2],)), *loc[3:])


def given(value: JsonValue | None, name: str | None) -> JsonObject:
    """An input of this name, where there is a name and a value."""
    return {} if name is None or value is None else {name: value}
