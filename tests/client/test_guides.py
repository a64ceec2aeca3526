"""What the official client's guides show about predictions, files, models and pages, done against a running server."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Generator
from pathlib import Path
from typing import cast

import httpx
import pytest
from wriftai import Client, File
from wriftai.common_types import JsonValueWithFile, ModelVisibility, SortDirection
from wriftai.models import ModelsSortBy
from wriftai.predictions import (
    CreateWaitOptions,
    PredictionPaginationOptions,
    PredictionStreamEventType,
    PredictionWithDetails,
    Status,
    WaitOptions,
)

from tests.support import publishing
from tests.support.receiver import receiving
from tests.support.server import Server

WORDS = """
from typing import Iterator
def predict(prompt: str) -> Iterator[str]:
    yield from prompt.split()
"""
AUDIO = """
from augury import File
def predict(audio: File, more: list[dict[str, File]] = []) -> list:
    return [audio.read_bytes().decode(), *(file.read_bytes().decode() for one in more for file in one.values())]
"""


@pytest.fixture(scope="module")
def words(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of two versions that streams the words of its prompt: "owner/words"."""
    with contextlib.closing(publishing.Client(server, tmp_path_factory.mktemp("words"))) as publisher:
        publisher.publish("words", WORDS)
        return publisher.publish("words", WORDS).partition(":")[0]


@pytest.fixture(scope="module")
def audio(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that says what is in the files that it gets."""
    with contextlib.closing(publishing.Client(server, tmp_path_factory.mktemp("audio"))) as publisher:
        return publisher.publish("audio", AUDIO)


@pytest.fixture
def wriftai(server: Server) -> Generator[Client]:
    with httpx.Client(timeout=25) as http:
        yield Client(server.token, server.api, http_client=http)


def test_the_client_finds_its_server_in_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRIFTAI_ACCESS_TOKEN", server.token)
    monkeypatch.setenv("WRIFTAI_API_BASE_URL", server.api)
    with httpx.Client() as http:
        assert Client(http_client=http, headers={"X-App-Name": "guide"}).authenticated_user.get()["name"] == "owner"


def test_a_prediction_of_the_latest_and_of_a_named_version(wriftai: Client, words: str) -> None:
    latest = wriftai.predictions.create(model=words, input={"prompt": "a b"})
    named = wriftai.predictions.create(model=f"{words}:1", input={"prompt": "a b"})
    assert (latest["model"]["version_number"], named["model"]["version_number"]) == (2, 1)
    assert wriftai.predictions.wait(latest["id"])["output"] == ["a", "b"]
    assert wriftai.predictions.get(named["id"])["id"] == named["id"]


def test_a_webhook_is_told(wriftai: Client, words: str) -> None:
    with receiving() as receiver:
        made = wriftai.predictions.create(
            model=words, input={"prompt": "a"}, webhook={"url": receiver.url, "secret": "top-secret"}
        )
        assert receiver.until_ended()[-1].json == wriftai.predictions.get(made["id"])


def test_input_is_validated_before_anything_is_made(wriftai: Client, words: str) -> None:
    assert wriftai.predictions.create(model=words, input={"prompt": "a"}, validate_input=True)["input"]
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        wriftai.predictions.create(model=words, input={"prompt": 5}, validate_input=True)


def test_creating_and_waiting_in_each_way(wriftai: Client, words: str, latch: str, tmp_path: Path) -> None:
    assert wriftai.predictions.create(model=words, input={"prompt": "a"}, wait=True)["status"] == "succeeded"
    held = CreateWaitOptions(duration=20)
    assert wriftai.predictions.create(model=words, input={"prompt": "a"}, wait=True, wait_options=held)["output"]

    gate = tmp_path / "gate"
    short = CreateWaitOptions(duration=0.2, poll=False)
    made = wriftai.predictions.create(model=latch, input={"path": str(gate)}, wait=True, wait_options=short)
    assert made["status"] in ("pending", "starting", "started")

    seen: list[str] = []

    def on_poll(prediction: PredictionWithDetails) -> None:
        seen.append(prediction["status"])
        gate.touch()

    ended = wriftai.predictions.wait(made["id"], options=WaitOptions(poll_interval=0.05, on_poll=on_poll))
    assert ended["status"] == "succeeded"
    assert seen[-1] == "succeeded"

    gate.unlink()
    polled = CreateWaitOptions(duration=0.2, poll_interval=0.05, on_poll=on_poll)
    ended = wriftai.predictions.create(model=latch, input={"path": str(gate)}, wait=True, wait_options=polled)
    assert ended["status"] == "succeeded"


def test_a_prediction_is_cancelled_and_found_by_its_status(wriftai: Client, latch: str, tmp_path: Path) -> None:
    made = wriftai.predictions.create(model=latch, input={"path": str(tmp_path / "never")})
    wriftai.predictions.cancel(made["id"])
    assert wriftai.predictions.wait(made["id"])["status"] == "cancelled"
    found = wriftai.predictions.list(PredictionPaginationOptions(statuses=[Status.CANCELLED, Status.FAILED]))
    assert found.items[0]["id"] == made["id"]
    assert {one["status"] for one in found.items} <= {"cancelled", "failed"}


def test_events_are_streamed_from_the_create_and_by_id(wriftai: Client, words: str) -> None:
    options = CreateWaitOptions(duration=10)
    prompt = {"prompt": "to be continued"}
    at_once = list(wriftai.predictions.create(True, True, options, model=words, input=prompt))
    made = wriftai.predictions.create(stream=True, model=words, input=prompt)
    by_id = list(wriftai.predictions.stream(made["id"], wait=10))
    for events in (at_once, by_id):
        said = [one["data"] for one in events if one["event"] == PredictionStreamEventType.OUTPUT]
        assert said == ["to", "be", "continued"]
        assert (events[0]["event"], events[-1]["event"]) == ("init", "done")
    rest = list(wriftai.predictions.stream(made["id"], after_id=by_id[1]["id"]))
    assert rest == by_id[2:]


def test_a_stream_is_left_early_and_gone_on_with(wriftai: Client, words: str) -> None:
    made = wriftai.predictions.create(model=words, input={"prompt": "a b c"}, stream=True)
    with contextlib.closing(wriftai.predictions.stream(made["id"])) as events:
        first = next(events)
    assert first["data"] == {"id": made["id"], "model": made["model"]}
    assert [one["id"] for one in wriftai.predictions.stream(made["id"], after_id=first["id"])] == ["2", "3", "4", "5"]


@pytest.mark.anyio
async def test_the_async_client_streams_too(server: Server, words: str) -> None:
    async with httpx.AsyncClient(timeout=25) as http:
        predictions = Client(server.token, server.api, async_http_client=http).predictions
        stream = await predictions.async_create(True, True, model=words, input={"prompt": "a b"})
        events = [one async for one in stream]
        made = cast("dict[str, str]", events[0]["data"])
        async with contextlib.aclosing(predictions.async_stream(made["id"])) as again:
            assert [one async for one in again] == events


def test_files_go_with_the_input_wherever_they_are_in_it(wriftai: Client, audio: str, tmp_path: Path) -> None:
    path = tmp_path / "one.wav"
    path.write_bytes(b"from a path")
    with path.open("rb") as stream:
        more: list[JsonValueWithFile] = [
            {"a": File(content=b"raw", mime_type="audio/wav")},
            {"b": File(stream)},
            {"c": File(io.BytesIO(b""))},
        ]
        done = wriftai.predictions.create(model=audio, input={"audio": File(path), "more": more}, wait=True)
    assert done["output"] == ["from a path", "raw", "from a path", ""]


def test_files_are_uploaded_by_themselves_with_their_type_and_progress(wriftai: Client, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF" + bytes(17 * 2**20))
    sent: list[tuple[int, int]] = []
    lock = threading.Lock()

    def on_progress(delta: int, total: int) -> None:
        with lock:
            sent.append((delta, total))

    with path.open("rb") as stream:
        for file, kind in (
            (File(path), "application/pdf"),
            (File(b"raw file contents"), "application/octet-stream"),
            (File(stream), "application/pdf"),
            (File(b"raw file contents", mime_type="application/pdf"), "application/pdf"),
        ):
            url = wriftai.files.upload(file, on_progress=on_progress)["download_url"]
            answer = httpx.get(url).raise_for_status()
            assert answer.headers["content-type"] == kind
    big = path.stat().st_size
    assert sum(delta for delta, total in sent if total == big) == 2 * big


def test_models_are_made_found_listed_renamed_and_deleted(wriftai: Client, words: str) -> None:
    made = wriftai.models.create(
        {"name": "guided", "visibility": ModelVisibility.public, "description": "A llama in a guide"}
    )
    assert [one["name"] for one in wriftai.models.search("llama").items] == ["guided"]
    assert "guided" in [one["name"] for one in wriftai.models.list().items]
    assert "guided" in [one["name"] for one in wriftai.models.list(owner="owner").items]
    most = wriftai.models.list(
        pagination_options={"sort_by": ModelsSortBy.PREDICTIONS_COUNT, "sort_direction": SortDirection.DESC}
    )
    counts = [one["predictions_count"] for one in most.items]
    assert counts == sorted(counts, reverse=True)
    assert wriftai.models.update("owner/guided", {"name": "guided-anew"})["id"] == made["id"]
    assert wriftai.models.get("owner/guided-anew")["latest_version"] is None
    wriftai.models.delete("owner/guided-anew")
    assert [one["number"] for one in wriftai.model_versions.list(words).items] == [2, 1]
    assert wriftai.model_versions.get(f"{words}:2")["number"] == 2


def test_pages_are_gone_through_forwards_and_backwards(wriftai: Client) -> None:
    for number in range(7):
        wriftai.models.create({"name": f"leaf-{number}", "visibility": ModelVisibility.public})
    page = wriftai.models.list({"page_size": 3})
    there = [page.items]
    while page.next_cursor:
        page = wriftai.models.list({"cursor": page.next_cursor})
        there.append(page.items)
    back = [page.items]
    while page.previous_cursor:
        page = wriftai.models.list({"cursor": page.previous_cursor})
        back.append(page.items)
    assert back == there[::-1]
    names = [one["name"] for items in there for one in items]
    assert [f"leaf-{number}" for number in range(7)] == [name for name in names if name.startswith("leaf")]
