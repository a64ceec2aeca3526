"""`augury push`: a model on this machine becomes a version on the server.

    check -> pack -> upload, unless the server has it -> make the model, unless it is there -> make the version

Nothing is published until everything that can be found wrong here has been looked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Annotated, Any, cast

import httpx
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from wriftai.hardware import Hardware

from augury.cli.failing import CommandFailed
from augury.cli.output import bytes_text, console, say, warn, write, write_json
from augury.cli.remote import NOT_FOUND, Connection, connected, is_missing, refusal
from augury.cli.workbench import Workbench, explained, open_workbench
from augury.domain.model import NAME_RULE, as_name
from augury.packaging.bundle import Bundle, pack
from augury.packaging.check import Checked

BIG = 8 << 20
"""Bytes of a bundle whose upload is worth watching."""
_CHUNK = 1 << 18


def push(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The model: a .py file or a folder.", show_default=False)
    ],
    name: Annotated[str, typer.Argument(metavar="[OWNER/]NAME", help="What it is called.", show_default=False)],
    notes: Annotated[str, typer.Option(help="What is new in this version, up to 255 characters.")] = "",
    public: Annotated[bool, typer.Option("--public", help="Let everyone see and run the model.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON: what it is called and what it offers.")] = False,
) -> None:
    """Publish a model as a new version.

    Checks it, uploads its files where the server does not have them, makes the model where it is new, and prints
    what the version is called: owner/name:number. Whatever goes wrong, nothing is published. What other APIs it can be
    called through is said beside it.

    The version gets the hardware and variables that [tool.augury] names; where it names none, those of the version
    before.

    Example: augury push ./my-model my-model --notes "Reads faster"
    """
    owner, short = _split(name)
    workbench = open_workbench()
    with connected() as connection, tempfile.TemporaryDirectory(prefix="augury-push-") as folder:
        owner = owner or connection.me
        checked = _check(workbench, path)
        bundle_path = Path(folder) / "bundle.tar.gz"
        with explained():
            bundle = pack(checked.project, bundle_path)
        _upload(connection, bundle, bundle_path)
        made = _publish(connection, f"{owner}/{short}", checked, bundle, notes=notes, public=public)
    if offered := [name for name, offers in made["compatibilities"].items() if offers]:
        say(f"offers: {', '.join(offered)}")
    if as_json:
        write_json({"version": f"{owner}/{short}:{made['number']}", "number": made["number"], "offers": offered})
        return
    write(f"{owner}/{short}:{made['number']}")


def _split(name: str) -> tuple[str | None, str]:
    owner, slash, short = name.rpartition("/")
    parts = [as_name(part) for part in ((owner, short) if slash else (short,))]
    if None in parts:
        hint = "; the number of the version is given by the server" if ":" in name else ""
        raise typer.BadParameter(f"a name is {NAME_RULE}{hint}", param_hint="NAME")
    return parts[0] if slash else None, cast("str", parts[-1])


def _check(workbench: Workbench, path: Path) -> Checked:
    with console().status(f"checking {path}"):
        checked = workbench.checked(path)
    for warning in checked.warnings:
        warn(warning)
    return checked


def _upload(connection: Connection, bundle: Bundle, path: Path) -> None:
    url = f"{connection.target.url}/v1/bundles/{bundle.digest}"
    known = connection.http.head(url)
    if known.is_success:
        say(f"the server has these files already ({bytes_text(bundle.size)})")
        return
    if known.status_code != NOT_FOUND:
        # HEAD has no body that could say why.
        raise refusal(connection.http.get(url))
    with path.open("rb") as stream:
        content = _watched(stream, bundle.size) if bundle.size > BIG else _chunks(stream)
        headers = {"Content-Length": str(bundle.size), "Content-Type": "application/octet-stream"}
        answer = connection.http.put(url, content=content, headers=headers)
    if not answer.is_success:
        raise refusal(answer)


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _watched(stream: IO[bytes], size: int) -> Iterator[bytes]:
    columns = (TextColumn("uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console(), transient=True) as progress:
        task = progress.add_task("", total=size)
        for chunk in _chunks(stream):
            yield chunk
            progress.advance(task, len(chunk))


def _publish(
    connection: Connection, model: str, checked: Checked, bundle: Bundle, *, notes: str, public: bool
) -> Mapping[str, Any]:
    made = _make_model(connection, model, public=public)
    version: dict[str, Any] = {
        "release_notes": notes,
        "schemas": {"prediction": checked.description.schemas},
        "container_image_digest": bundle.digest,
    }
    options = checked.project.options
    if options.variables or options.hardware != "cpu":
        # Left out, it would be that of the version before, whatever the author says now.
        version["configuration"] = {
            "hardware_identifier": options.hardware,
            "variable_names": list(options.variables),
        }
    elif checked.project.gpu and made and (gpu := a_gpu(connection.client.hardware.list().items)):
        say(f"it is meant for a GPU, so it runs on {gpu}")
        version["configuration"] = {"hardware_identifier": gpu, "variable_names": []}
    try:
        with console().status(f"publishing {model}"):
            made_version = connection.client.model_versions.create(model, cast("Any", version))
            return cast("Mapping[str, Any]", made_version)
    except httpx.HTTPStatusError:
        if made:
            # A model that the push made and that has nothing to run would be litter.
            connection.client.models.delete(model)
        raise


def a_gpu(catalogue: Sequence[Hardware]) -> str | None:
    """The smallest hardware with one GPU that some machine has; None where there is no GPU."""
    found = [one for one in catalogue if one["gpus"] == 1 and one["vram_gb"] and one["cpus"]]
    return min(found, key=lambda one: (one["vram_gb"], one["cpus"]))["identifier"] if found else None


def _make_model(connection: Connection, model: str, *, public: bool) -> bool:
    """Make the model unless it is there; returns whether it was made."""
    owner, _, short = model.partition("/")
    try:
        known = connection.client.models.get(model)
    except httpx.HTTPStatusError as error:
        if not is_missing(error):
            raise
        if owner != connection.me:
            raise CommandFailed(
                f"there is no model {model}, and you, {connection.me}, make models of your own only"
            ) from None
        connection.client.models.create(cast("Any", {"name": short, "visibility": "public" if public else "private"}))
        return True
    if public and known["visibility"] != "public":
        connection.client.models.update(model, cast("Any", {"visibility": "public"}))
    return False
