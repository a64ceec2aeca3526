"""Replicate's official Python client against a server: what it runs, creates, looks up and lists."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.compat.replicate_scene import Scene, scene
from tests.support.signals import until_async

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("replicate")) as made:
        yield made


class Use:
    """The client, and which half of it a test is to use."""

    def __init__(self, client: Any, *, asynchronously: bool) -> None:
        self.client = client
        self.asynchronously = asynchronously

    async def __call__(self, path: str, *args: Any, **options: Any) -> Any:
        """Call "predictions.get", or "predictions.async_get"; what is an iterator comes as a list."""
        *places, method = path.split(".")
        found = self.client
        for place in places:
            found = getattr(found, place)
        return await self.on(found, method, *args, **options)

    async def on(self, found: Any, method: str, *args: Any, **options: Any) -> Any:
        """The same for something that the client gave."""
        if not self.asynchronously:
            return listed(getattr(found, method)(*args, **options))
        answer = await getattr(found, f"async_{method}")(*args, **options)
        return [one async for one in answer] if hasattr(answer, "__aiter__") else answer


def fetched(url: str) -> httpx.Response:
    """What is at a link, without a token."""
    return httpx.get(url)


def listed(answer: Any) -> Any:
    return list(answer) if hasattr(answer, "__next__") else answer


@pytest.fixture(params=["sync", "async"])
async def use(request: pytest.FixtureRequest, there: Scene) -> AsyncIterator[Use]:
    yield Use(there.client(), asynchronously=request.param == "async")
    await there.close()


async def test_a_model_runs_by_its_name_and_by_each_of_its_versions(use: Use, there: Scene) -> None:
    assert await use("run", "owner/shout", {"text": "hi"}) == "HI"
    assert await use("run", f"owner/shout:{there.ids['shout']}", {"text": "hi", "mood": "wild"}) == "HI!"


@pytest.mark.parametrize("wait", [True, False, 20])
async def test_what_comes_in_pieces_is_an_iterator_however_it_is_waited_for(use: Use, there: Scene, wait: Any) -> None:
    told = await use("run", f"owner/tell:{there.ids['tell']}", {"prompt": "a b"}, wait=wait)
    assert "".join(told) == "a b "
    assert await use("run", f"owner/count:{there.ids['count']}", {"to": 3}, wait=wait) == [0, 1, 2]


async def test_text_that_comes_in_pieces_is_joined_by_code_that_joins_lists(use: Use) -> None:
    assert "".join(await use("run", "owner/tell", {"prompt": "a b"})) == "a b "


async def test_a_hold_that_runs_out_leads_to_the_output_all_the_same(use: Use, there: Scene, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    made = await use("models.predictions.create", "owner/latch", {"path": str(gate)}, wait=1)
    assert (made.status, made.output, made.completed_at) == ("starting", None, None)
    await until_async(lambda: there.owner.get(made.id)["status"] == "started", "it runs")
    await use.on(made, "reload")
    assert made.status == "processing"
    gate.touch()
    await use.on(made, "wait")
    assert (made.status, made.output) == ("succeeded", "opened")


async def test_a_prediction_says_what_replicates_say(use: Use, there: Scene) -> None:
    made = await use("predictions.create", version=there.ids["shout"], input={"text": "x"}, wait=True)
    found = await use("predictions.get", made.id)
    assert found.dict() == made.dict()
    assert found.model == "owner/shout"
    assert found.version == there.ids["shout"]
    assert found.input == {"text": "x"}
    assert (found.status, found.output, found.error) == ("succeeded", "X", None)
    assert found.logs.splitlines()[0] == "shouting x"
    assert found.progress.percentage == 0.5
    assert found.created_at <= found.started_at <= found.completed_at
    assert 0 < found.metrics["predict_time"] <= found.metrics["total_time"] < 30
    at = f"{there.base}/v1/predictions/{made.id}"
    assert found.urls["get"] == at
    assert found.urls["cancel"] == f"{at}/cancel"
    assert "stream" not in found.urls


@pytest.mark.parametrize("name", ["owner/shout:1", "owner/shout", "OWNER/Shout"])
async def test_a_version_may_be_named_as_we_name_it(use: Use, name: str) -> None:
    made = await use("predictions.create", version=name, input={"text": "x"}, wait=True)
    assert made.output == "X"


async def test_each_way_to_create_makes_the_same(use: Use, there: Scene) -> None:
    version = await use("models.get", "owner/shout")
    deployment = await use("deployments.get", "owner/shout")
    for made in (
        await use("predictions.create", version.latest_version, {"text": "x"}, wait=True),
        await use("predictions.create", model="owner/shout", input={"text": "x"}),
        await use("predictions.create", deployment="owner/shout", input={"text": "x"}),
        await use.on(deployment.predictions, "create", {"text": "x"}, wait=True),
    ):
        await use.on(made, "wait")
        assert (made.output, made.version) == ("X", there.ids["shout"])


async def test_output_is_iterated_until_its_end(use: Use, there: Scene) -> None:
    made = await use("predictions.create", version=there.ids["count"], input={"to": 4})
    if use.asynchronously:
        assert [one async for one in made.async_output_iterator()] == [0, 1, 2, 3]
    else:
        assert list(made.output_iterator()) == [0, 1, 2, 3]


async def test_a_queued_or_running_prediction_is_cancelled_and_one_that_has_ended_stays(
    use: Use, there: Scene, tmp_path: Path
) -> None:
    made = await use("models.predictions.create", "owner/latch", {"path": str(tmp_path / "never")})
    await until_async(lambda: there.owner.get(made.id)["status"] == "started", "it runs")
    await use.on(made, "cancel")
    await use.on(made, "wait")
    assert (made.status, made.output, made.error) == ("canceled", None, None)
    done = await use("predictions.create", version="owner/shout", input={"text": "x"}, wait=True)
    await use.on(done, "cancel")
    assert done.status == "succeeded"


async def test_lists_are_walked_by_their_links(use: Use, there: Scene) -> None:
    own = Use(there.client(there.stranger("predict")), asynchronously=use.asynchronously)
    there.owner.http.patch("/models/owner/shout", json={"visibility": "public"}).raise_for_status()
    made = [(await own("predictions.create", version="owner/shout", input={"text": "x"})).id for _ in range(101)]
    first = await own("predictions.list")
    assert [one.id for one in first] == made[:0:-1]
    assert first.previous is None
    second = await own("predictions.list", first.next)
    assert [one.id for one in second] == made[:1]
    assert second.next is None
    assert [one.id for one in await own("predictions.list", second.previous)] == made[:0:-1]


async def test_models_and_versions_are_shown_and_listed(use: Use, there: Scene) -> None:
    there.owner.http.patch(
        "/models/owner/tell", json={"visibility": "public", "description": "Tells.", "source_url": "https://x.test/a"}
    ).raise_for_status()
    model = await use("models.get", "owner/tell")
    assert (model.owner, model.name, model.visibility, model.description) == ("owner", "tell", "public", "Tells.")
    assert model.github_url == "https://x.test/a"
    assert model.run_count >= 0
    assert model.latest_version.id == there.ids["tell"]
    versions = await use.on(model.versions, "list")
    assert [one.id for one in versions] == [there.ids["tell"]]
    for name in (there.ids["tell"], "1"):
        assert (await use.on(model.versions, "get", name)).id == there.ids["tell"]
    assert "owner/tell" in {one.id for one in await use("models.list")}
    assert [one.id for one in await use("models.search", "tells")] == ["owner/tell"]


async def test_a_model_is_made_and_deleted_with_its_versions(use: Use, there: Scene) -> None:
    name = f"fresh-{'async' if use.asynchronously else 'sync'}"
    made = await use("models.create", "owner", name, visibility="private", hardware="cpu", description="Fresh.")
    assert (made.id, made.description, made.latest_version) == (f"owner/{name}", "Fresh.", None)
    there.owner.publish(name, "def predict(text: str) -> str: ...")
    there.owner.publish(name, "def predict(text: str) -> str: ...")
    versions = made.versions
    first = await use.on(versions, "get", "1")
    assert await use.on(versions, "delete", first.id) is True
    assert len(await use.on(versions, "list")) == 1
    assert await use("models.delete", f"owner/{name}") is True
    assert there.owner.http.get(f"/models/owner/{name}").status_code == 404


async def test_deployments_account_and_hardware_are_ours(use: Use, there: Scene) -> None:
    deployment = await use("deployments.get", "owner/shout")
    assert deployment.id == "owner/shout"
    release = deployment.current_release
    assert (release.model, release.version, release.number) == ("owner/shout", there.ids["shout"], 1)
    assert release.configuration.hardware == "cpu"
    assert "owner/shout" in {one.id for one in await use("deployments.list")}
    account = await use("accounts.current")
    assert (account.type, account.username) == ("user", "owner")
    assert "cpu" in {one.sku for one in await use("hardware.list")}


async def test_files_are_made_shown_listed_and_deleted(use: Use, there: Scene, tmp_path: Path) -> None:
    own = Use(there.client(there.stranger("predict")), asynchronously=use.asynchronously)
    path = tmp_path / "page.txt"
    path.write_bytes(b"12345")
    first = await own("files.create", path, metadata={"of": "a test"})
    assert (first.name, first.content_type, first.size, first.metadata) == (
        "page.txt",
        "text/plain",
        5,
        {"of": "a test"},
    )
    second = await own("files.create", io.BytesIO(b""), filename="empty.bin", content_type="application/x-empty")
    assert (second.name, second.content_type, second.size) == ("empty.bin", "application/x-empty", 0)
    assert fetched(first.urls["get"]).content == b"12345"
    assert (await own("files.get", first.id)).urls == first.urls
    assert [one.id for one in await own("files.list")] == [second.id, first.id]
    assert await own("files.delete", first.id) is True
    assert [one.id for one in await own("files.list")] == [second.id]
    assert fetched(first.urls["get"]).status_code == 410


async def test_files_go_in_as_handles_paths_and_inline(use: Use, tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(b"12345")
    with path.open("rb") as page:
        assert await use("run", "owner/weigh", {"page": page, "pages": [path, path]}) == [5, 5, 5]
    with path.open("rb") as page:
        inline = await use("run", "owner/weigh", {"page": page}, file_encoding_strategy="base64")
    assert inline == [5]


class ThroughTls(httpx.HTTPTransport):
    """Brings requests for the public address to the server that is behind it, as a proxy with TLS does."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.scheme == "https"
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return super().handle_request(request)


def test_what_comes_out_as_a_file_is_read_by_the_clients_own_object(
    there: Scene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain: Any = there.client()
    link = plain.run("owner/draw", {"text": "a cat"})
    assert fetched(link).text == "drawn a cat"
    plain._client.close()
    with scene(tmp_path_factory.mktemp("public"), "draw", public_url="https://augury.test") as public:
        client: Any = public.client(transport=ThroughTls(public.server.port))
        client._base_url = "https://augury.test/replicate"
        output = client.run("owner/draw", {"text": "a cat"})
        assert output.url.startswith("https://augury.test/v1/files/")
        assert output.read() == b"drawn a cat"
        assert b"".join(output) == b"drawn a cat"
        assert client.run("owner/draw", {"text": "x"}, use_file_output=False).startswith("https://")
        client._client.close()


async def test_a_file_in_several_parts_comes_whole(use: Use, tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.truncate((16 << 20) + 7)
    assert await use("run", "owner/weigh", {"page": path}) == [(16 << 20) + 7]


def test_a_token_is_taken_as_replicate_took_it_before(there: Scene) -> None:
    for scheme in ("Token", "Bearer", "token"):
        headers = {"Authorization": f"{scheme} {there.server.token}"}
        assert httpx.get(f"{there.base}/v1/account", headers=headers).status_code == 200


def test_an_answer_names_the_prediction_and_what_was_passed_over(there: Scene) -> None:
    answer = httpx.post(
        f"{there.base}/v1/predictions",
        json={"version": "owner/shout", "input": {"text": "x"}, "unheard_of": 1},
        headers={"Authorization": f"Bearer {there.server.token}"},
    )
    assert answer.status_code == 201
    assert answer.headers["augury-prediction"] == answer.json()["id"]
    assert answer.headers["augury-ignored"] == "unheard_of"


def test_every_route_is_described(there: Scene) -> None:
    paths: dict[str, Any] = httpx.get(f"{there.server.url}/openapi.json").json()["paths"]
    names: list[str] = []
    for path, operations in paths.items():
        if path.startswith("/replicate/"):
            for operation in operations.values():
                assert operation["summary"]
                assert {"401", "404", "422", "429"} <= set(operation["responses"])
                names.append(operation["operationId"])
    assert len(names) == len(set(names)) == 23
