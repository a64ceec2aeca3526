"""`augury categories` and `augury models search`, and the commands of the page about them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.commands import Augury

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "search.md").read_text()


def test_the_commands_of_the_page_do_what_it_says(augury: Augury) -> None:
    augury.done("categories", "create", "Maps")
    augury.done("models", "create", "atlas", "--visibility", "public")
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    ran = [augury.done(*shlex.split(line)[1:]) for line in block.splitlines()]
    assert ran[0].out == "text-to-image\n"
    assert [row[0] for row in ran[-1].rows] == ["owner/atlas"]
    (found,) = augury.done("models", "search", "text", "to", "im", "--json").json
    assert (found["name"], [one["slug"] for one in found["categories"]]) == ("atlas", ["maps", "text-to-image"])


def test_a_category_is_changed_and_listed(augury: Augury) -> None:
    augury.done("categories", "create", "Birds", "--slug", "aves")
    assert augury.done("categories", "change", "aves", "--description", "They fly").out == "aves\n"
    assert ["aves", "Birds", "They fly"] in augury.done("categories").rows
    assert augury("categories", "change", "aves").code == 2


def test_a_category_is_deleted_once_and_not_without_an_answer(augury: Augury) -> None:
    augury.done("categories", "create", "Fish")
    assert augury("categories", "delete", "fish").code == 1
    augury.done("categories", "delete", "fish", "--yes")
    assert augury("categories", "delete", "fish", "--yes").code == 1
