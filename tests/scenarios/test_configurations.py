"""A configuration that changes: new workers with it, old ones finish, and nothing is lost, run twice or left behind."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.publishing import Client, Json
from tests.support.server import running
from tests.support.signals import until

SHARES = "a: ram=1MiB, b: ram=2MiB"
SEEN = """
    import os, pathlib, time
    class Predictor:
        def predict(self, n: int, path: str = "", seconds: float = 0.0) -> list[int]:
            with open({log!r}, "a") as file:
                file.write(f"{{n}}\\n")
            while path and not os.path.exists(path):
                time.sleep(0.01)
            time.sleep(seconds)
            return [n, os.getpid()]
"""


@pytest.fixture
def changing(tmp_path: Path) -> Generator[Client]:
    """A caller of a server with hardware to choose from."""
    with (
        running(tmp_path, hardware=SHARES, max_workers="6", cancel_grace="1") as server,
        closing(Client(server, tmp_path)) as client,
    ):
        yield client


def publish(client: Client, options: str = "") -> tuple[str, Path]:
    """A model that writes down what it was called with, and where."""
    log = client.folder / "calls"
    return client.publish("seen", SEEN.format(log=str(log)), options), log


def configure(client: Client, model: str, hardware: str) -> None:
    path = f"/models/{model.replace(':', '/versions/')}/configuration"
    answer = client.http.patch(path, json={"hardware_identifier": hardware})
    assert answer.is_success, answer.text
    assert answer.json()["hardware_identifier"] == hardware


def test_what_runs_finishes_on_its_worker_and_what_comes_gets_one_with_the_new_configuration(changing: Client) -> None:
    model, log = publish(changing)
    gate = changing.folder / "gate"
    running_one = changing.create(model, n=1, path=str(gate))
    changing.reaches(running_one["id"], "started")
    configure(changing, model, "a")
    second = changing.create(model, wait=20, n=2)
    assert second["status"] == "succeeded", "it does not wait for the one before"
    assert changing.get(running_one["id"])["status"] == "started"
    until(lambda: states(changing) == ["draining", "ready"], "operators see which is which", deadline=5)
    gate.touch()
    first = changing.ended(running_one["id"])
    assert first["output"][0] == 1
    assert first["output"][1] != second["output"][1]
    until(lambda: not Path(f"/proc/{first['output'][1]}").exists(), "the old worker is gone")
    assert log.read_text().split() == ["1", "2"]


@pytest.mark.parametrize("options", ["", "workers = {min = 0, max = 3}", "workers = {min = 1, max = 2}"])
def test_changes_under_load_lose_nothing_and_run_nothing_twice(changing: Client, options: str) -> None:
    model, log = publish(changing, options)
    numbers = iter(range(100_000))
    made: list[Json] = []

    def create(_: int) -> Json:
        number = next(numbers)
        return changing.create(model, n=number, seconds=0.03 if number % 3 == 0 else 0.0, wait=20)

    with ThreadPoolExecutor(8) as threads:
        for turn in range(8):
            batch = [threads.submit(create, one) for one in range(20)]
            configure(changing, model, "ab"[turn % 2])
            made += [one.result() for one in batch]
    ended = [changing.ended(one["id"]) for one in made]
    assert Counter(one["status"] for one in ended) == {"succeeded": 160}
    assert sorted(one["output"][0] for one in ended) == list(range(160))
    assert Counter(log.read_text().split()).most_common(1)[0][1] == 1, "nothing ran twice"
    seen = {one["output"][1] for one in ended}
    assert len(seen) >= 4, "workers were replaced"
    most = 1 if not options else int(options.partition("max = ")[2].rstrip("}"))
    until(lambda: sum(Path(f"/proc/{pid}").exists() for pid in seen) <= most, "old workers are gone")
    # Only what had not begun went from one worker to another.
    reasons = [line for line in changing.server.log.splitlines() if "given back" in line]
    assert all("taken back before it began" in line for line in reasons)


def test_a_change_while_a_worker_is_set_up_starts_it_anew_and_the_first_one_is_not_used(changing: Client) -> None:
    gate, pids = changing.folder / "gate", changing.folder / "pids"
    model = changing.publish(
        "slow-start",
        f"""
        import os, time
        class Predictor:
            def setup(self) -> None:
                with open({str(pids)!r}, "a") as file:
                    file.write(f"{{os.getpid()}}\\n")
                while not os.path.exists({str(gate)!r}):
                    time.sleep(0.01)
            def predict(self) -> int:
                return os.getpid()
        """,
    )
    waiting = changing.create(model)
    (first,) = until(lambda: written(pids), "its worker is being set up")
    configure(changing, model, "a")
    until(lambda: len(written(pids)) == 2, "another one is being set up")
    gate.touch()
    assert changing.ended(waiting["id"])["output"] == int(written(pids)[1])
    assert not Path(f"/proc/{first}").exists()


def test_a_broken_version_gets_another_chance_with_a_new_configuration(changing: Client) -> None:
    fixed = changing.folder / "fixed"
    model = changing.publish(
        "mended",
        f"""
        import os
        class Predictor:
            def setup(self) -> None:
                if not os.path.exists({str(fixed)!r}):
                    raise RuntimeError("not yet")
            def predict(self) -> str:
                return "works"
        """,
    )
    assert "not yet" in changing.ended(changing.create(model)["id"])["error"]["message"]
    again = changing.ended(changing.create(model)["id"])
    assert again["error"]["detail"]["broken"] is True
    fixed.touch()
    # The same one counts as a change, too.
    configure(changing, model, "cpu")
    assert changing.create(model, wait=20)["output"] == "works"


def test_a_change_in_the_middle_of_breaking_is_what_counts(changing: Client) -> None:
    fixed, tries = changing.folder / "fixed", changing.folder / "tries"
    model = changing.publish(
        "breaking",
        f"""
        import os
        class Predictor:
            def setup(self) -> None:
                with open({str(tries)!r}, "a") as file:
                    file.write("x")
                if not os.path.exists({str(fixed)!r}):
                    raise RuntimeError("not yet")
            def predict(self) -> str:
                return "works"
        """,
    )
    waiting = changing.create(model)
    until(lambda: tries.exists() and len(tries.read_text()) >= 2, "it was tried twice")
    fixed.touch()
    configure(changing, model, "a")
    assert changing.ended(waiting["id"])["output"] == "works"
    assert changing.create(model, wait=20)["output"] == "works"


def test_workers_that_a_version_has_at_all_times_are_there_at_once_after_a_restart(changing: Client) -> None:
    # What the version before has over goes as any idle worker does.
    options = "workers = {min = 2, max = 2}\nidle_timeout = 1"
    changing.publish("kept", "def predict() -> int:\n    return 1", options)
    changing.publish("kept", "def predict() -> int:\n    return 2", options)
    until(lambda: names(changing) == {"owner/kept:2"}, "those of the version before go", deadline=20)
    until(lambda: states(changing) == ["ready"] * 2, "they are there before anybody asks", deadline=20)
    assert names(changing) == {"owner/kept:2"}, "of the latest version alone"
    changing.server.restart()
    until(lambda: states(changing) == ["ready"] * 2, "and again after a restart", deadline=8)
    pid = changing.http.get("/workers").json()["workers"][0]["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in pids(changing) and states(changing) == ["ready"] * 2, "and after a death", deadline=10)
    assert changing.http.delete("/models/owner/kept/versions/2").is_success
    until(lambda: names(changing) == {"owner/kept:1"}, "the one before is the latest again", deadline=10)


def written(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def workers(client: Client) -> list[Json]:
    return client.http.get("/workers").raise_for_status().json()["workers"]


def states(client: Client) -> list[str]:
    return [one["state"] for one in workers(client)]


def pids(client: Client) -> list[int]:
    return [one["pid"] for one in workers(client)]


def names(client: Client) -> set[str]:
    models = (one["model"] for one in workers(client))
    return {f"{one['owner']}/{one['name']}:{one['version_number']}" for one in models}
