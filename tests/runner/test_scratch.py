"""The folders of a run: its own, where temporary files go, and gone afterwards with everything in it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from augury.protocol import Cancel
from augury.runner.scratch import Scratch
from tests.runner.driver import Worker

MODEL = """
    import os, tempfile, time
    import augury
    class Predictor:
        def setup(self):
            self.kept = tempfile.mkdtemp()
            open(os.path.join(self.kept, "weights"), "w").write("kept")
        def predict(self, how: str) -> dict:
            seen = {"cwd": os.getcwd(), "entries": os.listdir("."), "kept": os.path.exists(self.kept + "/weights"),
                    "temporary": tempfile.gettempdir(), "scratch": str(augury.scratch()),
                    "TMPDIR": os.environ["TMPDIR"]}
            if how != "nothing":
                open("relative.txt", "w").write("x")
                tempfile.mkstemp()
                os.makedirs("deep/er")
                open("deep/er/file", "w").close()
                os.symlink("/", "deep/link")
                os.chmod("deep/er", 0o500)
                os.chmod("deep", 0)
            if how == "leave":
                os.chdir("/")
            if how == "remove":
                import shutil
                shutil.rmtree(seen["cwd"])
            if how == "raise":
                raise ValueError
            if how == "sleep":
                print("begun")
                time.sleep(600)
            return seen
"""


def test_a_run_works_in_its_own_empty_folder_which_is_where_temporary_files_go(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL) as worker:
        worker.ready()
        for n in range(3):
            seen = worker.output(str(n), how="nothing")
            assert seen["cwd"] == seen["temporary"] == seen["scratch"] == seen["TMPDIR"]
            assert os.path.dirname(seen["cwd"]) == str(worker.scratch)
            assert seen["entries"] == []


@pytest.mark.parametrize("how", ["write", "leave", "remove", "raise", "sleep"])
def test_what_a_run_left_is_gone_when_its_end_is_told_however_it_ended(tmp_path: Path, how: str) -> None:
    with Worker(tmp_path, MODEL) as worker:
        worker.ready()
        before = worker.output("a", how="nothing")
        worker.start("b", how=how)
        if how == "sleep":
            worker.log("begun")
            worker.send(Cancel("b"))
        worker.done("b")
        assert not (Path(before["cwd"]) / "relative.txt").exists()
        assert [one.name for one in worker.scratch.iterdir() if any(one.rglob("relative.txt"))] == []
        assert len(list(worker.scratch.iterdir())) <= 2
        after = worker.output("c", how="nothing")
        assert after["entries"] == []
        assert after["cwd"] == after["temporary"]
        assert after["kept"], "what setup() wrote stays"


def test_a_thousand_runs_with_temporary_files_leave_the_disk_as_it_was(tmp_path: Path) -> None:
    # case 74
    source = """
        import tempfile
        def predict() -> str:
            with tempfile.NamedTemporaryFile(delete=False) as file:
                file.write(b"x" * 1000)
            return file.name
    """
    with Worker(tmp_path, source) as worker:
        worker.ready()
        names = {worker.output(str(n)) for n in range(1000)}
        assert len(names) == 1000
        assert sum(len(files) for _, _, files in os.walk(worker.scratch)) == 0


def test_setup_and_teardown_see_the_models_own_folder(tmp_path: Path) -> None:
    source = """
        import os
        class Predictor:
            def setup(self):
                self.text = open("data.txt").read()
            def predict(self) -> str:
                return self.text
    """
    with Worker(tmp_path, source, files={"data.txt": "beside the model"}) as worker:
        worker.ready()
        assert worker.output("p") == "beside the model"


def test_an_id_never_leads_out_of_the_scratch_folder(tmp_path: Path) -> None:
    with Worker(tmp_path, MODEL) as worker:
        worker.ready()
        worker.output("../../../x", how="write")
        seen = worker.output("../../y/" + "z" * 500, how="nothing")
        assert os.path.dirname(seen["cwd"]) == str(worker.scratch)


@pytest.mark.parametrize("age", [0, 3600])
def test_a_folder_is_used_again_only_while_it_is_empty_however_old_it_is(tmp_path: Path, age: int) -> None:
    home, here = tmp_path / "home", Path.cwd()
    home.mkdir()
    before = os.environ.get("TMPDIR")
    try:
        scratch = Scratch(str(tmp_path / "root"), str(home))
        scratch.enter("a")
        first = Path(scratch.current())
        if age:
            then = first.stat().st_mtime - age
            os.utime(first, (then, then))
        for _ in range(3):
            scratch.leave()
            scratch.enter("b")
            assert Path(scratch.current()) == first
        (first / "left").touch()  # by a thread that outlived its run, say
        scratch.enter("c")
        assert Path(scratch.current()) != first
        assert list(Path(scratch.current()).iterdir()) == []
    finally:
        os.chdir(here)
        tempfile.tempdir = None
        os.environ.pop("TMPDIR", None)
        if before is not None:
            os.environ["TMPDIR"] = before
