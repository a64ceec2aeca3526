"""What Replicate's official Python client raises: its own classes, with what is wrong and where."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from replicate.exceptions import ModelError, ReplicateError

from tests.compat.replicate_scene import Scene, scene

pytestmark = pytest.mark.anyio

UNKNOWN = "01a215a4-335f-70ef-965f-1f048467e3cb"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[Scene]:
    folder = tmp_path_factory.mktemp("replicate")
    with scene(folder, "shout", "fail", "weigh", "latch", max_bundle="1MiB") as made:
        yield made


Call = Callable[[Any], Any]


def refused(there: Scene, call: Call, token: str | None = None) -> ReplicateError:
    """The error that a call of the client's ends with."""
    client: Any = there.client(token)
    try:
        with pytest.raises(ReplicateError) as caught:
            call(client)
        return caught.value
    finally:
        client._client.close()


def post(there: Scene, path: str = "/v1/predictions", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {there.server.token}", **options.pop("headers", {})}
    return httpx.post(f"{there.base}{path}", headers=headers, **options)


CALLS: dict[str, tuple[Call, int, str]] = {
    "a model that is not there": (lambda c: c.run("owner/nothing", {}), 404, "model_not_found"),
    "a name that is none": (lambda c: c.models.get("owner/-"), 404, "model_not_found"),
    "a number without its model": (lambda c: c.run("owner/shout:1", {}), 422, "version_reference"),
    "an id that was made up": (lambda c: c.run(f"owner/shout:{'a' * 64}", {}), 404, "version_not_found"),
    "a number that is not there": (lambda c: c.predictions.create("owner/shout:9", {}), 404, "version_not_found"),
    "a version of another model": (
        lambda c: c.models.get("owner/fail").versions.get(c.models.get("owner/shout").latest_version.id),
        404,
        "version_not_found",
    ),
    "an id under another name": (
        lambda c: c.predictions.create(f"owner/fail:{c.models.get('owner/shout').latest_version.id}", {}),
        404,
        "version_not_found",
    ),
    "a prediction that is not there": (lambda c: c.predictions.get(UNKNOWN), 404, "prediction_not_found"),
    "an id that is none": (lambda c: c.predictions.get("x"), 404, "prediction_not_found"),
    "a cancel of nothing": (lambda c: c.predictions.cancel(UNKNOWN), 404, "prediction_not_found"),
    "a cursor that is none": (lambda c: c.predictions.list("/v1/predictions?cursor=x"), 422, "cursor"),
    "a file that is not there": (lambda c: c.files.get(UNKNOWN), 404, "file_not_found"),
    "a file id that is none": (lambda c: c.files.delete("x"), 404, "file_not_found"),
    "a file that is too big": (lambda c: c.files.create(io.BytesIO(bytes(1 << 21))), 413, "body_too_large"),
    "a training": (lambda c: c.trainings.list(), 404, "route_not_found"),
    "a collection": (lambda c: c.collections.list(), 404, "route_not_found"),
    "a deployment to make": (
        lambda c: c.deployments.create(
            name="x", model="owner/shout", version="x", hardware="cpu", min_instances=0, max_instances=1
        ),
        405,
        "method_not_allowed",
    ),
    "somebody else's model to make": (
        lambda c: c.models.create("ada", "x", visibility="public", hardware="cpu"),
        403,
        "not_permitted",
    ),
    "a visibility that there is not": (
        lambda c: c.models.create("owner", "x", visibility="hidden", hardware="cpu"),
        422,
        "enum",
    ),
    "an event that there is not": (
        lambda c: c.predictions.create(
            "owner/shout", {"text": "x"}, webhook="http://127.0.0.1:9/", webhook_events_filter=["all"]
        ),
        422,
        "enum",
    ),
    "a webhook that is none": (
        lambda c: c.predictions.create("owner/shout", {"text": "x"}, webhook="ftp://x"),
        422,
        "webhook_url",
    ),
}


@pytest.mark.parametrize("what", CALLS)
def test_what_is_asked_for_wrongly_is_refused_in_the_clients_own_class(there: Scene, what: str) -> None:
    call, status, code = CALLS[what]
    error = refused(there, call)
    assert (error.status, error.type) == (status, f"urn:augury:{code}"), error
    assert error.title
    assert error.detail
    assert str(error.instance).startswith("req_")


@pytest.mark.parametrize(("token", "code"), [("aug_wrong", "invalid_token"), ("two words", "invalid_token")])
def test_a_token_that_is_wrong_is_a_401(there: Scene, token: str, code: str) -> None:
    error = refused(there, lambda c: c.run("owner/shout", {"text": "x"}), token)
    assert (error.status, error.type, error.title) == (401, f"urn:augury:{code}", "Unauthenticated")


def test_a_token_is_needed_and_one_that_reads_runs_nothing(there: Scene) -> None:
    assert httpx.get(f"{there.base}/v1/models/owner/shout").json()["code"] == "missing_token"
    error = refused(there, lambda c: c.run("owner/shout", {"text": "x"}), there.stranger("read"))
    assert (error.status, error.type) == (403, "urn:augury:scope_missing")


def test_a_strangers_private_model_is_not_there_by_any_of_its_names(there: Scene) -> None:
    token = there.stranger()
    calls: list[Call] = [
        lambda c: c.models.get("owner/shout"),
        lambda c: c.run("owner/shout", {"text": "x"}),
        lambda c: c.predictions.create(there.ids["shout"], {"text": "x"}),
        lambda c: c.deployments.get("owner/shout"),
        lambda c: c.deployments.predictions.create("owner/shout", {"text": "x"}),
    ]
    found = [refused(there, call, token) for call in calls]
    assert {error.status for error in found} == {404}
    assert found[2].detail == f"There is no version {there.ids['shout']}, or you may not use it."
    made = there.owner.create("owner/shout", wait=10, text="x")
    assert refused(there, lambda c: c.predictions.get(made["id"]), token).status == 404


def test_each_field_of_a_wrong_input_is_named_and_nothing_is_stored(there: Scene) -> None:
    before = there.owner.http.get("/predictions").json()["items"]
    error = refused(there, lambda c: c.run("owner/shout", {"text": 5, "times": 0, "mood": "sad"}))
    assert error.status == 422
    assert error.detail is not None
    places = [line.split(":")[0] for line in error.detail.splitlines()]
    assert sorted(places) == ["- input.mood", "- input.text", "- input.times"]
    answer = post(there, json={"version": "owner/shout", "input": {}}).json()
    assert [one["field"] for one in answer["invalid_fields"]] == ["input"]
    assert there.owner.http.get("/predictions").json()["items"] == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"{}", "version"),
        (b'{"version": 5}', "version"),
        (b'{"version": "owner/shout", "input": []}', "input"),
        (b'{"version": "owner/shout", "stream": "yes", "input": {}}', "stream"),
        (b'{"version": "owner/shout", "webhook": 5, "input": {}}', "webhook"),
        (b'{"version": "owner/shout", "webhook_events_filter": "start", "input": {}}', "webhook_events_filter"),
    ],
)
def test_a_body_of_a_wrong_form_is_refused_at_its_place(there: Scene, body: bytes, field: str) -> None:
    answer = post(there, content=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["field"] for one in answer.json()["invalid_fields"]] == [field]


@pytest.mark.parametrize(
    "form",
    [
        {"data": {"content": "text"}},
        {"files": {"other": ("a", b"x")}},
        {"files": {"content": ("a", b"x")}, "data": {"metadata": "["}},
        {"files": {"content": ("a", b"x")}, "data": {"metadata": "[]"}},
        {"content": b"nothing", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"json": {}},
    ],
)
def test_a_form_that_holds_no_file_is_refused(there: Scene, form: dict[str, Any]) -> None:
    answer = post(there, "/v1/files", **form)
    assert answer.status_code == 422, answer.text
    assert answer.json()["invalid_fields"]


def test_a_model_that_fails_is_a_prediction_that_failed(there: Scene) -> None:
    client: Any = there.client()
    for wait in (True, False):
        with pytest.raises(ModelError) as caught:
            client.run("owner/fail", {"why": "no ink"}, wait=wait)
        error: Any = caught.value
        prediction = error.prediction
        assert (prediction.status, prediction.error, prediction.output) == ("failed", "no ink", None)
        assert prediction.logs.splitlines()[0] == "about to fail"
    client._client.close()


def test_paths_outside_the_api_and_methods_that_a_path_has_not_have_its_shape(there: Scene) -> None:
    headers = {"Authorization": f"Bearer {there.server.token}"}
    for path in ("/v1/nothing", "/v2/predictions", "/", "/v1/models/a/b/c"):
        answer = httpx.get(there.base + path, headers=headers)
        assert (answer.status_code, answer.json()["title"]) == (404, "Not found")
    answer = httpx.put(f"{there.base}/v1/predictions", headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (405, "Method not allowed")


def test_a_stream_link_is_good_for_its_prediction_alone(there: Scene) -> None:
    answer = httpx.get(f"{there.base}/v1/predictions/{UNKNOWN}/stream?signature=x")
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_signature")
    assert httpx.get(f"{there.base}/v1/predictions/{UNKNOWN}/stream").json()["code"] == "missing_token"


def test_too_many_requests_say_when_to_come_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("limited")
    with scene(folder, "shout", rate_limit="read=100/s, predict=1/s burst 2, write=100/s") as limited:
        request = {"version": "owner/shout", "input": {"text": "x"}}
        answers = [post(limited, json=request) for _ in range(6)]
        refusals = [one for one in answers if one.status_code == 429]
        assert refusals
        body = json.loads(refusals[0].content)
        assert (body["title"], body["code"]) == ("Too many requests", "rate_limited")
        assert int(refusals[0].headers["retry-after"]) >= 1
        assert float(refusals[0].headers["x-ratelimit-reset"]) > 0
        call: Call = lambda c: [c.predictions.create("owner/shout", {"text": "x"}) for _ in range(6)]  # noqa: E731
        assert refused(limited, call).status == 429
