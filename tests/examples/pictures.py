"""PNGs as pixels, and what is in them: pieces of one colour that hang together."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Piece:
    """Pixels of one colour that touch each other."""

    top: int
    left: int
    height: int
    width: int
    count: int

    @property
    def filled(self) -> float:
        """Its share of the rectangle around it."""
        return self.count / (self.width * self.height)

    @property
    def middle(self) -> tuple[int, int]:
        """The row and the column of the middle of that rectangle."""
        return self.top + self.height // 2, self.left + self.width // 2


def pixels(png: bytes) -> Pixels:
    """The rows of a PNG of 8-bit RGB."""
    chunks = dict.fromkeys((b"IHDR", b"IDAT"), b"")
    for kind, data in _chunks(png):
        if kind in chunks:
            chunks[kind] += data
    width, height, depth, colours, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colours) == (8, 2)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + width * 3)
    made = np.zeros((height + 1, width + 1, 3), np.int64)
    for row in range(height):
        _unfilter(int(lines[row, 0]), lines[row, 1:].reshape(width, 3), made[row], made[row + 1])
    return made[1:, 1:].astype(np.uint8)


def pieces(picture: Pixels, colour: tuple[int, int, int]) -> list[Piece]:
    """The pieces of a colour, from the top down."""
    left = {(int(row), int(column)) for row, column in np.argwhere((picture == colour).all(axis=2))}
    found: list[Piece] = []
    while left:
        begun = left.pop()
        piece, edge = {begun}, [begun]
        while edge:
            row, column = edge.pop()
            near = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= near
            piece |= near
            edge += near
        rows, columns = [row for row, _ in piece], [column for _, column in piece]
        top, first = min(rows), min(columns)
        found.append(Piece(top, first, max(rows) - top + 1, max(columns) - first + 1, len(piece)))
    return sorted(found, key=lambda one: (one.top, one.left))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _unfilter(kind: int, line: Pixels, above: NDArray[np.int64], here: NDArray[np.int64]) -> None:
    """Undo what makes a line smaller; `above` and `here` begin with a pixel of nothing."""
    if kind in (0, 2):
        here[1:] = (line + (above[1:] if kind == 2 else 0)) % 256
        return
    for place in range(1, len(here)):
        before, over, beyond = here[place - 1], above[place], above[place - 1]
        guess: Any = before
        if kind == 3:
            guess = (before + over) // 2
        elif kind == 4:
            distances = [abs(before + over - beyond - one) for one in (before, over, beyond)]
            guess = np.choose(np.argmin(distances, axis=0), [before, over, beyond])
        here[place] = (line[place - 1] + guess) % 256
