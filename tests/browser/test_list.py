"""The list of predictions: filtered by its address, live, and as smooth with ten thousand as with ten."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Axe, OpenPage
from tests.support import models
from tests.support.browser import frames_of
from tests.support.publishing import Client
from tests.support.server import Server
from tests.support.signals import until

FAST = """
def predict(text: str) -> str:
    if text == "bad":
        raise ValueError("<script>alert(1)</script>")
    return text
"""
MANY = 10_000
PHONE: Any = {"viewport": {"width": 375, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def fast(client: Client) -> str:
    """A model that answers at once, or fails."""
    model = client.publish("fast", FAST)
    client.create(model, wait=30, text="good")
    client.create(model, wait=30, text="bad")
    return model


@pytest.fixture(scope="module")
def latch(client: Client) -> str:
    """A model that runs until a file exists."""
    return client.publish("latch", models.LATCH.code)


def test_filters_are_in_the_address_and_survive_a_reload(signed_in: Page, fast: str, latch: str) -> None:
    page = signed_in
    page.goto("/predictions")
    expect(_rows(page)).to_have_count(2)
    page.get_by_role("button", name="Failed").click()
    expect(_rows(page)).to_have_count(1)
    expect(_rows(page)).to_contain_text("failed")
    expect(page).to_have_url(re.compile(r"/predictions\?status=failed$"))
    page.get_by_role("button", name="Succeeded").click()
    expect(_rows(page)).to_have_count(2)
    page.reload()
    expect(_rows(page)).to_have_count(2)
    expect(page.get_by_role("button", name="Succeeded")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("combobox", name="Model").fill(latch.split(":")[0])
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_role("combobox", name="Model").fill(fast)
    page.get_by_role("combobox", name="Model").press("Enter")
    page.get_by_label("Created").select_option("Last hour")
    expect(page).to_have_url(re.compile(r"model=.*fast.*since=1h|since=1h.*model=.*fast"))
    expect(_rows(page)).to_have_count(2)


def test_a_model_that_is_none_is_refused_at_its_field(signed_in: Page, fast: str) -> None:
    signed_in.goto("/predictions?model=" + "no%2Fth%3Cb%3Eing")
    expect(signed_in.get_by_role("heading", name="Predictions")).to_be_visible()
    field = signed_in.get_by_role("combobox", name="Model")
    expect(field).to_have_value("no/th<b>ing")
    nothing = signed_in.get_by_role("heading", name="Nothing fits")
    expect(nothing.or_(signed_in.locator("[aria-invalid=true]"))).to_be_visible()
    assert fast


def test_a_prediction_comes_runs_and_ends_in_its_place(
    client: Client, signed_in: Page, fast: str, latch: str, tmp_path: Path
) -> None:
    signed_in.goto("/predictions")
    before = _rows(signed_in)
    expect(before.first).to_contain_text("fast")
    gate = tmp_path / "gate"
    running = client.create(latch, path=str(gate))["id"]
    row = signed_in.locator(f"[data-row='{running}']")
    expect(row).to_contain_text("running")
    expect(before.first).to_have_attribute("data-row", running)
    ran = row.get_by_role("gridcell").nth(4)
    shown = ran.inner_text()
    expect(ran).not_to_have_text(shown)
    gate.touch()
    expect(row).to_contain_text("succeeded")


def test_what_runs_while_it_is_filtered_shows_how_it_ended(
    client: Client, signed_in: Page, latch: str, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    running = client.create(latch, path=str(gate))["id"]
    client.reaches(running, "started")
    signed_in.goto("/predictions?status=started")
    row = signed_in.locator(f"[data-row='{running}']")
    expect(row).to_contain_text("running")
    gate.touch()
    expect(row).to_contain_text("succeeded")


def test_only_admins_see_everyones(client: Client, signed_in: Page, open_page: OpenPage, fast: str) -> None:
    client.http.post("/users", json={"name": "ada"}).raise_for_status()
    token = client.http.post("/tokens", json={"name": "first", "account": "ada"}).json()["token"]
    hers = open_page(token)
    hers.goto("/predictions")
    expect(hers.get_by_role("heading", name="No predictions yet")).to_be_visible()
    expect(hers.get_by_label("Everyone")).to_be_hidden()
    signed_in.goto("/predictions")
    signed_in.get_by_label("Everyone").check()
    expect(signed_in).to_have_url(re.compile("everyone=true"))
    expect(_rows(signed_in).first).to_be_visible()
    assert fast


def test_ten_thousand_rows_scroll_smoothly_by_wheel_and_by_key(signed_in: Page, many: None, axe: Axe) -> None:
    page = signed_in
    page.goto("/predictions")
    expect(_rows(page).first).to_be_visible()
    axe(page)
    with frames_of(page) as frames:
        for _ in range(40):
            page.mouse.wheel(0, 700)
            page.evaluate("() => new Promise(requestAnimationFrame)")
    assert page.evaluate("scrollY") > 20_000
    assert _rows(page).count() < 80
    # Far above what a frame may take on a machine that does nothing else; a list that draws every row takes seconds.
    assert sorted(frames.lengths)[len(frames.lengths) // 2] < 50
    assert frames.longest < 500

    grid = page.get_by_role("grid", name="Predictions")
    grid.focus()

    def all_are_read() -> bool:
        page.keyboard.press("End")
        return int(page.locator("[data-count]").get_attribute("data-count") or 0) >= MANY

    until(all_are_read, "every page is read", deadline=25)
    page.keyboard.press("End")
    expect(page.get_by_text("That is all.")).to_be_visible()
    active = page.locator("[role=row][aria-selected=true]")
    expect(active).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("PageUp")
    expect(active).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/predictions/[0-9a-f-]{36}$"))


def test_going_back_finds_the_same_place(signed_in: Page, many: None) -> None:
    page = signed_in
    page.goto("/predictions")
    row = _scrolled_to(page, 150)
    id_, top = row.get_attribute("data-row"), _top(row)
    row.click()
    expect(page).to_have_url(re.compile(f"/predictions/{id_}$"))
    page.go_back()
    again = page.locator(f"[data-row='{id_}']")
    expect(again).to_be_in_viewport()
    until(lambda: abs(_top(again) - top) < 3, "the row is where it was")


def test_what_comes_while_one_reads_further_down_waits_to_be_asked_for(
    client: Client, signed_in: Page, many: None, fast: str
) -> None:
    page = signed_in
    page.goto("/predictions")
    row = _scrolled_to(page, 60)
    top = _top(row)
    made = [client.create(fast, wait=10, text=str(number))["id"] for number in range(3)]
    button = page.get_by_role("button", name="3 new")
    expect(button).to_be_in_viewport()
    assert abs(_top(row) - top) < 3
    button.click()
    for id_ in made:
        expect(page.locator(f"[data-row='{id_}']")).to_be_in_viewport()
    expect(button).to_be_hidden()


def test_more_new_ones_than_a_page_holds_leave_no_gap(
    server: Server, client: Client, signed_in: Page, many: None, fast: str
) -> None:
    page = signed_in
    page.goto("/predictions")
    _scrolled_to(page, 60)
    _insert(server, 250, newer=True)
    page.get_by_role("button", name="new").click()
    assert fast
    listed = client.http.get("/predictions", params={"page_size": 100}).json()["items"]
    expect(_rows(page).first).to_have_attribute("data-row", listed[0]["id"])
    _scrolled_to(page, 99)
    expect(page.locator(f"[data-row='{listed[99]['id']}']")).to_be_visible()


def test_a_phone_shows_cards_that_are_opened_by_a_touch(
    server: Server, open_page: OpenPage, many: None, axe: Axe
) -> None:
    page = open_page(server.token, **PHONE)
    page.goto("/predictions")
    expect(_rows(page).first).to_contain_text("fast")
    axe(page)
    _rows(page).nth(2).tap()
    expect(page).to_have_url(re.compile(r"/predictions/[0-9a-f-]{36}$"))


@pytest.fixture(scope="module")
def many(server: Server, fast: str) -> None:
    """Ten thousand predictions that have ended, older than all others."""
    assert fast
    _insert(server, MANY, newer=False)


def _insert(server: Server, count: int, *, newer: bool) -> None:
    """Repeat one that has succeeded, a second apart."""
    with sqlite3.connect(server.data / "augury.db", timeout=20) as connection:
        connection.row_factory = sqlite3.Row
        newest = "SELECT * FROM predictions WHERE status = 'succeeded' ORDER BY id DESC LIMIT 1"
        row: dict[str, Any] = dict(connection.execute(newest).fetchone())
        later: Callable[[int], int] = (lambda place: place + 1) if newer else (lambda place: -3600 - place)
        made = [_moved(row, later(place) * 1_000_000) for place in range(count)]
        names = ", ".join(f":{name}" for name in row)
        connection.executemany(f"INSERT INTO predictions ({', '.join(row)}) VALUES ({names})", made)
    connection.close()


def _moved(row: dict[str, Any], by: int) -> dict[str, Any]:
    times = ("created_at", "updated_at", "started_at", "finished_at", "starting_at")
    moved = {name: row[name] + by for name in times if row.get(name) is not None}
    stamp = f"{moved['created_at'] // 1000:012x}"
    tail = uuid4().hex[13:]
    id_ = f"{stamp[:8]}-{stamp[8:]}-7{tail[:3]}-8{tail[4:7]}-{tail[7:19]}"
    return {**row, **moved, "id": id_}


def _rows(page: Page) -> Locator:
    return page.locator("[data-row]")


def _top(row: Locator) -> float:
    box = row.bounding_box()
    assert box is not None
    return box["y"]


def _scrolled_to(page: Page, place: int) -> Locator:
    """The row at this place, in the middle of the window once its neighbours are there."""
    expect(_rows(page).first).to_be_visible()
    row = page.locator(f"[aria-rowindex='{place + 2}']")

    def is_there() -> bool:
        page.mouse.move(600, 400)
        page.mouse.wheel(0, 400 if not row.count() or _top(row) > 500 else 0)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        return row.count() == 1 and _top(row) < 500

    until(is_there, "the row is on the screen")
    return row
