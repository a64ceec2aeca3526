"""Who may do what on which route of ours: the table that `test_roles` walks, and the scene that it walks in.

    ROUTES: (method, path) -> what each role is answered there, and a request that asks for it

The routes of other APIs are in `compat_roles`.

ada owns a private, a restricted and a public model, each with a version, a prediction, a log, a stream and a delivery;
mel is on all their access lists; sam is nobody to them. Knows no test.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support import models
from tests.support.models import Source

Json = dict[str, Any]

VISIBILITIES = ("private", "restricted", "public")

TALKATIVE = Source(
    """
    def predict(prompt: str) -> str:
        print("planted line of", prompt)
        return "planted output of " + prompt
    """,
    input={"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]},
    output={"type": "string"},
)


@dataclass(frozen=True)
class Role:
    """Somebody who asks."""

    name: str
    header: str | None = None
    """The Authorization header."""
    account: str | None = None
    scopes: frozenset[str] = frozenset()
    refused: str | None = None
    """The code with which the header is refused wherever it is looked at."""

    @property
    def admin(self) -> bool:
        """Whether it may do what admins may."""
        return self.account == "owner" and "admin" in self.scopes

    def rules(self) -> bool:
        """Whether ada's things are its to change, as far as its scopes go."""
        return self.account == "ada" or self.admin


@dataclass(frozen=True)
class Target:
    """What belongs to one of ada's models."""

    visibility: str
    name: str
    model_id: str
    prediction: str
    delivery: str
    upload: str
    part: str
    etag: str
    file: str
    version: int = 1

    @property
    def path(self) -> str:
        """The model's route."""
        return f"/v1/models/ada/{self.name}"


@dataclass
class Scene:
    """What there is, and ways to make more of it; `http` has no token."""

    http: httpx.Client
    tokens: dict[str, str]
    """Texts of tokens by account and scope, such as `ada admin`."""
    targets: dict[str, Target] = field(default_factory=dict[str, Target])
    digest: str = ""
    bundle: bytes = b""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def call(self, who: str, method: str, path: str, **options: Any) -> Json:
        """What somebody who may gets."""
        answer = self.http.request(method, path, headers={"Authorization": f"Bearer {self.tokens[who]}"}, **options)
        assert answer.is_success, (method, path, answer.text)
        return answer.json()

    def fresh(self, prefix: str) -> str:
        """A name that nobody has."""
        return f"{prefix}-{next(self._numbers)}"

    def model(self, visibility: str) -> Target:
        """Another model of ada's, with all that belongs to one."""
        name = self.fresh(f"planted-{visibility}")
        described = {"name": name, "visibility": visibility, "description": f"plantedwords{visibility} of {name}"}
        made = self.call("ada admin", "POST", "/v1/models", json=described)
        self.publish(name)
        self.call("ada admin", "PUT", f"/v1/models/ada/{name}/access/mel")
        prediction = self.prediction(name)
        deliveries = self.call("ada read", "GET", f"/v1/predictions/{prediction}/webhooks")["items"]
        upload = self.call("ada predict", "POST", "/v1/uploads", json={"size": 7, "mime_type": "text/plain"})
        part = upload["urls"][0].removeprefix(str(self.http.base_url).rstrip("/"))
        etag = self.http.put(part, content=b"planted").headers["etag"]
        return Target(
            visibility, name, made["id"], prediction, deliveries[0]["id"], upload["id"], part, etag, self.file()
        )

    def publish(self, name: str) -> None:
        """Another version of a model of ada's."""
        version = {
            "release_notes": f"planted notes of {name}",
            "schemas": TALKATIVE.schemas,
            "container_image_digest": self.digest,
        }
        self.call("ada admin", "POST", f"/v1/models/ada/{name}/versions", json=version)

    def prediction(self, name: str) -> str:
        """Another prediction of ada's that has ended."""
        wanted = {
            "model": f"ada/{name}",
            "input": {"prompt": f"planted input of {name}"},
            "stream": True,
            "webhook": {"url": "http://127.0.0.1:9/planted"},
        }
        made = self.call("ada predict", "POST", "/v1/predictions", json=wanted)
        stream = f"/v1/predictions/{made['id']}/stream"
        self.http.get(stream, headers={"Authorization": f"Bearer {self.tokens['ada read']}"}).raise_for_status()
        return made["id"]

    def file(self) -> str:
        """A file that ada has uploaded: the link to it, without the server's address."""
        upload = self.call("ada predict", "POST", "/v1/uploads", json={"size": 7, "mime_type": "text/plain"})
        etag = self.http.put(upload["urls"][0], content=b"planted").headers["etag"]
        done = self.call("ada predict", "POST", f"/v1/uploads/{upload['id']}/complete", json={"etags": [etag]})
        return done["download_url"].removeprefix(str(self.http.base_url).rstrip("/"))


def _code(body: Json) -> str:
    return body["code"]


OK = "ok"
Rule = Callable[[Role, str], str]
"""What somebody is answered about a model of that visibility: OK, or the code of the refusal."""
Ask = Callable[[Scene, Target, bool], "tuple[str, Json]"]
"""Path and options of a request; the flag says that it will be allowed, so that it had better ask for something new."""


@dataclass(frozen=True)
class Entry:
    """A route: what each role is answered, a request, and which refusals mean that one was allowed to ask."""

    rule: Rule
    ask: Ask
    also: tuple[int, ...] = ()
    open: bool = False
    """Whether no token is looked at, not even one that is wrong."""
    of_model: bool = False
    """Whether what is answered depends on the model's visibility."""
    code: Callable[[Json], str] = _code
    """Where the body of a refusal has its code."""


def anybody(_role: Role, _visibility: str) -> str:
    return OK


def whoever(scope: str) -> Rule:
    """Everyone who has a token with that scope."""

    def rule(role: Role, _visibility: str) -> str:
        if role.account is None:
            return "missing_token"
        return OK if scope in role.scopes else "scope_missing"

    return rule


def ada_alone(scope: str, missing: str, *, admins: bool = True) -> Rule:
    """ada, and admins, where that scope is; to others there is no such thing."""

    def rule(role: Role, visibility: str) -> str:
        if (said := whoever(scope)(role, visibility)) != OK:
            return said
        return OK if role.account == "ada" or (admins and role.admin) else missing

    return rule


def admins(scope: str) -> Rule:
    """Admins alone."""

    def rule(role: Role, visibility: str) -> str:
        if (said := whoever(scope)(role, visibility)) != OK:
            return said
        return OK if role.admin else "admins_only"

    return rule


def sees(role: Role, visibility: str) -> str:
    """Whoever may see the model, without a token, too."""
    return OK if visibility != "private" or role.rules() else "model_not_found"


def rules(scope: str) -> Rule:
    """Whoever may change the model."""

    def rule(role: Role, visibility: str) -> str:
        if (said := whoever(scope)(role, visibility)) != OK or (said := sees(role, visibility)) != OK:
            return said
        return OK if role.rules() else "not_permitted"

    return rule


def runs(role: Role, visibility: str) -> str:
    """Whoever may run the model."""
    if (said := whoever("predict")(role, visibility)) != OK or (said := sees(role, visibility)) != OK:
        return said
    return OK if visibility != "restricted" or role.rules() or role.account == "mel" else "not_permitted"


def at(path: str, **options: Any) -> Ask:
    """The same request, whoever asks."""
    return lambda _scene, _target, _allowed: (path, options)


def of_model(below: str = "", **options: Any) -> Ask:
    """A request about the model that changes nothing."""
    return lambda _scene, target, _allowed: (target.path + below, options)


def of_new_model(below: str = "", **options: Any) -> Ask:
    """A request that changes the model."""
    return lambda scene, target, allowed: (
        (scene.model(target.visibility) if allowed else target).path + below,
        options,
    )


def of_prediction(below: str = "", **options: Any) -> Ask:
    """A request about the prediction that changes nothing."""
    return lambda _scene, target, _allowed: (f"/v1/predictions/{target.prediction}{below}", options)


def _create_prediction(_scene: Scene, target: Target, _allowed: bool) -> tuple[str, Json]:
    return "/v1/predictions", {"json": {"model": f"ada/{target.name}", "input": {"prompt": "x"}}}


def _delete_prediction(scene: Scene, target: Target, allowed: bool) -> tuple[str, Json]:
    return f"/v1/predictions/{scene.prediction(target.name) if allowed else target.prediction}", {}


def _publish(scene: Scene, target: Target, allowed: bool) -> tuple[str, Json]:
    path, _ = of_new_model("/versions")(scene, target, allowed)
    version = {"release_notes": "", "schemas": TALKATIVE.schemas, "container_image_digest": scene.digest}
    return path, {"json": version}


def _new(path: str, name: str, **fields: Any) -> Ask:
    return lambda scene, _target, _allowed: (path, {"json": {name: scene.fresh("fresh"), **fields}})


def _delete_user(scene: Scene, _target: Target, allowed: bool) -> tuple[str, Json]:
    if not allowed:
        return "/v1/users/sam", {}
    return f"/v1/users/{scene.call('owner admin', 'POST', '/v1/users', json={'name': scene.fresh('gone')})['name']}", {}


def _variable(scene: Scene, _target: Target, allowed: bool) -> tuple[str, Json]:
    if not allowed:
        return "/v1/variables/planted-variable", {}
    new = {"name": scene.fresh("variable"), "key": "PLANTED", "value": "x", "secret": False}
    return f"/v1/variables/{scene.call('ada admin', 'POST', '/v1/variables', json=new)['name']}", {}


def _change_variable(scene: Scene, target: Target, allowed: bool) -> tuple[str, Json]:
    return _variable(scene, target, allowed)[0], {"json": {"value": "y"}}


def _delete_token(scene: Scene, _target: Target, allowed: bool) -> tuple[str, Json]:
    if allowed:
        return f"/v1/tokens/{scene.call('ada admin', 'POST', '/v1/tokens', json={'name': 'gone'})['id']}", {}
    kept = scene.call("ada read", "GET", "/v1/tokens", params={"page_size": 100})["items"]
    return f"/v1/tokens/{next(one['id'] for one in kept if one['name'] == 'ada read')}", {}


def _sign_in(scene: Scene, _target: Target, _allowed: bool) -> tuple[str, Json]:
    return "/v1/session", {"json": {"token": scene.tokens["sam read"]}}


def _category(scene: Scene, _target: Target, allowed: bool) -> tuple[str, Json]:
    if not allowed:
        return "/v1/model_categories/kept", {}
    new = {"name": scene.fresh("Category"), "slug": scene.fresh("category"), "description": ""}
    return f"/v1/model_categories/{scene.call('owner admin', 'POST', '/v1/model_categories', json=new)['slug']}", {}


def _new_category(scene: Scene, _target: Target, _allowed: bool) -> tuple[str, Json]:
    return "/v1/model_categories", {"json": {"name": scene.fresh("Category"), "slug": scene.fresh("category")}}


def _new_variable(scene: Scene, _target: Target, _allowed: bool) -> tuple[str, Json]:
    new = {"name": scene.fresh("variable"), "key": "PLANTED", "value": "x", "secret": False}
    return "/v1/variables", {"json": new}


def _put_bundle(scene: Scene, _target: Target, _allowed: bool) -> tuple[str, Json]:
    return f"/v1/bundles/{scene.digest}", {"content": scene.bundle}


def _bundle(scene: Scene, _target: Target, _allowed: bool) -> tuple[str, Json]:
    return f"/v1/bundles/{scene.digest}", {}


def _part(_scene: Scene, target: Target, _allowed: bool) -> tuple[str, Json]:
    return target.part, {"content": b"planted"}


def _complete(scene: Scene, target: Target, allowed: bool) -> tuple[str, Json]:
    if not allowed:
        return f"/v1/uploads/{target.upload}/complete", {"json": {"etags": [target.etag]}}
    upload = scene.call("ada predict", "POST", "/v1/uploads", json={"size": 7, "mime_type": "text/plain"})
    etag = scene.http.put(upload["urls"][0], content=b"planted").headers["etag"]
    return f"/v1/uploads/{upload['id']}/complete", {"json": {"etags": [etag]}}


def _file(_scene: Scene, target: Target, _allowed: bool) -> tuple[str, Json]:
    return target.file, {}


def _access(scene: Scene, target: Target, allowed: bool) -> tuple[str, Json]:
    return of_new_model("/access/mel")(scene, target, allowed)


def _redeliver(_scene: Scene, target: Target, _allowed: bool) -> tuple[str, Json]:
    return f"/v1/webhooks/{target.delivery}/redeliver", {}


_NO_PREDICTION = "prediction_not_found"
_OWN_PREDICTION = ada_alone("read", _NO_PREDICTION)
_MODEL, _VERSION = "/v1/models/{owner}/{name}", "/v1/models/{owner}/{name}/versions/{number}"
_PREDICTION, _CATEGORY, _USER = "/v1/predictions/{prediction_id}", "/v1/model_categories/{slug}", "/v1/users/{user}"
_ACCESS, _FILE, _BUNDLE = f"{_MODEL}/access", "/v1/files/{file_id}/{name}", "/v1/bundles/{digest}"

ROUTES: Mapping[tuple[str, str], Entry] = {
    # Predictions: their creator's and admins', whoever owns the model (D24).
    ("POST", "/v1/predictions"): Entry(runs, _create_prediction, of_model=True),
    ("GET", "/v1/predictions"): Entry(whoever("read"), at("/v1/predictions?page_size=100")),
    ("GET", _PREDICTION): Entry(_OWN_PREDICTION, of_prediction(), of_model=True),
    ("DELETE", _PREDICTION): Entry(ada_alone("predict", _NO_PREDICTION), _delete_prediction, of_model=True),
    ("POST", f"{_PREDICTION}/cancel"): Entry(
        ada_alone("predict", _NO_PREDICTION), of_prediction("/cancel"), also=(409,), of_model=True
    ),
    ("GET", f"{_PREDICTION}/stream"): Entry(_OWN_PREDICTION, of_prediction("/stream"), of_model=True),
    ("GET", f"{_PREDICTION}/logs"): Entry(_OWN_PREDICTION, of_prediction("/logs"), of_model=True),
    ("GET", f"{_PREDICTION}/webhooks"): Entry(_OWN_PREDICTION, of_prediction("/webhooks"), of_model=True),
    ("POST", "/v1/webhooks/{delivery_id}/redeliver"): Entry(
        ada_alone("predict", "delivery_not_found"), _redeliver, of_model=True
    ),
    # Models: seen by everyone unless they are private, changed by their owner and admins (D51).
    ("GET", "/v1/models"): Entry(anybody, at("/v1/models?page_size=100")),
    ("GET", "/v1/models/{owner}"): Entry(anybody, at("/v1/models/ada?page_size=100")),
    ("GET", "/v1/search/models"): Entry(anybody, at("/v1/search/models?q=plantedwordsprivate")),
    ("GET", "/v1/user/models"): Entry(whoever("read"), at("/v1/user/models?page_size=100")),
    ("POST", "/v1/models"): Entry(whoever("admin"), _new("/v1/models", "name")),
    ("GET", _MODEL): Entry(sees, of_model(), of_model=True),
    ("PATCH", _MODEL): Entry(rules("admin"), of_new_model(json={"overview": "changed"}), of_model=True),
    ("DELETE", _MODEL): Entry(rules("admin"), of_new_model(), of_model=True),
    ("GET", f"{_MODEL}/versions"): Entry(sees, of_model("/versions"), of_model=True),
    ("POST", f"{_MODEL}/versions"): Entry(rules("admin"), _publish, of_model=True),
    ("GET", _VERSION): Entry(sees, of_model("/versions/1"), of_model=True),
    ("DELETE", _VERSION): Entry(rules("admin"), of_new_model("/versions/1"), of_model=True),
    ("GET", f"{_VERSION}/configuration"): Entry(sees, of_model("/versions/1/configuration"), of_model=True),
    ("PATCH", f"{_VERSION}/configuration"): Entry(
        rules("admin"), of_new_model("/versions/1/configuration", json={"variable_names": []}), of_model=True
    ),
    ("GET", f"{_VERSION}/logs"): Entry(rules("read"), of_model("/versions/1/logs"), of_model=True),
    ("GET", _ACCESS): Entry(rules("read"), of_model("/access"), of_model=True),
    ("GET", f"{_ACCESS}/{{user}}"): Entry(rules("read"), of_model("/access/mel"), of_model=True),
    ("PUT", f"{_ACCESS}/{{user}}"): Entry(rules("admin"), _access, of_model=True),
    ("DELETE", f"{_ACCESS}/{{user}}"): Entry(rules("admin"), _access, of_model=True),
    # Accounts and tokens.
    ("GET", "/v1/user"): Entry(whoever("read"), at("/v1/user")),
    ("PATCH", "/v1/user"): Entry(whoever("admin"), at("/v1/user", json={"bio": "changed"})),
    ("GET", "/v1/users"): Entry(anybody, at("/v1/users?page_size=100")),
    ("GET", "/v1/search/users"): Entry(anybody, at("/v1/search/users?q=ada")),
    ("GET", _USER): Entry(anybody, at("/v1/users/ada")),
    ("POST", "/v1/users"): Entry(admins("admin"), _new("/v1/users", "name")),
    ("PATCH", _USER): Entry(admins("admin"), at("/v1/users/sam", json={"bio": "changed"})),
    ("DELETE", _USER): Entry(admins("admin"), _delete_user),
    ("GET", "/v1/tokens"): Entry(whoever("read"), at("/v1/tokens")),
    ("POST", "/v1/tokens"): Entry(whoever("admin"), at("/v1/tokens", json={"name": "walk"})),
    ("DELETE", "/v1/tokens/{token_id}"): Entry(ada_alone("admin", "token_not_found"), _delete_token),
    # Signing in shows what it is done with in its body.
    ("GET", "/v1/session"): Entry(anybody, at("/v1/session")),
    ("POST", "/v1/session"): Entry(anybody, _sign_in, open=True),
    ("DELETE", "/v1/session"): Entry(anybody, at("/v1/session")),
    ("POST", "/v1/session/links"): Entry(whoever("read"), at("/v1/session/links")),
    # What an account has of its own.
    ("GET", "/v1/variables"): Entry(whoever("read"), at("/v1/variables")),
    ("POST", "/v1/variables"): Entry(whoever("admin"), _new_variable),
    ("PATCH", "/v1/variables/{name}"): Entry(ada_alone("admin", "variable_not_found", admins=False), _change_variable),
    ("DELETE", "/v1/variables/{name}"): Entry(ada_alone("admin", "variable_not_found", admins=False), _variable),
    ("PUT", _BUNDLE): Entry(whoever("admin"), _put_bundle),
    ("GET", _BUNDLE): Entry(whoever("read"), _bundle),
    ("HEAD", _BUNDLE): Entry(whoever("read"), _bundle),
    ("POST", "/v1/uploads"): Entry(whoever("predict"), at("/v1/uploads", json={"size": 7, "mime_type": "text/plain"})),
    ("POST", "/v1/uploads/{upload_id}/complete"): Entry(
        ada_alone("predict", "upload_not_found", admins=False), _complete
    ),
    # Whoever has the link has been given it: that it cannot be guessed is tested beside the walk.
    ("PUT", "/v1/uploads/{upload_id}/parts/{number}"): Entry(anybody, _part, open=True),
    ("GET", _FILE): Entry(anybody, _file, open=True),
    ("HEAD", _FILE): Entry(anybody, _file, open=True),
    # What everybody may know, and what admins do about it.
    ("GET", "/v1/hardware"): Entry(anybody, at("/v1/hardware")),
    ("GET", "/v1/model_categories"): Entry(anybody, at("/v1/model_categories")),
    ("GET", _CATEGORY): Entry(anybody, at("/v1/model_categories/kept")),
    ("POST", "/v1/model_categories"): Entry(admins("admin"), _new_category),
    ("PATCH", _CATEGORY): Entry(admins("admin"), at("/v1/model_categories/kept", json={"description": "changed"})),
    ("DELETE", _CATEGORY): Entry(admins("admin"), _category),
    ("GET", "/v1/workers"): Entry(admins("read"), at("/v1/workers")),
    ("GET", "/v1/statistics"): Entry(admins("read"), at("/v1/statistics")),
    ("GET", "/metrics"): Entry(admins("read"), at("/metrics")),
    ("GET", "/livez"): Entry(anybody, at("/livez"), open=True),
    ("GET", "/readyz"): Entry(anybody, at("/readyz"), open=True),
    ("GET", "/"): Entry(anybody, at("/"), open=True),
    ("GET", "/docs"): Entry(anybody, at("/docs"), open=True),
    ("GET", "/docs/begin.js"): Entry(anybody, at("/docs/begin.js"), open=True),
    ("GET", "/docs/{asset}"): Entry(anybody, at("/docs/swagger-ui.css"), open=True),
    ("GET", "/openapi.json"): Entry(anybody, at("/openapi.json"), open=True),
}


def furnish(http: httpx.Client, owner_token: str) -> Scene:
    """Make the accounts, and ada's models with all that belongs to them."""
    scene = Scene(http, {"owner admin": owner_token})
    for account in ("ada", "mel", "sam", "dee"):
        scene.call("owner admin", "POST", "/v1/users", json={"name": account})
    for account in ("ada", "mel", "sam", "dee", "owner"):
        for scope in ("read", "predict", "admin"):
            new = {"name": f"{account} {scope}", "scopes": [scope], "account": account}
            scene.tokens[f"{account} {scope}"] = scene.call("owner admin", "POST", "/v1/tokens", json=new)["token"]
    scene.call("owner admin", "PATCH", "/v1/users/dee", json={"disabled": True})
    new = {"name": "Kept", "slug": "kept", "description": "stays"}
    scene.call("owner admin", "POST", "/v1/model_categories", json=new)
    scene.digest, scene.bundle = models.packed(TALKATIVE)
    scene.call("ada admin", "PUT", f"/v1/bundles/{scene.digest}", content=scene.bundle)
    variable = {"name": "planted-variable", "key": "PLANTED", "value": "planted value", "secret": False}
    scene.call("ada admin", "POST", "/v1/variables", json=variable)
    scene.targets |= {visibility: scene.model(visibility) for visibility in VISIBILITIES}
    return scene
