"""Who may do what on the routes of other APIs; what it means is in `roles`.

They are other ways to the same things: the rules are ours, the paths, bodies and codes are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.api.roles import Ask, Entry, Json, Scene, Target, runs

_OPENAI = ("/v1", "/openai/v1")


def openai_code(body: Json) -> str:
    """The code in OpenAI's shape of an error."""
    return body["error"]["code"]


def of_body(path: str, **fields: Any) -> Ask:
    """A request whose body names the model."""

    def ask(_scene: Scene, target: Target, _allowed: bool) -> tuple[str, Json]:
        return path, {"json": {"model": f"ada/{target.name}", **fields}}

    return ask


def _openai(base: str) -> Mapping[tuple[str, str], Entry]:
    asked = {"messages": [{"role": "user", "content": "x"}]}
    return {
        ("POST", f"{base}/chat/completions"): Entry(
            runs, of_body(f"{base}/chat/completions", **asked), of_model=True, code=openai_code
        ),
        # Whoever may run the model learns that it has no vectors and no pictures.
        ("POST", f"{base}/embeddings"): Entry(
            runs, of_body(f"{base}/embeddings", input="x"), of_model=True, also=(400,), code=openai_code
        ),
        ("POST", f"{base}/images/generations"): Entry(
            runs,
            of_body(f"{base}/images/generations", prompt="x"),
            of_model=True,
            also=(400,),
            code=openai_code,
        ),
    }


ROUTES: Mapping[tuple[str, str], Entry] = {place: entry for base in _OPENAI for place, entry in _openai(base).items()}
