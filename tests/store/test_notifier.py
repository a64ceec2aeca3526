"""Wake-ups reach who listens, here and in other processes, and harm nobody when they are lost."""

from __future__ import annotations

import threading
import time

import anyio
import anyio.to_thread
import psycopg
import pytest

from augury.store.notifier import Notifier, Signal, open_notifier
from tests.support.signals import until_async

pytestmark = pytest.mark.anyio


async def test_a_listener_hears_its_topic_once_and_no_other() -> None:
    notifier = Notifier()
    with notifier.listen("prediction:1") as signal:
        notifier.publish("prediction:2")
        assert not await signal.wait(0)
        notifier.publish("prediction:1")
        notifier.publish("prediction:1")
        assert await signal.wait(0)
        assert not await signal.wait(0)


async def test_a_waiting_listener_is_woken() -> None:
    notifier = Notifier()
    heard: list[bool] = []

    async def wait(signal: Signal) -> None:
        heard.append(await signal.wait(10))

    with notifier.listen("topic") as signal:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait, signal)
            tasks.start_soon(wait, signal)
            await anyio.wait_all_tasks_blocked()
            notifier.publish("topic")
    assert heard == [True, True]


async def test_a_wait_that_is_cancelled_loses_no_wake_up() -> None:
    notifier = Notifier()
    with notifier.listen("topic") as signal:
        with anyio.move_on_after(0):
            await signal.wait()
        notifier.publish("topic")
        assert await signal.wait(0)


async def test_a_subscriber_hears_all_topics_that_begin_with_its_own() -> None:
    notifier = Notifier()
    queue: list[str] = []
    exact: list[str] = []
    with notifier.subscribe("queue:", queue.append), notifier.subscribe("deadline", exact.append):
        for topic in ("queue:1", "queue:", "queue", "queues:2", "deadline", "deadline:1", "queue:3:4"):
            notifier.publish(topic)
    notifier.publish("queue:5")

    assert queue == ["queue:1", "queue:", "queue:3:4"]
    assert exact == ["deadline"]


async def test_a_subscriber_that_fails_or_leaves_meanwhile_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier()
    heard: list[str] = []

    def fail(_: str) -> None:
        raise LookupError("mine")

    with notifier.subscribe("topic", fail), notifier.subscribe("topic", heard.append):
        notifier.publish("topic")

    assert heard == ["topic"]
    assert "a listener failed" in caplog.text


async def test_publishing_is_safe_from_any_thread() -> None:
    notifier = Notifier()
    heard: list[int] = []
    with notifier.subscribe("topic", lambda _: heard.append(threading.get_ident())), notifier.listen("topic") as signal:
        await anyio.to_thread.run_sync(notifier.publish, "topic")
        assert await signal.wait(10)

    assert heard == [threading.get_ident()]


async def test_two_thousand_listeners_cost_a_publisher_nothing() -> None:
    notifier = Notifier()
    with notifier.subscribe("queue:", lambda _: None):
        listening = [notifier.listen(f"prediction:{number}") for number in range(2000)]
        for one in listening:
            one.__enter__()
        before = time.process_time()
        for number in range(20_000):
            notifier.publish(f"prediction:{number % 2000}")
        spent = time.process_time() - before
        for one in listening:
            one.__exit__(None, None, None)

    assert spent / 20_000 < 50e-6


async def test_sqlite_needs_no_other_process() -> None:
    async with open_notifier("sqlite:///augury.db") as notifier:
        with notifier.listen("topic") as signal:
            notifier.publish("topic")
            assert await signal.wait(0)


async def test_another_process_hears_and_this_one_hears_at_once_and_not_twice(postgres_url: str) -> None:
    async with open_notifier(postgres_url) as here, open_notifier(postgres_url) as there:
        local: list[str] = []
        remote: list[str] = []
        with here.subscribe("queue:", local.append), there.subscribe("queue:", remote.append):
            here.publish("queue:1")
            assert local == ["queue:1"]
            await until_async(lambda: remote == ["queue:1"], "the other end hears")
            there.publish("queue:2")
            await until_async(lambda: "queue:2" in local, "the answer is heard")
            # What was sent first also came first: an echo would be here by now.
            here.publish("queue:3")
            await until_async(lambda: "queue:3" in remote, "the other end hears again")
        assert local == ["queue:1", "queue:2", "queue:3"]
        assert remote == ["queue:1", "queue:2", "queue:3"]


async def test_a_burst_of_topics_longer_than_a_payload_all_arrives(postgres_url: str) -> None:
    async with open_notifier(postgres_url) as here, open_notifier(postgres_url) as there:
        heard: set[str] = set()
        with there.subscribe("prediction:", heard.add):
            sent = {f"prediction:{number:036}" for number in range(2000)}
            for topic in sorted(sent):
                here.publish(topic)
            await until_async(lambda: heard == sent, "all of them arrive")


async def test_what_is_published_just_before_the_end_is_sent(postgres_url: str) -> None:
    async with open_notifier(postgres_url) as there:
        with there.listen("last words") as signal:
            async with open_notifier(postgres_url) as here:
                here.publish("last words")
            assert await signal.wait(10)


async def test_lost_connections_come_back_and_every_listener_looks(postgres_url: str) -> None:
    async with open_notifier(postgres_url) as here, open_notifier(postgres_url) as there:
        with there.listen("prediction:1") as signal:
            await anyio.to_thread.run_sync(_end_connections, postgres_url)
            assert await signal.wait(10), "a hint may have been lost meanwhile"

            async def again() -> bool:
                here.publish("prediction:1")
                return await signal.wait(0.1)

            await until_async(again, "hints arrive again")


@pytest.mark.parametrize("topic", ["a\nb", "x" * 501])
async def test_what_is_no_topic_is_refused(postgres_url: str, topic: str) -> None:
    async with open_notifier(postgres_url) as notifier:
        with pytest.raises(ValueError, match="not a topic"):
            notifier.publish(topic)


def _end_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
