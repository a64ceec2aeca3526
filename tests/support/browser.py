"""Chromium for tests: one browser, pages that notice what must not happen, axe-core, the length of frames.

    with chromium() as browser, watched(browser, server.url) as (context, faults): ...; faults.none_are_left()

Debian's Chromium is used, never a download. Knows nothing about what the pages show.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Response,
    WebError,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).parents[2]
APP = ROOT / "src" / "augury" / "web" / "dist" / "index.html"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SECONDS = 10.0
"""How long an `expect`, or an action of a page, waits for what it needs."""

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # For a camera that shows a picture without asking anybody.
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
_TELL_VIOLATIONS = """
window.addEventListener("securitypolicyviolation", (event) =>
    console.error(`against the policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""
# Of an answer that is no success Chromium writes a line as well; which of them are wrong is decided by their status.
_OF_AN_ANSWER = "Failed to load resource: the server responded with a status of"
_SERVER_FAILED = 500
# A colour half-way to another one is nobody's choice. What moves for ever is not waited for.
_COME_TO_REST = """
() => Promise.allSettled(document.getAnimations()
    .filter((one) => one.effect?.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished)).then(() => 0)
"""


@dataclass
class Faults:
    """What the pages of one test did that no page may do; `allow` what a test provokes."""

    origin: str
    seen: list[str] = field(default_factory=list[str])
    _allowed: list[re.Pattern[str]] = field(default_factory=list[re.Pattern[str]])

    def allow(self, pattern: str) -> None:
        """From now on and before, what matches this regular expression is no fault."""
        self._allowed.append(re.compile(pattern))

    @property
    def left(self) -> list[str]:
        """Those that were not allowed."""
        return [fault for fault in self.seen if not any(pattern.search(fault) for pattern in self._allowed)]

    def none_are_left(self) -> None:
        """Fail where there was one that was not allowed."""
        assert self.left == [], "the page did what it may not:\n" + "\n".join(self.left)

    def watch(self, context: BrowserContext) -> None:
        """Notice what every page of this context does, those that are opened later included."""
        context.add_init_script(_TELL_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("dialog", self._dialog)
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_OF_AN_ANSWER):
            self.seen.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self.seen.append(f"uncaught: {error.error}")

    def _dialog(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog: {dialog.type} {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and f"{address.scheme}://{address.netloc}" != self.origin:
            self.seen.append(f"another origin: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= _SERVER_FAILED:
            self.seen.append(f"the server failed: {response.status} {response.request.method} {response.url}")


@contextmanager
def chromium() -> Generator[Browser]:
    """A browser without a window, ended on leaving."""
    program = shutil.which("chromium")
    assert program is not None, "there is no Chromium: `make test` installs it or says how"
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def new_context(browser: Browser, url: str, faults: Faults, **options: Any) -> BrowserContext:
    """A visitor who was never here, with `options` of Playwright's `new_context`; addresses may leave out `url`."""
    given: dict[str, Any] = {"base_url": url, "timezone_id": "UTC", "locale": "en-GB"} | options
    context = browser.new_context(**given)
    context.set_default_timeout(SECONDS * 1000)
    faults.watch(context)
    return context


def sign_in(context: BrowserContext, token: str) -> None:
    """Exchange a token for a session, whose cookie the context keeps as a browser does."""
    answer = context.request.post("/v1/session", data={"token": token})
    assert answer.ok, answer.text()


def caught_up(context: BrowserContext) -> None:
    """Wait until everything that the pages have said so far has been heard."""
    for page in context.pages:
        page.evaluate("0")


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is shown now, a line for each element."""
    page.evaluate(_COME_TO_REST)
    if not page.evaluate("'axe' in window"):
        # Not as a script of the page, which the policy would rightly refuse.
        page.evaluate(f"() => {{ {AXE.read_text()} }}")
    found = cast("dict[str, Any]", page.evaluate("() => axe.run({ resultTypes: ['violations'] })"))
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@dataclass
class Frames:
    """How long the page took from each frame to the next, in milliseconds."""

    lengths: list[float] = field(default_factory=list[float])

    @property
    def longest(self) -> float:
        """The worst of them."""
        return max(self.lengths)


@contextmanager
def frames_of(page: Page) -> Generator[Frames]:
    """Measure frames until the block is left; only then has the result anything in it."""
    measured = Frames()
    page.evaluate(_MEASURE)
    yield measured
    measured.lengths = page.evaluate("() => { window.measuring.on = false; return window.measuring.lengths; }")


_MEASURE = """
() => new Promise((resolve) => {
    const measuring = { on: true, lengths: [] };
    window.measuring = measuring;
    let last;
    const frame = (now) => {
        if (last !== undefined) measuring.lengths.push(now - last);
        last = now;
        if (measuring.on) requestAnimationFrame(frame);
        resolve();
    };
    requestAnimationFrame(frame);
})
"""
