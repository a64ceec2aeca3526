"""What the official client does with accounts, models and versions."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tests.client.conftest import Use
from tests.support import models
from tests.support.server import Server

pytestmark = pytest.mark.anyio

USER = {
    "account_id",
    "name",
    "avatar_url",
    "display_name",
    "bio",
    "location",
    "company",
    "created_at",
    "updated_at",
    "urls",
}
MODEL = {
    "id",
    "name",
    "created_at",
    "visibility",
    "description",
    "updated_at",
    "owner",
    "predictions_count",
    "categories",
    "cover_image_url",
    "status",
}
MODEL_DETAILS = MODEL | {"overview", "latest_version", "source_url", "license_url", "paper_url"}
VERSION = {"number", "release_notes", "created_at"}
VERSION_DETAILS = VERSION | {"schemas", "compatibilities", "size", "container_image_digest", "broken_reason"}


def fresh() -> str:
    return f"model-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def digest(server: Server) -> str:
    """A bundle that the server has."""
    name, content = models.packed(models.SHOUT)
    headers = {"Authorization": f"Bearer {server.token}"}
    httpx.put(f"{server.api}/bundles/{name}", content=content, headers=headers).raise_for_status()
    return name


async def test_whose_token_it_is(use: Use) -> None:
    me = await use("authenticated_user", "get")
    assert set(me) == USER
    assert me["name"] == "owner"
    assert uuid.UUID(me["account_id"])


async def test_an_account_changes_what_is_sent_and_nothing_else(use: Use) -> None:
    before = await use("authenticated_user", "update", {"display_name": "Ada", "urls": ["https://example.org"]})
    after = await use("authenticated_user", "update", {"bio": "Wrote the first program."})
    assert (after["display_name"], after["urls"]) == ("Ada", ["https://example.org"])
    assert (before["bio"], after["bio"])[1] == "Wrote the first program."
    cleared = await use("authenticated_user", "update", {"display_name": None, "urls": None, "bio": None})
    assert (cleared["display_name"], cleared["urls"], cleared["bio"]) == (None, None, None)
    assert await use("authenticated_user", "get") == cleared


async def test_a_model_is_made_found_changed_renamed_and_deleted(use: Use) -> None:
    name, renamed = fresh(), fresh()
    made = await use("models", "create", {"name": name})
    assert set(made) == MODEL_DETAILS
    assert (made["name"], made["visibility"], made["predictions_count"]) == (name, "private", 0)
    assert (made["latest_version"], made["description"], made["categories"]) == (None, None, [])
    assert set(made["owner"]) == {"account_id", "name", "avatar_url"}

    changed = await use("models", "update", f"owner/{name}", {"visibility": "public", "description": "Says it."})
    assert (changed["visibility"], changed["description"]) == ("public", "Says it.")
    again = await use("models", "update", f"owner/{name}", {"name": renamed, "overview": "# Long"})
    assert (again["id"], again["name"], again["description"]) == (made["id"], renamed, "Says it.")
    assert await use("models", "get", f"owner/{renamed}") == again
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await use("models", "get", f"owner/{name}")

    assert await use("models", "delete", f"owner/{renamed}") is None
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await use("models", "get", f"owner/{renamed}")


async def test_every_field_of_a_model_can_be_given_at_once(use: Use) -> None:
    fields: dict[str, Any] = {
        "name": fresh(),
        "visibility": "restricted",
        "description": "short",
        "overview": "long",
        "source_url": "https://example.org/source",
        "license_url": "https://example.org/license",
        "paper_url": "https://example.org/paper",
        "category_slugs": [],
    }
    made = await use("models", "create", fields)
    assert {name: made[name] for name in fields if name in made} == {
        name: value for name, value in fields.items() if name in made
    }


async def test_a_name_is_taken_once(use: Use) -> None:
    name = fresh()
    await use("models", "create", {"name": name})
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        await use("models", "create", {"name": name.upper()})


async def test_public_models_are_listed_with_both_cursors_and_private_ones_are_not(use: Use) -> None:
    public = [fresh() for _ in range(3)]
    for name in public:
        await use("models", "create", {"name": name, "visibility": "public"})
    hidden = fresh()
    await use("models", "create", {"name": hidden})
    newest_first: dict[str, Any] = {"page_size": 2, "sort_by": "created_at", "sort_direction": "desc"}
    for owner in (None, "owner"):
        first = await use("models", "list", newest_first, owner)
        assert [one["name"] for one in first.items] == public[:0:-1]
        assert all(set(one) == MODEL for one in first.items)
        assert first.previous_cursor is None
        second = await use("models", "list", {"cursor": first.next_cursor, "page_size": 2}, owner)
        assert second.items[0]["name"] == public[0]
        back = await use("models", "list", {"cursor": second.previous_cursor, "page_size": 2}, owner)
        assert [one["id"] for one in back.items] == [one["id"] for one in first.items]
    mine = await use("authenticated_user", "models", {"page_size": 100})
    assert {hidden, *public} <= {one["name"] for one in mine.items}


async def test_a_version_is_published_found_configured_and_deleted(use: Use, digest: str) -> None:
    model = f"owner/{fresh()}"
    await use("models", "create", {"name": model.split("/")[1]})
    new: dict[str, Any] = {
        "release_notes": "the first",
        "schemas": models.SHOUT.schemas,
        "container_image_digest": digest,
        "compatibilities": {"openai_embeddings": False},
        "configuration": {"hardware_identifier": "cpu", "variable_names": []},
    }
    first = await use("model_versions", "create", model, new)
    assert set(first) == VERSION_DETAILS | {"configuration"}
    assert (first["number"], first["release_notes"], first["container_image_digest"]) == (1, "the first", digest)
    assert first["schemas"] == models.SHOUT.schemas
    assert first["configuration"] == {"hardware_identifier": "cpu", "variable_names": []}
    assert set(first["compatibilities"]) == {
        "openai_chat_completions",
        "openai_embeddings",
        "openai_images_generations",
        "openai_responses",
        "anthropic_messages",
    }
    assert not any(first["compatibilities"].values())
    assert first["size"] > 0

    second = await use("model_versions", "create", model, {**new, "release_notes": "the second"})
    assert second["number"] == 2
    found = await use("model_versions", "get", f"{model}:1")
    assert found == {name: value for name, value in first.items() if name != "configuration"}
    latest = (await use("models", "get", model))["latest_version"]
    assert latest == await use("model_versions", "get", f"{model}:2")

    page = await use("model_versions", "list", model, {"page_size": 1})
    assert [(one["number"], set(one)) for one in page.items] == [(2, VERSION)]
    page = await use("model_versions", "list", model, {"cursor": page.next_cursor, "page_size": 1})
    assert [one["number"] for one in page.items] == [1]
    assert page.next_cursor is None
    page = await use("model_versions", "list", model, {"cursor": page.previous_cursor, "page_size": 1})
    assert [one["number"] for one in page.items] == [2]

    configuration = await use("model_versions", "get_configuration", f"{model}:1")
    assert configuration == {"hardware_identifier": "cpu", "variable_names": []}
    changed = await use("model_versions", "update_configuration", f"{model}:1", {"hardware_identifier": "cpu"})
    assert changed == configuration

    assert await use("model_versions", "delete", f"{model}:2") is None
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await use("model_versions", "get", f"{model}:2")
    third = await use("model_versions", "create", model, new)
    assert third["number"] == 3


async def test_public_models_and_their_versions_are_seen_without_a_token(use: Use, server: Server, digest: str) -> None:
    model = f"owner/{fresh()}"
    await use("models", "create", {"name": model.split("/")[1], "visibility": "public"})
    new = {"release_notes": "", "schemas": models.SHOUT.schemas, "container_image_digest": digest}
    await use("model_versions", "create", model, new)
    with httpx.Client() as http:
        async with httpx.AsyncClient() as async_http:
            stranger = type(use.client)(api_base_url=server.api, http_client=http, async_http_client=async_http)
            anyone = Use(stranger, use.asynchronously)
            assert (await anyone("models", "get", model))["name"] == model.split("/")[1]
            assert (await anyone("model_versions", "get", f"{model}:1"))["number"] == 1
            assert (await anyone("models", "list")).items
            with pytest.raises(httpx.HTTPStatusError, match="401"):
                await anyone("authenticated_user", "get")
            with pytest.raises(httpx.HTTPStatusError, match="401"):
                await anyone("models", "create", {"name": fresh()})
