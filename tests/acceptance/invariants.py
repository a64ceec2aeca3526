"""What must be true once everything has come to rest, whatever went wrong before: each violation is a sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.load import Asked, Load, frames
from tests.support.receiver import Got
from tests.support.signals import until

Json = dict[str, Any]

TERMINAL = ("succeeded", "failed", "cancelled", "abandoned")
MOST_RUNS = 3
"""The first, and again after each of the two times that it may be given back (D20)."""


@dataclass
class Rest:
    """The state of everything at the end."""

    load: Load
    http: httpx.Client
    got: list[Got]
    ended: dict[str, Json]
    bodies: dict[str, bytes]


def settle(load: Load, http: httpx.Client, take: Callable[[], list[Got]]) -> Rest:
    """Wait until nothing is active and every end was told; then look at everything once."""
    active = "&".join(f"statuses={status}" for status in ("pending", "starting", "started"))
    until(lambda: not http.get(f"/predictions?{active}").json()["items"], "everything ends", deadline=90)
    told = {one.id for one in load.asked if one.id and "webhook" in one.body}
    until(lambda: told <= _told_the_end(take()), "every end is told", deadline=90)
    bodies = {one.id: http.get(f"/predictions/{one.id}").content for one in load.asked if one.id}
    return Rest(load, http, take(), {name: json.loads(body) for name, body in bodies.items()}, bodies)


def violations(rest: Rest) -> Iterator[str]:
    """Everything that is wrong."""
    yield from rest.load.troubles
    yield from _accepted_is_what_there_is(rest)
    for one in rest.load.asked:
        if one.id is not None:
            for complaint in (*_of_one(rest, one), *_of_its_stream(rest, one)):
                yield f"{one.id} ({one.token}): {complaint}"
    yield from _of_webhooks(rest)
    yield from _of_runs(rest)


def leftovers(data: Path) -> Iterator[str]:
    """What is left of workers once the server has stopped."""
    homes = data / "engine" / "workers"
    yield from (f"a worker's home is left: {path}" for path in (homes.iterdir() if homes.exists() else ()))
    marked = str(data).encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) != os.getpid() and marked in (entry / "environ").read_bytes():
                yield f"a process is left: {entry.name} {(entry / 'cmdline').read_bytes()!r}"
        except OSError:
            continue


def _accepted_is_what_there_is(rest: Rest) -> Iterator[str]:
    asked = [one.id for one in rest.load.asked]
    yield from (f"{one.token} was never accepted" for one in rest.load.asked if one.id is None)
    if len(set(asked)) != len(asked):
        yield "two creates got one prediction"
    listed: list[str] = []
    cursor: str | None = None
    while True:
        page = rest.http.get("/predictions", params={"page_size": 100, **({"cursor": cursor} if cursor else {})}).json()
        listed += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    if len(listed) != len(set(listed)):
        yield "the list shows a prediction twice"
    yield from (f"{name} was asked for by nobody" for name in set(listed) - set(asked))
    yield from (f"{name} was accepted and is not there" for name in set(asked) - set(listed))


def _of_one(rest: Rest, one: Asked) -> Iterator[str]:
    ended = rest.ended[str(one.id)]
    status, output, error = ended["status"], ended["output"], ended["error"]
    if status not in TERMINAL:
        yield f"it is {status}"
    if status == "succeeded" and output != _expected(one):
        yield f"its output is another's: {output!r}"
    if status == "cancelled" and not one.cancelled:
        yield "it was cancelled by nobody"
    if status in ("failed", "abandoned") and not error:
        yield f"it is {status} without a reason"
    if status == "failed" and error and error["source"] == "external" and one.body["model"] != "owner/fragile":
        # A worker that was killed is the platform's doing.
        yield f"its model is blamed: {error['message']}"
    yield from _of_what_was_seen(one, ended)


def _of_what_was_seen(one: Asked, ended: Json) -> Iterator[str]:
    for seen in one.seen:
        if seen["input"] != one.body["input"]:
            yield f"another's input was shown: {seen['input']!r}"
        if seen["status"] in TERMINAL and seen != ended:
            yield f"its end has changed: {seen} became {ended}"


def _of_its_stream(rest: Rest, one: Asked) -> Iterator[str]:
    if not one.body.get("stream"):
        return
    ended = rest.ended[str(one.id)]
    answer = rest.http.get(f"/predictions/{one.id}/stream")
    events = list(frames(iter([answer.content])))
    if [number for number, _, _ in events] != list(range(1, len(events) + 1)):
        yield f"its events have gaps: {[number for number, _, _ in events]}"
    if one.events and one.events != events:
        yield f"what was read is not what there is: {one.events} and {events}"
    kinds = [kind for _, kind, _ in events]
    last = "done" if ended["status"] in ("succeeded", "cancelled") else "error"
    if kinds != ["init", *["output"] * (len(kinds) - 2), last]:
        yield f"its events are {kinds} and it is {ended['status']}"
    said = events[-1][2]
    if (said != {"id": one.id, "status": ended["status"]}) if last == "done" else (said != ended["error"]):
        yield f"its last event says {said}, and GET {ended}"
    items = [data for _, kind, data in events if kind == "output"]
    expected = ended["output"] if one.body["model"] == "owner/speaker" else [ended["output"]]
    if ended["status"] == "succeeded" and items != expected:
        yield f"its items are {items}, its output {ended['output']}"


def _of_webhooks(rest: Rest) -> Iterator[str]:
    told: dict[str, list[Got]] = {}
    for got in rest.got:
        told.setdefault(got.json["id"], []).append(got)
    for one in rest.load.asked:
        if one.id is None:
            continue
        mine = told.get(one.id, [])
        if bool(mine) != ("webhook" in one.body):
            yield f"{one.id}: it has {len(mine)} messages, and webhook: {'webhook' in one.body}"
        if not mine:
            continue
        ends = {got.body for got in mine if got.status in TERMINAL}
        if ends != {rest.bodies[one.id]}:
            yield f"{one.id}: its last message is not what GET says: {ends} and {rest.bodies[one.id]!r}"
        bodies: dict[str, bytes] = {}
        for got in mine:
            if bodies.setdefault(got.headers["webhook-id"], got.body) != got.body:
                yield f"{one.id}: one delivery had two bodies"
        numbers = {int(name.rpartition(".")[2]): body for name, body in bodies.items()}
        if json.loads(numbers[max(numbers)])["status"] not in TERMINAL:
            yield f"{one.id}: its end was not the last that was told of: {sorted(numbers)}"


def _of_runs(rest: Rest) -> Iterator[str]:
    runs = rest.load.scene.runs()
    tokens = {one.token: one for one in rest.load.asked}
    for token, count in runs.items():
        if token not in tokens:
            yield f"{token} was run and never asked for"
        elif count > MOST_RUNS:
            yield f"{token} was run {count} times"
    for token, one in tokens.items():
        if one.id and rest.ended[one.id]["status"] == "succeeded" and not runs[token]:
            yield f"{token} succeeded and was never run"


def _expected(one: Asked) -> Any:
    inputs = one.body["input"]
    if one.body["model"] == "owner/speaker":
        return [f"{one.token} {number}" for number in range(inputs["count"])]
    return one.token


def _told_the_end(got: list[Got]) -> set[str]:
    return {one.json["id"] for one in got if one.status in TERMINAL}
