"""The page about moving from Cog: its folder works by the lines that stand there, and no key is left out."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from augury.packaging import cogcode, cogyaml
from augury.packaging.project import read
from tests.cli.commands import Augury

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cog.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_folder_of_the_page_is_checked_pushed_and_answers_by_its_lines(augury: Augury, tmp_path: Path) -> None:
    for block in (*_blocks("yaml"), *_blocks("python")):
        path = tmp_path / "greeter" / block.partition("\n")[0].removeprefix("# ")
        path.parent.mkdir(exist_ok=True)
        path.write_text(block)
    assert read(tmp_path / "greeter").dependencies == ("six==1.17.0",)
    lines = [shlex.split(line) for block in _blocks("sh") for line in block.splitlines()]
    assert [line[1] for line in lines] == ["check", "push", "predict", "predict"]
    ran = [augury.done(*line[1:]) for line in lines]
    assert ran[1].out == "owner/greeter:1\n"
    assert ran[2].json == ["Hello, Ada! "] * 2
    assert ran[3].out.count("Hello, Ada! ") == 2


def test_every_key_and_every_package_that_cog_brings_is_on_the_page() -> None:
    section = PAGE.partition("\n## The keys of `cog.yaml`\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)
    named = [key for row in rows for key in re.findall(r"`([^`]+)`", row)]
    top, build = cogyaml.KEYS, [f"build.{key}" for key in cogyaml.BUILD_KEYS]
    assert sorted(named) == sorted([*(key for key in top if key != "build"), *build])
    assert all(re.search(rf"\b{package}\b", PAGE, re.IGNORECASE) for package in cogcode.BROUGHT.values())
