"""Who may do what on the routes of other APIs; what it means is in `roles`.

They are other ways to the same things: the rules are ours, the paths, bodies and codes are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.api import replicate_roles, response_roles
from tests.api.roles import OK, Ask, Entry, Json, Role, Scene, Target, at, runs, sees, whoever

_OPENAI = ("/v1", "/openai/v1")


def error_code(body: Json) -> str:
    """The code in OpenAI's shape of an error, and in Anthropic's."""
    return body["error"]["code"]


def of_body(path: str, **fields: Any) -> Ask:
    """A request whose body names the model."""

    def ask(_scene: Scene, target: Target, _allowed: bool) -> tuple[str, Json]:
        return path, {"json": {"model": f"ada/{target.name}", **fields}}

    return ask


def _sees(role: Role, visibility: str) -> str:
    """Whoever may see the model, with a token: these clients always have one."""
    said = whoever("read")(role, visibility)
    return sees(role, visibility) if said == OK else said


def _model(base: str) -> Ask:
    return lambda _scene, target, _allowed: (f"{base}/models/ada/{target.name}", {})


def _openai(base: str) -> Mapping[tuple[str, str], Entry]:
    asked = {"messages": [{"role": "user", "content": "x"}]}
    return {
        ("POST", f"{base}/chat/completions"): Entry(
            runs, of_body(f"{base}/chat/completions", **asked), of_model=True, code=error_code
        ),
        # Whoever may run the model learns that it has no vectors and no pictures.
        ("POST", f"{base}/embeddings"): Entry(
            runs, of_body(f"{base}/embeddings", input="x"), of_model=True, also=(400,), code=error_code
        ),
        ("POST", f"{base}/images/generations"): Entry(
            runs,
            of_body(f"{base}/images/generations", prompt="x"),
            of_model=True,
            also=(400,),
            code=error_code,
        ),
    }


# Below /v1 they are asked for by what a client says of itself: that is tested beside the walk.
_MODELS: Mapping[tuple[str, str], Entry] = {
    ("GET", "/openai/v1/models"): Entry(whoever("read"), at("/openai/v1/models"), code=error_code),
    ("GET", "/openai/v1/models/{owner}/{name}"): Entry(_sees, _model("/openai/v1"), of_model=True, code=error_code),
}

_SAID: Json = {"max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
_ANTHROPIC: Mapping[tuple[str, str], Entry] = {
    ("POST", path): Entry(runs, of_body(path, **_SAID), of_model=True, code=error_code)
    for path in ("/v1/messages", "/v1/messages/count_tokens")
}

ROUTES: Mapping[tuple[str, str], Entry] = {
    **{place: entry for base in _OPENAI for place, entry in _openai(base).items()},
    **{place: entry for base in _OPENAI for place, entry in response_roles.routes(base).items()},
    **_MODELS,
    **_ANTHROPIC,
    **replicate_roles.ROUTES,
}
