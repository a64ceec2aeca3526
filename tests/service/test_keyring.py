"""Keys for purposes: each its own, the newest first."""

from __future__ import annotations

from augury.service.keyring import Keyring

NEW, OLD = "n" * 32, "o" * 32


def test_each_purpose_has_keys_of_its_own_and_the_newest_comes_first() -> None:
    ring = Keyring((NEW, OLD))
    assert ring.derive("links") == Keyring((NEW,)).derive("links") + Keyring((OLD,)).derive("links")
    assert len({*ring.derive("links"), *ring.derive("vault")}) == 4
    assert {len(one) for one in ring.derive("links")} == {32}


def test_keys_are_not_shown() -> None:
    assert NEW not in repr(Keyring((NEW,)))
