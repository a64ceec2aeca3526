"""The tests' own tools for the browser: what no page may do is seen, and fails the test."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.support.browser import Faults, axe_violations, caught_up, frames_of, new_context
from tests.support.server import Server


@pytest.fixture
def provoked(browser: Browser, server: Server) -> Generator[tuple[Page, Faults]]:
    """A page, and its faults, which nobody counts."""
    faults = Faults(server.url)
    context = new_context(browser, server.url, faults)
    page = context.new_page()
    page.goto("/")
    yield page, faults
    context.close()


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("document.body.appendChild(document.createElement('script')).text = '1'", "against the policy: script-src"),
        (
            "document.head.appendChild(document.createElement('style')).textContent = 'a {}'",
            "against the policy: style",
        ),
        ("fetch('https://elsewhere.invalid/').catch(() => 0)", "https://elsewhere.invalid"),
        ("console.error('something broke')", "console: something broke"),
        ("void setTimeout(() => { throw new Error('nobody caught me') })", "uncaught: .*nobody caught me"),
        ("alert('hello')", "dialog: alert hello"),
    ],
    ids=["inline script", "inline style", "another origin", "error", "exception", "dialog"],
)
def test_what_no_page_may_do_is_seen(provoked: tuple[Page, Faults], script: str, fault: str) -> None:
    page, faults = provoked
    page.evaluate(f"() => {{ {script} }}")
    page.evaluate("() => new Promise((done) => setTimeout(done))")
    caught_up(page.context)
    with pytest.raises(AssertionError, match=fault):
        faults.none_are_left()
    faults.allow(".")
    faults.none_are_left()


def test_axe_sees_what_is_wrong(provoked: tuple[Page, Faults]) -> None:
    page, _ = provoked
    page.evaluate("() => document.body.append(document.createElement('button'))")
    assert any(line.startswith("button-name") for line in axe_violations(page))


def test_frames_are_measured(provoked: tuple[Page, Faults]) -> None:
    page, _ = provoked
    with frames_of(page) as frames:
        page.evaluate("() => { const end = performance.now() + 200; while (performance.now() < end); }")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert frames.longest > 150


def test_a_visitor_and_the_owner_are_different_people(visitor: Page, signed_in: Page) -> None:
    signed_in.goto("/")
    visitor.goto("/")
    expect(signed_in.get_by_role("link", name="Settings")).to_be_visible()
    expect(visitor.get_by_role("navigation").get_by_role("link", name="Sign in")).to_be_visible()
    expect(visitor.get_by_role("link", name="Settings")).to_be_hidden()


def test_the_session_is_in_a_cookie_that_no_script_reads(signed_in: Page) -> None:
    signed_in.goto("/")
    [cookie] = signed_in.context.cookies()
    assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict")
    assert signed_in.evaluate("document.cookie") == ""


def test_pages_may_be_dark_or_small(open_page: OpenPage) -> None:
    page = open_page(color_scheme="dark", viewport={"width": 375, "height": 700})
    page.goto("/")
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches && innerWidth") == 375
