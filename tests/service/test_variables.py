"""Variables on both databases: who has them, what they may be called, which versions use them, how they are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from augury.domain.account import Caller
from augury.domain.errors import CallerError, Conflict, InvalidRequest, NotFound
from augury.domain.model import Version
from augury.domain.variable import RESERVED, is_reserved
from augury.engine.local_launcher import MARK, PASSED_ON
from augury.service.keyring import Keyring
from augury.service.once import Idempotency
from augury.service.rotation import Rotation
from augury.service.variables import NewVariable, Unavailable, Variables
from augury.service.vault import Vault, webhook_context
from augury.store import deliveries, sealed
from augury.store import variables as rows
from tests.service.house import SCHEMAS, House
from tests.support.sealing import VAULT
from tests.support.signals import until_async

pytestmark = pytest.mark.anyio

TOKEN = NewVariable("hub-token", "HUB_TOKEN", "hush hush", secret=True)
PLAIN = NewVariable("region", "REGION", "north", secret=False)


@pytest.fixture
def variables(house: House) -> Variables:
    return Variables(house.db, house.notifier, VAULT, house.clock.now, house.models.forget)


async def version(house: House, caller: Caller, *names: str, model: str = "echo") -> Version:
    """A version of the caller's model that has these variables."""
    digest = await house.bundle(caller)
    return await house.models.publish(
        caller,
        caller.name,
        model,
        release_notes="",
        schemas=SCHEMAS,
        container_image_digest=digest,
        configuration={"hardware_identifier": "cpu", "variable_names": list(names)},
    )


async def test_a_variable_is_made_listed_and_deleted_by_its_owner_alone(
    variables: Variables, ada: Caller, bob: Caller
) -> None:
    made = await variables.create(ada, TOKEN)
    assert (made.name, made.key, made.value, made.secret, made.updated_at) == (
        "hub-token", "HUB_TOKEN", "", True, None,
    )  # fmt: skip
    assert (await variables.create(ada, PLAIN)).value == "north"
    await variables.create(bob, replace(TOKEN, value="of bob"))
    assert [(one.name, one.value) for one in (await variables.page(ada)).items] == [
        ("hub-token", ""), ("region", "north"),
    ]  # fmt: skip
    with pytest.raises(Conflict, match="already"):
        await variables.create(ada, TOKEN)
    await variables.delete(bob, "hub-token")
    for name in ("hub-token", "region", "../x", ""):
        with pytest.raises(NotFound):
            await variables.delete(bob, name)
        with pytest.raises(NotFound):
            await variables.update(bob, name, {"value": "x"})
    assert len((await variables.page(ada)).items) == 2


async def test_variables_are_paged_both_ways_by_name(variables: Variables, ada: Caller) -> None:
    names = [f"v{number:02}" for number in range(7)]
    for name in reversed(names):
        await variables.create(ada, replace(PLAIN, name=name))
    first = await variables.page(ada, page_size=3)
    second = await variables.page(ada, cursor=first.next_cursor, page_size=3)
    third = await variables.page(ada, cursor=second.next_cursor, page_size=3)
    back = await variables.page(ada, cursor=third.previous_cursor, page_size=3)
    seen = [[one.name for one in page.items] for page in (first, second, third, back)]
    assert seen == [names[:3], names[3:6], names[6:], names[3:6]]
    assert (first.previous_cursor, third.next_cursor) == (None, None)
    with pytest.raises(InvalidRequest):
        await variables.page(ada, cursor="W3t9LFsxLDJdLGZhbHNlXQ")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"name": ""}, "variable_name"),
        ({"name": "a/b"}, "variable_name"),
        ({"name": ".."}, "variable_name"),
        ({"name": "é"}, "variable_name"),
        ({"name": "a" * 65}, "variable_name"),
        ({"name": "a\n"}, "variable_name"),
        ({"key": ""}, "variable_key"),
        ({"key": "A-B"}, "variable_key"),
        ({"key": "1A"}, "variable_key"),
        ({"key": "A=B"}, "variable_key"),
        ({"key": "A\n"}, "variable_key"),
        ({"key": "K" * 256}, "variable_key"),
        ({"key": "PATH"}, "variable_key_reserved"),
        ({"key": "HOME"}, "variable_key_reserved"),
        ({"key": "TMPDIR"}, "variable_key_reserved"),
        ({"key": "LD_PRELOAD"}, "variable_key_reserved"),
        ({"key": "PYTHONPATH"}, "variable_key_reserved"),
        ({"key": "AUGURY_TOKEN"}, "variable_key_reserved"),
        ({"value": "a\0b"}, "string_unstorable"),
        ({"value": "\ud800"}, "string_unstorable"),
        ({"value": "é" * 16_385}, "string_too_long"),
    ],
)
async def test_what_is_no_variable_is_refused_and_its_value_is_not_shown(
    variables: Variables, ada: Caller, change: dict[str, str], kind: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await variables.create(ada, replace(TOKEN, **change))
    (problem,) = refused.value.problems
    assert (problem.type, problem.loc) == (kind, ("body", *change))
    if "value" in change:
        assert problem.input is None
    if "name" not in change:
        await variables.create(ada, TOKEN)
        with pytest.raises(InvalidRequest):
            await variables.update(
                ada, "hub-token", {"key": change["key"]} if "key" in change else {"value": change["value"]}
            )


async def test_the_biggest_value_fits(variables: Variables, house: House, ada: Caller) -> None:
    value = "é" * 16_384
    await variables.create(ada, replace(PLAIN, value=value))
    assert (await variables.page(ada)).items[0].value == value


def test_whatever_the_launcher_sets_is_reserved() -> None:
    for key in (*PASSED_ON, MARK, "HOME", "TMPDIR", "PYTHONUNBUFFERED", *RESERVED):
        assert is_reserved(key)


async def test_a_repeated_create_makes_nothing_new(variables: Variables, house: House, ada: Caller) -> None:
    once = Idempotency(ada.token_id, "key", "0" * 64)
    first = await variables.create(ada, TOKEN, once)
    assert await variables.create(ada, TOKEN, once) == first
    with pytest.raises(InvalidRequest):
        await variables.create(ada, replace(TOKEN, name="other"), replace(once, body_hash="1" * 64))
    await variables.delete(ada, "hub-token")
    with pytest.raises(CallerError) as gone:
        await variables.create(ada, TOKEN, once)
    assert gone.value.code == "variable_deleted"


async def test_values_are_sealed_in_the_store_each_for_its_own_place(
    variables: Variables, house: House, ada: Caller, bob: Caller
) -> None:
    await variables.create(ada, TOKEN)
    await variables.create(ada, PLAIN)
    stored = await house.db.read(lambda c: rows.page(c, ada.account_id, position=None, backward=False, limit=9))
    assert all("hush" not in one.value and "north" not in one.value for one in stored)
    # Another's row with this value in it is of no use.
    await variables.create(bob, PLAIN)
    value = stored[1].value
    await house.db.write(lambda c: rows.change(c, bob.account_id, "region", key="REGION", value=value, now=1))
    assert (await variables.page(bob)).items[0].value == ""


async def test_a_version_gets_the_variables_of_its_models_owner(
    variables: Variables, house: House, ada: Caller, bob: Caller, root: Caller
) -> None:
    for owner, value in ((ada, "of ada"), (bob, "of bob"), (root, "of root")):
        await variables.create(owner, replace(TOKEN, value=value))
    await variables.create(ada, PLAIN)
    await house.model(ada, "echo")
    made = await version(house, ada, "hub-token", "region")
    given = await variables.environment(made.id)
    assert given.variables == {"HUB_TOKEN": "of ada", "REGION": "north"}
    assert given.secrets == ("of ada",)
    # An admin who configures another's model gives it what its owner has.
    await house.models.update_configuration(root, "ada", "echo", 1, {"variable_names": ["hub-token"]})
    assert (await variables.environment(made.id)).variables == {"HUB_TOKEN": "of ada"}
    assert (await variables.environment(99)).variables == {}


async def test_a_configuration_names_what_there_is_once_for_each_key(
    variables: Variables, house: House, ada: Caller, bob: Caller
) -> None:
    await variables.create(ada, TOKEN)
    await variables.create(ada, replace(TOKEN, name="other-token"))
    await variables.create(bob, replace(TOKEN, name="bobs"))
    await house.model(ada, "echo")
    await house.version(ada, "echo")

    async def refused(*names: str) -> list[tuple[str, object]]:
        with pytest.raises(InvalidRequest) as error:
            await house.models.update_configuration(ada, "ada", "echo", 1, {"variable_names": list(names)})
        with pytest.raises(InvalidRequest):
            await version(house, ada, *names)
        return [(one.type, one.loc[-1]) for one in error.value.problems]

    assert await refused("hub-token", "nothing", "bobs", "\0") == [
        ("variable_not_found", "1"), ("variable_not_found", "2"), ("variable_not_found", "3"),
    ]  # fmt: skip
    assert await refused("hub-token", "other-token") == [("variable_key_twice", "1")]
    assert await refused("hub-token", "hub-token") == [("variable_key_twice", "1")]
    assert await refused(*["hub-token"] * 101) == [("too_long", "variable_names")]


async def test_one_that_is_used_cannot_be_deleted_and_the_versions_are_named(
    variables: Variables, house: House, ada: Caller
) -> None:
    await variables.create(ada, TOKEN)
    for model in ("echo", "gone"):
        await house.model(ada, model)
        await version(house, ada, "hub-token", model=model)
    await version(house, ada)
    await house.models.delete(ada, "ada", "gone")
    with pytest.raises(Conflict, match=r"used by ada/echo:1\.") as refused:
        await variables.delete(ada, "hub-token")
    assert refused.value.code == "variable_in_use"
    await house.models.update_configuration(ada, "ada", "echo", 1, {"variable_names": []})
    await variables.delete(ada, "hub-token")


async def test_a_change_gives_the_versions_that_have_it_a_new_revision_and_tells_of_them(
    variables: Variables, house: House, ada: Caller
) -> None:
    await variables.create(ada, TOKEN)
    await variables.create(ada, PLAIN)
    await house.model(ada, "echo")
    with_it, without = await version(house, ada, "hub-token"), await version(house, ada, "region")
    await house.models.mark_broken(with_it.id, with_it.revision, {"message": "as asked"})
    house.heard.clear()

    changed = await variables.update(ada, "hub-token", {"value": "new", "key": "OTHER"})
    assert (changed.value, changed.key, changed.updated_at is None) == ("", "OTHER", False)
    await until_async(lambda: f"version:{with_it.id}" in house.heard, "the version is told of")
    assert f"version:{without.id}" not in house.heard
    now = await house.models.runnable(with_it.id)
    assert now is not None
    assert (now.revision, now.broken) == (with_it.revision + 1, False)
    assert (await variables.environment(with_it.id)).variables == {"OTHER": "new"}


async def test_a_change_that_changes_nothing_replaces_no_worker(
    variables: Variables, house: House, ada: Caller
) -> None:
    await variables.create(ada, TOKEN)
    await house.model(ada, "echo")
    made = await version(house, ada, "hub-token")
    house.heard.clear()
    await variables.update(ada, "hub-token", {"value": TOKEN.value, "key": TOKEN.key})
    await variables.update(ada, "hub-token", {})
    assert house.heard == []
    now = await house.models.runnable(made.id)
    assert now is not None
    assert now.revision == made.revision


async def test_what_a_worker_cannot_have_is_said(variables: Variables, house: House, ada: Caller) -> None:
    await variables.create(ada, TOKEN)
    await variables.create(ada, PLAIN)
    await house.model(ada, "echo")
    made = await version(house, ada, "hub-token", "region")
    other = replace(variables, vault=Vault(Keyring(("another key, as long as a key has to be",))))
    with pytest.raises(Unavailable, match="hub-token cannot be opened: It was sealed with a key that is not"):
        await other.environment(made.id)
    # What is lost can be given anew.
    assert (await other.page(ada)).items[1].value == ""
    for name in ("hub-token", "region"):
        await other.update(ada, name, {"value": "again"})
    assert (await other.environment(made.id)).variables == {"HUB_TOKEN": "again", "REGION": "again"}
    await house.db.write(lambda c: rows.remove(c, ada.account_id, "region"))
    with pytest.raises(Unavailable, match="has no variable region"):
        await variables.environment(made.id)


async def test_everything_is_sealed_anew_in_small_steps_and_what_is_lost_is_named(
    variables: Variables, house: House, ada: Caller
) -> None:
    new = Vault(Keyring(("a new key, which is as long as a key has to be", *VAULT.keyring.keys)))
    for number in range(5):
        await variables.create(ada, replace(TOKEN, name=f"v{number}", value=f"value {number}"))
    await house.model(ada, "echo")
    made = await house.version(ada, "echo")
    predictions = [await house.prediction(ada, made, webhook=True) for _ in range(3)]
    secrets = ["plain, as before there were keys", VAULT.seal("hook", webhook_context(predictions[1].id)), None]
    for one, secret in zip(predictions, secrets, strict=True):
        hook = deliveries.Webhook("http://x/", secret, "http://x:80")
        await house.db.write(lambda c, one=one, hook=hook: deliveries.subscribe(c, one.id, hook))
    await house.db.write(lambda c: sealed.keep(c, predictions[0].id, "sealed:1:00000000:lost"))

    done = await Rotation(house.db, new, batch=2).run()
    assert (done.done, done.lost) == (7, [("input", (predictions[0].id,))])
    again = await Rotation(house.db, new, batch=2).run()
    assert (again.done, len(again.lost)) == (0, 1)
    alone = Vault(Keyring(new.keyring.keys[:1]))
    stored = await house.db.read(lambda c: rows.page(c, ada.account_id, position=None, backward=False, limit=9))
    only = replace(variables, vault=alone)
    assert all(alone.is_current(one.value) for one in stored)
    await only.update(ada, "v3", {"key": "V3"})
    messages = [await house.db.read(lambda c, one=one: deliveries.load(c, f"{one.id}.1")) for one in predictions]
    hooks = [None if one is None else one.webhook.secret for one in messages]
    opened = [
        None if one is None else alone.open(one, webhook_context(row.id))
        for one, row in zip(hooks, predictions, strict=True)
    ]
    assert opened == ["plain, as before there were keys", "hook", None]
