"""(i) Lists, searches and counts over 100,000 models and 1,000,000 predictions, through the API, on both databases."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from augury.store import migrate
from benchmarks import catalogue, servers
from benchmarks.catalogue import Size
from tests.support import postgres

REQUESTS = 200
WARM = 10
KEY = "a key that is only for this benchmark"


@dataclass(frozen=True)
class Row:
    """How long requests of one kind took, in milliseconds."""

    database: str
    asked: str
    p50: float
    p99: float


@dataclass(frozen=True)
class Filled:
    """How long it took to make a database, in seconds."""

    database: str
    seconds: float


def run(
    size: Size | None = None, databases: Sequence[str] = ("SQLite", "PostgreSQL")
) -> tuple[list[Filled], list[Row]]:
    """Measure each kind of request on each database."""
    wanted = size or Size()
    filled: list[Filled] = []
    rows: list[Row] = []
    for database in databases:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            data = Path(folder) / "data"
            url = f"sqlite:///{data / 'augury.db'}"
            if database != "SQLite":
                url = stack.enter_context(stack.enter_context(postgres.running()).database())
                _migrate(url)
            settings = {"database_url": url, "secret_key": KEY}
            with servers.augury(data, **settings) as ours:
                owner = httpx.get(f"{ours.url}/v1/user", headers=ours.headers()).json()["account_id"]
            began = time.perf_counter()
            catalogue.fill(url, owner, wanted)
            filled.append(Filled(database, time.perf_counter() - began))
            with servers.augury(data, **settings) as ours:
                rows += _measure(database, ours, wanted.models)
    return filled, rows


def _measure(database: str, ours: servers.Augury, models: int) -> list[Row]:
    with httpx.Client(base_url=f"{ours.url}/v1", headers=ours.headers(), timeout=60) as client:
        return [Row(database, asked, *_times(client, path)) for asked, path in _asked(models).items()]


def _times(client: httpx.Client, path: Callable[[int], str]) -> tuple[float, float]:
    """The median and the 99th percentile; every other request is for the page after the one before it."""
    times: list[float] = []
    following: str | None = None
    for number in range(REQUESTS + WARM):
        wanted = path(number)
        if following is not None and number % 2:
            wanted = f"{wanted.partition('?')[0]}?cursor={following}"
        began = time.perf_counter()
        answer = client.get(wanted)
        times.append((time.perf_counter() - began) * 1000)
        following = answer.raise_for_status().json().get("next_cursor")
    counted = sorted(times[WARM:])
    return statistics.median(counted), counted[int(len(counted) * 0.99) - 1]


def _migrate(url: str) -> None:
    migrate.upgrade(url)


def _always(path: str) -> Callable[[int], str]:
    return lambda _: path


def _words(number: int) -> str:
    return catalogue.word(number * 37 % 2_000)


def _asked(models: int) -> dict[str, Callable[[int], str]]:
    """Kinds of requests: a path each, after the number of the request."""

    def owned(number: int) -> str:
        return catalogue.name(number * catalogue.OWN % models)

    return {
        "models by age": _always("/models?page_size=25"),
        "models by predictions": _always("/models?page_size=25&sort_by=predictions_count"),
        "models of an owner": lambda number: f"/models/user-{number}",
        "models of an owner by predictions": lambda number: f"/models/user-{number}?sort_by=predictions_count",
        "own models": _always("/user/models"),
        "models in two big categories": _always("/models?category_slugs=category-1&category_slugs=category-2"),
        "models in a small category, by predictions": _always(
            f"/models?category_slugs={catalogue.RARE}&sort_by=predictions_count"
        ),
        "one model, with its count": lambda number: f"/models/owner/{owned(number)}",
        "versions of a model": lambda number: f"/models/owner/{owned(number)}/versions",
        "search: a frequent word": lambda number: f"/search/models?q={catalogue.word(number % 5)}",
        "search: any word": lambda number: f"/search/models?q={_words(number)}",
        "search: two words": lambda number: f"/search/models?q={_words(number)}+{catalogue.word(number % 20)}",
        "search: two letters": lambda number: f"/search/models?q={catalogue.word(number * 128 % 2_000)[:2]}",
        "search: one letter": lambda number: f"/search/models?q={'bcdfghjklmnprstv'[number % 16]}",
        "search: a name": lambda number: f"/search/models?q={catalogue.name(number * 499 % models)}",
        "search: users": lambda number: f"/search/users?q={_words(number)}",
        "predictions": _always("/predictions?page_size=25"),
        "predictions that failed": _always("/predictions?statuses=failed"),
        "predictions that were abandoned or cancelled": _always("/predictions?statuses=abandoned&statuses=cancelled"),
        "predictions that wait or run (none)": _always("/predictions?statuses=pending&statuses=started"),
        "predictions of a model": lambda number: f"/predictions?model=owner/{owned(number)}",
        "everybody's predictions of a model": lambda number: f"/predictions?everyone=true&model=owner/{owned(number)}",
        "everybody's predictions that failed": _always("/predictions?everyone=true&statuses=failed"),
        "everybody's predictions of a time": _always(
            "/predictions?everyone=true&created_before=2025-10-09T08:53:20.5Z"
        ),
    }
