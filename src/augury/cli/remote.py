"""The server that commands talk to, through the official client.

    AUGURY_URL and AUGURY_TOKEN, else the server that runs on this machine's data folder --> Connection

What the server refuses, and not reaching it, become one sentence. Knows nothing about what is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import httpx
import wriftai
from wriftai.pagination import PaginatedResponse

from augury.cli.failing import CANNOT_START, CommandFailed
from augury.cli.hints import for_commands
from augury.cli.workbench import load_settings
from augury.settings import ClientSettings, SettingsError

Item = TypeVar("Item")

NOT_FOUND = 404
PAGE = 100
"""Items of the biggest page that the server gives."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_START = "Start one with `augury serve`, or say where one is: AUGURY_URL=http://127.0.0.1:8080 AUGURY_TOKEN=aug_…"


@dataclass(frozen=True)
class Target:
    """Where the server is, and what to show it."""

    url: str
    token: str | None


@dataclass(frozen=True)
class Connection:
    """The official client for a server, and plain HTTP for what it has no call for."""

    target: Target
    client: wriftai.Client
    http: httpx.Client

    @cached_property
    def me(self) -> str:
        """The name of the account whose token this is."""
        return self.client.authenticated_user.get()["name"]

    @contextmanager
    def sending(self, headers: Mapping[str, str]) -> Generator[None]:
        """Requests inside have these headers, which the client has no arguments for."""
        self.http.headers.update(headers)
        try:
            yield
        finally:
            for name in headers:
                del self.http.headers[name]

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """The answer to a call that the official client has no method for, such as "users/ada"."""
        sent: dict[str, Any] = {} if body is None else {"json": body}
        answer = self.http.request(method, f"{self.target.url}/v1/{path}", params=query, **sent)
        return answer.raise_for_status().json()

    def full_name(self, name: str) -> str:
        """ "owner/name[:number]" for a name that may lack its owner."""
        return name if "/" in name else f"{self.me}/{name}"


@contextmanager
def connected() -> Generator[Connection]:
    """A connection to the server; what goes wrong with it inside becomes CommandFailed."""
    target = find_server()
    headers = {"User-Agent": f"augury/{version('augury')}"}
    if target.token:
        headers["Authorization"] = f"Bearer {target.token}"
    # A proxy of the environment has no way to this machine's own loopback.
    through_proxy = urlsplit(target.url).hostname not in _LOOPBACK
    # A request may take as long as it likes; connecting may not.
    with httpx.Client(timeout=httpx.Timeout(None, connect=10.0), trust_env=through_proxy) as http:
        client = wriftai.Client(
            access_token=target.token, api_base_url=f"{target.url}/v1", http_client=http, headers=headers
        )
        http.headers.update(headers)
        try:
            yield Connection(target, client, http)
        except httpx.HTTPStatusError as error:
            raise refusal(error.response) from None
        except httpx.TransportError as error:
            raise CommandFailed(f"the server at {target.url} cannot be reached: {error}", hint=_START) from None


def find_server() -> Target:
    """The server of the environment, else the one that runs here; raises CommandFailed where there is none."""
    try:
        given = ClientSettings.load()
    except SettingsError as error:
        raise CommandFailed(str(error), code=CANNOT_START) from None
    data = load_settings().data
    running = _running(data)
    url = given.url.removesuffix("/v1") if given.url else running
    if url is None:
        raise CommandFailed(f"there is no server: none runs on {data}, and AUGURY_URL is not set", hint=_START)
    if given.token is not None:
        return Target(url, given.token.get_secret_value())
    # The token of this machine's server goes to nobody else.
    return Target(url, _kept_token(data) if url == running else None)


def refusal(response: httpx.Response) -> CommandFailed:
    """What a server's refusal says."""
    try:
        body: Any = json.loads(response.read())
    except ValueError:
        body = None
    detail = cast("Mapping[str, Any]", body).get("detail") if isinstance(body, dict) else None
    if isinstance(detail, list):
        return _invalid(cast("list[Mapping[str, Any]]", detail))
    if isinstance(detail, str):
        return CommandFailed(detail, hint=for_commands(cast("Mapping[str, Any]", body).get("hint")))
    return CommandFailed(f"the server answered {response.status_code} {response.reason_phrase}")


def all_of(fetch: Callable[[Any], PaginatedResponse[Item]], limit: int) -> Iterator[Item]:
    """Up to `limit` items of a list, page by page; `fetch` takes the client's pagination options."""
    options: dict[str, Any] = {"page_size": max(1, min(PAGE, limit))}
    left = limit
    while left > 0:
        page = fetch(options)
        yield from page.items[:left]
        left -= len(page.items)
        if page.next_cursor is None or not page.items:
            return
        options = {**options, "cursor": page.next_cursor}


def every_item(connection: Connection, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
    """All items of a list that the official client has no call for, such as "predictions/ID/logs"."""
    params: dict[str, Any] = {"page_size": PAGE, **query}
    while True:
        answer = connection.http.get(f"{connection.target.url}/v1/{path}", params=params).raise_for_status()
        page = cast("Mapping[str, Any]", answer.json())
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        params["cursor"] = page["next_cursor"]


def is_missing(error: httpx.HTTPStatusError) -> bool:
    """Whether the server says that there is no such thing."""
    return error.response.status_code == NOT_FOUND


def problem_text(problem: Mapping[str, Any]) -> str:
    """What is wrong with a value, with the place of it, as a 422 or a prediction's error tells it."""
    place = [str(part) for part in problem.get("loc", ())]
    if place and place[0] in ("body", "query", "path", "header"):
        place = place[1:]
    message = str(problem.get("msg", "")).strip()
    return f"{'.'.join(place)}: {message}" if place else message


def _invalid(problems: list[Mapping[str, Any]]) -> CommandFailed:
    said = [problem_text(problem) for problem in problems]
    if len(said) == 1:
        return CommandFailed(f"the server refused it: {said[0]}")
    return CommandFailed(f"the server refused it for {len(said)} reasons", details=said)


def _running(data: Path) -> str | None:
    """The address of the server that owns a data folder now."""
    # The lock itself is left alone: even to try it could stop a server that is just starting.
    try:
        owner: Any = json.loads((data / "lock").read_text())
        pid, address = int(owner["pid"]), str(owner["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return address if Path("/proc", str(pid)).exists() else None


def _kept_token(data: Path) -> str | None:
    try:
        return (data / "token").read_text().strip() or None
    except OSError:
        return None
