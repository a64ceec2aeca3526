"""What the official client does with streams: in one with the create, by id, from a place on, and after a break."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import AsyncIterator, Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from wriftai import Client

from tests.client.conftest import Use
from tests.support import publishing
from tests.support.server import Server, running

pytestmark = pytest.mark.anyio

SPEAKER = """
import json, os, time
from typing import Any, Iterator

def predict(items: str, pause: float = 0.0, until: str = "", fail: bool = False) -> Iterator[Any]:
    for item in json.loads(items):
        yield item
        time.sleep(pause)
    while until and not os.path.exists(until):
        time.sleep(0.01)
    if fail:
        raise ValueError("enough")
"""
BIG = """
from typing import Iterator
def predict() -> Iterator[str]:
    yield "é" * 2_500_000
    yield "small"
"""
COUNTER = """
from typing import Iterator
def predict(count: int) -> Iterator[int]:
    yield from range(count)
"""
WEIRD: list[Any] = [
    "line\u2028separator and\u2029paragraph", "next\x85line", "lone\rreturn", "two\nlines\r\n", "", None, "\u0000",
    {"deep": [{"er": [1, 2.5, None, True, "\U0001f52e"]}]}, [], {}, 10**30, "data: not a field", ": nor a comment",
]  # fmt: skip


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server whose streams soon get a heartbeat, and soon end when nothing comes."""
    with running(tmp_path_factory.mktemp("streams"), stream_heartbeat="0.2", stream_idle="1") as started:
        yield started


@pytest.fixture(scope="module")
def speaker(quick: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    with closing(publishing.Client(quick, tmp_path_factory.mktemp("models"))) as client:
        return client.publish("speaker", SPEAKER)


@pytest.fixture(scope="module")
def counter(quick: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    with closing(publishing.Client(quick, tmp_path_factory.mktemp("models"))) as client:
        return client.publish("counter", COUNTER)


@pytest.fixture(params=["sync", "async"])
async def use(request: pytest.FixtureRequest, quick: Server) -> AsyncIterator[Use]:
    async with _Official(quick.api, quick.token, asynchronously=request.param == "async") as made:
        yield made


async def test_a_create_streams_every_kind_of_item_as_it_is(use: Use, speaker: str) -> None:
    events = await _all(use, "create", wait=True, stream=True, model=speaker, input=_said(WEIRD))
    assert [one["event"] for one in events] == ["init", *["output"] * len(WEIRD), "done"]
    assert [one["id"] for one in events] == [str(number) for number in range(1, len(WEIRD) + 3)]
    assert [one["data"] for one in events[1:-1]] == WEIRD
    prediction = events[0]["data"]["id"]
    assert events[0]["data"]["model"] == {"owner": "owner", "name": "speaker", "version_number": 1}
    assert events[-1]["data"] == {"id": prediction, "status": "succeeded"}
    assert (await use("predictions", "get", prediction))["output"] == WEIRD


async def test_an_item_of_five_megabytes_comes_whole(use: Use, quick: Server, tmp_path: Path) -> None:
    with closing(publishing.Client(quick, tmp_path)) as client:
        big = client.publish("big", BIG)
    events = await _all(use, "create", wait=True, stream=True, model=big, input={})
    assert [one["data"] for one in events[1:-1]] == ["é" * 2_500_000, "small"]


async def test_a_stream_is_read_by_id_from_the_beginning_and_from_any_event_on(use: Use, speaker: str) -> None:
    made = await use("predictions", "create", stream=True, model=speaker, input=_said(["a", "b", "c"]))
    assert made["stream"] is True
    whole = await _all(use, "stream", made["id"])
    assert [one["data"] for one in whole[1:-1]] == ["a", "b", "c"]
    assert await _all(use, "stream", made["id"], after_id="2") == whole[2:]
    # Behind the end there is the end again: a client that found nothing would ask for ever.
    assert await _all(use, "stream", made["id"], after_id="5") == whole[-1:]
    assert await _all(use, "stream", made["id"], after_id="99") == whole[-1:]


async def test_items_come_while_the_prediction_still_runs(use: Use, speaker: str, tmp_path: Path) -> None:
    let_go = tmp_path / "go"
    seen: list[Any] = []
    async for event in _each(use, "create", wait=True, stream=True, model=speaker, input=_said(["a"], str(let_go))):
        seen.append(event["event"])
        if event["event"] == "output":
            let_go.touch()
    assert seen == ["init", "output", "done"]


async def test_a_silence_longer_than_heartbeat_and_idle_time_loses_nothing(use: Use, speaker: str) -> None:
    options = {"wait": True, "stream": True, "model": speaker, "input": {**_said(["a", "b"]), "pause": 2.5}}
    events = await _all(use, "create", **options)
    assert [one["event"] for one in events] == ["init", "output", "output", "done"]


async def test_a_dropped_connection_is_resumed_without_a_gap(quick: Server, speaker: str, asynchronously: bool) -> None:
    items = [f"item {number}" for number in range(40)]
    events: list[dict[str, Any]] = []
    breaks = 0
    with _cutting(quick.port, after=1500) as port:
        async with _Official(f"http://127.0.0.1:{port}/v1", quick.token, asynchronously=asynchronously) as use:
            options = {"wait": True, "stream": True, "model": speaker, "input": {**_said(items), "pause": 0.01}}
            reading = _each(use, "create", **options)
            while not events or events[-1]["event"] != "done":
                try:
                    async for event in reading:
                        events.append(event)  # noqa: PERF401 - what came before the break counts
                except httpx.TransportError:
                    breaks += 1
                    reading = _each(use, "stream", events[0]["data"]["id"], after_id=events[-1]["id"])
    assert breaks >= 1
    assert [one["data"] for one in events[1:-1]] == items
    assert [one["id"] for one in events] == [str(number) for number in range(1, 43)]


async def test_a_failure_before_the_first_item_ends_the_stream_at_once(use: Use, speaker: str) -> None:
    events = await _all(use, "create", wait=True, stream=True, model=speaker, input={**_said([]), "fail": True})
    assert [one["event"] for one in events] == ["init", "error"]
    assert events[-1]["data"]["source"] == "external"
    assert events[-1]["data"]["message"] == "enough"


async def test_a_cancelled_stream_ends_with_done(use: Use, speaker: str, tmp_path: Path) -> None:
    options = _said(["a"], str(tmp_path / "never"))
    seen: list[Any] = []
    async for event in _each(use, "create", wait=True, stream=True, model=speaker, input=options):
        seen.append(event)
        if event["event"] == "output":
            await use("predictions", "cancel", seen[0]["data"]["id"])
    assert [one["event"] for one in seen] == ["init", "output", "done"]
    assert seen[-1]["data"]["status"] == "cancelled"


async def test_a_stream_of_a_prediction_without_one_is_refused_and_not_empty(use: Use, speaker: str) -> None:
    made = await use("predictions", "create", wait=True, model=speaker, input=_said(["a"]))
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await _all(use, "stream", made["id"])
    assert refused.value.response.status_code == 409
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await _all(use, "stream", "00000000-0000-7000-8000-000000000000")
    assert refused.value.response.status_code == 404


async def test_five_thousand_events_are_replayed_after_a_restart(
    quick: Server, counter: str, asynchronously: bool
) -> None:
    async with _Official(quick.api, quick.token, asynchronously=asynchronously) as use:
        made = await _all(use, "create", wait=True, stream=True, model=counter, input={"count": 5000})
        assert [one["data"] for one in made[1:-1]] == list(range(5000))
        quick.restart()
        again = await _all(use, "stream", made[0]["data"]["id"], after_id="1")
    assert again == made[1:]


@pytest.fixture(params=["sync", "async"])
def asynchronously(request: pytest.FixtureRequest) -> bool:
    return request.param == "async"


def _said(items: list[Any], until: str = "") -> dict[str, Any]:
    return {"items": json.dumps(items), "until": until}


async def _all(use: Use, method: str, *args: Any, **options: Any) -> list[dict[str, Any]]:
    return [event async for event in _each(use, method, *args, **options)]


async def _each(use: Use, method: str, *args: Any, **options: Any) -> AsyncIterator[dict[str, Any]]:
    predictions = use.client.predictions
    if use.asynchronously:
        found: Any = getattr(predictions, f"async_{method}")(*args, **options)
        # Of a create it is awaited, of a stream it is not.
        async for event in await found if method == "create" else found:
            yield event
    else:
        for event in getattr(predictions, method)(*args, **options):
            yield event


class _Official:
    """The official client on an address, closed with what it has opened."""

    def __init__(self, api: str, token: str, *, asynchronously: bool) -> None:
        self._http = httpx.Client(timeout=25)
        self._async_http = httpx.AsyncClient(timeout=25)
        client = Client(token, api, http_client=self._http, async_http_client=self._async_http)
        self._use = Use(client, asynchronously)

    async def __aenter__(self) -> Use:
        return self._use

    async def __aexit__(self, *_: object) -> None:
        self._http.close()
        await self._async_http.aclose()


@contextmanager
def _cutting(port: int, after: int) -> Generator[int]:
    """A way to the server that breaks each connection whose answer has got this long, in the middle of an event."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_pass_on, args=(listening, port, after), daemon=True).start()
        yield listening.getsockname()[1]


def _pass_on(listening: socket.socket, port: int, after: int) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_pass_one, args=(client, port, after), daemon=True).start()


def _pass_one(client: socket.socket, port: int, after: int) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        threading.Thread(target=_copy, args=(client, server), daemon=True).start()
        left = after
        while left > 0 and (piece := server.recv(min(left, 4096))):
            client.sendall(piece)
            left -= len(piece)
        for end in (client, server):
            # Closing alone would wait for the thread that still reads.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
    except OSError:
        return
