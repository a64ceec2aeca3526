"""From what a caller names to what runs: the version, its compiled schemas, its options.

    "owner/name[:N]" -> model, which the caller may see and run -> version -> schemas compiled once

What was resolved is remembered for a moment and forgotten at once when this process changes anything. Knows nothing
about predictions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import Conflict, InvalidRequest, NotFound
from augury.domain.ids import AccountId
from augury.domain.model import MalformedReference, Reference, RunOptions, Version, parse_reference
from augury.domain.prediction import ModelRef
from augury.service.file_inputs import FileInputs, file_inputs_of
from augury.service.secret_inputs import Secrets, secrets_of
from augury.service.validation import SchemaSet, compile_set
from augury.service.visibility import demand_run, find_visible
from augury.store import versions as rows
from augury.store.connection import Connection
from augury.store.database import Database

REMEMBERED = 2_000_000
"""Microseconds that an answer is used again: another process may have changed what it says."""
LARGEST_NUMBER = 2**31 - 1
_MOST = 10_000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class RunnableVersion:
    """All that is needed to check an input, run it and check what comes out."""

    version_id: int
    ref: ModelRef
    schemas: SchemaSet
    options: RunOptions
    """With the hardware and the variables of its configuration."""
    revision: int
    digest: str
    entry: str | None
    broken: bool
    known_inputs: frozenset[str] | None
    """The properties that the input schema names; None where it says nothing about others being dropped (D8)."""
    offers: frozenset[str] = frozenset()
    """The other APIs through which it is offered, of domain.model.COMPATIBILITIES."""
    secrets: Secrets | None = None
    """Where an input has secrets; None where it never has any."""
    files: FileInputs | None = None
    """Where an input has files; None where it never has any."""


_Compiled = tuple[SchemaSet, frozenset[str] | None, Secrets | None, FileInputs | None]


@dataclass(frozen=True)
class Resolver:
    """Finds versions. Use from the event loop only; `now` is in microseconds since the epoch."""

    db: Database
    now: Callable[[], int]
    _resolved: dict[tuple[AccountId, bool, str], tuple[RunnableVersion, int]] = field(
        default_factory=dict[tuple[AccountId, bool, str], tuple[RunnableVersion, int]], repr=False
    )
    _schemas: dict[int, _Compiled] = field(default_factory=dict[int, "_Compiled"], repr=False)
    _epoch: list[int] = field(default_factory=lambda: [0], repr=False)
    """Counts what was forgotten, so that a slow look does not bring back what it saw before."""

    def cached(self, caller: Caller, reference: str) -> RunnableVersion | None:
        """What this reference led this caller to a moment ago, without a look into the store."""
        known = self._resolved.get((caller.account_id, caller.admin, reference))
        return known[0] if known is not None and known[1] > self.now() else None

    async def resolve(self, caller: Caller, reference: str) -> RunnableVersion:
        """The version that a reference names, for running it.

        Raises InvalidRequest at body.model for what is no reference, NotFound (model_not_found, version_not_found),
        Forbidden `not_permitted`, and Conflict `no_version` for a model that has none.
        """
        known = self.cached(caller, reference)
        if known is not None:
            return known
        wanted = _parse(reference)
        epoch = self._epoch[0]
        version, ref = await self.db.read(lambda c: _find(c, caller, wanted))
        found = self._runnable(version, ref)
        if epoch == self._epoch[0]:
            if len(self._resolved) >= _MOST:
                self._resolved.clear()
            self._resolved[caller.account_id, caller.admin, reference] = found, self.now() + REMEMBERED
        return found

    async def runnable(self, version_id: int) -> RunnableVersion | None:
        """A version by its id, as it is now; None where it was deleted."""
        found = await self.db.read(lambda c: rows.get(c, version_id))
        return None if found is None else self._runnable(*found)

    def forget(self) -> None:
        """Look everything up again."""
        self._epoch[0] += 1
        self._resolved.clear()

    def _runnable(self, version: Version, ref: ModelRef) -> RunnableVersion:
        schemas, known_inputs, secrets, files = self._compiled(version)
        configuration = version.configuration
        options = replace(
            version.options, hardware=configuration.hardware_identifier, variables=configuration.variable_names
        )
        return RunnableVersion(
            version_id=version.id,
            ref=ref,
            schemas=schemas,
            options=options,
            revision=version.revision,
            digest=version.digest,
            entry=version.entry,
            broken=version.broken_reason is not None,
            known_inputs=known_inputs,
            offers=frozenset(name for name, offered in version.compatibilities.items() if offered),
            secrets=secrets,
            files=files,
        )

    def _compiled(self, version: Version) -> _Compiled:
        known = self._schemas.get(version.id)
        if known is None:
            content = jsontext.loads(version.schemas)
            described = content.get("prediction") if isinstance(content, dict) else None
            schemas = compile_set(described if isinstance(described, dict) else {})
            if len(self._schemas) >= _MOST:
                self._schemas.clear()
            found = _known_inputs(schemas), secrets_of(schemas.input.schema), file_inputs_of(schemas.input.schema)
            known = self._schemas[version.id] = schemas, *found
        return known


def _parse(reference: str) -> Reference:
    try:
        return parse_reference(reference)
    except MalformedReference as error:
        raise InvalidRequest.at(
            "body", "model", msg=str(error), type="model_reference", input=reference[:_LONGEST]
        ) from None


def _find(c: Connection, caller: Caller, wanted: Reference) -> tuple[Version, ModelRef]:
    model = find_visible(c, caller, wanted.owner, wanted.name)
    demand_run(c, caller, model)
    if wanted.number is None:
        version = rows.latest(c, model.id)
        if version is None:
            raise Conflict(
                f"{wanted} has no version yet.", code="no_version", hint="Its owner publishes one with `augury push`."
            )
    else:
        version = rows.find(c, model.id, wanted.number) if wanted.number <= LARGEST_NUMBER else None
        if version is None:
            raise NotFound(
                f"{model.owner}/{model.name} has no version {wanted.number}.",
                code="version_not_found",
                hint=f"GET /v1/models/{model.owner}/{model.name}/versions lists those that there are.",
            )
    return version, ModelRef(model.owner, model.name, version.number)


def _known_inputs(schemas: SchemaSet) -> frozenset[str] | None:
    """The names of the input's fields, where others are to be dropped and not refused or let through by the schema."""
    schema = schemas.input.schema
    if not isinstance(schema, dict):
        return None
    properties = schema.get("properties", {})
    open_to_others = any(name in schema for name in _OTHERS)
    return None if open_to_others or not isinstance(properties, dict) else frozenset(properties)


_OTHERS = (
    "additionalProperties", "unevaluatedProperties", "patternProperties", "allOf", "anyOf", "oneOf", "$ref",
    "$dynamicRef",
)  # fmt: skip
