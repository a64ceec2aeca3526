"""Webhooks of predictions that came by Replicate's API: told in its form, of what is asked for, and signed."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from replicate.webhook import Webhooks

from tests.compat.replicate_scene import Scene, scene
from tests.support.receiver import Receiver, receiving


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("replicate"), "drip", "tell", webhook_allow="127.0.0.1/32") as made:
        yield made


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def client(there: Scene) -> Generator[Any]:
    client: Any = there.client()
    yield client
    client._client.close()


def test_a_receiver_is_told_in_replicates_form(there: Scene, client: Any, receiver: Receiver, tmp_path: Any) -> None:
    gate = tmp_path / "gate"
    made = client.models.predictions.create("owner/drip", {"path": str(gate)}, webhook=receiver.url)
    begun = receiver.next()
    assert (begun.json["id"], begun.json["status"], begun.json["output"]) == (made.id, "processing", None)
    gate.touch()
    ended = receiver.next()
    client.predictions.get(made.id)
    assert (ended.json["status"], ended.json["output"]) == ("succeeded", ["first", "second"])
    assert ended.json["completed_at"]
    assert ended.json["urls"]["get"] == made.urls["get"]


def test_what_is_sent_is_signed_with_the_secret_that_the_client_asks_for(
    there: Scene, client: Any, receiver: Receiver
) -> None:
    client.models.predictions.create(
        "owner/tell", {"prompt": "a b"}, webhook=receiver.url, webhook_events_filter=["completed"]
    )
    got = receiver.next()
    assert got.json["output"] == ["a b "]
    secret = client.webhooks.default.secret()
    Webhooks.validate(headers=got.headers, body=got.body.decode(), secret=secret)
    stranger: Any = there.client(there.stranger("predict"))
    assert stranger.webhooks.default.secret() != secret
    stranger._client.close()


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (["completed"], ["succeeded"]),
        (["start"], ["processing"]),
        (["output", "logs"], []),
        ([], ["processing", "succeeded"]),
    ],
)
def test_only_what_the_filter_names_is_told(
    there: Scene, client: Any, receiver: Receiver, tmp_path: Any, events: list[str], told: list[str]
) -> None:
    gate = tmp_path / "gate"
    made = client.models.predictions.create(
        "owner/drip", {"path": str(gate)}, webhook=receiver.url, webhook_events_filter=events
    )
    there.owner.reaches(made.id, "started")
    gate.touch()
    there.owner.ended(made.id)
    deliveries = there.owner.http.get(f"/predictions/{made.id}/webhooks").json()["items"]
    assert len(deliveries) == len(told)
    assert [receiver.next().json["status"] for _ in told] == told
