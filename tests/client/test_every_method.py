"""Every public method of the official client, found by looking at it, called against a running server.

A method that a newer client has and this file does not call fails `test_each_public_method_is_called_here`.
"""

from __future__ import annotations

import inspect
import itertools
import typing
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import wriftai
from wriftai.predictions import PredictionStreamEvent, PredictionWithDetails

from tests.client.conftest import Use
from tests.client.shapes import differences
from tests.support import models
from tests.support.server import Server

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class World:
    """What the calls are made on."""

    use: Use
    shout: str
    latch: str
    """Published versions, `owner/name:number`."""
    digest: str

    def fresh(self) -> str:
        return f"thing-{uuid.uuid4().hex[:12]}"

    async def model(self) -> str:
        name = self.fresh()
        await self.use("models", "create", {"name": name})
        return f"owner/{name}"

    async def version(self) -> str:
        """A new version that nobody else uses: `owner/name:number`."""
        model = await self.model()
        made = await self.use("model_versions", "create", model, self.version_params())
        return f"{model}:{made['number']}"

    def version_params(self) -> Any:
        return {
            "release_notes": "first",
            "schemas": models.SHOUT.schemas,
            "container_image_digest": self.digest,
            "configuration": {"hardware_identifier": "cpu", "variable_names": []},
        }

    async def variable(self) -> str:
        name = self.fresh()
        await self.use("variables", "create", {"name": name, "key": "KEY", "value": "v", "secret": False})
        return name

    async def prediction(self, **options: Any) -> Any:
        return await self.use("predictions", "create", model=self.shout, input={"text": "a"}, **options)

    async def uploaded(self) -> tuple[str, list[str]]:
        """An upload of which everything has arrived: its id and its etags."""
        upload = await self.use("uploads", "create", {"size": 5, "mime_type": "text/plain"})
        async with httpx.AsyncClient() as http:
            answers = [await http.put(url, content=b"hello") for url in upload["urls"]]
        return upload["id"], [one.raise_for_status().headers["etag"] for one in answers]


class Calls:
    """One call of each method, `resource__method`; what it returns is what the client gave."""

    async def authenticated_user__get(self, w: World) -> Any:
        return await w.use("authenticated_user", "get")

    async def authenticated_user__update(self, w: World) -> Any:
        return await w.use("authenticated_user", "update", {"bio": "b", "urls": ["https://example.org"]})

    async def authenticated_user__models(self, w: World) -> Any:
        return await w.use("authenticated_user", "models")

    async def files__upload(self, w: World) -> Any:
        return await w.use("files", "upload", wriftai.File(b"hello", "text/plain"))

    async def hardware__list(self, w: World) -> Any:
        return await w.use("hardware", "list")

    async def model_categories__list(self, w: World) -> Any:
        return await w.use("model_categories", "list", {"page_size": 5})

    async def predictions__cancel(self, w: World) -> Any:
        running = await w.use("predictions", "create", model=w.latch, input={"path": "/nowhere"})
        return await w.use("predictions", "cancel", running["id"])

    async def predictions__stream(self, w: World) -> Any:
        made = await w.prediction(stream=True)
        predictions = w.use.client.predictions
        if w.use.asynchronously:
            events = [one async for one in predictions.async_stream(made["id"])]
        else:
            events = list(predictions.stream(made["id"]))
        assert [one["event"] for one in events] == ["init", "output", "done"]
        return events

    async def uploads__complete(self, w: World) -> Any:
        upload_id, etags = await w.uploaded()
        return await w.use("uploads", "complete", upload_id, {"etags": etags})

    async def model_versions__create(self, w: World) -> Any:
        return await w.use("model_versions", "create", await w.model(), w.version_params())

    async def model_versions__get(self, w: World) -> Any:
        return await w.use("model_versions", "get", w.shout)

    async def model_versions__list(self, w: World) -> Any:
        return await w.use("model_versions", "list", w.shout.partition(":")[0])

    async def model_versions__delete(self, w: World) -> Any:
        return await w.use("model_versions", "delete", await w.version())

    async def model_versions__get_configuration(self, w: World) -> Any:
        return await w.use("model_versions", "get_configuration", w.shout)

    async def model_versions__update_configuration(self, w: World) -> Any:
        return await w.use(
            "model_versions", "update_configuration", await w.version(), {"variable_names": [await w.variable()]}
        )

    async def models__create(self, w: World) -> Any:
        return await w.use("models", "create", {"name": w.fresh(), "visibility": "public"})

    async def models__get(self, w: World) -> Any:
        return await w.use("models", "get", w.shout.partition(":")[0])

    async def models__list(self, w: World) -> Any:
        return await w.use("models", "list")

    async def models__update(self, w: World) -> Any:
        return await w.use("models", "update", await w.model(), {"description": "changed", "visibility": "restricted"})

    async def models__search(self, w: World) -> Any:
        name = (await w.use("models", "create", {"name": w.fresh(), "visibility": "public"}))["name"]
        found = await w.use("models", "search", name)
        assert [one["name"] for one in found.items] == [name]
        return found

    async def models__delete(self, w: World) -> Any:
        return await w.use("models", "delete", await w.model())

    async def predictions__create(self, w: World) -> Any:
        return await w.prediction()

    async def predictions__get(self, w: World) -> Any:
        return await w.use("predictions", "get", (await w.prediction(wait=True))["id"])

    async def predictions__list(self, w: World) -> Any:
        await w.prediction()
        return await w.use("predictions", "list", {"page_size": 5})

    async def predictions__wait(self, w: World) -> Any:
        return await w.use("predictions", "wait", (await w.prediction())["id"])

    async def uploads__create(self, w: World) -> Any:
        return await w.use("uploads", "create", {"size": 20 * 2**20, "mime_type": "application/octet-stream"})

    async def users__get(self, w: World) -> Any:
        return await w.use("users", "get", "owner")

    async def users__list(self, w: World) -> Any:
        return await w.use("users", "list")

    async def users__search(self, w: World) -> Any:
        found = await w.use("users", "search", "owner")
        assert [one["name"] for one in found.items] == ["owner"]
        return found

    async def variables__create(self, w: World) -> Any:
        made = await w.use("variables", "create", {"name": w.fresh(), "key": "KEY", "value": "hush", "secret": True})
        assert made["value"] == ""
        return made

    async def variables__list(self, w: World) -> Any:
        await w.variable()
        return await w.use("variables", "list")

    async def variables__update(self, w: World) -> Any:
        changed = await w.use("variables", "update", await w.variable(), {"value": "other"})
        assert changed["value"] == "other"
        return changed

    async def variables__delete(self, w: World) -> Any:
        return await w.use("variables", "delete", await w.variable())


CALLS = {name.replace("__", "."): call for name, call in inspect.getmembers(Calls()) if not name.startswith("_")}


def public_methods() -> dict[str, Callable[..., Any]]:
    """Every public method of the client's resources, "resource.method", sync and async alike."""
    client = wriftai.Client("none")
    found: dict[str, Callable[..., Any]] = {}
    for resource, part in inspect.getmembers(client):
        if not resource.startswith("_") and not inspect.isroutine(part):
            for name, method in inspect.getmembers(part, inspect.ismethod):
                if not name.startswith("_"):
                    found[f"{resource}.{name}"] = method
    return found


METHODS = public_methods()
PLAIN = sorted(name for name in METHODS if ".async_" not in name)


def test_each_public_method_is_called_here_and_has_an_async_twin() -> None:
    assert sorted(CALLS) == PLAIN
    assert sorted(METHODS) == sorted(itertools.chain(PLAIN, (one.replace(".", ".async_") for one in PLAIN)))


@pytest.mark.parametrize("name", PLAIN)
async def test_each_method_answers_in_the_shape_that_the_client_promises(
    use: Use, server: Server, shout: str, latch: str, name: str
) -> None:
    digest, content = models.packed(models.SHOUT)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {server.token}"}) as http:
        (await http.put(f"{server.api}/bundles/{digest}", content=content)).raise_for_status()

    got = await CALLS[name](World(use, shout, latch, digest))

    promised = typing.get_type_hints(METHODS[name])["return"]
    if name == "predictions.create":
        promised = PredictionWithDetails  # of its overloads, the one without a stream
    if name == "predictions.stream":
        promised = list[PredictionStreamEvent]
    assert differences(got, promised) == []
