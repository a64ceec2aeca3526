"""What to do next is said in commands, wherever the server says it in calls of its API."""

from __future__ import annotations

import pytest

from augury.cli.hints import for_commands
from tests.cli.commands import Augury

NOBODY = "0199e7c6-3f0e-7a31-b1c4-9f2d1c0a7b55"


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (None, None),
        ("Send another name.", "Send another name."),
        (
            "GET /v1/models lists the public ones, GET /v1/user/models your own.",
            "`augury models list --all` lists the public ones, `augury models list` your own.",
        ),
        (
            "GET /v1/models/ada/ocr/versions lists those that there are.",
            "`augury versions list ada/ocr` lists those that there are.",
        ),
        (
            f"Cancel it first: POST /v1/predictions/{NOBODY}/cancel.",
            f"Cancel it first: `augury predictions cancel {NOBODY}`.",
        ),
        ("It is still there: GET /v1/predictions/{id}.", "It is still there: `augury predictions show ID`."),
        ("List them with GET /v1/predictions/{id}/webhooks.", "List them with `augury webhooks list ID`."),
        ("List yours with GET /v1/predictions.", "List yours with `augury predictions list`."),
        ("GET /v1/predictions/{id}/else is no call.", "GET /v1/predictions/{id}/else is no call."),
    ],
)
def test_a_call_that_a_hint_names_becomes_a_command(hint: str | None, said: str | None) -> None:
    assert for_commands(hint) == said


@pytest.mark.parametrize(
    "command",
    [
        ("predict", "owner/nobody"),
        ("models", "show", "owner/nobody"),
        ("predictions", "show", NOBODY),
        ("predictions", "cancel", NOBODY),
        ("predictions", "logs", NOBODY),
        ("predictions", "logs", NOBODY, "--follow"),
        ("predictions", "delete", NOBODY, "--yes"),
        ("webhooks", "list", NOBODY),
        ("webhooks", "redeliver", f"{NOBODY}.1"),
    ],
)
def test_what_is_not_there_is_told_without_a_call_of_the_api(augury: Augury, command: tuple[str, ...]) -> None:
    ran = augury(*command)
    assert (ran.code, ran.out) == (1, "")
    assert "hint: " in ran.err
    assert "/v1/" not in ran.err
