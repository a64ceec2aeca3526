"""The description is exact enough to generate types from: what is always there is required, and nothing is vague."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest

from tests.support import models
from tests.support.models import Source

OTHERS = {"openai", "anthropic", "replicate"}

FREE = {
    "Place.input",
    "Place.ctx",
    "Prediction.input",
    "Prediction.output",
    "Prediction.metrics",
    "PredictionError.detail",
    "PredictionSchemas.input",
    "PredictionSchemas.output",
    "PredictionSchemas.stream_output",
    "OutputEvent.data",
}
"""What is the model's own JSON, or what was sent."""
SOMETIMES = {
    "PredictionSchemas.stream_output",
    "Version.size",
    "Version.container_image_digest",
    "PublishedVersion.size",
    "PublishedVersion.container_image_digest",
}
"""What is left out of some answers."""
WORDS = Source(
    """
    from typing import Iterator

    def predict(text: str) -> Iterator[str]:
        for word in text.split():
            print("saying", word, flush=True)
            if word == "stop":
                raise ValueError("told to stop")
            yield word
    """,
    input={"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    output={"type": "array", "items": {"type": "string"}},
)


@pytest.fixture(scope="module")
def document(stranger: httpx.Client) -> dict[str, Any]:
    return stranger.get("/openapi.json").raise_for_status().json()


@pytest.fixture(scope="module")
def answered(document: dict[str, Any]) -> set[str]:
    """The names of all shapes that our answers and events have."""
    found: set[str] = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            if not OTHERS & set(operation.get("tags", ())):
                found |= _names(document, operation["responses"], set())
    return found


def _names(document: dict[str, Any], part: object, known: set[str]) -> set[str]:
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(part)):
        if name not in known:
            known.add(name)
            _names(document, document["components"]["schemas"][name], known)
    return known


def _fields(document: dict[str, Any], names: set[str]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Each field of these shapes by its place, and whether it is always there."""
    for name in names:
        shape = document["components"]["schemas"][name]
        for field, schema in shape.get("properties", {}).items():
            yield f"{name}.{field}", schema, field in shape.get("required", ())


def _is_free(schema: dict[str, Any]) -> bool:
    choices = [schema, *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    kinds = {"type", "anyOf", "oneOf", "enum", "const", "$ref"}
    return any(
        not kinds & set(one)
        or (one.get("type") == "object" and "properties" not in one)
        or (one.get("type") == "array" and "items" not in one)
        for one in choices
    )


def test_every_field_of_an_answer_has_a_type_but_what_is_the_models_own(
    document: dict[str, Any], answered: set[str]
) -> None:
    assert {"Prediction", "ModelSummary", "StatisticsAnswer", "LogEvent", "Invalid"} <= answered
    assert {place for place, schema, _ in _fields(document, answered) if _is_free(schema)} == FREE


def test_every_field_of_an_answer_is_required_but_what_is_left_out_of_some(
    document: dict[str, Any], answered: set[str]
) -> None:
    found = list(_fields(document, answered))
    assert {place for place, _, always in found if not always} == SOMETIMES
    assert not [place for place, schema, _ in found if "default" in schema]


def test_every_answer_with_a_body_says_what_is_in_it(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if OTHERS & set(operation.get("tags", ())):
                continue
            for status, response in operation["responses"].items():
                for kind, content in response.get("content", {}).items():
                    assert content.get("schema"), (path, status, kind)


def test_shapes_have_names_that_programs_can_have(document: dict[str, Any]) -> None:
    assert not [name for name in document["components"]["schemas"] if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)]


@pytest.mark.parametrize("text", ["one two", "one stop"])
def test_events_are_as_they_are_described(document: dict[str, Any], owner: httpx.Client, text: str) -> None:
    model = models.publish(owner, f"words-{len(text)}", WORDS)
    answer = owner.post("/v1/predictions", json={"model": model, "input": {"text": text}, "stream": True})
    one = answer.json()["id"]
    events = _events(owner, f"/v1/predictions/{one}/stream", int)
    assert (events[0]["event"], events[-1]["event"]) == ("init", "error" if "stop" in text else "done")
    _fit(document, "PredictionEvent", events)
    lines = _events(owner, f"/v1/predictions/{one}/logs?follow=true", str)
    assert {each["event"] for each in lines} == {"log", "done"}
    _fit(document, "PredictionLogEvent", lines)


def _events(http: httpx.Client, path: str, number: type[int] | type[str]) -> list[dict[str, Any]]:
    text = http.get(path, headers={"Accept": "text/event-stream"}).raise_for_status().text
    found: list[dict[str, Any]] = []
    for frame in filter(None, text.split("\n\n")):
        if frame.startswith(":"):
            continue
        fields = dict(line.split(": ", 1) for line in frame.split("\n"))
        found.append({"id": number(fields["id"]), "event": fields["event"], "data": json.loads(fields["data"])})
    return found


def _fit(document: dict[str, Any], name: str, events: list[dict[str, Any]]) -> None:
    shape = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    check = jsonschema_rs.Draft202012Validator(shape)
    for event in events:
        assert [str(error) for error in check.iter_errors(event)] == []
