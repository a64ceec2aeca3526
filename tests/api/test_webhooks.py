"""Webhooks over HTTP: what is refused and where, what is listed, and what is never shown."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import httpx
import jsonschema_rs
import pytest

from tests.support.receiver import Receiver, Reply, receiving
from tests.support.server import Server
from tests.support.signals import until

SECRET = "s3cret-that-nobody-may-see"


@pytest.fixture
def receiver() -> Generator[Receiver]:
    """A receiver that says yes."""
    with receiving() as one:
        yield one


def create(owner: httpx.Client, model: str, webhook: Any, **headers: str) -> httpx.Response:
    body = {"model": model, "input": {"value": 1}, "webhook": webhook}
    return owner.post("/v1/predictions", json=body, headers=headers)


@pytest.mark.parametrize(
    ("webhook", "where", "type_"),
    [
        ({}, ["url"], "missing"),
        ({"url": None}, ["url"], "string_type"),
        ({"url": "http://x.example", "secret": 5}, ["secret"], "string_type"),
        ([], [], "model_type"),
        ("http://x.example", [], "model_type"),
        ({"url": ""}, ["url"], "webhook_url"),
        ({"url": "ftp://x.example"}, ["url"], "webhook_url"),
        ({"url": "http://a:b@x.example"}, ["url"], "webhook_url"),
        ({"url": "http://x.example/" + "a" * 2048}, ["url"], "webhook_url"),
        ({"url": "http://x.example/🙂"}, ["url"], "webhook_url"),
        ({"url": "http://169.254.169.254/latest/meta-data/"}, ["url"], "webhook_address"),
        ({"url": "http://[fd00:ec2::254]/"}, ["url"], "webhook_address"),
        ({"url": "http://10.1.2.3/"}, ["url"], "webhook_address"),
        ({"url": "http://0xa9fea9fe/"}, ["url"], "webhook_address"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, ["url"], "webhook_address"),
        ({"url": "http://x.example", "secret": ""}, ["secret"], "webhook_secret"),
        ({"url": "http://x.example", "secret": "a\nb"}, ["secret"], "webhook_secret"),
        ({"url": "http://x.example", "secret": "whsec_?"}, ["secret"], "webhook_secret"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_at_its_place(
    owner: httpx.Client, echo: str, webhook: Any, where: list[str], type_: str
) -> None:
    before = owner.get("/v1/predictions", params={"page_size": 1}).json()["items"]

    answer = create(owner, echo, webhook)

    assert answer.status_code == 422
    assert [(one["loc"], one["type"]) for one in answer.json()["detail"]] == [(["body", "webhook", *where], type_)]
    assert owner.get("/v1/predictions", params={"page_size": 1}).json()["items"] == before
    assert "a:b@" not in answer.text


def test_null_is_no_webhook(owner: httpx.Client, echo: str) -> None:
    made = create(owner, echo, None)

    assert made.status_code == 202
    assert owner.get(f"/v1/predictions/{made.json()['id']}/webhooks").json() == {
        "items": [],
        "next_cursor": None,
        "previous_cursor": None,
    }


def test_each_state_of_the_shortest_prediction_is_told(owner: httpx.Client, echo: str, receiver: Receiver) -> None:
    create(owner, echo, None, Prefer="wait=10")

    made = create(owner, echo, {"url": receiver.url}, Prefer="wait=10").json()

    told = owner.get(f"/v1/predictions/{made['id']}/webhooks").json()["items"]
    assert [one["status"] for one in told] == ["pending", "started", "succeeded"]
    assert receiver.until_ended()[-1].status == "succeeded"


def test_deliveries_are_listed_with_their_attempts_in_the_shape_that_is_described(
    owner: httpx.Client, echo: str, receiver: Receiver
) -> None:
    made = create(owner, echo, {"url": receiver.url, "secret": SECRET}, Prefer="wait=10")
    assert made.status_code == 200
    got = receiver.until_ended()
    path = f"/v1/predictions/{made.json()['id']}/webhooks"

    def delivered() -> Any:
        found = owner.get(path).raise_for_status().json()
        return found if all(one["state"] == "delivered" for one in found["items"]) else None

    found = until(delivered)
    document = owner.get("/openapi.json").json()
    schema = document["paths"]["/v1/predictions/{prediction_id}/webhooks"]["get"]["responses"]["200"]["content"]
    jsonschema_rs.validate({**schema["application/json"]["schema"], "components": document["components"]}, found)
    assert [one["id"] for one in found["items"]] == [one.headers["webhook-id"] for one in got]
    assert [one["status"] for one in found["items"]] == [one.status for one in got]
    (attempt,) = found["items"][-1]["attempts"]
    assert (attempt["number"], attempt["status_code"], attempt["error"], attempt["response"]) == (1, 200, None, "")
    assert 0 < attempt["duration"] < 10

    first = owner.get(path, params={"page_size": 1}).json()
    assert first["items"] == found["items"][:1]
    assert owner.get(path, params={"cursor": first["next_cursor"]}).json()["items"] == found["items"][1:]


def test_a_delivery_is_sent_again(owner: httpx.Client, echo: str, receiver: Receiver) -> None:
    create(owner, echo, {"url": receiver.url}, Prefer="wait=10")
    last = receiver.until_ended()[-1]

    answer = owner.post(f"/v1/webhooks/{last.headers['webhook-id']}/redeliver")

    assert answer.status_code == 202
    assert answer.json()["id"] == last.headers["webhook-id"]
    again = receiver.next()
    assert (again.body, again.headers["webhook-id"]) == (last.body, last.headers["webhook-id"])


def test_a_delivery_that_is_under_way_is_sent_again_after_that(
    owner: httpx.Client, shout: str, receiver: Receiver
) -> None:
    answered = threading.Event()
    receiver.usual = Reply(hold=answered)
    # Fails as it is stored, so there is one state to tell of.
    owner.post("/v1/predictions", json={"model": shout, "input": {"text": 5}, "webhook": {"url": receiver.url}})
    under_way = receiver.next()
    id_ = under_way.headers["webhook-id"]

    answer = owner.post(f"/v1/webhooks/{id_}/redeliver")

    assert (answer.status_code, answer.json()["state"]) == (202, "sending")
    answered.set()
    again = receiver.next()
    assert (again.headers["webhook-id"], again.body) == (id_, under_way.body)


def test_neither_url_nor_secret_is_in_an_answer_or_in_the_log(
    server: Server, owner: httpx.Client, echo: str, receiver: Receiver
) -> None:
    receiver.answers.put(Reply(410))
    token = "t0ken-in-the-url"
    made = create(owner, echo, {"url": f"{receiver.url}?key={token}", "secret": SECRET}, Prefer="wait=10")
    receiver.until_ended()
    id_ = made.json()["id"]
    said = [made.text, owner.get(f"/v1/predictions/{id_}").text, owner.get("/v1/predictions").text]
    said += [owner.get(f"/v1/predictions/{id_}/webhooks").text]
    said += [create(owner, echo, {"url": receiver.url, "secret": SECRET + "\n"}).text, server.log]

    assert not [text for text in said if SECRET in text or token in text]
    assert "webhook" not in made.json()


@pytest.mark.parametrize("id_", ["x", "0" * 36 + ".1", "01a213e7-4c02-70c9-8472-f6dd7766be0d.1"])
def test_an_unknown_delivery_answers_404(owner: httpx.Client, id_: str) -> None:
    answer = owner.post(f"/v1/webhooks/{id_}/redeliver")

    assert (answer.status_code, answer.json()["code"]) == (404, "delivery_not_found")


def test_a_token_is_needed(stranger: httpx.Client) -> None:
    id_ = "01a213e7-4c02-70c9-8472-f6dd7766be0d"
    assert stranger.get(f"/v1/predictions/{id_}/webhooks").status_code == 401
    assert stranger.post(f"/v1/webhooks/{id_}.1/redeliver").status_code == 401
