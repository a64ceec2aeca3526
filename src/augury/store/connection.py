"""One transaction as the store's functions see it, on SQLite or PostgreSQL.

A `Query` is written in SQLAlchemy Core and compiled once per dialect; from then on only its text meets the driver's
cursor, which is several times faster than executing Core. Knows no table, no thread and no event loop.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, cast

import sqlalchemy
from sqlalchemy import ClauseElement, CursorResult, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import Dialect

from augury.domain.errors import Vanished

DialectName: TypeAlias = Literal["sqlite", "postgresql"]
Row: TypeAlias = tuple[Any, ...]


class StorageError(Exception):
    """The database failed. `uncertain`: the write may have been committed all the same."""

    def __init__(self, message: str, *, uncertain: bool = False) -> None:
        super().__init__(message)
        self.uncertain = uncertain


class ConstraintViolated(StorageError):
    """The row would be impossible, or there already is one like it."""


class UnstorableText(ValueError):
    """The text holds a NUL or a lone surrogate, which PostgreSQL cannot keep and SQLite therefore may not."""


def storable(text: str) -> str:
    """The text with U+FFFD where it holds what no database keeps: NUL and lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        # A pair of surrogates is one character; what is left alone after joining them has no form.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Cursor(Protocol):
    """What both drivers' cursors have in common."""

    @property
    def rowcount(self) -> int: ...
    def execute(self, operation: Any, parameters: Any = ..., /) -> Any: ...
    def executemany(self, operation: Any, parameters: Any, /) -> Any: ...
    def fetchall(self) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Driver:
    """The form of a driver's statements, and what it raises for a row that clashes and for a value it cannot keep."""

    name: DialectName
    dialect: Dialect
    clash: type[Exception]
    unfit: type[Exception]
    refers: Callable[[Exception], bool]
    """Whether a clash is one with a row that is not there, or that others refer to."""


def _refers(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY


# PostgreSQL's is made where its driver is loaded: that takes a tenth of a server's start, and SQLite needs none of it.
SQLITE = Driver("sqlite", sqlite.dialect(paramstyle="named"), sqlite3.IntegrityError, sqlite3.DataError, _refers)


class Query:
    """A Core statement, compiled once per dialect. Lists have to be literal: `in_()` with values does not compile."""

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[DialectName, tuple[str, dict[str, Any]]] = {}

    def compiled(self, driver: Driver) -> tuple[str, dict[str, Any]]:
        """The statement's text, and the values that are part of the statement itself."""
        known = self._compiled.get(driver.name)
        if known is None:
            # Two threads may both come here; they make the same thing.
            known = self._compiled[driver.name] = _compile(self._statement, driver.dialect)
        return known


class Connection:
    """The transaction that a function given to `Database.read` or `Database.write` runs in."""

    __slots__ = ("_core", "_cursor", "_driver", "dialect", "news")

    def __init__(self, driver: Driver, cursor: Cursor, core: sqlalchemy.Connection) -> None:
        self.dialect: DialectName = driver.name
        self.news: list[str] = []
        """What `Database.tell` is told of after the commit, and perhaps after one that failed, too: a hint."""
        self._driver = driver
        self._cursor = cursor
        self._core = core

    def run(self, query: Query, /, **params: Any) -> list[Row]:
        """Execute a statement that returns rows."""
        self._execute(query, params)
        return self._cursor.fetchall()

    def change(self, query: Query, /, **params: Any) -> int:
        """Execute a statement that returns none; the number of rows it changed."""
        self._execute(query, params)
        return self._cursor.rowcount

    def change_many(self, query: Query, rows: Sequence[dict[str, Any]], /) -> None:
        """Execute a statement that returns none once with each of these values, in order."""
        if not rows:
            return
        text, constants = query.compiled(self._driver)
        if constants:
            rows = [constants | row for row in rows]
        if self.dialect == "sqlite":
            for row in rows:
                refuse_nul(row)
        try:
            self._cursor.executemany(text, rows)
        except Exception as error:
            self._translate(error)
            raise

    def execute(
        self, statement: Executable, params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Execute Core in the ordinary, slower way, in the same transaction; raises SQLAlchemy's errors."""
        return cast("CursorResult[Any]", self._core.execute(statement, params))

    def _execute(self, query: Query, params: dict[str, Any]) -> None:
        text, constants = query.compiled(self._driver)
        if constants:
            params = constants | params
        if self.dialect == "sqlite":
            refuse_nul(params)
        try:
            self._cursor.execute(text, params)
        except Exception as error:
            self._translate(error)
            raise

    def _translate(self, error: Exception) -> None:
        """Raise our own error where the driver's has one. No context manager: it would cost something on each call."""
        if isinstance(error, self._driver.clash):
            if self._driver.refers(error):
                raise Vanished from error
            raise ConstraintViolated(str(error)) from error
        if isinstance(error, UnicodeEncodeError) or (isinstance(error, self._driver.unfit) and "NUL" in str(error)):
            raise UnstorableText(str(error)) from error


def refuse_nul(params: Mapping[Any, Any]) -> None:
    """Raise UnstorableText where a text holds NUL: SQLite would take what PostgreSQL refuses."""
    for name, value in params.items():
        if type(value) is str and "\0" in value:
            raise UnstorableText(f"{name} holds NUL")


def _compile(statement: ClauseElement, dialect: Dialect) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=dialect)
    text = str(compiled)
    if "__[POSTCOMPILE" in text:
        raise ValueError(f"an expanding list cannot be compiled once: {text}")
    names = cast("Mapping[sqlalchemy.BindParameter[Any], str]", cast("Any", compiled).bind_names)
    return text, {name: bind.value for bind, name in names.items() if not bind.required}
