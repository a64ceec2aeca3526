"""Take the pictures of the web app: `make screenshots`.

A server of its own gets the example models, a broken one, and an hour of predictions that went well and badly. Each
page is then taken in the light theme, the dark one and on a phone, into .pictures/, and the best into docs/pictures/.
`python -m scripts.screenshots now 'models-.*'` takes only those.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from scripts.scene import TEXT, Scene, scene
from tests.support.browser import ROOT, Faults, chromium, new_context, sign_in
from tests.support.server import Server

ALL = ROOT / ".pictures"
BEST = ROOT / "docs" / "pictures"
LARGEST = 150_000
"""Bytes that a picture in the repository may have."""
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
KEPT = {
    "models": "models-light",
    "playground": "playground-light",
    "prediction": "prediction-failed-light",
    "now": "now-dark",
    "streaming": "streaming-dark",
    "phone": "playground-phone",
}
"""Which are committed, by the name that they get."""


@dataclass(frozen=True)
class Shot:
    """A page, and what is done on it before the picture is taken."""

    name: str
    address: str
    prepare: Callable[[Page], None]
    signed_in: bool = True
    phone: bool = True


def main() -> None:
    """Make the scene, take everything, keep the best."""
    ALL.mkdir(exist_ok=True)
    BEST.mkdir(parents=True, exist_ok=True)
    wanted = re.compile("|".join(sys.argv[1:]) or ".")
    with tempfile.TemporaryDirectory(prefix="augury") as folder, scene(Path(folder)) as made, chromium() as browser:
        for shot in shots(made):
            for view, options in VIEWS.items():
                if wanted.search(f"{shot.name}-{view}") and (shot.phone or view != "phone"):
                    take(browser, made.server, shot, view, options)
    for name, source in KEPT.items():
        if (ALL / f"{source}.png").exists():
            keep(name, ALL / f"{source}.png")


def take(browser: Browser, server: Server, shot: Shot, view: str, options: dict[str, Any]) -> None:
    """One picture."""
    faults = Faults(server.url)
    context = new_context(browser, server.url, faults, **options)
    if shot.signed_in:
        sign_in(context, server.token)
    page = context.new_page()
    page.goto(shot.address)
    shot.prepare(page)
    expect(page.get_by_text("Loading", exact=True)).to_have_count(0)
    page.screenshot(path=ALL / f"{shot.name}-{view}.png", animations="disabled", caret="hide")
    if (cancel := page.get_by_role("button", name="Cancel", exact=True)).count():
        cancel.click()
    context.close()
    print(f"{shot.name}-{view}.png", *faults.left, flush=True)


def keep(name: str, source: Path) -> None:
    """Put a picture into the repository."""
    content = source.read_bytes()
    if len(content) > LARGEST:
        sys.exit(f"{source.name} has {len(content):,} bytes; the repository takes {LARGEST:,}")
    (BEST / f"{name}.png").write_bytes(content)


# --- the pages


def shots(made: Scene) -> list[Shot]:
    """Every page."""
    model = "/models/owner/ocr"
    return [
        Shot("models", "/", there),
        Shot("sign-in", "/sign-in", there, signed_in=False),
        Shot("playground", model, read_a_picture),
        Shot("streaming", "/models/owner/babble", stream_text),
        Shot("overview", f"{model}/overview", there),
        Shot("code", f"{model}/code", there),
        Shot("versions", "/models/owner/readability/versions", there),
        Shot("predictions", "/predictions", there),
        Shot("prediction-failed", f"/predictions/{made.failed}", there),
        Shot("now", "/now", there),
        *(Shot(f"settings-{part}", f"/settings/{part}", there) for part in ("profile", "tokens", "variables", "users")),
        Shot("missing", "/nothing", there),
        Shot("keyboard", "/", ask_for_the_keys, phone=False),
    ]


def there(page: Page) -> None:
    """All of it is shown."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_timeout(700)


def read_a_picture(page: Page) -> None:
    """A picture is chosen, and read."""
    there(page)
    page.locator("input[type=file]").first.set_input_files(ROOT / "examples" / "ocr" / "sample.jpg")
    expect(page.get_by_role("img", name="Preview of sample.jpg")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-end=succeeded]")).to_be_visible(timeout=60_000)
    there(page)


def stream_text(page: Page) -> None:
    """Text is on its way, and stops when the picture has been taken."""
    there(page)
    for name, value in {"manner": TEXT, "words": "400", "pace": "40"}.items():
        field = page.locator(f'[data-path="/{name}"]')
        field.get_by_role("textbox").or_(field.get_by_role("spinbutton")).fill(value)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_test_id("output-text")).to_contain_text("truth universally acknowledged", timeout=30_000)
    page.wait_for_timeout(1500)


def ask_for_the_keys(page: Page) -> None:
    """The help is open."""
    there(page)
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog")).to_be_visible()


if __name__ == "__main__":
    main()
