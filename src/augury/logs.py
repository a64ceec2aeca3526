"""How a log record becomes a line: for people (console) or for machines (one JSON object).

A record is a constant message, the fields of its `extra={...}`, and the ids that the code around it bound (request,
prediction, worker). Handlers write to standard error in the thread that logs. Knows nothing about what is logged, and
nothing about the output of models, which is data and not a log.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType, TracebackType
from typing import Any, Literal, TextIO

import orjson

Format = Literal["console", "json"]

_context: ContextVar[Mapping[str, str]] = ContextVar("augury_log_context", default=MappingProxyType({}))
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@+-%,")


def configure(level: str = "info", format: Format = "console", stream: TextIO | None = None) -> None:
    """Send every record to `stream` (standard error by default), in place of what was configured before.

    `level` is the least of our own records; of other packages' it is a step higher, and never below warning unless
    `level` is debug. Warnings of Python are logged too.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else ConsoleFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    ours = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger("augury").setLevel(ours)
    root.setLevel(logging.INFO if ours <= logging.DEBUG else max(ours, logging.WARNING))
    logging.captureWarnings(capture=True)
    # Not shown, so not asked of the system for each record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class bound:
    """`with bound(prediction=id):` puts ids on every record that is logged inside, in this task and those it starts."""

    __slots__ = ("_ids", "_token")

    def __init__(self, **ids: str) -> None:
        self._ids = ids

    def __enter__(self) -> None:
        self._token: Token[Mapping[str, str]] = _context.set({**_context.get(), **self._ids})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _context.reset(self._token)


def context() -> Mapping[str, str]:
    """The ids that are bound here."""
    return _context.get()


class ConsoleFormatter(logging.Formatter):
    """`13:05:06.123 INFO    engine.worker  worker is ready  seconds=0.1 worker=w1`, and lines of traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        name = record.name.removeprefix("augury.")
        line = f"{clock}.{int(record.msecs):03d} {record.levelname:<7} {name}  {_on_one_line(record.getMessage())}"
        fields = " ".join(f"{key}={_word(value)}" for key, value in _fields(record))
        return "\n".join(part for part in (f"{line}  {fields}" if fields else line, *_traces(self, record)) if part)


class JsonFormatter(logging.Formatter):
    """One object: time (UTC), level, logger, message, the ids, the fields, and the traceback as `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "time": f"{whole}.{int(record.created % 1 * 1e6):06d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for key, value in _fields(record):
            line.setdefault(key, value)
        if traces := [part for part in _traces(self, record) if part]:
            line["exception"] = "\n".join(traces)
        return _json(line)


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    given = vars(record)
    yield from ((key, value) for key, value in _context.get().items() if key not in given)
    yield from ((key, value) for key, value in given.items() if key not in _STANDARD)


def _traces(formatter: logging.Formatter, record: logging.LogRecord) -> tuple[str, str]:
    if record.exc_info and not record.exc_text:
        record.exc_text = formatter.formatException(record.exc_info)
    return record.exc_text or "", formatter.formatStack(record.stack_info) if record.stack_info else ""


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _word(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    # Quoted and escaped where it could be mistaken for more than one value, or for another line.
    return text if text and _PLAIN.issuperset(text) else json.dumps(text, ensure_ascii=not text.isprintable())


def _json(line: dict[str, Any]) -> str:
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # A lone surrogate or an integer of more than 64 bits: rare, and still worth its line.
        return json.dumps(line, default=str, skipkeys=True)
