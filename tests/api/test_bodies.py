"""Request bodies, read exactly: what is no JSON, no object, of a wrong type, or not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.api import schemas
from augury.domain import jsontext
from augury.domain.errors import InvalidRequest
from augury.http import bodies


def parse(raw: bytes) -> schemas.NewPrediction:
    return bodies.parse(schemas.NewPrediction, raw)[0]


def refusal(raw: bytes) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(InvalidRequest) as found:
        parse(raw)
    for problem in found.value.problems:
        jsontext.dumps(problem.to_json())
    return [(problem.loc, problem.type) for problem in found.value.problems]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"model": "a/b"',
        b"model=a/b",
        b'{"model": "a/b", "input": {"x": NaN}}',
        b'{"model": "a/b", "input": {"x": Infinity}}',
        b'{"model": "a/b", "input": {"x": 1e999}}',
        b'{"model": "a/b", "input": {"x": "\\ud800"}}',
        b'{"model": "a/b", "input": {"x": "\xed\xa0\x80"}}',
        b'{"model": "a/b", "input": {"x": "\xff"}}',
        b'{"model": "a/b", "input": {"x": "\x00"}}',
        '{"model": "a/b"}'.encode("utf-16"),
        b'{"model": "a/b", "input": {"x": ' + b"[" * 252 + b"]" * 252 + b"}}",
        b'{"model": "a/b", "input": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b"[" * 1_000_000,
    ],
)
def test_what_is_no_json_that_can_be_kept_is_refused_at_the_body(raw: bytes) -> None:
    assert refusal(raw) == [(("body",), "json_invalid")]


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"a/b"', b"1", b"true"])
def test_a_body_that_is_no_object_is_refused_at_the_body(raw: bytes) -> None:
    assert refusal(raw) == [(("body",), "dict_type")]


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        (b"{}", [(("body", "model"), "missing")]),
        (b'{"model": 5}', [(("body", "model"), "string_type")]),
        (b'{"model": null}', [(("body", "model"), "string_type")]),
        (b'{"model": "a/b", "input": []}', [(("body", "input"), "dict_type")]),
        (b'{"model": "a/b", "input": null}', [(("body", "input"), "dict_type")]),
        (b'{"model": "a/b", "stream": 1}', [(("body", "stream"), "bool_type")]),
        (b'{"model": "a/b", "stream": "true"}', [(("body", "stream"), "bool_type")]),
        (b'{"model": "a/b", "webhook": "http://x"}', [(("body", "webhook"), "model_type")]),
        (
            b'{"model": [], "input": "x", "stream": null}',
            [(("body", "model"), "string_type"), (("body", "input"), "dict_type"), (("body", "stream"), "bool_type")],
        ),
    ],
)
def test_every_wrong_type_is_named_with_its_place(
    raw: bytes, problems: list[tuple[tuple[str | int, ...], str]]
) -> None:
    assert refusal(raw) == problems


def test_what_is_left_out_has_its_default() -> None:
    body = parse(b'{"model": "a/b"}')
    assert (body.input, body.stream, body.webhook) == ({}, False, None)


def test_integers_of_any_size_arrive_exactly() -> None:
    big = 10**200 + 1
    assert parse(b'{"model": "a/b", "input": {"x": %d, "y": [-%d]}}' % (big, big)).input == {"x": big, "y": [-big]}


def test_an_escaped_nul_arrives_as_it_is() -> None:
    assert parse(b'{"model": "a/b", "input": {"x": "a\\u0000b"}}').input == {"x": "a\0b"}


@pytest.mark.parametrize("inner", [b"", b"1" * 30])
def test_nesting_up_to_the_limit_arrives_and_one_more_does_not(inner: bytes) -> None:
    def nested(depth: int) -> bytes:
        return b'{"model": "a/b", "input": {"x": ' + b"[" * depth + inner + b"]" * depth + b"}}"

    assert jsontext.dumps(parse(nested(bodies.DEPTH - 2)).input).count("[") == bodies.DEPTH - 2
    assert refusal(nested(bodies.DEPTH - 1)) == [(("body",), "json_invalid")]


def test_many_brackets_that_are_not_deep_arrive() -> None:
    body = parse(b'{"model": "a/b", "input": {"x": [' + b"[]," * 5000 + b"[]]}}")
    assert len(body.input["x"]) == 5001


def test_unknown_fields_are_passed_over_and_named() -> None:
    raw = b'{"model": "a/b", "wait": 5, "Input": {}, "f\xc3\xbcr\\nX-Evil: 1": 1}'
    body, ignored = bodies.parse(schemas.NewPrediction, raw)
    assert body.model == "a/b"
    assert ignored == "Input, f\\xfcr\\nX-Evil: 1, wait"


def test_very_many_unknown_fields_still_fit_a_header() -> None:
    raw = jsontext.dump_bytes({"model": "a/b", **{f"field-{number}": None for number in range(10_000)}})
    _, ignored = bodies.parse(schemas.NewPrediction, raw)
    assert ignored is not None
    assert len(ignored) < 2000


def test_a_wrong_value_is_shown_back_but_not_all_of_a_big_one() -> None:
    with pytest.raises(InvalidRequest) as found:
        parse(jsontext.dump_bytes({"model": ["x" * 100_000]}))
    assert len(str(found.value.problems[0].input)) < 2000


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail_in_another_way(raw: bytes) -> None:
    try:
        parse(raw)
    except InvalidRequest as error:
        for problem in error.problems:
            jsontext.dumps(problem.to_json())
