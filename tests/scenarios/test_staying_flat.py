"""After thousands of predictions, however they ended, server and worker hold what they held before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.publishing import Client
from tests.support.server import Server, descendants
from tests.support.signals import until

MOODY = """
    import asyncio, os, tempfile, time
    {kind} predict(n: int) -> list[int]:
        # Left open and left behind: the run's end closes and removes it.
        descriptor, _ = tempfile.mkstemp()
        os.close(descriptor)
        with open("left-over-{kind}", "w") as file:
            file.write("x" * 10_000)
        if n % 10 == 3:
            raise ValueError(n)
        if n % 10 == 7:
            {sleep}
        return [n, os.getpid()]
"""
SYNC, ASYNC = ("def", "time.sleep(60)"), ("async def", "await asyncio.sleep(60)")
MIB = 2**20
CALLERS = 4


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    descriptors: int
    threads: int
    memory: int
    """Resident, in bytes."""

    @staticmethod
    def by(pid: int) -> Held:
        status = Path(f"/proc/{pid}/status").read_text()
        memory = int(status.partition("VmRSS:")[2].split()[0]) * 1024
        return Held(
            len(list(Path(f"/proc/{pid}/fd").iterdir())), len(list(Path(f"/proc/{pid}/task").iterdir())), memory
        )


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("kind", "sleep"), [SYNC, ASYNC], ids=["sync", "async"])
def test_two_thousand_predictions_leave_no_descriptor_thread_file_or_memory_behind(
    own_server: Server, own_client: Client, kind: str, sleep: str
) -> None:
    model = own_client.publish("moody", MOODY.format(kind=kind, sleep=sleep))
    worker = own_client.create(model, wait=15, n=0)["output"][1]
    assert worker in descendants(own_server.pid)

    def live(n: int) -> str:
        if n % 10 != 7:
            return own_client.create(model, wait=30, n=n)["status"]
        made = own_client.create(model, n=n)
        assert own_client.cancel(made["id"]) == 202
        return own_client.ended(made["id"])["status"]

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(live, range(400)))
        before = [Held.by(pid) for pid in (own_server.pid, worker)]
        files = _files(own_server)
        ended = list(pool.map(live, range(2000)))
    assert {n % 10 for n, status in enumerate(ended) if status == "failed"} == {3}
    assert {n % 10 for n, status in enumerate(ended) if status == "cancelled"} == {7}
    assert ended.count("succeeded") == 1600
    until(lambda: _files(own_server) <= files, "no file of a run is left")

    def holds(what: Callable[[Held], int], more: int) -> bool:
        after = [Held.by(pid) for pid in (own_server.pid, worker)]
        return all(what(now) <= what(then) + more for now, then in zip(after, before, strict=True))

    until(lambda: holds(lambda one: one.descriptors, CALLERS), "no descriptor is left open but those of callers")
    until(lambda: holds(lambda one: one.threads, 0), "no thread is left", deadline=15)
    assert holds(lambda one: one.memory, 12 * MIB), [Held.by(own_server.pid), Held.by(worker), before]


def _files(server: Server) -> int:
    """How many files and folders there are below those of its workers."""
    return sum(1 for _ in (server.data / "engine").rglob("*"))
