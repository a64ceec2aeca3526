"""However many predictions are stored, what the queue asks for is found by an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import anyio.to_thread
import pytest
from sqlalchemy import select

from augury.domain.logline import Line
from augury.domain.prediction import Status
from augury.store import browsing, deliveries, events, logbook, logs, migrate, predictions, queue
from augury.store.connection import Connection
from augury.store.database import open_database
from tests.store import rows
from tests.store.rows import ACCOUNT, ERROR, NODE, NOW, VERSION, WORKER

pytestmark = pytest.mark.anyio

ASKED: dict[str, tuple[Callable[[Connection], Any], str]] = {
    "claim": (lambda c: queue.claim(c, VERSION, WORKER, 5, NOW), "predictions_queue"),
    "mark_starting": (lambda c: queue.mark_starting(c, VERSION, 5, NOW), "predictions_queue"),
    "fail_queued": (lambda c: queue.fail_queued(c, VERSION, NOW, ERROR, 5), "predictions_queue"),
    "demand": (queue.demand, "predictions_queue"),
    "due": (lambda c: queue.due(c, NOW, 5), "predictions_start_due"),
    "next_due": (queue.next_due, "predictions_start_due"),
    "assigned": (lambda c: queue.assigned(c, NODE), "predictions_assigned"),
    "cancel_requests": (lambda c: queue.cancel_requests(c, NODE), "predictions_assigned"),
    "rescue": (
        lambda c: queue.rescue(c, NOW, nodes=[NODE], limit=1, error_json=ERROR),
        "predictions_assigned",
    ),
    "page": (
        lambda c: browsing.page(c, ACCOUNT, statuses=None, before="z", after=None, limit=5),
        "predictions_by_account (account_id=? AND id<?)",
    ),
    "page of what went wrong": (
        lambda c: browsing.page(
            c, ACCOUNT, statuses=[Status.FAILED, Status.ABANDONED], before=None, after="a", limit=5
        ),
        "predictions_gone_wrong (account_id=? AND status=? AND id>?)",
    ),
    "page of what waits": (
        lambda c: browsing.page(c, ACCOUNT, statuses=[Status.PENDING], before=None, after=None, limit=5),
        "predictions_queue_of_account (account_id=?)",
    ),
    "page of what runs": (
        lambda c: browsing.page(c, ACCOUNT, statuses=[Status.STARTED], before="z", after=None, limit=5),
        "predictions_assigned",
    ),
}


ONE = rows.new()
BEHIND = "PRIMARY KEY (prediction_id=? AND number>?)"
OF_ONE = "PRIMARY KEY (prediction_id=?)"
BEFORE = "PRIMARY KEY (prediction_id=? AND number<?)"
READ: dict[str, tuple[Callable[[Connection], Any], str, str]] = {
    "items": (lambda c: events.after(c, ONE.id, 5), "events", BEHIND),
    "last item": (lambda c: events.last_number(c, ONE.id), "events", OF_ONE),
    "lines": (lambda c: logbook.of_runs(c, ONE, after=5, limit=5), "logs", BEHIND),
    "lines backwards": (lambda c: logbook.of_runs_before(c, ONE, before=5, limit=5), "logs", BEFORE),
    "last line": (
        lambda c: logs.append(c, ONE.id, 1, [Line(1, "stdout", "")]),
        "logs",
        "PRIMARY KEY (prediction_id=?)",
    ),
    "newest lines": (lambda c: logs.ends_with(c, ONE.id, 1, [Line(1, "stdout", "")]), "logs", OF_ONE),
    "lines of setups": (
        lambda c: logbook.of_setups(c, ONE, after=5, limit=5),
        "setup_logs",
        "INDEX setup_logs_by_version (version_id=? AND id>?)",
    ),
    "lines of setups backwards": (
        lambda c: logbook.of_setups_before(c, ONE, before=5, limit=5),
        "setup_logs",
        "INDEX setup_logs_by_version (version_id=? AND id<?)",
    ),
}


@pytest.mark.parametrize(("ask", "index"), ASKED.values(), ids=ASKED.keys())
async def test_no_question_of_the_queue_reads_the_whole_table(
    tmp_path: Path, ask: Callable[[Connection], Any], index: str
) -> None:
    plan = await _asked(tmp_path, ask, "predictions")

    assert not [step for step in plan if step.startswith("SCAN predictions") and not _is_partial(step)]
    assert any(index in step for step in plan)


@pytest.mark.parametrize(("ask", "table", "place"), READ.values(), ids=READ.keys())
async def test_items_and_lines_are_read_from_their_place_on_and_nothing_else_is(
    tmp_path: Path, ask: Callable[[Connection], Any], table: str, place: str
) -> None:
    plan = await _asked(tmp_path, ask, table)

    assert [step for step in plan if table in step] == [f"SEARCH {table} USING {place}"]
    assert not [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE" in step]


async def test_what_is_due_for_a_receiver_is_found_in_the_order_of_its_time(tmp_path: Path) -> None:
    def ask(c: Connection) -> None:
        deliveries.claim(c, "https://example.org:443", NOW, until=NOW, limit=5)
        deliveries.next_due(c, "https://example.org:443", NOW)

    plan = await _asked(tmp_path, ask, "deliveries")

    assert any("deliveries_due (receiver=? AND due_at<?)" in step for step in plan)
    assert not [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE FOR ORDER BY" in step]


def _is_partial(step: str) -> bool:
    """Whether what is read is an index of what waits or runs: all of it, but of nothing else."""
    return any(name in step for name in ("predictions_queue", "predictions_assigned"))


async def _asked(tmp_path: Path, ask: Callable[[Connection], Any], table: str) -> list[str]:
    """How SQLite finds what is asked for, of the statements that mention a table."""
    path = tmp_path / "augury.db"
    await anyio.to_thread.run_sync(migrate.upgrade, f"sqlite:///{path}")
    statements: list[str] = []

    def traced(c: Connection) -> None:
        raw = cast("sqlite3.Connection", c.execute(select(1)).connection.connection.driver_connection)
        raw.set_trace_callback(statements.append)
        ask(c)
        raw.set_trace_callback(None)

    async with open_database(f"sqlite:///{path}") as db:
        await db.write(rows.seed)
        await db.write(lambda c: predictions.insert(c, ONE))
        await db.write(traced)

    return _plan(path, [one for one in statements if table in one])


def _plan(path: Path, statements: list[str]) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[3] for one in statements for row in connection.execute(f"EXPLAIN QUERY PLAN {one}")]
    finally:
        connection.close()
