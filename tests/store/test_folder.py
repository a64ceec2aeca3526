"""One server process owns a data folder (D81)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from augury.store.folder import DataFolderInUse, lock_data_folder

HOLD = """
import sys, time
from pathlib import Path
from augury.store.folder import lock_data_folder
with lock_data_folder(Path(sys.argv[1]), address="http://127.0.0.1:8080"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_owner_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        lock_data_folder(tmp_path, address="http://127.0.0.1:8080"),
        pytest.raises(DataFolderInUse) as raised,
        lock_data_folder(tmp_path, address="http://127.0.0.1:9090"),
    ):
        pass

    assert f"process {os.getpid()} at http://127.0.0.1:8080, since 20" in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_a_folder_that_was_left_can_be_owned_again(tmp_path: Path) -> None:
    for port in (8080, 80):
        with lock_data_folder(tmp_path, address=f"http://127.0.0.1:{port}"):
            pass

    assert (tmp_path / "lock").read_text().endswith('"http://127.0.0.1:80"}')


def test_another_process_owns_it_until_it_is_killed(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DataFolderInUse, match=f"process {other.pid} "), lock_data_folder(tmp_path, address="x"):
            pass
        other.send_signal(signal.SIGKILL)

    with lock_data_folder(tmp_path, address="http://127.0.0.1:1"):
        pass


def test_a_child_that_outlives_the_owner_does_not_keep_the_lock(tmp_path: Path) -> None:
    with lock_data_folder(tmp_path, address="x"):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        with lock_data_folder(tmp_path, address="x"):
            assert child.poll() is None
    finally:
        child.communicate()


def test_an_owner_that_wrote_nothing_yet_is_still_an_owner(tmp_path: Path) -> None:
    with lock_data_folder(tmp_path, address="x"):
        (tmp_path / "lock").write_text("")
        with pytest.raises(DataFolderInUse, match="just starting"), lock_data_folder(tmp_path, address="y"):
            pass
