"""Values against schemas: what is said about them, and schemas that want to do harm."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from augury.domain import jsontext
from augury.domain.jsontext import JsonObject, JsonValue
from augury.service.validation import BadSchema, check_schema, compile_schema, compile_set

PLACE = ("body", "schemas", "prediction", "input")


def problems(schema: JsonObject, value: JsonValue) -> list[tuple[tuple[str | int, ...], str]]:
    found = compile_schema(schema).problems(value, ("body", "input"))
    for one in found:
        jsontext.dumps(one.to_json())
        assert len(one.msg) < 1100
    return [(one.loc, one.type) for one in found]


def refusal(schema: JsonValue, *, of_object: bool = False) -> str:
    """What is said about a schema that is refused, quickly."""
    began = time.monotonic()
    (problem,) = check_schema(schema, PLACE, of_object=of_object)
    assert time.monotonic() - began < 5
    assert problem.loc[:4] == PLACE
    assert len(jsontext.dumps(problem.to_json())) < 4000
    return problem.msg


def test_every_place_is_named_with_what_was_expected_and_found() -> None:
    schema: JsonObject = {
        "type": "object",
        "properties": {"size": {"type": "integer", "maximum": 3}, "kind": {"enum": ["x", "y"]}},
        "required": ["size", "kind", "name"],
        "additionalProperties": False,
    }
    found = compile_schema(schema).problems({"size": 5, "kind": "z", "extra": 1}, ("body", "input"))
    assert [(one.loc, one.type, one.input) for one in found] == [
        (("body", "input"), "required", {"size": 5, "kind": "z", "extra": 1}),
        (("body", "input", "size"), "maximum", 5),
        (("body", "input", "kind"), "enum", "z"),
        (("body", "input"), "additional_properties", {"size": 5, "kind": "z", "extra": 1}),
    ]
    assert [one.ctx["expected"] for one in found] == ["name", 3, ["x", "y"], ["extra"]]
    assert found[0].msg == '"name" is a required property.'


@pytest.mark.parametrize(
    ("schema", "value", "fits"),
    [
        ({"type": "integer"}, 5, True),
        ({"type": "integer"}, "5", False),
        ({"type": "integer"}, 5.0, True),
        ({"type": "integer"}, 5.5, False),
        ({"type": "integer"}, True, False),
        ({"type": "boolean"}, 1, False),
        ({"type": "integer"}, 10**400, True),
        ({"type": "integer", "maximum": 2**64}, 2**64 + 1, False),
        ({"type": "integer", "maximum": 2**64}, 2**64, True),
        ({"type": "string", "maxLength": 1}, "\U0001f600", True),
        ({"type": ["string", "null"]}, None, True),
        ({"type": "string"}, None, False),
        ({"type": "string", "format": "uri"}, "no address", True),
        ({"type": "string", "format": "date-time"}, "never", True),
        ({"const": 1}, True, False),
        ({"prefixItems": [{"type": "string"}], "items": False}, ["a", "b"], False),
    ],
)
def test_values_fit_by_the_rules_of_json_schema_without_coercion(
    schema: JsonObject, value: JsonValue, fits: bool
) -> None:
    assert (problems(schema, value) == []) is fits


def test_a_long_value_is_shown_shortened_and_many_problems_are_cut_off() -> None:
    (problem,) = compile_schema({"type": "integer"}).problems("x" * 100_000)
    assert isinstance(problem.input, str)
    assert len(problem.input) <= 1025
    assert len(problem.msg) < 1100
    many: list[JsonValue] = ["x"] * 1000
    assert len(compile_schema({"items": {"type": "integer"}}).problems(many)) == 50


def test_a_place_inside_lists_is_named_by_its_number() -> None:
    schema: JsonObject = {"properties": {"a": {"items": {"properties": {"b": {"type": "null"}}}}}}
    assert problems(schema, {"a": [{"b": None}, {"b": 1}]}) == [(("body", "input", "a", 1, "b"), "type")]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"box": {"width": -1}}, [(("box", "width"), "minimum")]),
        ({"box": {"width": 1, "inner": {"width": "x"}}}, [(("box", "inner", "width"), "type")]),
        ({"box": {}}, [(("box",), "required")]),
        ({"box": 5}, [(("box",), "any_of")]),
        ({"pet": {"kind": "cat", "lives": "9"}}, [(("pet", "lives"), "type")]),
        ({"pet": {"kind": "dog"}}, [(("pet",), "required")]),
        ({"pet": {"kind": "cow"}}, [(("pet",), "any_of")]),
        ({"color": "pink"}, [(("color",), "enum")]),
        ({"number": 1}, [(("number",), "one_of")]),
        ({"number": 1.5}, [(("number",), "minimum")]),
        ({"number": 20}, [(("number",), "one_of")]),
    ],
    ids=lambda one: jsontext.dumps(one) if isinstance(one, dict) else "",
)
def test_of_several_alternatives_the_one_that_is_meant_is_told_about(
    value: JsonObject, told: list[tuple[tuple[str | int, ...], str]]
) -> None:
    pets: list[JsonValue] = [
        {
            "type": "object",
            "properties": {"kind": {"const": kind}, member: {"type": "integer"}},
            "required": ["kind", member],
        }
        for kind, member in (("cat", "lives"), ("dog", "age"))
    ]
    schema: JsonObject = {
        "properties": {
            "box": {"$ref": "#/$defs/box"},
            "pet": {"anyOf": pets},
            "color": {"anyOf": [{"enum": ["red", "blue"], "type": "string"}, {"type": "null"}]},
            "number": {
                "oneOf": [{"type": "integer", "minimum": 3}, {"type": "number", "minimum": 10}, {"type": "string"}]
            },
        },
        "$defs": {
            "box": {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {"width": {"type": "number", "minimum": 0}, "inner": {"$ref": "#/$defs/box"}},
                        "required": ["width"],
                    },
                    {"type": "null"},
                ]
            }
        },
    }
    assert problems(schema, value) == [(("body", "input", *path), kind) for path, kind in told]


def test_a_value_too_deep_to_be_told_about_is_a_problem_and_no_crash() -> None:
    deep: JsonValue = 1
    for _ in range(900):
        deep = {"a": deep}
    tree: JsonObject = {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#"}, {"type": "string"}]}}}
    assert problems(tree, deep) == [(("body", "input"), "invalid")]
    assert problems({"enum": [1]}, deep) == [(("body", "input"), "uncheckable")]


@pytest.mark.parametrize("item", [{"type": "integer"}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}])
@pytest.mark.parametrize("wrap", [False, True])
def test_a_million_problems_hold_up_nobody(item: JsonObject, wrap: bool) -> None:
    value: list[JsonValue] = ["x"] * 1_000_000
    listed: JsonObject = {"type": "array", "items": item}
    schema: JsonObject = {"anyOf": [listed, {"type": "null"}]} if wrap else listed
    began = time.monotonic()
    assert len(problems(schema, value)) == 1
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1:1/schema.json",
        "https://example.org/schema.json",
        "file:///etc/passwd",
        "other.json",
        "//example.org/x",
        "#/$defs/none",
        "#none",
        "urn:example:x",
    ],
)
def test_a_reference_out_of_the_schema_is_refused_and_nothing_is_fetched(reference: str) -> None:
    refusal({"type": "object", "properties": {"a": {"$ref": reference}}})
    with pytest.raises(BadSchema):
        compile_schema({"allOf": [{"$ref": reference}]})


@pytest.mark.parametrize("name", ["$schema", "$id", "$dynamicRef", "$vocabulary"])
def test_no_other_keyword_makes_anything_fetched(name: str) -> None:
    schema: JsonObject = {"type": "object", name: "http://127.0.0.1:1/x" if name != "$vocabulary" else {}}
    if not check_schema(schema, PLACE):
        assert problems(schema, {}) == []


def chain(length: int) -> JsonObject:
    """References that double at each step."""
    definitions: JsonObject = {"a0": {"type": "integer"}}
    for number in range(1, length):
        reference: JsonObject = {"$ref": f"#/$defs/a{number - 1}"}
        definitions[f"a{number}"] = {"anyOf": [reference, dict(reference)]}
    return {"$defs": definitions, "$ref": f"#/$defs/a{length - 1}"}


def test_references_that_double_at_each_step_are_refused_before_anything_is_checked() -> None:
    assert "keywords" in refusal(chain(40))
    assert "keywords" in refusal(
        {"type": "object", "properties": {"a": chain(40)["$defs"], "b": chain(40)}, **chain(40)}
    )
    assert check_schema(chain(8), PLACE) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"allOf": [{"not": {"$ref": "#"}}]},
        {"$anchor": "me", "if": {"$ref": "#me"}},
        {"$id": "http://example.org/x", "else": {"$ref": "http://example.org/x"}},
        {"$dynamicAnchor": "me", "dependentSchemas": {"a": {"$dynamicRef": "#me"}}},
    ],
)
def test_a_schema_that_applies_itself_to_the_same_value_for_ever_is_refused(schema: JsonObject) -> None:
    assert "without end" in refusal(schema)


def test_a_schema_that_comes_again_further_down_is_fine() -> None:
    tree: JsonObject = {
        "type": "object",
        "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    }
    assert check_schema(tree, PLACE, of_object=True) == []
    assert problems(tree, {"children": [{"children": [{"value": "x"}]}]}) == [
        (("body", "input", "children", 0, "children", 0, "value"), "type")
    ]


def test_a_deep_a_big_and_a_broad_schema_are_refused_quickly() -> None:
    deep: JsonObject = {}
    for _ in range(5000):
        deep = {"properties": {"a": deep}}
    refusal(deep)
    for levels, fine in ((40, True), (60, False), (150, False)):
        nested: JsonObject = {}
        for _ in range(levels):
            nested = {"properties": {"a": nested}}
        assert (check_schema(nested, PLACE) == []) is fine
    assert "bytes" in refusal({"enum": ["x" * 300_000]})
    refusal({"properties": {f"p{number}": {"type": "integer"} for number in range(20_000)}})
    alternatives: list[JsonValue] = [{"minimum": 1}] * 12_000
    assert "keywords" in refusal({"anyOf": alternatives})


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", r"(a*)*b\1", r"^(?=(a+)+$)a", r"^((a+)+)\2$", r"(?<=(a+))b"]
)
def test_a_pattern_that_backtracks_for_ever_ends_soon(pattern: str) -> None:
    schema: JsonObject = {"type": "string", "pattern": pattern}
    if check_schema(schema, PLACE):
        return
    compiled = compile_schema(schema)
    began = time.monotonic()
    for length in (30, 1000, 100_000):
        compiled.problems("a" * length + "!")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("pattern", ["(", "(a{1000}){1000}", "((a{100}){100}){100}", "[z-a]", "\\"])
def test_a_pattern_that_is_none_or_too_big_is_refused(pattern: str) -> None:
    refusal({"properties": {"a": {"pattern": pattern}}})


@pytest.mark.parametrize(
    "schema", [None, 1, "object", [], {"type": "nope"}, {"properties": []}, {"required": "a"}, {"minimum": "1"}]
)
def test_what_is_no_schema_is_refused(schema: JsonValue) -> None:
    refusal(schema)


def test_the_place_of_what_is_wrong_in_a_schema_is_named() -> None:
    (problem,) = check_schema({"properties": {"a": {"type": "nope"}}}, PLACE)
    assert problem.loc == (*PLACE, "properties", "a", "type")
    assert problem.input == "nope"


def test_the_schema_of_an_input_describes_an_object() -> None:
    for schema in ({}, True, {"type": "string"}, {"type": ["object", "null"]}):
        assert '"type": "object"' in refusal(cast("JsonValue", schema), of_object=True)
    assert check_schema({"type": "object"}, PLACE, of_object=True) == []


def test_a_lone_surrogate_in_a_schema_is_refused() -> None:
    refusal({"type": "object", "title": "\ud800"})


def test_a_set_compiles_what_is_there() -> None:
    compiled = compile_set({"input": {"type": "object"}, "output": True})
    assert compiled.output.problems(cast("Any", [1])) == []
    assert compiled.stream_output is None
    with pytest.raises(BadSchema):
        compile_set({"input": {"type": "object"}})
