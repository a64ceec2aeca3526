"""Browsers that are signed in: how long, with which rights, and what ends it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import anyio
import pytest

from augury.domain.account import ALL_SCOPES, Account, Caller
from augury.domain.errors import NotFound, Unauthenticated
from augury.service.retention import Keep, Retention
from augury.service.sessions import CODE_SECONDS, Link, Sessions
from augury.store import users as rows
from augury.store.users import Token
from tests.service.house import House

pytestmark = pytest.mark.anyio

DAY = 86_400.0
TTL = 30 * DAY


@pytest.fixture
def sessions(house: House) -> Sessions:
    return Sessions(house.db, house.ids, house.access, house.clock.now, TTL, "http://augury.test")


async def with_token(house: House, account: Caller, *scopes: str, seconds: float | None = None) -> Caller:
    """The account, by a token of its own."""
    until = None if seconds is None else house.clock.time + int(seconds * 1e6)
    text = await house.access.issue_token(account.account_id, "laptop", scopes or ("admin",), until)
    return await house.access.authenticate(text)


async def signed_in(sessions: Sessions, caller: Caller) -> tuple[Caller, str]:
    """A session that a link of the caller's has begun."""
    made, text = await sessions.by_code(code_in(await sessions.link(caller)))
    return made.caller, text


def code_in(link: Link) -> str:
    return urlsplit(link.url).fragment.removeprefix("code=")


async def refusal(house: House, text: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        await house.access.authenticate(text)
    return refused.value.code


async def is_refused(sessions: Sessions, code: str) -> bool:
    with pytest.raises(Unauthenticated) as refused:
        await sessions.by_code(code)
    return refused.value.code == "invalid_code"


async def everything(house: House) -> list[rows.Row]:
    found = await house.db.read(lambda c: c.execute(rows.select(rows.tokens)).fetchall())
    return [tuple(one) for one in found]


async def test_a_link_signs_a_browser_in_once(house: House, sessions: Sessions, ada: Caller) -> None:
    link = await sessions.link(await with_token(house, ada))
    assert re.fullmatch(r"http://augury\.test/sign-in#code=augc_[\w-]{43}", link.url)

    made, text = await sessions.by_code(code_in(link))

    assert re.fullmatch(r"augs_[\w-]{43}", text)
    assert (made.account.name, made.caller.scopes) == ("ada", ALL_SCOPES)
    assert await house.access.authenticate(text) == made.caller
    assert await is_refused(sessions, code_in(link))


async def test_of_many_that_use_a_link_at_once_one_is_signed_in(house: House, sessions: Sessions, ada: Caller) -> None:
    code = code_in(await sessions.link(await with_token(house, ada)))
    answers: list[str] = []

    async def come() -> None:
        try:
            await sessions.by_code(code)
            answers.append("signed in")
        except Unauthenticated as refused:
            answers.append(refused.code)

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(come)
    assert sorted(answers) == ["invalid_code"] * 7 + ["signed in"]
    assert len([row for row in await everything(house) if "session" in row]) == 1


async def test_a_link_is_good_for_a_quarter_of_an_hour(house: House, sessions: Sessions, ada: Caller) -> None:
    early, late = [await sessions.link(await with_token(house, ada)) for _ in range(2)]
    house.clock.time = early.expires_at - 1_000
    await sessions.by_code(code_in(early))
    house.clock.time = late.expires_at
    assert CODE_SECONDS == 900
    assert await is_refused(sessions, code_in(late))


@pytest.mark.parametrize(
    "code", ["", "augc_", "augc_" + "A" * 43, "x", "augc_\0", "augc_" + "A" * 100_000, "augc_\udc80"]
)
async def test_what_is_no_code_signs_nobody_in(house: House, sessions: Sessions, ada: Caller, code: str) -> None:
    await sessions.link(await with_token(house, ada))
    assert await is_refused(sessions, code)


async def test_tokens_sessions_and_codes_cannot_stand_in_for_each_other(
    house: House, sessions: Sessions, ada: Caller
) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    caller = await house.access.authenticate(token)
    _, session = await signed_in(sessions, caller)
    code = code_in(await sessions.link(caller))

    assert await refusal(house, code) == "invalid_token"
    assert await is_refused(sessions, token)
    assert await is_refused(sessions, session)
    for text in (session, code):
        with pytest.raises(Unauthenticated) as refused:
            await sessions.by_token(text)
        assert refused.value.code == "invalid_token"


async def test_a_session_ends_when_its_time_is_over(house: House, sessions: Sessions, ada: Caller) -> None:
    caller, text = await signed_in(sessions, await with_token(house, ada))
    who = await sessions.look(caller)
    assert who is not None
    assert who.expires_at is not None
    house.clock.time = who.expires_at - 1_000_000
    assert await house.access.authenticate(text) == caller
    assert await house.access.stands(caller)
    house.clock.time = who.expires_at
    assert house.access.cached(text) is None
    assert await refusal(house, text) == "session_ended"
    assert not await house.access.stands(caller)


async def test_a_session_lives_no_longer_than_its_token(house: House, sessions: Sessions, ada: Caller) -> None:
    text = await house.access.issue_token(ada.account_id, "short", expires_at=house.clock.time + int(DAY * 1e6))
    token = await house.access.authenticate(text)
    (stored,) = await house.access.tokens(ada)

    by_token, _ = await sessions.by_token(text)
    by_code, session = await sessions.by_code(code_in(await sessions.link(token)))
    by_session, _ = await sessions.by_code(code_in(await sessions.link(by_code.caller)))

    assert {one.expires_at for one in (by_token, by_code, by_session)} == {stored.expires_at}
    house.clock.pass_seconds(DAY)
    assert await refusal(house, session) == "session_ended"


async def test_a_session_that_a_session_has_let_in_lives_no_longer_than_that(
    house: House, sessions: Sessions, ada: Caller
) -> None:
    first, _ = await sessions.by_code(code_in(await sessions.link(await with_token(house, ada))))
    house.clock.pass_seconds(20 * DAY)
    second, _ = await sessions.by_code(code_in(await sessions.link(first.caller)))
    assert second.expires_at == first.expires_at


@pytest.mark.parametrize(
    ("given", "has"), [("read", {"read"}), ("predict", {"read", "predict"}), ("admin", {"read", "predict", "admin"})]
)
async def test_a_session_may_what_its_token_may_and_nothing_else(
    house: House, sessions: Sessions, root: Caller, given: str, has: set[str]
) -> None:
    text = await house.access.issue_token(root.account_id, "laptop", (given,))
    by_token, _ = await sessions.by_token(text)
    by_code, _ = await sessions.by_code(code_in(await sessions.link(await house.access.authenticate(text))))
    by_session, _ = await sessions.by_code(code_in(await sessions.link(by_code.caller)))
    for made in (by_token, by_code, by_session):
        assert made.caller.scopes == has
        assert made.caller.admin == (given == "admin")


async def test_revoking_a_token_ends_what_was_made_from_it_at_once(
    house: House, sessions: Sessions, ada: Caller
) -> None:
    source, other = await with_token(house, ada), await with_token(house, ada)
    first, text = await signed_in(sessions, source)
    second, deeper = await signed_in(sessions, first)
    _, untouched = await signed_in(sessions, other)
    links = [await sessions.link(who) for who in (source, first, second)]
    for one in (text, deeper, untouched):
        await house.access.authenticate(one)

    await house.access.revoke(ada, source.token_id)

    for one in (text, deeper):
        assert house.access.cached(one) is None
        assert await refusal(house, one) == "session_ended"
    assert not await house.access.stands(second)
    assert all([await is_refused(sessions, code_in(link)) for link in links])
    await house.access.authenticate(untouched)


async def test_a_session_that_is_stored_as_its_token_is_revoked_is_worthless(
    house: House, sessions: Sessions, ada: Caller
) -> None:
    source = await with_token(house, ada)
    await house.access.revoke(ada, source.token_id)
    now = house.clock.now()
    late = Token(
        house.ids.next(),
        ada.account_id,
        "late",
        ("admin",),
        now,
        now + 1_000_000,
        None,
        None,
        "session",
        source.token_id,
    )
    await house.db.write(lambda c: rows.insert_token(c, late, "0" * 64))
    found = await house.db.read(lambda c: rows.whose(c, late.id))
    assert found is not None
    assert found[0].revoked_at is not None


async def test_signing_out_ends_that_session_and_the_links_that_it_made(
    house: House, sessions: Sessions, ada: Caller
) -> None:
    source = await with_token(house, ada)
    caller, text = await signed_in(sessions, source)
    _, other = await signed_in(sessions, source)
    link = await sessions.link(caller)

    await sessions.end(text)
    await sessions.end(text)

    assert await refusal(house, text) == "session_ended"
    assert await is_refused(sessions, code_in(link))
    await house.access.authenticate(other)


async def test_signing_out_does_nothing_to_a_token(house: House, sessions: Sessions, ada: Caller) -> None:
    text = await house.access.issue_token(ada.account_id, "laptop")
    await sessions.end(text)
    await sessions.end("augs_nothing")
    await house.access.authenticate(text)


async def test_signing_out_everywhere_ends_every_session_and_link_of_the_account_and_no_token(
    house: House, sessions: Sessions, ada: Caller, bob: Caller
) -> None:
    token = await house.access.issue_token(ada.account_id, "laptop")
    source = await house.access.authenticate(token)
    mine = [await signed_in(sessions, source) for _ in range(2)]
    link = await sessions.link(source)
    _, his = await signed_in(sessions, await with_token(house, bob))

    await sessions.end_all(mine[0][0])

    for _, text in mine:
        assert await refusal(house, text) == "session_ended"
    assert await is_refused(sessions, code_in(link))
    await house.access.authenticate(token)
    await house.access.authenticate(his)


async def test_a_disabled_account_is_signed_in_nowhere(
    house: House, sessions: Sessions, ada: Caller, root: Caller
) -> None:
    source = await with_token(house, ada)
    caller, text = await signed_in(sessions, source)
    link = await sessions.link(caller)
    await house.access.authenticate(text)

    await house.users.change(root, "ada", {"disabled": True})

    assert await refusal(house, text) == "account_disabled"
    assert not await house.access.stands(caller)
    with pytest.raises(Unauthenticated) as refused:
        await sessions.by_code(code_in(link))
    assert refused.value.code == "account_disabled"


async def test_a_deleted_account_takes_its_sessions_and_links_along(
    house: House, sessions: Sessions, ada: Caller, root: Caller
) -> None:
    caller, text = await signed_in(sessions, await with_token(house, ada))
    link = await sessions.link(caller)

    await house.users.delete(root, "ada")

    assert await refusal(house, text) == "session_ended"
    assert await is_refused(sessions, code_in(link))
    assert await everything(house) == []


async def test_who_starts_the_server_gets_a_link_that_depends_on_no_token(
    house: House, sessions: Sessions, root: Caller
) -> None:
    account = Account(root.account_id, root.name, True, 1)
    made, text = await sessions.by_code(code_in(await sessions.link_of(account)))
    assert (made.caller.name, made.caller.admin, made.caller.scopes) == ("root", True, ALL_SCOPES)
    _, deeper = await signed_in(sessions, made.caller)
    await house.access.authenticate(text)
    await house.access.authenticate(deeper)


async def test_the_tokens_of_an_account_are_neither_sessions_nor_links(
    house: House, sessions: Sessions, ada: Caller
) -> None:
    source = await with_token(house, ada)
    caller, text = await signed_in(sessions, source)
    await sessions.link(caller)

    assert [one.id for one in await house.access.tokens(ada)] == [source.token_id]
    assert [one.id for one in (await house.access.page(ada)).items] == [source.token_id]
    with pytest.raises(NotFound):
        await house.access.revoke(ada, caller.token_id)
    await house.access.authenticate(text)


async def test_sessions_and_codes_are_nowhere_in_the_store(house: House, sessions: Sessions, ada: Caller) -> None:
    caller, text = await signed_in(sessions, await with_token(house, ada))
    code = code_in(await sessions.link(caller))
    stored = repr(await everything(house))
    assert "browser" in stored
    for secret in (text, code):
        assert secret[5:] not in stored


async def test_what_has_ended_is_swept_away_and_nothing_else(house: House, sessions: Sessions, ada: Caller) -> None:
    source = await with_token(house, ada)
    expired = await with_token(house, ada, seconds=1)
    _, out = await signed_in(sessions, source)
    _, kept = await signed_in(sessions, source)
    await sessions.link(source)
    await sessions.end(out)
    assert len(await everything(house)) == 7
    house.clock.pass_seconds(CODE_SECONDS)

    await Retention(house.db, house.clock.now, Keep(1.0)).sweep()

    left = await house.db.read(lambda c: c.execute(rows.select(rows.tokens.c.kind)).scalars().all())
    assert sorted(left) == ["session", "token", "token"]
    assert {one.id for one in await house.access.tokens(ada)} == {source.token_id, expired.token_id}
    await house.access.authenticate(kept)
