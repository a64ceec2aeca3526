"""What is published and run: models, their versions, how they are named, and how a version wants to be run.

Knows nothing about files, processes or the database.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from augury.domain.ids import AccountId, ModelId
from augury.domain.jsontext import JsonObject, JsonText, JsonValue

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
    max_queue: int | None = None
    """How many predictions may wait for a worker; None leaves that to the server."""
    retries: int = 0
    """How often a prediction is run again after its worker died."""
    hardware: str = "cpu"
    variables: tuple[str, ...] = ()
    """Names of the owner's variables that the worker gets."""
    compatibilities: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Only what the author said; what is missing is inferred when the version is published."""
    batch: Batch | None = None

    @property
    def slots(self) -> int:
        """How many predictions a worker takes at once."""
        return self.concurrency if self.batch is None else self.batch.max_size

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
            "max_queue": self.max_queue,
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


NAME_RULE = "1 to 64 letters, digits, dots, underscores and hyphens, beginning and ending with a letter or digit"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]{1,20}")
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}")


def as_name(text: str) -> str | None:
    """The name of an owner or a model in its stored form, lower case; None for what is no name (D50)."""
    lower = text.lower() if text.isascii() else ""
    return lower if _NAME.fullmatch(lower) else None


def is_digest(text: str) -> bool:
    """Whether the text is "sha256:" and 64 hexadecimal digits in lower case."""
    return _DIGEST.fullmatch(text) is not None


class MalformedReference(ValueError):
    """The text names no model: the message says what is expected."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A model as callers name it; without a number its latest version is meant."""

    owner: str
    name: str
    number: int | None = None

    def __str__(self) -> str:
        plain = f"{self.owner}/{self.name}"
        return plain if self.number is None else f"{plain}:{self.number}"


def parse_reference(text: str) -> Reference:
    """Read "owner/name" or "owner/name:number"; raises MalformedReference."""
    path, colon, number = text.partition(":")
    owner, slash, name = path.partition("/")
    if not slash:
        raise MalformedReference("A model is named as owner/name or owner/name:number.")
    owner_name, model_name = as_name(owner), as_name(name)
    if owner_name is None or model_name is None:
        raise MalformedReference(f"The names in owner/name are {NAME_RULE}.")
    if colon and not _NUMBER.fullmatch(number):
        raise MalformedReference("What follows the colon in owner/name:number is a version number.")
    return Reference(owner_name, model_name, int(number) if colon else None)


class Visibility(StrEnum):
    """Who sees a model, and who may run it (D51)."""

    PRIVATE = "private"
    """The owner alone."""
    PUBLIC = "public"
    """Everyone sees and runs it."""
    RESTRICTED = "restricted"
    """Everyone sees it; the owner and those on its access list run it."""


class ModelStatus(StrEnum):
    """Whether a model can be run now, as its latest version says."""

    READY = "ready"
    """A worker waits for it, or runs it."""
    STARTING = "starting"
    """A worker is being started."""
    COLD = "cold"
    """It has no worker: one is started when it is asked for."""
    BROKEN = "broken"
    """It cannot start."""
    EMPTY = "empty"
    """It has no version."""


def model_status(*, broken: bool, workers: Collection[str | None]) -> ModelStatus:
    """The status of a model that has a version: whether the latest is broken, and the states of its workers."""
    if broken:
        return ModelStatus.BROKEN
    if "ready" in workers:
        return ModelStatus.READY
    return ModelStatus.STARTING if "starting" in workers else ModelStatus.COLD


@dataclass(frozen=True, slots=True)
class Configuration:
    """What may be changed about a version."""

    hardware_identifier: str = "cpu"
    variable_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model, as it is stored. Times are microseconds since the epoch, `size` is in bytes."""

    id: int
    model_id: ModelId
    number: int
    release_notes: str
    schemas: JsonText
    """{"prediction": {"input", "output", "stream_output"?}}, as it was published."""
    compatibilities: Mapping[str, bool]
    """All that are known, by name."""
    digest: str
    """Empty where it is shown to somebody who may not run it, as is `size`."""
    size: int
    options: RunOptions
    entry: str | None
    """Where the predictor is, such as "predict.py:Predictor"; None: where the loader finds it."""
    configuration: Configuration
    revision: int
    """Counts the configurations."""
    broken_reason: JsonObject | None
    """None as well where it is shown to somebody who may not run it."""
    created_at: int


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """A model that can be called through other APIs. Times are microseconds since the epoch."""

    owner: str
    name: str
    created_at: int
    offers: frozenset[str]
    """Those APIs, of COMPATIBILITIES."""


@dataclass(frozen=True, slots=True)
class Category:
    """What models are sorted into. Times are microseconds since the epoch."""

    slug: str
    name: str
    description: str = ""
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it is stored. Times are microseconds since the epoch."""

    id: ModelId
    account_id: AccountId
    owner: str
    """The owner's name."""
    owner_avatar_url: str | None
    name: str
    visibility: Visibility
    created_at: int
    updated_at: int | None = None
    description: str | None = None
    overview: str | None = None
    source_url: str | None = None
    license_url: str | None = None
    paper_url: str | None = None
    cover_image_url: str | None = None
    last_version: int = 0
    """The highest number that was ever given to a version of it."""
    predictions_count: int = 0
    """Of all its versions, those that were removed since among them."""
    categories: tuple[Category, ...] = ()
    status: ModelStatus = ModelStatus.EMPTY


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """A model with the version that runs when none is named."""

    model: Model
    latest: Version | None
