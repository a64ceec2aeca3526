"""Who may do what on the routes below /replicate; what it means is in `roles`."""

from __future__ import annotations

from collections.abc import Mapping

from tests.api.roles import OK, Ask, Entry, Json, Role, Scene, Target, ada_alone, at, rules, runs, sees, whoever

BASE = "/replicate/v1"
_MODEL, _DEPLOYMENT = f"{BASE}/models/{{owner}}/{{name}}", f"{BASE}/deployments/{{owner}}/{{name}}"
_PREDICTION, _FILE = f"{BASE}/predictions/{{id}}", f"{BASE}/files/{{id}}"
_NO_PREDICTION, _NO_FILE = "prediction_not_found", "file_not_found"
_INPUT: Json = {"input": {"prompt": "x"}}


def _seen(role: Role, visibility: str) -> str:
    """Whoever may see the model, with a token: Replicate has nothing without one."""
    said = whoever("read")(role, visibility)
    return sees(role, visibility) if said == OK else said


def _makes_ada_one(role: Role, visibility: str) -> str:
    said = whoever("admin")(role, visibility)
    return said if said != OK or role.account == "ada" else "not_permitted"


def _of_model(kind: str, below: str = "", *, new: bool = False, **options: object) -> Ask:
    def ask(scene: Scene, target: Target, allowed: bool) -> tuple[str, Json]:
        name = (scene.model(target.visibility) if new and allowed else target).name
        return f"{BASE}/{kind}/ada/{name}{below}", dict(options)

    return ask


def _of_prediction(below: str = "") -> Ask:
    return lambda _scene, target, _allowed: (f"{BASE}/predictions/{target.prediction}{below}", {})


def _create(_scene: Scene, target: Target, _allowed: bool) -> tuple[str, Json]:
    return f"{BASE}/predictions", {"json": {"version": f"ada/{target.name}", **_INPUT}}


def _file(_scene: Scene, target: Target, _allowed: bool) -> tuple[str, Json]:
    return f"{BASE}/files/{target.file.split('/')[3]}", {}


def _delete_file(scene: Scene, target: Target, allowed: bool) -> tuple[str, Json]:
    return f"{BASE}/files/{(scene.file() if allowed else target.file).split('/')[3]}", {}


def _new_model(scene: Scene, _target: Target, _allowed: bool) -> tuple[str, Json]:
    return f"{BASE}/models", {"json": {"owner": "ada", "name": scene.fresh("fresh"), "visibility": "private"}}


ROUTES: Mapping[tuple[str, str], Entry] = {
    ("POST", f"{BASE}/predictions"): Entry(runs, _create, of_model=True),
    ("POST", f"{_MODEL}/predictions"): Entry(runs, _of_model("models", "/predictions", json=_INPUT), of_model=True),
    ("POST", f"{_DEPLOYMENT}/predictions"): Entry(
        runs, _of_model("deployments", "/predictions", json=_INPUT), of_model=True
    ),
    ("GET", f"{BASE}/predictions"): Entry(whoever("read"), at(f"{BASE}/predictions")),
    ("GET", _PREDICTION): Entry(ada_alone("read", _NO_PREDICTION), _of_prediction(), of_model=True),
    ("GET", f"{_PREDICTION}/stream"): Entry(
        ada_alone("read", _NO_PREDICTION), _of_prediction("/stream"), of_model=True
    ),
    ("POST", f"{_PREDICTION}/cancel"): Entry(
        ada_alone("predict", _NO_PREDICTION), _of_prediction("/cancel"), of_model=True
    ),
    ("GET", f"{BASE}/models"): Entry(whoever("read"), at(f"{BASE}/models")),
    ("POST", f"{BASE}/models"): Entry(_makes_ada_one, _new_model),
    ("GET", _MODEL): Entry(_seen, _of_model("models"), of_model=True),
    ("DELETE", _MODEL): Entry(rules("admin"), _of_model("models", new=True), of_model=True),
    ("GET", f"{_MODEL}/versions"): Entry(_seen, _of_model("models", "/versions"), of_model=True),
    ("GET", f"{_MODEL}/versions/{{id}}"): Entry(_seen, _of_model("models", "/versions/1"), of_model=True),
    ("DELETE", f"{_MODEL}/versions/{{id}}"): Entry(
        rules("admin"), _of_model("models", "/versions/1", new=True), of_model=True
    ),
    ("GET", f"{BASE}/deployments"): Entry(whoever("read"), at(f"{BASE}/deployments")),
    ("GET", _DEPLOYMENT): Entry(_seen, _of_model("deployments"), of_model=True),
    ("GET", f"{BASE}/account"): Entry(whoever("read"), at(f"{BASE}/account")),
    ("GET", f"{BASE}/hardware"): Entry(whoever("read"), at(f"{BASE}/hardware")),
    ("GET", f"{BASE}/webhooks/default/secret"): Entry(whoever("predict"), at(f"{BASE}/webhooks/default/secret")),
    ("GET", f"{BASE}/files"): Entry(whoever("read"), at(f"{BASE}/files")),
    ("POST", f"{BASE}/files"): Entry(
        whoever("predict"), at(f"{BASE}/files", files={"content": ("a.txt", b"planted", "text/plain")})
    ),
    ("GET", _FILE): Entry(ada_alone("read", _NO_FILE, admins=False), _file),
    ("DELETE", _FILE): Entry(ada_alone("predict", _NO_FILE, admins=False), _delete_file),
}
