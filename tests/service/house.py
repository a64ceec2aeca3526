"""The catalogue's services on a real database, real blobs and a real environment builder, with a clock that is set."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import tarfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread

from augury.blobs.local import LocalBlobs
from augury.domain.account import Account, Caller
from augury.domain.ids import AccountId, IdSource, PredictionId
from augury.domain.jsontext import JsonObject, JsonText
from augury.domain.model import ModelDetails, Version
from augury.domain.prediction import ModelRef, Prediction, Status
from augury.packaging import bundle, project
from augury.packaging.environment import EnvironmentBuilder
from augury.service.access import Access
from augury.service.bundles import Bundles
from augury.service.models import Models, NewModel
from augury.service.sharing import Sharing
from augury.service.users import Users
from augury.store import predictions as prediction_rows
from augury.store import users as user_rows
from augury.store.connection import Connection
from augury.store.database import Database, open_database
from augury.store.notifier import Notifier, open_notifier

ECHO = "def predict(text: str) -> str:\n    return text\n"
SCHEMAS: JsonObject = {
    "prediction": {
        "input": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        "output": {"type": "string"},
    }
}
BUNDLE_LIMIT = 1 << 20


@dataclass
class Clock:
    """Goes on by a microsecond each time it is looked at, and otherwise when told to."""

    time: int = 1_700_000_000_000_000

    def now(self) -> int:
        self.time += 1
        return self.time

    def pass_seconds(self, seconds: float) -> None:
        self.time += int(seconds * 1_000_000)


@dataclass
class House:
    db: Database
    notifier: Notifier
    access: Access
    bundles: Bundles
    models: Models
    users: Users
    sharing: Sharing
    clock: Clock
    folder: Path
    heard: list[str]
    """Every topic that was published."""
    ids: IdSource = field(default_factory=IdSource)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def account(self, name: str, *, admin: bool = False) -> Caller:
        """A new account, as a caller."""
        account = Account(AccountId(self.ids.next()), name, admin, self.clock.now())
        await self.db.write(lambda c: user_rows.insert(c, account))
        return Caller(account.id, name, admin, f"token-of-{name}")

    async def bundle(self, caller: Caller, code: str = ECHO, **files: str) -> str:
        """Store a model's files as a bundle; returns its digest."""
        root = self.folder / f"source-{next(self._numbers)}"
        root.mkdir()
        for name, text in {"predict.py": code, **files}.items():
            (root / name).write_text(text)
        packed = root.with_suffix(".bundle")
        made = await anyio.to_thread.run_sync(lambda: bundle.pack(project.read(root), packed))
        await self.bundles.store(caller, made.digest, chunks(packed.read_bytes()), BUNDLE_LIMIT)
        return made.digest

    async def unchecked(self, caller: Caller, files: dict[str, str]) -> str:
        """Store a bundle that `augury push` would have refused; returns its digest."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        digest = f"sha256:{hashlib.sha256(content.getvalue()).hexdigest()}"
        await self.bundles.store(caller, digest, chunks(content.getvalue()), BUNDLE_LIMIT)
        return digest

    async def model(self, caller: Caller, name: str, visibility: str = "private") -> ModelDetails:
        return await self.models.create(caller, NewModel(name, visibility))

    async def version(self, caller: Caller, name: str, digest: str | None = None, notes: str = "") -> Version:
        """Publish a version of the caller's model."""
        wanted = digest or await self.bundle(caller)
        return await self.models.publish(
            caller, caller.name, name, release_notes=notes, schemas=SCHEMAS, container_image_digest=wanted
        )

    async def prediction(self, caller: Caller, version: Version, **fields: object) -> Prediction:
        """A stored prediction, queued unless the fields say otherwise."""
        now = self.clock.now()
        values: dict[str, object] = {
            "id": PredictionId(self.ids.next()),
            "account_id": caller.account_id,
            "version_id": version.id,
            "model": ModelRef("", "", version.number),
            "status": Status.PENDING,
            "created_at": now,
            "updated_at": now,
            "input": JsonText("{}"),
            **fields,
        }
        prediction = Prediction(**values)  # pyright: ignore[reportArgumentType] - a test says what it means

        def insert(c: Connection) -> None:
            prediction_rows.insert(c, prediction)

        await self.db.write(insert)
        return prediction


async def chunks(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncGenerator[House]:
    """The services on a migrated database, everything else below the folder."""
    async with open_database(url) as db, open_notifier(url) as notifier:
        clock, ids, heard = Clock(), IdSource(), list[str]()
        access = Access(db, ids, clock.now)
        environ = {"PATH": os.environ["PATH"], "UV_OFFLINE": "1", "HOME": str(folder)}
        builder = EnvironmentBuilder(folder / "environments", environ=environ)
        bundles = Bundles(db, LocalBlobs(folder / "blobs"), folder / "bundles", builder, clock.now)
        models = Models(db, notifier, bundles, ids, clock.now)
        users = Users(db, notifier, access, clock.now)
        with (
            notifier.subscribe("models", heard.append),
            notifier.subscribe("version:", heard.append),
            notifier.subscribe("prediction:", heard.append),
            notifier.subscribe("cancel:", heard.append),
        ):
            sharing = Sharing(db, models)
            yield House(db, notifier, access, bundles, models, users, sharing, clock, folder, heard, ids)
