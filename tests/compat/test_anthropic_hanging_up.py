"""Clients of Anthropic's that hang up: what they asked for is cancelled at once, and the worker is free (D33)."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anthropic
import anyio
import pytest

from tests.compat.anthropic_scene import Scene, asked, scene, talk
from tests.support.signals import until, until_async

FREE_SECONDS = 2.0
"""How soon a worker is another's after its client has gone."""
NEVER = {"wait": "/nowhere/never"}
PIECES = ("one ", "two ", "three")
EVENTS = ("message_start", "content_block_start", *["content_block_delta"] * len(PIECES))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("hanging-up"), "script") as made:
        yield made


@pytest.fixture(scope="module")
def client(there: Scene) -> Generator[Any]:
    with there.anthropic() as made:
        made.messages.create(**asked("warm"))
        yield made


def running(there: Scene) -> bool:
    """Whether the newest prediction has begun."""
    return there.newest()["status"] == "started"


def free_soon(there: Scene, client: Any) -> None:
    """The only worker takes the next call at once, and what it did before is cancelled."""
    left = there.newest()["id"]
    began = time.monotonic()
    assert client.messages.create(**asked("next")).content[0].text == "next"
    assert time.monotonic() - began < FREE_SECONDS
    assert there.owner.get(left)["status"] == "cancelled"


@pytest.mark.parametrize("events", range(len(EVENTS) + 1))
def test_a_stream_that_is_cut_after_each_of_its_events_is_cancelled(there: Scene, client: Any, events: int) -> None:
    with client.messages.create(**asked(*PIECES, NEVER), stream=True) as stream:
        heard = [next(stream).type for _ in range(events)]
    assert heard == [*EVENTS[:events]]
    free_soon(there, client)


def test_the_streaming_helper_that_is_left_cancels(there: Scene, client: Any) -> None:
    with client.messages.stream(**asked(*PIECES, NEVER)) as stream:
        assert next(iter(stream.text_stream)) == "one "
    free_soon(there, client)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_call_that_is_left_before_its_answer_is_cancelled(there: Scene, client: Any, stream: bool) -> None:
    before = there.newest()["id"]
    content = json.dumps(asked(NEVER, stream=stream)).encode()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {there.server.token}\r\n"
    with socket.create_connection(("127.0.0.1", there.server.port), timeout=20) as connection:
        connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        until(lambda: there.newest()["id"] != before and running(there), "it runs")
    free_soon(there, client)


def test_a_client_whose_patience_ends_is_one_that_hangs_up(there: Scene, client: Any) -> None:
    with pytest.raises(anthropic.APITimeoutError):
        client.with_options(timeout=1).messages.create(**asked(NEVER))
    free_soon(there, client)


@pytest.mark.anyio
async def test_a_task_that_is_cancelled_cancels_its_call(there: Scene, client: Any) -> None:
    before = there.newest()["id"]
    async with there.async_anthropic() as asynchronous, anyio.create_task_group() as tasks:

        async def call() -> None:
            await asynchronous.messages.create(**asked(NEVER))

        tasks.start_soon(call)
        await until_async(lambda: there.newest()["id"] != before and running(there), "it runs")
        tasks.cancel_scope.cancel()
    free_soon(there, client)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_stop_ends_the_work_for_it(there: Scene, client: Any, stream: bool) -> None:
    body = asked("one st", "op two", NEVER, stop_sequences=["stop"])
    if stream:
        with client.messages.stream(**body) as streamed:
            message = streamed.get_final_message()
    else:
        message = client.messages.create(**body)
    assert message.content[0].text == "one "
    assert message.stop_reason == "stop_sequence"
    free_soon(there, client)


def test_a_native_stream_that_is_cut_is_cancelled(there: Scene, client: Any, tmp_path: Path) -> None:
    source = """
    import threading
    from typing import Iterator
    def predict(messages: list, max_tokens: int) -> Iterator[dict]:
        if messages[-1]["content"] == "never":
            yield {"type": "ping"}
            threading.Event().wait()
        yield {"type": "message", "id": "m", "role": "assistant", "model": "m", "content": [],
               "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    """
    there.owner.publish("own", source, "idle_timeout = 600\ncompatibilities = { anthropic_messages = true }")
    with client.messages.create(**talk("never", model="owner/own"), stream=True):
        until(lambda: running(there), "it runs")
    left = there.newest()["id"]
    began = time.monotonic()
    assert client.messages.create(**talk("x", model="owner/own")).id == "m"
    assert time.monotonic() - began < FREE_SECONDS
    assert there.owner.get(left)["status"] == "cancelled"
