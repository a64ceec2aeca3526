"""The playground: a form on the left, its run on the right, and addresses that bring both back."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Axe, OpenPage, Push
from tests.browser.test_forms import DROP
from tests.support.browser import ROOT, Faults, sign_in
from tests.support.publishing import Client
from tests.support.server import Server

pytestmark = pytest.mark.timeout(90)

ECHO = """
from typing import Annotated, Optional
from augury import Input, Secret

Times = Annotated[int, Input(ge=1, le=5)]

def predict(text: Annotated[str, Input(min_length=1)], key: Optional[Secret] = None, times: Times = 1) -> str:
    return text * times
"""
SLOW = """
import time
from typing import Iterator

def predict(words: int = 1000) -> Iterator[str]:
    for number in range(words):
        yield f"word {number} "
        time.sleep(0.05)
"""
BROKEN = """
class Predictor:
    def setup(self) -> None:
        raise RuntimeError("the weights are gone")

    def predict(self, text: str = "") -> str:
        return text
"""


@pytest.fixture(scope="module")
def echo(client: Client) -> str:
    """The path of the page of a model that is quick."""
    client.publish("echo", ECHO)
    return "/models/owner/echo"


def field(page: Page, name: str) -> Locator:
    """The text box of a field."""
    return page.locator(f'[data-path="/{name}"]').get_by_role("textbox").last


def press_run(page: Page) -> None:
    """Press the form's own button."""
    page.get_by_role("button", name=re.compile("^Run")).first.click()


def run_of(page: Page, other_than: str = "") -> str:
    """The run that the address names, as soon as it is another one."""
    page.wait_for_url(lambda url: "run=" in url and (other_than == "" or other_than not in url))
    found = re.search(r"run=([0-9a-f-]+)", page.url)
    assert found is not None
    return found[1]


def result(page: Page) -> Locator:
    """The part of the page that shows the run."""
    return page.get_by_role("region", name="Result")


def said(page: Page, status: str) -> None:
    """Wait until the run is in this state."""
    expect(result(page).locator(f'[data-status="{status}"]').first).to_be_visible()


@pytest.mark.timeout(180)
def test_a_dropped_picture_is_read(signed_in: Page, push: Push, client: Client) -> None:
    push("ocr")
    signed_in.goto("/models/owner/ocr")
    expect(signed_in.get_by_role("form", name="Input")).to_be_visible()
    picture = base64.b64encode((ROOT / "examples" / "ocr" / "sample.jpg").read_bytes()).decode()
    signed_in.evaluate(DROP, ["drop", '[data-path="/image"] p', "sample.jpg", "image/jpeg", picture])
    expect(signed_in.get_by_role("img", name="Preview of sample.jpg")).to_be_visible()
    press_run(signed_in)
    made = client.ended(run_of(signed_in), 60)
    assert made["status"] == "succeeded"
    said(signed_in, "succeeded")
    expect(result(signed_in)).to_contain_text(made["output"][0]["text"])


def test_a_form_is_run_and_run_again(signed_in: Page, echo: str, client: Client, axe: Axe) -> None:
    signed_in.goto(echo)
    field(signed_in, "text").fill("ab")
    press_run(signed_in)
    first = run_of(signed_in)
    said(signed_in, "succeeded")
    expect(result(signed_in)).to_contain_text("ab")
    axe(signed_in)
    field(signed_in, "times").fill("2")
    field(signed_in, "times").press("Control+Enter")
    second = run_of(signed_in, first)
    expect(result(signed_in)).to_contain_text("abab")
    assert client.get(second)["input"] == {"text": "ab", "times": 2}
    recent = signed_in.get_by_role("navigation", name="Your last runs of this model").get_by_role("link")
    expect(recent).to_have_count(2)

    signed_in.reload()
    said(signed_in, "succeeded")
    expect(result(signed_in)).to_contain_text("abab")
    expect(field(signed_in, "text")).to_have_value("ab")
    expect(field(signed_in, "times")).to_have_value("2")
    signed_in.go_back()
    assert run_of(signed_in, second) == first
    expect(result(signed_in)).not_to_contain_text("abab")
    result(signed_in).get_by_role("button", name="Fill the form with its input").click()
    expect(field(signed_in, "times")).to_have_value("1")


def test_what_stands_around_a_run_changes_with_it(signed_in: Page, client: Client) -> None:
    client.publish("warm", ECHO)
    first: list[str] = []

    def as_at_first(route: Route) -> None:
        """The list of runs as it was when this one was new."""
        if not first:
            first.append(route.fetch().text().replace('"succeeded"', '"starting"'))
        route.fulfill(body=first[0], content_type="application/json")

    signed_in.goto("/models/owner/warm")
    field(signed_in, "text").fill("ab")
    expect(signed_in.locator("header").locator('[data-status="cold"]')).to_be_visible()
    signed_in.route(re.compile(r"/v1/predictions\?model="), as_at_first)
    press_run(signed_in)
    said(signed_in, "succeeded")
    recent = signed_in.get_by_role("navigation", name="Your last runs of this model").get_by_role("link")
    expect(recent.locator('[data-status="succeeded"]')).to_be_visible()
    expect(signed_in.locator("header").locator('[data-status="ready"]')).to_be_visible()


def test_a_run_is_cancelled_midway(signed_in: Page, client: Client) -> None:
    client.publish("slow", SLOW)
    signed_in.goto("/models/owner/slow")
    press_run(signed_in)
    expect(result(signed_in)).to_contain_text("word 3")
    result(signed_in).get_by_role("button", name="Cancel").click()
    said(signed_in, "cancelled")
    ended = client.get(run_of(signed_in))
    assert ended["status"] == "cancelled"
    assert ended["stream"] is not False
    expect(result(signed_in).get_by_role("button", name="Cancel")).to_have_count(0)


def test_an_answer_that_is_lost_makes_no_second_run(signed_in: Page, echo: str, client: Client, faults: Faults) -> None:
    faults.allow("ERR_FAILED|Failed to fetch|net::")
    seen: list[str] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        seen.append(route.request.headers["idempotency-key"])
        if len(seen) > 1:
            route.continue_()
            return
        route.fetch()  # it arrives, and its answer does not
        route.abort()

    signed_in.route("**/v1/predictions", lose_the_first)
    signed_in.goto(echo)
    field(signed_in, "text").fill("once")
    press_run(signed_in)
    made = run_of(signed_in)
    assert len(seen) == 2
    assert len(set(seen)) == 1
    listed = client.http.get("/predictions", params={"model": "owner/echo"}).json()["items"]
    texts = [client.get(one["id"])["input"]["text"] for one in listed]
    assert texts.count("once") == 1
    press_run(signed_in)
    run_of(signed_in, made)
    assert len(set(seen)) == 2


def test_a_link_opens_the_form_as_it_is_without_its_secrets(
    signed_in: Page, open_page: OpenPage, server: Server, echo: str
) -> None:
    signed_in.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in.goto(echo)
    field(signed_in, "text").fill("Grüße 你好 \U0001f52d\nnext line")
    field(signed_in, "times").fill("3")
    signed_in.locator('[data-path="/key"] input').fill("hunter2")
    signed_in.get_by_role("button", name="Copy link").click()
    expect(signed_in.get_by_text("Copied a link")).to_be_visible()
    link = signed_in.evaluate("navigator.clipboard.readText()")
    stored = signed_in.evaluate("JSON.stringify({ ...sessionStorage, ...localStorage })")
    content = base64.urlsafe_b64decode(link.partition("#input=")[2] + "===").decode()
    assert "hunter2" not in content + stored + unquote(link)
    other = open_page(server.token)
    other.goto(link)
    expect(field(other, "text")).to_have_value("Grüße 你好 \U0001f52d\nnext line")
    expect(field(other, "times")).to_have_value("3")
    expect(other.locator('[data-path="/key"] input')).to_have_value("")
    assert "#" not in other.url
    other.get_by_role("button", name="Reset", exact=True).click()
    expect(field(other, "text")).to_have_value("")


def test_what_is_typed_stays_while_another_tab_of_the_page_is_looked_at(signed_in: Page, echo: str) -> None:
    signed_in.goto(echo)
    field(signed_in, "text").fill("still here")
    tabs = signed_in.get_by_role("navigation", name=re.compile("model", re.IGNORECASE))
    tabs.get_by_role("link", name="Versions").click()
    expect(signed_in).to_have_url(re.compile("/versions"))
    signed_in.go_back()
    expect(field(signed_in, "text")).to_have_value("still here")


def test_a_visitor_sees_the_form_and_how_to_run_it(visitor: Page, push: Push, axe: Axe) -> None:
    push("eliza.py")
    visitor.goto("/models/owner/eliza")
    expect(visitor.get_by_role("form", name="Input")).to_be_visible()
    axe(visitor)
    link = visitor.get_by_role("link", name="Sign in to run it")
    assert "next=%2Fmodels%2Fowner%2Feliza" in (link.get_attribute("href") or "")


def test_a_version_that_does_not_start_says_why(signed_in: Page, client: Client, axe: Axe) -> None:
    client.publish("broken", BROKEN)
    made = client.create("owner/broken")
    client.ended(made["id"], 25)
    signed_in.goto("/models/owner/broken")
    expect(signed_in.get_by_text("does not start")).to_be_visible()
    expect(signed_in.locator("main")).to_contain_text("the weights are gone")
    axe(signed_in)


def test_a_restricted_model_says_who_can_let_one_run_it(
    open_page: OpenPage, echo: str, client: Client, axe: Axe
) -> None:
    client.http.post("/users", json={"name": "eve"}).raise_for_status()
    new = {"name": "eve", "scopes": ["read", "predict"], "account": "eve"}
    token = client.http.post("/tokens", json=new).raise_for_status().json()["token"]
    client.publish("shared", ECHO)
    client.http.patch("/models/owner/shared", json={"visibility": "restricted"}).raise_for_status()
    page = open_page(token)
    page.goto("/models/owner/shared")
    expect(page.get_by_text("You may see this model, but not run it.")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    axe(page)
    client.http.put("/models/owner/shared/access/eve").raise_for_status()
    page.reload()
    field(page, "text").fill("let in")
    press_run(page)
    run_of(page)
    said(page, "succeeded")


def test_another_model_has_a_form_of_its_own(signed_in: Page, echo: str, client: Client) -> None:
    client.publish("other", "def predict(text: str, more: str = 'more') -> str:\n    return text\n")
    signed_in.goto(echo)
    field(signed_in, "text").fill("of the first")
    signed_in.get_by_role("navigation", name="Main").get_by_role("link", name="Models", exact=True).click()
    signed_in.get_by_role("link", name=re.compile("other")).first.click()
    expect(field(signed_in, "more")).to_have_value("more")
    expect(field(signed_in, "text")).to_have_value("")
    signed_in.goto(echo)
    expect(field(signed_in, "text")).to_have_value("of the first")


def test_nothing_that_one_has_typed_is_there_for_the_next(signed_in: Page, client: Client) -> None:
    client.publish("everybodys", ECHO)
    client.http.patch("/models/owner/everybodys", json={"visibility": "public"}).raise_for_status()
    client.http.post("/users", json={"name": "zoe"}).raise_for_status()
    new = {"name": "zoe", "scopes": ["read", "predict"], "account": "zoe"}
    token = client.http.post("/tokens", json=new).raise_for_status().json()["token"]
    signed_in.goto("/models/owner/everybodys")
    field(signed_in, "text").fill("of the one before")
    signed_in.locator('[data-path="/key"] input').fill("hunter2")
    signed_in.get_by_role("button", name="Sign out", exact=True).click()
    expect(signed_in.get_by_role("link", name=re.compile("^Sign in")).first).to_be_visible()
    sign_in(signed_in.context, token)
    signed_in.goto("/models/owner/everybodys")
    expect(signed_in.get_by_role("button", name="Run", exact=True)).to_be_visible()
    expect(field(signed_in, "text")).to_have_value("")
    expect(signed_in.locator('[data-path="/key"] input')).to_have_value("")
    assert "before" not in signed_in.evaluate("JSON.stringify({ ...sessionStorage })")
