"""Cursors and pages: what was written is read back, whatever else comes is refused, and a walk misses nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from augury.domain import jsontext
from augury.domain.errors import InvalidRequest
from augury.domain.paging import TEXT_LIMIT, Cursor, Page

storable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
positions = st.lists(storable | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4).map(tuple)
filters = st.dictionaries(storable, storable | st.lists(storable, max_size=4), max_size=4)


def packed(content: object) -> str:
    return urlsafe_b64encode(jsontext.dump_bytes(content)).rstrip(b"=").decode()


def refused(text: str) -> bool:
    with pytest.raises(InvalidRequest) as error:
        Cursor.parse(text)
    return [one.loc for one in error.value.problems] == [("query", "cursor")]


@given(filters, positions, st.booleans())
def test_a_cursor_is_read_back_as_it_was_written(
    narrowed: dict[str, str | list[str]], position: tuple[str | int, ...], backward: bool
) -> None:
    cursor = Cursor(narrowed, position, backward)
    text = cursor.encode()
    assert text.isascii()
    assert not set(text) & set("=+/&? ")
    assert Cursor.parse(text) == cursor


@given(st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).decode()))
@example("")
@example("=")
@example("A")
@example("W10")
@example("A" * (TEXT_LIMIT + 1))
@example("A" * TEXT_LIMIT)
@example(urlsafe_b64encode(b"[" * 3000).decode())
@example("\u0661\u0662")
@example("W3t9LG51bGwsZmFsc2Vd\n")
def test_random_text_is_refused_at_its_place(text: str) -> None:
    assert refused(text)


@given(st.data())
def test_a_cursor_with_a_byte_changed_is_a_cursor_or_refused(data: st.DataObject) -> None:
    raw = bytearray(urlsafe_b64decode(Cursor({"sort": "x", "in": ["a"]}, (5, "b")).encode() + "=="))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    text = urlsafe_b64encode(raw).rstrip(b"=").decode()
    try:
        read = Cursor.parse(text)
    except InvalidRequest:
        return
    assert Cursor.parse(read.encode()) == read


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        [{}, None],
        [{}, None, False, 1],
        [[], None, False],
        [{}, None, True],
        [{}, None, None],
        [{}, [], False],
        [{}, [1, 2, 3, 4, 5], False],
        [{}, "a", False],
        [{}, [True], False],
        [{}, [1.5], False],
        [{}, [None], False],
        [{}, [[1]], False],
        [{}, [2**63], False],
        [{}, [-(2**63) - 1], False],
        [{}, [10**400], False],
        [{}, ["\0"], False],
        [{"a": "\0"}, [1], False],
        [{"\0": "a"}, [1], False],
        [{"a": ["\0"]}, [1], False],
        [{"a": 1}, [1], False],
        [{"a": None}, [1], False],
        [{"a": [1]}, [1], False],
        [{"a": {}}, [1], False],
    ],
)
def test_what_no_cursor_says_is_refused(content: object) -> None:
    assert refused(packed(content))


def test_what_one_list_needs_and_another_cursor_has_is_refused() -> None:
    for position in ((1,), ("a", "b")):
        with pytest.raises(InvalidRequest):
            Cursor({}, position).before_text()
        with pytest.raises(InvalidRequest):
            Cursor({}, position, backward=True).after_text()
    with pytest.raises(InvalidRequest):
        Cursor({"a": ["x"]}).text_filter("a")
    with pytest.raises(InvalidRequest):
        Cursor({"a": "x"}).texts_filter("a")


def listed(items: list[int], cursor: Cursor, size: int) -> Page[int]:
    """A page of a list that is sorted upwards, as a store would find it."""
    if cursor.position is None:
        found = items[: size + 1]
    elif cursor.backward:
        found = [one for one in items if one < int(cursor.position[0])][-(size + 1) :]
    else:
        found = [one for one in items if one > int(cursor.position[0])][: size + 1]
    return cursor.page(found, size, lambda one: (one,))


@given(st.sets(st.integers(0, 1000)), st.integers(1, 7))
def test_a_walk_there_and_back_meets_every_item_once(wanted: set[int], size: int) -> None:
    items = sorted(wanted)
    page = listed(items, Cursor({"f": "x"}), size)
    assert page.previous_cursor is None
    there = list(page.items)
    while page.next_cursor is not None:
        cursor = Cursor.parse(page.next_cursor)
        assert cursor.filters == {"f": "x"}
        page = listed(items, cursor, size)
        assert page.previous_cursor is not None
        there += page.items
    assert there == items
    back = list(page.items)
    while page.previous_cursor is not None:
        page = listed(items, Cursor.parse(page.previous_cursor), size)
        assert len(page.items) == size
        assert page.next_cursor is not None
        back = [*page.items, *back]
    assert back == items


@pytest.mark.parametrize("backward", [False, True])
def test_where_all_is_gone_the_way_on_is_from_the_beginning(backward: bool) -> None:
    page = listed([], Cursor({"f": "x"}, (5,), backward), 2)
    on, none = (page.next_cursor, page.previous_cursor) if backward else (page.previous_cursor, page.next_cursor)
    assert (page.items, none) == ((), None)
    assert on is not None
    assert Cursor.parse(on) == Cursor({"f": "x"})
    assert listed([], Cursor(), 2) == Page([], None, None)
