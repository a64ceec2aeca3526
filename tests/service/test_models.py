"""Models: made once, seen by whom they are for, listed both ways, renamed, deleted with what waits for them."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import anyio
import anyio.to_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import CallerError, Conflict, Forbidden, Gone, InvalidRequest, NotFound
from augury.domain.ids import WorkerId
from augury.domain.jsontext import JsonText, loads
from augury.domain.model import Model
from augury.domain.paging import Page
from augury.domain.prediction import Status
from augury.service.models import Idempotency, NewModel
from augury.store import predictions as prediction_rows
from tests.service.house import SCHEMAS, House

pytestmark = pytest.mark.anyio


def names(page: Page[Model]) -> list[str]:
    return [one.name for one in page.items]


async def test_a_model_is_private_unless_said_otherwise_and_named_in_lower_case(house: House, ada: Caller) -> None:
    made = await house.models.create(ada, NewModel("Echo.V2"))
    assert (made.model.name, made.model.visibility.value, made.latest) == ("echo.v2", "private", None)
    assert made.model.owner == "ada"
    assert made == await house.models.get(ada, "ADA", "ECHO.v2")


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "a b", "a/b", "a:b", "ä", "a" * 65, ".", "..", "a\0b", "\u212a", "\u017f", "a\n"]
)
async def test_a_name_that_is_none_is_refused_at_its_place(house: House, ada: Caller, name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await house.models.create(ada, NewModel(name))
    assert [one.loc for one in refused.value.problems] == [("body", "name")]


async def test_everything_that_is_wrong_is_said_at_once(house: House, ada: Caller) -> None:
    wrong = NewModel(
        "-", "secret", description="\0", source_url="javascript:alert(1)", paper_url="http://", category_slugs=["n/p"]
    )
    with pytest.raises(InvalidRequest) as refused:
        await house.models.create(ada, wrong)
    assert {one.loc[1] for one in refused.value.problems} == {
        "name", "visibility", "description", "source_url", "paper_url", "category_slugs"
    }  # fmt: skip


async def test_of_two_creates_of_one_name_at_once_one_is_a_clash(house: House, ada: Caller) -> None:
    outcomes: list[str] = []

    async def create(name: str) -> None:
        try:
            await house.models.create(ada, NewModel(name))
            outcomes.append("made")
        except Conflict as clash:
            outcomes.append(clash.code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(create, "echo")
        tasks.start_soon(create, "ECHO")
    assert sorted(outcomes) == ["made", "model_exists"]


async def test_two_owners_may_use_one_name(house: House, ada: Caller, bob: Caller) -> None:
    first, second = await house.model(ada, "echo"), await house.model(bob, "echo")
    assert first.model.id != second.model.id


async def test_a_repeated_create_with_its_key_gives_the_same_model(house: House, ada: Caller) -> None:
    key = Idempotency(ada.token_id, "k1", "0" * 64)
    made = await house.models.create(ada, NewModel("echo"), key)
    again = await house.models.create(ada, NewModel("echo"), key)
    assert again == made
    with pytest.raises(InvalidRequest) as reused:
        await house.models.create(ada, NewModel("other"), Idempotency(ada.token_id, "k1", "1" * 64))
    assert reused.value.code == "idempotency_key_reused"
    with pytest.raises(NotFound):
        await house.models.get(ada, "ada", "other")
    await house.models.delete(ada, "ada", "echo")
    with pytest.raises(Gone):
        await house.models.create(ada, NewModel("echo"), key)


async def test_a_key_whose_create_clashed_may_be_used_again(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    key = Idempotency(ada.token_id, "k1", "0" * 64)
    with pytest.raises(Conflict):
        await house.models.create(ada, NewModel("echo"), key)
    await house.models.delete(ada, "ada", "echo")
    assert (await house.models.create(ada, NewModel("echo"), key)).model.name == "echo"


SEES = {
    # visibility: who sees it, who runs it
    "private": ({"ada", "root"}, {"ada", "root"}),
    "public": ({"ada", "bob", "friend", "root", "nobody"}, {"ada", "bob", "friend", "root"}),
    "restricted": ({"ada", "bob", "friend", "root", "nobody"}, {"ada", "friend", "root"}),
}


@pytest.mark.parametrize("visibility", SEES)
async def test_who_sees_runs_and_changes_a_model(
    house: House, ada: Caller, bob: Caller, root: Caller, visibility: str
) -> None:
    friend = await house.account("friend")
    await house.model(ada, "echo", visibility)
    await house.version(ada, "echo")
    await house.sharing.allow(ada, "ada", "echo", "friend")
    callers: dict[str, Caller | None] = {"ada": ada, "bob": bob, "friend": friend, "root": root, "nobody": None}
    sees, runs, changes, hidden, denied = set[str](), set[str](), set[str](), set[str](), set[str]()
    for who, caller in callers.items():
        for reached, attempt in ((sees, "see"), (runs, "run"), (changes, "change")):
            try:
                if attempt == "see":
                    await house.models.get(caller, "ada", "echo")
                    await house.models.get_version(caller, "ada", "echo", 1)
                    await house.models.get_configuration(caller, "ada", "echo", 1)
                    await house.models.page_versions(caller, "ada", "echo")
                elif caller is None:
                    continue
                elif attempt == "run":
                    await house.models.resolve(caller, "ada/echo")
                else:
                    await house.models.update(caller, "ada", "echo", {"description": who})
                reached.add(who)
            except NotFound:
                hidden.add(who)
            except Forbidden:
                denied.add(who)
    assert (sees, runs) == SEES[visibility]
    assert changes == {"ada", "root"}
    # What may not be seen is not found; what is seen is not denied to exist.
    assert hidden == set(callers) - sees
    assert not hidden & denied


async def test_a_private_model_of_another_looks_like_none(house: House, ada: Caller, bob: Caller) -> None:
    await house.model(ada, "echo")
    answers: list[tuple[str, str, str | None]] = []
    for name in ("echo", "none"):
        with pytest.raises(NotFound) as refused:
            await house.models.get(bob, "ada", name)
        answers.append((refused.value.message.replace(name, "*"), refused.value.code, refused.value.hint))
    assert answers[0] == answers[1]


async def test_lists_show_what_everyone_may_see_and_ones_own_list_all(house: House, ada: Caller, bob: Caller) -> None:
    for visibility in ("private", "public", "restricted"):
        await house.model(ada, visibility, visibility)
    await house.model(bob, "other", "public")
    assert names(await house.models.page()) == ["public", "restricted", "other"]
    assert names(await house.models.page_of_owner("Ada")) == ["public", "restricted"]
    assert names(await house.models.page_of_mine(ada)) == ["private", "public", "restricted"]
    assert names(await house.models.page(category_slugs=["nlp"])) == []
    for nobody in ("nobody", "\0", "a b"):
        with pytest.raises(NotFound):
            await house.models.page_of_owner(nobody)


async def test_a_list_is_walked_both_ways_while_models_are_made_and_deleted(house: House, ada: Caller) -> None:
    for number in range(7):
        await house.model(ada, f"m{number}", "public")
    walked: list[str] = []
    page = await house.models.page(page_size=2, sort_direction="desc")
    assert page.previous_cursor is None
    while page.next_cursor:
        walked += names(page)
        await house.model(ada, f"new{len(walked)}", "public")
        if len(walked) == 2:
            await house.models.delete(ada, "ada", "m0")
        page = await house.models.page(cursor=page.next_cursor, page_size=2)
    walked += names(page)
    assert walked == ["m6", "m5", "m4", "m3", "m2", "m1"]
    back: list[str] = []
    while page.previous_cursor:
        page = await house.models.page(cursor=page.previous_cursor, page_size=2)
        assert page.next_cursor is not None
        back = names(page) + back
    # All that was made meanwhile is newer, and so lies before the first page.
    assert back == ["new4", "new2", "m6", "m5", "m4", "m3"]


async def test_a_cursor_carries_its_sort(house: House, ada: Caller) -> None:
    for number in range(5):
        await house.model(ada, f"m{number}", "public")
    first = await house.models.page(page_size=2, sort_direction="desc")
    assert first.next_cursor is not None
    second = await house.models.page(cursor=first.next_cursor, page_size=2, sort_direction="asc")
    assert names(second) == ["m2", "m1"]


async def test_models_sort_by_how_often_they_ran(house: House, ada: Caller) -> None:
    for name, count in (("never", 0), ("twice", 2), ("once", 1), ("also-twice", 2), ("gone", 3)):
        await house.model(ada, name, "public")
        version = await house.version(ada, name)
        for _ in range(count):
            await house.prediction(ada, version)
        # Predictions of deleted versions count, too.
        if name == "twice":
            await house.models.delete_version(ada, "ada", name, 1)
    await house.models.delete(ada, "ada", "gone")
    page = await house.models.page(sort_by="predictions_count", page_size=2)
    assert [(one.name, one.predictions_count) for one in page.items] == [("also-twice", 2), ("twice", 2)]
    assert page.next_cursor is not None
    page = await house.models.page(cursor=page.next_cursor, page_size=2)
    assert [(one.name, one.predictions_count) for one in page.items] == [("once", 1), ("never", 0)]
    assert page.next_cursor is None
    assert page.previous_cursor is not None
    page = await house.models.page(cursor=page.previous_cursor, page_size=2)
    assert names(page) == ["also-twice", "twice"]
    of_owner = await house.models.page_of_owner("ada", sort_by="predictions_count", sort_direction="asc")
    assert names(of_owner) == ["once", "twice", "also-twice"]
    assert (await house.models.get(ada, "ada", "twice")).model.predictions_count == 2


@pytest.mark.parametrize(("sort_by", "direction"), [("name", None), ("created_at", "up"), ("\0", None)])
async def test_a_sort_that_there_is_not_is_refused(house: House, sort_by: str, direction: str | None) -> None:
    with pytest.raises(InvalidRequest):
        await house.models.page(sort_by=sort_by, sort_direction=direction)


async def test_a_cursor_of_another_list_is_refused(house: House, ada: Caller) -> None:
    for name in ("a", "b"):
        await house.model(ada, name, "public")
    await house.version(ada, "a")
    await house.version(ada, "a")
    models = await house.models.page(page_size=1)
    versions = await house.models.page_versions(ada, "ada", "a", page_size=1)
    assert models.next_cursor is not None
    assert versions.next_cursor is not None
    with pytest.raises(InvalidRequest):
        await house.models.page(cursor=versions.next_cursor)
    with pytest.raises(InvalidRequest):
        await house.models.page_versions(ada, "ada", "a", cursor=models.next_cursor)


async def test_a_made_up_cursor_is_an_answer_or_refused_and_never_an_error(house: House, ada: Caller) -> None:
    await house.model(ada, "a", "public")
    await house.version(ada, "a")
    texts = st.text() | st.binary().map(lambda raw: raw.hex())
    values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers() | st.text(), max_size=3)
    sorts = st.fixed_dictionaries(
        {"sort_by": st.sampled_from(["created_at", "predictions_count"]), "sort_direction": st.just("asc")}
    )
    contents = st.tuples(sorts | st.dictionaries(st.text(), values) | values, values, values)
    cursors = await anyio.to_thread.run_sync(lambda: examples(texts, contents))
    refusals: list[tuple[str | int, ...]] = []
    for cursor in cursors:
        for listed in (
            house.models.page(cursor=cursor),
            house.models.page_of_mine(ada, cursor=cursor),
            house.models.page_versions(ada, "ada", "a", cursor=cursor),
        ):
            try:
                await listed
            except InvalidRequest as refused:
                refusals += [one.loc for one in refused.problems]
    assert set(refusals) == {("query", "cursor")}
    assert len(refusals) > len(cursors)


def examples(texts: st.SearchStrategy[str], contents: st.SearchStrategy[object]) -> list[str]:
    found: list[str] = []

    @settings(max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(texts, contents)
    def collect(text: str, content: object) -> None:
        found.append(text)
        try:
            found.append(urlsafe_b64encode(jsontext.dump_bytes(content)).rstrip(b"=").decode())
        except jsontext.InvalidJson:
            return

    collect()
    return found


async def test_only_what_is_sent_changes(house: House, ada: Caller) -> None:
    await house.models.create(ada, NewModel("echo", description="says it", source_url="https://example.org/a"))
    changed = await house.models.update(ada, "ada", "echo", {"description": None, "visibility": "public"})
    assert changed.model.description is None
    assert changed.model.source_url == "https://example.org/a"
    assert changed.model.visibility.value == "public"
    assert changed.model.updated_at is not None
    same = await house.models.update(ada, "ada", "echo", {})
    assert same == changed


async def test_a_renamed_model_has_only_its_new_name(house: House, ada: Caller) -> None:
    await house.model(ada, "taken")
    made = await house.model(ada, "echo")
    with pytest.raises(Conflict) as clash:
        await house.models.update(ada, "ada", "echo", {"name": "Taken"})
    assert clash.value.code == "model_exists"
    renamed = await house.models.update(ada, "ada", "echo", {"name": "Copy"})
    assert (renamed.model.id, renamed.model.name) == (made.model.id, "copy")
    with pytest.raises(NotFound):
        await house.models.get(ada, "ada", "echo")
    assert (await house.models.update(ada, "ada", "copy", {"name": "copy"})).model.name == "copy"


async def test_a_deleted_model_frees_its_name_and_abandons_what_waits(house: House, ada: Caller, bob: Caller) -> None:
    await house.model(ada, "echo", "public")
    version = await house.version(ada, "echo")
    waiting = [await house.prediction(bob, version) for _ in range(3)]
    starting = await house.prediction(bob, version, status=Status.STARTING)
    running = await house.prediction(
        bob, version, status=Status.STARTED, started_at=house.clock.now(), worker_id=WorkerId("w"), attempt=1
    )
    with pytest.raises(Forbidden):
        await house.models.delete(bob, "ada", "echo")
    house.heard.clear()
    await house.models.delete(ada, "ada", "echo")
    for one in (*waiting, starting):
        ended = await house.db.read(lambda c, one=one: prediction_rows.get(c, one.id))
        assert ended is not None
        assert ended.status is Status.ABANDONED
        assert loads(ended.error or JsonText("null")) == {
            "source": "internal",
            "message": "The model was deleted.",
            "detail": {"type": "model_deleted", "model": "ada/echo"},
        }
        assert f"prediction:{one.id}" in house.heard
    goes_on = await house.db.read(lambda c: prediction_rows.get(c, running.id))
    assert goes_on is not None
    assert goes_on.status is Status.STARTED
    assert f"version:{version.id}" in house.heard
    with pytest.raises(NotFound):
        await house.models.delete(ada, "ada", "echo")
    assert await house.models.runnable(version.id) is None
    again = await house.model(ada, "echo")
    assert again.latest is None
    assert (await house.version(ada, "echo")).number == 1


async def test_more_waiting_predictions_than_one_transaction_ends_are_all_abandoned(
    house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augury.service.models.BATCH", 3)
    await house.model(ada, "echo")
    version = await house.version(ada, "echo")
    waiting = [await house.prediction(ada, version) for _ in range(7)]
    await house.models.delete(ada, "ada", "echo")
    for one in waiting:
        ended = await house.db.read(lambda c, one=one: prediction_rows.get(c, one.id))
        assert ended is not None
        assert ended.status is Status.ABANDONED


async def test_the_latest_version_is_shown_with_its_model(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    await house.version(ada, "echo", notes="one")
    await house.version(ada, "echo", notes="two")
    latest = (await house.models.get(ada, "ada", "echo")).latest
    assert latest is not None
    assert (latest.number, latest.release_notes, loads(latest.schemas)) == (2, "two", SCHEMAS)
    await house.models.delete_version(ada, "ada", "echo", 2)
    latest = (await house.models.get(ada, "ada", "echo")).latest
    assert latest is not None
    assert latest.number == 1


async def test_a_caller_may_not_make_use_of_a_name_with_a_trick(house: House, ada: Caller) -> None:
    await house.model(ada, "echo", "public")
    for owner, name in (("ada", "echo\0"), ("ada\0", "echo"), ("ada", ""), ("", ""), ("ada", "e" * 10_000)):
        with pytest.raises(CallerError) as refused:
            await house.models.get(ada, owner, name)
        assert isinstance(refused.value, NotFound)
