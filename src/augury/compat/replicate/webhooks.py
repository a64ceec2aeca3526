"""Webhooks of predictions that came by Replicate's API: which states they tell of, their body, and their secret.

    webhook, webhook_events_filter -> a subscription of ours, in Replicate's form -> the sender -> body()

What Replicate sends of each piece of output and of logs is not sent: ours tell of states. Knows no sender.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Response
from starlette.requests import Request

from augury.compat.replicate.presenting import Presenter
from augury.compat.replicate.requests import caller
from augury.domain import jsontext
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest
from augury.domain.prediction import TERMINAL, Prediction, Status
from augury.http import problems
from augury.service.access import Access
from augury.service.links import Links
from augury.service.predictions import WebhookTarget

FORM = "replicate"
"""What subscriptions are marked with, for the sender."""
_TOLD: dict[str, frozenset[Status]] = {
    "start": frozenset({Status.STARTED}),
    "output": frozenset(),
    "logs": frozenset(),
    "completed": frozenset(TERMINAL),
}
"""By event that a filter names, the states that are told of."""


@dataclass(frozen=True, slots=True)
class WebhookRoutes:
    """The route of the secret."""

    access: Access
    links: Links

    async def secret(self, request: Request) -> Response:
        """GET /webhooks/default/secret."""
        asking = await caller(self.access, request, "predict")
        return problems.respond(200, {"key": self.links.webhook_secret(asking.account_id)})


def target(asking: Caller, links: Links, url: str | None, events: Sequence[str] | None) -> WebhookTarget | None:
    """Whom to tell of what; raises InvalidRequest for an event that there is not."""
    for number, one in enumerate(events or ()):
        if one not in _TOLD:
            place = ("body", "webhook_events_filter", number)
            msg = f"Input should be one of {', '.join(_TOLD)}"
            raise InvalidRequest.at(*place, msg=msg, type="enum", input=one[:100])
    if url is None:
        return None
    told = frozenset[Status]().union(*(_TOLD[one] for one in events or _TOLD))
    return WebhookTarget(url, links.webhook_secret(asking.account_id), FORM, told)


def body(links: Links, prediction: Prediction) -> bytes:
    """What a receiver gets. Without the log, which may be long: the prediction has it."""
    # Of a text that came in pieces the stream was kept, unless its caller wanted none.
    return jsontext.dump_bytes(Presenter(links).prediction(prediction, pieces=prediction.stream))
