"""What holds on every page: the policy, both themes, a phone, the keyboard, an address, a server that goes away.

What each page is for is tried in the other files.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.conftest import Axe, OpenPage, Push
from tests.support.browser import Faults, axe_violations
from tests.support.publishing import Client
from tests.support.server import Server

DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 375, "height": 740}
FAILING = """
def predict(text: str) -> str:
    raise ValueError(f"cannot do {text}")
"""
OTHER_FOR_A_VISITOR = {
    "models": "/",
    "playground": "/models/owner/eliza",
    "sign in": "/sign-in",
    "a model that is not there": "/models/owner/nothing",
}
FOR_EVERYBODY = {
    "models": "/",
    "playground": "/models/owner/eliza",
    "overview": "/models/owner/eliza/overview",
    "code": "/models/owner/eliza/code",
    "versions": "/models/owner/eliza/versions",
    "sign in": "/sign-in",
    "a page that is not there": "/nothing/here",
    "a model that is not there": "/models/owner/nothing",
}
FOR_THE_OWNER = {
    "predictions": "/predictions",
    "a prediction": "/predictions/{done}",
    "a prediction that failed": "/predictions/{failed}",
    "a prediction that is not there": "/predictions/00000000-0000-4000-8000-000000000000",
    "now": "/now",
    "profile": "/settings/profile",
    "tokens": "/settings/tokens",
    "variables": "/settings/variables",
    "users": "/settings/users",
}
_TOO_WIDE = """
() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("main *, nav *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth)
        .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`)
"""
_IS_FOCUS_SEEN = """
() => {
    const style = getComputedStyle(document.activeElement);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
}
"""


@pytest.fixture(scope="module")
def ids(push: Push, client: Client) -> dict[str, str]:
    """What is there to be looked at: a model, and predictions that went well and badly."""
    push("eliza.py")
    failing = client.publish("failing", FAILING)
    done = client.create("owner/eliza", wait=20, messages=[{"role": "user", "content": "I am tired"}])
    failed = client.create(failing, wait=20, text="that")
    return {"done": done["id"], "failed": failed["id"]}


def shown(page: Page, address: str) -> None:
    """Open a page and wait until all of it is there."""
    page.goto(address)
    expect(page.get_by_role("main")).not_to_be_empty()
    expect(page.get_by_text("Loading", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


def fits(page: Page) -> None:
    """Nothing makes the page itself wider than its window."""
    too_wide: list[str] = page.evaluate(_TOO_WIDE)
    assert too_wide == []


def looks_right(page: Page, address: str, axe: Axe) -> None:
    """Readable for everybody in both themes, on a desk and on a phone."""
    page.set_viewport_size(DESK)
    shown(page, address)
    fits(page)
    axe(page)
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    fits(page)
    assert axe_violations(page) == []


@pytest.mark.parametrize("address", OTHER_FOR_A_VISITOR.values(), ids=OTHER_FOR_A_VISITOR.keys())
def test_a_page_that_is_another_for_a_visitor_looks_right(
    visitor: Page, ids: dict[str, str], axe: Axe, address: str
) -> None:
    looks_right(visitor, address, axe)


@pytest.mark.parametrize(
    "address", [*FOR_EVERYBODY.values(), *FOR_THE_OWNER.values()], ids=[*FOR_EVERYBODY, *FOR_THE_OWNER]
)
def test_each_page_looks_right_to_the_owner(signed_in: Page, ids: dict[str, str], axe: Axe, address: str) -> None:
    looks_right(signed_in, address.format(**ids), axe)


@pytest.mark.parametrize("address", FOR_THE_OWNER.values(), ids=FOR_THE_OWNER.keys())
def test_a_visitor_is_asked_to_sign_in_where_a_page_is_somebodys_own(
    visitor: Page, ids: dict[str, str], address: str
) -> None:
    visitor.goto(address.format(**ids))
    expect(visitor.get_by_role("main").get_by_role("link", name=re.compile("sign in", re.IGNORECASE))).to_be_visible()


def test_the_keys_go_everywhere(signed_in: Page, ids: dict[str, str]) -> None:
    shown(signed_in, "/")
    for key, address in {"p": "/predictions", "n": "/now", "s": "/settings", "m": "/"}.items():
        signed_in.keyboard.press("g")
        signed_in.keyboard.press(key)
        expect(signed_in).to_have_url(re.compile(rf"://[^/]+{address}(?:/\w+)?$"))
    signed_in.keyboard.press("g")
    signed_in.keyboard.press("p")
    expect(signed_in).to_have_url(re.compile("/predictions$"))
    signed_in.keyboard.press("/")
    expect(signed_in.locator("[data-search]")).to_be_focused()
    signed_in.keyboard.type("gp?")
    expect(signed_in.locator("[data-search]")).to_have_value("gp?")


def test_a_question_mark_shows_the_keys_and_escape_goes_back(visitor: Page, ids: dict[str, str]) -> None:
    shown(visitor, "/")
    visitor.keyboard.press("?")
    help_ = visitor.get_by_role("dialog", name="Keyboard")
    expect(help_).to_be_visible()
    expect(help_).to_contain_text("Go to the predictions")
    visitor.keyboard.press("Escape")
    expect(help_).to_be_hidden()


def test_tabbing_begins_with_the_way_to_the_content_and_shows_where_it_is(visitor: Page, ids: dict[str, str]) -> None:
    shown(visitor, "/")
    visitor.keyboard.press("Tab")
    skip = visitor.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    for _ in range(8):
        visitor.keyboard.press("Tab")
        outline = visitor.evaluate(_IS_FOCUS_SEEN)
        assert outline, visitor.evaluate("() => document.activeElement.outerHTML")
    skip.focus()
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("main")).to_be_focused()


def test_a_page_that_was_gone_to_is_where_reading_goes_on_and_what_the_window_is_called(
    signed_in: Page, ids: dict[str, str]
) -> None:
    shown(signed_in, "/")
    signed_in.get_by_role("link", name="Predictions").click()
    expect(signed_in).to_have_title("Predictions · Augury")
    expect(signed_in.get_by_role("main")).to_be_focused()
    signed_in.go_back()
    expect(signed_in).to_have_title("Models · Augury")
    signed_in.reload()
    expect(signed_in).to_have_title("Models · Augury")


def test_an_unknown_address_says_so_and_leads_to_the_models(visitor: Page, ids: dict[str, str]) -> None:
    shown(visitor, "/nothing/here")
    expect(visitor.get_by_role("main")).to_contain_text("There is nothing at this address")
    visitor.get_by_role("link", name="To the models").click()
    expect(visitor.get_by_role("link", name=re.compile("eliza")).first).to_be_visible()


def test_a_server_that_goes_away_and_comes_back_needs_no_reload(
    open_page: OpenPage, server: Server, faults: Faults, ids: dict[str, str]
) -> None:
    faults.allow("ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|status of 503|the server failed: 503")
    page = open_page(server.token)
    shown(page, "/")
    page.evaluate("() => { window.neverReloaded = true; }")
    away = page.get_by_text("The server does not answer. What is shown may be old")
    server.stop()
    # The code of this page was never loaded.
    page.get_by_role("link", name="Predictions").click()
    expect(away).to_be_visible()
    server.start()
    expect(away).to_be_hidden()
    expect(page.get_by_role("heading", level=1, name="Predictions")).to_be_visible()
    assert page.evaluate("() => window.neverReloaded")


def test_an_update_of_the_server_under_an_open_page_needs_no_more_than_a_click(
    signed_in: Page, faults: Faults, ids: dict[str, str]
) -> None:
    faults.allow("MIME type|Failed to fetch dynamically imported module|Unable to preload CSS")
    shown(signed_in, "/")
    loaded_anew: list[str] = []
    signed_in.on("request", lambda sent: loaded_anew.append(sent.url) if sent.is_navigation_request() else None)

    def answer(route: Route) -> None:
        # As if the files of the page that is open were no more: in the next build, each has another name.
        route.continue_() if loaded_anew else route.fulfill(status=404, json={})

    signed_in.route("**/assets/*", answer)
    link = signed_in.get_by_role("link", name="Settings")
    with signed_in.expect_response(lambda response: response.status == 404):
        link.hover()
    assert not loaded_anew, "the pointer alone has loaded the page anew"
    link.click()
    expect(signed_in.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    assert len(loaded_anew) == 1
