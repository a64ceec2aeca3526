"""Which version a call means: by its id of 64 digits, by "owner/name[:N]", or by a model's path.

Knows what is remembered of each version, and no route.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from augury.compat.replicate.identity import is_version_id, parse_version_id
from augury.compat.replicate.openapi import is_text_stream
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest, NotFound
from augury.domain.model import MalformedReference, as_name, parse_reference
from augury.domain.prediction import Prediction
from augury.service.models import Models, RunnableVersion

_MOST = 10_000
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Targets:
    """Finds versions; raises NotFound for those that the caller may not see."""

    models: Models
    _pieces: dict[int, bool] = field(default_factory=dict[int, bool])
    """By version, whether its output is a text that came in pieces."""

    async def by_version(self, caller: Caller, version: str) -> RunnableVersion:
        """The version that a call names; raises InvalidRequest at body.version for what is no name of one."""
        owner_and_name, _, last = version.rpartition(":")
        if is_version_id(last):
            found = await self.by_id(caller, last)
            ref = found.ref
            if owner_and_name and owner_and_name.lower() != f"{ref.owner}/{ref.name}":
                raise _no_version(last)
            return found
        try:
            reference = str(parse_reference(version))
        except MalformedReference:
            msg = (
                "A version is named by its id of 64 digits (GET models/{owner}/{name}/versions lists them), "
                "as owner/name:number, or as owner/name, which means the latest. A number alone names none."
            )
            raise InvalidRequest.at(
                "body", "version", msg=msg, type="version_reference", input=version[:_SHOWN]
            ) from None
        return await self._resolve(caller, reference)

    async def by_id(self, caller: Caller, text: str) -> RunnableVersion:
        """The version with this id; raises NotFound."""
        number = parse_version_id(text)
        known = None if number is None else await self.models.resolver.runnable(number)
        if known is None:
            raise _no_version(text)
        ref = known.ref
        try:
            return await self._resolve(caller, f"{ref.owner}/{ref.name}:{ref.version_number}")
        except NotFound:
            # What it is called is for those to know who may see it.
            raise _no_version(text) from None

    async def by_path(self, caller: Caller, owner: str, name: str) -> RunnableVersion:
        """The latest version of the model at a path; raises NotFound, and Conflict `no_version`."""
        if as_name(owner) is None or as_name(name) is None:
            raise NotFound(f"There is no model {owner[:64]}/{name[:64]} that you may see.", code="model_not_found")
        return await self._resolve(caller, f"{owner}/{name}")

    async def pieces(self, prediction: Prediction) -> bool:
        """Whether a prediction's output is a text that came in pieces."""
        known = self._pieces.get(prediction.version_id)
        if known is None:
            version = await self.models.resolver.runnable(prediction.version_id)
            known = version is not None and self._remember(version)
        return known

    async def _resolve(self, caller: Caller, reference: str) -> RunnableVersion:
        found = self.models.cached(caller, reference) or await self.models.resolve(caller, reference)
        self._remember(found)
        return found

    def _remember(self, version: RunnableVersion) -> bool:
        # What was published of a version never changes.
        if version.version_id not in self._pieces:
            if len(self._pieces) >= _MOST:
                self._pieces.clear()
            self._pieces[version.version_id] = is_text_stream(version.schemas.described)
        return self._pieces[version.version_id]


def _no_version(text: str) -> NotFound:
    return NotFound(f"There is no version {text[:64]}, or you may not use it.", code="version_not_found")
