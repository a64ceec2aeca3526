"""A vault whose key every test knows."""

from __future__ import annotations

from augury.service.keyring import Keyring
from augury.service.vault import Vault

VAULT = Vault(Keyring(("only for tests, and long enough to be a key",)))
