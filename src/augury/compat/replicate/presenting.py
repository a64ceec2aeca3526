"""What clients of Replicate's are shown: predictions, models, versions, deployments, files, and pages of them.

    our values, and the addresses at which they are found -> plain objects of Replicate's fields

Knows no store and no request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from augury.compat.replicate import openapi
from augury.compat.replicate.identity import version_id
from augury.domain import jsontext
from augury.domain.account import Account
from augury.domain.file import StoredFile
from augury.domain.jsontext import JsonObject, JsonValue
from augury.domain.model import Model, ModelDetails, Version, Visibility
from augury.domain.prediction import Prediction, Status
from augury.service.links import Links
from augury.service.presentation import timestamp

BASE = "/replicate/v1"
COG_VERSION = "0.23.1"
"""The Cog whose documents a version's look like: clients read older ones in other ways."""
STATUSES = {
    Status.PENDING: "starting",
    Status.STARTING: "starting",
    Status.STARTED: "processing",
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELLED: "canceled",
    Status.ABANDONED: "failed",
}


@dataclass(frozen=True, slots=True)
class Presenter:
    """Shows things, with links that lead back to this server."""

    links: Links

    def address(self, *path: str) -> str:
        """Where something is."""
        return "/".join((self.links.base + BASE, *path))

    def prediction(self, one: Prediction, *, logs: str = "", pieces: bool = False, created: bool = False) -> JsonObject:
        """A prediction; `pieces` where its output is a text that came in pieces.

        One that has just been `created` and has not ended is "starting" whatever it does: clients that have waited take
        "processing" for the end.
        """
        status = "starting" if created and not one.finished else STATUSES[one.status]
        output = _loaded(one.output)
        version = version_id(one.version_id)
        return {
            "id": one.id,
            "model": f"{one.model.owner}/{one.model.name}",
            "version": version,
            "input": _loaded(one.input) or {},
            "output": [output] if pieces and isinstance(output, str) else output,
            "logs": logs,
            "error": error_text(one),
            "status": status,
            "source": "api",
            "data_removed": one.removed_at is not None,
            "metrics": _metrics(one),
            "created_at": timestamp(one.created_at),
            "started_at": _time(one.started_at),
            "completed_at": _time(one.finished_at),
            "urls": self._urls(one),
        }

    def model(self, details: ModelDetails) -> JsonObject:
        """A model with its latest version."""
        one = details.model
        return {
            "url": self.address("models", one.owner, one.name),
            "owner": one.owner,
            "name": one.name,
            "description": one.description,
            "visibility": "public" if one.visibility is Visibility.PUBLIC else "private",
            "is_official": False,
            "github_url": one.source_url,
            "paper_url": one.paper_url,
            "license_url": one.license_url,
            "run_count": one.predictions_count,
            "cover_image_url": one.cover_image_url,
            "default_example": None,
            "latest_version": None if details.latest is None else self.version(details.latest),
        }

    def version(self, one: Version) -> JsonObject:
        """A version with the document of its schemas."""
        return {
            "id": version_id(one.id),
            "created_at": timestamp(one.created_at),
            "cog_version": COG_VERSION,
            "openapi_schema": openapi.document(openapi.schemas_of(jsontext.loads(one.schemas))),
        }

    def deployment(self, model: Model, version: Version) -> JsonObject:
        """The deployment that each model with a version is of itself."""
        configuration: JsonObject = {
            "hardware": version.configuration.hardware_identifier,
            "min_instances": version.options.workers_min,
            "max_instances": version.options.workers_max,
        }
        release: JsonObject = {
            "number": version.number,
            "model": f"{model.owner}/{model.name}",
            "version": version_id(version.id),
            "created_at": timestamp(version.created_at),
            "created_by": {"type": "user", "username": model.owner, "name": model.owner},
            "configuration": configuration,
        }
        return {"owner": model.owner, "name": model.name, "current_release": release}

    def file(self, one: StoredFile, metadata: JsonObject | None = None) -> JsonObject:
        """A file that was uploaded."""
        return {
            "id": one.id,
            "name": one.name,
            "content_type": one.mime_type,
            "size": one.size,
            "etag": one.etag.strip('"'),
            "checksums": {},
            "metadata": metadata or {},
            "created_at": timestamp(one.created_at),
            "expires_at": _time(one.expires_at),
            "urls": {"get": self.links.file(one.id, one.name, one.expires_at)},
        }

    def page(self, path: str, results: Sequence[JsonValue], before: str | None, after: str | None) -> JsonObject:
        """A page of a list at this path; `before` and `after` are cursors."""
        at = self.address(path)
        return {
            "previous": None if before is None else f"{at}?cursor={before}",
            "next": None if after is None else f"{at}?cursor={after}",
            "results": list(results),
        }

    def _urls(self, one: Prediction) -> JsonObject:
        at = self.address("predictions", one.id)
        urls: JsonObject = {"get": at, "cancel": f"{at}/cancel", "web": f"{self.links.base}/v1/predictions/{one.id}"}
        if one.stream and one.removed_at is None:
            # JavaScript's client sends no token there.
            urls["stream"] = f"{at}/stream?signature={self.links.stream(one.id)}"
        return urls


def account(one: Account) -> JsonObject:
    """An account."""
    return {
        "type": "user",
        "username": one.name,
        "name": one.display_name or one.name,
        "github_url": None,
        "avatar_url": one.avatar_url,
    }


def error_text(one: Prediction) -> str | None:
    """Why a prediction failed; None where it has not."""
    if one.error is None:
        return "The prediction was abandoned." if one.status is Status.ABANDONED else None
    error = jsontext.loads(one.error)
    message = error.get("message") if isinstance(error, dict) else None
    return str(message or "The prediction failed.")


def _metrics(one: Prediction) -> JsonObject:
    found = _loaded(one.metrics)
    metrics: JsonObject = dict(found) if isinstance(found, dict) else {}
    if one.execution_time is not None:
        metrics["predict_time"] = one.execution_time / 1e6
    if one.finished_at is not None:
        metrics["total_time"] = (one.finished_at - one.created_at) / 1e6
    return metrics


def _loaded(text: str | None) -> JsonValue:
    return None if text is None else jsontext.loads(text)


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else timestamp(microseconds)
