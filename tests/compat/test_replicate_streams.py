"""Streams as Replicate's official Python client reads them, and what a client that hangs up does."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.compat.replicate_scene import Scene, scene
from tests.support.signals import until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("replicate"), "shout", "tell", "drip", "latch", "count") as made:
        yield made


@pytest.fixture
async def client(there: Scene) -> AsyncIterator[Any]:
    yield there.client()
    await there.close()


def fetched(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """What is at a link."""
    return httpx.get(url, headers=headers)


async def streamed(client: Any, kind: str, *args: Any, **options: Any) -> list[tuple[str, str]]:
    if kind == "sync":
        return [(one.event.value, one.data) for one in client.stream(*args, **options)]
    return [(one.event.value, one.data) async for one in await client.async_stream(*args, **options)]


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_models_text_is_streamed_in_its_pieces(there: Scene, client: Any, kind: str) -> None:
    for ref in ("owner/tell", f"owner/tell:{there.ids['tell']}"):
        events = await streamed(client, kind, ref, input={"prompt": "a b\nc  é"})
        assert events == [("output", "a "), ("output", "b\nc "), ("output", " "), ("output", "é "), ("done", "{}")]


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_items_that_are_no_text_come_as_json(client: Any, kind: str) -> None:
    events = await streamed(client, kind, "owner/count", input={"to": 2})
    assert events == [("output", "0"), ("output", "1"), ("done", "{}")]


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_failure_in_the_middle_is_the_clients_error(client: Any, kind: str) -> None:
    with pytest.raises(RuntimeError, match="it stopped"):
        await streamed(client, kind, "owner/tell", input={"prompt": "a stop"})


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_model_without_a_stream_is_the_clients_error(client: Any, kind: str) -> None:
    with pytest.raises(Exception, match="does not support streaming"):
        await streamed(client, kind, "owner/shout", input={"text": "x"})


async def test_a_prediction_that_is_there_is_streamed_and_its_end_is_told(
    there: Scene, client: Any, tmp_path: Path
) -> None:
    made = client.models.predictions.create("owner/drip", {"path": str(tmp_path / "gate")})
    events = made.stream()
    assert next(events).data == "first"
    client.predictions.cancel(made.id)
    last = next(events)
    assert (last.event.value, last.data) == ("done", '{"reason":"canceled"}')
    again = client.predictions.get(made.id)
    assert [one.event.value for one in again.stream()] == ["output", "done"]


async def test_the_link_of_a_stream_needs_no_token_and_goes_on_where_it_was_left(there: Scene, client: Any) -> None:
    made = client.models.predictions.create("owner/tell", {"prompt": "a b"}, wait=10)
    whole = fetched(made.urls["stream"])
    assert whole.headers["content-type"].startswith("text/event-stream")
    assert whole.text == (
        "event: output\nid: 2\ndata: a \n\nevent: output\nid: 3\ndata: b \n\nevent: done\nid: 4\ndata: {}\n\n"
    )
    rest = fetched(made.urls["stream"], headers={"Last-Event-ID": "2"})
    assert rest.text == whole.text.partition("\n\n")[2]
    for nonsense in ("x", "-1", "9" * 30, "1.5"):
        assert fetched(made.urls["stream"], headers={"Last-Event-ID": nonsense}).text == whole.text
    other = client.models.predictions.create("owner/tell", {"prompt": "c"}, wait=10)
    wrong = made.urls["stream"].replace(made.id, other.id)
    assert fetched(wrong).status_code == 403
    with_token = fetched(
        made.urls["stream"].partition("?")[0], headers={"Authorization": f"Token {there.server.token}"}
    )
    assert with_token.text == whole.text


async def test_no_stream_is_kept_for_those_who_say_that_they_want_none(client: Any) -> None:
    made = client.models.predictions.create("owner/tell", {"prompt": "a"}, wait=10, stream=False)
    assert (made.output, "stream" in made.urls) == (["a "], False)


async def test_what_was_removed_says_so(there: Scene, client: Any) -> None:
    made = client.models.predictions.create("owner/tell", {"prompt": "a"}, wait=10)
    there.owner.http.delete(f"/predictions/{made.id}").raise_for_status()
    answer = fetched(made.urls["get"], headers={"Authorization": f"Bearer {there.server.token}"}).json()
    assert (answer["data_removed"], answer["input"], answer["output"], answer["logs"]) == (True, {}, None, "")
    assert "stream" not in answer["urls"]
    assert fetched(made.urls["stream"]).status_code == 410


async def test_a_reader_that_hangs_up_cancels_and_frees_the_worker(there: Scene, client: Any, tmp_path: Path) -> None:
    made = client.models.predictions.create("owner/drip", {"path": str(tmp_path / "never")})
    with httpx.stream("GET", made.urls["stream"]) as answer:
        assert next(answer.iter_lines()) == "event: output"
    assert there.owner.ended(made.id, deadline=2)["status"] == "cancelled"


def test_a_client_that_hangs_up_while_it_is_held_cancels(there: Scene, tmp_path: Path) -> None:
    before = {one["id"] for one in there.owner.http.get("/predictions").json()["items"]}
    address = urlsplit(there.server.url)
    body = b'{"version": "owner/latch", "input": {"path": "%s"}}' % str(tmp_path / "never").encode()
    head = (
        f"POST /replicate/v1/predictions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {there.server.token}\r\n"
        f"Prefer: wait\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + body)

        def made() -> str | None:
            found = there.owner.http.get("/predictions").json()["items"]
            return next((one["id"] for one in found if one["id"] not in before and one["status"] == "started"), None)

        prediction = until(made, "it runs")
    assert prediction is not None
    assert there.owner.ended(prediction, deadline=2)["status"] == "cancelled"
    # Without a hold there is nobody to hang up.
    gate = tmp_path / "gate"
    client: Any = there.client()
    free = client.models.predictions.create("owner/latch", {"path": str(gate)})
    client._client.close()
    there.owner.reaches(free.id, "started")
    gate.touch()
    assert there.owner.ended(free.id)["status"] == "succeeded"


def test_where_the_operator_says_so_a_hang_up_cancels_nothing(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    with scene(tmp_path_factory.mktemp("patient"), "drip", compat_cancel="false") as patient:
        client: Any = patient.client()
        made = client.models.predictions.create("owner/drip", {"path": str(gate)})
        with httpx.stream("GET", made.urls["stream"]) as answer:
            assert next(answer.iter_lines()) == "event: output"
        gate.touch()
        assert patient.owner.ended(made.id)["status"] == "succeeded"
        client._client.close()
