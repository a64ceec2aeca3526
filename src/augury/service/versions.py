"""Versions: published, shown, listed, configured, deleted, and marked as broken where they cannot start.

publish: check what was sent -> make the bundle ready to run -> one transaction: the next number, the row. A version
whose bundle cannot run is never published. Knows nothing about HTTP and processes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

from augury.domain import jsontext, offering
from augury.domain.account import Caller
from augury.domain.errors import Gone, InvalidRequest, NotFound
from augury.domain.ids import ModelId
from augury.domain.jsontext import JsonObject
from augury.domain.model import COMPATIBILITIES, Configuration, Model, Version, is_digest
from augury.domain.paging import Cursor, Page
from augury.packaging.errors import EnvironmentFailed, ProjectError
from augury.service.bundles import Bundles, Prepared
from augury.service.hardware import Catalogue
from augury.service.once import Idempotency, Repeated, first_time
from augury.service.runnable import LARGEST_NUMBER, Resolver
from augury.service.texts import LINE, Checks
from augury.service.validation import check_schema
from augury.service.variables import check_names
from augury.service.visibility import find_owned, find_visible, shown
from augury.store import models
from augury.store import versions as rows
from augury.store.connection import Connection
from augury.store.database import Database
from augury.store.notifier import Notifier
from augury.store.versions import NewVersion

log = logging.getLogger(__name__)

_SCHEMAS = ("input", "output", "stream_output")


class ConfigurationChange(TypedDict, total=False):
    """What to say about how a version runs: what is left out stays as it is, or as it was in the version before."""

    hardware_identifier: str
    variable_names: list[str]


PublishedVersion = Version
"""A version as publishing returns it, with its configuration."""


@dataclass(frozen=True)
class Versions:
    """The use cases of versions. `now` is in microseconds since the epoch."""

    db: Database
    notifier: Notifier
    bundles: Bundles
    resolver: Resolver
    now: Callable[[], int]
    hardware: Catalogue

    async def publish(
        self,
        caller: Caller,
        owner: str,
        name: str,
        *,
        release_notes: str,
        schemas: JsonObject,
        container_image_digest: str,
        compatibilities: Mapping[str, object] | None = None,
        configuration: ConfigurationChange | None = None,
        idempotency: Idempotency | None = None,
    ) -> Version:
        """Publish a version of a model under the next number, its environment built.

        `schemas` is {"prediction": {"input", "output", "stream_output"?}}. Raises InvalidRequest for whatever does not
        fit (bundle_not_found, environment_failed and project_error among it), NotFound and Forbidden.
        """
        model_id = await self.db.read(lambda c: find_owned(c, caller, owner, name).id)
        kept = _checked(release_notes, schemas, container_image_digest)
        if configuration is not None and "hardware_identifier" in configuration:
            asked = configuration["hardware_identifier"]
            await self.db.read(lambda c: self.hardware.check(c, asked, "configuration", "hardware_identifier"))
        prepared = await self._prepare(container_image_digest)
        described = prepared.project.options
        first = Configuration(described.hardware, described.variables)
        offers = _offered(kept, described.compatibilities, compatibilities or {})
        new = NewVersion(
            release_notes=release_notes,
            schemas=jsontext.dumps(kept),
            compatibilities={one: one in offers for one in COMPATIBILITIES},
            digest=container_image_digest,
            options=described,
            entry=prepared.project.entry,
            configuration=first,
        )
        now = self.now()
        try:
            version = await self.db.write(
                lambda c: self._insert(c, caller, (owner, name), new, configuration, idempotency, now)
            )
        except Repeated as earlier:
            return await self._published_before(earlier.resource)
        self._changed(version.id)
        log.info("version published", extra={"model": model_id, "number": version.number, "digest": version.digest})
        return version

    async def get(self, caller: Caller | None, owner: str, name: str, number: str | int) -> Version:
        """One version; raises NotFound, and InvalidRequest for a number that is none."""
        wanted = _number(number)
        return await self.db.read(lambda c: _shown(c, caller, find_visible(c, caller, owner, name), wanted))

    async def page(
        self, caller: Caller | None, owner: str, name: str, *, cursor: str | None = None, page_size: int = 25
    ) -> Page[Version]:
        """The versions of a model, newest first; raises NotFound."""
        place = Cursor() if cursor is None else Cursor.parse(cursor)
        position = place.one_number()
        found = await self.db.read(
            lambda c: rows.page(
                c,
                find_visible(c, caller, owner, name).id,
                position=position,
                backward=place.backward,
                limit=page_size + 1,
            )
        )
        return place.page(found, page_size, lambda one: (one.number,))

    async def delete(self, caller: Caller, owner: str, name: str, number: str | int) -> None:
        """Take a version away: its number is never given again; what runs may end, what is queued fails."""
        wanted = _number(number)
        now = self.now()
        version = await self.db.write(lambda c: _delete(c, find_owned(c, caller, owner, name), wanted, now))
        self._changed(version.id)
        # Its queue is the engine's to end: it finds that the version is gone.
        self.notifier.publish(f"queue:{version.id}")

    async def get_configuration(self, caller: Caller | None, owner: str, name: str, number: str | int) -> Configuration:
        """What a version runs on, and with which variables; raises NotFound."""
        return (await self.get(caller, owner, name, number)).configuration

    async def configure(
        self, caller: Caller, owner: str, name: str, number: str | int, change: ConfigurationChange
    ) -> Configuration:
        """Change a version's configuration: it is started anew with it, and a broken one gets another chance."""
        wanted = _number(number)
        version = await self.db.write(lambda c: self._configure(c, find_owned(c, caller, owner, name), wanted, change))
        self._changed(version.id)
        return version.configuration

    async def mark_broken(self, version_id: int, revision: int, reason: JsonObject) -> bool:
        """Say that a version cannot start; False where that is out of date: it has been configured anew or is gone."""
        now = self.now()
        marked = await self.db.write(lambda c: rows.mark_broken(c, version_id, revision, reason, now))
        if marked:
            self.resolver.forget()
            self.notifier.publish("models")
        return marked

    async def broken_reason(self, version_id: int) -> JsonObject | None:
        """Why a version cannot start; None where it can, as far as is known."""
        return await self.db.read(lambda c: rows.broken_reason(c, version_id))

    def _insert(
        self,
        c: Connection,
        caller: Caller,
        names: tuple[str, str],
        new: NewVersion,
        change: ConfigurationChange | None,
        once: Idempotency | None,
        now: int,
    ) -> Version:
        model = find_owned(c, caller, *names)
        # First of all: it makes others who publish wait, so that what is read next is still true at the end.
        number = models.next_number(c, model.id, now)
        if number is None:
            raise NotFound(f"The model {model.owner}/{model.name} was deleted.", code="model_not_found")
        first_time(c, once, "version", f"{model.id}:{number}", now)
        previous = rows.latest(c, model.id)
        configuration = _changed(new.configuration if previous is None else previous.configuration, change or {})
        self.hardware.check(c, configuration.hardware_identifier, "configuration", "hardware_identifier")
        check_names(c, model.account_id, configuration.variable_names, "configuration.variable_names")
        rows.insert(c, model.id, number, replace(new, configuration=configuration), now)
        return _find(c, model, number)

    async def _prepare(self, digest: str) -> Prepared:
        if not await self.bundles.exists(digest):
            raise InvalidRequest.at(
                "body",
                "container_image_digest",
                msg="No bundle with this digest is stored here: upload it with `augury push`, "
                f"or with PUT /v1/bundles/{digest}.",
                type="bundle_not_found",
                input=digest,
            )
        try:
            return await self.bundles.prepare(digest)
        except EnvironmentFailed as error:
            failed, kind = error, "environment_failed"
        except ProjectError as error:
            failed, kind = error, "project_error"
        raise InvalidRequest.at(
            "body",
            "container_image_digest",
            msg=str(failed) if kind == "project_error" else failed.message,
            type=kind,
            input=digest,
            **failed.to_json(),
        )

    async def _published_before(self, resource: str) -> Version:
        model_id, _, number = resource.partition(":")
        version = await self.db.read(lambda c: rows.find(c, ModelId(model_id), int(number)))
        if version is None:
            raise Gone("The version that this key made was deleted.", code="version_deleted")
        return version

    def _configure(self, c: Connection, model: Model, number: int, change: ConfigurationChange) -> Version:
        version = _find(c, model, number)
        if "hardware_identifier" in change:
            self.hardware.check(c, change["hardware_identifier"], "hardware_identifier")
        check_names(c, model.account_id, change.get("variable_names", ()), "variable_names")
        if change:
            rows.configure(c, version.id, _changed(version.configuration, change))
        return _find(c, model, number)

    def _changed(self, version_id: int) -> None:
        self.resolver.forget()
        self.notifier.publish("models")
        self.notifier.publish(f"version:{version_id}")


def find_owned_version(c: Connection, caller: Caller, owner: str, name: str, number: str | int) -> Version:
    """A version of a model that the caller may change; raises as `find_owned`, and InvalidRequest and NotFound."""
    return _find(c, find_owned(c, caller, owner, name), _number(number))


def _checked(release_notes: str, schemas: JsonObject, digest: str) -> JsonObject:
    """The schemas as they are kept; raises InvalidRequest with all that is wrong."""
    checks = Checks()
    checks.text("release_notes", release_notes, LINE)
    if not is_digest(digest):
        msg = "container_image_digest is sha256: and 64 hexadecimal digits."
        checks.add("container_image_digest", msg, "digest", digest[:LINE])
    described = schemas.get("prediction")
    kept: JsonObject = {}
    if not isinstance(described, dict):
        checks.add("schemas.prediction", "The schemas of the prediction are missing.", "missing", None)
    else:
        kept = {name: described[name] for name in _SCHEMAS if described.get(name) is not None}
        for name in _SCHEMAS[:2]:
            if name not in kept:
                checks.add(f"schemas.prediction.{name}", f"The schema of the {name} is missing.", "missing", None)
    for name, schema in kept.items():
        place = ("body", "schemas", "prediction", name)
        checks.problems += check_schema(schema, place, of_object=name == "input")
    checks.done()
    return {"prediction": kept}


def _offered(kept: JsonObject, *said: Mapping[str, object]) -> tuple[str, ...]:
    described = kept["prediction"]
    return offering.offered(described if isinstance(described, dict) else {}, *said)


def _number(number: str | int) -> int:
    text = str(number)
    if not (text.isascii() and text.isdecimal()) or len(text) > 20:
        raise InvalidRequest.at(
            "path", "number", msg="A version number is a whole number from 1 on.", type="int_parsing", input=text[:LINE]
        )
    return int(text)


def _find(c: Connection, model: Model, number: int) -> Version:
    version = rows.find(c, model.id, number) if number <= LARGEST_NUMBER else None
    if version is None:
        raise NotFound(f"{model.owner}/{model.name} has no version {number}.", code="version_not_found")
    return version


def _shown(c: Connection, caller: Caller | None, model: Model, number: int) -> Version:
    return shown(c, caller, model, _find(c, model, number))


def _delete(c: Connection, model: Model, number: int, now: int) -> Version:
    version = _find(c, model, number)
    rows.delete(c, version.id, now)
    return version


def _changed(configuration: Configuration, change: ConfigurationChange) -> Configuration:
    return Configuration(
        change.get("hardware_identifier", configuration.hardware_identifier),
        tuple(change.get("variable_names", configuration.variable_names)),
    )
