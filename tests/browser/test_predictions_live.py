"""A prediction in the browser while it goes: streams, logs and webhooks live, whatever happens to page and server.

Outputs that would do harm are shown as what they are. How streams are kept and sent is tested without a browser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import prediction_models as models
from tests.browser.conftest import Axe, OpenPage
from tests.support.browser import Faults
from tests.support.publishing import Client
from tests.support.receiver import Receiver, Reply, receiving
from tests.support.server import Server

Publish = Callable[[str, str], str]
PHONE = {"width": 375, "height": 740}
HARMFUL = """
window.harmed = false;
for (const name of ["alert", "confirm", "prompt", "open"]) window[name] = () => { window.harmed = true; };
"""

SEEN = """(seen) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => !seen });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(scope="module")
def server_settings() -> dict[str, str]:
    """Webhooks may be sent to this machine; a server that stops waits for nobody."""
    return {"webhook_allow": "127.0.0.0/8", "grace_period": "1"}


@pytest.fixture(scope="module")
def publish(client: Client) -> Publish:
    """Publishes a model of prediction_models, each once."""
    known: dict[str, str] = {}

    def published(name: str, source: str) -> str:
        if name not in known:
            known[name] = client.publish(name, source)
        return known[name]

    return published


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file that models wait for; it is not there yet."""
    return tmp_path / "gate"


@pytest.fixture
def receiver() -> Generator[Receiver]:
    """A receiver of webhooks."""
    with receiving() as receiver:
        yield receiver


def started(client: Client, model: str, **inputs: Any) -> str:
    """The id of a new prediction that streams."""
    answer = client.http.post("/predictions", json={"model": model, "input": inputs, "stream": True})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def shown(page: Page, prediction_id: str) -> None:
    """Go to the prediction's page."""
    page.goto(f"/predictions/{prediction_id}")


def text_of(page: Page) -> Locator:
    """The streamed text."""
    return page.get_by_test_id("output-text")


def words(count: int, line: int = 0) -> str:
    """What the model STREAM gives."""
    ends = ["\n" if line and number % line == line - 1 else " " for number in range(count)]
    return "".join(f"word{number}{end}" for number, end in enumerate(ends))


@contextmanager
def work_of(browser: Browser, page: Page) -> Generator[list[float]]:
    """How long each task of the page took, in milliseconds, once the block is left.

    Of the processor's time: how busy the machine is with other things says nothing about the page.
    """
    tasks: list[float] = []
    browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    yield tasks
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks += [
        one["tdur"] / 1000
        for one in events
        if one["name"].endswith("RunTask") and "tdur" in one and (one["pid"], one["tid"]) in mains
    ]


def has_ended(page: Page, status: str) -> None:
    """Wait until the page says that it has ended so."""
    expect(page.locator(f"[data-end={status}]")).to_be_visible(timeout=20_000)


def test_a_text_is_seen_as_it_comes_and_cancelled_midway(
    signed_in: Page, client: Client, publish: Publish, gate: Path, axe: Axe
) -> None:
    stream = started(client, publish("stream", models.STREAM), count=40, gate=str(gate), at=25)
    shown(signed_in, stream)
    expect(text_of(signed_in)).to_contain_text("word24")
    expect(text_of(signed_in)).not_to_contain_text("word25")
    expect(signed_in.get_by_role("listitem").filter(has_text="Running")).to_have_attribute("aria-current", "step")
    axe(signed_in)

    signed_in.get_by_role("button", name="Cancel").click()

    has_ended(signed_in, "cancelled")
    expect(text_of(signed_in)).to_have_text(words(25), use_inner_text=False)
    expect(signed_in.get_by_role("button", name="Cancel")).to_have_count(0)
    assert client.get(stream)["status"] == "cancelled"
    signed_in.reload()
    expect(text_of(signed_in)).to_have_text(words(25))


def test_a_page_that_is_loaded_anew_in_the_middle_shows_the_whole_text_once(
    signed_in: Page, client: Client, publish: Publish, gate: Path
) -> None:
    stream = started(client, publish("stream", models.STREAM), count=60, line=7, gate=str(gate), at=30)
    shown(signed_in, stream)
    expect(text_of(signed_in)).to_contain_text("word29")

    signed_in.reload()
    expect(text_of(signed_in)).to_have_text(words(30, 7))
    gate.touch()

    has_ended(signed_in, "succeeded")
    assert text_of(signed_in).evaluate("(one) => one.textContent") == words(60, 7)


def test_a_server_that_is_started_anew_in_the_middle_costs_no_word_and_doubles_none(
    signed_in: Page, server: Server, client: Client, publish: Publish, gate: Path, faults: Faults
) -> None:
    faults.allow("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|503|ERR_INCOMPLETE_CHUNKED")
    stream = started(client, publish("stream", models.STREAM), count=80, gate=str(gate), at=40)
    shown(signed_in, stream)
    expect(text_of(signed_in)).to_contain_text("word39")

    server.stop()
    expect(signed_in.get_by_text("The server does not answer").first).to_be_visible()
    expect(text_of(signed_in)).to_have_text(words(40))
    server.start()
    gate.touch()

    has_ended(signed_in, "succeeded")
    expect(signed_in.get_by_text("The server does not answer")).to_have_count(0)
    assert text_of(signed_in).evaluate("(one) => one.textContent") == words(80)


def test_two_tabs_on_one_prediction_agree_also_the_one_that_nobody_looked_at(
    signed_in: Page, client: Client, publish: Publish, gate: Path
) -> None:
    stream = started(client, publish("stream", models.STREAM), count=50, gate=str(gate), at=20)
    shown(signed_in, stream)
    other = signed_in.context.new_page()
    shown(other, stream)
    for page in (signed_in, other):
        expect(text_of(page)).to_have_text(words(20))

    gate.touch()

    for page in (signed_in, other):
        has_ended(page, "succeeded")
        assert text_of(page).evaluate("(one) => one.textContent") == words(50)


def test_a_page_that_nobody_looks_at_has_everything_when_somebody_does(
    signed_in: Page, client: Client, publish: Publish, gate: Path
) -> None:
    stream = started(client, publish("stream", models.STREAM), count=50, gate=str(gate), at=20)
    shown(signed_in, stream)
    expect(text_of(signed_in)).to_have_text(words(20))
    signed_in.evaluate(SEEN, False)

    gate.touch()
    client.ended(stream)
    signed_in.evaluate(SEEN, True)

    has_ended(signed_in, "succeeded")
    assert text_of(signed_in).evaluate("(one) => one.textContent") == words(50)


def test_a_network_that_is_cut_and_comes_back_costs_no_word(
    signed_in: Page, client: Client, publish: Publish, gate: Path, faults: Faults
) -> None:
    faults.allow("ERR_INTERNET_DISCONNECTED")
    stream = started(client, publish("stream", models.STREAM), count=50, gate=str(gate), at=20)
    shown(signed_in, stream)
    expect(text_of(signed_in)).to_have_text(words(20))

    signed_in.context.set_offline(True)
    gate.touch()
    client.ended(stream)
    expect(signed_in.get_by_text("It goes on here when it does.")).to_be_visible()
    signed_in.context.set_offline(False)

    has_ended(signed_in, "succeeded")
    assert text_of(signed_in).evaluate("(one) => one.textContent") == words(50)


def test_who_signs_in_again_in_another_tab_finds_the_stream_going_on(
    signed_in: Page, server: Server, client: Client, publish: Publish, gate: Path
) -> None:
    stream = started(client, publish("stream", models.STREAM), count=50, gate=str(gate), at=20)
    shown(signed_in, stream)
    expect(text_of(signed_in)).to_have_text(words(20))

    assert signed_in.request.delete("/v1/session", headers={"Sec-Fetch-Site": "same-origin"}).ok
    expect(signed_in.get_by_role("heading", name="You are signed out")).to_be_visible()
    other = signed_in.context.new_page()
    other.goto("/sign-in")
    other.get_by_label("Token").fill(server.token)
    other.keyboard.press("Enter")
    expect(text_of(signed_in)).to_be_visible()
    gate.touch()

    has_ended(signed_in, "succeeded")
    assert text_of(signed_in).evaluate("(one) => one.textContent") == words(50)


def test_pieces_that_are_no_text_are_shown_as_they_come_and_in_the_end_as_the_output(
    signed_in: Page, client: Client, publish: Publish
) -> None:
    stream = started(client, publish("pieces", models.PIECES), count=300)
    shown(signed_in, stream)
    has_ended(signed_in, "succeeded")
    table = signed_in.get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", "301")
    expect(table.get_by_role("cell", name="144", exact=True)).to_be_visible()
    signed_in.get_by_role("button", name="JSON", exact=True).click()
    signed_in.get_by_role("searchbox", name="Search Output").fill("89401")
    expect(signed_in.get_by_role("tree", name="Output").get_by_text("89401")).to_be_visible()


def test_two_hundred_items_a_second_leave_each_frame_its_time(
    signed_in: Page, browser: Browser, client: Client, publish: Publish
) -> None:
    stream = started(client, publish("stream", models.STREAM), count=600, pace=220)
    shown(signed_in, stream)
    expect(text_of(signed_in)).to_contain_text("word20")
    with work_of(browser, signed_in) as tasks:
        has_ended(signed_in, "succeeded")
    assert len(tasks) > 100
    assert max(tasks) < 50
    assert text_of(signed_in).evaluate("(one) => one.textContent") == words(600)


def test_what_a_worker_writes_while_it_starts_is_seen_while_it_starts(
    signed_in: Page, client: Client, publish: Publish, gate: Path, tmp_path: Path
) -> None:
    setup = tmp_path / "setup"
    model = publish("starts", models.STARTS.replace("GATE", repr(str(setup))))
    prediction = client.create(model, gate=str(gate))["id"]
    shown(signed_in, prediction)
    timeline = signed_in.get_by_role("list", name="Timeline")
    expect(timeline.locator("[aria-current=step]")).to_contain_text("Starting")
    expect(signed_in.get_by_role("button", name="Setup log")).to_have_attribute("aria-expanded", "true")
    expect(signed_in.get_by_text("loading the weights").first).to_be_visible()

    setup.touch()

    expect(timeline.locator("[aria-current=step]")).to_contain_text("Running")
    expect(signed_in.get_by_role("progressbar")).to_have_attribute("aria-valuetext", "40 %: four of ten")
    expect(signed_in.get_by_role("region", name="Metrics")).to_contain_text("pages7")
    gate.touch()
    has_ended(signed_in, "succeeded")
    expect(text_of(signed_in)).to_have_text("done")
    expect(signed_in.get_by_role("button", name="Setup log")).to_have_attribute("aria-expanded", "false")


def test_a_model_that_fails_shows_where_in_its_code_and_what_to_do(
    signed_in: Page, client: Client, publish: Publish, axe: Axe
) -> None:
    prediction = client.create(publish("fails", models.FAILS), wait=20)["id"]
    shown(signed_in, prediction)
    failure = signed_in.get_by_role("region", name="Why it did not succeed")
    expect(failure).to_contain_text("the soup is too salty")
    expect(failure).to_contain_text("The model or its input caused this (ValueError)")
    traceback = failure.get_by_role("region", name="Traceback")
    expect(traceback).to_contain_text('raise ValueError("the soup is too salty")')
    traceback.click()
    failure.get_by_text("Traceback", exact=True).click()
    expect(traceback).to_be_hidden()
    expect(signed_in.get_by_role("region", name="Log lines")).to_contain_text("about to fail")
    axe(signed_in)


def test_a_webhook_that_failed_is_delivered_again_at_the_press_of_a_button(
    signed_in: Page, client: Client, publish: Publish, receiver: Receiver, axe: Axe
) -> None:
    receiver.usual = Reply(400, b"<b>no</b>, thank you")
    body = {"model": publish("echo", models.ECHO), "input": {"text": "1"}, "webhook": {"url": receiver.url}}
    prediction = client.http.post("/predictions", json=body).json()["id"]
    receiver.until_ended()
    shown(signed_in, prediction)
    delivery = signed_in.get_by_role("listitem", name="Delivery of succeeded")
    expect(delivery).to_contain_text("failed")
    expect(delivery).to_contain_text("answered 400")
    delivery.get_by_text("1 attempt").click()
    expect(delivery).to_contain_text("<b>no</b>, thank you")
    axe(signed_in)

    receiver.usual = Reply(200)
    delivery.get_by_role("button", name="Redeliver").click()

    assert receiver.next().status == "succeeded"
    expect(delivery.locator("[data-status=delivered]")).to_be_visible()
    expect(delivery).to_contain_text("2 attempts")


def test_thousands_of_log_lines_are_read_searched_and_left_alone(
    signed_in: Page, client: Client, publish: Publish
) -> None:
    prediction = client.create(publish("talks", models.TALKS), wait=20, lines=5000)["id"]
    shown(signed_in, prediction)
    log = signed_in.get_by_role("region", name="Log", exact=True)
    expect(log).to_contain_text("5,003 lines")
    lines = log.get_by_role("region", name="Log lines")
    # Neither colours nor a title for the window nor a turned direction of writing.
    expect(lines).to_contain_text("red and plain \ufffdgnp.exe")
    expect(lines).to_contain_text("<img src=x onerror=alert(1)><script>alert(2)</script>")
    assert lines.locator("img, script").count() == 0
    assert lines.locator("time").count() < 200
    log.get_by_role("searchbox").fill("line 4321 ")
    expect(log).to_contain_text("1 of 5,003 lines")
    expect(lines).to_contain_text("line 4321")


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)><script>alert(2)</script><a href='javascript:alert(3)'>x</a>",
        "[a](javascript:alert(1)) ![b](https://elsewhere.example/b.png) <svg onload=alert(2)> [c](data:text/html,x)",
        "\x1b[31mred\x1b[0m \u202etxt.exe \x00",
    ],
    ids=["html", "markdown", "escapes"],
)
def test_a_harmful_text_is_only_a_text_also_as_markdown(
    open_page: OpenPage, server: Server, client: Client, publish: Publish, text: str
) -> None:
    page = open_page(server.token)
    page.add_init_script(HARMFUL)
    text = text.replace("\x00", "")
    prediction = client.create(publish("echo", models.ECHO), wait=20, text=json.dumps(text))["id"]
    shown(page, prediction)
    expect(text_of(page)).to_have_text(text)
    page.get_by_role("button", name="Markdown").click()
    expect(text_of(page)).to_have_count(0)
    output = page.get_by_role("region", name="Output", exact=True)
    assert output.locator("script, svg[onload], img[onerror], iframe").count() == 0
    for link in output.get_by_role("link").all():
        assert re.match("https?:", link.get_attribute("href") or "")
    page.get_by_role("button", name="Text", exact=True).click()
    assert page.evaluate("window.harmed") is False


def test_harmful_values_in_a_tree_are_texts(
    open_page: OpenPage, server: Server, client: Client, publish: Publish, axe: Axe
) -> None:
    page = open_page(server.token)
    page.add_init_script(HARMFUL)
    value = {
        "<img src=x onerror=alert(1)>": "<script>alert(1)</script>",
        "__proto__": {"polluted": True},
        "link": "javascript:alert(1)",
        "web": "https://example.com/<b>",
        "turned": "\u202eexe.gnp",
        "long": "x" * 5000,
    }
    prediction = client.create(publish("echo", models.ECHO), wait=20, text=json.dumps(value))["id"]
    shown(page, prediction)
    tree = page.get_by_role("tree", name="Output")
    expect(tree).to_contain_text("<img src=x onerror=alert(1)>:")
    expect(tree).to_contain_text('"javascript:alert(1)"')
    expect(tree.get_by_role("link")).to_have_count(1)
    tree.get_by_text("long:").click()
    expect(page.get_by_role("region", name="The whole text at /long")).to_contain_text("x" * 5000)
    axe(page)
    assert page.evaluate("window.harmed || ({}).polluted === true") is False


def test_harmful_files_run_nothing(open_page: OpenPage, server: Server, client: Client, publish: Publish) -> None:
    page = open_page(server.token)
    page.add_init_script(HARMFUL)
    prediction = client.create(publish("files", models.FILES), wait=20, hostile=True)["id"]
    shown(page, prediction)
    output = page.get_by_role("region", name="Output", exact=True)
    expect(output.get_by_text("<script>alert(1)</script>")).to_be_visible()
    expect(output.get_by_text("\ufffdgnp.<img src=x onerror=alert(1)>.txt")).to_be_visible()
    picture = output.get_by_role("img", name="drawing.svg")
    expect(picture).to_be_visible()
    assert output.locator("iframe, object, embed").count() == 0
    assert page.evaluate("window.harmed") is False


def test_a_link_to_a_file_that_was_removed_or_is_not_right_says_so(
    signed_in: Page, client: Client, publish: Publish
) -> None:
    made = client.create(publish("files", models.FILES), wait=20)
    links = [made["output"][0], made["output"][1].replace("signature=", "signature=0")]
    prediction = client.create(publish("echo", models.ECHO), wait=20, text=json.dumps(links))["id"]
    client.http.delete(f"/predictions/{made['id']}").raise_for_status()
    shown(signed_in, prediction)
    output = signed_in.get_by_role("region", name="Output", exact=True)
    expect(output.get_by_role("note").filter(has_text="picture.png")).to_contain_text("removed")
    expect(output.get_by_role("note").filter(has_text="tone.wav")).to_contain_text("not one that this server has made")
    expect(output.get_by_role("link")).to_have_count(0)


def test_files_are_shown_by_what_they_are(signed_in: Page, client: Client, publish: Publish, axe: Axe) -> None:
    prediction = client.create(publish("files", models.FILES), wait=20)["id"]
    shown(signed_in, prediction)
    output = signed_in.get_by_role("region", name="Output", exact=True)
    picture = output.get_by_role("img", name="picture.png")
    expect(picture).to_be_visible()
    expect(output.locator("audio")).to_be_visible()
    expect(output.get_by_text("some notes")).to_be_visible()
    expect(output.get_by_text("application/octet-stream · 3 kB")).to_be_visible()
    with signed_in.expect_download() as saved:
        output.get_by_role("link", name="Download archive.bin").click()
    assert saved.value.path().read_bytes() == bytes(3000)
    axe(signed_in)


@pytest.mark.parametrize("kind", ["text", "list", "deep"])
def test_something_big_is_shown_without_freezing(
    signed_in: Page, browser: Browser, client: Client, publish: Publish, kind: str
) -> None:
    prediction = client.create(publish("made", models.MADE), wait=25, kind=kind)["id"]
    with work_of(browser, signed_in) as tasks:
        shown(signed_in, prediction)
        has_ended(signed_in, "succeeded")
    assert max(tasks) < 500
    output = signed_in.get_by_role("region", name="Output", exact=True)
    if kind == "text":
        assert text_of(signed_in).evaluate("(one) => one.textContent.length") == 12 * 420_000
        return
    tree = output.get_by_role("tree")
    tree.focus()
    if kind == "list":
        expect(tree).to_contain_text("100,000 items")
        signed_in.keyboard.press("End")
        expect(tree.locator("[aria-selected=true]")).to_contain_text("99999:")
    else:
        output.get_by_role("button", name="Open all").click()
        expect(tree).to_be_visible()
        output.get_by_role("searchbox").fill("the bottom")
        expect(tree.get_by_text("the bottom")).to_be_visible()
    assert tree.get_by_role("treeitem").count() < 200


def test_a_text_that_is_read_stays_where_it_is_while_more_comes(
    signed_in: Page, client: Client, publish: Publish, gate: Path
) -> None:
    stream = started(client, publish("stream", models.STREAM), count=400, line=1, gate=str(gate), at=200)
    shown(signed_in, stream)
    box = signed_in.get_by_role("region", name="Output text")
    expect(text_of(signed_in)).to_contain_text("word199")
    at_end = "(one) => one.scrollHeight - one.clientHeight - one.scrollTop < 2"
    assert box.evaluate(at_end)
    box.focus()
    signed_in.keyboard.press("Home")
    expect(signed_in.get_by_role("button", name="Follow")).to_be_visible()
    gate.touch()
    has_ended(signed_in, "succeeded")
    assert box.evaluate("(one) => one.scrollTop") == 0


def test_a_tree_is_walked_with_the_keys(signed_in: Page, client: Client, publish: Publish) -> None:
    value = {"first": [1, 2], "second": {"inner": "x"}}
    prediction = client.create(publish("echo", models.ECHO), wait=20, text=json.dumps(value))["id"]
    shown(signed_in, prediction)
    tree = signed_in.get_by_role("tree", name="Output")
    current = tree.locator("[aria-selected=true]")
    tree.focus()
    for key, row in (
        ("ArrowDown", "first:"),
        ("ArrowLeft", "first:"),
        ("ArrowDown", "second:"),
        ("ArrowRight", 'inner:"x"'),
        ("ArrowLeft", "second:"),
        ("Home", "{"),
        ("End", 'inner:"x"'),
    ):
        signed_in.keyboard.press(key)
        expect(current).to_contain_text(row)
    expect(tree.get_by_role("treeitem")).to_have_count(4)


def test_a_prediction_of_another_account_or_none_says_so(signed_in: Page) -> None:
    shown(signed_in, "00000000-0000-4000-8000-000000000000")
    expect(signed_in.get_by_role("heading", name="There is no such prediction here")).to_be_visible()
    expect(signed_in.get_by_text("belongs to another account")).to_be_visible()


def test_a_prediction_is_deleted_after_a_question_and_says_what_is_gone(
    signed_in: Page, client: Client, publish: Publish
) -> None:
    prediction = client.create(publish("echo", models.ECHO), wait=20, text="[1]")["id"]
    shown(signed_in, prediction)
    signed_in.get_by_role("button", name="Delete").click()
    signed_in.get_by_role("button", name="Keep it").click()
    assert client.get(prediction)["input"] is not None
    signed_in.get_by_role("button", name="Delete").click()
    signed_in.get_by_role("button", name="Delete it").click()
    expect(signed_in).to_have_url(re.compile("/predictions$"))
    shown(signed_in, prediction)
    expect(signed_in.get_by_role("heading", name="Its contents were removed")).to_be_visible()
    has_ended(signed_in, "succeeded")


def test_the_same_input_is_opened_in_the_playground_and_back_leads_back(
    signed_in: Page, client: Client, publish: Publish
) -> None:
    prediction = client.create(publish("echo", models.ECHO), wait=20, text='"salt"')["id"]
    shown(signed_in, prediction)
    expect(signed_in.get_by_role("tree", name="Input")).to_contain_text("salt")
    signed_in.get_by_role("link", name="Open in playground").click()
    expect(signed_in.get_by_label(re.compile("^text"))).to_have_value('"salt"')
    signed_in.go_back()
    expect(signed_in.get_by_role("tree", name="Input")).to_contain_text("salt")


def test_a_prediction_is_read_on_a_phone(
    open_page: OpenPage, server: Server, client: Client, publish: Publish, axe: Axe
) -> None:
    page = open_page(server.token, viewport=PHONE)
    for prediction in (
        client.create(publish("talks", models.TALKS), wait=20, lines=50)["id"],
        client.create(publish("files", models.FILES), wait=20)["id"],
        client.create(publish("made", models.MADE), wait=20, kind="table")["id"],
        client.create(publish("made", models.MADE), wait=20, kind="deep")["id"],
    ):
        shown(page, prediction)
        has_ended(page, "succeeded")
        for button in page.get_by_role("button", name="Open all").all():
            button.click()
            page.get_by_role("searchbox", name="Search Output").fill("bottom")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(page)
