"""Files on their way to the server and back, with a bar for whoever watches.

Uploads go through the official client, in parts and several at once; downloads come by signed links, without a token,
as links may lead to other servers than the one that is asked. No size is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from wriftai import File

from augury.cli.failing import CommandFailed
from augury.cli.output import console
from augury.cli.remote import Connection

_CHUNK = 1 << 20
_NAME = "Augury-File-Name"


@contextmanager
def uploading(connection: Connection) -> Generator[Callable[[Path], str]]:
    """Gives what uploads a file and returns the link that stands for it; raises CommandFailed."""
    with _bars() as bars:

        def upload(path: Path) -> str:
            try:
                size = path.stat().st_size
                with path.open("rb"):
                    pass
            except OSError as error:
                raise CommandFailed(f"{path} cannot be read: {error.strerror}", code=2) from None
            task = bars.add_task(f"uploading {path.name}", total=size)
            with connection.sending({_NAME: quote(path.name)}):
                done = connection.client.files.upload(File(path), lambda sent, _: bars.advance(task, sent))
            return done["download_url"]

        yield upload


@contextmanager
def downloading() -> Generator[Callable[[str, Path], None]]:
    """Gives what writes the file behind a link to a path; raises CommandFailed and OSError."""
    with _bars() as bars, httpx.Client(timeout=httpx.Timeout(None, connect=10.0)) as http:

        def download(url: str, path: Path) -> None:
            with http.stream("GET", url) as answer:
                if answer.status_code != 200:
                    raise CommandFailed(f"{path.name} cannot be had: the server answered {answer.status_code}")
                total = int(answer.headers.get("content-length", 0))
                task = bars.add_task(f"saving {path.name}", total=total)
                with path.open("xb") as file:
                    for chunk in answer.iter_raw(_CHUNK):
                        file.write(chunk)
                        bars.advance(task, len(chunk))

        yield download


def _bars() -> Progress:
    columns = (
        # As it is: what a file is called is no markup.
        TextColumn("{task.description}", markup=False),
        BarColumn(30),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
    )
    shown = console()
    return Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal)
