"""Tokens: what they prove, for how long, and that nobody learns them from the store."""

from __future__ import annotations

import re

import anyio
import pytest

from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest, NotFound, Unauthenticated
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
    await house.db.write(lambda c: rows.revoke(c, ada.account_id, caller.token_id, now))
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


async def test_a_scope_that_would_have_no_effect_is_refused(house: House, ada: Caller) -> None:
    for scopes in ((), ("read",), ("*", "read")):
        with pytest.raises(InvalidRequest):
            await house.access.issue_token(ada.account_id, "laptop", scopes)


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
