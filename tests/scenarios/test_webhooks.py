"""Webhooks, from the change to the receiver, with whole servers: order, truth, deaths and who must not be called."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import wriftai

from augury.store import migrate
from tests.support.publishing import Client
from tests.support.receiver import Receiver, Reply, receiving
from tests.support.server import Server, free_port, running
from tests.support.signals import until

ECHO = """
def predict(value: object = None, fail: bool = False) -> object:
    if fail:
        raise ValueError("as asked")
    return value
"""
SLOW = """
import time
def predict(seconds: float = 0.1) -> str:
    time.sleep(seconds)
    return "done"
"""


@pytest.fixture
def receiver() -> Generator[Receiver]:
    """A receiver that says yes."""
    with receiving() as one:
        yield one


def create(client: Client, model: str, url: str, secret: str | None = None, **inputs: Any) -> str:
    body = {"model": model, "input": inputs, "webhook": {"url": url, "secret": secret}}
    answer = client.http.post("/predictions", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def deliveries(client: Client, prediction_id: str) -> list[dict[str, Any]]:
    return client.http.get(f"/predictions/{prediction_id}/webhooks").raise_for_status().json()["items"]


def tried(client: Client, prediction_id: str) -> bool:
    return any(one["attempts"] for one in deliveries(client, prediction_id))


def test_a_receiver_that_keeps_up_gets_every_state_in_order(client: Client, receiver: Receiver) -> None:
    model = client.publish("hooked", SLOW)

    id_ = create(client, model, receiver.url)

    got = receiver.until_ended()
    assert [one.status for one in got] == ["pending", "starting", "started", "succeeded"]
    assert [one.headers["webhook-id"] for one in got] == [f"{id_}.{number}" for number in (1, 2, 3, 4)]
    times = [one.json["updated_at"] for one in got]
    assert times == sorted(times)
    assert got[-1].body == client.http.get(f"/predictions/{id_}").content


def test_the_last_webhook_is_what_get_answers_byte_for_byte(client: Client, receiver: Receiver) -> None:
    model = client.publish("truthful", ECHO)
    values: list[Any] = [
        "",
        "é\u2028\x85\r🙂",
        0.1,
        1e300,
        -0.0,
        12345678901234567890123,
        None,
        [],
        {"a": [None]},
        "x" * 300_000,
    ]

    def make(n: int) -> str:
        return create(client, model, receiver.url, "ké", value=values[n % 10], fail=n % 7 == 0)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(300)))
    last: dict[str, bytes] = {}
    while len(last) < len(made):
        got = receiver.next()
        wriftai.verify_webhook(got.body, got.headers["wriftai-webhook-signature"], "ké")
        if got.status not in ("pending", "starting", "started"):
            assert got.json["id"] not in last
            last[got.json["id"]] = got.body

    for id_ in made:
        assert last[id_] == client.http.get(f"/predictions/{id_}").content


def test_a_cancel_and_a_failure_are_told(client: Client, receiver: Receiver) -> None:
    slow, echo = client.publish("hooked", SLOW), client.publish("truthful", ECHO)
    id_ = create(client, slow, receiver.url, seconds=30)
    client.reaches(id_, "started")
    client.cancel(id_)
    assert receiver.until_ended()[-1].status == "cancelled"

    create(client, echo, receiver.url, fail=True)
    failed = receiver.until_ended()[-1].json
    assert (failed["status"], failed["error"]["source"]) == ("failed", "external")


def test_what_was_undelivered_when_the_server_was_killed_is_delivered_after_its_restart(
    own_server: Server, own_client: Client
) -> None:
    model = own_client.publish("hooked", ECHO)
    port = free_port()
    made = [create(own_client, model, f"http://127.0.0.1:{port}/", value=n) for n in range(20)]
    for one in made:
        own_client.ended(one)
    until(lambda: tried(own_client, made[0]), "an attempt fails")
    own_server.restart(signal.SIGKILL)

    with receiving(port) as receiver:
        got: dict[str, set[str]] = {}
        while set(got) != set(made):
            request = receiver.next(20)
            if request.status != "succeeded":
                # On its way when the server was killed: whether it had arrived, nobody could tell.
                assert request.json["id"] not in got, "the end comes last"
                continue
            got.setdefault(request.json["id"], set()).add(request.headers["webhook-id"])

    assert {len(ids) for ids in got.values()} == {1}, "the same id each time"


def test_what_was_being_sent_when_the_server_was_killed_is_sent_again_with_the_same_id(
    own_server: Server, own_client: Client, receiver: Receiver
) -> None:
    model = own_client.publish("hooked", ECHO)
    hold = threading.Event()
    receiver.usual = Reply(hold=hold)
    id_ = create(own_client, model, receiver.url)
    first = receiver.next()
    own_client.ended(id_)

    own_server.stop(signal.SIGKILL)
    receiver.usual = Reply()
    own_server.start()
    rest = receiver.until_ended()
    hold.set()

    assert first.status == "pending"
    assert rest[-1].status == "succeeded"
    numbers = [int(one.headers["webhook-id"].rpartition(".")[2]) for one in rest]
    assert numbers == sorted(numbers)


def test_on_postgresql_it_is_sent_again_when_the_lease_of_the_dead_is_over(
    tmp_path: Path, postgres_url: str, receiver: Receiver
) -> None:
    migrate.upgrade(postgres_url)
    hold = threading.Event()
    receiver.usual = Reply(hold=hold)
    settings = {"database_url": postgres_url, "webhook_timeout": "1", "lease": "3"}
    with running(tmp_path, **settings) as server, closing(Client(server, tmp_path)) as client:
        id_ = create(client, client.publish("hooked", ECHO), receiver.url)
        receiver.next()
        client.ended(id_)
        server.stop(signal.SIGKILL)
        receiver.usual = Reply()
        server.start()
        assert receiver.until_ended(15)[-1].status == "succeeded"
        hold.set()


def test_a_drain_tells_what_ended_last(own_server: Server, own_client: Client, receiver: Receiver) -> None:
    model = own_client.publish("hooked", SLOW)
    id_ = create(own_client, model, receiver.url, seconds=1)
    own_client.reaches(id_, "started")

    assert own_server.stop() == 0

    assert receiver.until_ended(1)[-1].status == "succeeded"


def test_a_receiver_that_hangs_holds_up_neither_the_others_nor_the_stop(
    own_server: Server, own_client: Client, receiver: Receiver
) -> None:
    model = own_client.publish("hooked", ECHO)
    hold = threading.Event()
    with receiving() as hanging:
        hanging.usual = Reply(hold=hold)
        for n in range(20):
            create(own_client, model, hanging.url, value=n)
        hanging.next()
        create(own_client, model, receiver.url)
        assert receiver.until_ended(3)[-1].status == "succeeded"
        began = time.monotonic()
        assert own_server.stop() == 0
        assert time.monotonic() - began < 8
        hold.set()


def test_a_server_that_others_can_reach_calls_nothing_of_its_own_machine(tmp_path: Path, receiver: Receiver) -> None:
    with running(tmp_path, host="0.0.0.0") as server, closing(Client(server, tmp_path)) as client:
        model = client.publish("hooked", ECHO)
        for host in ("127.0.0.1", "localhost", "2130706433", "[::1]", "0x7f.1", "[::ffff:127.0.0.1]"):
            url = f"http://{host}:{receiver.port}/"
            answer = client.http.post("/predictions", json={"model": model, "webhook": {"url": url}})
            assert answer.status_code == 422, url
            assert [one["type"] for one in answer.json()["detail"]] == ["webhook_address"]
        assert client.http.get("/predictions").json()["items"] == []
    assert receiver.got.empty()


def test_a_network_that_the_operator_allows_is_called(tmp_path: Path, receiver: Receiver) -> None:
    settings = {"host": "0.0.0.0", "webhook_allow": "127.0.0.0/8"}
    with running(tmp_path, **settings) as server, closing(Client(server, tmp_path)) as client:
        create(client, client.publish("hooked", ECHO), receiver.url)
        assert receiver.until_ended()[-1].status == "succeeded"
