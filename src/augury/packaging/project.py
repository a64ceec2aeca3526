"""A model as its author keeps it: a Python file, or a folder with a pyproject.toml, a cog.yaml or only a predict.py.

    path --read--> Project: where the code is, what it needs, how it wants to be run

Reads the description, never runs the model's code. Knows nothing about bundles and environments.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from augury.domain.model import RunOptions
from augury.packaging import cogyaml
from augury.packaging.errors import ProjectError
from augury.packaging.options import AuthorTable, read_author_table
from augury.packaging.requirements import requirement
from augury.packaging.script import script_metadata
from augury.packaging.toml import Source, Table, parse

__all__ = ["Project", "ProjectError", "ProjectKind", "read"]

TEXT_LIMIT = 4 << 20
"""Bytes of the biggest description or script that is read."""

# Beyond this the version reader fails in ways of its own.
_RANGE_LIMIT = 200
_DEFAULT_SCRIPT = "predict.py"
_PROJECT_KEYS = (
    "name",
    "version",
    "description",
    "readme",
    "requires-python",
    "license",
    "license-files",
    "authors",
    "maintainers",
    "keywords",
    "classifiers",
    "urls",
    "scripts",
    "gui-scripts",
    "entry-points",
    "dependencies",
    "optional-dependencies",
    "import-names",
    "import-namespaces",
    "dynamic",
)


class ProjectKind(StrEnum):
    """What was found at the path."""

    SCRIPT = "script"
    FOLDER = "folder"
    COG = "cog"
    """A folder with a cog.yaml."""


@dataclass(frozen=True)
class Project:
    """A model's description; file names are relative to `root`."""

    kind: ProjectKind
    root: Path
    script: str | None = None
    """The file that is the whole model, where kind is SCRIPT."""
    entry: str | None = None
    """Such as "predict.py:Predictor" or "hello.py"; what is not said is found by the loader."""
    requires_python: str = ""
    python: str = ""
    """A minor version such as "3.11", for which a newer one will do where it is missing."""
    dependencies: tuple[str, ...] = ()
    no_deps: tuple[str, ...] = ()
    """Requirements that are installed after the others, without what they depend on."""
    pip_lines: tuple[str, ...] = ()
    """Where packages come from besides, and addresses of packages: as pip reads them."""
    system_packages: tuple[str, ...] = ()
    gpu: bool = False
    """Its author means it to run on a GPU."""
    files: tuple[str, ...] = ()
    """The files that say all this, which no rule leaves out."""
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the model's process gets."""
    notes: tuple[str, ...] = ()
    """What its author should know before it is published."""
    options: RunOptions = field(default_factory=RunOptions)


def read(path: Path) -> Project:
    """Read the model at `path`; raises ProjectError."""
    try:
        if path.is_dir():
            return _read_folder(path.resolve())
        if not path.exists():
            raise ProjectError(f"{path} does not exist")
        if not path.is_file() or path.suffix != ".py":
            raise ProjectError(f"{path} is no model: a model is a .py file or a folder", file=path.name)
        return _read_script(path.parent.resolve(), path.name, ProjectKind.SCRIPT)
    except (OSError, RuntimeError) as error:
        raise ProjectError(f"{path} cannot be read: {error}") from None


def _read_folder(root: Path) -> Project:
    has_pyproject, has_cog = (root / "pyproject.toml").is_file(), (root / cogyaml.FILE).is_file()
    if has_pyproject and (described := _read_pyproject(root, must_name_us=has_cog)):
        return described
    if has_cog:
        return _read_cog(root)
    scripts = sorted(entry.name for entry in root.iterdir() if entry.suffix == ".py" and entry.is_file())
    if _DEFAULT_SCRIPT in scripts or len(scripts) == 1:
        script = _DEFAULT_SCRIPT if _DEFAULT_SCRIPT in scripts else scripts[0]
        return _read_script(root, script, ProjectKind.FOLDER)
    hint = "a model's folder has a pyproject.toml, a cog.yaml or a predict.py"
    raise ProjectError(f"{root} is no model: it has neither pyproject.toml nor cog.yaml nor predict.py", hint=hint)


def _read_script(root: Path, script: str, kind: ProjectKind) -> Project:
    metadata = script_metadata(_python_text(root / script, script), script)
    source = metadata or Source("", script)
    top = parse(source)
    top.refuse_others(("requires-python", "dependencies", "tool"))
    author = read_author_table(top.table("tool").table("augury"))
    return _project(root, top, author, kind=kind, script=script)


def _read_pyproject(root: Path, *, must_name_us: bool) -> Project | None:
    """Read it; None for one that is about other tools, where it `must_name_us`."""
    source = Source(_text(root / "pyproject.toml", "pyproject.toml"), "pyproject.toml")
    top = parse(source)
    if must_name_us and "augury" not in top.table("tool").values:
        return None
    described = top.table("project")
    described.refuse_others(_PROJECT_KEYS)
    for key in described.texts("dynamic"):
        if key in ("dependencies", "requires-python"):
            described.complain("dynamic", f"[project] {key} cannot be dynamic: it is read without building the project")
    author = read_author_table(top.table("tool").table("augury"))
    return _project(root, described, author, kind=ProjectKind.FOLDER, script=None)


def _read_cog(root: Path) -> Project:
    model = cogyaml.read(root, _text(root / cogyaml.FILE, cogyaml.FILE))
    return Project(
        kind=ProjectKind.COG,
        root=root,
        entry=model.entry,
        python=model.python,
        dependencies=model.dependencies,
        pip_lines=model.pip_lines,
        system_packages=model.system_packages,
        gpu=model.gpu,
        files=model.files,
        environ=model.environ,
        notes=model.notes,
        options=RunOptions(concurrency=model.concurrency),
    )


def _project(root: Path, described: Table, author: AuthorTable, *, kind: ProjectKind, script: str | None) -> Project:
    return Project(
        kind=kind,
        root=root,
        script=script if kind is ProjectKind.SCRIPT else None,
        entry=_entry(root, author.predictor, described.source) or (script if script != _DEFAULT_SCRIPT else None),
        requires_python=_requires_python(described),
        dependencies=_requirements(described.texts("dependencies"), "dependencies", described.source),
        no_deps=_requirements(author.no_deps, "no_deps", described.source),
        system_packages=author.system_packages,
        options=author.options,
    )


def _entry(root: Path, predictor: str | None, source: Source) -> str | None:
    """`predictor` in its normal form, checked as far as can be without running anything."""
    if predictor is None:
        return None
    file, colon, name = predictor.partition(":")
    path = PurePosixPath(file)
    message: str | None = None
    if path.suffix != ".py" or (colon and not all(part.isidentifier() for part in name.split("."))):
        message = f'predictor should be a file and a name in it, such as "predict.py:Predictor", not "{predictor}"'
    elif path.is_absolute() or ".." in path.parts:
        message = f"predictor should be a file in the model's folder, not {file}"
    elif not (root / path).is_file():
        message = f"predictor names {file}, which is not there"
    if message:
        raise ProjectError(message, file=source.file, line=source.line_of("tool.augury", "predictor"), name="predictor")
    return f"{path}{colon}{name}"


def _requires_python(described: Table) -> str:
    wanted = described.text("requires-python") or ""
    try:
        if len(wanted) > _RANGE_LIMIT:
            raise InvalidSpecifier
        return str(SpecifierSet(wanted))
    except InvalidSpecifier:
        described.expected("requires-python", 'a version range such as ">=3.10"')


def _requirements(written: tuple[str, ...], key: str, source: Source) -> tuple[str, ...]:
    return tuple(_requirement(text, key, source) for text in written)


def _requirement(text: str, key: str, source: Source) -> str:
    try:
        return requirement(text)
    except ValueError as error:
        line = source.line_with(text) or source.line_of("project", key)
        message = f"{key} has {text[:200]!r}, which is no requirement: {error}"
        raise ProjectError(message, file=source.file, line=line, name=text[:200]) from None


def _text(path: Path, file: str) -> str:
    return _decoded(_bytes(path, file), "utf-8-sig", file)


def _python_text(path: Path, file: str) -> str:
    """A script's text in the encoding that it declares."""
    raw = _bytes(path, file)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    except SyntaxError as error:
        raise ProjectError(f"no Python text: {error.msg}", file=file, line=1) from None
    return _decoded(raw, encoding, file)


def _bytes(path: Path, file: str) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(TEXT_LIMIT + 1)
    except OSError as error:
        raise ProjectError(f"cannot be read: {error.strerror}", file=file) from None
    if len(raw) > TEXT_LIMIT:
        raise ProjectError(f"over {TEXT_LIMIT:,} bytes", file=file)
    return raw


def _decoded(raw: bytes, encoding: str, file: str) -> str:
    try:
        return raw.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ProjectError(f"no {encoding} text: {error.reason}", file=file, line=line) from None
