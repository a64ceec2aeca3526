"""Bytes of a worker's pipe become lines, whatever they are and wherever they are cut, and never too many."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.domain.logline import LINE_LIMIT, RUN_LIMIT, Line
from augury.engine.pipe import Lines, Pipe
from augury.engine.quota import CUT, Quota
from tests.support.signals import until_async

PIECES = st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", "ü€😀".encode(), b"\xff", b"\xe2\x82", b"\0", b""]))


def read(pieces: list[bytes]) -> list[str]:
    lines = Lines()
    found = [line for piece in pieces for line in lines.feed(piece)]
    return found + lines.end()


@given(PIECES)
def test_however_the_bytes_come_the_lines_are_the_same(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    expected = [
        part.decode("utf-8", "replace") for part in whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    ]
    # What ends with nothing has no last line; nor has a return that nothing is before.
    if expected[-1] == "":
        expected.pop()
    if expected and expected[-1] == "" and whole.endswith(b"\r"):
        expected.pop()

    assert read(pieces) == read([whole]) == read([bytes([one]) for one in whole]) == expected


def test_a_line_end_of_two_bytes_that_is_cut_in_the_middle_is_one() -> None:
    assert read([b"a\r", b"\nb\r", b"c"]) == ["a", "b", "c"]


def test_a_progress_bar_shows_each_state_but_not_its_last_return() -> None:
    lines = Lines()
    assert lines.feed(b"10%\r20%\r") == ["10%"]
    assert lines.end() == ["20%"]
    assert lines.end() == []


@pytest.mark.parametrize("character", ["x", "é", "€", "😀"])
def test_ten_million_characters_without_an_end_are_one_line_that_is_cut_and_says_so(character: str) -> None:
    lines = Lines()
    piece = character.encode() * 16_000
    for _ in range(10_000_000 // len(piece)):
        assert lines.feed(piece) == []
        assert len(lines._rest) < 70_000  # pyright: ignore[reportPrivateUsage] - what it keeps is the point
    (text,) = lines.feed(b"\n")
    (line,) = Quota().admit(Line(1, "stdout", text))
    assert line.text == character * LINE_LIMIT + CUT
    assert lines.feed(b"next\n") == ["next"]


def test_a_line_of_just_the_limit_is_whole() -> None:
    (line,) = Quota().admit(Line(1, "stdout", "x" * LINE_LIMIT))
    assert line.text == "x" * LINE_LIMIT


def test_a_flood_ends_in_one_line_that_says_so() -> None:
    quota = Quota()
    lines = [kept for n in range(2_000) for kept in quota.admit(Line(n, "stderr", "x" * LINE_LIMIT))]
    assert sum(len(line.text) + 1 for line in lines[:-1]) <= RUN_LIMIT
    assert [line.text[:20] for line in lines].count("More than 10 MiB of ") == 1
    assert lines[-1].text == "More than 10 MiB of log: the rest is dropped."
    assert len(lines) == RUN_LIMIT // (LINE_LIMIT + 1) + 1


@pytest.mark.anyio
async def test_what_is_there_is_read_by_hand_and_the_rest_as_it_comes() -> None:
    theirs, ours, received, closed = _pipe()
    os.write(theirs, b"before")
    ours.drain()
    assert received == [b"before"]
    ours.drain()
    os.write(theirs, b"after")
    await until_async(lambda: received == [b"before", b"after"])
    os.close(theirs)
    await until_async(lambda: closed == [True])
    ours.close()
    ours.drain()
    assert closed == [True]


@pytest.mark.anyio
async def test_a_writer_that_never_stops_does_not_hold_up_whoever_drains() -> None:
    theirs, ours, received, closed = _pipe(lambda: os.write(theirs, b"more"))
    os.write(theirs, b"more")
    ours.drain()
    assert 1 < len(received) < 100
    ours.close()
    assert closed == [True]
    os.close(theirs)


def _pipe(then: object = None) -> tuple[int, Pipe, list[bytes], list[bool]]:
    reading, theirs = os.pipe()
    received: list[bytes] = []
    closed: list[bool] = []

    def receive(data: bytes) -> None:
        received.append(data)
        if callable(then):
            then()

    return theirs, Pipe(reading, receive, lambda: closed.append(True)), received, closed
