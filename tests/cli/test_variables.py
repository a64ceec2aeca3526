"""`augury variables` and `augury secrets`, and the page about them, which a reader could type in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import Augury, Ran, write_model
from tests.support.server import Server

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "secrets.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def given(augury: Augury, value: bytes, *arguments: str) -> Ran:
    """Run a command with this on its standard input."""
    done = subprocess.run(
        augury.command(*arguments), input=value, env=augury.environment(), capture_output=True, timeout=25
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.timeout(100)
def test_the_page_can_be_typed_in(augury: Augury, tmp_path: Path) -> None:
    env = augury.environment()
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"

    def shell(block: str) -> str:
        done = subprocess.run(["bash", "-ec", block], env=env, capture_output=True, text=True, timeout=50, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    create, configure, rotate = blocks("sh")
    assert "hub-token\tHUB_TOKEN\t(secret)" in shell(create)
    (model,) = blocks("python")
    path = write_model(
        tmp_path / "fetcher",
        "# /// script\n# dependencies = []\n# ///\n" + model,
        model.split("\n")[0].removeprefix("# "),
    )
    augury.done("push", path, "fetcher")
    assert "hub-token" in shell(configure)
    ran = augury.done("predict", "fetcher", "-i", "path=a", "-i", "password=correct horse", "--json")
    assert ran.json["output"] == "a: 15 and 13 characters"
    assert ran.json["input"]["password"] == "**********"
    log = augury.done("predictions", "logs", ran.json["id"]).out
    assert "logging in with **********" in log
    assert "asking with **********" in log
    assert "sealed anew: 0" in shell(rotate)
    ran = augury("variables", "delete", "hub-token", "--yes")
    assert (ran.code, "fetcher:1" in ran.err) == (1, True)


def test_a_variable_is_made_shown_changed_and_deleted(augury: Augury, tmp_path: Path) -> None:
    value = tmp_path / "value"
    value.write_text("first value\n")
    made = augury.done("variables", "create", "my.region", "--plain", "--value-file", value, "--json").json
    assert (made["key"], made["value"], made["secret"]) == ("MY_REGION", "first value", False)
    assert ["my.region", "MY_REGION", "first value", made["created_at"]] in augury.done("variables").rows
    changed = given(augury, b"second\nvalue", "variables", "change", "my.region", "--json").json
    assert (changed["value"], changed["updated_at"] is None) == ("second\nvalue", False)
    assert augury.done("variables", "change", "my.region", "--key", "OTHER", "--keep-value").out.split()[:4] == [
        "name", "my.region", "key", "OTHER",
    ]  # fmt: skip
    augury.done("variables", "delete", "my.region", "--yes")
    assert augury("variables", "delete", "my.region", "--yes").code == 1


def test_a_value_comes_from_standard_input_and_is_not_shown(augury: Augury) -> None:
    ran = given(augury, b"not to be seen\n", "variables", "create", "hush", "--json")
    assert (ran.code, ran.json["value"]) == (0, "")
    assert "not to be seen" not in augury.done("variables", "--json").out
    augury.done("variables", "delete", "hush", "-y")


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["create", "x"], b""),
        (["create", "x"], b"\xff"),
        (["create", "x", "--value-file", "not-there"], b""),
        (["change", "x", "--keep-value"], b""),
    ],
)
def test_a_value_that_is_none_is_wrong_usage(augury: Augury, arguments: list[str], value: bytes) -> None:
    assert given(augury, value, "variables", *arguments).code == 2


def test_a_key_that_is_the_platforms_is_refused_with_a_sentence(augury: Augury) -> None:
    ran = given(augury, b"value", "variables", "create", "x", "--key", "LD_PRELOAD")
    assert ran.code == 1
    assert "LD_PRELOAD is the platform's to set" in ran.err


def test_without_a_database_nothing_is_sealed_anew(alone: Augury) -> None:
    ran = alone("secrets", "rotate")
    assert (ran.code, ran.out) == (1, "")


def test_keys_that_are_none_are_said(augury: Augury, server: Server) -> None:
    ran = augury("secrets", "rotate", secret_key="short")
    assert (ran.code, ran.out) == (3, "")
    assert "AUGURY_SECRET_KEY" in ran.err
