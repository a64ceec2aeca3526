"""The errors a caller can meet.

CallerError
  InvalidRequest       what was sent does not fit: a list of places
  Unauthenticated      no token, or not a valid one
  Forbidden            visible, but not permitted
  NotFound             does not exist, or may not be seen
    Vanished           what the request refers to was deleted while it was answered
  Conflict             clashes with what is there, or the state does not allow it
  Gone                 was removed by retention
  TooLarge             over a limit, which it names
  TooManyRequests      over a rate or a quota
  Unavailable          not now, and nothing was stored

Each says what happened, a code for programs, and a hint for people. None knows HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from augury.domain.jsontext import JsonValue


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a request: where, what was expected, and what was found there."""

    loc: tuple[str | int, ...]
    msg: str
    type: str
    input: JsonValue = None
    ctx: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])

    def to_json(self) -> dict[str, JsonValue]:
        """The form that callers and stored errors show."""
        return {"loc": list(self.loc), "msg": self.msg, "type": self.type, "input": self.input, "ctx": dict(self.ctx)}


class CallerError(Exception):
    """Something the caller can mend; `code` is for programs, `hint` says what to do."""

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint


class InvalidRequest(CallerError):
    """What was sent does not fit; `problems` lists every place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(f"{'.'.join(map(str, first.loc))}: {first.msg}", code=first.type)
        self.problems = tuple(problems)

    @classmethod
    def at(cls, *loc: str | int, msg: str, type: str, input: JsonValue = None, **ctx: JsonValue) -> InvalidRequest:
        """One problem at one place."""
        return cls([Problem(loc=loc, msg=msg, type=type, input=input, ctx=ctx)])


class Unauthenticated(CallerError):
    """No token was sent, or it is malformed, unknown, revoked or expired."""


class Forbidden(CallerError):
    """The caller may see the thing, but not do this with it."""


class NotFound(CallerError):
    """There is no such thing, or the caller may not see it."""


class Vanished(NotFound):
    """What a row was to refer to was deleted at the same moment; nothing was stored."""

    def __init__(self) -> None:
        super().__init__(
            "Something that this refers to was deleted at the same moment.",
            code="deleted_meanwhile",
            hint="Nothing was stored: look what is still there, and ask again.",
        )


class Conflict(CallerError):
    """Clashes with what exists, or the thing's state does not allow it."""


class Gone(CallerError):
    """It existed; retention or its owner removed it."""


class TooLarge(CallerError):
    """Over a size limit, which the message names."""


class TooManyRequests(CallerError):
    """Over a rate or a quota of `limit`; `reset` is the Unix time in seconds when trying again makes sense."""

    def __init__(self, message: str, *, code: str, limit: int, reset: float, hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)
        self.limit = limit
        self.reset = reset


class Unavailable(CallerError):
    """Cannot be done now; nothing was stored."""
