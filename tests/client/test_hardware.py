"""The official client's list of hardware."""

from __future__ import annotations

import os

import httpx
import pytest

from tests.client.conftest import Use
from tests.support.server import Server

pytestmark = pytest.mark.anyio

FIELDS = {"name", "identifier", "gpus", "cpus", "vram_gb", "ram_gib", "created_at", "description"}


async def test_there_is_a_cpu_with_what_this_machine_has(use: Use) -> None:
    page = await use("hardware", "list")
    (cpu,) = [one for one in page.items if one["identifier"] == "cpu"]
    assert set(cpu) == FIELDS
    assert (cpu["name"], cpu["gpus"], cpu["vram_gb"]) == ("CPU", 0, 0)
    assert 1 <= cpu["cpus"] <= len(os.sched_getaffinity(0))
    assert cpu["ram_gib"] >= 1
    assert cpu["created_at"].endswith("Z")


async def test_anybody_may_see_it_and_turn_its_pages(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.api) as http:
        first = (await http.get("/hardware", params={"page_size": 1})).raise_for_status().json()
        assert first["previous_cursor"] is None
        assert first["items"][0]["identifier"] == "cpu"
        assert (await http.get("/hardware", params={"cursor": "nonsense"})).status_code == 422
