"""`[tool.augury]`: what an author says about how a model is run, checked key by key.

Knows nothing about the files around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from augury.domain.model import COMPATIBILITIES, Batch, RunOptions
from augury.packaging.toml import Table

KEYS = (
    "predictor",
    "hardware",
    "concurrency",
    "batch",
    "workers",
    "idle_timeout",
    "setup_timeout",
    "run_timeout",
    "start_timeout",
    "max_queue",
    "retries",
    "variables",
    "compatibilities",
    "no_deps",
    "system_packages",
)


@dataclass(frozen=True)
class AuthorTable:
    """The whole of `[tool.augury]`."""

    predictor: str | None
    no_deps: tuple[str, ...]
    system_packages: tuple[str, ...]
    """For containers only."""
    options: RunOptions


def read_author_table(table: Table) -> AuthorTable:
    """Read `[tool.augury]`; raises ProjectError for a key that is not known or a value that does not fit."""
    table.refuse_others(KEYS)
    return AuthorTable(
        predictor=table.text("predictor"),
        no_deps=table.texts("no_deps"),
        system_packages=table.texts("system_packages"),
        options=_run_options(table),
    )


def _run_options(table: Table) -> RunOptions:
    workers = table.table("workers")
    workers.refuse_others(("min", "max"))
    least = workers.integer("min", 0, least=0, most=1000)
    # Whoever wants three at all times, and says no more, does not mean at most one.
    most = workers.integer("max", max(1, least), least=1, most=1000)
    if least > most:
        workers.complain("min", f"[{workers.path}] min ({least}) is over max ({most})")
    return RunOptions(
        concurrency=table.integer("concurrency", 1, least=1, most=1000),
        workers_min=least,
        workers_max=most,
        idle_timeout=table.seconds("idle_timeout", least=0),
        setup_timeout=table.seconds("setup_timeout"),
        run_timeout=table.seconds("run_timeout"),
        start_timeout=table.seconds("start_timeout"),
        max_queue=table.integer("max_queue", 1, least=1, most=1_000_000) if "max_queue" in table.values else None,
        retries=table.integer("retries", 0, least=0, most=100),
        hardware=_hardware(table),
        variables=_variables(table),
        compatibilities=_compatibilities(table),
        batch=_batch(table),
    )


def _hardware(table: Table) -> str:
    hardware = table.text("hardware", "cpu") or "cpu"
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", hardware):
        table.expected("hardware", "an identifier such as cpu")
    return hardware


def _variables(table: Table) -> tuple[str, ...]:
    variables = table.texts("variables")
    for name in variables:
        if variables.count(name) > 1:
            table.complain("variables", f"[{table.path}] variables names {name} twice")
    return variables


def _compatibilities(table: Table) -> dict[str, bool]:
    offered = table.table("compatibilities")
    offered.refuse_others(COMPATIBILITIES)
    return {name: offered.flag(name) for name in offered.values}


def _batch(table: Table) -> Batch | None:
    if "batch" not in table.values:
        return None
    batch = table.table("batch")
    batch.refuse_others(("max_size", "max_wait"))
    if table.integer("concurrency", 1, least=1, most=1000) > 1:
        hint = "remove concurrency: max_size says how many run together"
        table.complain("concurrency", f"[{table.path}] concurrency and batch exclude each other", hint)
    if "max_size" not in batch.values:
        batch.complain("max_size", f"[{batch.path}] max_size is missing: how many predictions one call may get")
    return Batch(
        max_size=batch.integer("max_size", 1, least=1, most=10_000),
        max_wait=batch.seconds("max_wait", least=0, most=3600) or 0.0,
    )
