"""Texts at which an answer ends, found by us where the model does not look for them itself.

    cutter = Cutter(stops);  text = cutter.feed(piece) ...;  text = cutter.rest();  cutter.found

What may yet become a stop is held back until it is known not to be one. Knows no model and no provider.
"""

from __future__ import annotations

from collections.abc import Iterable


class Cutter:
    """One answer, piece by piece."""

    def __init__(self, stops: Iterable[str]) -> None:
        self.found: str | None = None
        """The stop that ended the answer."""
        self._stops = tuple(one for one in stops if one)
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown now that this piece has come; nothing after a stop."""
        if self.found is not None:
            return ""
        if not self._stops:
            return piece
        text = self._held + piece
        places = [(place, -len(stop), stop) for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            place, _, self.found = min(places)
            self._held = ""
            return text[:place]
        keep = max(_begun(text, stop) for stop in self._stops)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def rest(self) -> str:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, ""
        return held


def cut(text: str, stops: Iterable[str]) -> tuple[str, str | None]:
    """The text before the first stop in it, and which that is."""
    cutter = Cutter(stops)
    shown = cutter.feed(text)
    return shown + cutter.rest(), cutter.found


def _begun(text: str, stop: str) -> int:
    """How many characters at the end of the text are the beginning of the stop."""
    longest = min(len(stop) - 1, len(text))
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
