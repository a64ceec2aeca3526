"""Forms made from schemas: filling one gives exactly the JSON that the API takes, for each type that inputs may have.

Each field is filled as a person would, by keyboard and mouse; what the server stored as the input is what counts.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Axe, OpenPage
from tests.support.publishing import Client
from tests.support.server import Server

pytestmark = pytest.mark.timeout(90)

PLAIN = """
import datetime, decimal, enum, uuid
from typing import Annotated, Any, Literal, Optional
from augury import Input, Secret

class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"

Size = Literal["small", "medium", "large", "very large indeed", "larger than anything"]

def predict(
    text: Annotated[str, Input(description="What to say")],
    empty: str,
    count: Annotated[int, Input(ge=1, le=10)],
    whole: int,
    ratio: float,
    share: Annotated[float, Input(ge=0, le=1)],
    flag: bool,
    color: Color,
    size: Size,
    level: Literal[1, 2, 3],
    at: datetime.datetime,
    day: datetime.date,
    clock: datetime.time,
    took: datetime.timedelta,
    amount: decimal.Decimal,
    name: uuid.UUID,
    anything: Any,
    key: Secret,
    steps: int = 7,
    quick: bool = True,
    untouched: Optional[int] = None,
    optional: Optional[float] = None,
    nothing: Optional[str] = "something",
    unsaid: str = "as it is",
) -> str:
    return "done"
"""

LISTS = """
import enum
from typing import Any, Dict, List, Set, Tuple, Union

class Color(enum.Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"

def predict(
    words: List[str],
    numbers: Set[int],
    colors: Set[Color],
    pair: Tuple[int, str],
    scores: Dict[str, float],
    matrix: List[List[int]],
    many: List[Union[int, str, None]],
    none_yet: List[str],
    mixed: Union[int, List[str], Dict[str, int], None] = None,
    **others: Any,
) -> str:
    return "done"
"""

OBJECTS = """
from dataclasses import dataclass, field
from typing import Annotated, List, Literal, Optional, TypedDict, Union
from augury import Input

@dataclass
class Box:
    width: Annotated[float, Input(ge=0)]
    label: Optional[str] = None
    tags: List[str] = field(default_factory=list)

@dataclass
class Node:
    value: int
    next: "Optional[Node]" = None
    children: "List[Node]" = field(default_factory=list)

class Cat(TypedDict):
    kind: Literal["cat"]
    lives: int

class Dog(TypedDict):
    kind: Literal["dog"]
    name: str

def predict(
    box: Box,
    boxes: List[Box],
    either: Union[int, str],
    pet: Union[Cat, Dog],
    tree: Node,
    later: Optional[Box] = None,
    not_this: Optional[Box] = None,
) -> str:
    return "done"
"""

FILES = """
from typing import Annotated, List, Optional
from augury import File, Input

def predict(
    dropped: Annotated[File, Input(media_types=["image/*"])],
    pasted: File,
    chosen: File,
    named: File,
    taken: File,
    more: List[File],
    small: Annotated[Optional[File], Input(max_bytes=10)] = None,
) -> list:
    return [dropped.read_bytes().hex(), pasted.read_text(), chosen.read_text(), taken.content_type, len(more)]
"""

WRONG = """
from dataclasses import dataclass
from typing import Annotated, List
from augury import Input, Secret

@dataclass
class Box:
    width: Annotated[float, Input(ge=0)]

def predict(
    text: Annotated[str, Input(min_length=3)],
    boxes: List[Box],
    count: Annotated[int, Input(ge=1)],
    key: Secret,
) -> str:
    return "done"
"""

FOREIGN = {
    "type": "object",
    "title": "Input",
    "required": ["prompt", "scheduler"],
    "properties": {
        "scheduler": {"allOf": [{"$ref": "#/$defs/scheduler"}], "description": "Which one", "x-order": 1},
        "prompt": {"type": "string", "title": "Prompt", "x-order": 0},
        "seed": {"type": ["integer", "null"], "title": "Seed", "x-order": 2},
        "mode": {"oneOf": [{"const": "fast"}, {"const": "slow"}], "default": "fast", "x-order": 3},
        "open": True,
    },
    "$defs": {"scheduler": {"type": "string", "enum": ["DDIM", "PNDM"], "title": "scheduler"}},
}

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg=="
)
DROP = """
([kind, selector, name, type, text]) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    const at = document.querySelector(selector);
    const options = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
        : new DragEvent("drop", { ...options, dataTransfer: transfer });
    at.dispatchEvent(event);
}
"""


SOURCES = {"plain": PLAIN, "lists": LISTS, "objects": OBJECTS, "files": FILES, "wrong": WRONG}
Publish = Callable[[str], None]


class Form:
    """The form of a model's playground, filled as by a person."""

    def __init__(self, page: Page, model: str) -> None:
        self.page = page
        page.goto(f"/models/owner/{model}")
        self.form = page.get_by_role("form", name="Input")
        expect(self.form).to_be_visible()

    def field(self, pointer: str) -> Locator:
        """A field by the JSON Pointer of its place."""
        return self.page.locator(f'[data-path="/{pointer}"]')

    def box(self, pointer: str) -> Locator:
        """The text box of a field."""
        return self.field(pointer).get_by_role("textbox").last

    def press(self, pointer: str, name: str) -> None:
        """Press a button of a field."""
        self.field(pointer).get_by_role("button", name=name, exact=True).last.click()

    def choose(self, pointer: str, name: str) -> None:
        """Choose one of a few, by its word."""
        self.field(pointer).get_by_role("radio", name=name, exact=True).check()

    def show(self, view: str) -> None:
        """Show the input as a form, or as JSON."""
        self.page.get_by_role("group", name="Show the input as").get_by_role("button", name=view).click()

    def as_json(self) -> Any:
        """What the form says that the input is; the form is shown again."""
        self.show("JSON")
        text = self.form.get_by_label("The input as JSON").input_value()
        self.show("Form")
        return json.loads(text)

    def run(self, client: Client) -> dict[str, Any]:
        """Press Run, and say what prediction the server has made of it."""
        self.page.get_by_role("button", name="Run").first.click()
        self.page.wait_for_url(re.compile(r"run="))
        found = re.search(r"run=([0-9a-f-]+)", self.page.url)
        assert found is not None
        return cast("dict[str, Any]", client.http.get(f"/predictions/{found[1]}").raise_for_status().json())


OpenForm = Callable[[str], Form]


@pytest.fixture(scope="module")
def publish(client: Client) -> Publish:
    """Publishes a model of these tests, once."""
    known: set[str] = set()

    def published(name: str) -> None:
        if name not in known:
            known.add(name)
            client.publish(name, SOURCES[name])

    return published


@pytest.fixture
def open_form(signed_in: Page, publish: Publish) -> OpenForm:
    """Opens the form of one of these models, as the owner."""

    def opened(name: str) -> Form:
        publish(name)
        return Form(signed_in, name)

    return opened


def test_a_form_of_single_values_gives_their_json(
    open_form: OpenForm, signed_in: Page, client: Client, axe: Axe
) -> None:
    form = open_form("plain")
    axe(signed_in)
    form.box("text").fill("Zwei\nZeilen — 你好")
    form.box("empty").fill("x")
    form.box("empty").fill("")
    form.box("count").fill("3")
    form.box("whole").fill("-9007199254740991")
    form.box("ratio").fill("1e-3")
    form.field("share").get_by_role("slider").press("End")
    form.choose("flag", "false")
    form.choose("color", "blue")
    form.field("size").get_by_role("combobox").select_option("very large indeed")
    form.choose("level", "2")
    form.field("at").locator("input").fill("2026-11-26T05:10:07")
    form.field("day").locator("input").fill("2026-11-26")
    form.field("clock").locator("input").fill("05:10")
    form.box("took").fill("PT1H30M")
    form.box("amount").fill("0.10000000000000000001")
    form.box("name").fill("0199e0b8-7d5a-7c31-9c55-6d5f0d6a2b11")
    form.box("anything").fill('{"a": [1, null]}')
    form.field("key").locator("input").fill("correct horse")
    form.box("optional").fill("5")
    form.box("optional").fill("")
    form.press("nothing", "Use null for nothing")
    assert form.run(client)["input"] == {
        "text": "Zwei\nZeilen — 你好",
        "empty": "",
        "count": 3,
        "whole": -9007199254740991,
        "ratio": 0.001,
        "share": 1,
        "flag": False,
        "color": "blue",
        "size": "very large indeed",
        "level": 2,
        "at": "2026-11-26T05:10:07Z",
        "day": "2026-11-26",
        "clock": "05:10:00",
        "took": "PT1H30M",
        "amount": "0.10000000000000000001",
        "name": "0199e0b8-7d5a-7c31-9c55-6d5f0d6a2b11",
        "anything": {"a": [1, None]},
        "key": "**********",
        "steps": 7,
        "quick": True,
        "nothing": None,
        "unsaid": "as it is",
    }


def test_a_form_of_lists_and_entries_gives_their_json(
    open_form: OpenForm, signed_in: Page, client: Client, axe: Axe
) -> None:
    form = open_form("lists")
    for place, word in enumerate(["a", "b", "c", "d"]):
        form.press("words", "Add an item")
        expect(form.box(f"words/{place}")).to_be_focused()
        signed_in.keyboard.type(word)
    form.press("words", "Move item 4 up")
    form.press("words", "Remove item 1")
    for place, number in enumerate(["5", "-1"]):
        form.press("numbers", "Add an item")
        form.box(f"numbers/{place}").fill(number)
    form.field("colors").get_by_label("blue").check()
    form.field("colors").get_by_label("red").check()
    form.box("pair/0").fill("4")
    form.box("pair/1").fill("four")
    for key, score in {"first": "0.5", "second": "2"}.items():
        form.press("scores", "Add an entry")
        expect(form.field("scores").get_by_label("Key").last).to_be_focused()
        signed_in.keyboard.type(key)
        form.box(f"scores/{key}").fill(score)
    form.press("matrix", "Add an item")
    form.press("matrix/0", "Add an item")
    form.box("matrix/0/0").fill("8")
    for place, (kind, value) in enumerate([("Text", "1"), ("Integer", "1"), ("Null", None)]):
        form.press("many", "Add an item")
        form.choose(f"many/{place}", kind)
        if value is not None:
            form.box(f"many/{place}").fill(value)
    form.choose("mixed", "Entries")
    axe(signed_in)
    expected: dict[str, Any] = {
        "words": ["b", "d", "c"],
        "numbers": [5, -1],
        "colors": ["red", "blue"],
        "pair": [4, "four"],
        "scores": {"first": 0.5, "second": 2},
        "matrix": [[8]],
        "many": ["1", 1, None],
        "none_yet": [],
        "mixed": {},
    }
    assert form.as_json() == expected
    form.form.get_by_role("button", name="Add another input").click()
    form.form.get_by_label("Key").last.fill("extra")
    form.box("extra").fill("true")
    assert form.run(client)["input"] == {**expected, "extra": True}


def test_a_form_of_objects_and_unions_gives_their_json(
    open_form: OpenForm, signed_in: Page, client: Client, axe: Axe
) -> None:
    form = open_form("objects")
    form.box("box/width").fill("2.5")
    form.press("boxes", "Add an item")
    form.box("boxes/0/width").fill("1")
    form.box("boxes/0/label").fill("one")
    form.press("boxes/0/tags", "Add an item")
    form.box("boxes/0/tags/0").fill("deep")
    form.choose("either", "Text")
    form.box("either").fill("5")
    form.choose("pet", "Dog")
    form.box("pet/name").fill("Rex")
    form.box("tree/value").fill("1")
    form.press("tree/next", "Add Node")
    form.box("tree/next/value").fill("2")
    form.press("later", "Add Box")
    form.box("later/width").fill("3")
    form.press("not_this", "Add Box")
    form.press("not_this", "Leave out not_this")
    axe(signed_in)
    assert form.run(client)["input"] == {
        "box": {"width": 2.5, "tags": []},
        "boxes": [{"width": 1, "label": "one", "tags": ["deep"]}],
        "either": "5",
        "pet": {"kind": "dog", "name": "Rex"},
        "tree": {"value": 1, "children": [], "next": {"value": 2, "children": []}},
        "later": {"width": 3, "tags": []},
    }


def test_files_are_dropped_pasted_chosen_named_and_taken(
    open_form: OpenForm, signed_in: Page, client: Client, tmp_path: Path
) -> None:
    form = open_form("files")
    text = base64.b64encode(b"pasted").decode()
    signed_in.evaluate(
        DROP, ["drop", '[data-path="/dropped"] p', "dot.png", "image/png", base64.b64encode(PNG).decode()]
    )
    expect(form.field("dropped").get_by_role("img", name="Preview of dot.png")).to_be_visible()
    # Pasted anywhere, a file goes to the first field that has none.
    signed_in.evaluate(DROP, ["paste", "main", "note.txt", "text/plain", text])
    expect(form.field("pasted").get_by_role("link", name="note.txt")).to_be_visible()
    picked = tmp_path / "a name & ünïcode.txt"
    picked.write_text("chosen")
    with signed_in.expect_file_chooser() as chooser:
        form.press("chosen", "Choose a file")
    chooser.value.set_files(picked)
    expect(form.field("chosen").get_by_role("link", name=picked.name)).to_be_visible()
    form.press("named", "Address")
    form.field("named").get_by_label("Address of the file").fill("data:text/plain,named")
    signed_in.keyboard.press("Enter")
    form.press("taken", "Camera")
    signed_in.get_by_role("dialog").get_by_role("button", name="Take it").click()
    expect(form.field("taken").get_by_role("img")).to_be_visible()
    form.press("more", "Add an item")
    signed_in.evaluate(DROP, ["drop", '[data-path="/more/0"] p', "more.txt", "text/plain", text])
    expect(form.field("more/0").get_by_role("link", name="more.txt")).to_be_visible()
    signed_in.evaluate(DROP, ["drop", '[data-path="/small"] p', "big.bin", "", base64.b64encode(bytes(11)).decode()])
    expect(form.field("small").get_by_role("alert")).to_contain_text("At most 10 bytes")
    made = form.run(client)
    ended = client.ended(made["id"])
    assert made["input"]["named"] == "data:text/plain,named"
    assert ended["output"] == [PNG.hex(), "pasted", "chosen", "image/jpeg", 1]


def test_what_the_server_finds_wrong_is_said_at_its_field(open_form: OpenForm, signed_in: Page, axe: Axe) -> None:
    form = open_form("wrong")
    form.box("text").fill("ab")
    form.press("boxes", "Add an item")
    form.press("boxes", "Add an item")
    form.box("boxes/0/width").fill("1")
    form.box("boxes/1/width").fill("-1")
    form.box("count").fill("0")
    signed_in.get_by_role("button", name="Run").first.click()
    expect(form.field("text")).to_contain_text("is shorter than 3 characters")
    expect(form.field("boxes/1/width")).to_contain_text("-1 is less than the minimum of 0")
    expect(form.field("count")).to_contain_text("0 is less than the minimum of 1")
    expect(form.field("key")).to_contain_text('"key" is a required property')
    expect(form.field("boxes/0/width")).not_to_contain_text("minimum")
    expect(form.box("text")).to_be_focused()
    expect(form.box("text")).to_have_attribute("aria-invalid", "true")
    axe(signed_in)
    form.box("text").fill("abc")
    form.box("boxes/1/width").fill("1")
    form.box("count").fill("1")
    form.field("key").locator("input").fill("secret")
    signed_in.get_by_role("button", name="Run").first.click()
    signed_in.wait_for_url(re.compile("run="))
    expect(form.field("count")).not_to_contain_text("minimum")


def test_a_number_that_a_browser_would_change_is_not_sent(open_form: OpenForm, signed_in: Page) -> None:
    form = open_form("plain")
    form.box("whole").fill("9007199254740993")
    expect(form.field("whole")).to_contain_text("A browser would change 9007199254740993")
    form.box("anything").fill("[1, 12345678901234567890]")
    expect(form.field("anything")).to_contain_text("A browser would change 12345678901234567890")
    form.box("count").fill("many")
    expect(form.field("count")).to_contain_text("This is not a number")
    signed_in.get_by_role("button", name="Run").first.click()
    expect(form.box("count")).to_be_focused()
    assert "run=" not in signed_in.url


def test_the_input_is_edited_as_json_and_comes_back_into_the_form(open_form: OpenForm, signed_in: Page) -> None:
    form = open_form("objects")
    form.show("JSON")
    editor = form.form.get_by_label("The input as JSON")
    editor.fill('{"boxes": [{"tags": ["x"]}], "tree": {"value": 1, "next": {"value": 2, "next": null}}, "either": "7"')
    form.show("Form")
    expect(form.form).to_contain_text("This is not JSON yet")
    editor.press("End")
    editor.press("Control+End")
    editor.press_sequentially("}")
    form.show("Form")
    expect(form.box("boxes/0/tags/0")).to_have_value("x")
    expect(form.box("tree/next/value")).to_have_value("2")
    expect(form.box("either")).to_have_value("7")
    expect(form.field("either").get_by_role("radio", name="Text")).to_be_checked()


def test_schemas_that_others_have_written_make_forms_too(signed_in: Page, server: Server, client: Client) -> None:
    client.publish("foreign", "def predict(**inputs) -> str:\n    return 'done'\n")
    version = client.http.get("/models/owner/foreign/versions/1").json()
    schemas = {"prediction": {"input": FOREIGN, "output": {}}}
    body = {"schemas": schemas, "container_image_digest": version["container_image_digest"], "release_notes": ""}
    client.http.post("/models/owner/foreign/versions", json=body).raise_for_status()
    form = Form(signed_in, "foreign")
    expect(form.form.locator("[data-path] label").first).to_have_text("Prompt")
    form.box("prompt").fill("a cat")
    form.choose("scheduler", "PNDM")
    form.box("seed").fill("5")
    form.choose("mode", "slow")
    form.box("open").fill("[]")
    assert form.run(client)["input"] == {
        "prompt": "a cat",
        "scheduler": "PNDM",
        "seed": 5,
        "mode": "slow",
        "open": [],
    }


def test_a_form_is_filled_on_a_phone(open_page: OpenPage, publish: Publish, server: Server) -> None:
    publish("objects")
    page = open_page(server.token, viewport={"width": 375, "height": 740}, has_touch=True)
    form = Form(page, "objects")
    form.press("boxes", "Add an item")
    form.press("boxes/0/tags", "Add an item")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
