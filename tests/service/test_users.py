"""Accounts: looked up by name, changed by their own people, and nothing of another."""

from __future__ import annotations

from typing import Any, cast

import pytest

from augury.domain.account import Caller
from augury.domain.errors import Conflict, InvalidRequest, NotFound
from augury.service.users import AccountChange
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
