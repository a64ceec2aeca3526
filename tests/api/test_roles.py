"""Every route, asked by everybody: what each is answered, and that nobody learns of what is not theirs."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Generator, Iterator
from typing import Any, cast

import httpx
import pytest

from augury.api.app import create_app
from augury.http.cookies import Cookies
from augury.http.fronts import Fronts
from augury.http.services import Limits, Services
from augury.service.gauges import Metrics
from augury.service.tally import Tally
from augury.web.site import WebApp
from tests.api import compat_roles, roles
from tests.api.roles import OK, VISIBILITIES, Role, Scene, Target
from tests.support.server import Server, running

SCOPES = {"read": {"read"}, "predict": {"read", "predict"}, "admin": {"read", "predict", "admin"}}
LIVING = [f"{account} {scope}" for account in ("ada", "mel", "sam", "owner") for scope in SCOPES]
DEAD = {
    "unknown": "invalid_token",
    "malformed": "malformed_token",
    "disabled": "account_disabled",
    "expired": "expired_token",
    "revoked": "revoked_token",
}
EVERYBODY = ["nobody", *LIVING, *DEAD]
ROUTES = {**roles.ROUTES, **compat_roles.ROUTES}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server of its own: the walk leaves much behind."""
    with running(tmp_path_factory.mktemp("roles"), metrics="admin", webhook_timeout="1s") as started:
        yield started


@pytest.fixture(scope="module")
def scene(walked: Server) -> Generator[Scene]:
    with httpx.Client(base_url=walked.url, timeout=25) as http:
        yield roles.furnish(http, walked.token)


@pytest.fixture(scope="module")
def everybody(walked: Server, scene: Scene) -> list[Role]:
    """Who asks."""
    headers = {who: f"Bearer {scene.tokens[who]}" for who in LIVING}
    made = {
        name: scene.call("owner admin", "POST", "/v1/tokens", json={"name": name, "account": "ada"})
        for name in ("expired", "revoked")
    }
    scene.call("owner admin", "DELETE", f"/v1/tokens/{made['revoked']['id']}")
    with sqlite3.connect(walked.data / "augury.db") as database:
        database.execute("UPDATE tokens SET expires_at = 1 WHERE id = ?", (made["expired"]["id"],))
    database.close()
    dead = {
        "unknown": "Bearer aug_" + "A" * 43,
        "malformed": f"Basic {scene.tokens['ada admin']}",
        "disabled": f"Bearer {scene.tokens['dee admin']}",
        "expired": f"Bearer {made['expired']['token']}",
        "revoked": f"Bearer {made['revoked']['token']}",
    }
    living = [Role(who, headers[who], who.split()[0], frozenset(SCOPES[who.split()[1]])) for who in LIVING]
    return [Role("nobody"), *living, *(Role(name, dead[name], refused=code) for name, code in DEAD.items())]


def served(router: Any) -> Iterator[tuple[str, str]]:
    for route in router.routes:
        if included := getattr(route, "original_router", None):
            yield from served(included)
        else:
            for method in route.methods:
                yield method, route.path


def test_every_route_that_there_is_is_in_the_table() -> None:
    nothing = cast("Any", None)
    fields: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Services))
    fields["metrics"] = Metrics(nothing, Tally(), nothing, nothing, 0, "")
    app = create_app(Services(**fields), Limits(60, 60, 1000, 1000), Fronts(), Cookies((), None), WebApp)
    assert set(served(app.router)) == set(roles.ROUTES), "a route that nobody has said who may use"


def test_every_route_of_other_apis_is_in_their_table(scene: Scene) -> None:
    paths: dict[str, dict[str, Any]] = scene.http.get("/openapi.json").json()["paths"]
    found = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert found - set(roles.ROUTES) == set(compat_roles.ROUTES), "a route that nobody has said who may use"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_everybody_gets_what_is_theirs_on_each_route_and_nothing_else(
    route: tuple[str, str], scene: Scene, everybody: list[Role]
) -> None:
    entry = ROUTES[route]
    for visibility in VISIBILITIES if entry.of_model else VISIBILITIES[:1]:
        target = scene.targets[visibility]
        for role in everybody:
            code = role.refused if role.refused and not entry.open else entry.rule(role, visibility)
            path, options = entry.ask(scene, target, code == OK)
            answer = asked(scene, role, route[0], path, options)
            said = f"{answer.status_code} {answer.text[:300]}"
            place = f"{role.name} asks {route[0]} {path} of the {visibility} one: {said}"
            if code == OK:
                assert answer.is_success or answer.status_code in entry.also, place
            else:
                assert answer.status_code == _STATUS[code], place
                if route[0] != "HEAD":
                    assert entry.code(answer.json()) == code, place
            leaks = [word for word in secrets(scene, role) if word in answer.text and word not in sent(path, options)]
            assert not leaks, (place, leaks)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_what_a_route_may_refuse_is_in_its_description(route: tuple[str, str], scene: Scene) -> None:
    described = scene.http.get("/openapi.json").json()["paths"].get(route[1], {}).get(route[0].lower())
    if described is None:
        assert ROUTES[route].open, "hidden, so everybody's"
        return
    everyone = [Role("nobody"), *(Role(who, "", who.split()[0], frozenset(SCOPES[who.split()[1]])) for who in LIVING)]
    codes = {ROUTES[route].rule(role, visibility) for role in everyone for visibility in VISIBILITIES} - {OK}
    assert {str(_STATUS[code]) for code in codes} <= set(described["responses"])


def test_those_who_may_find_what_others_do_not(scene: Scene) -> None:
    private = scene.targets["private"]
    for path, who in (
        ("/v1/user/models?page_size=100", "ada read"),
        ("/v1/search/models?q=plantedwordsprivate", "ada read"),
        (private.path, "ada read"),
        (private.path, "owner admin"),
    ):
        assert private.model_id in str(scene.call(who, "GET", path)), (path, who)
    for who in ("ada read", "owner admin"):
        found = scene.call(who, "GET", f"/v1/predictions/{private.prediction}")
        assert found["input"] == {"prompt": f"planted input of {private.name}"}


def test_a_private_model_is_neither_in_lists_nor_in_what_is_found_and_counts_nowhere(scene: Scene) -> None:
    lists = ["/v1/models?page_size=100", "/v1/models/ada?page_size=100", "/v1/search/models?q=plantedwordsprivate"]
    lists += [f"{path}&sort_by=predictions_count" for path in lists[:2]]
    for headers in ({}, *({"Authorization": f"Bearer {scene.tokens[who]}"} for who in ("sam admin", "mel admin"))):
        for path in lists:
            found = scene.http.get(path, headers=headers).raise_for_status().json()
            assert not [one for one in found["items"] if one["visibility"] == "private"], path
        assert scene.http.get(lists[2], headers=headers).json()["items"] == []


CLIENTS = {
    "ours": {},
    "OpenAI's": {"x-stainless-lang": "python"},
    "Anthropic's": {"x-stainless-lang": "python", "anthropic-version": "2023-06-01"},
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_private_model_is_in_nobody_elses_list_whichever_client_asks(
    scene: Scene, everybody: list[Role], client: str
) -> None:
    private = scene.targets["private"]
    for role in everybody:
        headers = {**CLIENTS[client], **({} if role.header is None else {"Authorization": role.header})}
        listed = scene.http.get("/v1/models", headers=headers, params={"limit": "1000"})
        one = scene.http.get(private.path, headers=headers)
        if role.refused or (role.account is None and client != "ours"):
            assert (listed.status_code, one.status_code) == (401, 401)
            continue
        assert listed.is_success, (role.name, listed.text)
        assert one.status_code == (200 if role.rules() else 404), (role.name, one.text)
        for answer in [listed] if role.rules() or role.account == "owner" else [listed, one]:
            assert not [word for word in secrets(scene, role) if word in answer.text.replace(f"ada/{private.name}", "")]
        if role.account == "ada" and client != "ours":
            assert private.name in listed.text


def test_a_model_that_becomes_private_is_gone_for_others_at_once(scene: Scene) -> None:
    target = scene.model("public")
    run = {"model": f"ada/{target.name}", "input": {"prompt": "x"}}
    scene.call("sam predict", "POST", "/v1/predictions", json=run)
    scene.call("ada admin", "PATCH", target.path, json={"visibility": "private"})
    headers = {"Authorization": f"Bearer {scene.tokens['sam admin']}"}
    assert scene.http.post("/v1/predictions", json=run, headers=headers).status_code == 404
    for path in (target.path, f"{target.path}/versions", f"{target.path}/versions/1"):
        assert scene.http.get(path, headers=headers).status_code == 404
    mine = scene.call("sam read", "GET", "/v1/predictions")["items"]
    assert mine[0]["model"]["name"] == target.name, "what one has made stays one's own"


def test_what_is_private_is_answered_like_what_is_not_there(scene: Scene) -> None:
    target = scene.targets["private"]
    headers = {"Authorization": f"Bearer {scene.tokens['sam admin']}"}

    def said(method: str, path: str, **options: Any) -> tuple[int, str]:
        answer = scene.http.request(method, path, headers=headers, **options)
        body = answer.json()
        body.pop("request_id", None)
        return answer.status_code, str(body).replace(target.name, "x").replace(target.prediction, "y")

    missing, nowhere = target.path.replace(target.name, "x"), "01a212eb-0000-7000-8000-000000000000"
    for below in ("", "/versions", "/versions/1", "/versions/1/configuration", "/access", "/access/mel"):
        assert said("GET", target.path + below) == said("GET", missing + below)
    run: dict[str, Any] = {"model": f"ada/{target.name}", "input": {}}
    assert said("POST", "/v1/predictions", json=run) == said("POST", "/v1/predictions", json={**run, "model": "ada/x"})
    for below in ("", "/logs", "/stream", "/webhooks"):
        theirs = said("GET", f"/v1/predictions/{target.prediction}{below}")
        status, text = said("GET", f"/v1/predictions/{nowhere}{below}")
        assert theirs == (status, text.replace(nowhere, "y"))


@pytest.mark.parametrize("kind", ["file", "part"])
def test_a_link_with_one_character_changed_leads_nowhere(scene: Scene, kind: str) -> None:
    link = scene.targets["private"].file if kind == "file" else scene.targets["private"].part
    method = "GET" if kind == "file" else "PUT"
    path, _, query = link.partition("?")
    changed = [
        f"{path}?{query[:place]}{'0' if query[place] != '0' else '1'}{query[place + 1 :]}"
        for place in range(query.index("signature=") + 10, len(query), 7)
    ]
    for wrong in (path, f"{path}?signature=", f"{path}?{query}0", *changed):
        answer = scene.http.request(method, wrong, content=b"planted" if method == "PUT" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_signature"), wrong


def test_after_all_of_that_what_nobody_was_allowed_to_change_is_as_it_was(scene: Scene) -> None:
    for visibility, target in scene.targets.items():
        found = scene.call("ada read", "GET", target.path)
        assert (found["visibility"], found["overview"], found["latest_version"]["number"]) == (visibility, None, 1)
        assert [one["name"] for one in scene.call("ada read", "GET", f"{target.path}/access")["items"]] == ["mel"]
        assert scene.call("ada read", "GET", f"/v1/predictions/{target.prediction}")["status"] == "succeeded"
    assert scene.call("ada read", "GET", "/v1/variables")["items"][0]["value"] == "planted value"


def asked(scene: Scene, role: Role, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
    headers = {} if role.header is None else {"Authorization": role.header}
    # Whoever has signed in on the way does not ask in another's place.
    scene.http.cookies.clear()
    return scene.http.request(method, path, headers=headers, **options)


def sent(path: str, options: dict[str, Any]) -> str:
    return f"{path} {options}"


def secrets(scene: Scene, role: Role) -> Iterator[str]:
    """Words that are not for this role to read, whatever it asks for."""
    if role.rules():
        return
    yield "planted value"
    yield "planted-variable"
    for target in scene.targets.values():
        # It is in the log and in the output, too.
        yield from (f"planted input of {target.name}", target.delivery)
        if target.visibility == "private":
            yield from hidden(target)
            if role.account != "owner":
                # As an admin it has run it, and what one has made is one's own.
                yield target.name
    if role.account != "sam":
        yield "sam admin"


def hidden(target: Target) -> Iterator[str]:
    yield from (target.model_id, f"plantedwords{target.visibility} of", f"planted notes of {target.name}")


_STATUS = {
    "missing_token": 401,
    **dict.fromkeys(DEAD.values(), 401),
    "scope_missing": 403,
    "not_permitted": 403,
    "admins_only": 403,
    "model_not_found": 404,
    "prediction_not_found": 404,
    "delivery_not_found": 404,
    "variable_not_found": 404,
    "token_not_found": 404,
    "upload_not_found": 404,
    "file_not_found": 404,
    "response_not_found": 404,
}
