"""`augury webhooks`: what was sent to a prediction's webhook, and sending it once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from augury.cli.output import say, write_json, write_table
from augury.cli.remote import connected, every_item

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, with every attempt.")]


def list_(
    prediction_id: Annotated[str, typer.Argument(metavar="PREDICTION_ID", help="The prediction's id.")],
    as_json: AsJson = False,
) -> None:
    """List what was and is to be sent to a prediction's webhook, oldest first.

    Example: augury webhooks list 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55
    """
    with connected() as connection:
        found = list(every_item(connection, f"predictions/{prediction_id}/webhooks"))
    if as_json:
        write_json(found)
        return
    rows = (
        (one["id"], one["status"], one["state"], str(len(one["attempts"])), _answer(one), one["due_at"] or "")
        for one in found
    )
    write_table(("id", "tells of", "state", "attempts", "last answer", "due"), rows)


def redeliver(
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY_ID", help="The delivery's id.")],
) -> None:
    """Send a delivery once more, as it was.

    Example: augury webhooks redeliver 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55.3
    """
    with connected() as connection:
        connection.http.post(f"{connection.target.url}/v1/webhooks/{delivery_id}/redeliver").raise_for_status()
    say(f"sending {delivery_id} again")


def _answer(delivery: Mapping[str, Any]) -> str:
    if not delivery["attempts"]:
        return ""
    last = delivery["attempts"][-1]
    return str(last["status_code"] if last["status_code"] is not None else last["error"])
