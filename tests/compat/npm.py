"""The clients of npm, installed once from their lock, and one call by one of them as a process of Node.

    calls = Npm(installed()); calls("openai", "chat", {"base": ..., "token": ..., "model": ..., "prompt": ...})

Knows no server.
"""

from __future__ import annotations

import fcntl
import json
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "js"
SECONDS = 25.0
_INSTALL_SECONDS = 120.0


class Thrown(Exception):
    """What the client threw: its class, and what it says of the answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['name']}: {error['message']}")
        self.name: str = error["name"]
        self.message: str = error["message"]
        self.status: int | None = error.get("status")
        self.code: str | None = error.get("code")
        self.param: str | None = error.get("param")


@dataclass(frozen=True)
class Npm:
    """Calls by the clients that are installed in a folder."""

    folder: Path

    def __call__(self, provider: str, name: str, given: dict[str, Any]) -> Any:
        """What the call gave; raises Thrown."""
        command = ["node", "call.mjs", provider, name, json.dumps(given)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        if "error" in found:
            raise Thrown(found["error"])
        return found["answer"]


def installed() -> Path:
    """The folder with the clients; they are installed where its lock is not the one that they came from."""
    stamp = FOLDER / "node_modules" / ".installed"
    with (FOLDER / "package-lock.json").open("rb") as lock:
        # Several testers may come here at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = sha256(lock.read()).hexdigest()
        if not stamp.is_file() or stamp.read_text() != wanted:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
            assert done.returncode == 0, done.stderr
            stamp.write_text(wanted)
    return FOLDER
