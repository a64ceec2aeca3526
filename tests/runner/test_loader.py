"""A model's folder to a predictor, or to a sentence that says which file, line and name is wrong."""

# ruff: noqa: E501
# The tables have a row a line.

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

import augury
from augury.runner.loader import LoadError, load, locate

RUNTIME = Path(augury.__file__).parent


@pytest.fixture(autouse=True)
def interpreter() -> Generator[None]:
    """Loading a model changes what is loaded and found: as if each test had a process of its own."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def model(folder: Path, **files: str) -> str:
    """A model's folder with these files; `.py` is added to their names."""
    for name, source in files.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
    return str(folder)


FUNCTION = "def predict(text: str) -> str:\n    return text.upper()\n"
CLASS = "class Predictor:\n    def predict(self, text: str) -> str:\n        return text.upper()\n"


@pytest.mark.parametrize(
    ("entry", "files", "complete", "kind"),
    [
        ("predict.py:predict", {"predict": FUNCTION}, "predict.py:predict", "function"),
        ("predict.py", {"predict": FUNCTION}, "predict.py:predict", "function"),
        (None, {"predict": FUNCTION}, "predict.py:predict", "function"),
        (None, {"predict": FUNCTION + CLASS}, "predict.py:Predictor", "class"),
        ("predict.py:predict", {"predict": FUNCTION + CLASS}, "predict.py:predict", "function"),
        (None, {"upper-case": FUNCTION}, "upper-case.py:predict", "function"),
        (None, {"a": "", "predict": CLASS}, "predict.py:Predictor", "class"),
        ("sub/deep.py:Predictor", {"sub/deep": CLASS}, "sub/deep.py:Predictor", "class"),
        ("sub.deep:Predictor", {"sub/deep": CLASS}, "sub/deep.py:Predictor", "class"),
        ("sub.deep", {"sub/deep": FUNCTION}, "sub/deep.py:predict", "function"),
        ("sub:Predictor", {"sub/__init__": CLASS}, "sub/__init__.py:Predictor", "class"),
        ("predict.py:Outer.Inner", {"predict": "class Outer:\n" + textwrap.indent(CLASS, "    ").replace("Predictor", "Inner")}, "predict.py:Outer.Inner", "class"),
        ("predict.py:made", {"predict": CLASS + "made = Predictor()\n"}, "predict.py:made", "class"),
        ("predict.py:fixed", {"predict": FUNCTION + "import functools\nfixed = functools.partial(predict)\n"}, "predict.py:fixed", "function"),
        ("json.py:predict", {"json": FUNCTION}, "json.py:predict", "function"),
        ("random.py:predict", {"random": FUNCTION}, "random.py:predict", "function"),
    ],
)  # fmt: skip
def test_an_entry_names_a_predictor(
    tmp_path: Path, entry: str | None, files: dict[str, str], complete: str, kind: str
) -> None:
    folder = model(tmp_path, **files)
    found = locate(entry, folder)
    assert (found.entry, found.kind) == (complete, kind)
    predictor = load(entry, folder)
    assert predictor.predict(text="hi") == "HI"
    assert [parameter.name for parameter in predictor.signature.parameters] == ["text"]
    assert predictor.entry == complete


def test_loading_makes_the_instance_and_leaves_its_hooks_to_be_called(tmp_path: Path) -> None:
    source = """
        class Predictor:
            calls = []
            def setup(self) -> None: self.calls.append("setup")
            def predict(self, x: int) -> list: return self.calls
            def teardown(self) -> None: self.calls.append("teardown")
            async def healthcheck(self) -> bool: return True
    """
    predictor = load(None, model(tmp_path, predict=source))
    assert predictor.predict(x=1) == []
    assert predictor.setup is not None
    assert predictor.teardown is not None
    assert predictor.healthcheck is not None
    predictor.setup()
    predictor.teardown()
    assert predictor.predict(x=1) == ["setup", "teardown"]


def test_locating_calls_nothing_of_the_class(tmp_path: Path) -> None:
    source = CLASS + "    def __init__(self):\n        raise RuntimeError('made')\n"
    folder = model(tmp_path, predict=source)
    assert locate(None, folder).kind == "class"
    with pytest.raises(LoadError, match=r"predict\.py, line 5: Predictor\(\) raised RuntimeError: made"):
        load(None, folder)


@pytest.mark.parametrize("weights", ["weights", "weights: str", "weights=None", "*, weights", "weights=None, other=1"])
def test_a_setup_that_takes_weights_gets_none(tmp_path: Path, weights: str) -> None:  # D56
    source = f"{CLASS}    def setup(self, {weights}):\n        self.got = weights\n"
    predictor = load(None, model(tmp_path, predict=source))
    assert predictor.setup is not None
    predictor.setup()
    hook: Any = predictor.setup
    assert getattr(hook, "func", hook).__self__.got is None


def test_a_model_finds_its_own_modules_first_and_types_in_any_of_them(tmp_path: Path) -> None:
    files = {
        "helper": "import dataclasses\n@dataclasses.dataclass\nclass Box:\n    width: 'float'\n",
        "sub/__init__": "",
        "sub/near": "def shout(text): return text + '!'\n",
        "sub/deep": """
            from __future__ import annotations
            import pickle, sys
            from helper import Box
            from .near import shout
            class Mine: pass
            def predict(box: Box, text: str = "a") -> str:
                assert pickle.loads(pickle.dumps(Mine())).__class__ is Mine
                return shout(text)
        """,
    }
    predictor = load("sub/deep.py", model(tmp_path, **files))
    assert predictor.predict(box=None) == "a!"
    assert sys.path[0] == str(tmp_path)


def test_two_models_in_one_process_do_not_share_their_modules(tmp_path: Path) -> None:
    first = load(None, model(tmp_path / "a", predict="def predict() -> str: return 'a'"))
    second = load(None, model(tmp_path / "b", predict="def predict() -> str: return 'b'"))
    assert first.predict() + second.predict() == "ab"


BROKEN: list[tuple[str, str | None, dict[str, str], str, str | None, int | None, str | None]] = [
    # name, entry, files, message, file, line, name
    ("syntax", None, {"predict": "x = 1\ndef predict(:\n"}, "predict.py, line 2: SyntaxError: ", "predict.py", 2, None),
    ("indentation", None, {"predict": "if 1:\nx = 1\n"}, "predict.py, line 2: IndentationError: ", "predict.py", 2, None),
    ("syntax in a helper", None, {"predict": "import helper\n", "helper": "\n\n!\n"}, "helper.py, line 3: SyntaxError", "helper.py", 3, None),
    ("no file", "predict.py:predict", {"predicting": FUNCTION}, "there is no file predict.py; did you mean predicting.py?", "predict.py", None, "predict.py:predict"),
    ("no file, no entry", None, {"a": "", "b": ""}, 'there is no predict.py; name the predictor, such as `predictor = "a.py:Predictor"`', "predict.py", None, None),
    ("near name", "predict.py:Predictr", {"predict": CLASS}, "predict.py has no Predictr; did you mean Predictor?", "predict.py", None, "Predictr"),
    ("far name", "predict.py:X", {"predict": CLASS}, "predict.py has no X; it has Predictor", "predict.py", None, "X"),
    ("no predictor", None, {"predict": "x = 1\n"}, "predict.py has neither a class Predictor nor a function predict", "predict.py", None, "predict"),
    ("other class", None, {"predict": CLASS.replace("Predictor", "Upper")}, "did you mean predict.py:Upper?", "predict.py", None, "predict"),
    ("not callable", "predict.py:x", {"predict": "x = 1\n"}, "x in predict.py is a int, not a class or function", "predict.py", None, "x"),
    ("no predict()", "predict.py:P", {"predict": "\nclass P:\n    pass\n"}, "class P has no predict()", "predict.py", 2, None),
    ("missing module", None, {"predict": "import os\nimport unheard_of.part\n"}, "predict.py, line 2: there is no module unheard_of; add unheard_of to the model's dependencies", "predict.py", 2, "unheard_of"),
    ("missing, other package name", None, {"predict": "import cv2\n"}, "add opencv-python-headless to the model's dependencies", "predict.py", 1, "cv2"),
    ("missing in a helper", None, {"predict": "import helper\n", "helper": "\nimport unheard_of\n"}, "helper.py, line 2: there is no module unheard_of", "helper.py", 2, "unheard_of"),
    ("misspelt module", None, {"predict": "import helpr\n", "helper": ""}, "add helpr to the model's dependencies, or did you mean helper?", "predict.py", 1, "helpr"),
    ("missing in a package", None, {"predict": "import lib.c\n", "lib/b": ""}, "lib is in the model's folder, but lib.c is not", "predict.py", 1, "lib.c"),
    ("missing name", None, {"predict": "from json import unheard_of\n"}, "predict.py, line 1: loading it raised ImportError: cannot import name 'unheard_of'", "predict.py", 1, "json"),
    ("raises", None, {"predict": "def f():\n    return 1 / 0\nf()\n"}, "predict.py, line 2: loading it raised ZeroDivisionError: division by zero", "predict.py", 2, None),
    ("exits", None, {"predict": "import sys\nsys.exit('no GPU')\n"}, "predict.py, line 2: loading it raised sys.exit('no GPU')", "predict.py", 2, None),
    ("unsupported type", None, {"predict": "def predict(\n    a: int,\n    image: bytes,\n) -> str: ...\n"}, "predict.py, line 3: parameter image: bytes is not JSON; use File", "predict.py", 3, "image"),
    ("unsupported output", None, {"predict": "class Predictor:\n    def predict(self, a: int) -> complex: ...\n"}, "predict.py, line 2: the output: complex is not", "predict.py", 2, "return"),
    ("undefined annotation", None, {"predict": "from __future__ import annotations\ndef predict(a: Unheard): ...\n"}, "name 'Unheard' is not defined", "predict.py", 2, "a"),
    ("setup wants more", None, {"predict": CLASS + "    def setup(self, path): ...\n"}, "predict.py, line 4: setup() must not need arguments, but needs path", "predict.py", 4, "path"),
    ("leaves the folder", "../x.py:predict", {"predict": FUNCTION}, "leads out of the model's folder", None, None, "../x.py:predict"),
    ("broken package", "sub/deep.py", {"sub/__init__": "1/0\n", "sub/deep": FUNCTION}, "sub/__init__.py, line 1: loading its package raised ZeroDivisionError", "sub/__init__.py", 1, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "files", "message", "file", "line", "name"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN]
)
def test_a_model_that_cannot_be_loaded_says_which_file_line_and_name(
    tmp_path: Path, entry: str | None, files: dict[str, str], message: str, file: str | None, line: int | None, name: str | None
) -> None:  # fmt: skip
    with pytest.raises(LoadError) as caught:
        load(entry, model(tmp_path, **files))
    error = caught.value
    assert message in error.message
    assert (error.file, error.line, error.name) == (file, line, name)
    assert str(tmp_path) not in error.message
    for text in error.traceback:
        assert str(RUNTIME) not in text
        assert "<frozen importlib" not in text


def test_the_traceback_of_a_failing_import_is_the_models_own(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        load(None, model(tmp_path, predict="def f():\n    return 1 / 0\nf()\n"))
    assert caught.value.traceback[-1] == "ZeroDivisionError: division by zero"
    assert sum("predict.py" in text for text in caught.value.traceback) == 2


def test_a_model_that_failed_to_load_can_be_repaired_and_loaded(tmp_path: Path) -> None:
    with pytest.raises(LoadError):
        load(None, model(tmp_path, predict="1/0\n"))
    assert load(None, model(tmp_path, predict=FUNCTION)).predict(text="a") == "A"


# The program that describes a model, in the model's own interpreter.


def describe(*arguments: str, python: str = sys.executable) -> tuple[int, Any, str]:
    program = str(RUNTIME / "runner" / "describe.py")
    run = subprocess.run([python, "-I", program, *arguments], capture_output=True, text=True, timeout=20)
    return run.returncode, json.loads(run.stdout), run.stderr


def test_describing_a_model_gives_one_document_whatever_the_model_prints(tmp_path: Path) -> None:
    source = """
        import os, sys, threading
        print("hello from import")
        sys.stdout.flush()
        os.write(1, b"raw bytes")
        threading.Thread(target=threading.Event().wait).start()
        def predict(n: int = 3):
            yield n
    """
    code, document, errors = describe(model(tmp_path, predict=source))
    assert code == 0
    assert document["ok"] is True
    assert document["entry"] == "predict.py:predict"
    assert (document["kind"], document["is_async"], document["is_generator"]) == ("function", False, True)
    assert document["schemas"]["input"]["properties"]["n"] == {"type": "integer", "default": 3, "x-order": 0}
    assert document["schemas"].keys() == {"input", "output", "stream_output"}
    assert document["warnings"] == []
    assert "hello from import" in errors
    assert "raw bytes" in errors
    assert os.listdir(tmp_path) == ["predict.py"], "bytecode was left in the model's folder"


def test_describing_a_broken_model_gives_its_error_as_a_document(tmp_path: Path) -> None:
    code, document, _ = describe(model(tmp_path, predict="import unheard_of\n"), "predict.py:predict")
    assert code == 1
    error = document.pop("error")
    assert document == {"ok": False}
    assert (error["file"], error["line"], error["name"]) == ("predict.py", 1, "unheard_of")
    assert "add unheard_of to the model's dependencies" in error["message"]
    assert error["traceback"][-1].startswith("ModuleNotFoundError")


def test_a_model_runs_in_its_own_folder_while_it_is_described(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    source = """
        from typing import Literal
        LABELS = open("labels.txt").read().split()
        def predict(label: Literal["x"] = "x", other: str = LABELS[1]): ...
    """
    _, document, _ = describe(model(tmp_path, predict=source))
    assert document["schemas"]["input"]["properties"]["other"]["default"] == "dog"


def other_pythons() -> list[str]:
    """Every other CPython from 3.9 on that this machine has."""
    found = [shutil.which(f"python3.{minor}") for minor in range(9, 16)]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += [str(path) for path in sorted(versions.glob("3.*/bin/python"))]
    working: dict[str, str] = {}
    for python in filter(None, found):
        with contextlib.suppress(OSError):
            probe = [python, "-I", "-c", "import sys; print(*sys.version_info[:2])"]
            answer = subprocess.run(probe, capture_output=True, text=True).stdout.split()
            if len(answer) == 2 and int(answer[1]) >= 9:
                working.setdefault(answer[1], python)
    working.pop(str(sys.version_info[1]), None)
    return list(working.values())


EVERYTHING = '''
from __future__ import annotations
import collections, dataclasses, datetime, decimal, enum, pathlib, typing, uuid
from typing import Annotated, Any, Dict, Iterator, List, Literal, NamedTuple, Optional, Set, Tuple, TypedDict, Union
from augury import File, Input, Secret, TextStream, metric, progress

class Color(enum.Enum):
    RED = "red"

@dataclasses.dataclass
class Node:
    value: int
    next: Optional[Node] = None
    children: list["Node"] = dataclasses.field(default_factory=list)

class Corner(NamedTuple):
    x: int
    y: int = 0

class Message(TypedDict, total=False):
    role: Literal["user"]

def predict(
    a: Annotated[int, Input(ge=1, description="A")], b: Optional[str] = None, c: Union[int, str] = 3, d: List[File] = [],
    e: Color = Color.RED, f: Optional[Node] = None, g: Corner = Corner(1), h: Message = {}, i: Set[int] = set(),
    j: Tuple[int, ...] = (), k: Dict[str, Any] = {}, l: dict[int, list[str]] = {}, m: Optional[Secret] = None,
    n: Optional[datetime.datetime] = None, o: str = Input(default=None), p: typing.Mapping[str, float] = {},
    q: decimal.Decimal = decimal.Decimal("0.5"), r: pathlib.Path = None, s: List = [], t: tuple[()] = (), u: Tuple = (),
) -> Iterator[Node]:
    """Everything.

    Args:
        b: B
    """
    yield Node(1)
'''


@pytest.mark.parametrize("python", other_pythons() or [sys.executable], ids=lambda path: Path(path).parts[-3])
def test_every_python_that_models_use_describes_a_model_alike(tmp_path: Path, python: str) -> None:
    folder = model(tmp_path, predict=EVERYTHING)
    code, document, errors = describe(folder, python=python)
    assert code == 0, document
    assert document == describe(folder)[1]
    assert errors == ""


CONVERSION = """
import sys
sys.path[:0] = [sys.argv[1]]
from augury.runner.convert import decode_input, encode_output
from augury.runner.loader import load
predictor = load(None, sys.argv[2])
value = {"a": 2.0, "c": "x", "f": {"value": 1, "next": {"value": 2}}, "g": {"x": 5}, "l": {"7": ["y"]}, "i": [1, 2],
         "n": "2026-11-25T13:00:00.5Z", "q": "0.1", "d": ["data:,x"], "typo": 1}
kwargs, ignored = decode_input(predictor.signature, value, lambda text, request: request.place)
del kwargs["r"]
form, warnings = encode_output({**kwargs, "bad": float("nan")}, str)
import json
print(json.dumps([form, ignored, warnings], sort_keys=True))
"""


@pytest.mark.parametrize("python", other_pythons() or [sys.executable], ids=lambda path: Path(path).parts[-3])
def test_every_python_that_models_use_converts_values_alike(tmp_path: Path, python: str) -> None:
    folder = model(tmp_path, predict=EVERYTHING)

    def convert(interpreter: str) -> Any:
        command = [interpreter, "-I", "-W", "error", "-c", CONVERSION, str(RUNTIME.parent), folder]
        run = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    form, ignored, warnings = convert(python)
    assert (ignored, warnings) == (["typo"], ["output.bad: NaN became null"])
    assert form["f"]["next"]["value"] == 2
    assert form["d"] == ["d[0]"]
    assert [form, ignored, warnings] == convert(sys.executable)
