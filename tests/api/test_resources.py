"""Models, versions, accounts, bundles and lists over HTTP: what the official client does not reach, and bad input."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import httpx
import pytest

from tests.api.test_create import problems
from tests.support import models


def fresh() -> str:
    return f"model-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def model(owner: httpx.Client) -> str:
    name = fresh()
    owner.post("/v1/models", json={"name": name}).raise_for_status()
    return f"/v1/models/owner/{name}"


@pytest.fixture(scope="module")
def digest(owner: httpx.Client) -> str:
    name, content = models.packed(models.SHOUT)
    owner.put(f"/v1/bundles/{name}", content=content).raise_for_status()
    return name


def new_version(digest: str, **changed: Any) -> dict[str, Any]:
    schemas = models.SHOUT.schemas
    return {"release_notes": "", "schemas": schemas, "container_image_digest": digest} | changed


@pytest.mark.parametrize("path", ["/v1/predictions", "/v1/models", "/v1/models/owner", "/v1/user/models"])
@pytest.mark.parametrize("size", ["0", "101", "-1", "x", "1.5", ""])
def test_a_page_size_out_of_range_is_refused(owner: httpx.Client, path: str, size: str) -> None:
    assert problems(owner.get(path, params={"page_size": size}))[0][0] == ["query", "page_size"]


@pytest.mark.parametrize("path", ["/v1/predictions", "/v1/models", "/v1/models/owner", "/v1/user/models"])
@pytest.mark.parametrize(
    "cursor", ["x", "", "ä", "\0", "AAAA", "bnVsbA", "W10", "e30", "eyJpZCI6MX0", "W3t9LFsxXSx0cnVlXQ", "x" * 10_000]
)
def test_a_cursor_that_is_none_is_refused(owner: httpx.Client, path: str, cursor: str) -> None:
    assert problems(owner.get(path, params={"cursor": cursor}))[0][0] == ["query", "cursor"]


@pytest.mark.parametrize("path", ["/v1/predictions", "/v1/models", "/v1/models/owner", "/v1/user/models"])
def test_a_list_has_three_keys_and_no_other(owner: httpx.Client, path: str) -> None:
    assert set(owner.get(path).json()) == {"items", "next_cursor", "previous_cursor"}


def test_a_status_that_is_none_is_refused(owner: httpx.Client) -> None:
    answer = owner.get("/v1/predictions", params={"statuses": ["failed", "done"]})
    assert problems(answer) == [(["query", "statuses", 1], "enum")]


@pytest.mark.parametrize(
    "prediction_id", ["x", "1", "0199e0b8-7d5a-7c31-9c55", "%00", "0199e0b8_7d5a_7c31_9c55_6d5f0d6a2b11"]
)
def test_a_prediction_id_that_is_none_is_refused(owner: httpx.Client, prediction_id: str) -> None:
    for answer in (
        owner.get(f"/v1/predictions/{prediction_id}"),
        owner.post(f"/v1/predictions/{prediction_id}/cancel"),
    ):
        assert problems(answer) == [(["path", "prediction_id"], "uuid_parsing")]


def test_a_prediction_that_is_not_there_is_a_404(owner: httpx.Client) -> None:
    unknown = uuid.uuid4()
    for answer in (owner.get(f"/v1/predictions/{unknown}"), owner.post(f"/v1/predictions/{unknown}/cancel")):
        assert (answer.status_code, answer.json()["code"]) == (404, "prediction_not_found")


def test_an_id_is_read_in_either_case(owner: httpx.Client, shout: str) -> None:
    made = owner.post("/v1/predictions", json={"model": shout, "input": {"text": "a"}}).json()
    assert owner.get(f"/v1/predictions/{made['id'].upper()}").json()["id"] == made["id"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/predictions"),
        ("GET", f"/v1/predictions/{uuid.UUID(int=1)}"),
        ("POST", f"/v1/predictions/{uuid.UUID(int=1)}/cancel"),
        ("POST", "/v1/models"),
        ("PATCH", "/v1/models/owner/x"),
        ("DELETE", "/v1/models/owner/x"),
        ("POST", "/v1/models/owner/x/versions"),
        ("DELETE", "/v1/models/owner/x/versions/1"),
        ("PATCH", "/v1/models/owner/x/versions/1/configuration"),
        ("GET", "/v1/user"),
        ("PATCH", "/v1/user"),
        ("GET", "/v1/user/models"),
        ("PUT", f"/v1/bundles/sha256:{'0' * 64}"),
        ("GET", f"/v1/bundles/sha256:{'0' * 64}"),
    ],
)
def test_what_needs_a_token_is_refused_without_one_and_with_a_wrong_one(
    stranger: httpx.Client, method: str, path: str
) -> None:
    bare = stranger.request(method, path, content=b"{")
    assert (bare.status_code, bare.json()["code"]) == (401, "missing_token")
    wrong = stranger.request(method, path, content=b"{", headers={"Authorization": "Bearer aug_wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_token")
    assert wrong.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/owner", "/v1/models/owner/shout"])
def test_what_is_public_is_refused_with_a_wrong_token_all_the_same(
    stranger: httpx.Client, shout: str, path: str
) -> None:
    assert stranger.get(path).status_code == 200
    assert stranger.get(path, headers={"Authorization": "Bearer aug_wrong"}).status_code == 401


def test_a_private_model_is_not_there_for_strangers(
    owner: httpx.Client, stranger: httpx.Client, model: str, digest: str
) -> None:
    owner.post(f"{model}/versions", json=new_version(digest)).raise_for_status()
    for path in (model, f"{model}/versions", f"{model}/versions/1", f"{model}/versions/1/configuration"):
        assert owner.get(path).status_code == 200
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "name"),
        ({"name": 5}, "name"),
        ({"name": ""}, "name"),
        ({"name": "with space"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "ä"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "x", "visibility": "secret"}, "visibility"),
        ({"name": "x", "visibility": None}, "visibility"),
        ({"name": "x", "description": 5}, "description"),
        ({"name": "x", "description": "a\0b"}, "description"),
        ({"name": "x", "overview": "x" * 200_000}, "overview"),
        ({"name": "x", "source_url": "ftp://example.org"}, "source_url"),
        ({"name": "x", "paper_url": "javascript:alert(1)"}, "paper_url"),
        ({"name": "x", "category_slugs": "a"}, "category_slugs"),
        ({"name": "x", "category_slugs": ["nothing"]}, "category_slugs"),
    ],
)
def test_a_model_that_cannot_be_is_refused_at_the_right_place(
    owner: httpx.Client, body: dict[str, Any], place: str
) -> None:
    assert problems(owner.post("/v1/models", json=body))[0][0][:2] == ["body", place]


def test_a_change_of_nothing_changes_nothing(owner: httpx.Client, model: str) -> None:
    before = owner.get(model).json()
    assert owner.patch(model, json={}).json() == before
    answer = owner.patch(model, json={"nme": "typo"})
    assert answer.json() == before
    assert answer.headers["augury-ignored"] == "nme"


@pytest.mark.parametrize("raw", [b"", b"{", b'{"description": NaN}', b'{"description": "\\ud800"}', b"\xff"])
def test_malformed_json_is_refused_wherever_there_is_a_body(owner: httpx.Client, model: str, raw: bytes) -> None:
    for method, path in (
        ("POST", "/v1/models"),
        ("PATCH", model),
        ("POST", f"{model}/versions"),
        ("PATCH", f"{model}/versions/1/configuration"),
        ("PATCH", "/v1/user"),
    ):
        assert problems(owner.request(method, path, content=raw)) == [(["body"], "json_invalid")]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"release_notes": None}, "release_notes"),
        ({"release_notes": "x" * 256}, "release_notes"),
        ({"schemas": []}, "schemas"),
        ({"schemas": {}}, "schemas"),
        ({"schemas": {"prediction": {"input": {}}}}, "schemas"),
        ({"schemas": {"prediction": {"input": {"type": "objekt"}, "output": {}}}}, "schemas"),
        ({"schemas": {"prediction": {"input": {"$ref": "https://example.org/x"}, "output": {}}}}, "schemas"),
        ({"container_image_digest": "sha256:x"}, "container_image_digest"),
        ({"container_image_digest": "sha256:" + "0" * 64}, "container_image_digest"),
        ({"compatibilities": {"openai_embeddings": "yes"}}, "compatibilities"),
        ({"configuration": {"hardware_identifier": "cpu"}}, "configuration"),
        ({"configuration": {"hardware_identifier": "gpu-none", "variable_names": []}}, "configuration"),
    ],
)
def test_a_version_that_cannot_be_is_refused_at_the_right_place(
    owner: httpx.Client, model: str, digest: str, changed: dict[str, Any], place: str
) -> None:
    answer = owner.post(f"{model}/versions", json=new_version(digest, **changed))
    assert problems(answer)[0][0][:2] == ["body", place]


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.0", "99", "99999999999999999999999", "%00", "latest"])
def test_a_version_number_that_is_none_is_a_422_or_a_404(owner: httpx.Client, model: str, number: str) -> None:
    for method, path in (
        ("GET", f"{model}/versions/{number}"),
        ("DELETE", f"{model}/versions/{number}"),
        ("GET", f"{model}/versions/{number}/configuration"),
        ("PATCH", f"{model}/versions/{number}/configuration"),
    ):
        answer = owner.request(method, path, content=b"{}")
        assert answer.status_code in (404, 422), answer.text
        if answer.status_code == 404:
            assert answer.json()["code"] == "version_not_found"
        else:
            assert problems(answer)[0][0][0] == "path"


@pytest.mark.parametrize("name", ["%00", "%2F", "ä", "x" * 300, "a%20b", "%2e%2e", "%0a"])
def test_a_name_that_is_none_is_a_404(owner: httpx.Client, name: str) -> None:
    for path in (f"/v1/models/owner/{name}", f"/v1/models/{name}/x", f"/v1/models/{name}"):
        assert owner.get(path).status_code == 404


def test_names_are_the_same_in_either_case(owner: httpx.Client) -> None:
    name = fresh()
    made = owner.post("/v1/models", json={"name": name.upper()}).json()
    assert made["name"] == name
    assert owner.get(f"/v1/models/OWNER/{name.title()}").json() == made


def test_the_same_key_and_body_make_one_model_and_one_version(owner: httpx.Client, digest: str) -> None:
    headers, body = {"Idempotency-Key": str(uuid.uuid4())}, {"name": fresh()}
    first = owner.post("/v1/models", json=body, headers=headers)
    again = owner.post("/v1/models", json=body, headers=headers)
    assert first.raise_for_status().json() == again.raise_for_status().json()
    other = owner.post("/v1/models", json={"name": fresh()}, headers=headers)
    assert problems(other) == [(["header", "Idempotency-Key"], "idempotency_key_reused")]

    path, headers = f"/v1/models/owner/{body['name']}/versions", {"Idempotency-Key": str(uuid.uuid4())}
    numbers = {
        owner.post(path, json=new_version(digest), headers=headers).raise_for_status().json()["number"] for _ in "12"
    }
    assert numbers == {1}


def test_a_bundle_is_put_once_and_looked_for(owner: httpx.Client) -> None:
    digest, content = models.packed(models.LATCH)
    path = f"/v1/bundles/{digest}"
    for _ in range(2):
        answer = owner.put(path, content=content).raise_for_status()
        assert answer.json() == {"digest": digest, "size": len(content)}
    assert owner.get(path).json() == {"digest": digest}
    assert (owner.head(path).status_code, owner.head(path).content) == (200, b"")


def test_a_bundle_that_is_not_there_is_a_404(owner: httpx.Client) -> None:
    for digest in (f"sha256:{'0' * 64}", "sha256:x", "md5:0", "..", "%00"):
        answer = owner.get(f"/v1/bundles/{digest}")
        assert answer.status_code in (404, 422), answer.text


def test_bytes_that_are_not_what_the_digest_names_are_refused_and_not_kept(owner: httpx.Client) -> None:
    digest = f"sha256:{hashlib.sha256(uuid.uuid4().bytes).hexdigest()}"
    answer = owner.put(f"/v1/bundles/{digest}", content=b"something else")
    assert problems(answer) == [(["path", "digest"], "digest_mismatch")]
    assert owner.get(f"/v1/bundles/{digest}").status_code == 404
    assert problems(owner.put("/v1/bundles/sha256:x", content=b"")) == [(["path", "digest"], "digest")]


def test_a_bundle_comes_in_pieces_of_any_size(owner: httpx.Client) -> None:
    content = uuid.uuid4().bytes * 100_000
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    pieces = (content[start : start + 7919] for start in range(0, len(content), 7919))
    answer = owner.put(f"/v1/bundles/{digest}", content=pieces).raise_for_status()
    assert answer.json()["size"] == len(content)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"display_name": 5}, "display_name"),
        ({"display_name": "x" * 256}, "display_name"),
        ({"bio": "a\0"}, "bio"),
        ({"urls": "https://example.org"}, "urls"),
        ({"urls": ["example.org"]}, "urls"),
    ],
)
def test_an_account_that_cannot_be_is_refused_at_the_right_place(
    owner: httpx.Client, body: dict[str, Any], place: str
) -> None:
    assert problems(owner.patch("/v1/user", json=body))[0][0][:2] == ["body", place]


def test_what_is_answered_to_a_deletion_is_a_null(owner: httpx.Client, digest: str) -> None:
    name = fresh()
    owner.post("/v1/models", json={"name": name})
    owner.post(f"/v1/models/owner/{name}/versions", json=new_version(digest)).raise_for_status()
    for path in (f"/v1/models/owner/{name}/versions/1", f"/v1/models/owner/{name}"):
        answer = owner.delete(path)
        assert (answer.status_code, answer.content) == (200, b"null")
        assert owner.delete(path).status_code == 404


@pytest.mark.parametrize("path", ["/v1/predictions/", "/v1/models/", "/v1/user/", "/v1", "/v1/nothing", "/readyz/"])
def test_there_are_no_redirects(owner: httpx.Client, path: str) -> None:
    answer = owner.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "route_not_found")


def test_a_method_that_a_path_does_not_take_names_those_it_does(owner: httpx.Client) -> None:
    for path, allowed in (("/v1/predictions", "GET, POST"), ("/v1/models/owner/x", "DELETE, GET, PATCH")):
        answer = owner.put(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_health_is_answered_without_a_token(stranger: httpx.Client) -> None:
    assert stranger.get("/livez").json() == {"status": "alive"}
    ready = stranger.get("/readyz").json()
    assert (ready["status"], ready["problems"], ready["lease_lost_at"]) == ("ready", [], None)
