"""What happens now, for admins: workers, what waits, the last hour as charts, and what is broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Axe, OpenPage
from tests.support import models
from tests.support.publishing import Client
from tests.support.server import Server

HOSTILE = "<img src=x onerror=alert(1)>"
BUSY = """
def predict(text: str) -> str:
    if text == "bad":
        raise ValueError("no")
    return text
"""
BROKEN = f"""
class Predictor:
    def setup(self):
        print("looking for weights of {HOSTILE}")
        raise RuntimeError("there are no weights for {HOSTILE}")
    def predict(self, text: str) -> str:
        return text
"""


@pytest.fixture(scope="module")
def quiet(server: Server, client: Client) -> None:
    """A server on which nothing has run. Ask for it before anything that runs a model."""
    assert client.http.get("/predictions").json()["items"] == []
    assert server.pid


@pytest.fixture(scope="module")
def hour(quiet: None, client: Client) -> str:
    """An hour in which a model ran seven times, and failed twice of them. Returns the model."""
    model = client.publish("busy", BUSY)
    for text in ("a", "b", "bad", "c", "d", "bad", "e"):
        client.create(model, wait=30, text=text)
    return model


def test_where_nothing_has_run_it_says_so(quiet: None, signed_in: Page, axe: Axe) -> None:
    signed_in.goto("/now")
    expect(signed_in.get_by_role("heading", name="Nothing has run in the last hour")).to_be_visible()
    expect(signed_in.get_by_text("No worker runs.")).to_be_visible()
    axe(signed_in)


def test_the_hour_is_told_in_figures_charts_and_tables(hour: str, signed_in: Page, axe: Axe) -> None:
    page = signed_in
    page.goto("/now")
    expect(_count(page, "Ended, last hour")).to_have_text("7")
    expect(_count(page, "Failed, last hour")).to_have_text("29 %")
    chart = page.get_by_role("img", name=re.compile("Ended a minute. 7 predictions have ended"))
    expect(chart.locator("canvas")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("2 predictions have failed"))).to_be_visible()
    for title in ("Waiting", "Time in the queue", "Run time"):
        expect(page.get_by_role("img", name=re.compile(f"^{title}"))).to_be_visible()
    axe(page)

    page.get_by_role("button", name="Ended a minute").click()
    table = page.get_by_role("table", name="Ended a minute")
    expect(table.get_by_role("row")).to_have_count(61)
    succeeded = table.locator("[data-head=Succeeded]").all_inner_texts()
    assert sum(int(text) for text in succeeded) == 5
    axe(page)
    row = page.get_by_role("table", name="Models").get_by_role("row").filter(has_text="busy")
    assert row.locator("[data-head=Created]").inner_text() == "7"
    assert row.locator("[data-head=Failed]").inner_text() == "2"


def test_a_chart_tells_of_the_minute_that_is_pointed_at(hour: str, signed_in: Page) -> None:
    page = signed_in
    page.goto("/now")
    box = page.get_by_role("img", name=re.compile("^Ended a minute")).locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    panel = page.get_by_role("region", name="Ended a minute")
    expect(panel.get_by_text(re.compile(r"^\d\d:\d\d$"))).to_be_visible()
    expect(panel.get_by_text("Succeeded").locator("strong")).to_be_visible()
    assert hour


def test_a_worker_leads_to_what_it_runs_and_the_page_goes_on_by_itself(
    hour: str, client: Client, signed_in: Page, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    running = client.create(client.publish("latch", models.LATCH.code), path=str(gate))["id"]
    client.reaches(running, "started")
    page = signed_in
    page.goto("/now")
    worker = page.get_by_role("table", name="Workers").get_by_role("row").filter(has_text="latch")
    expect(worker).to_contain_text("ready")
    link = worker.get_by_role("link", name=running[-8:])
    expect(link).to_have_attribute("href", f"/predictions/{running}")
    expect(_count(page, "Running")).to_have_text("1")
    gate.touch()
    expect(worker).to_contain_text("Waits for work")
    expect(_count(page, "Running")).to_have_text("0")
    assert hour


def test_a_broken_version_is_shown_with_its_reason_and_its_log(
    hour: str, client: Client, signed_in: Page, axe: Axe
) -> None:
    model = client.publish("broken", BROKEN)
    client.ended(client.create(model, text="x")["id"])
    signed_in.goto("/now")
    broken = signed_in.get_by_role("article", name=model)
    expect(broken).to_contain_text(f"there are no weights for {HOSTILE}", timeout=20_000)
    log = broken.get_by_role("region", name="Setup log")
    expect(log).to_contain_text(f"looking for weights of {HOSTILE}")
    axe(signed_in)
    assert hour


def test_others_are_told_that_it_is_for_admins(client: Client, open_page: OpenPage, axe: Axe) -> None:
    client.http.post("/users", json={"name": "ada"}).raise_for_status()
    token = client.http.post("/tokens", json={"name": "first", "account": "ada"}).json()["token"]
    page = open_page(token)
    page.goto("/now")
    expect(page.get_by_role("heading", name="This is for admins")).to_be_visible()
    expect(page.get_by_role("link", name="Now")).to_be_hidden()
    axe(page)


def _count(page: Page, name: str) -> Locator:
    return page.locator("dl div").filter(has=page.get_by_text(name, exact=True)).locator("dd")
