"""Calls that cannot be answered: each is Anthropic's own error, of the class that its client knows."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import anthropic
import httpx
import pytest
from anthropic.types import ErrorResponse

from tests.compat.anthropic_scene import Json, Scene, asked, scene, talk
from tests.support.signals import until


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    with scene(tmp_path_factory.mktemp("refusals"), compat_wait="2s", max_body="1MiB") as made:
        yield made


@pytest.fixture(scope="module")
def client(there: Scene) -> Generator[Any]:
    with there.anthropic() as made:
        yield made


def said(error: anthropic.APIStatusError) -> Json:
    """The error of a refusal, whose form is checked."""
    return checked(error.response.json(), error.response.headers["request-id"])


def checked(body: Any, request_id: str) -> Json:
    """The same, of a body."""
    ErrorResponse.model_validate(body, strict=True)
    assert body.keys() == {"type", "error", "request_id"}
    assert body["request_id"] == request_id
    assert request_id
    return cast("Json", body["error"])


SAID: list[Any] = [{"role": "user", "content": "hello"}]
TOOLS: list[Any] = [{"name": "look", "input_schema": {"type": "object"}}]


def part(*blocks: Any, role: str = "user") -> Json:
    """The messages of which the only one has these blocks."""
    return {"messages": [{"role": role, "content": list(blocks)}]}


WRONG: dict[str, tuple[Json, str]] = {
    "messages are a text": ({"messages": "hello"}, "messages"),
    "messages are null": ({"messages": None}, "messages"),
    "there are no messages": ({"messages": []}, "messages"),
    "a message is a text": ({"messages": ["hello"]}, "messages.0"),
    "a message has no role": ({"messages": [{"content": "x"}]}, "messages.0.role"),
    "a role is unknown": ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
    "a content is missing": ({"messages": [{"role": "user"}]}, "messages.0.content"),
    "a content is a number": ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
    "a content is an object": ({"messages": [{"role": "user", "content": {}}]}, "messages.0.content"),
    "a block is a number": (part(5), "messages.0.content.0"),
    "a block has no type": (part({}), "messages.0.content.0.type"),
    "a block has no text": (part({"type": "text"}), "messages.0.content.0.text"),
    "a text is a number": (part({"type": "text", "text": 5}), "messages.0.content.0.text"),
    "the second message is wrong": ({"messages": [*SAID, {"role": "user", "content": 5}]}, "messages.1.content"),
    "a use of a tool has no input": (
        part({"type": "tool_use", "id": "a", "name": "look"}, role="assistant"),
        "messages.0.content.0.input",
    ),
    "a result is of no use": (part({"type": "tool_result", "content": "x"}), "messages.0.content.0.tool_use_id"),
    "a system prompt is a number": ({"system": 5}, "system"),
    "a system prompt has a picture": ({"system": [{"type": "image"}]}, "system.0"),
    "max_tokens is -1": ({"max_tokens": -1}, "max_tokens"),
    "max_tokens is 0": ({"max_tokens": 0}, "max_tokens"),
    "max_tokens is missing": ({"max_tokens": None}, "max_tokens"),
    "max_tokens is a text": ({"max_tokens": "many"}, "max_tokens"),
    "temperature is -1": ({"temperature": -1}, "temperature"),
    "top_p is 2": ({"top_p": 2}, "top_p"),
    "top_k is -1": ({"top_k": -1}, "top_k"),
    "a stop is empty": ({"stop_sequences": [""]}, "stop_sequences.0"),
    "a stop is a number": ({"stop_sequences": [5]}, "stop_sequences.0"),
    "a stop is too long": ({"stop_sequences": ["x" * 100_000]}, "stop_sequences.0"),
    "there are too many stops": ({"stop_sequences": ["x"] * 101}, "stop_sequences"),
    "stream is a text": ({"stream": "yes"}, "stream"),
    "tools are a text": ({"tools": "hammer"}, "tools"),
    "a tool has no name": ({"tools": [{"input_schema": {}}]}, "tools.0.name"),
    "a tool has no schema": ({"tools": [{"name": "look"}]}, "tools.0.input_schema"),
    "a choice is unknown": ({"tools": TOOLS, "tool_choice": {"type": "perhaps"}}, "tool_choice.type"),
    "a form of the answer is unknown": ({"output_config": {"format": {"type": "xml"}}}, "output_config.format"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_a_bad_request_that_names_the_place(client: Any, case: str) -> None:
    fields, place = WRONG[case]
    body = {**talk("hello"), **fields}
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.post("/v1/messages", body=body, cast_to=object)
    error = said(caught.value)
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith(f"{place}: "), error


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'{"model": "owner/whole", "messages": [', b"\xff\xfe", b"[" * 100_000]
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_what_is_no_json_object_is_a_bad_request(there: Scene, raw: bytes, path: str) -> None:
    answer = httpx.post(there.server.url + path, content=raw, headers={"x-api-key": there.server.token})
    assert answer.status_code == 400
    assert checked(answer.json(), answer.headers["request-id"])["type"] == "invalid_request_error"


def test_a_body_over_the_limit_is_too_large(client: Any) -> None:
    with pytest.raises(anthropic.ContentTooLargeError) as caught:
        client.messages.create(**talk("x" * 2**20))
    assert said(caught.value)["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("block", "role"),
    [
        ({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}, "user"),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}, "user"),
        ({"type": "search_result", "content": []}, "user"),
        ({"type": "server_tool_use", "id": "a", "name": "web_search", "input": {}}, "assistant"),
        ({"type": "tool_use", "id": "a", "name": "look", "input": {}}, "user"),
    ],
    ids=["image", "document", "search-result", "server-tool", "tool-of-a-user"],
)
def test_a_block_that_is_no_text_is_named(client: Any, block: Json, role: str) -> None:
    body = talk("x")
    body["messages"] = [{"role": role, "content": [{"type": "text", "text": "see"}, block]}]
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**body)
    message = said(caught.value)["message"]
    assert message.startswith("messages.0.content.1: ")
    assert block["type"] in message


def test_uses_of_tools_are_refused_by_a_model_of_one_prompt(client: Any) -> None:
    for block in ({"type": "tool_result", "tool_use_id": "a", "content": "x"},):
        with pytest.raises(anthropic.BadRequestError) as caught:
            client.messages.create(**talk({"role": "user", "content": [block]}, model="owner/whole"))
        assert said(caught.value)["message"].startswith("messages.0.content.0: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tools", TOOLS),
        ("thinking", {"type": "enabled", "budget_tokens": 1024}),
        ("thinking", {"type": "adaptive"}),
        ("output_config", {"format": {"type": "json_schema", "schema": {"type": "object"}}}),
        ("container", "box"),
        ("mcp_servers", [{"type": "url", "url": "https://example.com", "name": "x"}]),
    ],
    ids=["tools", "thinking", "adaptive-thinking", "output_config", "container", "mcp_servers"],
)
def test_what_the_model_would_have_to_honour_and_cannot_is_named(client: Any, name: str, value: Any) -> None:
    body = {**asked("x"), name: value}
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.post("/v1/messages", body=body, cast_to=object)
    error = said(caught.value)
    assert error["message"].startswith(f"{name}: ")
    assert error["code"] == "unsupported_parameter"


def test_a_tool_that_runs_elsewhere_is_named(client: Any) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**talk("x", tools=[{"type": "web_search_20260318", "name": "web_search"}]))
    assert said(caught.value)["message"].startswith("tools.0: ")


def test_a_value_that_the_model_refuses_is_named_as_the_caller_knows_it(there: Scene, client: Any) -> None:
    source = """
    from augury import Input
    def predict(prompt: str, max_new_tokens: int = Input(default=5, le=10)) -> str:
        return prompt
    """
    there.owner.publish("narrow", source)
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**talk("x", model="owner/narrow"))
    assert said(caught.value)["message"].startswith("max_tokens: ")


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("claude-sonnet-4-5", anthropic.NotFoundError, "model_not_found"),
        ("", anthropic.NotFoundError, "model_not_found"),
        ("owner/nothing", anthropic.NotFoundError, "model_not_found"),
        ("owner/whole:99", anthropic.NotFoundError, "version_not_found"),
        (5, anthropic.BadRequestError, "string_type"),
        (None, anthropic.BadRequestError, "string_type"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_a_model_that_is_not_there_is_told_so(
    client: Any, model: Any, kind: type[anthropic.APIStatusError], code: str, path: str
) -> None:
    with pytest.raises(kind) as caught:
        client.post(path, body={**talk("x"), "model": model}, cast_to=object)
    assert said(caught.value)["code"] == code


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_a_model_that_offers_no_messages_says_what_it_offers(client: Any, path: str) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.post(path, body=talk("x", model="owner/add"), cast_to=object)
    error = said(caught.value)
    assert error["code"] == "model_not_compatible"
    assert "owner/add" in error["message"]


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_a_private_model_of_somebody_else_is_not_there(there: Scene, path: str) -> None:
    before = there.owner.http.get("/models/owner/whole").json()["predictions_count"]
    found: list[Json] = []
    with there.anthropic(there.stranger()) as stranger:
        for name in ("owner/whole", "owner/nothing"):
            with pytest.raises(anthropic.NotFoundError) as caught:
                stranger.post(path, body=talk("x", model=name), cast_to=object)
            found.append({**said(caught.value), "message": said(caught.value)["message"].replace(name, "it")})
        assert "owner/whole" not in {one.id for one in stranger.models.list()}
        with pytest.raises(anthropic.NotFoundError):
            stranger.models.retrieve("owner/whole")
    assert found[0] == found[1]
    assert there.owner.http.get("/models/owner/whole").json()["predictions_count"] == before


@pytest.mark.parametrize("token", ["aug_" + "A" * 43, "sk-ant-something"])
@pytest.mark.parametrize("how", ["api_key", "auth_token"])
def test_a_wrong_token_is_an_authentication_error(there: Scene, token: str, how: str) -> None:
    with there.anthropic(**{"api_key": None, how: token}) as client:
        for ask in (lambda: client.messages.create(**talk("x")), client.models.list):
            with pytest.raises(anthropic.AuthenticationError) as caught:
                ask()
            assert said(caught.value)["type"] == "authentication_error"


def test_no_token_is_an_authentication_error_in_the_same_shape(there: Scene) -> None:
    for headers in ({}, {"x-api-key": ""}):
        answer = httpx.post(f"{there.server.url}/v1/messages", json=talk("x"), headers=headers)
        assert answer.status_code == 401
        assert checked(answer.json(), answer.headers["request-id"])["type"] == "authentication_error"


def test_a_token_that_may_only_read_may_not_call(there: Scene) -> None:
    with there.anthropic(there.stranger("read")) as client, pytest.raises(anthropic.PermissionDeniedError) as caught:
        client.messages.create(**talk("x"))
    assert said(caught.value)["type"] == "permission_error"


@pytest.mark.parametrize("name", ["owner/nothing", "owner/add", "owner/whole:9", "owner/whole:first", "gpt-4o"])
def test_what_cannot_be_asked_for_messages_is_no_model(client: Any, name: str) -> None:
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "1001"), ("limit", "²"), ("after_id", "owner/nothing"), ("before_id", "")],
    ids=["none", "too-many", "no-number", "after-nothing", "before-nothing"],
)
def test_a_list_of_models_that_cannot_be_is_a_bad_request(client: Any, name: str, value: str) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.models.list(extra_query={name: value})
    assert name in said(caught.value)["message"]


def test_what_is_not_offered_is_not_found_in_the_same_shape(there: Scene, client: Any) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.batches.list()
    assert said(caught.value)["code"] == "route_not_found"
    answer = httpx.get(f"{there.server.url}/v1/messages", headers={"x-api-key": there.server.token})
    assert answer.status_code == 405
    assert checked(answer.json(), answer.headers["request-id"])["code"] == "method_not_allowed"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_model_that_fails_before_its_first_piece_is_an_error_and_not_tried_again(there: Scene, stream: bool) -> None:
    before = there.count()
    with there.anthropic(max_retries=2) as client, pytest.raises(anthropic.UnprocessableEntityError) as caught:
        client.messages.create(**asked({"fail": "no luck"}), stream=stream)
    error = said(caught.value)
    assert (error["type"], error["code"]) == ("api_error", "prediction_failed")
    assert "no luck" in error["message"]
    assert caught.value.response.headers["augury-prediction"] == there.newest()["id"]
    assert there.count() == before + 1


def test_a_model_that_fails_midway_ends_its_stream_with_the_error(there: Scene, client: Any) -> None:
    heard: list[str] = []
    with (
        pytest.raises(anthropic.APIStatusError, match="out of words") as caught,
        client.messages.stream(**asked("one ", "two ", {"fail": "out of words"})) as stream,
    ):
        heard.extend(stream.text_stream)
    assert "".join(heard) == "one two "
    body = cast("Json", caught.value.body)
    assert checked(body, caught.value.response.headers["request-id"])["code"] == "prediction_failed"
    assert there.ends("failed")


def test_a_native_model_that_fails_does_so_in_the_same_ways(client: Any) -> None:
    body = talk("stop", model="owner/events")
    with pytest.raises(anthropic.UnprocessableEntityError, match="it stopped"):
        client.messages.create(**body)
    with pytest.raises(anthropic.APIStatusError, match="it stopped"):
        list(client.messages.create(**body, stream=True))


def test_a_native_model_whose_answer_is_none_has_failed(there: Scene, client: Any) -> None:
    body = talk("nonsense", model="owner/message")
    with pytest.raises(anthropic.UnprocessableEntityError) as caught:
        client.messages.create(**body)
    assert said(caught.value)["code"] == "not_an_answer"
    assert caught.value.response.headers["augury-prediction"] == there.newest()["id"]
    with pytest.raises(anthropic.APIStatusError) as caught:
        list(client.messages.create(**body, stream=True))
    assert cast("Any", caught.value.body)["error"]["code"] == "not_an_answer"


def test_a_native_model_says_itself_what_it_needs(client: Any) -> None:
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        client.post("/v1/messages", body={"model": "owner/events", "messages": 5}, cast_to=object)


def test_a_model_that_takes_too_long_is_cancelled_and_not_tried_again(there: Scene, tmp_path: Path) -> None:
    before = there.count()
    with there.anthropic(max_retries=2) as client, pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**asked({"wait": str(tmp_path / "never")}))
    assert caught.value.status_code == 408
    assert said(caught.value)["type"] == "timeout_error"
    assert there.count() == before + 1
    assert there.ends("cancelled")


def test_a_stream_whose_model_falls_silent_ends_with_an_error(there: Scene, client: Any) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        list(client.messages.create(**asked("one", {"wait": "/nowhere/never"}), stream=True))
    assert cast("Any", caught.value.body)["error"]["type"] == "timeout_error"
    assert there.ends("cancelled")


def test_whoever_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    with scene(tmp_path, "whole", rate_limit="predict=1/m burst 1") as limited, limited.anthropic() as client:
        body = talk("x", model="owner/whole")
        errors: list[anthropic.APIStatusError] = []

        def refused() -> bool:
            try:
                client.messages.create(**body)
            except anthropic.RateLimitError as error:
                errors.append(error)
            return bool(errors)

        until(refused, "the rate is used up")
        assert said(errors[0])["type"] == "rate_limit_error"
        assert int(errors[0].response.headers["retry-after"]) > 0
        assert "x-should-retry" not in errors[0].response.headers
        assert client.messages.count_tokens(model="owner/whole", messages=SAID).input_tokens == 2


def test_after_all_of_that_the_server_answers(client: Any) -> None:
    assert client.messages.create(**asked("fine")).content[0].text == "fine"
