"""Help and completion: complete, and fast enough to ask for."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from augury.cli.app import COMMANDS
from augury.cli.lazy import Command, Group
from tests.cli.commands import Augury


def _leaves() -> Iterator[tuple[str, Command]]:
    for name, entry in COMMANDS.items():
        if isinstance(entry, Group):
            yield from ((f"{name} {inner}", command) for inner, command in entry.commands.items())
        else:
            yield name, entry


LEAVES = dict(_leaves())


def _document(command: Command) -> str:
    module, _, function = command.place.partition(":")
    return inspect.getdoc(getattr(import_module(module), function)) or ""


@pytest.mark.parametrize("name", LEAVES)
def test_the_line_in_the_list_is_the_first_sentence_of_the_commands_help(name: str) -> None:
    assert _document(LEAVES[name]).partition("\n")[0] == LEAVES[name].help


@pytest.mark.parametrize("name", LEAVES)
def test_each_command_has_an_example(name: str) -> None:
    assert re.search(rf"^Example: .*\baugury {name}\b", _document(LEAVES[name]), re.MULTILINE)


@pytest.mark.parametrize("name", ["push", "predict", "models list", "tokens create", "serve"])
def test_help_shows_the_example_and_goes_to_stdout(alone: Augury, name: str) -> None:
    ran = alone.done(*name.split(), "--help")
    assert f"augury {name}" in ran.out
    assert "Example" in ran.out
    assert ran.err == ""


def test_no_arguments_show_the_help_and_are_wrong_usage(alone: Augury) -> None:
    assert alone().code == 2
    assert alone("versions").code == 2
    assert alone("nonsense").code == 2
    assert alone("models", "nonsense").code == 2


@pytest.mark.parametrize(
    ("typed", "offered"), [("augury pre", {"predict", "predictions"}), ("augury models up", {"update"})]
)
def test_a_shell_completes_commands(alone: Augury, typed: str, offered: set[str]) -> None:
    words = typed.split()
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['augury']; from augury.cli import main; main()"],
        env=alone.environment()
        | {"_AUGURY_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert set(done.stdout.split()) == offered


def test_help_loads_neither_the_server_nor_the_client() -> None:
    # Time depends on the machine; what is loaded does not. Measured: 0.3 s.
    heavy = {"augury.server", "sqlalchemy", "fastapi", "pydantic", "httpx", "wriftai", "anyio", "orjson"}
    code = (
        "import sys\nsys.argv = ['augury', '--help']\nfrom augury.cli import main\n"
        f"try:\n    main()\nexcept SystemExit:\n    pass\nsys.exit(' '.join(set(sys.modules) & {heavy!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert "predict" in done.stdout
    assert done.stderr.strip() == ""
