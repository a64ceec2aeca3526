"""`augury predictions`: list, show, cancel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

from augury.cli.files import shortened
from augury.cli.output import duration_text, on_terminal, say, write_fields, write_json, write_table
from augury.cli.remote import all_of, connected
from augury.domain.jsontext import dumps
from augury.domain.prediction import Status

PredictionId = Annotated[str, typer.Argument(metavar="ID", help="The prediction's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def list_(
    status: Annotated[
        list[Status] | None, typer.Option(help="Only those in this state. Repeat for more states.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 25,
    as_json: AsJson = False,
) -> None:
    """List your predictions, newest first.

    Example: augury predictions list --status failed --limit 10
    """
    chosen = {"statuses": [one.value for one in status]} if status else {}
    with connected() as connection:
        fetch = connection.client.predictions.list
        found = list(all_of(lambda page: fetch(cast("Any", {**page, **chosen})), limit))
    if as_json:
        write_json(found)
        return
    rows = (
        (one["id"], one["status"], _model(one), one["created_at"], duration_text(one["execution_time"]))
        for one in found
    )
    write_table(("id", "status", "model", "created", "ran"), rows)


def show(prediction_id: PredictionId, as_json: AsJson = False) -> None:
    """Show a prediction as it is now.

    Example: augury predictions show 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55 --json
    """
    with connected() as connection:
        found = cast("Mapping[str, Any]", connection.client.predictions.get(prediction_id))
    if as_json:
        write_json(found)
        return
    names = ("id", "status", "created_at", "updated_at", "setup_time", "execution_time", "input", "output", "error")
    shown = shortened(found) if on_terminal() else found
    fields = [(name, _text(shown[name])) for name in names if shown[name] is not None]
    fields.insert(2, ("model", _model(found)))
    if found["metrics"]:
        fields.append(("metrics", _text(found["metrics"])))
    write_fields(fields)


def cancel(prediction_id: PredictionId) -> None:
    """Ask for the end of a prediction.

    One that waits ends at once, one that runs when its model has stopped.

    Example: augury predictions cancel 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55
    """
    with connected() as connection:
        connection.client.predictions.cancel(prediction_id)
    say(f"asked for the end of {prediction_id}")


def _model(found: Mapping[str, Any]) -> str:
    model = found["model"]
    return f"{model['owner']}/{model['name']}:{model['version_number']}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)
