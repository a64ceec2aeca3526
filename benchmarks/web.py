"""(k) The web app in Chromium: until it can be used, how much JavaScript that takes, and how long its frames are.

Chromium draws without a GPU here, as in the tests; a frame is what the page's own code, layout and painting take.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect

from benchmarks import catalogue, servers
from benchmarks.catalogue import Size
from tests.support.browser import Faults, chromium, frames_of, new_context, sign_in

BABBLE = servers.HERE.parent / "examples" / "babble.py"
LOADS = 11
RATE = 200
SECONDS = 10
PREDICTIONS = 10_000
FOR_EVER = "0"
"""The predictions of the list are old."""
_STEP = 1_200
"""Pixels that the list is scrolled by at a time."""
# Usable: the first model is there, and the page has nothing else to do.
_NOTE_WHEN_USABLE = """
new MutationObserver((_, observer) => {
    if (document.querySelector("[data-card]") === null) return;
    observer.disconnect();
    requestIdleCallback(() => { window.usable = performance.now(); });
}).observe(document, { childList: true, subtree: true });
"""
_JAVASCRIPT = """
() => performance.getEntriesByType("resource")
    .filter((one) => one.name.endsWith(".js")).reduce((sum, one) => sum + one.encodedBodySize, 0)
"""


@dataclass(frozen=True)
class Web:
    """Seconds, bytes, and milliseconds of frames."""

    usable_first: float
    """Without anything in the browser's cache."""
    usable_again: float
    javascript: int
    stream_longest: float
    stream_p99: float
    stream_frames: int
    list_longest: float
    list_p99: float
    list_frames: int


def run() -> Web:
    """Measure everything on one server with a full list."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with servers.augury(data) as ours:
            owner = httpx.get(f"{ours.url}/v1/user", headers=ours.headers()).json()["account_id"]
        catalogue.fill(f"sqlite:///{data / 'augury.db'}", owner, Size(models=1_000, predictions=PREDICTIONS))
        # Only now: where Playwright is, no other event loop can run.
        with servers.augury(data, retention=FOR_EVER, retention_records=FOR_EVER) as ours, chromium() as browser:
            ours.push(BABBLE, "babble")
            first, again, javascript = _loads(browser, ours)
            stream = _frames(browser, ours, _follow)
            rows = _frames(browser, ours, _scroll)
    return Web(
        first, again, javascript,
        max(stream), _p99(stream), len(stream),
        max(rows), _p99(rows), len(rows),
    )  # fmt: skip


def _loads(browser: Browser, ours: servers.Augury) -> tuple[float, float, int]:
    firsts: list[float] = []
    again: list[float] = []
    javascript = 0
    for _ in range(LOADS):
        page = _page(browser, ours)
        page.context.add_init_script(_NOTE_WHEN_USABLE)
        firsts.append(_load(page))
        javascript = page.evaluate(_JAVASCRIPT)
        again.append(_load(page))
        page.context.close()
    return statistics.median(firsts), statistics.median(again), javascript


def _load(page: Page) -> float:
    page.goto("/")
    page.wait_for_function("() => window.usable !== undefined")
    return float(page.evaluate("() => window.usable")) / 1000


def _frames(browser: Browser, ours: servers.Augury, while_doing: Callable[[Page, servers.Augury], None]) -> list[float]:
    page = _page(browser, ours)
    while_doing(page, ours)
    lengths: list[float] = page.evaluate("() => window.measuring.lengths")
    page.context.close()
    return lengths


def _follow(page: Page, ours: servers.Augury) -> None:
    inputs = {"manner": "one two three four five", "words": RATE * (SECONDS + 5), "pace": RATE}
    body = {"model": "owner/babble", "input": inputs, "stream": True}
    made = httpx.post(f"{ours.url}/v1/predictions", headers=ours.headers(), json=body).raise_for_status().json()
    page.goto(f"/predictions/{made['id']}")
    expect(page.get_by_test_id("output-text")).to_contain_text("one two")
    page.wait_for_timeout(1_000)
    with frames_of(page):
        page.wait_for_timeout(SECONDS * 1_000)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()


def _scroll(page: Page, ours: servers.Augury) -> None:
    page.goto("/predictions?everyone=true")
    row = page.get_by_role("row").nth(3)
    expect(row).to_be_visible()
    row.hover()
    page.wait_for_timeout(1_000)
    with frames_of(page):
        for _ in range(SECONDS * 20):
            page.mouse.wheel(0, _STEP)
            page.wait_for_timeout(50)


def _page(browser: Browser, ours: servers.Augury) -> Page:
    context = new_context(browser, ours.url, Faults(ours.url), viewport={"width": 1280, "height": 800})
    sign_in(context, ours.token)
    return context.new_page()


def _p99(lengths: list[float]) -> float:
    return sorted(lengths)[len(lengths) * 99 // 100]
