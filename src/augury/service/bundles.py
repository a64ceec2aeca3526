"""Bundles: taken in under their digest, and made ready to run on this machine.

    store: chunks -> blobs, the digest checked on the way -> a row
    prepare: blobs -> unpacked folder -> project -> environment; each kept by content, made once however many wait

Knows nothing about models and versions.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from augury.blobs.base import BlobNotFound, Blobs, bundle_key
from augury.domain.account import Caller
from augury.domain.errors import InvalidRequest, TooLarge
from augury.domain.model import is_digest
from augury.packaging import bundle, project
from augury.packaging.environment import EnvironmentBuilder
from augury.packaging.errors import BundleError, EnvironmentFailed, ProjectError
from augury.packaging.project import Project
from augury.store import bundles as rows
from augury.store.database import Database

log = logging.getLogger(__name__)

BUILDS = 2
"""Environments that are built at once: installing takes all the cores and the network that there are."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A bundle that can be run here."""

    folder: Path
    """Its files."""
    python: Path
    """The interpreter of its environment."""
    no_site: bool
    """Nothing is installed: the interpreter starts without its site-packages."""
    project: Project


@dataclass
class _Flight:
    """One bundle being prepared, and how that ended the last time."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    rounds: int = 0
    failure: EnvironmentFailed | ProjectError | None = None


@dataclass(frozen=True)
class Bundles:
    """The use cases of bundles. `root` is a folder of this machine; use from the event loop only."""

    db: Database
    blobs: Blobs
    root: Path
    builder: EnvironmentBuilder
    now: Callable[[], int]
    _ready: dict[str, Prepared] = field(default_factory=dict[str, Prepared], repr=False)
    _flights: dict[str, _Flight] = field(default_factory=dict[str, _Flight], repr=False)
    _builds: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(BUILDS), repr=False)

    async def store(self, caller: Caller, digest: str, chunks: AsyncIterator[bytes], limit: int) -> int:
        """Take in a bundle's bytes, at most `limit` of them; returns how many they were.

        Storing the same again changes nothing. Raises InvalidRequest where the bytes are not what the digest names,
        TooLarge over the limit; then nothing is stored.
        """
        if not is_digest(digest):
            raise InvalidRequest.at(
                "path",
                "digest",
                msg="A digest is sha256: and 64 hexadecimal digits.",
                type="digest",
                input=digest[:200],
            )
        checked = _Checked(chunks, digest, limit)
        if await self.exists(digest):
            async for _ in checked:
                pass
        else:
            await self.blobs.put(bundle_key(digest), checked)
        now = self.now()
        await self.db.write(lambda c: rows.add(c, digest, caller.account_id, checked.size, now))
        log.info("bundle stored", extra={"digest": digest, "size": checked.size})
        return checked.size

    async def exists(self, digest: str) -> bool:
        """Whether the bundle with this digest is stored, row and bytes."""
        return await self.size(digest) is not None and await self.blobs.exists(bundle_key(digest))

    async def size(self, digest: str) -> int | None:
        """Bytes of a stored bundle; None where there is none."""
        if not is_digest(digest):
            return None
        return await self.db.read(lambda c: rows.size(c, digest))

    async def prepare(self, digest: str) -> Prepared:
        """Unpack a stored bundle and build its environment, unless that is done.

        Raises ProjectError for what is wrong in its files and EnvironmentFailed where it cannot be built.
        """
        ready = self._ready.get(digest)
        # Whoever tidies the disk may have taken it away.
        if ready is not None and await anyio.to_thread.run_sync(_usable, ready):
            return ready
        flight = self._flights.setdefault(digest, _Flight())
        waiting_since = flight.rounds
        async with flight.lock:
            if flight.rounds != waiting_since:
                if flight.failure is not None:
                    raise flight.failure
                return self._ready[digest]
            # Cancelled is no result: then the next in line begins anew.
            try:
                self._ready[digest] = await self._prepare(digest)
                flight.failure = None
            except (EnvironmentFailed, ProjectError) as error:
                flight.failure = error
            flight.rounds += 1
            if flight.failure is not None:
                raise flight.failure
        return self._ready[digest]

    async def _prepare(self, digest: str) -> Prepared:
        folder = await self._unpacked(digest)
        read = await anyio.to_thread.run_sync(project.read, folder)
        environment = await anyio.to_thread.run_sync(self.builder.build, read, limiter=self._builds)
        return Prepared(folder, environment.python, environment.no_site, read)

    async def _unpacked(self, digest: str) -> Path:
        folder = self.root / digest.removeprefix("sha256:")
        if await anyio.to_thread.run_sync(folder.is_dir):
            return folder
        await anyio.to_thread.run_sync(partial(self.root.mkdir, parents=True, exist_ok=True))
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self.root) as incoming:
            packed = Path(incoming) / "bundle"
            try:
                await self._fetch(digest, packed)
            except BlobNotFound:
                raise BundleError(f"the bundle {digest} is not stored any more", hint="push the model again") from None
            return await anyio.to_thread.run_sync(bundle.unpack, packed, folder)

    async def _fetch(self, digest: str, packed: Path) -> None:
        async with await anyio.open_file(packed, "xb") as file:
            async for chunk in self.blobs.open(bundle_key(digest)):
                await file.write(chunk)


class _Checked:
    """Chunks on their way into the store: counted, hashed, and refused at their end if they are not as named."""

    def __init__(self, chunks: AsyncIterator[bytes], digest: str, limit: int) -> None:
        self._chunks = chunks
        self._digest = digest
        self._limit = limit
        self.size = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        sha256 = hashlib.sha256()
        async for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._limit:
                raise TooLarge(
                    f"The bundle is over the limit of {self._limit:,} bytes.",
                    code="bundle_too_large",
                    hint="Leave what the model does not need out of its folder, or download it in setup().",
                )
            sha256.update(chunk)
            yield chunk
        found = f"sha256:{sha256.hexdigest()}"
        if found != self._digest:
            raise InvalidRequest.at(
                "path",
                "digest",
                msg="The digest is not that of the bytes that were sent.",
                type="digest_mismatch",
                input=self._digest,
                found=found,
            )


def _usable(prepared: Prepared) -> bool:
    return prepared.folder.is_dir() and prepared.python.exists()
