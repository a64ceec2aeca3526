"""`augury predict`: a prediction on the server, from its input to its output.

    schema of the version -> values -> create -> follow or stream, cancelled by Ctrl+C -> output

Created without a hold, so that its id is known, and it can be cancelled, from the first moment.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import httpx
import typer

from augury.cli.failing import CommandFailed
from augury.cli.files import saved, shortened
from augury.cli.following import log_events, patiently, stream_events
from augury.cli.output import duration_text, on_terminal, say, write, write_json
from augury.cli.progress import Watched, watching
from augury.cli.remote import Connection, connected, problem_text
from augury.cli.streaming import Printer
from augury.cli.transfer import downloading, uploading
from augury.cli.values import Inputs, parsed
from augury.domain.jsontext import JsonObject
from augury.domain.model import MalformedReference, parse_reference
from augury.domain.prediction import TERMINAL

FIRST_LOOK = 0.02
"""Seconds until the first look at a new prediction."""
LAST_LOOK = 0.5
"""Seconds between looks at one that takes long."""

Found = Mapping[str, Any]


def predict(
    model: Annotated[str, typer.Argument(metavar="[OWNER/]NAME[:N]", help="The model, or one version of it.")],
    inputs: Inputs = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print the items of the output as they come.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Print the prediction's id and do not wait.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the whole prediction, or with --stream each event, as JSON.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Save the files of the output here.")] = None,
    webhook: Annotated[str | None, typer.Option(metavar="URL", help="Tell this address of every change.")] = None,
    webhook_secret_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sign what is sent there with the secret in this file.")
    ] = None,
    cancel_after: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="End it after so long, wherever it is.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The same key again makes no second prediction.")
    ] = None,
) -> None:
    """Make a prediction on the server.

    Its output goes to stdout: text as it is, all else as JSON. If it does not succeed, its error, traceback and last
    log lines go to stderr, and the exit code is 1. Ctrl+C cancels it (exit code 130), and so does a pipe that nobody
    reads any more (141).

    With --stream the output comes piece by piece: text as it is, each other item as a line of JSON, files shortened on
    a terminal, and with --out saved.

    An input of 5 is a number for a number and text for a text; "5" in quotes of its own is text where both are allowed.

    Example: augury predict ada/ocr -i image=@receipt.jpg -i min_score=0.8
    """
    hook = _webhook(webhook, webhook_secret_file)
    with connected() as connection:
        reference = named(connection, model)
        given: JsonObject = {}
        if inputs:
            schema = _input_schema(connection, reference)
            with uploading(connection) as attach:
                given = parsed(inputs, schema, attach)
        with watching() as watched:
            body: Any = {"model": reference, "input": given, **hook}
            with connection.sending(_headers(cancel_after, idempotency_key)):
                found: Found = cast("Found", connection.client.predictions.create(stream=stream, **body))
            if not no_wait:
                with cancelling(connection, str(found["id"])):
                    if stream:
                        printer = Printer(lambda item: _kept(connection, item, out), as_json=as_json)
                        _print_stream(connection, found, watched, printer)
                    found = follow(connection, found, watched)
        if no_wait:
            write_json(found) if as_json else write(str(found["id"]))
            return
        _finish(connection, found, as_json=as_json, out=out, shown=stream)


def named(connection: Connection, model: str) -> str:
    """The whole name of a model or version; raises BadParameter."""
    try:
        return str(parse_reference(connection.full_name(model)))
    except MalformedReference as error:
        raise typer.BadParameter(str(error), param_hint="MODEL") from None


def follow(connection: Connection, found: Found, watched: Watched) -> Found:
    """The prediction at its end."""
    pause = FIRST_LOOK
    reading = False
    prediction_id = str(found["id"])
    while found["status"] not in TERMINAL:
        watched.show(found)
        if watched.visible and not reading and pause >= LAST_LOOK:
            # Only now: most predictions are over before anybody could read a line.
            reading = True
            _meanwhile(lambda: _show_log(connection, prediction_id, watched))
        time.sleep(pause)
        pause = min(LAST_LOOK, pause * 1.5)
        found = patiently(lambda: cast("Found", connection.client.predictions.get(prediction_id)))
    return found


@contextlib.contextmanager
def cancelling(connection: Connection, prediction_id: str) -> Generator[None]:
    """Cancel the prediction where its reader leaves: by Ctrl+C, or by closing the pipe."""
    try:
        yield
    except (KeyboardInterrupt, BrokenPipeError):
        with contextlib.suppress(httpx.HTTPError):
            connection.client.predictions.cancel(prediction_id)
            say(f"cancelled {prediction_id}")
        raise


def _print_stream(connection: Connection, found: Found, watched: Watched, printer: Printer) -> None:
    if watched.visible:
        _meanwhile(lambda: follow(connection, found, watched))
    for event in stream_events(connection, str(found["id"])):
        if event["event"] == "output":
            watched.make_way()
        printer.event(event)
    printer.end()


def _meanwhile(show: Callable[[], object]) -> None:
    def attempt() -> None:
        # An older server has no logs, and one that is gone is told of by the main thread: what is only shown may fail.
        with contextlib.suppress(Exception):
            show()

    threading.Thread(target=attempt, daemon=True).start()


def _show_log(connection: Connection, prediction_id: str, watched: Watched) -> None:
    for event in log_events(connection, prediction_id):
        if event["event"] == "log":
            watched.line(str(event["data"]["text"]))


def _headers(cancel_after: float | None, idempotency_key: str | None) -> dict[str, str]:
    given = {"Cancel-After": None if cancel_after is None else f"{cancel_after:g}", "Idempotency-Key": idempotency_key}
    return {name: value for name, value in given.items() if value is not None}


def _webhook(url: str | None, secret_file: Path | None) -> dict[str, Any]:
    if url is None:
        if secret_file is not None:
            raise typer.BadParameter("it needs --webhook", param_hint="--webhook-secret-file")
        return {}
    if secret_file is None:
        return {"webhook": {"url": url}}
    try:
        return {"webhook": {"url": url, "secret": secret_file.read_text().strip()}}
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{secret_file} cannot be read: {error}", param_hint="--webhook-secret-file") from None


def _input_schema(connection: Connection, reference: str) -> Mapping[str, Any]:
    if ":" in reference:
        version = connection.client.model_versions.get(reference)
    else:
        version = connection.client.models.get(reference)["latest_version"]
    if version is None:
        raise CommandFailed(f"{reference} has no version yet", hint=f"augury push PATH {reference} publishes one")
    return version["schemas"]["prediction"]["input"]


def _finish(connection: Connection, found: Found, *, as_json: bool, out: Path | None, shown: bool) -> None:
    """Print the output, unless it is `shown` already, or fail."""
    if not shown:
        succeeded = found["status"] == "succeeded"
        output = _kept(connection, found["output"], out if succeeded else None)
        if as_json:
            write_json({**found, "output": output})
        elif succeeded:
            write(output) if isinstance(output, str) else write_json(output)
    if found["status"] != "succeeded":
        raise failure_of(found)
    say(_summary(found), style="dim")


def _kept(connection: Connection, output: Any, out: Path | None) -> Any:
    """What is shown of an output, or an item of it; its files are saved where there is a folder for them."""
    if out is None:
        return shortened(output) if on_terminal() else output
    with downloading() as fetch:
        output, paths = saved(output, out, fetch)
    for path in paths:
        say(f"saved {path}")
    return output


def failure_of(found: Found) -> CommandFailed:
    """Why a prediction did not succeed."""
    error: dict[str, Any] = found["error"] or {}
    detail: Any = error.get("detail")
    fields = cast("dict[str, Any]", detail) if isinstance(detail, dict) else dict[str, Any]()
    lines: list[str] = [str(line) for line in fields.get("traceback") or ()]
    if logs := fields.get("logs"):
        lines += ["last lines of its log:", *(f"  {line}" for line in logs)]
    if isinstance(problems := fields.get("problems"), list):
        lines += [problem_text(one) for one in cast("list[Found]", problems)]
    reason = f": {error['message']}" if error.get("message") else ""
    return CommandFailed(f"prediction {found['id']} {found['status']}{reason}", details=lines)


def _summary(found: Found) -> str:
    times = {"set up in": duration_text(found["setup_time"]), "ran": duration_text(found["execution_time"])}
    parts = ", ".join(f"{name} {text}" for name, text in times.items() if text)
    return f"{found['id']} {found['status']}{f': {parts}' if parts else ''}"
