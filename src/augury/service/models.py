"""Models: made, shown, listed, changed, deleted; and who may see and run them (D51).

What callers name a version by is resolved in `runnable`, versions are published in `versions`: both are reached through
`Models`, too. Knows nothing about HTTP and processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypedDict, cast

from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import Conflict, Gone, InvalidRequest, NotFound
from augury.domain.ids import AccountId, IdSource, ModelId, PredictionId
from augury.domain.jsontext import JsonObject
from augury.domain.model import Configuration, Model, ModelDetails, OfferedModel, Version, Visibility, as_name
from augury.domain.paging import Cursor, Page, refused
from augury.domain.prediction import Status, internal
from augury.service.bundles import Bundles
from augury.service.hardware import Catalogue
from augury.service.once import Idempotency, Repeated, first_time
from augury.service.runnable import Resolver, RunnableVersion
from augury.service.texts import TEXT, Checks, check_texts
from augury.service.versions import ConfigurationChange, PublishedVersion, Versions
from augury.service.visibility import find_owned, find_visible, shown
from augury.store import categories, listings, queue, users
from augury.store import models as rows
from augury.store import offered as offers
from augury.store import versions as version_rows
from augury.store.connection import Connection, ConstraintViolated
from augury.store.database import Database
from augury.store.listings import Listing
from augury.store.notifier import Notifier

__all__ = ["Idempotency", "ModelChange", "Models", "NewModel", "RunnableVersion"]

BATCH = 500
"""Queued predictions of a deleted model that one transaction ends."""
MOST_CATEGORIES = 10
_URLS = ("source_url", "license_url", "paper_url")


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model to make."""

    name: str
    visibility: str = "private"
    description: str | None = None
    overview: str | None = None
    source_url: str | None = None
    license_url: str | None = None
    paper_url: str | None = None
    category_slugs: Sequence[str] = ()


class ModelChange(TypedDict, total=False):
    """What to change about a model: only what is there changes."""

    name: str
    visibility: str
    description: str | None
    overview: str | None
    source_url: str | None
    license_url: str | None
    paper_url: str | None
    category_slugs: Sequence[str]


@dataclass(frozen=True)
class Models:
    """The use cases of models and their versions. Event loop only; `now` is in microseconds since the epoch."""

    db: Database
    notifier: Notifier
    bundles: Bundles
    ids: IdSource
    now: Callable[[], int]
    hardware: Catalogue | None = None
    """What versions may ask for; None: what the nodes have, and no more."""
    versions: Versions = field(init=False, repr=False)
    resolver: Resolver = field(init=False, repr=False)

    def __post_init__(self) -> None:
        resolver = Resolver(self.db, self.now)
        object.__setattr__(self, "resolver", resolver)
        hardware = self.hardware or Catalogue(self.db, self.now)
        versions = Versions(self.db, self.notifier, self.bundles, resolver, self.now, hardware)
        object.__setattr__(self, "versions", versions)

    async def create(self, caller: Caller, new: NewModel, idempotency: Idempotency | None = None) -> ModelDetails:
        """Make a model of the caller's; raises InvalidRequest, and Conflict `model_exists`."""
        values = _checked(cast("ModelChange", {name: getattr(new, name) for name in ModelChange.__annotations__}))
        model = Model(
            id=ModelId(self.ids.next()),
            account_id=caller.account_id,
            owner=caller.name,
            owner_avatar_url=None,
            name=values["name"] or "",
            visibility=Visibility(values["visibility"]),
            created_at=self.now(),
            description=values["description"],
            overview=values["overview"],
            source_url=values["source_url"],
            license_url=values["license_url"],
            paper_url=values["paper_url"],
        )
        try:
            await self.db.write(partial(_create, model=model, slugs=new.category_slugs, once=idempotency))
        except Repeated as earlier:
            return await self._created_before(ModelId(earlier.resource))
        except ConstraintViolated:
            raise _exists(caller.name, model.name) from None
        self.changed()
        return await self.get(caller, caller.name, model.name)

    async def get(self, caller: Caller | None, owner: str, name: str) -> ModelDetails:
        """A model with its latest version; raises NotFound where the caller may not see one."""
        return await self.db.read(lambda c: _shown(c, caller, find_visible(c, caller, owner, name)))

    async def page(
        self,
        *,
        cursor: str | None = None,
        page_size: int = 25,
        sort_by: str = "created_at",
        sort_direction: str | None = None,
        category_slugs: Sequence[str] = (),
    ) -> Page[Model]:
        """The models that everyone may see. Sorted by created_at (oldest first) or predictions_count (most first)."""
        place = _place(cursor, sort_by, sort_direction, category_slugs)
        return await self._page(place, page_size, _listing(place))

    async def page_of_owner(
        self,
        owner: str,
        *,
        cursor: str | None = None,
        page_size: int = 25,
        sort_by: str = "created_at",
        sort_direction: str | None = None,
        category_slugs: Sequence[str] = (),
    ) -> Page[Model]:
        """One owner's models that everyone may see; by predictions_count, only those that ever ran."""
        wanted = as_name(owner)
        account = None if wanted is None else await self.db.read(lambda c: users.find(c, wanted))
        if account is None:
            raise NotFound(f"There is no user {owner[:64]}.", code="user_not_found")
        place = _place(cursor, sort_by, sort_direction, category_slugs)
        return await self._page(place, page_size, _listing(place, account_id=account.id, used=True))

    async def page_of_mine(self, caller: Caller, *, cursor: str | None = None, page_size: int = 25) -> Page[Model]:
        """All of the caller's own models, oldest first."""
        place = _place(cursor, "created_at", None, ())
        listing = _listing(place, account_id=caller.account_id, listed=False)
        return await self._page(place, page_size, listing)

    async def offered(self, caller: Caller) -> list[OfferedModel]:
        """The models that the caller may see and that can be called through other APIs, oldest first."""
        return await self.db.read(lambda c: offers.offered(c, caller.account_id, every=caller.admin))

    async def update(self, caller: Caller, owner: str, name: str, change: ModelChange) -> ModelDetails:
        """Change a model, its name included; raises InvalidRequest, NotFound, Forbidden and Conflict `model_exists`."""
        values = _checked(change)
        now = self.now()
        try:
            details = await self.db.write(
                lambda c: _update(c, find_owned(c, caller, owner, name), values, change.get("category_slugs"), now)
            )
        except ConstraintViolated:
            raise _exists(owner, str(values.get("name"))) from None
        self.changed()
        return details

    async def delete(self, caller: Caller, owner: str, name: str) -> None:
        """Take a model away: its name is free, what is queued for it is abandoned, what runs may end."""
        now = self.now()
        model, version_ids = await self.db.write(lambda c: _delete(c, find_owned(c, caller, owner, name), now))
        self.changed()
        failure = internal("The model was deleted.", type="model_deleted", model=f"{model.owner}/{model.name}")
        error = jsontext.dumps(failure.to_json())
        while True:
            now = self.now()
            ended, more = await self.db.write(lambda c, now=now: _abandon(c, model.id, now, error))
            for prediction_id in ended:
                self.notifier.publish(f"prediction:{prediction_id}")
                self.notifier.publish(f"cancel:{prediction_id}")
            if not more:
                break
        for version_id in version_ids:
            self.notifier.publish(f"version:{version_id}")

    # Versions, in their own module.

    async def publish(
        self,
        caller: Caller,
        owner: str,
        name: str,
        *,
        release_notes: str,
        schemas: JsonObject,
        container_image_digest: str,
        compatibilities: JsonObject | None = None,
        configuration: ConfigurationChange | None = None,
        idempotency: Idempotency | None = None,
    ) -> PublishedVersion:
        """See Versions.publish."""
        return await self.versions.publish(
            caller,
            owner,
            name,
            release_notes=release_notes,
            schemas=schemas,
            container_image_digest=container_image_digest,
            compatibilities=compatibilities,
            configuration=configuration,
            idempotency=idempotency,
        )

    async def get_version(self, caller: Caller | None, owner: str, name: str, number: str | int) -> Version:
        """See Versions.get."""
        return await self.versions.get(caller, owner, name, number)

    async def page_versions(
        self, caller: Caller | None, owner: str, name: str, *, cursor: str | None = None, page_size: int = 25
    ) -> Page[Version]:
        """See Versions.page."""
        return await self.versions.page(caller, owner, name, cursor=cursor, page_size=page_size)

    async def delete_version(self, caller: Caller, owner: str, name: str, number: str | int) -> None:
        """See Versions.delete."""
        await self.versions.delete(caller, owner, name, number)

    async def get_configuration(self, caller: Caller | None, owner: str, name: str, number: str | int) -> Configuration:
        """See Versions.get_configuration."""
        return await self.versions.get_configuration(caller, owner, name, number)

    async def update_configuration(
        self, caller: Caller, owner: str, name: str, number: str | int, change: ConfigurationChange
    ) -> Configuration:
        """See Versions.configure."""
        return await self.versions.configure(caller, owner, name, number, change)

    async def mark_broken(self, version_id: int, revision: int, reason: JsonObject) -> bool:
        """See Versions.mark_broken."""
        return await self.versions.mark_broken(version_id, revision, reason)

    async def broken_reason(self, version_id: int) -> JsonObject | None:
        """See Versions.broken_reason."""
        return await self.versions.broken_reason(version_id)

    # What a prediction runs on, in its own module.

    def cached(self, caller: Caller, reference: str) -> RunnableVersion | None:
        """See Resolver.cached."""
        return self.resolver.cached(caller, reference)

    async def resolve(self, caller: Caller, reference: str) -> RunnableVersion:
        """See Resolver.resolve."""
        return await self.resolver.resolve(caller, reference)

    async def runnable(self, version_id: int) -> RunnableVersion | None:
        """See Resolver.runnable."""
        return await self.resolver.runnable(version_id)

    def forget(self) -> None:
        """Look everything up again: a model was changed, here or by another process (topic "models")."""
        self.resolver.forget()

    async def _page(self, place: Cursor, size: int, listing: Listing) -> Page[Model]:
        position = place.number_and_text()
        found = await self.db.read(
            lambda c: listings.page(c, listing, position=position, backward=place.backward, limit=size + 1)
        )
        return place.page(
            found, size, lambda one: (one.predictions_count if listing.by_count else one.created_at, one.id)
        )

    async def _created_before(self, model_id: ModelId) -> ModelDetails:
        return await self.db.read(lambda c: _details(c, _still_there(c, model_id)))

    def changed(self) -> None:
        """Something about models was changed: look it up again, here and in other processes."""
        self.resolver.forget()
        self.notifier.publish("models")


def _create(c: Connection, model: Model, slugs: Sequence[str], once: Idempotency | None) -> None:
    first_time(c, once, "model", model.id, model.created_at)
    rows.insert(c, model)
    if slugs:
        _categorize(c, model.id, slugs)


def _still_there(c: Connection, model_id: ModelId) -> Model:
    model = rows.get(c, model_id)
    if model is None:
        raise Gone("The model that this key made was deleted.", code="model_deleted")
    return model


def _details(c: Connection, model: Model) -> ModelDetails:
    return ModelDetails(model, version_rows.latest(c, model.id))


def _shown(c: Connection, caller: Caller | None, model: Model) -> ModelDetails:
    details = _details(c, model)
    latest = details.latest
    return details if latest is None else replace(details, latest=shown(c, caller, model, latest))


def _update(
    c: Connection, model: Model, values: dict[str, str | None], slugs: Sequence[str] | None, now: int
) -> ModelDetails:
    if values or slugs is not None:
        rows.update(c, model.id, values, now)
    if slugs is not None:
        _categorize(c, model.id, slugs)
    changed = rows.get(c, model.id)
    return _details(c, model if changed is None else changed)


def _categorize(c: Connection, model_id: ModelId, slugs: Sequence[str]) -> None:
    """Make these the categories of a model; raises InvalidRequest for those that there are not."""
    wanted = [as_name(one) or "" for one in slugs]
    checks = Checks()
    for place in categories.missing(c, wanted):
        checks.add(f"category_slugs.{place}", "There is no such category.", "category_not_found", slugs[place][:64])
    checks.done()
    categories.put(c, model_id, wanted)


def _delete(c: Connection, model: Model, now: int) -> tuple[Model, list[int]]:
    rows.delete(c, model.id, now)
    return model, version_rows.ids(c, model.id)


def _abandon(c: Connection, model_id: ModelId, now: int, error: str) -> tuple[list[PredictionId], bool]:
    """End what is queued for a deleted model; what ended, and whether there may be more."""
    waiting = rows.queued(c, model_id, BATCH)
    ended = [one for one in waiting if queue.end_queued(c, one, Status.ABANDONED, now, error) is not None]
    return ended, len(waiting) == BATCH


def _checked(change: ModelChange) -> dict[str, str | None]:
    """The columns to write, checked; raises InvalidRequest."""
    given = cast("dict[str, object]", change)
    values = {name: cast("str | None", given[name]) for name in rows.CHANGEABLE if name in given}
    checks = Checks()
    if "name" in values:
        values["name"] = checks.name(values["name"] or "")
    if "visibility" in values and values["visibility"] not in tuple(Visibility):
        known = ", ".join(Visibility)
        checks.add("visibility", f"visibility is one of {known}.", "enum", values["visibility"], expected=known)
    check_texts(checks, values, {"description": TEXT, "overview": TEXT})
    for name in _URLS:
        checks.url(name, values.get(name))
    for place, slug in enumerate(change.get("category_slugs", ())):
        if as_name(slug) is None:
            checks.add(f"category_slugs.{place}", "There is no such category.", "category_not_found", slug[:64])
    if len(change.get("category_slugs", ())) > MOST_CATEGORIES:
        msg = f"A model is in at most {MOST_CATEGORIES} categories."
        checks.add("category_slugs", msg, "too_long", None, max_length=MOST_CATEGORIES)
    checks.done()
    return values


def _place(cursor: str | None, sort_by: str, sort_direction: str | None, category_slugs: Sequence[str]) -> Cursor:
    """Where in which list: a cursor says it all (D7)."""
    if cursor is not None:
        return Cursor.parse(cursor)
    if sort_by not in _SORTS:
        raise InvalidRequest.at(
            "query", "sort_by", msg=f"sort_by is one of {', '.join(_SORTS)}.", type="enum", input=sort_by[:64]
        )
    direction = sort_direction or _SORTS[sort_by]
    if direction not in ("asc", "desc"):
        raise InvalidRequest.at(
            "query", "sort_direction", msg="sort_direction is asc or desc.", type="enum", input=direction[:64]
        )
    if len(category_slugs) > listings.MOST_CATEGORIES:
        msg = f"A list is narrowed to at most {listings.MOST_CATEGORIES} categories."
        raise InvalidRequest.at("query", "category_slugs", msg=msg, type="too_long", input=None)
    # What is no slug is in no model: it finds nothing, as one does that is none of a category.
    slugs = list(dict.fromkeys(as_name(one) or "" for one in category_slugs))
    filters: dict[str, str | list[str]] = {"sort_by": sort_by, "sort_direction": direction}
    return Cursor(filters | ({"category_slugs": slugs} if slugs else {}))


def _listing(place: Cursor, *, account_id: AccountId | None = None, listed: bool = True, used: bool = False) -> Listing:
    sort_by, direction = place.text_filter("sort_by"), place.text_filter("sort_direction")
    slugs = tuple(place.texts_filter("category_slugs"))
    if sort_by not in _SORTS or direction not in ("asc", "desc") or len(slugs) > listings.MOST_CATEGORIES:
        raise refused()
    by_count = sort_by == "predictions_count"
    return Listing(listed, account_id, by_count, direction == "desc", used and by_count, slugs)


def _exists(owner: str, name: str) -> Conflict:
    return Conflict(
        f"There is a model {owner}/{name} already.",
        code="model_exists",
        hint="Choose another name, or change that one.",
    )


_SORTS = {"created_at": "asc", "predictions_count": "desc"}
"""What lists are sorted by, and in which direction where nobody says."""
