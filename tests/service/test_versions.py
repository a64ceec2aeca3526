"""Versions: numbered once, published only where they can run, configured, resolved as they are now."""

from __future__ import annotations

import anyio
import pytest

from augury.domain.account import Caller
from augury.domain.errors import Conflict, Forbidden, Gone, InvalidRequest, NotFound
from augury.domain.jsontext import JsonObject
from augury.domain.model import COMPATIBILITIES
from augury.service.models import Idempotency, NewModel
from augury.store import versions as rows
from tests.service.house import SCHEMAS, House

pytestmark = pytest.mark.anyio

NUMPYLESS = """# /// script
# dependencies = ["no-such-package-at-all==1"]
# ///
def predict(text: str) -> str:
    return text
"""
DESCRIBED = """# /// script
# [tool.augury]
# concurrency = 3
# run_timeout = 7
# compatibilities = {openai_embeddings = true}
# ///
def predict(text: str) -> str:
    return text
"""


def types(refused: pytest.ExceptionInfo[InvalidRequest]) -> list[tuple[tuple[str | int, ...], str]]:
    return [(one.loc, one.type) for one in refused.value.problems]


async def publish(house: House, caller: Caller, digest: str, schemas: JsonObject = SCHEMAS, notes: str = "") -> int:
    version = await house.models.publish(
        caller, "ada", "echo", release_notes=notes, schemas=schemas, container_image_digest=digest
    )
    return version.number


async def test_twenty_versions_published_at_once_get_twenty_numbers(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada)
    numbers: list[int] = []

    async def one() -> None:
        numbers.append(await publish(house, ada, digest))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(one)
    assert sorted(numbers) == list(range(1, 21))


async def test_a_number_is_never_given_again(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada)
    assert [await publish(house, ada, digest) for _ in range(2)] == [1, 2]
    await house.models.delete_version(ada, "ada", "echo", 2)
    assert await publish(house, ada, digest) == 3
    page = await house.models.page_versions(ada, "ada", "echo")
    assert [one.number for one in page.items] == [3, 1]


async def test_a_repeated_publish_with_its_key_gives_the_same_version(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada)
    key = Idempotency(ada.token_id, "k", "0" * 64)
    numbers: list[int] = []

    async def one() -> None:
        version = await house.models.publish(
            ada, "ada", "echo", release_notes="", schemas=SCHEMAS, container_image_digest=digest, idempotency=key
        )
        numbers.append(version.number)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(one)
    assert numbers == [1] * 5
    assert await publish(house, ada, digest) == 2
    await house.models.delete_version(ada, "ada", "echo", 1)
    with pytest.raises(Gone):
        await one()


async def test_a_key_of_a_model_is_none_for_a_version(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada)
    key = Idempotency(ada.token_id, "k", "0" * 64)
    await house.models.publish(
        ada, "ada", "echo", release_notes="", schemas=SCHEMAS, container_image_digest=digest, idempotency=key
    )
    with pytest.raises(InvalidRequest) as refused:
        await house.models.create(ada, NewModel("other"), key)
    assert refused.value.code == "idempotency_key_reused"


async def test_a_version_shows_what_was_published(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada, DESCRIBED)
    version = await house.models.publish(
        ada,
        "ada",
        "echo",
        release_notes="n" * 255,
        schemas=SCHEMAS,
        container_image_digest=digest,
        compatibilities={"openai_chat_completions": True, "unknown": True},
    )
    assert version.size == await house.bundles.size(digest)
    assert version.digest == digest
    assert dict(version.compatibilities) == {
        name: name in ("openai_chat_completions", "openai_embeddings") for name in COMPATIBILITIES
    }
    assert (version.options.concurrency, version.options.run_timeout, version.entry) == (3, 7, None)
    assert (version.configuration.hardware_identifier, version.configuration.variable_names) == ("cpu", ())
    assert await house.models.get_version(ada, "ada", "echo", "1") == version


async def test_other_apis_are_inferred_from_the_schemas_unless_the_publisher_says_so(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada, DESCRIBED)
    schemas: JsonObject = {
        "prediction": {
            "input": {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]},
            "output": {"type": "string"},
        }
    }
    version = await house.models.publish(
        ada,
        "ada",
        "echo",
        release_notes="",
        schemas=schemas,
        container_image_digest=digest,
        compatibilities={"openai_responses": False},
    )
    said_by_the_author = "openai_embeddings"
    assert {name for name, offers in version.compatibilities.items() if offers} == {
        "openai_chat_completions",
        "anthropic_messages",
        said_by_the_author,
    }


async def test_what_can_be_called_by_other_apis_is_listed_to_whoever_sees_it(
    house: House, ada: Caller, bob: Caller, root: Caller
) -> None:
    for name, visibility in (("open", "public"), ("own", "private"), ("other", "public")):
        await house.models.create(ada, NewModel(name, visibility))
        flags: JsonObject = {} if name == "other" else {"openai_responses": True}
        await publish_offering(house, ada, name, flags)
    await house.models.create(ada, NewModel("empty", "public"))

    async def listed(caller: Caller) -> list[str]:
        return [one.name for one in await house.models.offered(caller)]

    assert await listed(ada) == await listed(root) == ["open", "own"]
    assert await listed(bob) == ["open"]
    (found,) = await house.models.offered(bob)
    assert (found.owner, found.offers) == ("ada", {"openai_responses"})
    await publish_offering(house, ada, "open", {})
    assert await listed(bob) == []
    await house.models.delete_version(ada, "ada", "open", 2)
    assert await listed(bob) == ["open"]
    await house.models.delete(ada, "ada", "open")
    assert await listed(bob) == []


async def publish_offering(house: House, owner: Caller, name: str, flags: JsonObject) -> None:
    """A version of that model that offers just that."""
    digest = await house.bundle(owner)
    await house.models.publish(
        owner,
        owner.name,
        name,
        release_notes="",
        schemas=SCHEMAS,
        container_image_digest=digest,
        compatibilities=flags,
    )


async def test_a_bundle_that_was_not_uploaded_is_named(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    with pytest.raises(InvalidRequest) as refused:
        await publish(house, ada, "sha256:" + "0" * 64)
    assert types(refused) == [(("body", "container_image_digest"), "bundle_not_found")]
    assert "augury push" in refused.value.message


async def test_everything_wrong_in_a_publication_is_said_at_once(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    schemas: JsonObject = {"prediction": {"input": {"type": "string"}, "stream_output": {"type": 5}}}
    with pytest.raises(InvalidRequest) as refused:
        await publish(house, ada, "sha256:0", schemas, "n" * 256)
    assert [loc for loc, _ in types(refused)] == [
        ("body", "release_notes"),
        ("body", "container_image_digest"),
        ("body", "schemas", "prediction", "output"),
        ("body", "schemas", "prediction", "input"),
        ("body", "schemas", "prediction", "stream_output", "type"),
    ]


async def test_an_environment_that_cannot_be_built_publishes_nothing(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada, NUMPYLESS)
    with pytest.raises(InvalidRequest) as refused:
        await publish(house, ada, digest)
    assert types(refused) == [(("body", "container_image_digest"), "environment_failed")]
    context = refused.value.problems[0].ctx
    assert "no-such-package-at-all" in str(context["output"])
    assert (await house.models.get(ada, "ada", "echo")).latest is None
    assert await publish(house, ada, await house.bundle(ada)) == 1


async def test_a_bundle_that_is_no_model_publishes_nothing(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    for files in ({"pyproject.toml": "[tool.augury]\nconcurrency = 0\n"}, {"readme.md": "no model"}, {"../up.py": ""}):
        digest = await house.unchecked(ada, files)
        with pytest.raises(InvalidRequest) as refused:
            await publish(house, ada, digest)
        assert types(refused) == [(("body", "container_image_digest"), "project_error")]
    assert (await house.models.get(ada, "ada", "echo")).latest is None


async def test_a_configuration_is_inherited_and_what_is_unknown_is_refused(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada)
    models = house.models
    for change, place in (
        ({"hardware_identifier": "gpu-h100"}, ("hardware_identifier",)),
        ({"hardware_identifier": ""}, ("hardware_identifier",)),
        ({"variable_names": ["KEY"]}, ("variable_names", "0")),
    ):
        with pytest.raises(InvalidRequest) as refused:
            await models.publish(
                ada,
                "ada",
                "echo",
                release_notes="",
                schemas=SCHEMAS,
                container_image_digest=digest,
                configuration=change,  # pyright: ignore[reportArgumentType] - as the API casts it
            )
        assert refused.value.problems[0].loc == ("body", "configuration", *place)
        assert await publish(house, ada, digest) >= 1
        with pytest.raises(InvalidRequest) as refused:
            await models.update_configuration(ada, "ada", "echo", 1, change)  # pyright: ignore[reportArgumentType]
        assert refused.value.problems[0].loc == ("body", *place)


async def test_a_configuration_counts_up_and_heals_a_broken_version(house: House, ada: Caller, bob: Caller) -> None:
    await house.model(ada, "echo", "public")
    version = await house.version(ada, "echo")
    assert version.revision == 1
    assert await house.models.mark_broken(version.id, 1, {"message": "no"})
    broken = await house.models.resolve(bob, "ada/echo")
    assert broken.broken
    assert await house.models.broken_reason(version.id) == {"message": "no"}
    assert not await house.models.mark_broken(version.id, 1, {"message": "again"})
    house.heard.clear()
    with pytest.raises(Forbidden):
        await house.models.update_configuration(bob, "ada", "echo", 1, {"variable_names": []})
    changed = await house.models.update_configuration(ada, "ada", "echo", 1, {"variable_names": []})
    assert changed.hardware_identifier == "cpu"
    assert house.heard == ["models", f"version:{version.id}"]
    healed = await house.models.resolve(bob, "ada/echo")
    assert (healed.broken, healed.revision) == (False, 2)
    # A worker of the old configuration that fails late says nothing about the new one.
    assert not await house.models.mark_broken(version.id, 1, {"message": "late"})
    assert await house.models.broken_reason(version.id) is None


@pytest.mark.parametrize("number", ["0", "2", "99999999999999999999", str(2**31), str(2**63)])
async def test_a_number_that_is_no_version_is_not_found(house: House, ada: Caller, number: str) -> None:
    await house.model(ada, "echo")
    await house.version(ada, "echo")
    with pytest.raises(NotFound) as refused:
        await house.models.get_version(ada, "ada", "echo", number)
    assert refused.value.code == "version_not_found"
    with pytest.raises(NotFound) as refused:
        await house.models.resolve(ada, f"ada/echo:{number}")
    assert refused.value.code == "version_not_found"


@pytest.mark.parametrize("number", ["one", "", "-1", "1.0", "1e3", "٣", " 1", "1\n", "9" * 21])
async def test_a_number_that_is_none_is_refused(house: House, ada: Caller, number: str) -> None:
    with pytest.raises(InvalidRequest):
        await house.models.get_version(ada, "ada", "echo", number)
    with pytest.raises(InvalidRequest) as refused:
        await house.models.resolve(ada, f"ada/echo:{number}")
    assert refused.value.problems[0].loc == ("body", "model")


@pytest.mark.parametrize("reference", ["", "/", "ada", "ada/", "/echo", "ada/echo/1", "ada/echo:", "a d/echo", "ada/é"])
async def test_a_reference_that_is_none_is_refused(house: House, ada: Caller, reference: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await house.models.resolve(ada, reference)
    assert types(refused) == [(("body", "model"), "model_reference")]


async def test_versions_are_walked_newest_first_both_ways(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    digest = await house.bundle(ada)
    for _ in range(5):
        await publish(house, ada, digest)
    first = await house.models.page_versions(ada, "ada", "echo", page_size=2)
    assert first.next_cursor is not None
    await publish(house, ada, digest)
    await house.models.delete_version(ada, "ada", "echo", 2)
    second = await house.models.page_versions(ada, "ada", "echo", cursor=first.next_cursor, page_size=2)
    assert [one.number for one in second.items] == [3, 1]
    assert second.next_cursor is None
    assert second.previous_cursor is not None
    back = await house.models.page_versions(ada, "ada", "echo", cursor=second.previous_cursor, page_size=2)
    assert [one.number for one in back.items] == [5, 4]
    assert back.previous_cursor is not None
    newest = await house.models.page_versions(ada, "ada", "echo", cursor=back.previous_cursor, page_size=2)
    assert [one.number for one in newest.items] == [6]
    assert newest.previous_cursor is None


async def test_what_is_resolved_is_remembered_and_forgotten_with_every_change(
    house: House, ada: Caller, bob: Caller
) -> None:
    models = house.models
    await house.model(ada, "echo", "public")
    with pytest.raises(Conflict) as none_yet:
        await models.resolve(bob, "ada/echo")
    assert none_yet.value.code == "no_version"
    await house.version(ada, "echo")
    assert models.cached(bob, "ada/echo") is None
    first = await models.resolve(bob, "ada/echo")
    assert models.cached(bob, "ada/echo") is first
    assert (first.ref.owner, first.ref.name, first.ref.version_number) == ("ada", "echo", 1)
    await house.version(ada, "echo")
    assert (await models.resolve(bob, "ada/echo")).ref.version_number == 2
    assert (await models.resolve(bob, "ada/echo:1")).ref.version_number == 1
    await models.delete_version(ada, "ada", "echo", 1)
    with pytest.raises(NotFound):
        await models.resolve(bob, "ada/echo:1")
    await models.update(ada, "ada", "echo", {"visibility": "private"})
    assert models.cached(bob, "ada/echo") is None
    with pytest.raises(NotFound):
        await models.resolve(bob, "ada/echo")
    assert (await models.resolve(ada, "ada/echo")).ref.version_number == 2
    await models.update(ada, "ada", "echo", {"name": "copy"})
    with pytest.raises(NotFound):
        await models.resolve(ada, "ada/echo")
    await models.delete(ada, "ada", "copy")
    with pytest.raises(NotFound):
        await models.resolve(ada, "ada/copy")


async def test_what_another_process_changed_is_seen_after_two_seconds(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    version = await house.version(ada, "echo")
    await house.models.resolve(ada, "ada/echo")
    now = house.clock.now()
    await house.db.write(lambda c: rows.delete(c, version.id, now))
    house.clock.pass_seconds(1.9)
    assert house.models.cached(ada, "ada/echo") is not None
    house.clock.pass_seconds(0.1)
    assert house.models.cached(ada, "ada/echo") is None
    with pytest.raises(Conflict):
        await house.models.resolve(ada, "ada/echo")


async def test_a_slow_look_does_not_bring_back_what_was_changed_meanwhile(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    await house.version(ada, "echo")
    digest = await house.bundle(ada)

    async def look() -> None:
        for _ in range(30):
            await house.models.resolve(ada, "ada/echo")
            house.models.resolver.forget()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        for number in range(2, 12):
            assert await publish(house, ada, digest) == number
            assert (await house.models.resolve(ada, "ada/echo")).ref.version_number == number


async def test_a_runnable_version_knows_its_inputs_and_its_limits(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    version = await house.version(ada, "echo", await house.bundle(ada, DESCRIBED))
    runnable = await house.models.runnable(version.id)
    assert runnable is not None
    assert runnable.options.concurrency == 3
    assert runnable.known_inputs == {"text"}
    assert runnable.schemas.input.problems({"text": 5}, ("body", "input"))[0].loc == ("body", "input", "text")
    assert runnable.schemas.output.problems("x") == []
    assert runnable.schemas.stream_output is None
    assert await house.models.runnable(version.id + 1) is None
    again = await house.models.runnable(version.id)
    assert again is not None
    assert again.schemas is runnable.schemas
