"""Augury, an open self-hosted prediction platform; this is the part that a model's author imports.

    from augury import Input, File, Secret, TextStream, metric, progress

Standard library only and loaded on first use, so that importing it costs a model nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for typing's, whose import would be most of the cost

if TYPE_CHECKING:
    from .sdk.fields import File, Input, Secret, TextStream
    from .sdk.reporting import Cancelled, metric, progress, scratch

__all__ = ["Cancelled", "File", "Input", "Secret", "TextStream", "metric", "progress", "scratch"]

_HOME = {
    "Cancelled": "reporting",
    "File": "fields",
    "Input": "fields",
    "Secret": "fields",
    "TextStream": "fields",
    "metric": "reporting",
    "progress": "reporting",
    "scratch": "reporting",
}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'augury' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(".sdk." + home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
