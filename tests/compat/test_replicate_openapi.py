"""JSON Schemas as the OpenAPI 3.0 documents that Replicate's clients and forms read."""

from __future__ import annotations

from typing import Any, cast

import pytest

from augury.compat.replicate.identity import is_version_id, parse_version_id, version_id
from augury.compat.replicate.openapi import document
from augury.domain import jsontext


def components(input: Any = None, output: Any = None, **more: Any) -> dict[str, Any]:
    """The schemas that a version's become."""
    made = document({"input": input or {"type": "object"}, "output": output or {}, **more})
    return cast("dict[str, Any]", made)["components"]["schemas"]


def field(schema: dict[str, Any], **definitions: Any) -> dict[str, Any]:
    """What a field of the input becomes, without its name and place."""
    given: dict[str, Any] = {"type": "object", "properties": {"one": schema}}
    made = components(given | ({"$defs": definitions} if definitions else {}))["Input"]["properties"]["one"]
    assert (made.pop("title"), made.pop("x-order")) == (schema.get("title", "One"), schema.get("x-order", 0))
    return made


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, {"type": "string"}),
        ({"type": ["integer", "null"]}, {"type": "integer", "nullable": True}),
        ({"type": ["number", "string"]}, {"anyOf": [{"type": "number"}, {"type": "string"}]}),
        ({"type": "null"}, {"nullable": True}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        ),
        (
            {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10},
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 10, "exclusiveMaximum": True},
        ),
        ({"type": "integer", "minimum": 1, "maximum": 5}, {"type": "integer", "minimum": 1, "maximum": 5}),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2},
            {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "minItems": 2},
        ),
        (
            {"type": "array", "items": {"type": ["string", "null"]}},
            {"type": "array", "items": {"type": "string", "nullable": True}},
        ),
        ({"type": "object", "propertyNames": {"pattern": "a"}}, {"type": "object"}),
        ({"type": "string", "format": "uri", "x-augury-type": "file"}, {"type": "string", "format": "uri"}),
        ({"type": "string", "examples": ["a", "b"], "default": ""}, {"type": "string", "example": "a", "default": ""}),
        ({"default": {"$ref": "x", "type": ["null"]}}, {"default": {"$ref": "x", "type": ["null"]}}),
    ],
)  # fmt: skip
def test_a_schema_is_said_in_the_older_words(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert field(schema) == expected


def test_choices_are_schemas_of_their_own() -> None:
    properties = {
        "mood": {"enum": ["a", "b", None], "type": ["string", "null"], "description": "How.", "default": "a"},
        "only": {"const": 5},
        "kind": {"$ref": "#/$defs/mood"},
    }
    made = components({"type": "object", "properties": properties, "$defs": {"mood": {"type": "integer"}}})
    assert made["mood"] == {"type": "integer"}
    mood = made["Input"]["properties"]["mood"]
    assert mood == {
        "allOf": [{"$ref": "#/components/schemas/mood_choices"}],
        "description": "How.",
        "default": "a",
        "nullable": True,
        "x-order": 0,
    }
    assert made["mood_choices"] == {
        "title": "Mood", "description": "An enumeration.", "type": "string", "enum": ["a", "b"],
    }  # fmt: skip
    assert made["only"]["enum"] == [5]
    assert made["Input"]["properties"]["kind"]["allOf"] == [{"$ref": "#/components/schemas/mood"}]


def test_definitions_of_the_input_and_of_the_output_keep_apart() -> None:
    point = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Point"}}}
    other = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Point"}, {"type": "null"}]}}}
    made = components(
        {"type": "object", "properties": {"at": {"$ref": "#/$defs/Point"}}, "$defs": {"Point": point}},
        {"$ref": "#/$defs/Point", "$defs": {"Point": other, "Input": {"type": "string"}}},
    )
    assert made["Input"]["properties"]["at"]["allOf"] == [{"$ref": "#/components/schemas/Point"}]
    assert made["Point"]["properties"]["next"] == {"$ref": "#/components/schemas/Point"}
    assert made["Output"] == {"title": "Output", "allOf": [{"$ref": "#/components/schemas/Point_"}]}
    assert made["Point_"]["properties"]["next"]["allOf"] == [{"$ref": "#/components/schemas/Point_"}]
    assert made["Point_"]["properties"]["next"]["nullable"] is True
    assert made["Input_"] == {"type": "string"}


def test_what_comes_in_pieces_says_how_it_is_shown() -> None:
    items = {"type": "array", "items": {"type": "integer"}}
    assert components(output=items)["Output"] == {"title": "Output", **items}
    streamed = components(output=items, stream_output={"type": "integer"})["Output"]
    assert streamed == {"title": "Output", **items, "x-cog-array-type": "iterator"}
    text = components(output={"type": "string"}, stream_output={"type": "string"})["Output"]
    assert text["x-cog-array-display"] == "concatenate"
    assert (text["type"], text["items"]) == ("array", {"type": "string"})


def test_a_schema_that_says_nothing_becomes_one_that_says_nothing() -> None:
    for nothing in ("{}", "true"):
        assert components({"type": "object"}, jsontext.loads(nothing))["Output"] == {"title": "Output"}
    assert components({"type": "object"})["Input"] == {"title": "Input", "type": "object", "properties": {}}
    assert field({"not": {"type": "string"}, "properties": {"a": False}})["properties"] == {"a": {"not": {}}}


def test_an_id_says_its_version_and_nothing_else_does() -> None:
    for number in (1, 2, 2**40, 2**63 - 1):
        made = version_id(number)
        assert is_version_id(made)
        assert parse_version_id(made) == number
        assert parse_version_id(made[:-1] + ("0" if made[-1] != "0" else "1")) is None
        assert parse_version_id(made.upper()) in (None, number)
    assert len({version_id(number) for number in range(1000)}) == 1000
    for other in ("", "1", "f" * 64, "0" * 64, version_id(2**63), version_id(1)[:-1], "g" * 64, version_id(1) + "\n"):
        assert parse_version_id(other) is None
