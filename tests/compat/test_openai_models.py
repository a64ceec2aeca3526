"""Models as OpenAI's clients list them: those that can be called, and nobody's that the caller may not see."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, cast

import httpx
import openai
import pytest
from openai.types import Model

from tests.compat.openai_scene import Json, Scene, scene

CODES = ("model_not_found", "version_not_found", "model_not_compatible")
CALLED = {"owner/whole", "owner/answer"}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("models"), "whole", "answer", "add") as made:
        yield made


@pytest.fixture(scope="module", params=[False, True], ids=["v1", "openai"])
def client(there: Scene, request: pytest.FixtureRequest) -> Generator[openai.OpenAI]:
    with there.client(second=request.param) as made:
        yield made


def test_the_list_has_what_can_be_called_and_nothing_else(client: openai.OpenAI) -> None:
    found = client.models.with_raw_response.list()
    body = cast("Json", found.http_response.json())
    assert body["object"] == "list"
    assert {one["id"] for one in body["data"]} == CALLED
    for one in body["data"]:
        assert Model.model_validate(one, strict=True).owned_by == "owner"
    assert {one.id for one in client.models.list()} == CALLED


def test_a_model_is_found_by_its_name_and_by_that_of_its_version(there: Scene, client: openai.OpenAI) -> None:
    listed = next(one for one in client.models.list() if one.id == "owner/whole")
    assert client.models.retrieve("owner/whole").to_dict() == listed.to_dict()
    assert client.models.retrieve(there.names["whole"]).id == "owner/whole:1"


@pytest.mark.parametrize(
    "name", ["gpt-4o", "owner/nothing", "nobody/whole", "owner/whole:99", "owner/whole:x", "owner/add", "owner", "%2F"]
)
def test_what_cannot_be_called_is_not_found(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve(name)
    error = caught.value.response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["param"], error["code"]) in [("model", one) for one in CODES]


def test_strangers_do_not_see_private_models(there: Scene) -> None:
    with there.client(there.stranger("read")) as stranger:
        assert list(stranger.models.list()) == []
        with pytest.raises(openai.NotFoundError):
            stranger.models.retrieve("owner/whole")


def test_strangers_see_public_models(there: Scene) -> None:
    there.owner.http.patch("/models/owner/answer", json={"visibility": "public"}).raise_for_status()
    with there.client(there.stranger("read")) as stranger:
        assert [one.id for one in stranger.models.list()] == ["owner/answer"]
    there.owner.http.patch("/models/owner/answer", json={"visibility": "private"}).raise_for_status()


def test_only_the_newest_version_counts(there: Scene, client: openai.OpenAI) -> None:
    newest = there.owner.publish("whole", "def predict(a: int) -> int:\n    return a")
    assert {one.id for one in client.models.list()} == CALLED - {"owner/whole"}
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("owner/whole")
    assert client.models.retrieve("owner/whole:1").id == "owner/whole:1"
    there.owner.http.delete(f"/models/owner/whole/versions/{newest.rpartition(':')[2]}").raise_for_status()
    assert {one.id for one in client.models.list()} == CALLED


def test_a_wrong_token_is_an_authentication_error(there: Scene) -> None:
    with there.client("sk-wrong") as stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, "items"),
        ({"x-stainless-lang": "python"}, "object"),
        ({"X-Stainless-Lang": "js"}, "object"),
        ({"anthropic-version": "2023-06-01"}, "has_more"),
        ({"anthropic-version": "2023-06-01", "x-stainless-lang": "python"}, "has_more"),
    ],
    ids=["nobody's", "openai's", "openai's of another language", "anthropic's", "anthropic's own client"],
)
def test_the_shape_is_that_of_whoever_asks_and_caches_are_told(there: Scene, headers: dict[str, str], key: str) -> None:
    answer = there.owner.http.get("/models", headers=headers)
    assert answer.status_code == 200
    assert key in answer.json()
    assert {"anthropic-version", "x-stainless-lang"} <= set(answer.headers["vary"].lower().split(", "))


@pytest.mark.parametrize("path", ["/models/owner/whole/versions", "/models/owner/whole/versions/1"])
def test_what_is_below_a_model_is_ours_whoever_asks(there: Scene, path: str) -> None:
    ours = there.owner.http.get(path).json()
    assert there.owner.http.get(path, headers={"x-stainless-lang": "python"}).json() == ours


def test_models_are_made_and_changed_by_our_own_api_whoever_asks(there: Scene) -> None:
    headers = {"x-stainless-lang": "python"}
    made = there.owner.http.post("/models", json={"name": "another", "visibility": "private"}, headers=headers)
    assert (made.status_code, made.json()["name"]) == (200, "another")
    changed = there.owner.http.patch("/models/owner/another", json={"overview": "new"}, headers=headers)
    assert changed.json()["overview"] == "new"


def test_the_second_base_is_openais_for_whoever_asks(there: Scene) -> None:
    answer = httpx.get(f"{there.base(second=True)}/models", headers={"Authorization": f"Bearer {there.server.token}"})
    body: Any = answer.json()
    assert body["object"] == "list"
