"""Builds the web app before a wheel is made of it: `pip install .`, `uv build`, `python -m build`.

Without Node, or with WEB=no, the wheel is made without the app, which the build says. An editable
install builds nothing, because `make setup` does.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EDITABLE = "editable"


class WebAppHook(BuildHookInterface):  # type: ignore[type-arg] - hatchling says no more of its own
    """Runs the script that `make setup` runs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before files are gathered; fails the build where the app should be built and cannot."""
        del build_data
        if version == EDITABLE:
            return
        root = Path(self.root)
        # What a builder may print on its own output is for programs.
        subprocess.run([root / "scripts" / "web"], check=True, stdout=sys.stderr)
        if not (root / "src" / "augury" / "web" / "dist" / "index.html").is_file():
            print("augury: this wheel is without the web app", file=sys.stderr)
