"""What is published and run: how a version wants to be run.

Knows nothing about files, processes or the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from augury.domain.jsontext import JsonObject, JsonValue

COMPATIBILITIES = (
    "openai_chat_completions",
    "openai_embeddings",
    "openai_images_generations",
    "openai_responses",
    "anthropic_messages",
)
"""The other APIs through which a version can be offered."""


@dataclass(frozen=True)
class Batch:
    """Several predictions handed to one predict() call."""

    max_size: int
    max_wait: float
    """Seconds that the first one may wait for others."""


@dataclass(frozen=True)
class RunOptions:
    """How a version wants to be run; times are seconds, None leaves them to the server."""

    concurrency: int = 1
    """Predictions that one worker runs at once, where predict() is async."""
    workers_min: int = 0
    workers_max: int = 1
    idle_timeout: float | None = None
    setup_timeout: float | None = None
    run_timeout: float | None = None
    start_timeout: float | None = None
    retries: int = 0
    """How often a prediction is run again after its worker died."""
    hardware: str = "cpu"
    variables: tuple[str, ...] = ()
    """Names of the owner's variables that the worker gets."""
    compatibilities: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Only what the author said; what is missing is inferred when the version is published."""
    batch: Batch | None = None

    def to_json(self) -> JsonObject:
        """A plain object that `from_json` reads back to the same options."""
        batch = self.batch
        return {
            "concurrency": self.concurrency,
            "workers_min": self.workers_min,
            "workers_max": self.workers_max,
            "idle_timeout": self.idle_timeout,
            "setup_timeout": self.setup_timeout,
            "run_timeout": self.run_timeout,
            "start_timeout": self.start_timeout,
            "retries": self.retries,
            "hardware": self.hardware,
            "variables": list(self.variables),
            "compatibilities": dict(self.compatibilities),
            "batch": None if batch is None else {"max_size": batch.max_size, "max_wait": batch.max_wait},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, JsonValue]) -> RunOptions:
        """What `to_json` made; a name that is missing gets its default, one that is not known is passed over."""
        known: dict[str, Any] = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        if "variables" in known:
            known["variables"] = tuple(known["variables"])
        if known.get("batch") is not None:
            known["batch"] = Batch(**known["batch"])
        return cls(**known)
