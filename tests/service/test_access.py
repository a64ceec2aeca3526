"""Tokens: what they prove, for how long, and that nobody learns them from the store."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest

from augury.domain.account import ALL_SCOPES, Caller
from augury.domain.errors import Forbidden, InvalidRequest, NotFound, Unauthenticated
from augury.domain.paging import Cursor
from augury.service.access import Access, NewToken
from augury.service.once import Idempotency
from augury.store import users as rows
from tests.service.house import House
from tests.support.signals import until_async

pytestmark = pytest.mark.anyio


async def code_of(house: House, token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        await house.access.authenticate(token)
    return refused.value.code


async def test_a_token_proves_its_account(house: House, ada: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    assert re.fullmatch(r"aug_[A-Za-z0-9_-]{43}", token)
    assert house.access.cached(token) is None
    caller = await house.access.authenticate(token)
    assert (caller.account_id, caller.name, caller.admin) == (ada.account_id, "ada", False)
    assert house.access.cached(token) == caller


@pytest.mark.parametrize(
    "token", ["", "aug_", "aug_" + "A" * 43, "x", "aug_\0", "aug_" + "A" * 100_000, "aug_\udc80", "Bearer aug_"]
)
async def test_what_is_no_token_proves_nothing(house: House, ada: Caller, token: str) -> None:
    await house.access.issue_token(ada.account_id, "laptop")
    assert house.access.cached(token) is None
    assert await code_of(house, token) == "invalid_token"


async def test_a_revoked_token_is_worthless_at_once(house: House, ada: Caller, bob: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    caller = await house.access.authenticate(token)
    with pytest.raises(NotFound):
        await house.access.revoke(bob, caller.token_id)
    assert house.access.cached(token) is not None
    await house.access.revoke(ada, caller.token_id)
    assert house.access.cached(token) is None
    assert await code_of(house, token) == "revoked_token"
    with pytest.raises(NotFound):
        await house.access.revoke(ada, caller.token_id)


async def test_a_token_revoked_by_another_process_is_worthless_after_five_seconds(house: House, ada: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    caller = await house.access.authenticate(token)
    now = house.clock.now()
    await house.db.write(lambda c: rows.revoke(c, caller.token_id, now))
    house.clock.pass_seconds(4.9)
    assert house.access.cached(token) is not None
    house.clock.pass_seconds(0.1)
    assert house.access.cached(token) is None
    assert await code_of(house, token) == "revoked_token"


async def test_a_token_ends_on_time_even_when_it_was_just_used(house: House, ada: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop", expires_at=house.clock.now() + 1_000_000)
    await house.access.authenticate(token)
    house.clock.pass_seconds(0.9)
    assert house.access.cached(token) is not None
    house.clock.pass_seconds(0.1)
    assert house.access.cached(token) is None
    assert await code_of(house, token) == "expired_token"


async def test_a_token_is_nowhere_in_the_store(house: House, ada: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")

    def everything(c: rows.Connection) -> str:
        return repr(c.execute(rows.select(rows.tokens)).fetchall())

    stored = await house.db.read(everything)
    assert "laptop" in stored
    assert token not in stored
    assert token.removeprefix("aug_") not in stored


async def test_the_use_of_a_token_is_noted(house: House, ada: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    assert [one.last_used_at for one in await house.access.tokens(ada)] == [None]
    await house.access.authenticate(token)

    async def noted() -> bool:
        return [one.last_used_at for one in await house.access.tokens(ada)] != [None]

    await until_async(noted, "the use is noted")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"scopes": ()}, "scopes"),
        ({"scopes": ("write",)}, "scopes.0"),
        ({"scopes": ("read", "*")}, "scopes.1"),
        ({"name": ""}, "name"),
        ({"name": " \t"}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"expires_at": 1_600_000_000_000_000}, "expires_at"),
        ({"expires_at": -1}, "expires_at"),
        ({"expires_at": 2**62}, "expires_at"),
    ],
)
async def test_what_would_be_no_token_is_refused_at_its_place(
    house: House, ada: Caller, fields: dict[str, Any], place: str
) -> None:
    wanted: dict[str, Any] = {"name": "laptop", **fields}
    new = NewToken(**wanted)
    with pytest.raises(InvalidRequest) as refused:
        await house.access.issue(ada, new)
    assert [one.loc for one in refused.value.problems] == [("body", *place.split("."))]
    with pytest.raises(InvalidRequest):
        await house.access.issue_token(ada.account_id, new.name, new.scopes, new.expires_at)
    assert await house.access.tokens(ada) == []


@pytest.mark.parametrize(
    ("given", "has"),
    [
        (("read",), {"read"}),
        (("predict",), {"read", "predict"}),
        (("admin",), {"read", "predict", "admin"}),
        (("predict", "read", "read"), {"read", "predict"}),
    ],
)
async def test_a_scope_includes_all_of_the_ones_before_it(
    house: House, ada: Caller, given: tuple[str, ...], has: set[str]
) -> None:
    caller = await house.access.authenticate(await house.access.issue_token(ada.account_id, "laptop", given))
    assert caller.scopes == has
    for scope in ("read", "predict", "admin"):
        if scope in has:
            caller.demand(scope)
            continue
        with pytest.raises(Forbidden) as refused:
            caller.demand(scope)
        assert refused.value.code == "scope_missing"
        assert scope in refused.value.message


async def test_a_token_from_before_there_were_scopes_may_do_everything(house: House, ada: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    change = rows.sql_update(rows.tokens).values(scopes='["*"]')
    await house.db.write(lambda c: c.execute(change) and None)
    assert (await house.access.authenticate(token)).scopes == ALL_SCOPES


async def test_a_scope_of_a_newer_version_gives_nothing(house: House, ada: Caller) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    change = rows.sql_update(rows.tokens).values(scopes='["fly", "read"]')
    await house.db.write(lambda c: c.execute(change) and None)
    assert (await house.access.authenticate(token)).scopes == {"read"}


async def test_what_admins_may_takes_a_token_with_the_scope_admin(house: House) -> None:
    root = await house.account("root", admin=True)
    for scope, admin in (("read", False), ("predict", False), ("admin", True)):
        token = await house.access.issue_token(root.account_id, scope, (scope,))
        assert (await house.access.authenticate(token)).admin is admin


async def test_a_token_makes_none_that_may_do_more_than_itself(house: House, ada: Caller) -> None:
    for own in ("read", "predict"):
        weak = await house.access.authenticate(await house.access.issue_token(ada.account_id, own, (own,)))
        with pytest.raises(Forbidden) as refused:
            await house.access.issue(weak, NewToken("more", ("read", "admin")))
        assert refused.value.code == "scope_missing"
    token, text = await house.access.issue(ada, NewToken("more", ("predict",)))
    assert text is not None
    assert (token.scopes, token.account_id) == (("predict",), ada.account_id)
    assert (await house.access.authenticate(text)).token_id == token.id


async def test_a_token_that_was_made_once_is_not_made_again_and_its_text_is_not_known_any_more(
    house: House, ada: Caller
) -> None:
    once = Idempotency(ada.token_id, "key", "hash")
    made, text = await house.access.issue(ada, NewToken("laptop"), once)
    again, nothing = await house.access.issue(ada, NewToken("laptop"), once)
    assert (again, nothing) == (made, None)
    assert text is not None
    with pytest.raises(InvalidRequest):
        await house.access.issue(ada, NewToken("other"), Idempotency(ada.token_id, "key", "other"))
    assert [one.id for one in await house.access.tokens(ada)] == [made.id]


async def test_only_admins_see_make_and_revoke_the_tokens_of_others(house: House, ada: Caller, bob: Caller) -> None:
    root = await house.account("root", admin=True)
    made, text = await house.access.issue(root, NewToken("gift", account="ADA"))
    assert text is not None
    assert (await house.access.authenticate(text)).account_id == ada.account_id
    assert [one.id for one in (await house.access.page(root, account="ada")).items] == [made.id]
    for refused in (
        house.access.issue(bob, NewToken("theft", account="ada")),
        house.access.page(bob, account="ada"),
        house.access.page(bob, cursor=Cursor({"account": "ada"}).encode()),
        house.access.issue(bob, NewToken("theft", account="nobody")),
    ):
        with pytest.raises(Forbidden) as error:
            await refused
        assert error.value.code == "admins_only"
    with pytest.raises(NotFound):
        await house.access.revoke(bob, made.id)
    for nobody in ("nobody", "", "a\0", "é"):
        with pytest.raises(NotFound):
            await house.access.page(root, account=nobody)
    assert [one.id for one in (await house.access.page(ada, account="ada")).items] == [made.id]
    await house.access.revoke(root, made.id)
    assert await code_of(house, text) == "revoked_token"


async def test_tokens_are_listed_newest_first_in_both_directions(house: House, ada: Caller, bob: Caller) -> None:
    made = [(await house.access.issue(ada, NewToken(str(number))))[0].id for number in range(5)]
    await house.access.issue(bob, NewToken("another's"))
    first = await house.access.page(ada, page_size=2)
    second = await house.access.page(ada, cursor=first.next_cursor, page_size=2)
    third = await house.access.page(ada, cursor=second.next_cursor, page_size=2)
    back = await house.access.page(ada, cursor=third.previous_cursor, page_size=2)
    found = [one.id for page in (first, second, third) for one in page.items]
    assert found == made[::-1]
    assert back.items == second.items
    assert (first.previous_cursor, third.next_cursor) == (None, None)


@pytest.mark.parametrize("token_id", ["", "x", "a\0b", "x" * 10_000])
async def test_what_is_no_token_cannot_be_revoked(house: House, ada: Caller, token_id: str) -> None:
    with pytest.raises(NotFound):
        await house.access.revoke(ada, token_id)


async def test_a_disabled_account_is_refused_at_once_and_elsewhere_within_seconds(house: House, ada: Caller) -> None:
    root = await house.account("root", admin=True)
    token = await house.access.issue_token(ada.account_id, "laptop")
    elsewhere = Access(house.db, house.ids, house.clock.now)
    for process in (house.access, elsewhere):
        await process.authenticate(token)
    await house.users.change(root, "ada", {"disabled": True})
    assert house.access.cached(token) is None
    assert await code_of(house, token) == "account_disabled"
    house.clock.pass_seconds(5)
    assert elsewhere.cached(token) is None
    with pytest.raises(Unauthenticated):
        await elsewhere.authenticate(token)
    await house.users.change(root, "ada", {"disabled": False})
    assert (await house.access.authenticate(token)).account_id == ada.account_id


async def test_the_first_start_makes_the_owner_and_a_token_and_later_ones_nothing(house: House) -> None:
    account, token = await house.access.ensure_owner("Ada")
    assert token is not None
    assert (account.name, account.admin) == ("ada", True)
    assert (await house.access.authenticate(token)).admin
    again, none = await house.access.ensure_owner("other")
    assert (again.id, none) == (account.id, None)
    with pytest.raises(InvalidRequest):
        await house.access.ensure_owner("not a name")


async def test_many_first_starts_at_once_make_one_owner(house: House) -> None:
    made: list[str | None] = []

    async def start() -> None:
        made.append((await house.access.ensure_owner("ada"))[1])

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(start)
    assert len([token for token in made if token is not None]) == 1
