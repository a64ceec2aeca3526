"""`augury check`: everything that can be said about a model before it is pushed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from augury.cli import schemas
from augury.cli.output import bytes_text, console, say, warn, write_json, write_table
from augury.cli.workbench import explained, open_workbench
from augury.domain import offering
from augury.packaging.bundle import Bundle, pack
from augury.packaging.check import Checked


def check(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The model: a .py file or a folder.", show_default=False)
    ],
    start: Annotated[bool, typer.Option("--start", help="Start a worker too, and run setup() in it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the whole schemas.")] = False,
) -> None:
    """Check a model without a server.

    Builds its environment, loads its code there, and shows its inputs and output. What is wrong is said with file,
    line and name.

    Example: augury check ./my-model --start
    """
    workbench = open_workbench()
    with console().status(f"checking {path}"):
        checked = workbench.checked(path)
        with explained(), tempfile.TemporaryDirectory(prefix="augury-check-") as folder:
            bundle = pack(checked.project, Path(folder) / "bundle.tar.gz")
    seconds: float | None = None
    if start:
        from augury.cli.trying import start_once  # a worker's machinery is wanted here alone

        with console().status("starting a worker and running setup()"):
            seconds = start_once(workbench, checked)
    for warning in checked.warnings:
        warn(warning)
    if as_json:
        write_json(_document(checked, bundle, seconds))
        return
    write_table(schemas.COLUMNS, schemas.rows(checked.description.schemas))
    say(_summary(checked, bundle, seconds))
    if offered := offers(checked):
        say(f"offers: {', '.join(offered)}")


def offers(checked: Checked) -> tuple[str, ...]:
    """The other APIs that the model will be offered through, where it is published as it is."""
    return offering.offered(checked.description.schemas, checked.project.options.compatibilities)


def _summary(checked: Checked, bundle: Bundle, seconds: float | None) -> str:
    about = checked.description
    kind = f"{'async ' if about.is_async else ''}{about.kind}{', a generator' if about.is_generator else ''}"
    needs = ", ".join((*checked.project.dependencies, *checked.project.no_deps)) or "no dependencies"
    files = f"{bundle.files} file{'' if bundle.files == 1 else 's'}, {bytes_text(bundle.size)} packed"
    started = "" if seconds is None else f"; set up in {seconds:.2f} s"
    return f"ok: {about.entry} ({kind}); {needs}; {files}{started}"


def _document(checked: Checked, bundle: Bundle, seconds: float | None) -> dict[str, Any]:
    about = checked.description
    return {
        "entry": about.entry,
        "kind": about.kind,
        "is_async": about.is_async,
        "is_generator": about.is_generator,
        "requires_python": checked.project.requires_python or None,
        "dependencies": list(checked.project.dependencies),
        "no_deps": list(checked.project.no_deps),
        "options": checked.project.options.to_json(),
        "schemas": about.schemas,
        "offers": list(offers(checked)),
        "bundle": {"digest": bundle.digest, "size": bundle.size, "files": bundle.files},
        "warnings": list(checked.warnings),
        "setup_seconds": seconds,
    }
