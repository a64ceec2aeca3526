"""`augury models`, `versions` and `predictions`: what is shown, changed and deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Augury, write_model

UPPER = "def predict(text: str = 'a') -> str:\n    '''Shouts.'''\n    return text.upper()\n"


@pytest.fixture
def upper(augury: Augury, tmp_path: Path) -> str:
    """A model with a version of its own for each test."""
    name = f"upper-{tmp_path.name.lower().replace('_', '-')[-40:]}"
    augury.done("push", write_model(tmp_path, UPPER), name)
    return name


def test_models_are_made_changed_shown_and_deleted(augury: Augury) -> None:
    assert augury.done("models", "create", "plan", "--description", "Maps").out == "owner/plan\n"
    assert augury("models", "create", "plan").code == 1
    assert augury.done("models", "update", "plan", "--name", "globe", "--visibility", "public").out == "owner/globe\n"
    found = augury.done("models", "show", "owner/globe", "--json").json
    assert (found["description"], found["visibility"], found["latest_version"]) == ("Maps", "public", None)
    augury.done("models", "update", "globe", "--description", "")
    assert augury.done("models", "show", "globe", "--json").json["description"] is None
    assert augury("models", "delete", "globe").code == 1, "without an answer nothing is deleted"
    augury.done("models", "delete", "globe", "--yes")
    assert augury("models", "show", "globe").code == 1


def test_a_group_without_a_command_lists(augury: Augury, upper: str) -> None:
    assert augury.done("models").out == augury.done("models", "list").out
    assert f"owner/{upper}" in [row[0] for row in augury.done("models").rows]
    assert augury.done("models", "--json").json


def test_a_long_list_is_read_page_by_page(augury: Augury, upper: str) -> None:
    made = {augury.done("predict", upper, "--no-wait").out.strip() for _ in range(3)}
    whole = augury.done("predictions", "list", "--limit", "200", "--json").json
    assert made <= {one["id"] for one in whole}
    assert augury.done("predictions", "list", "--limit", "2", "--json").json == whole[:2]
    assert [row[0] for row in augury.done("predictions", "list", "--limit", "2").rows] == [
        one["id"] for one in whole[:2]
    ]


def test_predictions_are_listed_by_state(augury: Augury, upper: str) -> None:
    augury.done("predict", upper)
    found = augury.done("predictions", "list", "--status", "succeeded", "--status", "failed", "--json").json
    assert found
    assert {one["status"] for one in found} <= {"succeeded", "failed"}
    assert augury("predictions", "list", "--status", "happy").code == 2


def test_a_prediction_is_shown_field_by_field(augury: Augury, upper: str) -> None:
    made = augury.done("predict", upper, "-i", "text=b", "--json").json
    shown = dict(line.split("\t", 1) for line in augury.done("predictions", "show", made["id"]).out.splitlines())
    assert shown["status"] == "succeeded"
    assert shown["model"] == f"owner/{upper}:1"
    assert (shown["input"], shown["output"]) == ('{"text":"b"}', "B")


def test_what_has_ended_cannot_be_cancelled(augury: Augury, upper: str) -> None:
    made = augury.done("predict", upper, "--json").json["id"]
    ran = augury("predictions", "cancel", made)
    assert (ran.code, ran.out) == (1, "")
    assert "ended" in ran.err


@pytest.mark.parametrize("made", ["not-an-id", "01a212eb-0000-7000-8000-000000000000"])
def test_a_prediction_that_is_not_there_is_a_failed_request(augury: Augury, made: str) -> None:
    for command in ("show", "cancel"):
        ran = augury("predictions", command, made)
        assert (ran.code, ran.out) == (1, "")


def test_versions_are_shown_configured_and_deleted(augury: Augury, upper: str) -> None:
    assert augury.done("versions", "list", upper).rows[0][0] == f"owner/{upper}:1"
    shown = augury.done("versions", "show", f"{upper}:1").out
    assert "sha256:" in shown
    assert "text\tstring" in shown
    assert augury.done("versions", "configuration", f"{upper}:1", "--json").json["hardware_identifier"] == "cpu"
    changed = augury.done(
        "versions", "configuration", f"{upper}:1", "--hardware", "cpu", "--no-variables", "--json"
    ).json
    assert changed == {"hardware_identifier": "cpu", "variable_names": []}
    refused = augury("versions", "configuration", f"{upper}:1", "--hardware", "abacus")
    assert (refused.code, refused.out) == (1, "")
    augury.done("versions", "delete", f"{upper}:1", "--yes")
    assert augury("versions", "show", f"{upper}:1").code == 1
    ran = augury("predict", upper, "-i", "text=a")
    assert ran.code == 1
    assert "no version" in ran.err


def test_a_version_needs_its_number(augury: Augury, upper: str) -> None:
    assert augury("versions", "show", upper).code == 2
    assert augury("models", "show", f"{upper}:1").code == 2


def test_a_reader_that_goes_early_is_no_error(augury: Augury, upper: str) -> None:
    with augury.start("predictions", "list", "--json") as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert "Traceback" not in process.stderr.read()


def test_a_proxy_is_not_asked_for_the_way_to_this_machine(augury: Augury) -> None:
    augury.proxy = "http://127.0.0.1:1"
    assert augury.done("models", "--json").code == 0


def test_nothing_is_cut_or_coloured_in_a_pipe(augury: Augury) -> None:
    text = "a very long description " * 20
    augury.done("models", "create", "wordy", "--description", text)
    listed = augury.done("models").out
    assert text.strip() in listed
    assert "\x1b" not in listed


def test_whether_a_model_can_be_run_is_listed_and_shown(augury: Augury, upper: str) -> None:
    def listed() -> str:
        return next(row[2] for row in augury.done("models").rows if row[0] == f"owner/{upper}")

    assert listed() == "cold"
    augury.done("predict", upper)
    assert listed() == "ready"
    assert "ready" in augury.done("models", "show", upper).out
