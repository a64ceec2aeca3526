"""Settings: a profile, tokens that programs use, variables that models get, and users."""

from __future__ import annotations

import hashlib
import re

import httpx
from playwright.sync_api import Locator, Page, expect
from wriftai import Client as WriftAI

from tests.browser.conftest import Axe, OpenPage
from tests.support.publishing import Client
from tests.support.server import Server

HOSTILE = "<img src=x onerror=alert(1)>"
READER = """
import hashlib, os
def predict() -> str:
    return os.environ["PLAIN"] + " " + hashlib.sha256(os.environ["HUB_TOKEN"].encode()).hexdigest()
"""


def test_a_token_that_the_page_makes_is_used_by_the_official_client_until_it_is_revoked(
    server: Server, signed_in: Page, axe: Axe
) -> None:
    signed_in.goto("/settings/tokens")
    signed_in.get_by_role("button", name="New token").click()
    form = signed_in.get_by_role("dialog")
    form.get_by_role("button", name="Make the token").click()
    expect(form.get_by_label("Name", exact=True)).to_have_accessible_description(re.compile("says what it is for"))
    form.get_by_label("Name", exact=True).fill(f"laptop {HOSTILE}")
    form.get_by_label("Look read").check()
    form.get_by_label("Expires").select_option("In 30 days")
    axe(signed_in)
    form.get_by_role("button", name="Make the token").click()
    made = signed_in.get_by_role("dialog")
    text = made.locator("[data-token]").inner_text()
    expect(made.get_by_text(f"Bearer {text}")).to_be_visible()
    axe(signed_in)
    made.get_by_role("button", name="Done").click()
    expect(signed_in.get_by_text(text)).to_have_count(0)

    with httpx.Client() as http:
        client = WriftAI(text, server.api, http_client=http)
        assert client.authenticated_user.get()["name"] == "owner"
        row = _row(signed_in, "laptop")
        expect(row).to_contain_text(HOSTILE)
        expect(row).to_contain_text("Look read")
        row.get_by_role("button", name="Revoke").click()
        signed_in.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(row).to_contain_text("Revoked")
        refused = httpx.get(f"{server.api}/user", headers={"Authorization": f"Bearer {text}"})
        assert refused.json()["code"] == "revoked_token"


def test_a_day_on_which_a_token_expires_may_not_be_past(signed_in: Page) -> None:
    signed_in.goto("/settings/tokens")
    signed_in.get_by_role("button", name="New token").click()
    form = signed_in.get_by_role("dialog")
    form.get_by_label("Name", exact=True).fill("old")
    form.get_by_label("Expires").select_option("On a day of your choice")
    form.get_by_label("Last day").fill("2020-01-31")
    form.get_by_role("button", name="Make the token").click()
    expect(form.get_by_label("Last day")).to_have_accessible_description("A token expires in the future.")


def test_variables_that_the_page_makes_and_changes_reach_a_model(client: Client, signed_in: Page, axe: Axe) -> None:
    signed_in.goto("/settings/variables")
    expect(signed_in.get_by_role("heading", name="No variables yet")).to_be_visible()
    _make_variable(signed_in, "plain", "PLAIN", "first", secret=False)
    _make_variable(signed_in, "hub-token", "HUB_TOKEN", "hush hush", secret=True)
    expect(_row(signed_in, "plain")).to_contain_text("first")
    expect(_row(signed_in, "hub-token")).to_contain_text("Secret")
    expect(signed_in.get_by_text("hush hush")).to_have_count(0)
    axe(signed_in)
    model = client.publish("reader", READER, options='variables = ["plain", "hub-token"]')
    assert client.create(model, wait=30)["output"] == f"first {_hash('hush hush')}"

    _row(signed_in, "plain").get_by_role("button", name="Change plain").click()
    form = signed_in.get_by_role("dialog")
    form.get_by_label("Value").fill("second")
    form.get_by_role("button", name="Save").click()
    expect(_row(signed_in, "plain")).to_contain_text("second")
    _row(signed_in, "hub-token").get_by_role("button", name="Change").click()
    expect(form.get_by_label("Value")).to_have_value("")
    form.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_role("dialog")).to_be_hidden()
    assert client.create(model, wait=30)["output"] == f"second {_hash('hush hush')}"

    _row(signed_in, "plain").get_by_role("button", name="Delete").click()
    asked = signed_in.get_by_role("dialog")
    asked.get_by_role("button", name="Delete").click()
    expect(asked.get_by_role("alert")).to_contain_text("owner/reader:1")
    asked.get_by_role("button", name="Cancel").click()


def test_what_is_wrong_with_a_variable_is_said_at_its_fields(signed_in: Page) -> None:
    signed_in.goto("/settings/variables")
    signed_in.get_by_role("button", name="New variable").click()
    form = signed_in.get_by_role("dialog")
    form.get_by_label("Name", exact=True).fill(HOSTILE)
    form.get_by_label("In the environment").fill("PATH")
    form.get_by_role("button", name="Make the variable").click()
    for label in ("Name", "In the environment"):
        expect(form.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_role("alert")).to_have_count(0)


def test_a_secret_of_several_lines_can_be_pasted(client: Client, signed_in: Page) -> None:
    signed_in.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in.goto("/settings/variables")
    signed_in.get_by_role("button", name="New variable").click()
    form = signed_in.get_by_role("dialog")
    form.get_by_label("Name", exact=True).fill("key-file")
    form.get_by_label("In the environment").fill("KEY_FILE")
    signed_in.evaluate("() => navigator.clipboard.writeText('one\\ntwo')")
    form.get_by_label("Value").press("Control+v")
    expect(form.get_by_label("Value")).to_have_value("one\ntwo")
    form.get_by_role("button", name="Make the variable").click()
    expect(_row(signed_in, "key-file")).to_contain_text("Secret")


def test_a_user_is_made_with_a_token_raised_disabled_and_deleted(
    signed_in: Page, open_page: OpenPage, axe: Axe
) -> None:
    signed_in.goto("/settings/users")
    signed_in.get_by_role("button", name="New user").click()
    form = signed_in.get_by_role("dialog")
    form.get_by_label("Name", exact=True).fill("owner")
    form.get_by_role("button", name="Make the user").click()
    expect(form.get_by_label("Name", exact=True)).to_have_accessible_description(re.compile("owner is taken"))
    form.get_by_label("Name", exact=True).fill("ada")
    form.get_by_label("Shown as").fill(f"Ada {HOSTILE}")
    axe(signed_in)
    form.get_by_role("button", name="Make the user").click()
    token = signed_in.get_by_role("dialog").locator("[data-token]").inner_text()
    signed_in.get_by_role("dialog").get_by_role("button", name="Done").click()
    ada = _row(signed_in, "ada")
    expect(ada).to_contain_text(HOSTILE)

    hers = open_page(token)
    hers.goto("/settings/users")
    expect(hers.get_by_role("heading", name="This is for admins")).to_be_visible()
    _do(signed_in, ada, "Make an admin of ada", "Make an admin")
    expect(ada).to_contain_text("Admin")
    hers.reload()
    expect(hers.get_by_role("button", name="New user")).to_be_visible()

    signed_in.get_by_label("Search").fill("ada")
    expect(_row(signed_in, "owner")).to_have_count(0)
    _do(signed_in, ada, "Disable ada", "Disable")
    expect(ada).to_contain_text("Disabled")
    hers.reload()
    expect(hers.get_by_role("heading", name="Sign in to see your settings")).to_be_visible()
    _do(signed_in, ada, "Delete ada", "Delete")
    expect(ada).to_have_count(0)
    signed_in.get_by_label("Search").fill("nobody at all")
    expect(signed_in.get_by_role("heading", name="Nobody fits")).to_be_visible()


def test_the_last_admin_is_not_disabled(signed_in: Page) -> None:
    signed_in.goto("/settings/users")
    _do(signed_in, _row(signed_in, "owner"), "Disable owner", "Disable", stays=True)
    expect(signed_in.get_by_role("dialog").get_by_role("alert")).to_contain_text("admin")


def test_a_profile_is_changed_and_what_is_wrong_is_said_at_its_field(client: Client, signed_in: Page) -> None:
    client.http.post("/users", json={"name": "grace"}).raise_for_status()
    signed_in.goto("/settings/profile")
    signed_in.get_by_label("Shown as").fill(f"The owner {HOSTILE}")
    signed_in.get_by_label("Links").fill("https://example.com\njavascript:alert(1)")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_label("Links")).to_have_attribute("aria-invalid", "true")
    signed_in.get_by_label("Links").fill("https://example.com")
    signed_in.get_by_label("Name", exact=True).fill("grace")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_label("Name", exact=True)).to_have_accessible_description(re.compile("grace is taken"))
    signed_in.get_by_label("Name", exact=True).fill("owner")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_text("Saved.")).to_be_visible()
    me = client.http.get("/user").json()
    assert (me["display_name"], me["urls"]) == (f"The owner {HOSTILE}", ["https://example.com"])
    signed_in.reload()
    expect(signed_in.get_by_label("Shown as")).to_have_value(f"The owner {HOSTILE}")


def test_a_part_that_is_not_there_says_so(signed_in: Page) -> None:
    signed_in.goto("/settings/constructor")
    expect(signed_in.get_by_role("heading", name="There is nothing at this address")).to_be_visible()


def _make_variable(page: Page, name: str, key: str, value: str, *, secret: bool) -> None:
    page.get_by_role("button", name="New variable").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("In the environment").fill(key)
    form.get_by_label("Value").fill(value)
    form.get_by_label("Secret").set_checked(secret)
    if not secret:
        # It is another kind of field now, with the same words in it.
        expect(form.get_by_label("Value")).to_have_value(value)
    form.get_by_role("button", name="Make the variable").click()
    expect(form).to_be_hidden()


def _do(page: Page, row: Locator, label: str, verb: str, *, stays: bool = False) -> None:
    row.get_by_role("button", name=label).click()
    asked = page.get_by_role("dialog")
    asked.get_by_role("button", name=verb).click()
    if not stays:
        expect(asked).to_be_hidden()


def _row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=re.compile(rf"^{name}\b")))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
