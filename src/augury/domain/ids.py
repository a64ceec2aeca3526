"""UUIDv7: ids that sort by the time they were made, strictly so within one process."""

from __future__ import annotations

import os
import time
from typing import NewType

PredictionId = NewType("PredictionId", str)
AccountId = NewType("AccountId", str)
ModelId = NewType("ModelId", str)
WorkerId = NewType("WorkerId", str)
NodeId = NewType("NodeId", str)


class IdSource:
    """Makes UUIDv7 (RFC 9562, method 1: a counter of 12 bits after the milliseconds). For one thread at a time."""

    def __init__(self) -> None:
        self._millis = 0
        self._counter = 0

    def next(self) -> str:
        """A new id in its canonical form of 36 characters, greater than each before it."""
        millis = time.time_ns() // 1_000_000
        if millis > self._millis:
            self._millis = millis
            self._counter = int.from_bytes(os.urandom(1), "big")
        else:
            self._counter += 1
            if self._counter > 0xFFF:
                # More than 4,096 in a millisecond, or a clock set back: borrow from the future and stay in order.
                self._millis += 1
                self._counter = 0
        tail = os.urandom(8)
        text = f"{self._millis:012x}7{self._counter:03x}{0x80 | (tail[0] & 0x3F):02x}{tail[1:].hex()}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def made_at(id_: str) -> float:
    """When an IdSource made this id, in seconds since the epoch."""
    return int(id_[:8] + id_[9:13], 16) / 1000


def before_all(time: int) -> str:
    """A text that sorts before each id made at a time or later, and after those made earlier; in microseconds."""
    millis = min(max(0, time // 1_000), 2**48 - 1)
    text = f"{millis:012x}"
    return f"{text[:8]}-{text[8:]}"


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its canonical form, in either case."""
    if len(text) != 36:
        return False
    parts = text.split("-")
    if [len(part) for part in parts] != [8, 4, 4, 4, 12]:
        return False
    return all(char in "0123456789abcdefABCDEF" for part in parts for char in part)
