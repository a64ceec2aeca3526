"""What was sent to webhooks, over HTTP: a prediction's deliveries with their attempts, and sending one again.

Knows the deliveries' JSON. What they carry is a prediction's, and is written elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from fastapi import APIRouter, Response

from augury.api import schemas
from augury.api.describe import described
from augury.api.paging import CursorQuery, PageSize, page_response
from augury.domain.delivery import Attempt, Delivery
from augury.http.auth import AnyCaller, Predicting
from augury.http.services import Services
from augury.service.presentation import timestamp
from augury.service.webhooks import Webhooks


def routes(services: Services) -> APIRouter:
    """The routes of deliveries."""
    router = APIRouter(prefix="/v1", tags=["webhooks"])
    at = _Routes(services.webhooks)
    router.add_api_route(
        "/predictions/{prediction_id}/webhooks",
        at.page,
        methods=["GET"],
        **described("list_webhook_deliveries", schemas.page_of(schemas.Delivery), 401, 404, 422),
    )
    router.add_api_route(
        "/webhooks/{delivery_id}/redeliver",
        at.redeliver,
        methods=["POST"],
        **described("redeliver_webhook", schemas.Delivery, 401, 403, 404, 410, status=202),
    )
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    webhooks: Webhooks

    async def page(
        self,
        caller: AnyCaller,
        prediction_id: schemas.PredictionIdPath,
        cursor: CursorQuery = None,
        page_size: PageSize = 25,
    ) -> Response:
        """What was and is to be sent to a prediction's webhook, oldest first, with every attempt."""
        found = await self.webhooks.page(caller, prediction_id, cursor=cursor, page_size=page_size)
        return page_response(found, [_json(one) for one in found.items])

    async def redeliver(self, caller: Predicting, delivery_id: schemas.DeliveryIdPath) -> Response:
        """Send a delivery once more, with the state that it told of and the same `webhook-id`."""
        found = await self.webhooks.redeliver(caller, delivery_id)
        return Response(_json(found), 202, media_type="application/json")


def _json(delivery: Delivery) -> bytes:
    return orjson.dumps(
        {
            "id": delivery.id,
            "prediction_id": delivery.prediction_id,
            "status": delivery.status.value,
            "state": delivery.state.value,
            "created_at": timestamp(delivery.changed_at),
            "due_at": _time(delivery.due_at),
            "ended_at": _time(delivery.ended_at),
            "attempts": [_attempt(one) for one in delivery.tried],
        }
    )


def _attempt(attempt: Attempt) -> dict[str, object]:
    return {
        "number": attempt.number,
        "started_at": timestamp(attempt.started_at),
        "duration": attempt.duration / 1e6,
        "status_code": attempt.status_code,
        "error": attempt.error,
        "response": attempt.response,
    }


def _time(microseconds: int | None) -> str | None:
    return None if microseconds is None else timestamp(microseconds)
