"""Sealing anew what older keys have sealed, so that they can be given up.

    each place of sealed texts -> a batch of what the newest key has not sealed -> opened, sealed, replaced -> the next

Works beside running servers, and may be broken off and begun again: what is done is not done twice, and what changes
meanwhile is sealed with the newest key anyway. What no key opens is counted, and stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from augury.service.vault import SealBroken, Vault, input_context, is_sealed, variable_context, webhook_context
from augury.store import sealed
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.sealed import Sealed

BATCH = 200
_CONTEXTS = {"variable": variable_context, "webhook": webhook_context, "input": input_context}


@dataclass(frozen=True, slots=True)
class Rotated:
    """What came of it: how many texts were sealed anew, and what could not be opened, by place and key."""

    done: int = 0
    lost: list[tuple[str, tuple[str, ...]]] = field(default_factory=list[tuple[str, tuple[str, ...]]])


@dataclass(frozen=True)
class Rotation:
    """The use case."""

    db: Database
    vault: Vault
    batch: int = BATCH

    async def run(self) -> Rotated:
        """Seal everything with the newest key."""
        done = 0
        lost: list[tuple[str, tuple[str, ...]]] = []
        for place in sealed.PLACES:
            after: tuple[str, ...] | None = None
            while found := await self._next(place, after):
                opened = [(one, self._anew(place, one)) for one in found]
                lost += [(place, one.key) for one, text in opened if text is None]
                ready = [(one, text) for one, text in opened if text is not None]
                done += await self.db.write(lambda c, place=place, ready=ready: _replace(c, place, ready))
                after = found[-1].key
        return Rotated(done, lost)

    async def _next(self, place: str, after: tuple[str, ...] | None) -> list[Sealed]:
        beginning = self.vault.beginning
        return await self.db.read(lambda c: sealed.next_to_seal(c, place, beginning, after, self.batch))

    def _anew(self, place: str, one: Sealed) -> str | None:
        context = _CONTEXTS[place](*one.key)
        try:
            # What is not sealed at all was stored before there were keys.
            text = self.vault.open(one.text, context) if is_sealed(one.text) else one.text
        except SealBroken:
            return None
        return self.vault.seal(text, context)


def _replace(c: Connection, place: str, texts: list[tuple[Sealed, str]]) -> int:
    return sum(sealed.seal_anew(c, place, one, text) for one, text in texts)
