"""What is sealed, and by whom it is opened."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.service.keyring import Keyring
from augury.service.vault import SealBroken, Vault, is_sealed

OLD, NEW, OTHER = "old" * 20, "new" * 20, "other" * 10


@given(st.text(), st.text(max_size=40))
def test_what_is_sealed_is_opened_as_it_was(text: str, context: str) -> None:
    vault = Vault(Keyring((NEW,)))
    sealed = vault.seal(text, context)
    assert vault.open(sealed, context) == text
    assert is_sealed(sealed)
    assert sealed != vault.seal(text, context)


def test_what_an_older_key_sealed_is_opened_and_known_as_old() -> None:
    before = Vault(Keyring((OLD,)))
    after = Vault(Keyring((NEW, OLD)))
    sealed = before.seal("text", "here")
    assert after.open(sealed, "here") == "text"
    assert (before.is_current(sealed), after.is_current(sealed)) == (True, False)
    assert after.is_current(after.seal("text", "here"))
    with pytest.raises(SealBroken, match="not among the secret keys"):
        Vault(Keyring((NEW,))).open(sealed, "here")


def test_it_is_opened_in_its_own_place_only() -> None:
    vault = Vault(Keyring((NEW,)))
    sealed = vault.seal("text", "account:a")
    with pytest.raises(SealBroken):
        vault.open(sealed, "account:b")


def test_what_was_changed_is_not_opened() -> None:
    vault = Vault(Keyring((NEW,)))
    sealed = vault.seal("text", "here")
    head, _, body = sealed.rpartition(":")
    raw = base64.urlsafe_b64decode(body)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(SealBroken):
            vault.open(f"{head}:{base64.urlsafe_b64encode(changed).decode()}", "here")


@pytest.mark.parametrize("text", ["", "text", "sealed:1:", "sealed:1::", "sealed:1:00000000:", "sealed:2:x:y"])
def test_what_is_none_is_not_opened(text: str) -> None:
    vault = Vault(Keyring((NEW,)))
    with pytest.raises(SealBroken):
        vault.open(text, "here")
    with pytest.raises(SealBroken):
        vault.open(vault.beginning + text, "here")
    with pytest.raises(SealBroken):
        vault.open(vault.beginning + "é", "here")


def test_a_sealed_text_tells_neither_its_length_nor_its_keys_nor_what_it_is_for() -> None:
    vault = Vault(Keyring((NEW,)))
    assert len({len(vault.seal("x" * length, "variable:token")) for length in range(1, 60)}) == 1
    assert "variable" not in vault.seal("text", "variable:token")
    assert NEW not in json.dumps([repr(vault), vault.seal("text", "x"), vault.fingerprint("x")])


def test_a_fingerprint_is_the_same_for_the_same_text_and_key() -> None:
    vault = Vault(Keyring((NEW, OLD)))
    assert vault.fingerprint("a") == Vault(Keyring((NEW,))).fingerprint("a") != vault.fingerprint("b")
    assert vault.fingerprint("a") != Vault(Keyring((OTHER,))).fingerprint("a")


def test_the_cipher_is_loaded_when_something_is_sealed_and_not_before() -> None:
    code = (
        "import sys; import augury.server; from augury.service.vault import Vault; from augury.service.keyring import "
        f"Keyring; vault = Vault(Keyring(({NEW!r},))); assert 'cryptography' not in sys.modules; vault.seal('', '')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=25)
