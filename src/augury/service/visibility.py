"""Who may see, change and run a model (D51).

What may not be seen is not found, so that nobody learns from the answer that it exists (D3). Called inside a
transaction. Knows nothing about what is done with the model.
"""

from __future__ import annotations

from dataclasses import replace

from augury.domain.account import Caller
from augury.domain.errors import Forbidden, NotFound
from augury.domain.model import Model, Version, Visibility, as_name
from augury.store import access
from augury.store import models as rows
from augury.store.connection import Connection


def find_visible(c: Connection, caller: Caller | None, owner: str, name: str) -> Model:
    """The model of that owner and name; raises NotFound where there is none that the caller may see."""
    owner_name, model_name = as_name(owner), as_name(name)
    model = None if owner_name is None or model_name is None else rows.find(c, owner_name, model_name)
    if model is None or not _may_see(caller, model):
        raise NotFound(
            f"There is no model {owner[:64]}/{name[:64]} that you may see.",
            code="model_not_found",
            hint="GET /v1/models lists the public ones, GET /v1/user/models your own.",
        )
    return model


def find_owned(c: Connection, caller: Caller, owner: str, name: str) -> Model:
    """The same, for changing it: raises Forbidden where the caller sees it but it is another's."""
    model = find_visible(c, caller, owner, name)
    if not _rules(caller, model):
        raise Forbidden(f"Only {model.owner} may change {model.owner}/{model.name}.", code="not_permitted")
    return model


def shown(c: Connection, caller: Caller | None, model: Model, version: Version) -> Version:
    """The version as the caller may see it: what names its files, and why it cannot start, is for those who may run it.

    Whoever knows a bundle's digest can publish it, and run that.
    """
    return version if _may_run(c, caller, model) else replace(version, digest="", size=0, broken_reason=None)


def demand_run(c: Connection, caller: Caller, model: Model) -> None:
    """Raise Forbidden where the caller sees the model but may not run it."""
    if not _may_run(c, caller, model):
        raise Forbidden(
            f"{model.owner}/{model.name} is restricted: only those on its access list may run it.",
            code="not_permitted",
            hint=f"Ask {model.owner} to put you on the list.",
        )


def _may_run(c: Connection, caller: Caller | None, model: Model) -> bool:
    if model.visibility is not Visibility.RESTRICTED:
        return True
    return caller is not None and (_rules(caller, model) or access.may_run(c, model.id, caller.account_id))


def _rules(caller: Caller, model: Model) -> bool:
    return caller.admin or caller.account_id == model.account_id


def _may_see(caller: Caller | None, model: Model) -> bool:
    return model.visibility is not Visibility.PRIVATE or (caller is not None and _rules(caller, model))
