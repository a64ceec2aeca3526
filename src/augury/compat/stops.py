"""Texts that end where a stop string begins, for models that have no input for one.

    cutter = Cutter(stops);  text = cutter.feed(piece) ...;  text = cutter.rest();  cutter.found

What may be the beginning of a stop is held back until it is known, so that it does not matter how a text is divided.
Knows no model and no provider.
"""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 1_000
"""Characters of the longest stop: looking for what may become one takes time by its square."""


class Cutter:
    """One text, piece by piece."""

    __slots__ = ("_held", "_stops", "found")

    def __init__(self, stops: Iterable[str]) -> None:
        """`stops` are at most LONGEST characters each; those that are empty are none."""
        self.found: str | None = None
        """The stop that ended the text: the one that was complete first."""
        self._stops = tuple(one for one in stops if one)
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown now that this piece has come; nothing after a stop."""
        if self.found is not None:
            return ""
        if not self._stops:
            return piece
        text = self._held + piece
        ends = [(place + len(one), place, one) for one in self._stops if (place := text.find(one)) >= 0]
        if ends:
            _, place, self.found = min(ends)
            self._held = ""
            return text[:place]
        begun = self._begun(text)
        self._held = text[begun:]
        return text[:begun]

    def rest(self) -> str:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, ""
        return held

    def _begun(self, text: str) -> int:
        """Where what may become a stop begins, at the end of a text without one."""
        first = len(text)
        for stop in self._stops:
            place = text.find(stop[0], max(0, len(text) - len(stop) + 1), first)
            while place >= 0 and not stop.startswith(text[place:]):
                place = text.find(stop[0], place + 1, first)
            if place >= 0:
                first = place
        return first


def cut(text: str, stops: Iterable[str]) -> tuple[str, str | None]:
    """The text before the first stop in it, and which that is."""
    cutter = Cutter(stops)
    shown = cutter.feed(text)
    return shown + cutter.rest(), cutter.found
