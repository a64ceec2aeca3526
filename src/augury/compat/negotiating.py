"""Whose a request is on the paths that several APIs have: told by what each provider's clients say of themselves.

    GET /v1/models...  with anthropic-version -> Anthropic's;  with x-stainless-lang -> OpenAI's;  else ours

Every generated client of OpenAI's sends `x-stainless-lang`; whoever writes requests by hand has /openai/v1 (D70).
"""

from __future__ import annotations

from functools import partial

from starlette.types import Scope

from augury.http.fronts import Front, Shared

MODELS = "/v1/models"
OPENAI = b"x-stainless-lang"
ANTHROPIC = b"anthropic-version"


def shared(openai: Front, anthropic: Front | None = None) -> list[Shared]:
    """The shared paths; without `anthropic`, its clients get our own answers."""
    choose = partial(_of_models, openai=openai, anthropic=anthropic)
    vary = b", ".join((ANTHROPIC, OPENAI, b"authorization")).decode()
    return [Shared(MODELS, choose, vary), Shared("/v1/responses/", lambda _: openai)]


def _of_models(scope: Scope, *, openai: Front, anthropic: Front | None) -> Front | None:
    if scope["method"] not in ("GET", "HEAD") or not _lists_or_shows(scope["path"]):
        return None
    names = {name for name, _ in scope["headers"]}
    if ANTHROPIC in names:
        return anthropic
    return openai if OPENAI in names else None


def _lists_or_shows(path: str) -> bool:
    """The list, or one model by owner/name; what is below a model is ours alone."""
    below = path.removeprefix(MODELS)
    return not below or (below.startswith("/") and below.count("/") <= 2)
