"""`augury workers`: what runs where."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commands import Augury, write_model


def test_a_worker_is_shown_with_what_it_runs_and_since_when(augury: Augury, tmp_path: Path) -> None:
    source = "import os\ndef predict() -> int:\n    return os.getpid()"
    model = augury.done("push", write_model(tmp_path / "pid", source), "pid").out.strip()
    pid = augury.done("predict", "pid").out.strip()

    row = next(row for row in augury.done("workers").rows if row[1] == model)

    assert row[2:4] == ["ready", "0/1"]
    assert row[5] == pid
    found = augury.done("workers", "--json").json
    assert len(found["nodes"]) == 1
    assert next(one for one in found["workers"] if one["id"] == row[0])["node_id"] == found["nodes"][0]["id"]
