"""Accounts, models and versions as callers see them; predictions have a serializer of their own in the service.

Knows the domain's values and their JSON, and no route.
"""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Response

from augury.domain.account import Account
from augury.domain.model import COMPATIBILITIES, Category, Configuration, Model, ModelDetails, Version
from augury.http.bodies import IGNORED
from augury.service.presentation import timestamp


def response(content: bytes, ignored: str | None = None) -> Response:
    """JSON, and the header that names the fields of the request that were not understood."""
    headers = None if ignored is None else {IGNORED: ignored}
    return Response(content, headers=headers, media_type="application/json")


def base_user(account: Account) -> bytes:
    """An account, briefly."""
    return orjson.dumps(_base_user(account))


def user_summary(account: Account) -> bytes:
    """An account as lists show it."""
    return orjson.dumps(_user(account))


def user(account: Account) -> bytes:
    """An account."""
    return orjson.dumps({**_user(account), "urls": account.urls})


def administered_user(account: Account) -> bytes:
    """An account as admins see it."""
    return orjson.dumps(
        {
            **_user(account),
            "urls": account.urls,
            "admin": account.admin,
            "disabled_at": _time(account.disabled_at),
        }
    )


def model_summary(model: Model) -> bytes:
    """A model as lists show it."""
    return orjson.dumps(_model(model))


def model(details: ModelDetails) -> bytes:
    """A model with all that there is to it."""
    found = details.model
    return orjson.dumps(
        {
            **_model(found),
            "overview": found.overview,
            "latest_version": None if details.latest is None else _version(details.latest),
            "source_url": found.source_url,
            "license_url": found.license_url,
            "paper_url": found.paper_url,
        }
    )


def category(category: Category) -> bytes:
    """A category that models can be in."""
    return orjson.dumps({"name": category.name, "slug": category.slug, "description": category.description})


def version_summary(version: Version) -> bytes:
    """A version as lists show it."""
    return orjson.dumps(_brief(version))


def version(version: Version) -> bytes:
    """A version."""
    return orjson.dumps(_version(version))


def published_version(version: Version) -> bytes:
    """A version with its configuration."""
    return orjson.dumps({**_version(version), "configuration": _configuration(version.configuration)})


def configuration(configuration: Configuration) -> bytes:
    """What may be changed about a version."""
    return orjson.dumps(_configuration(configuration))


def _base_user(account: Account) -> dict[str, Any]:
    return {"account_id": account.id, "name": account.name, "avatar_url": account.avatar_url or ""}


def _user(account: Account) -> dict[str, Any]:
    return {
        **_base_user(account),
        "display_name": account.display_name,
        "bio": account.bio,
        "location": account.location,
        "company": account.company,
        "created_at": timestamp(account.created_at),
        "updated_at": _time(account.updated_at),
    }


def _model(model: Model) -> dict[str, Any]:
    owner = {"account_id": model.account_id, "name": model.owner, "avatar_url": model.owner_avatar_url or ""}
    return {
        "id": model.id,
        "name": model.name,
        "created_at": timestamp(model.created_at),
        "visibility": model.visibility.value,
        "description": model.description,
        "updated_at": _time(model.updated_at),
        "owner": owner,
        "predictions_count": model.predictions_count,
        "categories": [{"name": one.name, "slug": one.slug} for one in model.categories],
        "cover_image_url": model.cover_image_url,
        "status": model.status.value,
    }


def _brief(version: Version) -> dict[str, Any]:
    return {
        "number": version.number,
        "release_notes": version.release_notes,
        "created_at": timestamp(version.created_at),
    }


def _version(version: Version) -> dict[str, Any]:
    described = {
        **_brief(version),
        "schemas": orjson.Fragment(version.schemas),
        "compatibilities": {one: version.compatibilities.get(one, False) for one in COMPATIBILITIES},
        "broken_reason": _reason(version),
    }
    # What names the files is not there for those who may not run them.
    files = {"size": version.size, "container_image_digest": version.digest} if version.digest else {}
    return {**described, **files}


def _reason(version: Version) -> str | None:
    if version.broken_reason is None:
        return None
    return str(version.broken_reason.get("message", ""))


def _configuration(configuration: Configuration) -> dict[str, Any]:
    return {
        "hardware_identifier": configuration.hardware_identifier,
        "variable_names": list(configuration.variable_names),
    }


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else timestamp(microseconds)
