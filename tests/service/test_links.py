"""Signed links: what was signed is accepted until it expires, and nothing else ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.domain.errors import Forbidden
from augury.domain.file import FileId, UploadId, safe_name
from augury.service.keyring import Keyring
from augury.service.links import Links

FILE = FileId("0193c1a8-0000-7000-8000-000000000000")
UPLOAD = UploadId("0193c1a8-0000-7000-8000-000000000001")
NOW = 1_700_000_000_000_000
HOUR = 3_600_000_000


def links(*keys: str, base: str = "https://example.org", now: int = NOW) -> Links:
    return Links(base, Keyring(keys or ("first",)).derive("links"), lambda: now)


def test_a_link_leads_back_to_its_file() -> None:
    made = links().file(FILE, "ä b/?#&.png", NOW + HOUR)
    found = links().own_file(made)
    assert found is not None
    assert (found.id, found.name) == (FILE, "ä b/?#&.png")


@pytest.mark.parametrize("base", ["https://example.org", "http://[::1]:8080", "https://example.org/behind/a/proxy"])
def test_links_begin_with_the_servers_address(base: str) -> None:
    made = links(base=base).file(FILE, "a.png")
    assert made.startswith(f"{base}/v1/files/{FILE}/a.png?signature=")
    assert links(base=base).own_file(made) is not None


@pytest.mark.parametrize(
    "url", ["https://example.org.evil/v1/files/x/y?signature=z", "https://example.org/v1/files/x", "data:,x", ""]
)
def test_what_is_no_link_of_ours_is_nobodys_business(url: str) -> None:
    assert links().own_file(url) is None


def test_a_link_is_good_until_its_time_is_over() -> None:
    made = links().file(FILE, "a.png", NOW + HOUR)
    assert links(now=NOW + HOUR - 1_000_001).own_file(made) is not None
    with pytest.raises(Forbidden) as refusal:
        links(now=NOW + HOUR).own_file(made)
    assert refusal.value.code == "link_expired"
    assert links(now=NOW + 10**6 * HOUR).own_file(links().file(FILE, "a.png")) is not None


def test_what_an_older_key_signed_is_read_and_what_another_did_is_not() -> None:
    old = links("old").file(FILE, "a.png")
    assert links("new", "old").own_file(old) is not None
    assert links("new", "old").file(FILE, "a.png") != old
    with pytest.raises(Forbidden, match="not one that this server"):
        links("new").own_file(old)


def test_a_link_to_one_thing_is_none_to_another() -> None:
    part = links().part(UPLOAD, 1, NOW + HOUR)
    query = dict(pair.split("=") for pair in part.partition("?")[2].split("&"))
    links().check_part(UPLOAD, "1", query["expires"], query["signature"])
    for upload, number, expires in (
        (UPLOAD, "2", query["expires"]),
        (FILE, "1", query["expires"]),
        (UPLOAD, "1", str(int(query["expires"]) + 1)),
        (UPLOAD, "01", query["expires"]),
        (UPLOAD, "1", None),
        (UPLOAD, "1", ""),
    ):
        with pytest.raises(Forbidden, match="not one that this server"):
            links().check_part(upload, number, expires, query["signature"])


@pytest.mark.parametrize("expires", ["", "-", "+", "x", "0", "99999999999999999999"])
def test_an_end_that_was_not_signed_is_none(expires: str) -> None:
    signature = links().file(FILE, "a.png").rpartition("=")[2]
    with pytest.raises(Forbidden, match="not one that this server"):
        links().check_file(FILE, "a.png", expires, signature)


@given(st.text(), st.text(), st.none() | st.text(), st.none() | st.text())
def test_nothing_that_was_made_up_is_accepted(
    file_id: str, name: str, expires: str | None, signature: str | None
) -> None:
    with pytest.raises(Forbidden):
        links().check_file(file_id, name, expires, signature)


@given(st.text(max_size=400))
def test_a_safe_name_is_a_name_whatever_it_is_made_from(wanted: str) -> None:
    name = safe_name(wanted, "image/png")
    assert 0 < len(name.encode()) <= 200
    assert not set(name) & set("/\\\n\r\0")
    assert name not in (".", "..")
    assert safe_name(name, "image/png") == name
    found = links().own_file(links().file(FILE, name))
    assert found is not None
    assert found.name == name
