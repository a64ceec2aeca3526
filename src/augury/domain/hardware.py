"""What machines have, what versions may ask for, and whether one fits into the other: values and rules.

    machines that were looked at + named shares from the settings -> the catalogue -> what a version needs

Knows nothing about how a machine is looked at, and nothing about processes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from augury.domain.jsontext import JsonObject
from augury.quantities import Share, show_bytes

CPU = "cpu"
"""The identifier of the hardware that every node has, and that reserves nothing but a worker's place."""
GIB = 2**30
GB = 10**9


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU: its id, by which a process is given it, what it is called, and its memory in bytes."""

    id: str
    name: str
    vram: int

    @property
    def kind(self) -> str:
        """The identifier of its kind, such as gpu-h100-80gb-hbm3."""
        words = re.findall(r"[a-z0-9]+", self.name.lower())
        return "-".join(["gpu", *(one for one in words if one not in ("nvidia", "geforce", "gpu"))])[:64]


@dataclass(frozen=True, slots=True)
class Machine:
    """What the workers of one node can have: CPUs, bytes of memory, GPUs."""

    cpus: int
    ram: int
    gpus: tuple[Gpu, ...] = ()

    def to_json(self) -> JsonObject:
        """A plain object that `from_json` reads back."""
        gpus: list[JsonObject] = [{"id": one.id, "name": one.name, "vram": one.vram} for one in self.gpus]
        return {"cpus": self.cpus, "ram": self.ram, "gpus": list(gpus)}

    @classmethod
    def from_json(cls, stored: JsonObject) -> Machine:
        """What `to_json` made."""
        gpus = cast("list[JsonObject]", stored["gpus"])
        return cls(
            cast("int", stored["cpus"]),
            cast("int", stored["ram"]),
            tuple(Gpu(str(one["id"]), str(one["name"]), cast("int", one["vram"])) for one in gpus),
        )


@dataclass(frozen=True, slots=True)
class Need:
    """What a worker reserves besides its place: whole CPUs, bytes of memory, GPUs of one kind, or of any one."""

    cpus: int = 0
    ram: int = 0
    gpus: int = 0
    kind: str | None = None

    def __str__(self) -> str:
        kind = self.kind or "GPUs of one kind"
        parts = (
            f"{self.cpus} CPUs" if self.cpus else "",
            show_bytes(self.ram) + " of memory" if self.ram else "",
            f"{self.gpus} {kind}" if self.gpus else "",
        )
        return ", ".join(filter(None, parts)) or "nothing but a place"


@dataclass(frozen=True, slots=True)
class Hardware:
    """One entry of the catalogue. What it has is what a worker reserves; of `cpu` and kinds of GPU, what it may use."""

    identifier: str
    name: str
    cpus: int
    ram: int
    gpus: int
    vram: int
    need: Need
    description: str | None = None


@dataclass(slots=True)
class Ledger:
    """What is taken of a machine, by whom."""

    machine: Machine
    places: int
    """How many workers there may be."""
    _held: dict[str, tuple[Need, tuple[str, ...]]] = field(default_factory=dict[str, "tuple[Need, tuple[str, ...]]"])

    def __len__(self) -> int:
        """How many hold something."""
        return len(self._held)

    def could(self, need: Need) -> bool:
        """Whether it would fit if nobody held anything."""
        return self._fits((need,), ())

    def fits(self, needs: Sequence[Need], without: Iterable[str] = ()) -> bool:
        """Whether these fit beside what is held, all of them at once, once the named holders are gone."""
        gone = frozenset(without)
        return self._fits(needs, [one for name, one in self._held.items() if name not in gone])

    def take(self, name: str, need: Need) -> None:
        """Reserve what fits, as `fits` said."""
        gpus = _choose(need, self._free_gpus(self._held.values()))
        self._held[name] = need, tuple(one.id for one in gpus or ())

    def give_back(self, name: str) -> None:
        """Free what the holder has."""
        self._held.pop(name, None)

    def gpus_of(self, name: str) -> tuple[str, ...]:
        """The ids of the GPUs that a holder has."""
        return self._held[name][1]

    def _fits(self, needs: Sequence[Need], held: Sequence[tuple[Need, tuple[str, ...]]]) -> bool:
        every = [*needs, *(need for need, _ in held)]
        if (
            len(every) > self.places
            or sum(one.cpus for one in every) > self.machine.cpus
            or sum(one.ram for one in every) > self.machine.ram
        ):
            return False
        free = self._free_gpus(held)
        # Those that want a certain kind choose first.
        for need in sorted(needs, key=lambda one: one.kind is None):
            chosen = _choose(need, free)
            if chosen is None:
                return False
            free = [one for one in free if one not in chosen]
        return True

    def _free_gpus(self, held: Iterable[tuple[Need, tuple[str, ...]]]) -> list[Gpu]:
        taken = {gpu for _, gpus in held for gpu in gpus}
        return [one for one in self.machine.gpus if one.id not in taken]


def _choose(need: Need, free: Sequence[Gpu]) -> list[Gpu] | None:
    """As many GPUs of one kind as are needed; None where there are not. Of several kinds, the scarcest that will do."""
    if need.gpus == 0:
        return []
    kinds: dict[str, list[Gpu]] = {}
    for gpu in free:
        if need.kind in (None, gpu.kind):
            kinds.setdefault(gpu.kind, []).append(gpu)
    enough = [gpus for gpus in kinds.values() if len(gpus) >= need.gpus]
    return min(enough, key=len)[: need.gpus] if enough else None


def needs(machines: Sequence[Machine], shares: Sequence[Share]) -> Mapping[str, Need]:
    """What each identifier means: `cpu`, each kind of GPU that a machine has, each named share."""
    kinds = {gpu.kind for machine in machines for gpu in machine.gpus}
    return {
        CPU: Need(),
        **{kind: Need(gpus=1, kind=kind) for kind in sorted(kinds)},
        **{one.identifier: Need(one.cpus, one.ram, one.gpus, one.gpu) for one in shares},
    }


def catalogue(machines: Sequence[Machine], shares: Sequence[Share]) -> list[Hardware]:
    """What versions may ask for, by identifier."""
    gpus = [gpu for machine in machines for gpu in machine.gpus]
    found = [_entry(identifier, need, machines, gpus) for identifier, need in needs(machines, shares).items()]
    return sorted(found, key=lambda one: one.identifier)


def offers(machines: Sequence[Machine], need: Need) -> bool:
    """Whether one of the machines has all of it."""
    return any(Ledger(machine, 1).could(need) for machine in machines)


def _entry(identifier: str, need: Need, machines: Sequence[Machine], gpus: Sequence[Gpu]) -> Hardware:
    able = [one for one in machines if Ledger(one, 1).could(need)]
    fitting = [one for one in gpus if need.kind in (None, one.kind)] if need.gpus else []
    found = identifier == CPU or (need.kind == identifier and need == Need(gpus=1, kind=identifier))
    # What reserves no CPUs or memory may use what its machine has.
    return Hardware(
        identifier=identifier,
        name="CPU" if identifier == CPU else fitting[0].name if found and fitting else identifier,
        cpus=need.cpus or max((one.cpus for one in able), default=0),
        ram=need.ram or max((one.ram for one in able), default=0),
        gpus=need.gpus,
        vram=need.gpus * min((one.vram for one in fitting), default=0),
        need=need,
        description=_DESCRIPTIONS.get(identifier) if found else f"Reserves {need}.",
    )


_DESCRIPTIONS = {CPU: "A place on a machine, beside others: it reserves no CPUs and no memory."}
