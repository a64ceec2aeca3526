"""Secrets in inputs: found by the schema, wherever they are, and put back as they were."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import Any

import pytest

from augury import Input, Secret
from augury.domain import jsontext
from augury.domain.errors import InvalidRequest
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.mask import STARS
from augury.sdk.signature import inspect_predict, schemas
from augury.service.secret_inputs import MOST, MOST_CHARACTERS, Secrets, mask_problems, put_back, secrets_of
from augury.service.validation import compile_schema


@dataclass
class Login:
    user: str
    password: Secret
    more: list[Login] | None = None


def every_place(
    text: str,
    token: Secret,
    maybe: Secret | None = None,
    several: list[Secret] = [],  # noqa: B006 - how authors write it
    named: dict[str, Secret] = {},  # noqa: B006
    pair: tuple[str, Secret] = ("", Secret("")),
    login: Login | None = None,
    either: int | Secret | None = None,
    bounded: Secret = Input(default=None, min_length=8),  # noqa: B008
) -> str:
    return text


SCHEMA: JsonObject = schemas(inspect_predict(every_place))["input"]
GIVEN: JsonObject = {
    "text": "plain",
    "token": "hush-1",
    "maybe": None,
    "several": ["hush-2", "hush-3"],
    "named": {"a": "hush-4"},
    "pair": ["plain", "hush-5"],
    "login": {"user": "ada", "password": "hush-6", "more": [{"user": "bob", "password": "hush-7", "more": None}]},
    "either": "hush-8",
    "unknown": "plain",
}
SEEN: JsonObject = {
    "text": "plain",
    "token": STARS,
    "maybe": None,
    "several": [STARS, STARS],
    "named": {"a": STARS},
    "pair": ["plain", STARS],
    "login": {"user": "ada", "password": STARS, "more": [{"user": "bob", "password": STARS, "more": None}]},
    "either": STARS,
    "unknown": "plain",
}


def found(schema: JsonObject = SCHEMA) -> Secrets:
    secrets = secrets_of(schema)
    assert secrets is not None
    return secrets


def test_secrets_are_taken_out_wherever_they_are_and_put_back_as_they_were() -> None:
    given = copy.deepcopy(GIVEN)
    hidden = found().hide(given)
    assert hidden.shown == SEEN
    assert given == GIVEN
    assert set(hidden.values) == {f"hush-{number}" for number in range(1, 9)}
    stored = jsontext.loads(jsontext.dumps([[list(path), value] for path, value in hidden.taken]))
    read = jsontext.loads(jsontext.dumps(hidden.shown))
    assert isinstance(read, dict)
    assert put_back(read, stored) == (GIVEN, hidden.values)


def test_an_input_without_its_secrets_is_the_same_object() -> None:
    given: JsonObject = {"text": "plain", "maybe": None}
    assert found().hide(given).shown is given


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"text": {"type": "string"}}},
        {"type": "object", "properties": {"format": {"type": "string", "default": "password"}}},
        True,
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/nowhere"}}},
    ],
)
def test_a_schema_without_secrets_has_none(schema: Any) -> None:
    assert secrets_of(schema) is None


@pytest.mark.parametrize(
    "marker", [{"x-augury-type": "secret"}, {"format": "password", "writeOnly": True}, {"x-cog-secret": True}]
)
def test_every_way_to_say_that_a_text_is_secret_is_understood(marker: dict[str, Any]) -> None:
    schema: JsonObject = {"type": "object", "properties": {"key": {"type": "string", **marker}}}
    assert found(schema).hide({"key": "hush"}).shown == {"key": STARS}


def test_whatever_stands_where_a_secret_should_is_one() -> None:
    secrets = found()
    values: list[JsonValue] = [12345, ["hush-9"], {"a": "hush-9"}, True]
    for value in values:
        hidden = secrets.hide({"token": value})
        assert hidden.shown == {"token": STARS}
    assert secrets.hide({"token": {"a": [1, "hush-9"]}}).values == ("a", "1", "hush-9")


def test_a_secret_that_is_an_object_hides_what_is_in_it_and_comes_back() -> None:
    schema: JsonObject = {
        "type": "object",
        "properties": {
            "a": {
                "anyOf": [
                    {"type": "object", "properties": {"key": {"format": "password"}}},
                    {"type": "object", "format": "password"},
                ]
            }
        },
    }
    given: JsonObject = {"a": {"key": "hush", "more": 1}}
    hidden = found(schema).hide(given)
    assert hidden.shown == {"a": STARS}
    assert put_back(dict(hidden.shown), [[list(path), value] for path, value in hidden.taken])[0] == given


def test_what_is_wrong_with_an_input_is_told_without_its_secrets() -> None:
    validator = compile_schema(SCHEMA)
    bad: JsonObject = {"token": 12345, "bounded": "short!!", "login": {"password": "hush-6"}, "several": ["hush-2", 7]}
    problems = mask_problems(validator.problems(bad, ("body", "input")), found().hide(bad))
    told = str([one.to_json() for one in problems])
    assert len(problems) >= 4
    for secret in ("12345", "short!!", "hush-6", "hush-2"):
        assert secret not in told
    assert "text" in told


def test_a_short_secret_is_not_told_either() -> None:
    validator = compile_schema(SCHEMA)
    bad: JsonObject = {"bounded": "q7", "token": "z9"}
    told = str([one.to_json() for one in mask_problems(validator.problems(bad, ("body", "input")), found().hide(bad))])
    assert "q7" not in told
    assert "z9" not in told


def test_an_input_has_so_many_secrets_and_no_more() -> None:
    several: list[JsonValue] = ["hush"] * MOST
    found().hide({"several": several}).check()
    found().hide({"token": "x" * MOST_CHARACTERS}).check()
    too_many: JsonObject = {"several": [*several, "hush"]}
    too_long: JsonObject = {"token": "x" * (MOST_CHARACTERS + 1)}
    for given in (too_many, too_long):
        with pytest.raises(InvalidRequest) as refused:
            found().hide(given).check()
        assert refused.value.problems[0].type == "secrets_too_big"


def test_a_deep_and_a_big_input_are_looked_through_in_no_time() -> None:
    login: JsonObject = {"user": "ada", "password": "hush", "more": None}
    for _ in range(60):
        login = {"user": "ada", "password": "hush", "more": [login]}
    items: list[JsonValue] = [["a"]] * 200_000
    given: JsonObject = {"text": "x", "token": "hush", "login": login, "unknown": items}
    began = time.perf_counter()
    hidden = found().hide(given)
    assert time.perf_counter() - began < 0.5
    assert "hush" not in jsontext.dumps(hidden.shown)
