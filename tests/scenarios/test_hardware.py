"""What workers reserve: nothing is started that does not fit, idle ones make room, and busy ones are let finish."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.nvml import compiled
from tests.support.publishing import Client
from tests.support.server import running
from tests.support.signals import until

PID = "import os\ndef predict() -> int:\n    return os.getpid()"
LATCH = """
    import os, pathlib, time
    def predict(path: str) -> int:
        pathlib.Path(path + ".begun").touch()
        while not os.path.exists(path):
            time.sleep(0.01)
        return os.getpid()
"""
CPUS = len(os.sched_getaffinity(0))
SHARES = f"whole: cpus={CPUS}, one: cpus=1, modest: ram=1MiB, giant: cpus=100000, vast: ram=100TiB, graphic: gpus=64"


@pytest.fixture
def sharing(tmp_path: Path) -> Generator[Client]:
    """A caller of a server with named shares and room for many workers."""
    with (
        running(tmp_path, hardware=SHARES, max_workers="8", cancel_grace="1") as server,
        closing(Client(server, tmp_path)) as client,
    ):
        yield client


def test_two_versions_that_need_the_whole_machine_take_turns_and_a_third_that_needs_nothing_stays(
    sharing: Client,
) -> None:
    first, second = (sharing.publish(name, PID, 'hardware = "whole"') for name in ("first", "second"))
    third = sharing.publish("third", PID)
    seen = {model: [sharing.create(model, wait=20)["output"]] for model in (third,)}
    for model in (first, second) * 4:
        made = sharing.create(model, wait=20)
        assert made["status"] == "succeeded", made
        seen.setdefault(model, []).append(made["output"])
        until(lambda model=model: states(sharing)[model] == ["ready"], "its worker is there")
        other = second if model == first else first
        assert other not in states(sharing), "the machine is one worker's"
    assert sharing.create(third, wait=20)["output"] == seen[third][0]
    assert len(set(seen[first])) == len(set(seen[second])) == 4


def test_what_is_busy_is_never_ended_for_another_and_what_waits_gets_its_turn(sharing: Client, tmp_path: Path) -> None:
    busy, waiting = (sharing.publish(name, LATCH, 'hardware = "whole"') for name in ("busy", "waiting"))
    held, free = str(tmp_path / "held"), str(tmp_path / "free")
    Path(free).touch()
    running_one = sharing.create(busy, path=held)
    until(Path(held + ".begun").exists, "it runs")
    behind = [sharing.create(busy, path=free) for _ in range(3)]
    other = sharing.create(waiting, path=free)
    # Idle ones there are none; after a while the busy one takes nothing new.
    until(lambda: "making room" in sharing.server.log, "the busy one is to go", deadline=15)
    assert sharing.get(running_one["id"])["status"] == "started"
    assert sharing.get(other["id"])["status"] == "pending"
    Path(held).touch()
    assert sharing.ended(other["id"])["status"] == "succeeded"
    assert sharing.ended(running_one["id"])["status"] == "succeeded"
    assert [sharing.ended(one["id"])["status"] for one in behind] == ["succeeded"] * 3


def test_as_many_workers_are_started_as_there_is_room_for(sharing: Client, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    model = sharing.publish("wide", LATCH, 'hardware = "one"\nworkers = {min = 0, max = 8}')
    made = [sharing.create(model, path=gate) for _ in range(CPUS + 3)]
    until(lambda: len(states(sharing).get(model, [])) == CPUS, "every CPU has its worker")
    until(lambda: states(sharing)[model] == ["ready"] * CPUS, "all are ready")
    assert [sharing.get(one["id"])["status"] for one in made].count("started") <= CPUS
    Path(gate).touch()
    pids = {sharing.ended(one["id"])["output"] for one in made}
    assert len(pids) == CPUS


def test_what_there_is_not_or_not_so_much_of_is_refused_with_what_there_is(sharing: Client) -> None:
    model = sharing.publish("modest", PID, 'hardware = "modest"')
    path = f"/models/{model.replace(':', '/versions/')}/configuration"
    for identifier, kind in (
        ("nothing-like-it", "hardware_not_found"),
        ("giant", "hardware_too_big"),
        ("vast", "hardware_too_big"),
        ("graphic", "hardware_too_big"),
    ):
        refused = sharing.http.patch(path, json={"hardware_identifier": identifier})
        assert refused.status_code == 422, refused.text
        (problem,) = refused.json()["detail"]
        assert problem["type"] == kind
        assert problem["loc"] == ["body", "hardware_identifier"]
        assert problem["input"] == identifier
        assert "cpu, giant, graphic, modest, one, vast, whole" in problem["msg"]
    assert sharing.http.get(path).json()["hardware_identifier"] == "modest"
    assert sharing.create(model, wait=20)["status"] == "succeeded"


def test_a_version_whose_hardware_is_gone_waits_until_it_is_configured_for_another(tmp_path: Path) -> None:
    with running(tmp_path, hardware="small: cpus=1") as server, closing(Client(server, tmp_path)) as client:
        model = client.publish("left", PID, 'hardware = "small"')
        path = f"/models/{model.replace(':', '/versions/')}/configuration"
        server.settings["hardware"] = "other: cpus=1"
        server.restart()
        waiting = client.create(model)
        until(lambda: "this node cannot run a version" in server.log, "that is said")
        assert client.get(waiting["id"])["status"] == "pending"
        assert client.http.patch(path, json={"hardware_identifier": "other"}).is_success
        assert client.ended(waiting["id"])["status"] == "succeeded"
        assert server.log.count("this node cannot run a version") == 1


def test_a_worker_sees_the_gpus_that_it_has_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(compiled(tmp_path).parent))
    shown = 'import os\ndef predict() -> str:\n    return os.environ.get("CUDA_VISIBLE_DEVICES", "all")'
    with running(tmp_path, hardware="pair: gpus=2, any: gpus=1") as server, closing(Client(server, tmp_path)) as client:
        listed = {one["identifier"]: one for one in client.http.get("/hardware").json()["items"]}
        assert (listed["gpu-h100-80gb-hbm3"]["gpus"], listed["gpu-h100-80gb-hbm3"]["vram_gb"]) == (1, 86)
        assert listed["gpu-l4"]["name"] == "NVIDIA L4"
        expected = {"cpu": "", "gpu-l4": "GPU-2", "gpu-h100-80gb-hbm3": "GPU-1"}
        for hardware, gpus in expected.items():
            model = client.publish(f"on-{hardware}", shown, f'hardware = "{hardware}"')
            assert client.create(model, wait=20)["output"] == gpus
        # Both are taken by idle workers: one of them goes.
        made = client.create(client.publish("on-any", shown, 'hardware = "any"'), wait=20)
        assert made["output"] in ("GPU-1", "GPU-2")
        model = client.publish("on-both", shown)
        refused = client.http.patch(
            "/models/owner/on-both/versions/1/configuration", json={"hardware_identifier": "pair"}
        )
        # There are two, but of two kinds.
        assert refused.json()["detail"][0]["type"] == "hardware_too_big"


def states(client: Client) -> dict[str, list[str]]:
    """The states of the workers of each version that has any."""
    found: dict[str, list[str]] = {}
    for one in client.http.get("/workers").raise_for_status().json()["workers"]:
        model = one["model"]
        name = f"{model['owner']}/{model['name']}:{model['version_number']}"
        found.setdefault(name, []).append(one["state"])
    return found
