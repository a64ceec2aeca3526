"""Ids sort by the time they were made, and only a UUID passes for one."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from augury.domain.ids import IdSource, is_uuid


def test_twenty_thousand_ids_made_at_once_are_distinct_and_in_order() -> None:
    source = IdSource()
    ids = [source.next() for _ in range(20_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_an_id_is_a_uuid_of_version_7_in_its_canonical_form() -> None:
    text = IdSource().next()
    parsed = uuid.UUID(text)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, text)


@given(st.uuids())
def test_every_uuid_passes_for_one(value: uuid.UUID) -> None:
    assert is_uuid(str(value))
    assert is_uuid(str(value).upper())


@given(st.text(max_size=40))
def test_other_text_does_not(text: str) -> None:
    try:
        expected = str(uuid.UUID(text)) == text.lower()
    except ValueError:
        expected = False
    assert is_uuid(text) == expected
