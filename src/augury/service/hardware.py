"""The catalogue of hardware: what the nodes that are up have, and the named shares of the settings (D55).

Read anew each time, as nodes come and go. Knows nothing about how a node finds out what it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from augury.domain import hardware, jsontext
from augury.domain.errors import InvalidRequest
from augury.domain.hardware import Hardware, Machine
from augury.domain.jsontext import JsonObject
from augury.domain.paging import Cursor, Page
from augury.quantities import Share
from augury.service.texts import LINE
from augury.store import users, workers
from augury.store.connection import Connection
from augury.store.database import Database

__all__ = ["Catalogue", "Hardware"]


@dataclass(frozen=True)
class Catalogue:
    """The use cases of hardware. `now` is in microseconds since the epoch."""

    db: Database
    now: Callable[[], int]
    shares: Sequence[Share] = ()

    async def page(self, *, cursor: str | None = None, page_size: int = 25) -> tuple[Page[Hardware], int]:
        """What versions may ask for, by identifier; and since when this installation is."""
        place = Cursor() if cursor is None else Cursor.parse(cursor)
        position = place.one_text()

        def read(c: Connection) -> tuple[list[Hardware], int]:
            return hardware.catalogue(self._machines(c), self.shares), self._since(c)

        every, since = await self.db.read(read)
        if position is None:
            found = every[: page_size + 1]
        elif place.backward:
            found = [one for one in every if one.identifier < position][-page_size - 1 :]
        else:
            found = [one for one in every if one.identifier > position][: page_size + 1]
        return place.page(found, page_size, lambda one: (one.identifier,)), since

    def check(self, c: Connection, identifier: str, *place: str) -> None:
        """Raise InvalidRequest at this place of a body for hardware that there is not, or not so much of."""
        machines = self._machines(c)
        known = hardware.needs(machines, self.shares)
        need = known.get(identifier)
        names = ", ".join(sorted(known))
        if need is None:
            msg, kind = f"There is no such hardware here; there is {names}.", "hardware_not_found"
        # Where no node is up, one that has it may come.
        elif machines and not hardware.offers(machines, need):
            msg, kind = f"No node has what {identifier} reserves: {need}. There is {names}.", "hardware_too_big"
        else:
            return
        raise InvalidRequest.at("body", *place, msg=msg, type=kind, input=identifier[:LINE], expected=names)

    def _since(self, c: Connection) -> int:
        first = users.first_admin(c)
        return self.now() if first is None else first.created_at

    def _machines(self, c: Connection) -> list[Machine]:
        now = self.now()
        stored = [one.machine for one in workers.list_nodes(c) if one.lease_until > now and one.machine is not None]
        return [Machine.from_json(cast("JsonObject", jsontext.loads(one))) for one in stored]
