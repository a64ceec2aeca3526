"""POST /v1/predictions: what is answered, and what is refused."""

from __future__ import annotations

import json
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.server import Server
from tests.support.signals import until

HELD = {"Prefer": "wait"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def create(http: httpx.Client, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    return http.post("/v1/predictions", content=json.dumps(body), headers=headers)


def problems(answer: httpx.Response) -> list[tuple[list[str | int], str]]:
    assert answer.status_code == 422, answer.text
    assert set(answer.json()) == {"detail"}
    for problem in answer.json()["detail"]:
        assert set(problem) == {"loc", "msg", "type", "input", "ctx"}
        assert problem["msg"]
    return [(problem["loc"], problem["type"]) for problem in answer.json()["detail"]]


def test_the_example_of_the_create_page_answers_as_the_page_says(owner: httpx.Client, echo: str) -> None:
    headers = {"Validate-Input": "false", "Prefer": "string", "Content-Type": "application/json"}
    answer = create(owner, {"model": echo, "input": {"value": {"a": [1, 2.5, None, "ä"]}}}, headers)
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    made = answer.json()
    assert uuid.UUID(made["id"]).version == 7
    assert made["model"] == {"owner": "owner", "name": "echo", "version_number": 1}
    assert TIME.fullmatch(made["created_at"])
    assert TIME.fullmatch(made["updated_at"])
    assert made["status"] in ("pending", "starting", "started")
    assert made["input"] == {"value": {"a": [1, 2.5, None, "ä"]}}
    assert (made["output"], made["error"], made["execution_time"]) == (None, None, None)
    assert answer.headers["location"] == f"/v1/predictions/{made['id']}"
    assert "preference-applied" not in answer.headers

    done = until(lambda: finished(owner, made["id"]), "the prediction ends", deadline=20)
    assert done is not None
    assert (done["status"], done["output"]) == ("succeeded", {"a": [1, 2.5, None, "ä"]})
    assert re.fullmatch(r"PT\d+(\.\d+)?S", done["execution_time"])
    assert done["created_at"] == made["created_at"]
    assert done["error"] is None


def finished(http: httpx.Client, prediction_id: str) -> dict[str, Any] | None:
    found = http.get(f"/v1/predictions/{prediction_id}").raise_for_status().json()
    return found if found["status"] in ("succeeded", "failed", "cancelled", "abandoned") else None


@pytest.mark.parametrize("prefer", ["wait", "wait=5", "wait=5.0", "respond-async, wait=5", "wait=1e9"])
def test_a_hold_brings_the_result_and_says_what_was_applied(owner: httpx.Client, echo: str, prefer: str) -> None:
    answer = create(owner, {"model": echo, "input": {"value": 1}}, {"Prefer": prefer})
    assert (answer.status_code, answer.json()["status"], answer.json()["output"]) == (200, "succeeded", 1)
    applied = {"wait": "wait=10", "wait=1e9": "wait=20"}.get(prefer, "wait=5")
    assert answer.headers["preference-applied"] == applied


@pytest.mark.parametrize("prefer", ["wait=abc", "wait=-1", "wait=nan", "wait=inf", "string", ""])
def test_a_preference_that_cannot_be_read_is_ignored(owner: httpx.Client, echo: str, prefer: str) -> None:
    answer = create(owner, {"model": echo, "input": {"value": 1}}, {"Prefer": prefer})
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers


def test_a_hold_of_no_time_answers_at_once(owner: httpx.Client, latch: str, tmp_path: Path) -> None:
    started = time.monotonic()
    answer = create(owner, {"model": latch, "input": {"path": str(tmp_path / "open")}}, {"Prefer": "wait=0"})
    assert answer.status_code == 202
    assert time.monotonic() - started < 1
    (tmp_path / "open").touch()


@pytest.mark.parametrize("seconds", [0.3, 1.3])
def test_a_hold_answers_before_it_ends_and_not_long_before(
    owner: httpx.Client, latch: str, tmp_path: Path, seconds: float
) -> None:
    started = time.monotonic()
    body = {"model": latch, "input": {"path": str(tmp_path / "open")}}
    answer = create(owner, body, {"Prefer": f"wait={seconds}"})
    passed = time.monotonic() - started
    (tmp_path / "open").touch()
    assert answer.status_code == 202
    assert answer.json()["status"] in ("pending", "starting", "started")
    assert answer.headers["preference-applied"] == f"wait={seconds}"
    assert seconds * 0.8 < passed < seconds + 0.05


def test_a_hold_ends_with_its_prediction(owner: httpx.Client, latch: str, tmp_path: Path) -> None:
    body = {"model": latch, "input": {"path": str(tmp_path / "open")}}
    with ThreadPoolExecutor(1) as others:
        answering = others.submit(create, owner, body, HELD)
        until(lambda: running(owner, str(tmp_path)), "the prediction runs", deadline=15)
        opened = time.monotonic()
        (tmp_path / "open").touch()
        answer = answering.result(10)
    assert (answer.status_code, answer.json()["output"]) == (200, "opened")
    assert time.monotonic() - opened < 1


def running(http: httpx.Client, folder: str) -> bool:
    page = http.get("/v1/predictions", params={"statuses": "started", "page_size": 100}).json()["items"]
    return any(folder in str(http.get(f"/v1/predictions/{one['id']}").json()["input"]) for one in page)


def test_a_client_that_hangs_up_ends_its_hold_and_not_the_prediction(
    owner: httpx.Client, latch: str, tmp_path: Path
) -> None:
    body = {"model": latch, "input": {"path": str(tmp_path / "open")}}
    with pytest.raises(httpx.ReadTimeout):
        owner.post("/v1/predictions", json=body, headers={"Prefer": "wait=15"}, timeout=1.5)
    until(lambda: running(owner, str(tmp_path)), "the prediction still runs", deadline=15)
    (tmp_path / "open").touch()
    assert until(lambda: not running(owner, str(tmp_path)), "the prediction ends")


def test_what_is_left_out_of_the_body_has_its_default(owner: httpx.Client, shout: str) -> None:
    answer = create(owner, {"model": shout}, HELD)
    assert answer.status_code == 200
    assert (answer.json()["input"], answer.json()["stream"], answer.json()["status"]) == ({}, False, "failed")


def test_fields_that_are_not_known_are_passed_over_and_named(owner: httpx.Client, shout: str) -> None:
    body = {"model": shout, "input": {"text": "a"}, "inputs": {}, "priority": 5}
    answer = create(owner, body, HELD)
    assert (answer.status_code, answer.json()["output"]) == (200, "A")
    assert answer.headers["augury-ignored"] == "inputs, priority"


def test_nothing_is_named_where_nothing_was_passed_over(owner: httpx.Client, shout: str) -> None:
    assert "augury-ignored" not in create(owner, {"model": shout, "input": {"text": "a"}}, HELD).headers


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"model=a/b",
        b'{"model": "a/b"} x',
        b'{"model": "a/b", "input": {"value": NaN}}',
        b'{"model": "a/b", "input": {"value": -Infinity}}',
        b'{"model": "a/b", "input": {"value": "\\ud800"}}',
        b'{"model": "a/b", "input": {"value": "\xff"}}',
        b'{"model": "a/b", "input": {"value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
)
def test_what_is_no_json_is_refused(owner: httpx.Client, raw: bytes) -> None:
    assert problems(owner.post("/v1/predictions", content=raw)) == [(["body"], "json_invalid")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([], [(["body"], "dict_type")]),
        (None, [(["body"], "dict_type")]),
        ({}, [(["body", "model"], "missing")]),
        ({"model": 5}, [(["body", "model"], "string_type")]),
        ({"model": "a/b", "input": [1]}, [(["body", "input"], "dict_type")]),
        ({"model": "a/b", "input": "text"}, [(["body", "input"], "dict_type")]),
        ({"model": "a/b", "stream": "yes"}, [(["body", "stream"], "bool_type")]),
        ({"model": "a/b", "webhook": {"url": 5}}, [(["body", "webhook", "url"], "string_type")]),
    ],
)
def test_wrong_types_are_refused_each_at_its_place(
    owner: httpx.Client, body: Any, expected: list[tuple[list[str | int], str]]
) -> None:
    assert problems(create(owner, body)) == expected


def test_a_stream_without_a_hold_is_answered_with_the_prediction(owner: httpx.Client, shout: str) -> None:
    body = {"model": shout, "input": {"text": "a"}, "stream": True}
    answer = create(owner, body)
    assert (answer.status_code, answer.json()["stream"]) == (202, True)


@pytest.mark.parametrize(
    "model",
    ["", "echo", "/", "owner/", "/echo", "owner/echo/x", "owner/echo:", "owner/echo:x", "owner/echo:-1", "a b/c"],
)
def test_a_reference_that_names_no_model_is_refused(owner: httpx.Client, model: str) -> None:
    ((place, _),) = problems(create(owner, {"model": model}))
    assert place == ["body", "model"]


@pytest.mark.parametrize("model", ["owner/\0", "owner/echo\n", "ówner/echo", "owner/echo:\u0661", "x" * 10_000])
def test_a_reference_of_strange_characters_is_refused(owner: httpx.Client, model: str) -> None:
    ((place, _),) = problems(create(owner, {"model": model}))
    assert place == ["body", "model"]


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("nobody/echo", "model_not_found"),
        ("owner/nothing", "model_not_found"),
        ("owner/echo:99", "version_not_found"),
        ("owner/echo:0", "version_not_found"),
        ("owner/echo:99999999999999999999", "version_not_found"),
    ],
)
def test_a_model_or_version_that_is_not_there_is_a_404(owner: httpx.Client, echo: str, model: str, code: str) -> None:
    answer = create(owner, {"model": model, "input": {"value": 1}})
    assert (answer.status_code, answer.json()["code"]) == (404, code)


def test_a_model_without_a_version_is_a_409(owner: httpx.Client) -> None:
    owner.post("/v1/models", json={"name": "empty"}).raise_for_status()
    answer = create(owner, {"model": "owner/empty"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_version")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "missing_token"),
        ("Bearer", "malformed_token"),
        ("Basic dXNlcjpwYXNz", "malformed_token"),
        ("aug_x", "malformed_token"),
        ("Bearer aug_" + "x" * 43, "invalid_token"),
        ("Bearer ä", "invalid_token"),
        ("Bearer " + "x" * 5000, "invalid_token"),
    ],
)
def test_without_a_right_token_nothing_is_read(stranger: httpx.Client, authorization: str | None, code: str) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    answer = stranger.post("/v1/predictions", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == {"detail", "code", "hint", "request_id"}


def test_the_scheme_of_a_token_is_written_in_any_case(server: Server, stranger: httpx.Client) -> None:
    assert stranger.get("/v1/user", headers={"Authorization": f"bEARER {server.token}"}).status_code == 200


def test_input_is_checked_before_anything_is_stored_when_asked(owner: httpx.Client, shout: str) -> None:
    newest = owner.get("/v1/predictions", params={"page_size": 1}).json()["items"]
    answer = create(owner, {"model": shout, "input": {"times": "5"}}, {"Validate-Input": "true"})
    expected = [(["body", "input"], "required"), (["body", "input", "times"], "type")]
    assert sorted(problems(answer)) == expected
    assert owner.get("/v1/predictions", params={"page_size": 1}).json()["items"] == newest


@pytest.mark.parametrize(("times", "fits"), [(5, True), (5.0, True), ("5", False), (True, False), (5.5, False)])
def test_types_are_json_schemas_and_nothing_is_coerced(
    owner: httpx.Client, shout: str, times: object, *, fits: bool
) -> None:
    answer = create(owner, {"model": shout, "input": {"text": "a", "times": times}}, HELD | {"Validate-Input": "true"})
    assert answer.status_code == (200 if fits else 422)
    if fits:
        assert answer.json()["output"] == "AAAAA"


VALUES: list[object] = [
    10**19,
    -(10**19),
    2**63,
    2**64,
    10**300 + 1,
    0.1,
    5e-324,
    1.7976931348623157e308,
    "a\0b",
    "\x1f\u2028\U0001f600",
    "x" * 1_000_000,
    [[[[]]]],
    {"": {"a\0": None}},
]


@pytest.mark.parametrize("value", VALUES)
def test_values_of_every_kind_come_back_exactly(owner: httpx.Client, echo: str, value: object) -> None:
    answer = create(owner, {"model": echo, "input": {"value": value}}, HELD)
    assert answer.status_code == 200
    assert answer.json()["status"] == "succeeded", answer.json()["error"]
    assert answer.json()["input"] == {"value": value}
    assert answer.json()["output"] == value
    again = owner.get(answer.headers["location"]).json()
    assert (again["input"], again["output"]) == ({"value": value}, value)


def test_nesting_has_a_limit_and_up_to_it_everything_works(owner: httpx.Client, echo: str) -> None:
    def answer(depth: int) -> httpx.Response:
        raw = b'{"model": "%s", "input": {"value": %s}}' % (echo.encode(), b"[" * depth + b"]" * depth)
        return owner.post("/v1/predictions", content=raw, headers=HELD)

    assert answer(198).json()["status"] == "succeeded"
    for depth in (199, 260, 900, 1024):
        assert problems(answer(depth)) == [(["body"], "json_invalid")]


@pytest.mark.timeout(60)
def test_a_body_over_the_limit_is_refused_by_name_announced_or_not(owner: httpx.Client) -> None:
    big = b'{"model": "a/b", "input": {"value": "' + b"x" * 50_000_000 + b'"}}'
    for content in (big, (big[start : start + 65536] for start in range(0, len(big), 65536))):
        answer = owner.post("/v1/predictions", content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert "33,554,432 bytes" in answer.json()["detail"]
        assert "max_body" in answer.json()["hint"]
    assert owner.get("/v1/user").status_code == 200


def test_the_same_key_and_body_make_one_prediction(owner: httpx.Client, shout: str) -> None:
    headers = {"Idempotency-Key": f"order {uuid.uuid4()}"}
    body = {"model": shout, "input": {"text": "once"}}
    first = create(owner, body, headers)
    again = create(owner, body, headers | HELD)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["output"] == "ONCE"
    other = create(owner, {"model": shout, "input": {"text": "twice"}}, headers)
    assert problems(other) == [(["header", "Idempotency-Key"], "idempotency_key_reused")]


def test_the_same_key_from_eight_sides_at_once_makes_one_prediction(owner: httpx.Client, shout: str) -> None:
    headers = HELD | {"Idempotency-Key": f"rush {uuid.uuid4()}"}
    body = {"model": shout, "input": {"text": "once"}}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, [owner] * 8, [body] * 8, [headers] * 8))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert {(answer.status_code, answer.json()["output"]) for answer in answers} == {(200, "ONCE")}


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tinside"])
def test_a_key_that_is_none_is_refused(owner: httpx.Client, shout: str, key: str) -> None:
    answer = create(owner, {"model": shout, "input": {"text": "a"}}, {"Idempotency-Key": key})
    assert problems(answer)[0][0] == ["header", "Idempotency-Key"]


def test_a_limit_on_the_whole_life_ends_a_prediction(owner: httpx.Client, latch: str, tmp_path: Path) -> None:
    body = {"model": latch, "input": {"path": str(tmp_path / "never")}}
    answer = create(owner, body, HELD | {"Cancel-After": "0.5"})
    assert answer.status_code == 200
    assert answer.json()["status"] in ("cancelled", "abandoned")
    assert problems(create(owner, body, {"Cancel-After": "soon"})) == [(["header", "Cancel-After"], "float_parsing")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
BODY = st.fixed_dictionaries(
    {},
    optional={
        "model": JSON | st.sampled_from(["owner/shout", "owner/shout:1", "owner/echo", "OWNER/echo:1", "owner/:1"]),
        "input": JSON | st.dictionaries(st.sampled_from(["text", "times", "value", "path"]), JSON),
        "stream": JSON | st.booleans(),
        "webhook": JSON,
        "extra": JSON,
    },
)


@pytest.mark.timeout(120)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODY | JSON, validate=st.sampled_from(["true", "false", "x"]))
def test_no_body_makes_the_server_fail(owner: httpx.Client, shout: str, echo: str, body: object, validate: str) -> None:
    content = json.dumps(body, ensure_ascii=True)
    answer = owner.post("/v1/predictions", content=content, headers={"Validate-Input": validate})
    assert answer.status_code in (202, 404, 422), answer.text
    answer.json()
