"""Streams and logs over HTTP, byte by byte: frames, headers, places to begin at, and what is refused."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import publishing
from tests.support.server import Server, running
from tests.support.signals import until

SPEAKER = """
import os, time
from typing import Iterator
print("getting ready")
def predict(items: list[str], until: str = "") -> Iterator[str]:
    for item in items:
        print("saying", item)
        yield item
    while until and not os.path.exists(until):
        time.sleep(0.01)
"""
FLOOD = """
from typing import Iterator
def predict(count: int) -> Iterator[str]:
    for number in range(count):
        yield "x" * 10_000
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running(tmp_path_factory.mktemp("streams"), stream_heartbeat="0.2", stream_idle="20") as started:
        yield started


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[publishing.Client]:
    with closing(publishing.Client(server, tmp_path_factory.mktemp("models"))) as made:
        yield made


@pytest.fixture(scope="module")
def speaker(client: publishing.Client) -> str:
    return client.publish("speaker", SPEAKER)


def test_frames_are_an_id_an_event_and_one_line_of_data(client: publishing.Client, speaker: str) -> None:
    answer = _create(client, speaker, ["a\u2028\x85\r\n", ""], Prefer="wait=7")
    prediction = answer.headers["location"].rpartition("/")[2]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["preference-applied"] == "wait=7"
    assert "content-encoding" not in answer.headers
    about = '"model":{"owner":"owner","name":"speaker","version_number":1}'
    init = f'{{"id":"{prediction}",{about}}}'
    # A worker that takes its time to start is bridged by heartbeats.
    assert answer.content.decode().replace(": ping\n\n", "") == (
        f"id: 1\nevent: init\ndata: {init}\n\n"
        'id: 2\nevent: output\ndata: "a\u2028\x85\\r\\n"\n\n'
        'id: 3\nevent: output\ndata: ""\n\n'
        f'id: 4\nevent: done\ndata: {{"id":"{prediction}","status":"succeeded"}}\n\n'
    )


def test_what_is_wrong_with_a_create_is_said_as_ever_and_starts_no_stream(
    client: publishing.Client, speaker: str
) -> None:
    body = {"model": speaker, "input": {"items": 3}, "stream": True}
    answer = client.http.post("/predictions", json=body, headers={"Prefer": "wait", "Validate-Input": "true"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "input", "items"]
    # Without the check beforehand it is stored, and its stream says what was wrong.
    answer = client.http.post("/predictions", json=body, headers={"Prefer": "wait"})
    assert [event for _, event, _ in _events(answer.text)] == ["init", "error"]
    assert _events(answer.text)[-1][2]["source"] == "external"
    answer = client.http.post("/predictions", json={**body, "model": "owner/none"}, headers={"Prefer": "wait"})
    assert answer.status_code == 404


def test_a_stream_begins_behind_the_event_that_is_named(client: publishing.Client, speaker: str) -> None:
    prediction = _made(client, speaker, ["a", "b", "c"])
    whole = _events(_read(client, prediction).text)
    assert [number for number, _, _ in whole] == ["1", "2", "3", "4", "5"]
    assert _events(_read(client, prediction, params={"after_id": "3"}).text) == whole[3:]
    assert _events(_read(client, prediction, headers={"Last-Event-ID": "3"}).text) == whole[3:]
    both = _read(client, prediction, params={"after_id": "1"}, headers={"Last-Event-ID": "3"})
    assert _events(both.text) == whole[1:]
    for beyond in ("5", "6", "99999999999999999999"):
        assert _events(_read(client, prediction, params={"after_id": beyond}).text) == whole[-1:]


@pytest.mark.parametrize("after", ["x", "", "-1", "1.5", " 1", "٣", "1" * 30])
def test_a_place_that_is_no_number_is_refused(client: publishing.Client, speaker: str, after: str) -> None:
    prediction = _made(client, speaker, [])
    answer = _read(client, prediction, params={"after_id": after})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "after_id"]
    assert answer.json()["detail"][0]["type"] == "int_parsing"


def test_there_is_no_stream_of_what_is_not_there_not_yours_or_not_streaming(
    client: publishing.Client, speaker: str
) -> None:
    plain = client.create(speaker, wait=10, items=[])["id"]
    assert _problem(_read(client, plain)) == (409, "not_streaming")
    assert _problem(_read(client, "01a213fb-0273-70f2-b52a-3adad4987789")) == (404, "prediction_not_found")
    assert _read(client, "nonsense").status_code == 422
    prediction = _made(client, speaker, [])
    assert httpx.get(f"{client.server.api}/predictions/{prediction}/stream").status_code == 401
    assert client.http.delete(f"/predictions/{prediction}").status_code == 200
    assert _problem(_read(client, prediction)) == (410, "prediction_removed")
    assert _problem(client.http.get(f"/predictions/{prediction}/logs")) == (410, "prediction_removed")


def test_a_silent_stream_gets_heartbeats_and_ends_when_its_reader_wants_no_more(
    client: publishing.Client, speaker: str, tmp_path: Path
) -> None:
    body = {"model": speaker, "input": {"items": ["a"], "until": str(tmp_path / "go")}, "stream": True}
    answer = client.http.post("/predictions", json=body, headers={"Prefer": "wait=1.1"})
    assert [event for _, event, _ in _events(answer.text)] == ["init", "output"]
    assert 3 <= answer.text.count(": ping\n\n") <= 6
    prediction = answer.headers["location"].rpartition("/")[2]
    assert client.get(prediction)["status"] == "started"
    (tmp_path / "go").touch()
    assert [event for _, event, _ in _events(_read(client, prediction, params={"after_id": "2"}).text)] == ["done"]


def test_a_reader_that_goes_away_cancels_nothing(client: publishing.Client, speaker: str, tmp_path: Path) -> None:
    body = {"model": speaker, "input": {"items": ["a"], "until": str(tmp_path / "go")}, "stream": True}
    with client.http.stream("POST", "/predictions", json=body, headers={"Prefer": "wait"}) as answer:
        pieces = answer.iter_bytes()
        assert next(pieces).startswith(b"id: 1\n")
        assert _open(client) == 1
        prediction = answer.headers["location"].rpartition("/")[2]
    until(lambda: _open(client) == 0, "the server has noticed")
    (tmp_path / "go").touch()
    assert client.ended(prediction)["status"] == "succeeded"


def test_an_idempotency_key_leads_back_to_the_same_stream(client: publishing.Client, speaker: str) -> None:
    body = {"model": speaker, "input": {"items": ["a"]}, "stream": True}
    headers = {"Prefer": "wait=5", "Idempotency-Key": "once"}
    first, again = (client.http.post("/predictions", json=body, headers=headers) for _ in range(2))
    assert _events(first.text) == _events(again.text)
    assert first.headers["location"] == again.headers["location"]


def test_a_reader_that_takes_nothing_slows_nobody_and_gets_everything_later(client: publishing.Client) -> None:
    flood = client.publish("flood", FLOOD)
    prediction = client.http.post("/predictions", json={"model": flood, "input": {"count": 2000}, "stream": True})
    prediction_id = prediction.json()["id"]
    request = (
        f"GET /v1/predictions/{prediction_id}/stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {client.server.token}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.server.port)) as slow:
        slow.sendall(request.encode())
        first = slow.recv(100)
        quick = _events(_read(client, prediction_id).text)
        assert len(quick) == 2002
        assert client.ended(prediction_id)["status"] == "succeeded"
        whole = bytearray(first)
        while piece := slow.recv(262_144):
            whole += piece
    assert whole.count(b"event: output\n") == 2000
    assert b"event: done\n" in whole


def test_a_log_is_paged_both_ways_with_the_setup_before_the_run(client: publishing.Client, speaker: str) -> None:
    cold = client.publish("cold", SPEAKER)
    prediction = client.create(cold, wait=10, items=[str(number) for number in range(7)])["id"]
    whole = _page(client, prediction, page_size=100)["items"]
    assert [line["text"] for line in whole] == ["getting ready", *(f"saying {number}" for number in range(7))]
    assert [line["phase"] for line in whole] == ["setup", *["run"] * 7]
    assert {line["stream"] for line in whole} == {"stdout"}
    assert [line["attempt"] for line in whole] == [0, *[1] * 7]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", whole[0]["time"])
    pages = [_page(client, prediction, page_size=3)]
    while pages[-1]["next_cursor"]:
        pages.append(_page(client, prediction, page_size=3, cursor=pages[-1]["next_cursor"]))
    assert [line for page in pages for line in page["items"]] == whole
    assert set(pages[0]) == {"items", "next_cursor", "previous_cursor"}
    back = _page(client, prediction, page_size=3, cursor=pages[-1]["previous_cursor"])
    assert back["items"] == pages[-2]["items"]
    assert _page(client, prediction, page_size=3, cursor=back["previous_cursor"])["items"] == pages[0]["items"]
    # Whoever comes to a worker that is up has waited for no setup.
    warm = client.create(cold, wait=10, items=["x"])["id"]
    assert [line["text"] for line in _page(client, warm)["items"]] == ["saying x"]


def test_a_log_is_followed_to_the_end_and_from_any_line_on(
    client: publishing.Client, speaker: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    prediction = client.create(speaker, items=["a", "b"], until=str(go))["id"]
    until(lambda: len(_page(client, prediction)["items"]) >= 2, "both lines are there")
    text = ""
    with client.http.stream("GET", f"/predictions/{prediction}/logs?follow=true") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for piece in answer.iter_text():
            text += piece
            if "saying b" in text:
                go.touch()
    events = _events(text)
    lines = [data["text"] for _, event, data in events if event == "log"]
    assert lines[-2:] == ["saying a", "saying b"]
    assert events[-1][1:] == ("done", {"id": prediction, "status": "succeeded"})
    rest = client.http.get(f"/predictions/{prediction}/logs?follow=true&after={events[-3][0]}").text
    assert _events(rest) == events[-2:]
    accepted = client.http.get(f"/predictions/{prediction}/logs", headers={"Accept": "text/event-stream"})
    assert _events(accepted.text) == events


@pytest.mark.parametrize("after", ["x", "1", "1.", "1.x", "1.2.3", "-1.0"])
def test_a_line_that_is_no_line_is_refused(client: publishing.Client, speaker: str, after: str) -> None:
    prediction = _made(client, speaker, [])
    answer = client.http.get(f"/predictions/{prediction}/logs", params={"follow": "true", "after": after})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "event_id"


def _create(client: publishing.Client, model: str, items: list[str], **headers: str) -> httpx.Response:
    body = {"model": model, "input": {"items": items}, "stream": True}
    return client.http.post("/predictions", json=body, headers=headers)


def _made(client: publishing.Client, model: str, items: list[str]) -> str:
    """A prediction that has ended, with a stream."""
    return _create(client, model, items, Prefer="wait=10").headers["location"].rpartition("/")[2]


def _read(client: publishing.Client, prediction: str, **more: Any) -> httpx.Response:
    return client.http.get(f"/predictions/{prediction}/stream", **more)


def _page(client: publishing.Client, prediction: str, **params: Any) -> dict[str, Any]:
    answer = client.http.get(f"/predictions/{prediction}/logs", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _open(client: publishing.Client) -> float:
    """How many streams are open, as the metrics say."""
    text = client.http.get(f"{client.server.url}/metrics").text
    return float(re.findall(r"^augury_streams_open (\S+)", text, re.MULTILINE)[0])


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _events(text: str) -> list[tuple[str, str, Any]]:
    """Id, event and data of each frame."""
    frames = [frame for frame in text.split("\n\n") if frame and not frame.startswith(":")]
    found: list[tuple[str, str, Any]] = []
    for frame in frames:
        fields = dict(line.split(": ", 1) for line in frame.split("\n"))
        assert list(fields) == ["id", "event", "data"]
        found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found
