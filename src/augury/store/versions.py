"""Versions as rows: published, found, listed, configured, marked as broken, deleted.

A version never changes but for its configuration; each configuration has a revision, and being broken belongs to one
of them. A deleted version keeps its row and its number. Knows no clock and no rule about who may do what.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, bindparam, literal, literal_column, select, update
from sqlalchemy import insert as sql_insert

from augury.domain import jsontext
from augury.domain.ids import ModelId
from augury.domain.jsontext import JsonObject, JsonText
from augury.domain.model import Configuration, RunOptions, Version
from augury.domain.prediction import ModelRef
from augury.store.connection import Connection, Query, Row
from augury.store.tables import accounts, bundles, models, versions

_COLUMNS = (
    versions.c.id,
    versions.c.model_id,
    versions.c.number,
    versions.c.release_notes,
    versions.c.schemas,
    versions.c.compatibilities,
    versions.c.digest,
    bundles.c.size,
    versions.c.options,
    versions.c.hardware_identifier,
    versions.c.variable_names,
    versions.c.revision,
    versions.c.broken_reason,
    versions.c.created_at,
)


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a published version is made of."""

    release_notes: str
    schemas: JsonText
    compatibilities: Mapping[str, bool]
    digest: str
    options: RunOptions
    entry: str | None
    configuration: Configuration


def insert(c: Connection, model_id: ModelId, number: int, new: NewVersion, now: int) -> int:
    """Store a version under a number that nobody else has; returns its id."""
    options: JsonObject = {**new.options.to_json(), "entry": new.entry}
    ((version_id,),) = c.run(
        _INSERT,
        model_id=model_id,
        number=number,
        release_notes=new.release_notes,
        schemas=new.schemas,
        compatibilities=jsontext.dumps(dict(new.compatibilities)),
        digest=new.digest,
        options=jsontext.dumps(options),
        hardware_identifier=new.configuration.hardware_identifier,
        variable_names=jsontext.dumps(list(new.configuration.variable_names)),
        workers_min=new.options.workers_min,
        created_at=now,
    )
    return version_id


def find(c: Connection, model_id: ModelId, number: int) -> Version | None:
    """The version with that number, unless it was deleted."""
    return next(map(_from_row, c.run(_FIND, model_id=model_id, number=number)), None)


def id_of(c: Connection, model_id: ModelId, number: int) -> int | None:
    """The id of the version with that number, one that was deleted, too."""
    return next((row[0] for row in c.run(_ID_OF, model_id=model_id, number=number)), None)


def latest(c: Connection, model_id: ModelId) -> Version | None:
    """The version with the highest number of those that are left."""
    return next(map(_from_row, c.run(_LATEST, model_id=model_id)), None)


def get(c: Connection, version_id: int) -> tuple[Version, ModelRef] | None:
    """A version and what callers call it, unless it or its model was deleted."""
    for row in c.run(_GET, id=version_id):
        version = _from_row(row)
        return version, ModelRef(row[-2], row[-1], version.number)
    return None


def ids(c: Connection, model_id: ModelId) -> list[int]:
    """The ids of all versions of a model, deleted ones too."""
    return [row[0] for row in c.run(_IDS, model_id=model_id)]


def page(c: Connection, model_id: ModelId, *, position: int | None, backward: bool, limit: int) -> list[Version]:
    """The `limit` versions next to a number, newest first."""
    statement = _select().where(versions.c.model_id == model_id)
    if position is not None:
        here = versions.c.number
        statement = statement.where(here > literal(position) if backward else here < literal(position))
    order = versions.c.number.asc() if backward else versions.c.number.desc()
    found = [_from_row(tuple(row)) for row in c.execute(statement.order_by(order).limit(limit))]
    if backward:
        found.reverse()
    return found


def delete(c: Connection, version_id: int, now: int) -> bool:
    """Take a version away; False where that was done before."""
    return c.change(_DELETE, wanted=version_id, now=now) == 1


def configure(c: Connection, version_id: int, configuration: Configuration) -> bool:
    """Give a version a new configuration: its revision counts up, and it is no longer broken."""
    names = jsontext.dumps(list(configuration.variable_names))
    return (
        c.change(_CONFIGURE, wanted=version_id, hardware=configuration.hardware_identifier, variable_names=names) == 1
    )


def mark_broken(c: Connection, version_id: int, revision: int, reason: JsonObject, now: int) -> bool:
    """Say that a version cannot start; False where it has another configuration by now, or is broken already."""
    return c.change(_MARK_BROKEN, wanted=version_id, revision=revision, reason=jsontext.dumps(reason), now=now) == 1


def broken_reason(c: Connection, version_id: int) -> JsonObject | None:
    """Why a version cannot start; None where it can, as far as is known."""
    for (reason,) in c.run(_BROKEN_REASON, id=version_id):
        return None if reason is None else _object(reason)
    return None


def is_broken(c: Connection, version_id: int, revision: int) -> bool:
    """Whether a version cannot start with this configuration, and has no other by now; stays so in the transaction."""
    return bool(c.run(_IS_BROKEN, id=version_id, revision=revision))


def warm(c: Connection) -> list[int]:
    """The versions that have workers at all times: the latest of their models, where they say so and can start."""
    return [row[0] for row in c.run(_WARM)]


def revisions(c: Connection, version_ids: Collection[int]) -> dict[int, int]:
    """Which configuration each of these versions has now, by its revision; without those that were deleted."""
    if not version_ids:
        return {}
    found: list[Row] = [tuple(row) for row in c.execute(_REVISIONS.where(versions.c.id.in_(version_ids)))]
    return dict(found)


def _from_row(row: Row) -> Version:
    id_, model_id, number, notes, schemas, compatibilities, digest, size, options, hardware, variables, *rest = row[:14]
    revision, broken, created = rest
    stored = _object(options)
    entry = stored.get("entry")
    return Version(
        id=id_,
        model_id=model_id,
        number=number,
        release_notes=notes,
        schemas=JsonText(schemas),
        compatibilities=cast("Mapping[str, bool]", _object(compatibilities)),
        digest=digest,
        size=size,
        options=RunOptions.from_json(stored),
        entry=entry if isinstance(entry, str) else None,
        configuration=Configuration(hardware, tuple(cast("list[str]", jsontext.loads(variables)))),
        revision=revision,
        broken_reason=None if broken is None else _object(broken),
        created_at=created,
    )


def _object(text: str) -> JsonObject:
    value = jsontext.loads(text)
    return value if isinstance(value, dict) else {}


def _select() -> Select[Any, *tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .join_from(versions, bundles, bundles.c.digest == versions.c.digest)
        .where(versions.c.deleted_at.is_(None))
    )


_INSERT = Query(
    sql_insert(versions)
    .values(
        {
            name: bindparam(name)
            for name in (
                "model_id", "number", "release_notes", "schemas", "compatibilities", "digest", "options",
                "hardware_identifier", "variable_names", "workers_min", "created_at",
            )
        }
    )
    .returning(versions.c.id)
)  # fmt: skip
_OF_MODEL = _select().where(versions.c.model_id == bindparam("model_id"))
_FIND = Query(_OF_MODEL.where(versions.c.number == bindparam("number")))
_ID_OF = Query(
    select(versions.c.id).where(versions.c.model_id == bindparam("model_id"), versions.c.number == bindparam("number"))
)
_IDS = Query(select(versions.c.id).where(versions.c.model_id == bindparam("model_id")))
_LATEST = Query(_OF_MODEL.order_by(versions.c.number.desc()).limit(1))
_GET = Query(
    _select()
    .add_columns(accounts.c.name, models.c.name)
    .join(models, models.c.id == versions.c.model_id)
    .join(accounts, accounts.c.id == models.c.account_id)
    .where(versions.c.id == bindparam("id"), models.c.deleted_at.is_(None))
)
_LIVE = update(versions).where(versions.c.id == bindparam("wanted"), versions.c.deleted_at.is_(None))
_DELETE = Query(_LIVE.values(deleted_at=bindparam("now")))
_CONFIGURE = Query(
    _LIVE.values(
        hardware_identifier=bindparam("hardware"),
        variable_names=bindparam("variable_names"),
        revision=versions.c.revision + 1,
        broken_at=None,
        broken_reason=None,
    )
)
_MARK_BROKEN = Query(
    _LIVE.where(versions.c.revision == bindparam("revision"), versions.c.broken_at.is_(None)).values(
        broken_at=bindparam("now"), broken_reason=bindparam("reason")
    )
)
_IS_BROKEN = Query(
    select(versions.c.id)
    .where(
        versions.c.id == bindparam("id"),
        versions.c.revision == bindparam("revision"),
        versions.c.broken_at.is_not(None),
    )
    .with_for_update(read=True)
)
_later = versions.alias("later")
_WARM = Query(
    select(versions.c.id)
    .join_from(versions, models, models.c.id == versions.c.model_id)
    .where(
        # Literal: SQLite finds no partial index for a bound value.
        literal_column("versions.workers_min > 0"),
        versions.c.deleted_at.is_(None),
        versions.c.broken_at.is_(None),
        models.c.deleted_at.is_(None),
        ~select(_later.c.id)
        .where(
            _later.c.model_id == versions.c.model_id, _later.c.number > versions.c.number, _later.c.deleted_at.is_(None)
        )
        .exists(),
    )
)
_REVISIONS = (
    select(versions.c.id, versions.c.revision)
    .join_from(versions, models, models.c.id == versions.c.model_id)
    .where(versions.c.deleted_at.is_(None), models.c.deleted_at.is_(None))
)
_BROKEN_REASON = Query(select(versions.c.broken_reason).where(versions.c.id == bindparam("id")))
