"""`augury predictions`: list, show, logs, cancel, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

from augury.cli.files import shortened
from augury.cli.following import log_events
from augury.cli.output import duration_text, on_terminal, say, write, write_fields, write_json, write_table
from augury.cli.remote import all_of, connected, every_item
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
    metrics: Mapping[str, Any] = found["metrics"] or {}
    if found["status"] == "started" and "progress" in metrics:
        fields.insert(2, ("progress", f"{metrics['progress']:.0%}"))
    if metrics:
        fields.append(("metrics", _text(metrics)))
    write_fields(fields)


def cancel(prediction_id: PredictionId) -> None:
    """Ask for the end of a prediction.

    One that waits ends at once, one that runs when its model has stopped.

    Example: augury predictions cancel 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55
    """
    with connected() as connection:
        connection.client.predictions.cancel(prediction_id)
    say(f"asked for the end of {prediction_id}")


def logs(
    prediction_id: PredictionId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the prediction has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Each line as a line of JSON.")] = False,
) -> None:
    """Print the log of a prediction, and of the setup that it waited for.

    Example: augury predictions logs 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55 --follow
    """
    with connected() as connection:
        if follow:
            events = log_events(connection, prediction_id)
            lines = (event["data"] for event in events if event["event"] == "log")
        else:
            lines = every_item(connection, f"predictions/{prediction_id}/logs")
        for line in lines:
            write(dumps(line) if as_json else _line(line))


def delete(
    prediction_id: PredictionId, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """Remove a prediction's input, output, events and log.

    That it was made, and how it ended, stays known.

    Example: augury predictions delete 0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55 --yes
    """
    with connected() as connection:
        if not yes:
            typer.confirm(f"Remove what prediction {prediction_id} holds?", abort=True, err=True)
        connection.http.delete(f"{connection.target.url}/v1/predictions/{prediction_id}").raise_for_status()
    say(f"removed what {prediction_id} held")


def _line(line: Mapping[str, Any]) -> str:
    if on_terminal():
        return f"{line['time'][11:23]} {line['phase']:5} {line['stream']:8} {line['text']}"
    return "\t".join((line["time"], line["phase"], line["stream"], line["text"]))


def _model(found: Mapping[str, Any]) -> str:
    model = found["model"]
    return f"{model['owner']}/{model['name']}:{model['version_number']}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)
