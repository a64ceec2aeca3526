"""What is found by words: by whom, in which order, and whatever is typed."""

from __future__ import annotations

from itertools import chain

import anyio.to_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.domain.account import Account, Caller
from augury.domain.errors import InvalidRequest
from augury.domain.model import Model
from augury.domain.paging import Page
from augury.service.categories import Categories, NewCategory
from augury.service.models import NewModel
from augury.service.search import LONGEST, Search
from augury.store import counts
from augury.store import search as rows
from tests.service.house import House

pytestmark = pytest.mark.anyio


def names(page: Page[Model] | Page[Account]) -> list[str]:
    return [one.name for one in page.items]


@pytest.fixture
def search(house: House) -> Search:
    return Search(house.db)


async def test_a_model_is_found_by_its_name_owner_categories_description_and_overview(
    house: House, search: Search, ada: Caller, root: Caller
) -> None:
    await Categories(house.db, house.clock.now).create(root, NewCategory("Text to Image"))
    new = NewModel(
        "stable-diffusion_xl", "public", "Draws *cats*.", "Trained on LAION.", category_slugs=["text-to-image"]
    )
    await house.models.create(ada, new)
    await house.model(ada, "other", "public")
    for words in ("stable", "diffusion xl", "Cats", "laion", "text image", "ada stable", "ada/stable-diffusion", "dif"):
        found = await search.models(None, words)
        assert names(found) == ["stable-diffusion_xl"], words
        assert (found.next_cursor, found.previous_cursor) == (None, None)
    for words in ("diffusio stable", "stable dogs", "able", "diffusionxl"):
        assert names(await search.models(None, words)) == [], words
    assert names(await search.models(None, "ADA")) == ["stable-diffusion_xl", "other"]


async def test_what_is_named_so_comes_first_and_then_what_ran_more(house: House, search: Search, ada: Caller) -> None:
    for name, description, overview in (
        ("said-in-overview", None, "an echo"),
        ("said-in-description", "an echo", None),
        ("big-echo", None, None),
        ("small-echo", None, None),
        ("echo-two", None, None),
        ("echo", None, None),
    ):
        await house.models.create(ada, NewModel(name, "public", description, overview))
    version = await house.version(ada, "small-echo")
    for _ in range(12):
        await house.prediction(ada, version)
    await fold(house)
    found = names(await search.models(None, "echo"))
    assert found == ["echo", "echo-two", "small-echo", "big-echo", "said-in-description", "said-in-overview"]


async def test_a_private_model_is_found_by_its_owner_alone(
    house: House, search: Search, ada: Caller, bob: Caller, root: Caller
) -> None:
    for visibility in ("private", "public", "restricted"):
        await house.model(ada, f"echo-{visibility}", visibility)
    for stranger in (bob, root, None):
        assert sorted(names(await search.models(stranger, "echo"))) == ["echo-public", "echo-restricted"]
        assert names(await search.models(stranger, "private")) == []
    assert len((await search.models(ada, "echo")).items) == 3
    # Nor does a name for its audience lead to it.
    for words in (rows.private_to(ada.account_id), "owner", "models", f"={rows.MODELS}", "audience:models"):
        assert names(await search.models(bob, words)) == []


async def test_what_was_hidden_renamed_or_deleted_is_found_as_it_is_now(
    house: House, search: Search, ada: Caller, bob: Caller
) -> None:
    await house.model(ada, "echo", "public")
    await house.models.update(ada, "ada", "echo", {"name": "parrot", "description": "speaks"})
    assert names(await search.models(None, "echo")) == []
    assert names(await search.models(None, "speaks parrot")) == ["parrot"]
    await house.users.update_me(ada, {"name": "lovelace"})
    assert names(await search.models(None, "ada")) == []
    assert names(await search.models(None, "lovelace")) == ["parrot"]
    await house.models.update(ada, "lovelace", "parrot", {"visibility": "private", "description": None})
    assert names(await search.models(bob, "parrot")) == []
    assert names(await search.models(ada, "speaks")) == []
    await house.models.update(ada, "lovelace", "parrot", {"visibility": "public"})
    await house.models.delete(ada, "lovelace", "parrot")
    assert names(await search.models(ada, "parrot")) == []


async def test_results_are_walked_both_ways(house: House, search: Search, ada: Caller) -> None:
    for number in range(7):
        await house.model(ada, f"echo-{number}", "public")
    whole = names(await search.models(None, "echo"))
    page = await search.models(None, "echo", page_size=3)
    pages = [names(page)]
    while page.next_cursor:
        page = await search.models(None, None, cursor=page.next_cursor, page_size=3)
        pages.append(names(page))
    assert [len(one) for one in pages] == [3, 3, 1]
    assert list(chain(*pages)) == whole
    back: list[str] = []
    while page.previous_cursor:
        page = await search.models(None, "ignored", cursor=page.previous_cursor, page_size=3)
        back = names(page) + back
    assert back == whole[:6]


async def test_users_are_found_by_name_display_name_and_bio(house: House, search: Search, ada: Caller) -> None:
    await house.account("bob")
    await house.users.update_me(ada, {"display_name": "Countess Lovelace", "bio": "Wrote *notes*"})
    for words in ("ada", "countess", "lovelace note", "AD"):
        assert names(await search.users(words)) == ["ada"], words
    await house.users.update_me(ada, {"name": "augusta", "bio": None})
    assert names(await search.users("ada")) == []
    assert names(await search.users("notes")) == []
    assert names(await search.users("augusta")) == ["augusta"]
    # A model is no user, and the other way round.
    assert names(await search.models(ada, "lovelace")) == []


NOTHING = [
    '"',
    "*",
    ":",
    "-",
    "()",
    '"*"',
    "'",
    "\\",
    "%",
    "{title}",
    "^",
    "🚀",
    "\u0301",
    "\0",
    "\ud800",
    "' OR 1=1 --",
]
WORDS = [
    "NEAR",
    "AND",
    "OR NOT",
    "NEAR(a b, 3)",
    "title:",
    'a"b',
    "q:*",
    "a & !b",
    "<->",
    "a|b",
    "é",
    "ß",
    "画像",
    "x" * LONGEST,
]


@pytest.mark.parametrize("words", [*NOTHING, *WORDS], ids=ascii)
async def test_no_text_is_an_error_of_the_database(house: House, search: Search, ada: Caller, words: str) -> None:
    await house.model(ada, "echo", "public")
    assert names(await search.models(ada, words)) == []
    assert names(await search.users(words)) == []


async def test_words_of_the_databases_own_language_are_words(house: House, search: Search, ada: Caller) -> None:
    await house.models.create(ada, NewModel("echo", "public", "NEAR the sea AND far, not OR; 画像生成 straße 3D v2.1"))
    for words in ("near", "AND", "not or", "NEAR AND", "sea-far", "画像", "straße", "3d", "v2", "V2.1 3D"):
        assert names(await search.models(None, words)) == ["echo"], words


async def test_whatever_is_typed_is_answered_or_refused(house: House, search: Search, ada: Caller) -> None:
    await house.model(ada, "echo", "public")
    texts = await anyio.to_thread.run_sync(typed)
    answered = 0
    refusals: list[tuple[str | int, ...]] = []
    for text in texts:
        try:
            await search.models(ada, text)
            await search.users(text)
            answered += 1
        except InvalidRequest as refused:
            refusals += [one.loc for one in refused.problems]
    assert set(refusals) <= {("query", "q")}
    assert answered > 20


def typed() -> list[str]:
    found: list[str] = []

    @settings(max_examples=80, database=None, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.text(max_size=30) | st.text("ab\"'*:-()&|!<>\\ \n", max_size=30))
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (None, "missing"),
        ("", "search_empty"),
        (" \n\t ", "search_empty"),
        ("x" * (LONGEST + 1), "string_too_long"),
        ("a " * 5_000, "string_too_long"),
    ],
)
async def test_no_words_and_too_many_are_refused(search: Search, words: str | None, kind: str) -> None:
    for find in (search.users(words), search.models(None, words)):
        with pytest.raises(InvalidRequest) as refused:
            await find
        assert [(one.loc, one.type) for one in refused.value.problems] == [(("query", "q"), kind)]


async def test_a_cursor_of_another_list_is_none_of_a_search(house: House, search: Search, ada: Caller) -> None:
    for name in ("echo-1", "echo-2"):
        await house.model(ada, name, "public")
    models = (await house.models.page(page_size=1)).next_cursor
    found = (await search.models(None, "echo", page_size=1)).next_cursor
    assert models
    assert found
    for wrong in (
        search.models(None, "echo", cursor=models),
        search.users("echo", cursor=found),
        search.models(None, "echo", cursor="x"),
        house.models.page(cursor=found),
    ):
        with pytest.raises(InvalidRequest):
            await wrong


async def test_the_longest_texts_are_kept_and_found_by_their_beginning(
    house: House, search: Search, ada: Caller
) -> None:
    rare = "".join(chr(0x4E00 + number % 20_000) + " " for number in range(49_990))
    new = NewModel("echo", "public", f"first {rare}", f"second {'y' * 3_000} third {rare}"[:100_000])
    await house.models.create(ada, new)
    for words in ("first", "second", "third"):
        assert names(await search.models(None, words)) == ["echo"], words


async def test_of_more_than_the_most_that_fit_those_named_so_are_found(
    house: House, search: Search, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augury.store.search.MOST", 3)
    for number in range(5):
        await house.models.create(ada, NewModel(f"other-{number}", "public", "an echo"))
    await house.model(ada, "my-echo", "public")
    found = names(await search.models(None, "echo", page_size=100))
    assert found[0] == "my-echo"
    assert 3 <= len(found) <= 4


async def fold(house: House) -> None:
    await house.db.write(counts.fold)
