"""The page about the command line says what the commands say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from augury.cli.app import COMMANDS
from augury.cli.lazy import Group

ROOT = Path(__file__).resolve().parents[2]


def test_every_command_is_on_its_page_with_an_example() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    for name, entry in COMMANDS.items():
        for inner in [f" {one}" for one in entry.commands] if isinstance(entry, Group) else [""]:
            section = text.partition(f"\n## augury {name}{inner}\n")[2].partition("\n## ")[0]
            assert f"augury {name}" in section, f"augury {name}{inner} has no example"


def test_the_page_is_what_make_docs_would_write() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "cli_docs.py", "--check"], check=False, timeout=25)
    assert done.returncode == 0
