"""What the official client does with predictions."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from wriftai.predictions import AsyncCreateWaitOptions, AsyncWaitOptions, CreateWaitOptions, Status, WaitOptions

from tests.client.conftest import Use

pytestmark = pytest.mark.anyio

SUMMARY = {"id", "created_at", "status", "updated_at", "setup_time", "execution_time", "model"}
DETAILS = SUMMARY | {"input", "output", "error", "metrics", "stream", "timeline"}


def until_done(use: Use) -> Any:
    return AsyncWaitOptions(poll_interval=0.02) if use.asynchronously else WaitOptions(poll_interval=0.02)


def held(use: Use, **options: Any) -> Any:
    return AsyncCreateWaitOptions(**options) if use.asynchronously else CreateWaitOptions(**options)


async def test_a_plain_create_answers_at_once_and_the_prediction_is_waited_for(use: Use, shout: str) -> None:
    made = await use("predictions", "create", model=shout, input={"text": "hi"})
    assert set(made) == DETAILS
    assert uuid.UUID(made["id"]).version == 7
    assert made["input"] == {"text": "hi"}
    assert made["stream"] is False
    done = await use("predictions", "wait", made["id"], until_done(use))
    assert set(done) == DETAILS
    assert (done["status"], done["output"], done["error"]) == (Status.SUCCEEDED, "HI", None)
    assert done["model"] == {"owner": "owner", "name": "shout", "version_number": 2}
    assert done["execution_time"].startswith("PT")
    assert await use("predictions", "get", made["id"]) == done


async def test_a_create_that_waits_brings_the_result(use: Use, shout: str) -> None:
    done = await use("predictions", "create", wait=True, model=shout, input={"text": "hi", "times": 2})
    assert (done["status"], done["output"]) == (Status.SUCCEEDED, "HIHI")


async def test_the_latest_version_runs_unless_one_is_named(use: Use, shout: str) -> None:
    model = shout.partition(":")[0]
    latest = await use("predictions", "create", wait=True, model=model, input={"text": "a"})
    assert latest["model"]["version_number"] == 2
    pinned = await use("predictions", "create", wait=True, model=f"{model}:1", input={"text": "a"})
    assert pinned["model"]["version_number"] == 1


async def test_a_hold_that_runs_out_brings_what_there_is_in_time(use: Use, latch: str, tmp_path: Path) -> None:
    started = time.monotonic()
    options = held(use, duration=0.5, poll=False)
    made = await use(
        "predictions", "create", wait=True, wait_options=options, model=latch, input={"path": str(tmp_path / "open")}
    )
    assert time.monotonic() - started < 1.5
    assert made["status"] in (Status.PENDING, Status.STARTING, Status.STARTED)
    (tmp_path / "open").touch()
    done = await use("predictions", "wait", made["id"], until_done(use))
    assert (done["status"], done["output"]) == (Status.SUCCEEDED, "opened")


async def test_checked_input_that_fits_runs_and_other_is_refused(use: Use, shout: str) -> None:
    done = await use("predictions", "create", wait=True, validate_input=True, model=shout, input={"text": "a"})
    assert done["output"] == "A"
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        await use("predictions", "create", validate_input=True, model=shout, input={"text": 5, "times": 0})
    assert refusal.value.response.status_code == 422
    problems = refusal.value.response.json()["detail"]
    assert sorted(problem["loc"] for problem in problems) == [["body", "input", "text"], ["body", "input", "times"]]


async def test_unchecked_input_that_does_not_fit_fails_later(use: Use, shout: str) -> None:
    done = await use("predictions", "create", wait=True, model=shout, input={"times": 1})
    assert done["status"] == Status.FAILED
    assert done["error"]["source"] == "external"
    assert done["error"]["detail"]["problems"][0]["type"] == "required"


async def test_predictions_are_listed_newest_first_in_both_directions_and_by_status(use: Use, shout: str) -> None:
    for number in range(5):
        await use("predictions", "create", wait=True, model=shout, input={"text": str(number)})
    await use("predictions", "create", wait=True, model=shout, input={})
    wanted = {"statuses": [Status.SUCCEEDED, Status.CANCELLED], "page_size": 2}
    first = await use("predictions", "list", wanted)
    assert all(set(one) == SUMMARY for one in first.items)
    second = await use("predictions", "list", {"cursor": first.next_cursor, "page_size": 2})
    items = [*first.items, *second.items]
    assert [one["status"] for one in items] == [Status.SUCCEEDED] * 4
    assert [one["id"] for one in items] == sorted((one["id"] for one in items), reverse=True)
    outputs = [(await use("predictions", "get", one["id"]))["output"] for one in items]
    assert outputs == ["4", "3", "2", "1"]
    back = await use("predictions", "list", {"cursor": second.previous_cursor, "page_size": 2})
    assert back.items == first.items
    assert back.previous_cursor is None
    failed = await use("predictions", "list", {"statuses": [Status.FAILED], "page_size": 1})
    assert failed.items[0]["id"] > first.items[0]["id"]


async def test_a_running_prediction_is_cancelled_once_and_for_all(use: Use, latch: str, tmp_path: Path) -> None:
    made = await use("predictions", "create", model=latch, input={"path": str(tmp_path / "never")})
    assert await use("predictions", "cancel", made["id"]) is None
    done = await use("predictions", "wait", made["id"], until_done(use))
    assert (done["status"], done["output"]) == (Status.CANCELLED, None)
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        await use("predictions", "cancel", made["id"])


async def test_a_prediction_that_may_stream_is_created_like_others(use: Use, shout: str) -> None:
    made = await use("predictions", "create", stream=True, model=shout, input={"text": "a"})
    assert made["stream"] is True
