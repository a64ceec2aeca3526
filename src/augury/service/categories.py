"""Categories: listed by everyone; made, changed and deleted by admins (D93).

Which models are in which is said by their owners, with the models. Knows nothing about HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict, cast

from augury.domain.account import Caller
from augury.domain.errors import Conflict, Gone, NotFound
from augury.domain.model import Category, as_name
from augury.domain.paging import Cursor, Page, refused
from augury.service.once import Idempotency, Repeated, first_time
from augury.service.texts import LINE, Checks
from augury.store import categories as rows
from augury.store.connection import Connection, ConstraintViolated
from augury.store.database import Database

DESCRIPTION = 2_000
_SLUG_LENGTH = 64


@dataclass(frozen=True, slots=True)
class NewCategory:
    """A category to make; without a slug it is made of the name."""

    name: str
    slug: str | None = None
    description: str = ""


class CategoryChange(TypedDict, total=False):
    """What to change about a category: only what is there changes. Its slug stays, for it is what models name."""

    name: str
    description: str


@dataclass(frozen=True)
class Categories:
    """The use cases of categories. `now` is in microseconds since the epoch."""

    db: Database
    now: Callable[[], int]

    async def page(self, *, cursor: str | None = None, page_size: int = 25) -> Page[Category]:
        """All categories, in the order of their slugs."""
        place = Cursor({"of": "categories"}) if cursor is None else Cursor.parse(cursor)
        if place.text_filter("of") != "categories":
            raise refused()
        position = place.one_text()
        found = await self.db.read(
            lambda c: rows.page(c, position=position, backward=place.backward, limit=page_size + 1)
        )
        return place.page(found, page_size, lambda one: one.slug)

    async def get(self, slug: str) -> Category:
        """The category of that slug; raises NotFound."""
        wanted = as_name(slug)
        return _existing(None if wanted is None else await self.db.read(lambda c: rows.get(c, wanted)), slug)

    async def create(self, caller: Caller, new: NewCategory, idempotency: Idempotency | None = None) -> Category:
        """Make a category; raises InvalidRequest, Forbidden, and Conflict `category_exists`."""
        caller.demand_admin("make categories")
        checks = Checks()
        _check(checks, {"name": new.name, "description": new.description})
        slug = checks.name(_slug(new.name) if new.slug is None else new.slug, "slug")
        checks.done()
        category = Category(slug, new.name.strip(), new.description, self.now())
        try:
            await self.db.write(lambda c: _create(c, category, idempotency))
        except Repeated as earlier:
            return await self._made_before(earlier.resource)
        except ConstraintViolated:
            raise Conflict(
                f"There is a category {slug} already.", code="category_exists", hint="Choose another slug."
            ) from None
        return category

    async def update(self, caller: Caller, slug: str, change: CategoryChange) -> Category:
        """Change a category; raises InvalidRequest, Forbidden and NotFound."""
        caller.demand_admin("change categories")
        values = dict(cast("dict[str, str]", change))
        checks = Checks()
        _check(checks, values)
        checks.done()
        wanted = as_name(slug)
        if wanted is None:
            return _existing(None, slug)
        return _existing(await self.db.write(lambda c: rows.update(c, wanted, values)), slug)

    async def delete(self, caller: Caller, slug: str) -> None:
        """Delete a category and take it off its models; raises Forbidden and NotFound."""
        caller.demand_admin("delete categories")
        wanted = as_name(slug)
        if wanted is None or not await self.db.write(lambda c: rows.remove(c, wanted)):
            _existing(None, slug)

    async def _made_before(self, slug: str) -> Category:
        found = await self.db.read(lambda c: rows.get(c, slug))
        if found is None:
            raise Gone("The category that this key made was deleted.", code="category_deleted")
        return found


def _create(c: Connection, category: Category, once: Idempotency | None) -> None:
    first_time(c, once, "category", category.slug, category.created_at)
    rows.insert(c, category)


def _check(checks: Checks, values: dict[str, str]) -> None:
    if "name" in values and not values["name"].strip():
        checks.add("name", "A category has a name.", "name", values["name"][:LINE])
    checks.text("name", values.get("name"))
    checks.text("description", values.get("description"), DESCRIPTION)


def _slug(name: str) -> str:
    """The slug that a name makes: "Text to image" is text-to-image."""
    return "-".join("".join(one if one.isalnum() else " " for one in name.lower()).split())[:_SLUG_LENGTH].rstrip("-")


def _existing(found: Category | None, slug: str) -> Category:
    if found is None:
        raise NotFound(
            f"There is no category {slug[:64]}.", code="category_not_found", hint="GET /v1/model_categories lists them."
        )
    return found
