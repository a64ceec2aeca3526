"""`augury run`: one prediction in a local worker, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from augury.cli.environ import Variables, variables
from augury.cli.failing import FAILED, CommandFailed
from augury.cli.files import refuse_links, saved, shortened
from augury.cli.output import console, on_terminal, say, warn, write_json
from augury.cli.streaming import Printer
from augury.cli.trying import predict_once
from augury.cli.values import Inputs, parsed
from augury.cli.workbench import open_workbench
from augury.domain.jsontext import JsonObject
from augury.domain.prediction import Status
from augury.service.validation import compile_schema


def run(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The model: a .py file or a folder.")],
    inputs: Inputs = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print the items of the output as they come.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Save the files of the output here.")] = None,
    env: Variables = None,
) -> None:
    """Make one prediction in a local worker, without a server.

    The worker sees exactly the files that a push would send. The output goes to stdout as JSON; what the model writes
    goes to stderr. With --stream text comes as it is, and each other item as a line of JSON.

    Example: augury run ./my-model -i text="Hello there" -i times=2 -e MOOD=calm
    """
    environ = variables(env or ())
    workbench = open_workbench()
    with console().status(f"checking {path}"):
        checked = workbench.checked(path)
    for warning in checked.warnings:
        warn(warning)
    schema = checked.description.schemas["input"]
    given = parsed(inputs or (), schema if isinstance(schema, dict) else {})
    _refuse_invalid(schema, given)
    printer = Printer(lambda item: _kept(item, out))
    streams = stream and "stream_output" in checked.description.schemas
    result = predict_once(workbench, checked, given, printer.item if streams else None, environ)
    printer.end()
    if result.status is not Status.SUCCEEDED:
        raise CommandFailed(result.message or f"the prediction {result.status}", details=result.traceback, code=FAILED)
    if not streams:
        write_json(_kept(result.output, out))
    say(f"succeeded: set up in {result.setup_time:.2f} s, ran {result.execution_time or 0:.2f} s")


def _refuse_invalid(schema: Any, given: JsonObject) -> None:
    problems = compile_schema(schema).problems(given)
    if problems:
        said = [": ".join((".".join(map(str, problem.loc)), problem.msg)).removeprefix(": ") for problem in problems]
        hint = "augury check shows what the inputs are"
        if len(said) == 1:
            raise CommandFailed(f"the input does not fit: {said[0]}", hint=hint)
        raise CommandFailed("the input does not fit", details=said, hint=hint)


def _kept(output: Any, out: Path | None) -> Any:
    """What is shown of an output, or an item of it; its files are saved where there is a folder for them."""
    if out is not None:
        output, paths = saved(output, out, refuse_links)
        for path in paths:
            say(f"saved {path}")
    return shortened(output) if on_terminal() else output
