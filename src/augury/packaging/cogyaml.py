"""`cog.yaml`: what it says about a model that was made for Cog, checked key by key.

    cog.yaml, requirements, the predictor's source --read--> CogModel, with a note on all that is not as in Cog's images

Knows nothing about what this machine has, and runs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, cast

from augury.packaging import cogcode
from augury.packaging.errors import ProjectError
from augury.packaging.requirements import Reading, name_of, pip_install
from augury.packaging.yamltext import Section, Written, parse

FILE = "cog.yaml"
SIZE_LIMIT = 256 << 10
"""Bytes of the biggest file that is read: YAML is read slowly."""
ENTRY_VARIABLE = "COG_PREDICT_TYPE_STUB"
"""Tells the model's process, as in Cog's own images, where the predictor is: by it the runner knows a Cog model."""

KEYS = ("build", "image", "predict", "run", "train", "concurrency", "environment", "weights")
BUILD_KEYS = (
    "gpu",
    "python_version",
    "python_packages",
    "python_requirements",
    "system_packages",
    "run",
    "pre_install",
    "cuda",
    "cudnn",
    "sdk_version",
    "cog_runtime",
    "fast",
)
COMMAND_KEYS = ("pre_install", "run")
_PROVIDED = ("cog", "coglet")
_RESERVED = re.compile(r"PATH|HOME|TMPDIR|PYTHON.*|LD_.*|AUGURY_.*")
_REFERENCE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_SHOWN = 100


@dataclass(frozen=True)
class CogModel:
    """What a cog.yaml says, as far as it matters here."""

    entry: str
    """Such as "predict.py:Predictor"."""
    python: str
    """A minor version such as "3.11", or nothing."""
    dependencies: tuple[str, ...]
    pip_lines: tuple[str, ...]
    """Options and addresses, as the installer reads them."""
    files: tuple[str, ...]
    """The files that say all this."""
    system_packages: tuple[str, ...]
    gpu: bool
    concurrency: int
    environ: Mapping[str, str]
    """What the model's process gets."""
    notes: tuple[str, ...]
    """What its author should know before it is published."""


def read(root: Path, text: str) -> CogModel:
    """Read the text of `root`'s cog.yaml; raises ProjectError."""
    if len(text) > SIZE_LIMIT:
        raise ProjectError(f"over {SIZE_LIMIT:,} bytes", file=FILE)
    top = parse(text, FILE)
    top.refuse_others(KEYS)
    build = top.section("build")
    build.refuse_others(BUILD_KEYS)
    entry = _entry(root, top)
    seen = cogcode.look(root, entry)
    packages, reading = _packages(root, build, seen)
    system = build.texts("system_packages")
    return CogModel(
        entry=entry,
        python=_python(build),
        dependencies=tuple(packages),
        pip_lines=tuple(reading.lines),
        files=_files(build),
        system_packages=tuple(one.text for one in system),
        gpu=build.flag("gpu"),
        concurrency=seen.concurrent or _concurrency(top),
        environ={**_environment(top), ENTRY_VARIABLE: entry},
        notes=(*_not_honoured(top, build), *reading.notes, *_taken_for_granted(seen)),
    )


def _entry(root: Path, top: Section) -> str:
    named = [key for key in ("predict", "run") if key in top.values]
    if len(named) == 2:
        top.complain("run", "predict and run both name a predictor: only one of them may be there")
    if not named:
        hint = 'add a line such as predict: "predict.py:Predictor"'
        if "train" in top.values:
            top.complain("train", "the file describes training only, which is out of Augury's scope", hint)
        raise ProjectError("neither predict nor run names a predictor", file=FILE, line=1, hint=hint)
    key = named[0]
    written = cast("Written", top.text(key, 'a file and a name in it, such as "predict.py:Predictor"'))
    file, colon, name = written.text.partition(":")
    path = PurePosixPath(file)
    if path.suffix != ".py" or (colon and not name.isidentifier()):
        hint = 'such as "predict.py:Predictor"'
        top.complain(key, f"{key} should be a file and a name in it, not {written.text!r}", hint, line=written.line)
    if path.is_absolute() or ".." in path.parts:
        top.complain(key, f"{key} should be a file in the model's folder, not {file}", line=written.line)
    if not (root / path).is_file():
        top.complain(key, f"{key} names {file}, which is not there", line=written.line)
    return f"{path}{colon}{name}"


def _python(build: Section) -> str:
    written = build.text("python_version", 'a version such as "3.11"')
    if written is None:
        return ""
    found = re.fullmatch(r"(3\.\d{1,3})(?:\.\d{1,3})?", written.text)
    if found is None:
        message = f'build.python_version should be a version such as "3.11", not {written.text[:_SHOWN]!r}'
        build.complain("python_version", message, line=written.line)
    return found[1]


def _packages(root: Path, build: Section, seen: cogcode.Seen) -> tuple[list[str], Reading]:
    """What is installed, with what Cog brings along and the model imports."""
    reading = Reading(root, _PROVIDED)
    packages, file = build.texts("python_packages"), build.text("python_requirements", "the name of a file")
    if packages and file:
        message = "build has python_packages and python_requirements: only one of them may be there"
        build.complain("python_packages", message)
    for one in packages:
        reading.take(one.text, FILE, one.line)
    if file:
        reading.take_file(file.text, FILE, file.line, "build.python_requirements")
    for key in COMMAND_KEYS:
        for command in _commands(build, key):
            for line in (pip_install(command.text) or "").splitlines():
                reading.take(line, FILE, command.line)
    known = {name_of(one) for one in reading.named}
    brought = [cogcode.BROUGHT[module] for module in sorted(seen.modules)]
    return [*reading.named, *(package for package in brought if package not in known)], reading


def _files(build: Section) -> tuple[str, ...]:
    file = build.text("python_requirements")
    return (FILE, str(PurePosixPath(file.text))) if file else (FILE,)


def _concurrency(top: Section) -> int:
    section = top.section("concurrency")
    section.refuse_others(("max", "default_target"))
    section.integer("default_target", 1, least=1, most=1000)
    return section.integer("max", 1, least=1, most=1000)


def _environment(top: Section) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in top.texts("environment"):
        name, equals, value = one.text.partition("=")
        problem: str | None = None
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            problem = f"environment should be a list of texts such as NAME=value, not {one.text[:_SHOWN]!r}"
        elif _RESERVED.fullmatch(name):
            problem = f"environment cannot set {name}: a model's process needs its own"
        elif name in found:
            problem = f"environment sets {name} twice"
        if problem:
            top.complain("environment", problem, line=one.line)
        found[name] = _REFERENCE.sub(lambda match: found.get(match[1] or match[2], match[0]), value)
    return found


def _not_honoured(top: Section, build: Section) -> list[str]:
    """What the file asks for and does not get here."""
    if "weights" in top.values:
        hint = "fetch them in setup(), or put them into the model's folder"
        top.complain("weights", "weights that Cog puts into an image are not fetched here", hint)
    notes: list[str] = []
    image = top.text("image")
    if image is not None:
        notes.append(f"{FILE}:{image.line}: image is ignored: no container image is made")
    train = top.text("train")
    if train is not None:
        notes.append(f"{FILE}:{train.line}: train is ignored: training is out of scope, predictions work as they are")
    for key in ("cuda", "cudnn"):
        written = build.text(key)
        if written is not None:
            notes.append(f"{FILE}:{written.line}: build.{key} is ignored: what is installed on the machine counts")
    for key in COMMAND_KEYS:
        notes += (_command_note(key, written) for written in _commands(build, key))
    return notes


def _commands(build: Section, key: str) -> list[Written]:
    found: list[Written] = []
    for node in build.nodes(key):
        one: Any = node
        line: int = one.start_mark.line + 1
        if isinstance(one.value, str):
            found.append(Written(one.value.strip(), line))
            continue
        command = [value.value for name, value in one.value if name.value == "command"] if one.id == "mapping" else []
        if not command or not isinstance(command[0], str):
            _refuse_command(build, key, line)
        found.append(Written(command[0].strip(), line))
    return found


def _refuse_command(build: Section, key: str, line: int) -> NoReturn:
    build.complain(key, f"build.{key} should be a list of commands", line=line)


def _command_note(key: str, command: Written) -> str:
    shown = " ".join(command.text.split())
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    if pip_install(command.text):
        return f"{FILE}:{command.line}: build.{key}: what `{shown}` names is installed with the other packages"
    if re.search(r"\bpip3?\s+install\b", shown):
        what = "put what it installs into python_packages or python_requirements"
    elif re.search(r"\b(curl|wget|pget|git)\b", shown):
        what = "fetch in setup() what it downloads, or have the program on the machine"
    else:
        what = "do it on the machine yourself where the model needs it"
    return f"{FILE}:{command.line}: build.{key} is not run here (`{shown}`): {what}"


def _taken_for_granted(seen: cogcode.Seen) -> list[str]:
    folder = cogcode.CONTAINER_FOLDER
    said = [
        f"{place.file}:{place.line}: {place.what[:_SHOWN]!r} is a path of Cog's images: here the model's folder is "
        f"the working directory, so leave out {folder}/"
        for place in seen.container_paths[:5]
    ]
    if seen.unread:
        what = "is not read: write the number out, or into cog.yaml as concurrency.max"
        said.append(f"{seen.unread.file}:{seen.unread.line}: @{seen.unread.what[:_SHOWN]} {what}")
    return said
