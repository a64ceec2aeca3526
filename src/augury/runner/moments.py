"""Dates, times and durations as JSON has them (RFC 3339, ISO 8601) -> Python's.

The standard library reads `Z` and short fractions of a second only since 3.11. Python 3.9 and newer.
"""

from __future__ import annotations

import datetime
import re

_DATE = r"(?P<date>\d{4}-\d\d-\d\d)"
_TIME = r"(?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d+))?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?"
_ONLY_DATE = re.compile(_DATE + r"\Z", re.ASCII)
_ONLY_TIME = re.compile(_TIME + r"\Z", re.ASCII)
_BOTH = re.compile(_DATE + "[Tt _]" + _TIME + r"\Z", re.ASCII)
_NUMBER = r"(?:(\d+(?:[.,]\d+)?){})?"
_DURATION = re.compile(
    "(?P<sign>[+-])?P"
    + "".join(_NUMBER.format(unit) for unit in "WD")
    + "(?P<time>T"
    + "".join(_NUMBER.format(unit) for unit in "HMS")
    + r")?\Z",
    re.ASCII,
)
_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def read_datetime(text: str) -> datetime.datetime:
    """A date and time, such as 2026-11-25T13:00:00Z; without a zone it is a naive one. Raises ValueError."""
    found = _BOTH.match(text)
    if found is None:
        raise ValueError("no date and time such as 2026-11-25T13:00:00Z")
    return datetime.datetime.combine(datetime.date.fromisoformat(found["date"]), _time(found))


def read_date(text: str) -> datetime.date:
    """A date, such as 2026-11-25. Raises ValueError."""
    if _ONLY_DATE.match(text) is None:
        raise ValueError("no date such as 2026-11-25")
    return datetime.date.fromisoformat(text)


def read_time(text: str) -> datetime.time:
    """A time of day, such as 13:00:00Z. Raises ValueError."""
    found = _ONLY_TIME.match(text)
    if found is None:
        raise ValueError("no time such as 13:00:00")
    return _time(found)


def read_duration(text: str) -> datetime.timedelta:
    """A duration of weeks, days, hours, minutes and seconds, such as PT1M30S or P2D. Raises ValueError."""
    found = _DURATION.match(text)
    parts = [found.group(index) for index in (2, 3, 5, 6, 7)] if found else []
    if found is None or not any(parts) or found["time"] == "T":
        raise ValueError("no duration such as PT1M30S or P2D")
    amounts = {unit: float(part.replace(",", ".")) for unit, part in zip(_UNITS, parts) if part}
    length = datetime.timedelta(**amounts)
    return -length if found["sign"] == "-" else length


def _time(found: re.Match[str]) -> datetime.time:
    micro = int((found["fraction"] or "0").ljust(6, "0")[:6])
    return datetime.time.fromisoformat(found["time"]).replace(microsecond=micro, tzinfo=_zone(found["zone"]))


def _zone(text: str | None) -> datetime.tzinfo | None:
    if text is None:
        return None
    if text in "Zz":
        return datetime.timezone.utc
    offset = datetime.timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return datetime.timezone(-offset if text[0] == "-" else offset)
