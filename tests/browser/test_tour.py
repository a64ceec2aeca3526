"""The first hour of a new user, in one go: from the link that a new server prints to a program that uses a token.

Each step has tests of its own, with what can go wrong in it, in the other files.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from wriftai import Client as WriftAI

from tests.browser.conftest import Push
from tests.support.browser import ROOT
from tests.support.publishing import Client
from tests.support.receiver import receiving
from tests.support.server import Server

PICTURE = ROOT / "examples" / "ocr" / "sample.jpg"
FAILS = """
def predict(dish: str) -> str:
    raise ValueError(f"the {dish} is too salty")
"""


@pytest.fixture(scope="module")
def server_settings() -> dict[str, str]:
    return {"webhook_allow": "127.0.0.0/8"}


@pytest.fixture(scope="module", autouse=True)
def published(push: Push, client: Client) -> None:
    """What a new user finds."""
    push("ocr")
    push("babble.py")
    client.publish("soup", FAILS)


@pytest.mark.timeout(120)
def test_a_new_user_does_everything_once(visitor: Page, server: Server, client: Client) -> None:
    page = visitor
    signs_in_by_the_printed_link(page, server)
    reads_a_dropped_picture(page)
    streams_a_text_and_cancels_it(page)
    sees_where_a_model_failed(page)
    has_a_webhook_delivered_again(page, client)
    token = makes_a_token(page)
    with httpx.Client() as http:
        official = WriftAI(token, server.api, http_client=http)
        answer = official.predictions.create(model="owner/babble", input={"manner": "to be", "words": 2}, wait=True)
    assert answer["output"] == "to be"


def signs_in_by_the_printed_link(page: Page, server: Server) -> None:
    link = re.search(r"http://\S+/sign-in#code=\S+", server.log)
    assert link is not None
    page.goto(link[0])
    expect(page.get_by_role("navigation", name="Main")).to_contain_text("owner")
    expect(page.get_by_role("heading", level=1, name="Models")).to_be_visible()
    assert "code" not in page.url


def opens_model(page: Page, name: str) -> None:
    page.get_by_role("link", name="Models", exact=True).click()
    page.keyboard.press("/")
    page.keyboard.type(name)
    page.get_by_role("link", name=re.compile(rf"\b{name}\b")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-path="/{name}"]')


def reads_a_dropped_picture(page: Page) -> None:
    opens_model(page, "ocr")
    drop(page, field(page, "image").locator("p").first, PICTURE)
    expect(field(page, "image").get_by_role("img", name="Preview of sample.jpg")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("region", name="Result")).to_contain_text("CORNER BAKERY", timeout=30_000)


def drop(page: Page, where: Locator, file: Path) -> None:
    held = page.evaluate_handle(
        """([name, content]) => {
            const held = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
            held.items.add(new File([bytes], name, { type: "image/jpeg" }));
            return held;
        }""",
        [file.name, base64.b64encode(file.read_bytes()).decode()],
    )
    for event in ("dragenter", "dragover", "drop"):
        where.dispatch_event(event, {"dataTransfer": held})


def streams_a_text_and_cancels_it(page: Page) -> None:
    opens_model(page, "babble")
    for name, value in {"manner": "round and round and round", "words": "2000", "pace": "50"}.items():
        field(page, name).get_by_role("textbox").or_(field(page, name).get_by_role("spinbutton")).fill(value)
    page.get_by_role("button", name="Run", exact=True).click()
    text = page.get_by_test_id("output-text")
    expect(text).to_contain_text("round and round and round")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-end=cancelled]")).to_be_visible()
    expect(text).to_contain_text("round and round and round")


def sees_where_a_model_failed(page: Page) -> None:
    opens_model(page, "soup")
    field(page, "dish").get_by_role("textbox").fill("broth")
    page.keyboard.press("Control+Enter")
    failure = page.get_by_role("region", name="Why it did not succeed")
    expect(failure).to_contain_text("the broth is too salty")
    expect(failure.get_by_role("region", name="Traceback")).to_contain_text("raise ValueError")


def has_a_webhook_delivered_again(page: Page, client: Client) -> None:
    with receiving() as receiver:
        body = {"model": "owner/soup", "input": {"dish": "stew"}, "webhook": {"url": receiver.url}}
        client.http.post("/predictions", json=body).raise_for_status()
        first = receiver.until_ended()[-1]
        page.get_by_role("link", name="Predictions", exact=True).click()
        page.get_by_role("row").filter(has_text="soup").first.click()
        page.get_by_role("listitem", name="Delivery of failed").get_by_role("button", name="Redeliver").click()
        again = receiver.next()
    assert (again.body, again.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])


def makes_a_token(page: Page) -> str:
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("link", name="Tokens").click()
    page.get_by_role("button", name="New token").click()
    made = page.get_by_role("dialog")
    made.get_by_label("Name").fill("my program")
    made.get_by_role("button", name="Make the token").click()
    token = made.locator("[data-token]").inner_text()
    made.get_by_role("button", name="Done").click()
    expect(page.get_by_role("main")).to_contain_text("my program")
    expect(page.get_by_text(token)).to_have_count(0)
    return token
