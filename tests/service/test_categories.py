"""Categories: made by admins, put on models by their owners, and off them when they are deleted."""

from __future__ import annotations

import pytest

from augury.domain.account import Caller
from augury.domain.errors import Conflict, Forbidden, InvalidRequest, NotFound
from augury.domain.model import Category
from augury.domain.paging import Page
from augury.service.categories import Categories, NewCategory
from augury.service.models import Idempotency, NewModel
from augury.service.search import Search
from tests.service.house import House

pytestmark = pytest.mark.anyio


@pytest.fixture
def categories(house: House) -> Categories:
    return Categories(house.db, house.clock.now)


def slugs(page: Page[Category]) -> list[str]:
    return [one.slug for one in page.items]


async def test_a_category_is_made_changed_and_deleted_by_admins_alone(
    house: House, categories: Categories, ada: Caller, root: Caller
) -> None:
    made = await categories.create(root, NewCategory("Text to Image!", description="Pictures"))
    assert (made.slug, made.name, made.description) == ("text-to-image", "Text to Image!", "Pictures")
    assert await categories.get("TEXT-to-image") == made
    with pytest.raises(Forbidden) as denied:
        await categories.create(ada, NewCategory("Other"))
    assert denied.value.code == "admins_only"
    with pytest.raises(Forbidden):
        await categories.update(ada, "text-to-image", {"name": "Mine"})
    with pytest.raises(Forbidden):
        await categories.delete(ada, "text-to-image")
    changed = await categories.update(root, "text-to-image", {"name": "Images"})
    assert (changed.slug, changed.name, changed.description) == ("text-to-image", "Images", "Pictures")
    assert await categories.update(root, "text-to-image", {}) == changed
    await categories.delete(root, "text-to-image")
    for attempt in (
        categories.get("text-to-image"),
        categories.update(root, "text-to-image", {"name": "x"}),
        categories.update(root, "no slug", {"name": "x"}),
        categories.delete(root, "text-to-image"),
        categories.delete(root, "\0"),
    ):
        with pytest.raises(NotFound):
            await attempt


@pytest.mark.parametrize(
    ("new", "place"),
    [
        (NewCategory(""), "name"),
        (NewCategory(" \n"), "name"),
        (NewCategory("x" * 256), "name"),
        (NewCategory("a\0"), "name"),
        (NewCategory("!?"), "slug"),
        (NewCategory("画像"), "slug"),
        (NewCategory("a", slug="-a"), "slug"),
        (NewCategory("a", slug="a b"), "slug"),
        (NewCategory("a", description="x" * 2_001), "description"),
    ],
)
async def test_what_is_no_category_is_refused(
    categories: Categories, root: Caller, new: NewCategory, place: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await categories.create(root, new)
    assert place in {str(one.loc[-1]) for one in refused.value.problems}


async def test_a_slug_is_taken_once_and_a_repeated_create_makes_one(categories: Categories, root: Caller) -> None:
    key = Idempotency(root.token_id, "k", "0" * 64)
    made = await categories.create(root, NewCategory("Speech"), key)
    assert await categories.create(root, NewCategory("Speech"), key) == made
    with pytest.raises(Conflict) as clash:
        await categories.create(root, NewCategory("Other", slug="SPEECH"))
    assert clash.value.code == "category_exists"


async def test_categories_are_walked_both_ways(categories: Categories, root: Caller) -> None:
    for name in ("delta", "alpha", "echo", "bravo", "charlie"):
        await categories.create(root, NewCategory(name))
    page = await categories.page(page_size=2)
    seen = slugs(page)
    while page.next_cursor:
        page = await categories.page(cursor=page.next_cursor, page_size=2)
        seen += slugs(page)
    assert seen == ["alpha", "bravo", "charlie", "delta", "echo"]
    assert page.previous_cursor
    assert slugs(await categories.page(cursor=page.previous_cursor, page_size=2)) == ["charlie", "delta"]


async def test_a_model_is_in_the_categories_that_its_owner_names(
    house: House, categories: Categories, ada: Caller, root: Caller
) -> None:
    for name in ("Vision", "Audio", "Text"):
        await categories.create(root, NewCategory(name))
    new = NewModel("one", "public", category_slugs=["vision", "AUDIO", "vision"])
    made = await house.models.create(ada, new)
    assert [(one.slug, one.name) for one in made.model.categories] == [("audio", "Audio"), ("vision", "Vision")]
    await house.models.create(ada, NewModel("two", "public", category_slugs=["text"]))
    await house.models.create(ada, NewModel("hidden", category_slugs=["text"]))

    async def listed(*wanted: str) -> list[str]:
        return [one.name for one in (await house.models.page(category_slugs=wanted)).items]

    assert await listed("text") == ["two"]
    assert await listed("text", "audio") == ["one", "two"]
    assert await listed("none", "no slug!", "") == []
    assert [one.name for one in (await house.models.page_of_owner("ada", category_slugs=["vision"])).items] == ["one"]
    same = await house.models.update(ada, "ada", "one", {"description": "d"})
    assert same.model.categories == made.model.categories
    changed = await house.models.update(ada, "ada", "one", {"category_slugs": ["text"]})
    assert [one.slug for one in changed.model.categories] == ["text"]
    assert await listed("text") == ["one", "two"]
    assert (await house.models.update(ada, "ada", "one", {"category_slugs": []})).model.categories == ()


async def test_a_category_that_there_is_not_changes_nothing(
    house: House, categories: Categories, ada: Caller, root: Caller
) -> None:
    await categories.create(root, NewCategory("text"))
    with pytest.raises(InvalidRequest) as refused:
        await house.models.create(ada, NewModel("echo", category_slugs=["text", "none"]))
    assert [(one.loc, one.type) for one in refused.value.problems] == [
        (("body", "category_slugs", "1"), "category_not_found")
    ]
    with pytest.raises(NotFound):
        await house.models.get(ada, "ada", "echo")
    await house.models.create(ada, NewModel("echo", category_slugs=["text"]))
    with pytest.raises(InvalidRequest):
        await house.models.update(ada, "ada", "echo", {"name": "other", "category_slugs": ["none"]})
    assert [one.slug for one in (await house.models.get(ada, "ada", "echo")).model.categories] == ["text"]
    many = ["text"] * 11
    with pytest.raises(InvalidRequest):
        await house.models.update(ada, "ada", "echo", {"category_slugs": many})
    with pytest.raises(InvalidRequest):
        await house.models.page(category_slugs=["text"] * 21)


async def test_a_deleted_category_is_on_no_model_and_found_in_none(
    house: House, categories: Categories, ada: Caller, root: Caller
) -> None:
    search = Search(house.db)
    await categories.create(root, NewCategory("Painting"))
    await house.models.create(ada, NewModel("echo", "public", category_slugs=["painting"]))
    assert len((await search.models(None, "painting")).items) == 1
    await categories.update(root, "painting", {"name": "Drawing"})
    assert len((await search.models(None, "drawing")).items) == 1
    await categories.delete(root, "painting")
    assert (await house.models.get(ada, "ada", "echo")).model.categories == ()
    for words in ("painting", "drawing"):
        assert (await search.models(None, words)).items == []
    with pytest.raises(InvalidRequest):
        await house.models.update(ada, "ada", "echo", {"category_slugs": ["painting"]})
