"""The sources of the web app: what they are made from the API's description, and their own tests.

The app as it is built is looked at in test_bundle.py, and used in tests/browser.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
TYPES = WEB / "src" / "api" / "schema.d.ts"


def run(*command: str | Path, **environment: str) -> str:
    """What a program prints in web/; fails with everything that it said."""
    done = subprocess.run(command, cwd=WEB, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(60)
def test_the_types_of_the_app_are_those_of_the_api(tmp_path: Path) -> None:
    description, types = tmp_path / "openapi.json", tmp_path / "schema.d.ts"
    description.write_text(run(sys.executable, ROOT / "scripts" / "openapi.py"))
    run("npx", "--no-install", "openapi-typescript", description, "--output", types)
    assert types.read_text() == TYPES.read_text(), "`make docs` writes them anew"


@pytest.mark.timeout(120)
def test_the_units_of_the_app_do_what_their_tests_say() -> None:
    run("npm", "run", "--silent", "test", NO_COLOR="1")


def test_the_lock_of_the_app_names_no_place_where_packages_were_found() -> None:
    text = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity"') > 100
