"""Models in the browser: found, described, shared, compared, deleted, and shown to those who may see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Axe, OpenPage
from tests.support.browser import Faults, new_context, sign_in
from tests.support.publishing import Client
from tests.support.server import Server, running
from tests.support.signals import until

SHOUT_1 = """
from typing import Annotated, Literal
from augury import Input


def predict(
    text: Annotated[str, Input(description="What to say")],
    times: Annotated[int, Input(ge=1, le=10)] = 1,
    mode: Literal["loud", "soft"] = "loud",
    gone: bool = False,
) -> str:
    return text.upper() * times
"""
SHOUT_2 = """
from typing import Annotated, Literal, Optional
from augury import Input, TextStream


def predict(
    text: Annotated[str, Input(description="What to shout")],
    times: Annotated[int, Input(ge=1, le=5)] = 2,
    mode: Literal["loud", "soft", "silent"] = "loud",
    more: Optional[str] = None,
) -> TextStream:
    yield text.upper() * times
"""
BROKEN = """
class Predictor:
    def setup(self) -> None:
        print("<b>loading</b> \\x1b[31mthe weights\\x1b[0m")
        raise RuntimeError("the weights are <script>not</script> there")

    def predict(self, x: int = 1) -> int:
        return x
"""
ECHO = "def predict(text: str) -> str:\n    return text\n"
HOSTILE = """# Hostile <img src=x onerror="window.broken=1">

<script>window.broken=1</script> <iframe src="javascript:alert(1)"></iframe>

[a link](javascript:window.broken=1) [another](data:text/html,<script>window.broken=1</script>) [good](https://example.com/x)

![here](https://elsewhere.example/pixel.png) ![svg](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+)

- [x] done

| a | b |
|---|---|
| 1 | 2 |
"""


def publish(client: Client, name: str, source: str, visibility: str = "public", **about: object) -> None:
    client.publish(name, source)
    about["visibility"] = visibility
    client.http.patch(f"/models/owner/{name}", json=about).raise_for_status()


@pytest.fixture(scope="module")
def models(client: Client) -> Client:
    """A server with models of every kind: two versions, broken, private, restricted, without a version."""
    for name in ("Loud things", "Quiet things"):
        client.http.post("/model_categories", json={"name": name}).raise_for_status()
    client.publish("shout", SHOUT_1)
    publish(client, "shout", SHOUT_2, description="Says it louder", category_slugs=["loud-things"])
    publish(client, "whisper", ECHO, description="Says it softly", category_slugs=["quiet-things"])
    publish(client, "broken", BROKEN)
    publish(client, "diary", ECHO, "private", description="For nobody else")
    publish(client, "guarded", ECHO, "restricted")
    client.http.post("/models", json={"name": "unborn", "visibility": "public"}).raise_for_status()
    client.http.post("/users", json={"name": "ada"}).raise_for_status()
    client.create("owner/whisper", wait=20, text="hello")
    client.create("owner/broken", wait=20)
    until(lambda: status(client, "broken") == "broken", "the broken model is known to be broken")
    until(lambda: status(client, "whisper") == "ready", "a worker of whisper is ready")
    return client


def status(client: Client, name: str) -> str:
    return client.http.get(f"/models/owner/{name}").json()["status"]


def cards(page: Page) -> Locator:
    return page.locator("main [data-card]")


def names(page: Page, wanted: list[str]) -> None:
    """These are the models that are shown, in this order."""
    expect(cards(page)).to_have_text([f"owner/{name}" for name in wanted])


def test_words_find_models_and_arrows_and_enter_open_one(visitor: Page, models: Client, axe: Axe) -> None:
    visitor.goto("/")
    expect(cards(visitor).first).to_be_visible()
    visitor.keyboard.press("/")
    visitor.keyboard.type("says it")
    expect(visitor).to_have_url(re.compile(r"\?q=says"))
    names(visitor, ["shout", "whisper"])
    axe(visitor)
    visitor.keyboard.press("ArrowDown")
    visitor.keyboard.press("ArrowRight")
    expect(cards(visitor).nth(1)).to_be_focused()
    visitor.keyboard.press("ArrowUp")
    expect(visitor.get_by_role("searchbox")).to_be_focused()
    visitor.keyboard.press("ArrowDown")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("shout")
    visitor.go_back()
    expect(visitor.get_by_role("searchbox")).to_have_value("says it")
    names(visitor, ["shout", "whisper"])


def test_words_that_nothing_has_say_so_and_are_taken_away_again(visitor: Page, models: Client) -> None:
    visitor.goto("/?q=zzzz&status=ready")
    expect(visitor.get_by_role("heading", name="No model fits")).to_be_visible()
    visitor.get_by_role("button", name="Clear search and filters").click()
    expect(cards(visitor)).to_have_count(5)
    expect(visitor.get_by_role("searchbox")).to_have_value("")


def test_categories_statuses_and_orders_are_in_the_address(visitor: Page, models: Client) -> None:
    visitor.goto("/")
    visitor.get_by_label("Category").select_option("Quiet things")
    expect(visitor).to_have_url(re.compile("category=quiet-things"))
    names(visitor, ["whisper"])
    visitor.get_by_label("Category").select_option("Any category")
    visitor.get_by_label("Status").select_option("Broken")
    names(visitor, ["broken"])
    expect(visitor.locator("main [data-status=broken]")).to_be_visible()
    visitor.goto("/?sort=oldest")
    names(visitor, ["shout", "whisper", "broken", "guarded", "unborn"])
    visitor.get_by_label("Order").select_option("Most runs first")
    expect(visitor).to_have_url(re.compile("sort=runs"))
    expect(cards(visitor).first).to_have_text(re.compile("whisper|broken"))


def test_each_card_says_how_the_model_is(visitor: Page, models: Client) -> None:
    visitor.goto("/")
    for name, wanted in {"shout": "cold", "whisper": "ready", "broken": "broken", "unborn": "empty"}.items():
        card = visitor.get_by_role("listitem").filter(has=visitor.get_by_role("link", name=f"owner/{name}"))
        expect(card.locator("[data-status]")).to_have_attribute("data-status", wanted)
    card = visitor.get_by_role("listitem").filter(has_text="owner/whisper")
    expect(card).to_contain_text("Says it softly")
    expect(card).to_contain_text("Quiet things")
    expect(card).to_contain_text("1 run")


def test_a_visitor_sees_no_private_model_and_its_owner_does(visitor: Page, signed_in: Page, models: Client) -> None:
    visitor.goto("/?sort=oldest")
    names(visitor, ["shout", "whisper", "broken", "guarded", "unborn"])
    signed_in.goto("/")
    own = signed_in.get_by_role("region", name="Only you see these")
    expect(own.get_by_role("link", name="owner/diary")).to_be_visible()
    signed_in.goto("/?q=nobody")
    names(signed_in, ["diary"])


def test_a_private_model_is_not_there_for_a_visitor_who_is_shown_the_way_in(visitor: Page, models: Client) -> None:
    visitor.goto("/models/owner/diary/versions")
    expect(visitor.get_by_role("heading", name="There is no such model here")).to_be_visible()
    visitor.get_by_role("main").get_by_role("link", name="Sign in").click()
    expect(visitor).to_have_url(re.compile(r"/sign-in\?next=.*diary"))


def test_many_models_come_page_by_page(visitor: Page, models: Client) -> None:
    made = [f"extra-{number}" for number in range(60)]
    models.http.post("/model_categories", json={"name": "Extra"}).raise_for_status()
    for name in made:
        new = {"name": name, "visibility": "public", "category_slugs": ["extra"]}
        models.http.post("/models", json=new).raise_for_status()
    visitor.goto("/?category=extra")
    expect(cards(visitor).first).to_be_visible()
    cards(visitor).nth(40).scroll_into_view_if_needed()
    expect(cards(visitor)).to_have_count(60)
    for name in made:
        models.http.delete(f"/models/owner/{name}").raise_for_status()


def test_a_new_server_says_how_to_push_the_first_model(browser: Browser, tmp_path: Path, axe: Axe) -> None:
    with running(tmp_path) as server:
        faults = Faults(server.url)
        context = new_context(browser, server.url, faults, permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto("/")
        expect(page.get_by_role("heading", name="No public models yet")).to_be_visible()
        expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_visible()
        expect(page.get_by_text("augury push")).to_have_count(0)
        sign_in(context, server.token)
        page.reload()
        expect(page.get_by_role("heading", name="Push your first model")).to_be_visible()
        page.get_by_role("button", name="Copy command for a file").click()
        expect(page.get_by_role("button", name="Copied command for a file")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == "augury push examples/readability.py readability"
        axe(page)
        context.close()
        faults.none_are_left()


def test_its_owner_describes_a_model(signed_in: Page, models: Client, axe: Axe) -> None:
    publish(models, "plain", ECHO, "private")
    signed_in.goto("/models/owner/plain/overview")
    signed_in.get_by_role("button", name="Edit").click()
    dialog = signed_in.get_by_role("dialog")
    dialog.get_by_label("Description").fill("It says what it hears")
    dialog.get_by_label("Overview").fill("## What it does\n\nIt **echoes**.")
    dialog.get_by_label("Who sees it").select_option("public")
    dialog.get_by_label("Quiet things").check()
    dialog.get_by_label("Source").fill("https://example.com/plain")
    axe(signed_in)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(signed_in.get_by_role("heading", name="What it does")).to_be_visible()
    expect(signed_in.get_by_role("banner").or_(signed_in.locator("header")).first).to_contain_text("public")
    expect(signed_in.get_by_text("It says what it hears")).to_be_visible()
    expect(signed_in.get_by_role("link", name="example.com")).to_have_attribute("href", "https://example.com/plain")
    found = models.http.get("/models/owner/plain").json()
    assert (found["visibility"], found["categories"][0]["slug"]) == ("public", "quiet-things")
    assert found["overview"] == "## What it does\n\nIt **echoes**."


def test_what_is_wrong_is_said_at_its_field_and_a_new_name_is_a_new_address(signed_in: Page, models: Client) -> None:
    publish(models, "misnamed", ECHO)
    signed_in.goto("/models/owner/misnamed/overview")
    signed_in.get_by_role("button", name="Edit").click()
    dialog = signed_in.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Not A Name")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Name").fill("well-named")
    dialog.get_by_role("button", name="Save").click()
    expect(signed_in).to_have_url(re.compile("/models/owner/well-named/overview"))
    expect(signed_in.get_by_role("heading", level=1)).to_contain_text("well-named")


def test_those_on_its_list_may_run_a_restricted_model(signed_in: Page, models: Client, axe: Axe) -> None:
    signed_in.goto("/models/owner/guarded/overview")
    signed_in.get_by_role("button", name="Sharing").click()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog).to_contain_text("Nobody is on the list yet.")
    dialog.get_by_label("Name of a user").fill("nobody-of-that-name")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nobody-of-that-name")
    dialog.get_by_label("Name of a user").fill("ada")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("listitem")).to_contain_text("ada")
    axe(signed_in)
    assert [one["name"] for one in models.http.get("/models/owner/guarded/access").json()["items"]] == ["ada"]
    dialog.get_by_role("button", name="Take ada off the list").click()
    expect(dialog).to_contain_text("Nobody is on the list yet.")


def test_a_model_is_deleted_when_its_name_was_typed(signed_in: Page, models: Client) -> None:
    publish(models, "doomed", ECHO)
    signed_in.goto("/models/owner/doomed/overview")
    signed_in.get_by_role("button", name="Delete").click()
    dialog = signed_in.get_by_role("dialog")
    really = dialog.get_by_role("button", name="Delete the model")
    expect(really).to_be_disabled()
    dialog.get_by_label("Type doomed to delete it").fill("doome")
    expect(really).to_be_disabled()
    dialog.get_by_label("Type doomed to delete it").fill("doomed")
    really.click()
    expect(signed_in).to_have_url(re.compile(r"/$"))
    expect(signed_in.get_by_role("link", name="owner/doomed")).to_have_count(0)
    assert models.http.get("/models/owner/doomed").status_code == 404


def test_only_those_who_may_change_a_model_are_offered_to(open_page: OpenPage, models: Client, server: Server) -> None:
    made = models.http.post("/tokens", json={"name": "for the browser", "scopes": ["read"], "account": "ada"})
    page = open_page(made.json()["token"])
    page.goto("/models/owner/shout/overview")
    expect(page.get_by_role("heading", name="Facts")).to_be_visible()
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)
    page.goto("/models/owner/shout/versions")
    expect(page.get_by_role("heading", name="Version 2")).to_be_visible()
    expect(page.get_by_role("button", name="Delete version 2")).to_have_count(0)


def test_the_chosen_version_is_in_the_address_and_goes_with_the_tabs(visitor: Page, models: Client) -> None:
    visitor.goto("/models/owner/shout/overview")
    visitor.get_by_label("Version", exact=True).select_option("1")
    expect(visitor).to_have_url(re.compile(r"version=1"))
    visitor.get_by_role("link", name="Code").click()
    expect(visitor.get_by_role("group", name="Wait for the output")).to_contain_text("owner/shout:1")
    visitor.get_by_role("navigation", name="Model").get_by_role("link", name="Versions").click()
    expect(visitor.get_by_role("heading", name="Version 1")).to_be_visible()
    visitor.get_by_role("link", name="Version 2").click()
    expect(visitor.get_by_role("heading", name="Version 2")).to_be_visible()
    expect(visitor).not_to_have_url(re.compile(r"version=1"))
    visitor.go_back()
    expect(visitor.get_by_role("heading", name="Version 1")).to_be_visible()
    visitor.goto("/models/owner/shout?version=9")
    expect(visitor.get_by_role("alert")).to_contain_text("version")
    visitor.get_by_role("link", name="Show the latest version").click()
    expect(visitor.get_by_label("Version", exact=True)).to_have_value("2")


def test_what_changed_between_two_versions_is_said_and_what_it_means(visitor: Page, models: Client, axe: Axe) -> None:
    visitor.goto("/models/owner/shout/versions")
    changes = visitor.get_by_role("region", name="What changed")
    expect(changes).to_contain_text("may fail with the other")
    inputs = changes.get_by_role("table", name="Changes of: Inputs")
    for row in (
        ["times", "bounds", "1 to 10", "1 to 5", "may fail"],
        ["gone", "removed", "true or false", "", ""],
        ["text", "description", "What to say", "What to shout", ""],
        ["times", "default", "1", "2", ""],
        ["mode", "choices", 'one of "loud", "soft"', 'one of "loud", "soft", "silent"', ""],
        ["more", "added", "", "text or nothing", ""],
    ):
        matches = inputs.get_by_role("row").filter(has_text=row[0]).filter(has_text=row[1])
        expect(matches.get_by_role("cell")).to_have_text(row)
    expect(changes.get_by_role("table", name="Changes of: Streamed pieces")).to_contain_text("added")
    axe(visitor)
    changes.get_by_label("From").select_option("Version 2")
    expect(changes).to_contain_text("What they take and give is the same.")
    expect(visitor).to_have_url(re.compile("from=2"))


def test_a_version_says_what_it_takes_in_words(visitor: Page, models: Client) -> None:
    visitor.goto("/models/owner/shout/versions?version=1")
    rows = visitor.get_by_role("table", name="Inputs", exact=True).get_by_role("row")
    expect(rows.nth(1).get_by_role("cell")).to_have_text(["text", "text", "required", "", "What to say"])
    expect(rows.nth(2).get_by_role("cell")).to_have_text(["times", "whole number", "1", "1 to 10", ""])


def test_a_broken_version_shows_its_reason_and_what_its_setup_wrote(
    visitor: Page, signed_in: Page, models: Client, axe: Axe
) -> None:
    signed_in.goto("/models/owner/broken/versions")
    why = signed_in.get_by_role("region", name="Why it cannot start")
    expect(why).to_contain_text("the weights are <script>not</script> there")
    expect(why.get_by_role("group", name="Setup log")).to_contain_text("<b>loading</b> the weights")
    axe(signed_in)
    visitor.goto("/models/owner/broken/versions")
    expect(visitor.get_by_role("region", name="Why it cannot start")).to_contain_text("the weights are")
    expect(visitor.get_by_role("group", name="Setup log")).to_have_count(0)


def test_its_owner_changes_a_versions_configuration(signed_in: Page, models: Client, axe: Axe) -> None:
    models.http.post(
        "/variables", json={"name": "hub-token", "key": "HUB", "value": "x" * 9, "secret": True}
    ).raise_for_status()
    publish(models, "configured", ECHO, "private")
    signed_in.goto("/models/owner/configured/versions")
    signed_in.get_by_role("button", name="Change the configuration").click()
    dialog = signed_in.get_by_role("dialog")
    dialog.get_by_label("hub-token").check()
    axe(signed_in)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(signed_in.get_by_role("definition").filter(has_text="hub-token")).to_be_visible()
    kept = models.http.get("/models/owner/configured/versions/1/configuration").json()
    assert kept["variable_names"] == ["hub-token"]


def test_a_version_is_deleted_when_that_was_asked(signed_in: Page, models: Client) -> None:
    models.publish("versioned", ECHO)
    models.publish("versioned", ECHO)
    signed_in.goto("/models/owner/versioned/versions")
    signed_in.get_by_role("button", name="Delete version 2").click()
    dialog = signed_in.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(signed_in.get_by_role("heading", name="Version 1")).to_be_visible()
    expect(signed_in.get_by_role("link", name="Version 2")).to_have_count(0)


def test_what_an_owner_writes_does_nothing(visitor: Page, models: Client, axe: Axe) -> None:
    publish(models, "hostile", ECHO, description="<img src=x onerror=alert(1)>", overview=HOSTILE)
    models.http.patch(
        "/models/owner/hostile", json={"source_url": "https://example.com/<script>", "category_slugs": []}
    ).raise_for_status()
    visitor.goto("/?q=hostile")
    expect(visitor.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    visitor.goto("/models/owner/hostile/overview")
    overview = visitor.get_by_role("region", name="Overview")
    expect(overview.get_by_role("heading", name="Hostile")).to_be_visible()
    expect(overview.get_by_role("link", name="good")).to_have_attribute("rel", "noreferrer noopener")
    expect(overview.locator("a[href^='javascript:'], a[href^='data:'], script, iframe")).to_have_count(0)
    # A picture of another server is a link to it, and never asked for.
    expect(overview.locator("img")).to_have_count(1)
    expect(overview.get_by_role("link", name="here (picture at elsewhere.example)")).to_be_visible()
    assert visitor.evaluate("window.broken") is None
    axe(visitor)


def test_an_overview_that_would_hold_up_the_page_is_shown_as_text(visitor: Page, models: Client) -> None:
    publish(models, "endless", ECHO, overview="*a" * 40_000)
    visitor.goto("/models/owner/endless/overview")
    expect(visitor.get_by_role("region", name="Overview")).to_contain_text("*a*a*a")
    visitor.get_by_role("link", name="Code").click()
    expect(visitor.get_by_role("tab", name="curl")).to_be_visible()


def test_a_model_without_a_version_says_what_is_missing(visitor: Page, signed_in: Page, models: Client) -> None:
    visitor.goto("/models/owner/unborn")
    expect(visitor.get_by_role("main")).to_contain_text("as soon as its owner has pushed one")
    signed_in.goto("/models/owner/unborn")
    expect(signed_in.get_by_text("augury push <folder> owner/unborn")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/models/owner/shout/versions", "/models/owner/shout/overview"])
def test_a_phone_has_room_for_it(open_page: OpenPage, models: Client, path: str) -> None:
    page = open_page(viewport={"width": 375, "height": 740}, has_touch=True)
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main [role=status]").filter(has_text="Loading")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
