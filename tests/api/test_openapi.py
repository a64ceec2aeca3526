"""The API's description: complete, true to what is answered, and readable without the internet."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, cast

import httpx
import jsonschema_rs
import pytest

from augury.api.app import create_app
from augury.api.reference import routes as reference_routes
from augury.http import problems
from augury.http.cookies import Cookies
from augury.http.fronts import Fronts
from augury.http.services import Limits, Services
from augury.service.gauges import Metrics
from augury.service.tally import Tally
from augury.web.site import WebApp

OPERATIONS = {
    "create_prediction",
    "list_predictions",
    "get_prediction",
    "cancel_prediction",
    "create_model",
    "list_models",
    "list_models_of_owner",
    "get_model",
    "update_model",
    "delete_model",
    "create_version",
    "list_versions",
    "get_version",
    "delete_version",
    "get_version_configuration",
    "update_version_configuration",
    "get_authenticated_user",
    "update_authenticated_user",
    "list_own_models",
    "put_bundle",
    "get_bundle",
    "head_bundle",
    "get_liveness",
    "get_readiness",
    "get_metrics",
    "list_workers",
    "get_statistics",
    "list_webhook_deliveries",
    "list_prediction_logs",
    "list_version_logs",
    "stream_prediction",
    "redeliver_webhook",
    "delete_prediction",
    "list_categories",
    "get_category",
    "create_category",
    "update_category",
    "delete_category",
    "search_models",
    "search_users",
    "list_users",
    "get_user",
    "create_user",
    "update_user",
    "delete_user",
    "list_tokens",
    "create_token",
    "delete_token",
    "list_model_access",
    "get_model_access",
    "put_model_access",
    "delete_model_access",
    "create_upload",
    "put_upload_part",
    "complete_upload",
    "get_file",
    "head_file",
    "list_variables",
    "create_variable",
    "update_variable",
    "delete_variable",
    "list_hardware",
    "get_session",
    "create_session",
    "delete_session",
    "create_session_link",
}
"""Generated clients name their methods after these: a change breaks them."""

OTHERS = {"openai", "anthropic", "replicate"}
"""What operations of other APIs are tagged with."""

DONE = {"200", "201", "202", "204"}

SIGNING_IN = ("post", "/v1/session")
"""What shows a token or a code in its body."""

BODIES = {"application/json", "application/octet-stream", "text/event-stream", "text/plain"}

SIGNED = ("/v1/uploads/{upload_id}/parts/", "/v1/files/")
"""The paths of links that prove by themselves that they were given."""


@pytest.fixture(scope="module")
def document(stranger: httpx.Client) -> dict[str, Any]:
    return stranger.get("/openapi.json").raise_for_status().json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Ours."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not OTHERS & set(operation.get("tags", ())):
                yield path, method, operation


def test_operations_have_names_that_stay(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(names) == sorted(OPERATIONS)


def test_operations_of_other_apis_have_names_of_their_own_and_say_what_they_do(document: dict[str, Any]) -> None:
    found = [one for methods in document["paths"].values() for one in methods.values()]
    names = [one["operationId"] for one in found]
    assert len(set(names)) == len(names)
    others = [one for one in found if OTHERS & set(one.get("tags", ()))]
    assert {tag for one in others for tag in one["tags"]} == OTHERS
    for one in others:
        name = one["operationId"]
        assert name.startswith(tuple(OTHERS)), name
        assert one["summary"].endswith("."), name
        assert one["security"] == [{"token": []}], name
        assert {"401", "429"} <= set(one["responses"]), name
        assert all(response["description"] for response in one["responses"].values()), name
        assert set(one["responses"]) & {"200", "201", "202", "204"}, name


def test_every_route_is_described() -> None:
    nothing = cast("Any", None)
    fields: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Services))
    fields["metrics"] = Metrics(nothing, Tally(), nothing, nothing, 0, "")
    services = Services(**fields)
    app = create_app(services, Limits(60, 60, 1000, 1000), Fronts(), Cookies((), None), WebApp)
    described = {(path, method.upper()) for path, method, _ in operations(app.openapi())}
    hidden = {(path, method) for path, method in served(reference_routes(app, "0", None, Fronts()))}
    assert set(served(app.router)) - hidden == described


def served(router: Any) -> Iterator[tuple[str, str]]:
    for route in router.routes:
        if included := getattr(route, "original_router", None):
            yield from served(included)
        else:
            for method in route.methods:
                yield route.path, method


def test_every_operation_says_what_it_does_answers_and_refuses(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        name = f"{method} {path}"
        assert operation["summary"], name
        assert len(operation["description"]) > 10, name
        codes = set(operation["responses"])
        assert codes & DONE, name
        assert {int(code) for code in codes - DONE} <= set(problems.STATUS.values()), name
        for code, response in operation["responses"].items():
            assert response["description"], name
            assert "X-Request-Id" in response["headers"], name
            if method != "head" and code != "204":
                assert BODIES & set(response["content"]), name
        if path.startswith(SIGNED):
            assert "security" not in operation, name
            assert {"403", "429"} <= codes, name
        elif (method, path) == SIGNING_IN:
            assert "security" not in operation, name
            assert {"401", "403", "429"} <= codes, name
        elif path.startswith("/v1/"):
            assert operation["security"], name
            assert {"401", "429"} <= codes, name
        if method in ("post", "patch", "put") and not path.endswith(
            ("/cancel", "/redeliver", "/access/{user}", "/links")
        ):
            assert operation["requestBody"]["required"], name
            # A part of an upload has the size that was agreed on, or is a 422.
            assert ({"422"} if path.startswith(SIGNED) else {"413", "422"}) <= codes, name


def test_references_lead_somewhere_and_every_shape_is_used(document: dict[str, Any]) -> None:
    used = set(re.findall(r"#/components/schemas/([^\"']+)", str(document)))
    assert used == set(document["components"]["schemas"])


def test_bodies_have_examples(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            schema = resolved(document, content["schema"])
            assert "example" in schema
            assert not list(validator(document, content["schema"]).iter_errors(schema["example"]))


def test_answers_have_the_shapes_that_are_described(
    document: dict[str, Any], owner: httpx.Client, stranger: httpx.Client, shout: str
) -> None:
    made = owner.post("/v1/predictions", json={"model": shout, "input": {"text": "a"}}, headers={"Prefer": "wait"})
    model, _, number = shout.partition(":")
    checks = [
        ("/v1/predictions", "post", made),
        ("/v1/predictions", "get", owner.get("/v1/predictions")),
        ("/v1/predictions/{prediction_id}", "get", owner.get(made.headers["location"])),
        ("/v1/models", "get", stranger.get("/v1/models")),
        ("/v1/models/{owner}", "get", stranger.get("/v1/models/owner")),
        ("/v1/models/{owner}/{name}", "get", stranger.get(f"/v1/models/{model}")),
        ("/v1/models/{owner}/{name}/versions", "get", stranger.get(f"/v1/models/{model}/versions")),
        ("/v1/models/{owner}/{name}/versions/{number}", "get", stranger.get(f"/v1/models/{model}/versions/{number}")),
        (
            "/v1/models/{owner}/{name}/versions/{number}/configuration",
            "get",
            stranger.get(f"/v1/models/{model}/versions/{number}/configuration"),
        ),
        ("/v1/user", "get", owner.get("/v1/user")),
        ("/v1/user", "get", stranger.get("/v1/user")),
        ("/v1/user/models", "get", owner.get("/v1/user/models")),
        ("/v1/users", "get", stranger.get("/v1/users")),
        ("/v1/users", "get", owner.get("/v1/users?view=admin")),
        ("/v1/users/{user}", "get", stranger.get("/v1/users/owner")),
        ("/v1/users/{user}", "get", owner.get("/v1/users/owner?view=admin")),
        ("/v1/users/{user}", "patch", owner.patch("/v1/users/owner", json={})),
        ("/v1/tokens", "get", owner.get("/v1/tokens")),
        ("/v1/tokens", "post", owner.post("/v1/tokens", json={"name": "described"})),
        ("/v1/models/{owner}/{name}/access/{user}", "put", owner.put(f"/v1/models/{model}/access/owner")),
        ("/v1/models/{owner}/{name}/access", "get", owner.get(f"/v1/models/{model}/access")),
        ("/v1/predictions", "post", owner.post("/v1/predictions", json={})),
        ("/v1/predictions/{prediction_id}", "get", owner.get("/v1/predictions/x")),
        ("/v1/models/{owner}/{name}", "get", stranger.get("/v1/models/owner/nothing")),
        ("/readyz", "get", stranger.get("/readyz")),
    ]
    for path, method, answer in checks:
        response = document["paths"][path][method]["responses"][str(answer.status_code)]
        schema = response["content"]["application/json"]["schema"]
        found = [str(error) for error in validator(document, schema).iter_errors(answer.json())]
        assert not found, (path, found)
        same_keys(document, schema, answer.json())


def same_keys(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Nothing is answered that is not described: JSON Schema alone would let it pass."""
    schema = resolved(document, schema)
    choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    if value is not None and choices:
        fitting = max(choices, key=lambda one: len(set(resolved(document, one).get("properties", ())) & _keys(value)))
        same_keys(document, fitting, value)
    if "properties" in schema and isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        assert set(fields) <= set(schema["properties"])
        for name, inner in fields.items():
            same_keys(document, schema["properties"][name], inner)
    if "items" in schema and isinstance(value, list):
        for inner in cast("list[Any]", value):
            same_keys(document, schema["items"], inner)


def _keys(value: Any) -> set[str]:
    return set(cast("dict[str, Any]", value)) if isinstance(value, dict) else set()


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return document["components"]["schemas"][name] if name else schema


def validator(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def test_the_reference_page_loads_everything_from_this_server(stranger: httpx.Client) -> None:
    page = stranger.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    addresses = re.findall(r"""(?:href|src|url)\s*[=:]\s*["']([^"']+)["']""", page.text)
    assert len(addresses) == 4
    for address in addresses:
        found = stranger.get(httpx.URL("/docs").join(address))
        assert found.status_code == 200, address
        assert len(found.content) > 300
    assert "openapi.json" in stranger.get("/docs/begin.js").text
    assert "//cdn" not in page.text
    assert "https://" not in page.text


def test_the_reference_page_has_nothing_in_it_that_its_policy_forbids(stranger: httpx.Client) -> None:
    page = stranger.get("/docs")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page.text) == []


def test_nothing_else_is_served_from_beside_the_page(stranger: httpx.Client) -> None:
    for path in ("/docs/__init__.py", "/docs/..%2fcore.py", "/docs/redoc.standalone.js"):
        assert stranger.get(path).status_code == 404


def test_the_root_points_to_what_there_is(stranger: httpx.Client) -> None:
    for pointer in ("docs", "openapi", "ready"):
        assert stranger.get(stranger.get("/").json()[pointer]).status_code == 200
