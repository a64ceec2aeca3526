"""Signing in by a link and by a token, and out again: in one tab, in all, everywhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Axe, OpenPage
from tests.support.publishing import Client
from tests.support.server import Server


def test_the_link_that_the_server_prints_signs_in_once(server: Server, open_page: OpenPage) -> None:
    link = _printed_link(server)
    page = open_page()
    page.goto(link)
    expect(page).to_have_url(f"{server.url}/")
    _is_signed_in(page)
    page.go_back()
    assert "code=" not in page.url

    late = open_page()
    late.goto(link)
    expect(late.get_by_role("alert")).to_contain_text("augury sign-in")
    expect(late).to_have_url(f"{server.url}/sign-in")
    expect(late.get_by_label("Token")).to_be_visible()


def test_a_link_that_is_opened_where_somebody_is_signed_in_already_is_used_as_well(
    server: Server, client: Client, signed_in: Page
) -> None:
    signed_in.goto("/sign-in")
    expect(signed_in.get_by_text("You are signed in as")).to_contain_text("owner")
    signed_in.goto(_new_link(client))
    expect(signed_in).to_have_url(f"{server.url}/")
    _is_signed_in(signed_in)


def test_a_token_signs_in_and_leads_back_to_where_one_was(server: Server, visitor: Page) -> None:
    visitor.goto("/predictions?status=failed")
    expect(visitor.get_by_role("heading", name="Sign in to see your predictions")).to_be_visible()
    visitor.get_by_role("main").get_by_role("link", name="Sign in").click()
    token = visitor.get_by_label("Token")
    expect(token).to_have_attribute("type", "password")
    expect(token).to_have_attribute("autocomplete", "off")
    token.fill(f"  {server.token} \n")
    token.press("Enter")
    expect(visitor).to_have_url(f"{server.url}/predictions?status=failed")
    _is_signed_in(visitor)


def test_a_wrong_token_is_refused_at_its_field_in_the_servers_words(server: Server, visitor: Page, axe: Axe) -> None:
    visitor.goto("/sign-in")
    token = visitor.get_by_label("Token")
    token.fill("aug_nothing")
    visitor.get_by_role("button", name="Sign in").click()
    expect(token).to_have_attribute("aria-invalid", "true")
    expect(token).to_have_accessible_description(re.compile(r"no (valid )?token|not valid|not known", re.IGNORECASE))
    axe(visitor)
    token.fill(server.token)
    expect(token).not_to_have_attribute("aria-invalid", "true")
    token.press("Enter")
    _is_signed_in(visitor)


@pytest.mark.parametrize("elsewhere", ["//elsewhere.invalid/", "javascript:alert(1)"])
def test_nothing_leads_elsewhere_after_signing_in(server: Server, signed_in: Page, elsewhere: str) -> None:
    signed_in.goto("/")
    signed_in.evaluate("(next) => location.assign('/sign-in?' + new URLSearchParams({ next }))", elsewhere)
    signed_in.get_by_role("button", name="Go on").click()
    expect(signed_in).to_have_url(f"{server.url}/")


def test_signing_out_in_one_tab_reaches_the_others_which_lose_nothing_that_was_typed(
    server: Server, signed_in: Page, axe: Axe
) -> None:
    other = signed_in.context.new_page()
    other.goto("/settings/profile")
    other.get_by_label("About you").fill("half a sentence")
    signed_in.goto("/")
    signed_in.get_by_role("button", name="Sign out").click()
    expect(signed_in).to_have_url(f"{server.url}/sign-in")
    expect(signed_in.get_by_label("Token")).to_be_visible()

    expect(other.get_by_role("heading", name="You are signed out")).to_be_visible()
    expect(other.get_by_label("About you")).to_be_hidden()
    expect(other.get_by_role("link", name="Settings")).to_be_hidden()
    axe(other)
    other.get_by_role("button", name="Sign in here").last.click()
    other.get_by_role("dialog").get_by_label("Token").fill(server.token)
    other.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(other.get_by_label("About you")).to_have_value("half a sentence")
    _is_signed_in(signed_in)


def test_a_link_that_is_opened_in_another_tab_signs_this_one_in(client: Client, visitor: Page) -> None:
    visitor.goto("/settings/tokens")
    expect(visitor.get_by_role("heading", name="Sign in to see your settings")).to_be_visible()
    visitor.context.new_page().goto(_new_link(client))
    expect(visitor.get_by_role("button", name="New token")).to_be_visible()


def test_signing_out_everywhere_ends_the_sessions_of_other_browsers(
    server: Server, signed_in: Page, open_page: OpenPage
) -> None:
    elsewhere = open_page(server.token)
    elsewhere.goto("/predictions")
    expect(elsewhere.get_by_role("button", name="Queued")).to_be_visible()
    signed_in.goto("/settings/profile")
    signed_in.get_by_role("button", name="Sign out everywhere").click()
    expect(signed_in).to_have_url(f"{server.url}/sign-in")
    expect(elsewhere.get_by_role("heading", name="You are signed out")).to_be_visible()


def test_nothing_of_the_one_before_is_shown_to_the_next(client: Client, signed_in: Page) -> None:
    client.http.post("/users", json={"name": "ada"}).raise_for_status()
    token = client.http.post("/tokens", json={"name": "first", "account": "ada"}).json()["token"]
    client.http.post(
        "/variables", json={"name": "mine", "key": "MINE", "value": "of the owner", "secret": False}
    ).raise_for_status()
    signed_in.goto("/settings/variables")
    expect(signed_in.get_by_role("cell", name="of the owner")).to_be_visible()
    signed_in.get_by_role("link", name="Tokens").click()

    other = signed_in.context.new_page()
    other.goto("/sign-in")
    other.get_by_role("main").get_by_role("button", name="Sign out").click()
    other.get_by_label("Token").fill(token)
    other.get_by_label("Token").press("Enter")
    expect(signed_in.get_by_role("navigation", name="Main")).to_contain_text("ada")
    signed_in.get_by_role("link", name="Variables").click()
    expect(signed_in.get_by_role("heading", name="No variables yet")).to_be_visible()
    expect(signed_in.get_by_role("link", name="Users")).to_be_hidden()


def _is_signed_in(page: Page) -> None:
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Settings")).to_be_visible()


def _printed_link(server: Server) -> str:
    [*_, link] = re.findall(r"http://\S+/sign-in#code=\S+", server.log)
    return link


def _new_link(client: Client) -> str:
    return client.http.post("/session/links").json()["url"]
