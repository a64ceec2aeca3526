"""The shapes of request and response bodies: what is checked of the first, and what the OpenAPI says about both.

Requests are read by `bodies.parse`: strictly, and passing over fields that are not known. Responses are written by the
services' serializers; the models here only describe them, and a test compares the two.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar, Union

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, create_model

from augury.domain.model import ModelStatus
from augury.domain.prediction import Status

Item = TypeVar("Item")

Visibility = Literal["private", "public", "restricted"]
# Lengths are described here and checked by the services, who know them.
Text = Annotated[str, Field(json_schema_extra={"maxLength": 100_000})]
Line = Annotated[str, Field(json_schema_extra={"maxLength": 255})]
Url = Annotated[str, Field(json_schema_extra={"maxLength": 2048, "format": "uri"})]
OwnerPath = Annotated[str, Path(description="The name of the model's owner.", examples=["ada"])]
NamePath = Annotated[str, Path(description="The name of the model.", examples=["echo"])]
NumberPath = Annotated[str, Path(description="The number of the version.", examples=["1"])]
PredictionIdPath = Annotated[str, Path(description="The id of the prediction.", json_schema_extra={"format": "uuid"})]
DeliveryIdPath = Annotated[str, Path(description="The id of the delivery: what its requests have as `webhook-id`.")]
DigestPath = Annotated[
    str, Path(description="`sha256:` and the SHA-256 of the bundle's bytes in hex.", examples=["sha256:" + "0" * 64])
]


def _sometimes(schema: dict[str, Any]) -> None:
    """Say of a field of an answer that it may be missing: then it has no default either."""
    schema.pop("default", None)


class NewWebhook(BaseModel):
    """Where to tell of each change of a prediction."""

    url: str = Field(
        description="http or https, without a user name; not an address of the server's own network.",
        examples=["https://example.com/hooks"],
        json_schema_extra={"maxLength": 2048, "format": "uri"},
    )
    secret: str | None = Field(
        None,
        description="What the requests are signed with: any text, or `whsec_` and a key in base64. It is never shown.",
        json_schema_extra={"minLength": 1, "maxLength": 1024},
    )


class NewPrediction(BaseModel):
    """What to run, and on what."""

    model_config = ConfigDict(json_schema_extra={"example": {"model": "ada/echo:1", "input": {"text": "hello"}}})

    model: str = Field(
        max_length=200, description="`owner/name` for the latest version, or `owner/name:number` for a certain one."
    )
    input: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="What the version's input schema asks for."
    )
    stream: bool = Field(False, description="Whether the prediction's events can be streamed.")
    webhook: NewWebhook | None = Field(None, description="Who is told of each change, with the prediction as it is.")


class NewModel(BaseModel):
    """A model to make; `name` is all it needs."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "echo", "visibility": "public"}})

    name: str = Field(description="Letters, digits and `._-`, up to 64 of them; kept in lower case.", examples=["echo"])
    visibility: Visibility = Field(
        "private",
        description="private: yours only. restricted: everyone sees it, those on its list run it. public: everyone.",
    )
    description: Text | None = None
    overview: Text | None = None
    source_url: Url | None = None
    license_url: Url | None = None
    paper_url: Url | None = None
    category_slugs: list[str] = Field(default_factory=list[str], description="Categories that it is in, at most 10.")


class ModelChange(BaseModel):
    """What to change about a model; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"example": {"description": "Says it again."}})

    name: str = Field("", description="A new name.")
    visibility: Visibility = "private"
    description: Text | None = None
    overview: Text | None = None
    source_url: Url | None = None
    license_url: Url | None = None
    paper_url: Url | None = None
    category_slugs: list[str] = Field(default_factory=list[str], description="Replaces the whole list.")


class NewCompatibilities(BaseModel):
    """Through which other APIs a version is to be called; what is left out is told by its signature."""

    openai_chat_completions: bool = False
    openai_embeddings: bool = False
    openai_images_generations: bool = False
    openai_responses: bool = False
    anthropic_messages: bool = False


class Compatibilities(BaseModel):
    """Through which other APIs a version can be called."""

    openai_chat_completions: bool
    openai_embeddings: bool
    openai_images_generations: bool
    openai_responses: bool
    anthropic_messages: bool


class PredictionSchemas(BaseModel):
    """JSON Schemas (2020-12) of what goes in, comes out, and is streamed."""

    input: dict[str, Any]
    output: dict[str, Any]
    stream_output: dict[str, Any] | None = Field(
        None, description="Of an item; left out where nothing is streamed.", json_schema_extra=_sometimes
    )


class Schemas(BaseModel):
    """The JSON Schemas of a version."""

    prediction: PredictionSchemas


class Configuration(BaseModel):
    """What may be changed about a version."""

    hardware_identifier: Line = Field(examples=["cpu"])
    variable_names: list[Line]


class ConfigurationChange(BaseModel):
    """What to change in a version's configuration; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"example": {"hardware_identifier": "cpu"}})

    hardware_identifier: Line = ""
    variable_names: list[Line] = Field(default_factory=list[str], description="Replaces the whole list.")


class NewVersion(BaseModel):
    """A version to publish: its bundle has been put under /v1/bundles before."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "release_notes": "The first.",
                "schemas": {"prediction": {"input": {"type": "object"}, "output": {"type": "string"}}},
                "container_image_digest": "sha256:" + "0" * 64,
            }
        }
    )

    release_notes: Line
    schemas: Schemas
    container_image_digest: str = Field(
        examples=["sha256:" + "0" * 64], json_schema_extra={"pattern": "^sha256:[a-f0-9]{64}$"}
    )
    compatibilities: NewCompatibilities | None = None
    configuration: Configuration | None = Field(None, description="Left out: that of the version before.")


class UserChange(BaseModel):
    """What to change about yourself; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"example": {"display_name": "Ada"}})

    name: str = Field("", description="A new name.")
    display_name: Line | None = None
    bio: Text | None = None
    urls: list[Url] | None = None
    company: Line | None = None
    location: Line | None = None


class ModelReference(BaseModel):
    """The version that a prediction runs on."""

    owner: str
    name: str
    version_number: int


class PredictionSummary(BaseModel):
    """A prediction as lists show it."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    created_at: str = Field(examples=["2025-08-13T11:48:44.371093Z"])
    status: Status
    updated_at: str
    setup_time: str | None = Field(
        description="How long it waited for a worker to be set up (ISO 8601).", examples=["PT1.5S"]
    )
    execution_time: str | None = Field(description="How long it ran (ISO 8601).", examples=["PT0.25S"])
    model: ModelReference


class PredictionError(BaseModel):
    """Why a prediction did not succeed."""

    source: Literal["external", "internal"] = Field(
        description="external: the model or its input. internal: the platform."
    )
    message: str
    detail: dict[str, Any] | None


class Timeline(BaseModel):
    """When a prediction came to each state; of one that was given back to the queue, this time."""

    created_at: str
    starting_at: str | None = Field(description="When a worker began to be started for it; null where one was there.")
    started_at: str | None = Field(description="When its model's code began to run on it.")
    completed_at: str | None = Field(description="When it ended, whatever way.")


class Prediction(PredictionSummary):
    """A prediction."""

    input: dict[str, Any] | None
    output: Any = Field(description="What the version's output schema says; null where there is none.")
    error: PredictionError | None
    metrics: dict[str, Any] | None = Field(
        description="What its code has recorded so far, and once it has ended `queue_time`, `setup_time` and "
        "`predict_time`, in seconds, where there are such."
    )
    stream: bool
    timeline: Timeline


class LogLine(BaseModel):
    """A line that a model's code has written."""

    time: str
    phase: Literal["setup", "run"] = Field(description="setup: of the worker that the prediction waited for.")
    stream: str = Field(description="stdout, stderr, logging, or progress for the words of a progress report.")
    attempt: int = Field(description="Which run of the prediction wrote it, from 1; 0 for a setup.")
    text: str


class DeliveryAttempt(BaseModel):
    """One try to deliver."""

    number: int
    started_at: str
    duration: float = Field(description="In seconds.")
    status_code: int | None = Field(description="What the receiver answered; null if it did not.")
    error: str | None = Field(description="Why there was no answer.")
    response: str | None = Field(description="The first KiB of the answer's body.")


class Delivery(BaseModel):
    """A state of a prediction, on its way to the webhook."""

    id: str = Field(description="The `webhook-id` of its requests.")
    prediction_id: str = Field(json_schema_extra={"format": "uuid"})
    status: Status = Field(description="What it tells of.")
    state: Literal["due", "sending", "delivered", "failed", "superseded"] = Field(
        description="superseded: something newer was sent instead."
    )
    created_at: str
    due_at: str | None = Field(description="When it is tried next.")
    ended_at: str | None
    attempts: list[DeliveryAttempt]


class BaseUser(BaseModel):
    """An account, briefly."""

    account_id: str
    name: str
    avatar_url: str


class User(BaseUser):
    """An account."""

    display_name: str | None
    bio: str | None
    location: str | None
    company: str | None
    created_at: str
    updated_at: str | None
    urls: list[str] | None


class Category(BaseModel):
    """What kind of model it is."""

    name: str
    slug: str


class ModelSummary(BaseModel):
    """A model as lists show it."""

    id: str
    name: str
    created_at: str
    visibility: Visibility
    description: str | None
    updated_at: str | None
    owner: BaseUser
    predictions_count: int
    categories: list[Category]
    cover_image_url: str | None
    status: ModelStatus = Field(
        description="Whether its latest version can be run now: ready and starting tell of its workers; cold: it has "
        "none, one is started when it is asked for; broken: it cannot start; empty: there is no version."
    )


class VersionSummary(BaseModel):
    """A version as lists show it."""

    number: int
    release_notes: str
    created_at: str


class Version(VersionSummary):
    """A version."""

    schemas: Schemas
    compatibilities: Compatibilities
    broken_reason: str | None = Field(
        description="Why it cannot start; null where it can, as far as is known, and where you may not run it."
    )
    size: int = Field(
        0,
        description="Of its files, packed, in bytes; left out where you may see but not run it.",
        json_schema_extra=_sometimes,
    )
    container_image_digest: str = Field(
        "", description="What names its files; left out where you may not run it.", json_schema_extra=_sometimes
    )


class PublishedVersion(Version):
    """A version, with its configuration."""

    configuration: Configuration


class Model(ModelSummary):
    """A model."""

    overview: str | None
    latest_version: Version | None
    source_url: str | None
    license_url: str | None
    paper_url: str | None


class Page(BaseModel, Generic[Item]):
    """A part of a list; a cursor that is null says that there is nothing more on that side."""

    items: list[Item]
    next_cursor: str | None
    previous_cursor: str | None


@cache
def page_of(*items: type[BaseModel]) -> type[BaseModel]:
    """A page whose items are each of one of these models, by a name that generated clients can have: ModelPage."""
    name = "Or".join(one.__name__ for one in items) + Page.__name__
    return create_model(name, __base__=Page[Union[items]], __doc__=Page.__doc__)  # noqa: UP007 - known at run time


class StoredBundle(BaseModel):
    """A bundle that is there."""

    digest: str


class Bundle(StoredBundle):
    """A bundle that was put."""

    size: int


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class Recovered(BaseModel):
    """What an earlier process had left, when this one began."""

    predictions: int = Field(description="Given back to the queue.")
    processes: int = Field(description="Still there, and ended.")


class Health(BaseModel):
    """Whether the server can take work."""

    status: Literal["ready", "not_ready"]
    problems: list[str] = Field(description="What keeps it from that, one sentence each.")
    node: str | None = Field(description="The engine's id.")
    since: str | None = Field(description="When the engine became ready.")
    recovered: Recovered
    lease_lost_at: str | None = Field(description="When this node was taken for lost by others, the last time.")


class Node(BaseModel):
    """An engine's process."""

    id: str
    hostname: str
    pid: int
    started_at: str
    lease_until: str = Field(description="Taken for lost if it has not given another sign of life by then.")


class Worker(BaseModel):
    """A process that runs a model."""

    id: str
    node_id: str
    hostname: str | None
    pid: int | None
    model: ModelReference
    state: Literal["starting", "ready", "draining"]
    slots: int = Field(description="How many predictions it runs at once.")
    predictions: list[str] = Field(description="What it runs or is about to, oldest first.")
    created_at: str
    ready_at: str | None


class Fleet(BaseModel):
    """What runs where."""

    nodes: list[Node]
    workers: list[Worker]


class Error(BaseModel):
    """What went wrong."""

    detail: str = Field(description="One sentence.")
    code: str = Field(description="For programs.")
    hint: str | None = Field(description="What to do.")
    request_id: str = Field(description="To find it in the server's log; also in the header X-Request-Id.")


class Place(BaseModel):
    """One thing that is wrong in a request."""

    loc: list[str | int]
    msg: str
    type: str
    input: Any = Field(description="What was sent; null where that is not shown.")
    ctx: dict[str, Any] = Field(description="What there is to say besides, by name.")


class Invalid(BaseModel):
    """Everything that is wrong in a request."""

    detail: list[Place]
