"""Accounts: looked up by name, changed by their own people, and nothing of another."""

from __future__ import annotations

import contextlib
from typing import Any, cast

import anyio
import pytest

from augury.domain.account import Caller
from augury.domain.errors import Conflict, Forbidden, Gone, InvalidRequest, NotFound, Unauthenticated
from augury.domain.paging import Cursor
from augury.service.once import Idempotency
from augury.service.users import AccountChange, NewAccount
from tests.service.house import House

pytestmark = pytest.mark.anyio


async def test_an_account_is_found_by_its_name_in_either_case(house: House, ada: Caller) -> None:
    assert (await house.users.get("ADA")).id == ada.account_id
    assert await house.users.me(ada) == await house.users.get("ada")


@pytest.mark.parametrize("name", ["", "nobody", "a\0", "a" * 1000, "é"])
async def test_a_name_of_nobody_is_not_found(house: House, ada: Caller, name: str) -> None:
    with pytest.raises(NotFound):
        await house.users.get(name)


async def test_only_what_is_sent_changes(house: House, ada: Caller) -> None:
    await house.users.update_me(ada, {"bio": "Writes.", "urls": ["https://example.org"], "company": "Analytical"})
    changed = await house.users.update_me(ada, {"company": None, "location": "London"})
    assert (changed.bio, changed.company, changed.location) == ("Writes.", None, "London")
    assert changed.urls == ("https://example.org",)
    assert changed.updated_at is not None
    assert (await house.users.update_me(ada, {"urls": []})).urls == ()
    assert (await house.users.update_me(ada, {"urls": None})).urls is None
    assert await house.users.update_me(ada, {}) == await house.users.me(ada)


async def test_a_new_name_counts_for_tokens_and_models_at_once(house: House, ada: Caller, bob: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    await house.access.authenticate(token)
    await house.model(ada, "echo", "public")
    await house.version(ada, "echo")
    with house.notifier.subscribe("models", lambda _: house.models.forget()):
        await house.models.resolve(bob, "ada/echo")
        await house.users.update_me(ada, {"name": "Lovelace"})
        with pytest.raises(NotFound):
            await house.models.resolve(bob, "ada/echo")
    assert house.access.cached(token) is None
    assert (await house.access.authenticate(token)).name == "lovelace"
    assert (await house.models.resolve(bob, "lovelace/echo")).ref.owner == "lovelace"


async def test_a_taken_name_is_a_clash_and_ones_own_is_not(house: House, ada: Caller, bob: Caller) -> None:
    with pytest.raises(Conflict) as clash:
        await house.users.update_me(bob, {"name": "Ada"})
    assert clash.value.code == "name_taken"
    assert (await house.users.update_me(ada, {"name": "ADA"})).name == "ada"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": "not a name"}, "name"),
        ({"name": ""}, "name"),
        ({"display_name": "x" * 256}, "display_name"),
        ({"bio": "\0"}, "bio"),
        ({"location": "\ud800"}, "location"),
        ({"urls": ["ftp://example.org"]}, "urls"),
        ({"urls": ["https://example.org/a b"]}, "urls"),
        ({"urls": ["https://"]}, "urls"),
        ({"urls": ["https://[::1"]}, "urls"),
        ({"urls": ["https://example.org"] * 21}, "urls"),
    ],
)
async def test_what_does_not_fit_is_refused_at_its_place(
    house: House, ada: Caller, change: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await house.users.update_me(ada, cast("AccountChange", change))
    assert {one.loc for one in refused.value.problems} == {("body", place)}


async def test_what_is_not_ones_to_change_stays(house: House, ada: Caller) -> None:
    change = cast("AccountChange", {"admin": True, "id": "x", "avatar_url": "https://example.org", "bio": "b"})
    changed = await house.users.update_me(ada, change)
    assert (changed.admin, changed.id, changed.avatar_url, changed.bio) == (False, ada.account_id, None, "b")


@pytest.fixture
async def root(house: House) -> Caller:
    """An admin."""
    return await house.account("root", admin=True)


async def test_accounts_are_listed_as_they_were_made_in_both_directions(house: House) -> None:
    made = [(await house.account(f"user-{number}")).name for number in range(7)]
    for direction, wanted in (("asc", made), ("desc", made[::-1])):
        seen: list[str] = []
        page = await house.users.page(page_size=3, sort_direction=direction)
        assert page.previous_cursor is None
        first = page
        while True:
            seen += [one.name for one in page.items]
            if page.next_cursor is None:
                break
            page = await house.users.page(cursor=page.next_cursor, page_size=3)
        assert seen == wanted
        back = await house.users.page(cursor=page.previous_cursor, page_size=3)
        back = await house.users.page(cursor=back.previous_cursor, page_size=3)
        assert back.items == first.items


@pytest.mark.parametrize(
    "place",
    [
        Cursor({"sort_by": "name", "sort_direction": "asc"}),
        Cursor({"sort_by": "created_at", "sort_direction": "up"}),
        Cursor({}),
        Cursor({"sort_by": "created_at", "sort_direction": "asc"}, ("x", "y")),
        Cursor({"sort_by": "created_at", "sort_direction": "asc"}, (1,)),
    ],
)
async def test_a_cursor_of_another_list_is_refused(house: House, place: Cursor) -> None:
    with pytest.raises(InvalidRequest):
        await house.users.page(cursor=place.encode())


async def test_an_admin_makes_accounts_and_nobody_else_does(house: House, root: Caller, ada: Caller) -> None:
    made = await house.users.create(root, NewAccount("Carol", bio="Sings.", urls=["https://example.org"]))
    assert (made.name, made.admin, made.bio, made.urls) == ("carol", False, "Sings.", ("https://example.org",))
    assert await house.users.get("carol") == made
    for refused in (
        house.users.create(ada, NewAccount("dave")),
        house.users.change(ada, "carol", {"admin": True}),
        house.users.change(ada, "ada", {"admin": True}),
        house.users.delete(ada, "carol"),
        house.users.delete(ada, "nobody"),
    ):
        with pytest.raises(Forbidden) as error:
            await refused
        assert error.value.code == "admins_only"
    with pytest.raises(NotFound):
        await house.users.get("dave")


async def test_an_account_is_made_once_for_a_key(house: House, root: Caller) -> None:
    once = Idempotency(root.token_id, "key", "hash")
    made = await house.users.create(root, NewAccount("carol"), once)
    assert await house.users.create(root, NewAccount("carol"), once) == made
    await house.users.delete(root, "carol")
    with pytest.raises(Gone):
        await house.users.create(root, NewAccount("carol"), once)


async def test_a_name_that_is_taken_or_none_makes_no_account(house: House, root: Caller, ada: Caller) -> None:
    with pytest.raises(Conflict) as clash:
        await house.users.create(root, NewAccount("ADA"))
    assert clash.value.code == "name_taken"
    with pytest.raises(Conflict):
        await house.users.change(root, "root", {"name": "ada"})
    for name in ("", "not a name", "-", "a\0", "é", "x" * 65):
        with pytest.raises(InvalidRequest):
            await house.users.create(root, NewAccount(name))


async def test_there_is_always_an_admin_who_is_not_disabled(house: House, root: Caller, ada: Caller) -> None:
    for refused in (
        house.users.change(root, "root", {"disabled": True}),
        house.users.change(root, "root", {"admin": False}),
        house.users.delete(root, "root"),
    ):
        with pytest.raises(Conflict) as error:
            await refused
        assert error.value.code == "last_admin"
    await house.users.change(root, "ada", {"admin": True})
    await house.users.change(root, "ada", {"disabled": True})
    with pytest.raises(Conflict):
        await house.users.change(root, "root", {"admin": False})
    await house.users.change(root, "ada", {"disabled": False})
    assert not (await house.users.change(root, "root", {"admin": False})).admin


async def test_two_admins_who_disable_each_other_at_once_leave_one(house: House, root: Caller) -> None:
    other = await house.account("other", admin=True)
    done: list[str] = []

    async def disable(caller: Caller, name: str) -> None:
        with contextlib.suppress(Conflict):
            await house.users.change(caller, name, {"disabled": True})
            done.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(disable, root, "other")
        tasks.start_soon(disable, other, "root")
    assert len(done) == 1


async def test_disabling_again_keeps_the_time_of_the_first(house: House, root: Caller, ada: Caller) -> None:
    first = await house.users.change(root, "ada", {"disabled": True})
    assert first.disabled_at is not None
    assert (await house.users.change(root, "ada", {"disabled": True})).disabled_at == first.disabled_at
    assert (await house.users.change(root, "ada", {"bio": "x"})).disabled_at == first.disabled_at
    assert (await house.users.change(root, "ada", {"disabled": False})).disabled_at is None


async def test_an_account_with_models_or_predictions_stays_and_one_without_goes(
    house: House, root: Caller, ada: Caller, bob: Caller
) -> None:
    async def refused(name: str) -> str:
        with pytest.raises(Conflict) as error:
            await house.users.delete(root, name)
        assert error.value.code == "user_in_use"
        assert error.value.hint
        return error.value.message

    token = await house.access.issue_token(ada.account_id, "laptop")
    await house.model(ada, "echo", "public")
    version = await house.version(ada, "echo")
    assert "1 model" in await refused("ada")
    await house.prediction(bob, version)
    await house.models.delete(ada, "ada", "echo")
    assert "others have 1 prediction" in await refused("ada")
    assert "1 prediction" in await refused("bob")
    assert (await house.access.authenticate(token)).account_id == ada.account_id


async def test_what_an_account_had_goes_with_it_and_its_name_is_free(house: House, root: Caller, ada: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    await house.access.authenticate(token)
    await house.model(ada, "echo")
    version = await house.version(ada, "echo")
    await house.models.delete(ada, "ada", "echo")
    await house.users.delete(root, "ADA")
    with pytest.raises(Unauthenticated) as error:
        await house.access.authenticate(token)
    assert error.value.code == "invalid_token"
    with pytest.raises(NotFound):
        await house.users.delete(root, "ada")
    again = await house.users.create(root, NewAccount("ada"))
    assert again.id != ada.account_id
    assert await house.bundles.exists(version.digest), "others may use the same bundle"
    # Pushed again by another, the bundle that is there already serves.
    await house.model(root, "echo")
    await house.version(root, "echo", version.digest)
