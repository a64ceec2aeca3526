"""One that fails is nobody else's trouble: broken versions, dead workers, lost leases, and what goes on beside them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.publishing import Client
from tests.support.server import Server, running
from tests.support.signals import until


def test_what_runs_while_its_version_breaks_can_be_cancelled(client: Client, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    model = client.publish(
        "breaking",
        f"""
        import os, time
        class Predictor:
            def setup(self) -> None:
                if os.path.exists({str(broken)!r}):
                    raise RuntimeError("no second one")
            def predict(self) -> None:
                time.sleep(600)
        """,
        "workers = {min = 0, max = 2}",
    )
    first = client.create(model)
    client.reaches(first["id"], "started")
    broken.touch()
    second = client.ended(client.create(model)["id"])
    assert "no second one" in second["error"]["message"]
    assert client.get(first["id"])["status"] == "started"
    assert client.cancel(first["id"]) == 202
    assert client.ended(first["id"])["status"] == "cancelled"


def test_nothing_is_sent_to_a_dead_worker_whose_children_still_hold_its_socket(client: Client) -> None:
    model = client.publish(
        "parent",
        """
        import os, time
        class Predictor:
            async def predict(self, die: bool) -> int:
                if die:
                    if os.fork() == 0:
                        time.sleep(600)
                    os._exit(3)
                return os.getpid()
        """,
        "concurrency = 2",
    )
    pid = client.create(model, wait=15, die=False)["output"]
    dying = client.create(model, die=True)
    until(lambda: not Path(f"/proc/{pid}").exists(), "the worker is dead")
    after = [client.create(model, wait=15, die=False) for _ in range(5)]
    assert [one["status"] for one in after] == ["succeeded"] * 5
    assert client.ended(dying["id"])["error"]["detail"]["exit"] == "exit code 3"


def test_a_server_that_lost_its_lease_joins_again_and_runs_what_lasts_longer_than_a_lease(tmp_path: Path) -> None:
    with running(tmp_path, cancel_grace="1", lease="1.5") as server, closing(Client(server, tmp_path)) as client:
        model = client.publish(
            "lasting", "import time\ndef predict(s: float) -> float:\n    time.sleep(s)\n    return s"
        )
        lost = client.create(model, s=2.5)
        client.reaches(lost["id"], "started")
        _expel(server)
        until(lambda: "lease was lost" in server.log, "the server notices")
        # Given back with the lease, or when its worker was ended for it.
        assert client.ended(lost["id"])["output"] == 2.5
        assert client.create(model, wait=15, s=3.5)["output"] == 3.5
        assert server.log.count("lease was lost") == 1


def _expel(server: Server) -> None:
    """What another node does with one whose lease is over."""
    with closing(sqlite3.connect(server.data / "augury.db", timeout=5)) as db, db:
        db.execute("UPDATE workers SET state = 'ended', exit_reason = 'its node was lost', ended_at = created_at")
        db.execute("DELETE FROM nodes")


def test_a_version_gets_its_turn_although_another_one_is_never_idle(tmp_path: Path) -> None:
    with running(tmp_path, max_workers="1") as server, closing(Client(server, tmp_path)) as client:
        source = "import time\ndef predict(s: float) -> float:\n    time.sleep(s)\n    return s"
        busy, quiet = client.publish("busy", source), client.publish("quiet", source)
        queue = [client.create(busy, s=0.2)["id"] for _ in range(100)]
        client.reaches(queue[0], "succeeded")

        waiting = client.create(quiet, s=0.0)["id"]

        assert client.ended(waiting, deadline=18)["status"] == "succeeded"
        # Nothing that ran was ended for it, and the rest goes on afterwards.
        assert client.get(queue[-1])["status"] in ("pending", "starting")
        assert client.ended(queue[60], deadline=25)["status"] == "succeeded"
        found = [client.get(one)["status"] for one in queue[:60]]
        assert found == ["succeeded"] * 60
