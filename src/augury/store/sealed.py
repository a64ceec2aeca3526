"""What is kept sealed: the secrets of inputs beside their predictions; and all that is sealed, for sealing it anew.

An input's own row has stars where its secrets are. They are needed until the prediction has ended, and go some time
after that. Knows no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Column, Table, and_, bindparam, delete, func, select, tuple_, update
from sqlalchemy import insert as sql_insert

from augury.domain.ids import PredictionId
from augury.store.connection import Connection, Query
from augury.store.tables import prediction_secrets, predictions, variables, webhooks


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text in one of PLACES, and the key of its row."""

    key: tuple[str, ...]
    text: str


def keep(c: Connection, prediction_id: PredictionId, sealed: str) -> None:
    """Keep the secrets of a prediction's input."""
    c.change(_KEEP, prediction_id=prediction_id, sealed=sealed)


def find(c: Connection, prediction_id: PredictionId) -> str | None:
    """The secrets of a prediction's input; None where it has none."""
    return next((row[0] for row in c.run(_FIND, id=prediction_id)), None)


def forget(c: Connection, prediction_id: PredictionId) -> None:
    """Delete the secrets of a prediction's input."""
    c.change(_FORGET, wanted=prediction_id)


def forget_ended(c: Connection, most: int) -> int:
    """Delete up to `most` secrets of predictions that have ended; how many they were."""
    return c.change(_FORGET_ENDED, most=most)


def next_to_seal(c: Connection, place: str, beginning: str, after: tuple[str, ...] | None, limit: int) -> list[Sealed]:
    """What in a place does not begin with this, in the order of its keys; behind one of them."""
    found = _PLACES[place]
    params: dict[str, Any] = {"beginning": beginning, "size": len(beginning), "limit": limit}
    if after is None:
        rows = c.run(found.first, **params)
    else:
        rows = c.run(found.following, **params, **{f"after_{number}": part for number, part in enumerate(after)})
    return [Sealed(tuple(row[:-1]), row[-1]) for row in rows]


def seal_anew(c: Connection, place: str, old: Sealed, text: str) -> bool:
    """Put another text in its place; False where it has changed meanwhile."""
    key = {f"key_{number}": part for number, part in enumerate(old.key)}
    return c.change(_PLACES[place].replace, old=old.text, new=text, **key) == 1


class _Place:
    """The statements for one column that holds sealed texts."""

    def __init__(self, table: Table, keys: tuple[Column[Any], ...], column: Column[Any]) -> None:
        wanted = select(*keys, column).where(
            column.is_not(None), func.substr(column, 1, bindparam("size")) != bindparam("beginning")
        )
        places: list[BindParameter[Any]] = [bindparam(f"after_{number}") for number in range(len(keys))]
        behind = tuple_(*keys) > tuple_(*places)
        here = and_(*(key == bindparam(f"key_{number}") for number, key in enumerate(keys)))
        self.first = Query(wanted.order_by(*keys).limit(bindparam("limit")))
        self.following = Query(wanted.where(behind).order_by(*keys).limit(bindparam("limit")))
        self.replace = Query(
            update(table).where(here, column == bindparam("old")).values({column.name: bindparam("new")})
        )


_PLACES: Mapping[str, _Place] = {
    "variable": _Place(variables, (variables.c.account_id, variables.c.name), variables.c.value),
    "webhook": _Place(webhooks, (webhooks.c.prediction_id,), webhooks.c.secret),
    "input": _Place(prediction_secrets, (prediction_secrets.c.prediction_id,), prediction_secrets.c.sealed),
}
PLACES = tuple(_PLACES)
"""Where sealed texts are."""

_KEEP = Query(sql_insert(prediction_secrets).values({name: bindparam(name) for name in ("prediction_id", "sealed")}))
_FIND = Query(select(prediction_secrets.c.sealed).where(prediction_secrets.c.prediction_id == bindparam("id")))
_FORGET = Query(delete(prediction_secrets).where(prediction_secrets.c.prediction_id == bindparam("wanted")))
_ended = (
    select(prediction_secrets.c.prediction_id)
    .join_from(prediction_secrets, predictions, predictions.c.id == prediction_secrets.c.prediction_id)
    .where(predictions.c.finished_at.is_not(None))
    .limit(bindparam("most"))
)
_FORGET_ENDED = Query(delete(prediction_secrets).where(prediction_secrets.c.prediction_id.in_(_ended)))
