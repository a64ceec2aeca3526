"""Calls of OpenAI's clients while their server stops: each is told so, and nothing is run twice."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import openai
import pytest

from tests.compat.openai_scene import Json, Scene, asked, scene
from tests.support.signals import until

CASES: dict[str, Json] = {
    "whole": {},
    "of several choices": {"n": 2},
    "with a stop": {"stop": "stop"},
}
NEVER: Json = {"wait": "/nowhere/never"}


def call(there: Scene, caught: list[Any], **fields: Any) -> None:
    """Ask with a client that tries again, and keep what it was told."""
    with there.client(max_retries=2) as client:
        try:
            caught.append(client.post("/chat/completions", body={"model": "owner/script", **fields}, cast_to=object))
        except openai.APIError as error:
            caught.append(error)


def streamed(there: Scene, caught: list[Any]) -> None:
    """The same, reading a stream."""
    with there.client(max_retries=2) as client:
        try:
            caught.extend(
                client.chat.completions.create(model="owner/script", messages=asked("one", NEVER), stream=True)
            )
        except openai.APIError as error:
            caught.append(error)


def waiting(there: Scene, count: int) -> list[str]:
    """The predictions that have not ended, once there are so many."""

    def look() -> list[str]:
        wanted = {"statuses": ["pending", "starting", "started"], "page_size": 100}
        found = there.owner.http.get("/predictions", params=wanted).json()["items"]
        return [one["id"] for one in found] if len(found) == count else []

    return until(look, f"{count} are waiting")


@pytest.mark.timeout(90)
@pytest.mark.parametrize("kept", [False, True], ids=["cancelled", "kept"])
def test_calls_that_are_held_while_the_server_stops_are_told_so_and_cancelled(tmp_path: Path, kept: bool) -> None:
    caught: dict[str, list[Any]] = {name: [] for name in [*CASES, "streamed"]}
    settings = {"compat_cancel": "false"} if kept else {}
    with scene(tmp_path, "script", grace_period="1s", **settings) as there:
        threads = [
            threading.Thread(target=call, args=(there, caught[name]), kwargs={"messages": asked(NEVER), **fields})
            for name, fields in CASES.items()
        ]
        threads.append(threading.Thread(target=streamed, args=(there, caught["streamed"])))
        for thread in threads:
            thread.start()
        made = waiting(there, 5)
        there.server.restart()
        for thread in threads:
            thread.join(15)
        for name in CASES:
            error = cast("openai.APIStatusError", caught[name][-1])
            assert error.status_code == 408, (name, error)
            assert error.response.json()["error"]["code"] == "stopping", name
        assert caught["streamed"][-1].body["code"] == "stopping"
        assert there.count() == 5, "nobody has tried again"
        if kept:
            assert set(made) == set(waiting(there, 5))
        else:
            assert [there.owner.get(one)["status"] for one in made] == ["cancelled"] * 5
