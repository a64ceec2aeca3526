"""Folders for Cog on the command line: pushed as they are, with all that is not to be had here said before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from wriftai.hardware import Hardware

from augury.cli.push import a_gpu
from tests.cli.commands import Augury, write_model

PREDICT = """
    import os
    from cog import BasePredictor, Input

    class Predictor(BasePredictor):
        def predict(self, name: str = Input(description="Who is greeted")) -> str:
            return os.environ.get("GREETING", "Hello") + " " + name
"""


def folder(root: Path, yaml: str, code: str = PREDICT) -> Path:
    write_model(root / "model", code)
    return write_model(root / "model", yaml, "cog.yaml").parent


def test_a_folder_is_pushed_as_it_is_and_answers(augury: Augury, tmp_path: Path) -> None:
    path = folder(tmp_path, "predict: predict.py:Predictor\nenvironment:\n  - GREETING=Moin\n")
    pushed = augury.done("push", path, "cog-greeter")
    assert pushed.out.endswith("cog-greeter:1\n")
    assert "warning" not in pushed.err
    assert augury.done("predict", "cog-greeter", "-i", "name=Ada").out == "Moin Ada\n"
    assert augury.done("run", path, "-i", "name=Ada").json == "Moin Ada"


@pytest.mark.timeout(90)  # every Python of the machine is looked at
def test_what_the_machine_cannot_honour_is_named_before_the_push_and_the_rest_works(
    augury: Augury, tmp_path: Path
) -> None:
    yaml = """
        image: r8.im/ada/greeter
        build:
          gpu: true
          python_version: "3.1"
          system_packages: [no-such-package-anywhere]
          run:
            - make install
        predict: predict.py:Predictor
        train: train.py:train
    """
    code = PREDICT + "\n    PROGRAM = 'pget'\n    WEIGHTS = '/src/weights'\n"
    path = folder(tmp_path, yaml, code)
    pushed = augury.done("push", path, "cog-wishes")
    assert pushed.out.endswith("cog-wishes:1\n")
    for words in (
        "cog.yaml:1: image is ignored",
        "Python 3.1 is asked for",
        "no-such-package-anywhere",
        "build.run is not run here (`make install`)",
        "train is ignored: training is out of scope",
        "pget is a program of Cog's images",
        "'/src/weights' is a path of Cog's images",
    ):
        assert words in pushed.err
    if not any(Path(device).exists() for device in ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")):
        assert "gpu: true, and this machine has no GPU" in pushed.err
    assert augury.done("predict", "cog-wishes", "-i", "name=Ada").out == "Hello Ada\n"


def hardware(identifier: str, gpus: int, vram: int, cpus: int = 8) -> Hardware:
    return {
        "identifier": identifier,
        "name": identifier,
        "gpus": gpus,
        "vram_gb": vram,
        "cpus": cpus,
        "ram_gib": 8,
        "created_at": "2026-01-01T00:00:00Z",
        "description": None,
    }


def test_a_model_for_a_gpu_gets_the_smallest_one_that_some_machine_has() -> None:
    known = [hardware("cpu", 0, 0), hardware("gpu-big", 1, 80), hardware("gpu-small", 1, 24), hardware("two", 2, 48)]
    assert a_gpu(known) == "gpu-small"
    # A share that no machine has is listed with nothing in it.
    assert a_gpu([*known[:1], hardware("nowhere", 1, 0, cpus=0)]) is None


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("build: [1\npredict: predict.py:Predictor\n", ("cog.yaml:2", "no valid YAML")),
        ("predict: predict.py:Predictor\nbuild:\n  gpus: true\n", ("cog.yaml:3", "build.gpus is not known", "gpu?")),
        ("predict: predict.py:Predict\n", ("predict.py", "has no Predict", "Predictor")),
        ("train: train.py:train\n", ("cog.yaml:1", "training")),
        ("predict: predict.py:Predictor\nbuild:\n  python_version: 3.99\n", ("Python 3.99", "only Python")),
    ],
)
def test_a_mistake_is_told_with_its_place_and_nothing_is_published(
    augury: Augury, tmp_path: Path, yaml: str, said: tuple[str, ...]
) -> None:
    ran = augury("push", folder(tmp_path, yaml), "cog-mistake")
    assert (ran.code, ran.out) == (1, "")
    for words in said:
        assert words in ran.err
    assert "cog-mistake" not in augury.done("models", "list", "--json").out


def test_a_module_that_a_command_should_have_installed_is_missed_with_the_command_named(
    alone: Augury, tmp_path: Path
) -> None:
    yaml = "build:\n  run:\n    - pip install ./nothing-of-that-name\npredict: predict.py:Predictor\n"
    ran = alone("check", folder(tmp_path, yaml, "import nothing_of_that_name\n"))
    assert ran.code == 1
    assert "cog.yaml:3: build.run is not run here" in ran.err
    assert "there is no module nothing_of_that_name" in ran.err


def test_check_shows_the_inputs_in_their_order_and_what_is_packed(alone: Augury, tmp_path: Path) -> None:
    path = folder(tmp_path, "predict: predict.py:Predictor\nconcurrency: {max: 2}\n")
    checked = alone.done("check", path, "--start", "--json")
    assert "concurrency is 2, but the predictor is not async" in checked.err
    document = checked.json
    assert document["entry"] == "predict.py:Predictor"
    assert document["options"]["concurrency"] == 2
    assert document["bundle"]["files"] == 2
    assert not os.path.exists(path / "__pycache__")
