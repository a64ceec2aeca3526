"""The web app in a real Chromium, against a server of each file's own with real models.

    def test_a_visitor_reads(visitor: Page, push: Push) -> None:
        push("eliza.py"); visitor.goto("/"); expect(visitor.get_by_role("link", name="eliza")).to_be_visible()

- `server`, `client` (publishes code that a test writes down) and `push` (publishes an example, once in a file) are of
  the file; a file that needs other settings overrides `server_settings`.
- `visitor` and `signed_in` are pages of contexts of their own; `open_page` makes more: other people, themes, phones.
- Each test fails at its end if one of its pages broke the Content-Security-Policy, wrote an error, threw one, asked
  another origin, opened a dialog or got a 5xx: `faults.allow("...")` says which of them a test provokes.
- Playwright's synchronous API is used. It keeps an event loop running in its thread, in which no async test could run;
  so tests here are synchronous, and the browser ends with the last of them (this folder is a package for that).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.browser import APP, ROOT, Faults, axe_violations, caught_up, chromium, new_context, sign_in
from tests.support.publishing import Client
from tests.support.server import Server, running


class Push(Protocol):
    """Publishes the example at a path under examples/, public if so wanted, and says what it is called."""

    def __call__(self, path: str, *, public: bool = True) -> str: ...


class OpenPage(Protocol):
    """A page in a new context; `token` signs in, the rest are options of Playwright's `new_context`."""

    def __call__(self, token: str | None = None, **options: Any) -> Page: ...


Axe = Callable[[Page], None]


@pytest.fixture(scope="package")
def browser() -> Generator[Browser]:
    """One Chromium for every file of this folder."""
    if not APP.is_file():
        pytest.fail(
            f"the web app is not built: {APP.relative_to(ROOT)} is missing. `make setup` builds it", pytrace=False
        )
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server_settings() -> dict[str, str]:
    """Settings of the file's server; override it in a file that needs others."""
    return {}


@pytest.fixture(scope="module")
def server(server_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """The file's server."""
    settings = {"cancel_grace": "1", "max_workers": "6"} | server_settings
    with running(tmp_path_factory.mktemp("server"), **settings) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[Client]:
    """The owner, by the API."""
    with closing(Client(server, tmp_path_factory.mktemp("published"))) as client:
        yield client


@pytest.fixture(scope="module")
def push(server: Server) -> Push:
    """Publishes examples by the command line, as a user would; each once."""
    known: dict[str, str] = {}

    def published(path: str, *, public: bool = True) -> str:
        if path not in known:
            known[path] = augury(server, "push", f"examples/{path}", Path(path).stem, *(["--public"] if public else []))
        return known[path].strip()

    return published


def augury(server: Server, *arguments: str) -> str:
    """What a command of ours prints, asked as the owner; fails with what it complains of."""
    ours = {"AUGURY_URL": server.url, "AUGURY_TOKEN": server.token, "AUGURY_DATA": str(server.data)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")} | ours
    command = [sys.executable, "-m", "augury", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def faults(server: Server) -> Generator[Faults]:
    """What the test's pages did wrong; looked at when all of them are closed."""
    faults = Faults(server.url)
    yield faults
    faults.none_are_left()


@pytest.fixture
def open_page(browser: Browser, server: Server, faults: Faults) -> Generator[OpenPage]:
    """Makes pages, each in a context of its own, closed at the end of the test."""
    contexts: list[BrowserContext] = []

    def opened(token: str | None = None, **options: Any) -> Page:
        context = new_context(browser, server.url, faults, **options)
        contexts.append(context)
        if token is not None:
            sign_in(context, token)
        return context.new_page()

    yield opened
    for context in contexts:
        caught_up(context)
        context.close()


@pytest.fixture
def visitor(open_page: OpenPage) -> Page:
    """A page of somebody who is not signed in."""
    return open_page()


@pytest.fixture
def signed_in(open_page: OpenPage, server: Server) -> Page:
    """A page of the owner, an admin."""
    return open_page(server.token)


@pytest.fixture
def axe() -> Axe:
    """Fails where axe-core finds something on the page as it is shown now, in the light theme or in the dark."""

    def looked(page: Page) -> None:
        found = {theme: _in_theme(page, theme) for theme in ("light", "dark")}
        page.emulate_media(color_scheme="null")
        assert found == {"light": [], "dark": []}

    return looked


def _in_theme(page: Page, theme: Any) -> list[str]:
    page.emulate_media(color_scheme=theme)
    return axe_violations(page)
