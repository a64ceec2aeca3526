"""Access lists: kept by the model's owner, and what they let others do."""

from __future__ import annotations

import pytest

from augury.domain.account import Caller
from augury.domain.errors import Forbidden, InvalidRequest, NotFound
from augury.domain.paging import Cursor
from tests.service.house import House

pytestmark = pytest.mark.anyio


async def test_who_is_on_the_list_of_a_restricted_model_may_run_it_until_taken_off(
    house: House, ada: Caller, bob: Caller
) -> None:
    await house.model(ada, "echo", "restricted")
    await house.version(ada, "echo")
    with house.notifier.subscribe("models", lambda _: house.models.forget()):
        with pytest.raises(Forbidden):
            await house.models.resolve(bob, "ada/echo")
        assert (await house.sharing.allow(ada, "ada", "echo", "BOB")).name == "bob"
        assert (await house.sharing.allow(ada, "ada", "echo", "bob")).name == "bob", "once more changes nothing"
        assert await house.models.resolve(bob, "ada/echo")
        assert (await house.sharing.get(ada, "ada", "echo", "bob")).id == bob.account_id
        await house.sharing.deny(ada, "ada", "echo", "bob")
        with pytest.raises(Forbidden):
            await house.models.resolve(bob, "ada/echo")
    with pytest.raises(NotFound) as missing:
        await house.sharing.deny(ada, "ada", "echo", "bob")
    assert missing.value.code == "not_on_list"
    with pytest.raises(NotFound):
        await house.sharing.get(ada, "ada", "echo", "bob")


async def test_being_on_the_list_of_a_private_model_shows_nothing(house: House, ada: Caller, bob: Caller) -> None:
    await house.model(ada, "echo")
    await house.version(ada, "echo")
    await house.sharing.allow(ada, "ada", "echo", "bob")
    with pytest.raises(NotFound):
        await house.models.get(bob, "ada", "echo")
    with pytest.raises(NotFound):
        await house.models.resolve(bob, "ada/echo")


@pytest.mark.parametrize(
    ("visibility", "error"), [("restricted", Forbidden), ("public", Forbidden), ("private", NotFound)]
)
async def test_only_who_may_change_the_model_sees_and_changes_its_list(
    house: House, ada: Caller, bob: Caller, visibility: str, error: type[Exception]
) -> None:
    await house.model(ada, "echo", visibility)
    await house.sharing.allow(ada, "ada", "echo", "bob")
    for refused in (
        house.sharing.page(bob, "ada", "echo"),
        house.sharing.get(bob, "ada", "echo", "bob"),
        house.sharing.get(bob, "ada", "echo", "nobody"),
        house.sharing.allow(bob, "ada", "echo", "bob"),
        house.sharing.deny(bob, "ada", "echo", "bob"),
    ):
        with pytest.raises(error):
            await refused
    root = await house.account("root", admin=True)
    assert [one.name for one in (await house.sharing.page(root, "ada", "echo")).items] == ["bob"]


async def test_the_list_is_read_by_name_in_both_directions(house: House, ada: Caller) -> None:
    await house.model(ada, "echo", "restricted")
    await house.model(ada, "other", "restricted")
    names = ["carol", "dave", "eve", "fay", "gil"]
    for name in reversed(names):
        await house.account(name)
        await house.sharing.allow(ada, "ada", "echo", name)
    first = await house.sharing.page(ada, "ada", "echo", page_size=2)
    second = await house.sharing.page(ada, "ada", "echo", cursor=first.next_cursor, page_size=2)
    third = await house.sharing.page(ada, "ada", "echo", cursor=second.next_cursor, page_size=2)
    back = await house.sharing.page(ada, "ada", "echo", cursor=second.previous_cursor, page_size=2)
    assert [one.name for page in (first, second, third) for one in page.items] == names
    assert back.items == first.items
    assert not (await house.sharing.page(ada, "ada", "other")).items
    with pytest.raises(InvalidRequest):
        await house.sharing.page(ada, "ada", "echo", cursor=Cursor({}, (1,)).encode())


@pytest.mark.parametrize("name", ["nobody", "", "a\0", "é", "x" * 1000])
async def test_a_user_of_whom_there_is_none_is_not_found(house: House, ada: Caller, name: str) -> None:
    await house.model(ada, "echo")
    for refused in (house.sharing.allow, house.sharing.deny, house.sharing.get):
        with pytest.raises(NotFound) as missing:
            await refused(ada, "ada", "echo", name)
        assert missing.value.code == "user_not_found"


async def test_who_sees_but_may_not_run_a_version_learns_nothing_of_its_files(
    house: House, ada: Caller, bob: Caller
) -> None:
    await house.model(ada, "echo", "restricted")
    version = await house.version(ada, "echo")
    await house.account("carol")
    await house.sharing.allow(ada, "ada", "echo", "carol")
    carol = Caller((await house.users.get("carol")).id, "carol", False, "")
    root = await house.account("root", admin=True)
    for caller, digest in (
        (None, ""),
        (bob, ""),
        (carol, version.digest),
        (ada, version.digest),
        (root, version.digest),
    ):
        for found in (
            await house.models.get_version(caller, "ada", "echo", 1),
            (await house.models.get(caller, "ada", "echo")).latest,
        ):
            assert found is not None
            assert (found.digest, bool(found.size)) == (digest, bool(digest))
    await house.models.update(ada, "ada", "echo", {"visibility": "public"})
    assert (await house.models.get_version(None, "ada", "echo", 1)).digest == version.digest
