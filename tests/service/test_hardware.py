"""The catalogue of hardware over the nodes that are up, and its pages, both ways."""

from __future__ import annotations

import pytest

from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.hardware import Gpu, Machine
from augury.domain.ids import NodeId
from augury.quantities import parse_share
from augury.service.fleet import Fleet
from augury.service.hardware import Catalogue
from tests.service.house import House

pytestmark = pytest.mark.anyio

SHARES = tuple(parse_share(text) for text in ("a: cpus=1", "b: cpus=8", "z: gpus=1"))


@pytest.fixture
def catalogue(house: House) -> Catalogue:
    return Catalogue(house.db, house.clock.now, SHARES)


async def identifiers(catalogue: Catalogue) -> list[str]:
    page, _ = await catalogue.page()
    return [one.identifier for one in page.items]


async def test_nodes_come_and_go_with_what_they_have(house: House, catalogue: Catalogue) -> None:
    fleet = Fleet(house.db, house.clock.now, lease=30)
    assert await identifiers(catalogue) == ["a", "b", "cpu", "z"]
    gpu = Gpu("GPU-1", "NVIDIA L4", 24)
    await fleet.join(NodeId("one"), "host", 1, Machine(8, 100, (gpu,)))
    await fleet.join(NodeId("two"), "host", 2, Machine(2, 50))
    assert await identifiers(catalogue) == ["a", "b", "cpu", "gpu-l4", "z"]
    await house.db.read(lambda c: catalogue.check(c, "b", "here"))
    # It says nothing more, and is taken for lost.
    house.clock.pass_seconds(31)
    await fleet.beat(NodeId("two"))
    assert await identifiers(catalogue) == ["a", "b", "cpu", "z"]
    with pytest.raises(InvalidRequest) as refused:
        await house.db.read(lambda c: catalogue.check(c, "b", "here"))
    assert refused.value.code == "hardware_too_big"
    with pytest.raises(InvalidRequest) as refused:
        await house.db.read(lambda c: catalogue.check(c, "gpu-l4", "here"))
    assert refused.value.code == "hardware_not_found"


async def test_its_pages_lead_forward_and_back(catalogue: Catalogue) -> None:
    forward: list[str] = []
    cursor: str | None = None
    back: str | None = None
    while True:
        page, _ = await catalogue.page(cursor=cursor, page_size=1)
        forward += [one.identifier for one in page.items]
        cursor, back = page.next_cursor, page.previous_cursor
        if cursor is None:
            break
    assert forward == ["a", "b", "cpu", "z"]
    backward: list[str] = []
    while back is not None:
        page, _ = await catalogue.page(cursor=back, page_size=2)
        backward = [one.identifier for one in page.items] + backward
        back = page.previous_cursor
    assert backward == ["a", "b", "cpu"]


async def test_a_version_is_published_on_hardware_that_there_is_only(house: House, ada: Caller) -> None:
    await house.model(ada, "echo")
    table = '[project]\nname = "m"\nversion = "1"\n[tool.augury]\nhardware = "moon"\n'
    digest = await house.bundle(ada, **{"pyproject.toml": table})
    with pytest.raises(InvalidRequest) as refused:
        await house.version(ada, "echo", digest)
    (problem,) = refused.value.problems
    assert problem.type == "hardware_not_found"
    assert problem.loc == ("body", "configuration", "hardware_identifier")
    assert "there is cpu." in problem.msg
