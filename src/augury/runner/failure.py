"""An exception of the model's as data: its class, one sentence, and the traceback without our own frames.

Works whatever the exception does when it is asked for its text, and bounds what it gives. Knows nothing about runs.
"""

from __future__ import annotations

import importlib
import os
from types import TracebackType
from typing import List, NamedTuple, Optional

from . import cogmodel

MESSAGE_LIMIT = 2000
LINES = 50
LINE_LIMIT = 2048
_FRAMES = 100
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_NOT_THE_MODELS = (_HERE, "<frozen importlib", importlib.__file__)


class Failure(NamedTuple):
    type: str
    message: str
    traceback: List[str]


def describe(error: BaseException, doing: str = "predict()") -> Failure:
    """What went wrong while the model was `doing` something; never raises."""
    try:
        return Failure(_name(error), _message(error, doing), _traceback(error))
    except Exception:  # noqa: BLE001 - out of memory or of stack, or a class that lies about itself: say what can be said.
        kind = type(error).__name__
        return Failure(kind, f"{doing} raised {kind}.", [])


def _name(error: BaseException) -> str:
    return type(error).__qualname__.rpartition("<locals>.")[2]


def _message(error: BaseException, doing: str) -> str:
    if isinstance(error, SystemExit):
        return "{} called sys.exit({}).".format(doing, "" if error.code is None else repr(error.code)[:200])
    try:
        text = " ".join(str(error).split())
    except BaseException as other:  # noqa: BLE001 - its __str__ is the model's code and may raise anything
        return f"{doing} raised {_name(error)}, whose text cannot be shown: its __str__ raised {_name(other)}."
    if not text:
        return f"{doing} raised {_name(error)} without a message."
    return (text if len(text) <= MESSAGE_LIMIT else text[:MESSAGE_LIMIT] + "…") + cogmodel.hint(error)


def _traceback(error: BaseException) -> List[str]:
    import traceback  # slow to import, and most models never fail

    shown = traceback.TracebackException(type(error), error, _models(error.__traceback__), limit=-_FRAMES)
    lines: List[str] = []
    for text in shown.format():
        lines += text.rstrip("\n").split("\n")
    return [line if len(line) <= LINE_LIMIT else line[:LINE_LIMIT] + "…" for line in lines[-LINES:]]


def _models(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    # The first frames are ours and those of Python's import, down to where the model's code begins.
    first = trace
    while first is not None and first.tb_frame.f_code.co_filename.startswith(_NOT_THE_MODELS):
        first = first.tb_next
    return first
