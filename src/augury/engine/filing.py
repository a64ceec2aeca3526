"""Output files of runs on their way into the store, and what has to wait for them.

    message with files -> claimed: out of the worker's reach, a link each -> kept, tried again -> what waited goes on

A run's messages stay in their order: behind one with files the next ones wait. What cannot be kept fails the
prediction, and says which file it was. What a worker says of its files is foreign. Knows nothing about outputs.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.abc

from augury.domain.file import UNKNOWN_TYPE, StoredFile, is_media_type, safe_name
from augury.domain.prediction import Failure, external, internal
from augury.engine.filed import TOKEN, Claimed, Filing
from augury.engine.guarded import guarded
from augury.engine.pressure import Pressure
from augury.engine.run import Run
from augury.engine.worker import Worker
from augury.service.files import Files, new_blob, output_id

log = logging.getLogger(__name__)

TRIES = 4
FIRST_PAUSE = 0.2
"""Seconds until a file that could not be kept is tried again; each time thrice as long."""
WEIGHT = 64 << 10
"""As how many characters a file counts that is on its way: a worker that puts out too many is not read for a while."""

_NAME = re.compile(r"file-[0-9a-f]{32}")


@dataclass(frozen=True)
class Clerk:
    """Files what runs put out. `folder` is on the disk of the workers' own folders. Use from the event loop only."""

    files: Files
    tasks: anyio.abc.TaskGroup
    folder: Path
    now: Callable[[], int]
    pressure: Callable[[Worker], Pressure]

    def waits(self, run: Run, told: Sequence[Any]) -> bool:
        """Whether what comes with these files, or after those before, has to go through `receive`."""
        return bool(told) or (run.filing is not None and run.filing.busy)

    def receive(self, worker: Worker, run: Run, told: Sequence[Any], then: Callable[[], None]) -> None:
        """Keep these files, and call `then` when that is done, for those before them, too."""
        filing = run.filing
        if filing is None:
            filing = run.filing = Filing()
        claimed: list[Claimed] = []
        for one in told:
            try:
                claimed.append(self._claim(worker, run, filing, one))
            except (ValueError, AttributeError) as error:
                # What a worker tells is foreign: whatever is wrong with it, the prediction ends.
                filing.failure = filing.failure or external(f"Its worker told nonsense: {error}.", type="result")
        filing.waiting.append((claimed, then))
        self.pressure(worker).add(WEIGHT * len(claimed))
        if not filing.busy:
            filing.busy = True
            self.tasks.start_soon(guarded, "files", partial(self._work, worker, run, filing))

    def discard(self, run: Run) -> None:
        """Remove what was kept for an output that is none."""
        if run.filing is not None and (files := run.filing.take()):
            self.tasks.start_soon(guarded, "discard files", partial(self._delete, files))

    def _claim(self, worker: Worker, run: Run, filing: Filing, told: Any) -> Claimed:
        token, source, name, kind = (str(told.get(key)) for key in ("token", "file", "name", "type"))
        if _NAME.fullmatch(source) is None or TOKEN.fullmatch(token) is None:
            raise ValueError(f"{source[:100]!r} is no output file")
        kind = kind.partition(";")[0].strip().lower()
        kind = kind if is_media_type(kind) else UNKNOWN_TYPE
        prediction = run.assignment.prediction
        file_id = output_id(prediction.id, len(filing.links) + 1)
        blob = new_blob()
        file = StoredFile(
            id=file_id,
            account_id=prediction.account_id,
            prediction_id=prediction.id,
            blob=blob,
            name=safe_name(name, kind),
            mime_type=kind,
            size=0,
            etag=f'"{blob.rpartition("/")[2]}"',
            created_at=self.now(),
            expires_at=None,
        )
        filing.links[token] = self.files.links.file(file_id, file.name)
        path = self.folder / blob.rpartition("/")[2]
        try:
            worker.spill.joinpath(source).rename(path)
        except OSError as error:
            filing.failure = filing.failure or _failure(file, error)
        return Claimed(file, path)

    async def _work(self, worker: Worker, run: Run, filing: Filing) -> None:
        while filing.waiting:
            claimed, then = filing.waiting.popleft()
            for one in claimed:
                await self._keep(run, filing, one)
            self.pressure(worker).remove(WEIGHT * len(claimed))
            # Before the last one goes on: what it causes has nothing to wait for.
            filing.busy = bool(filing.waiting)
            then()

    async def _keep(self, run: Run, filing: Filing, claimed: Claimed) -> None:
        pause = FIRST_PAUSE
        for turn in range(TRIES):
            if filing.failure is not None:
                break
            try:
                size = await self.files.keep(claimed.file.blob, claimed.path)
            except OSError as error:
                log.exception("output file not stored", extra={"prediction": run.assignment.prediction.id})
                if turn == TRIES - 1:
                    filing.failure = _failure(claimed.file, error)
                else:
                    await anyio.sleep(pause)
                    pause *= 3
                continue
            filing.unwritten.append(replace(claimed.file, size=size))
            return
        await anyio.Path(claimed.path).unlink(missing_ok=True)

    async def _delete(self, files: Sequence[StoredFile]) -> None:
        for one in files:
            await self.files.discard(one.blob)


def _failure(file: StoredFile, error: OSError) -> Failure:
    reason = error.strerror or str(error)
    return internal(f"The output file {file.name} could not be stored: {reason}.", type="storage", file=file.name)
