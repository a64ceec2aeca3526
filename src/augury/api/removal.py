"""Removing predictions over HTTP: a call, and a null."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Response

from augury.api import schemas
from augury.api.describe import described
from augury.http.auth import Predicting
from augury.service.removal import Removal


def routes(removal: Removal) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1/predictions", tags=["predictions"])
    about = described("delete_prediction", None, 401, 403, 404, 409, 422)
    router.add_api_route("/{prediction_id}", _Routes(removal).delete, methods=["DELETE"], **about)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    removal: Removal

    async def delete(self, caller: Predicting, prediction_id: schemas.PredictionIdPath) -> Response:
        """Remove what a prediction that has ended was given and gave: input, output, metrics, events, logs, webhook.

        Its id, status, times and error stay known. Removing it again changes nothing.
        """
        await self.removal.remove(caller, prediction_id)
        return Response(b"null", media_type="application/json")
