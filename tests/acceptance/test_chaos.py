"""A server under load, killed again and again: nothing is lost, nothing is crossed, nothing is left over.

CHAOS_MINUTES makes it longer than the half minute for each database, CHAOS_SEED throws other dice.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.acceptance.chaos import Chaos, Hook
from tests.acceptance.invariants import leftovers, settle, violations
from tests.acceptance.load import Load
from tests.acceptance.scene import Scene
from tests.support import publishing
from tests.support.server import Server, running

log = logging.getLogger(__name__)

SECONDS = float(os.environ.get("CHAOS_MINUTES", "0")) * 60 or 30.0
SEED = int(os.environ.get("CHAOS_SEED", "1"))
SETTINGS = {"lease": "3", "cancel_grace": "1", "grace_period": "1", "webhook_timeout": "2", "max_give_backs": "2"}


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Generator[Server]:
    environment = {**os.environ, "AUGURY_DATABASE_URL": database_url, "AUGURY_DATA": str(tmp_path / "data")}
    subprocess.run([sys.executable, "-m", "augury", "migrate"], env=environment, check=True, capture_output=True)
    with running(tmp_path, database_url=database_url, **SETTINGS) as started:
        yield started


@pytest.fixture
def hook() -> Generator[Hook]:
    receiver = Hook()
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.mark.timeout(SECONDS * 1.5 + 240)
def test_whatever_is_killed_and_whenever_each_prediction_has_one_true_end(
    server: Server, hook: Hook, tmp_path: Path
) -> None:
    scene = Scene(server, tmp_path)
    scene.publish()
    load, chaos = Load(scene, SEED, hook.url), Chaos(scene, hook, SEED)
    load.start()
    try:
        chaos.run(SECONDS)
    finally:
        load.stop()

    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.api, headers=headers, timeout=60) as http:
        rest = settle(load, http, hook.take)
        found = list(violations(rest))
    with closing(publishing.Client(server, tmp_path)) as client:
        began = time.monotonic()
        assert client.create("owner/together", wait=10, token="last", seconds=0)["output"] == "last"
        took = time.monotonic() - began
    server.stop()
    hook.stop()
    found += leftovers(server.data)
    log.info("seed %s: %s predictions, %s, then %.2f s", SEED, len(load.asked), dict(chaos.done), took)
    assert not found, f"seed {SEED}, {len(found)} violations: " + "\n".join(found[:20])
    assert len(load.asked) > SECONDS
    assert sum(chaos.done.values()) >= SECONDS / 10
