"""A program in another interpreter that answers about many folders, by `forking.py`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

FORKING = Path(__file__).parent / "forking.py"


class Program:
    """A program of another interpreter, as a process that answers what it says about a folder."""

    def __init__(self, python: Path, preloaded: str, program: str) -> None:
        command = [str(python), str(FORKING), preloaded, program]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, folder: Path, *arguments: str) -> dict[str, Any]:
        """How it ended and what it wrote: code, out and err."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"folder": str(folder), "arguments": arguments}), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0
