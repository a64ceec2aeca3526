"""Who may do what with OpenAI's responses; what it means is in `roles`.

Whoever made one sees it, and nobody else does, no admin either: what was said before goes on in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.api.roles import Ask, Entry, Json, Scene, Target, ada_alone, runs

_MISSING = "response_not_found"


def _code(body: Json) -> str:
    return body["error"]["code"]


def _new(base: str) -> Ask:
    return lambda _scene, target, _allowed: (
        f"{base}/responses",
        {"json": {"model": f"ada/{target.name}", "input": "x"}},
    )


def _of(base: str, below: str = "") -> Ask:
    return lambda _scene, target, _allowed: (f"{base}/responses/resp_{target.prediction}{below}", {})


def _delete(base: str) -> Ask:
    def ask(scene: Scene, target: Target, allowed: bool) -> tuple[str, Json]:
        prediction = scene.prediction(target.name) if allowed else target.prediction
        return f"{base}/responses/resp_{prediction}", {}

    return ask


def routes(base: str) -> Mapping[tuple[str, str], Entry]:
    """The routes below one base."""
    reads, changes = (ada_alone(scope, _MISSING, admins=False) for scope in ("read", "predict"))
    one = f"{base}/responses/{{response_id}}"
    return {
        ("POST", f"{base}/responses"): Entry(runs, _new(base), of_model=True, code=_code),
        ("GET", one): Entry(reads, _of(base), code=_code),
        ("DELETE", one): Entry(changes, _delete(base), code=_code),
        # It has ended.
        ("POST", f"{one}/cancel"): Entry(changes, _of(base, "/cancel"), also=(409,), code=_code),
    }
