"""Which of a model's files belong to it.

    project --contents--> files and links, in the order of their names

Left out: what version control, editors and builds leave behind, and what `.gitignore` and `.auguryignore` say; the
latter has the last word, so `!weights.bin` takes in what git leaves out. A model for Cog is what Cog would put into its
image: there `.dockerignore` counts and `.gitignore` does not. Knows nothing about archives.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from augury.packaging.dockerignore import DockerRules, read_rules
from augury.packaging.errors import BundleError
from augury.packaging.project import Project, ProjectKind

IGNORED = GitIgnoreSpec.from_lines(
    (
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        "*.pyc",
        ".venv",
        "node_modules",
        ".augury*",
        ".cog",
        ".DS_Store",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
    )
)
NAME_LIMIT = 255
PATH_LIMIT = 1024
"""Bytes of a path inside the model; longer ones fail on some file system."""
_OURS = ".auguryignore"
_IGNORE_FILES = (".gitignore", _OURS)


@dataclass(frozen=True)
class Item:
    """A file, or a link to another item or a folder that has some."""

    name: str
    """Relative to the model's folder, with slashes."""
    path: Path
    size: int = 0
    executable: bool = False
    link: str | None = None
    """Where a link leads, relative to its own folder."""


def contents(project: Project, *, exclude: Path | None = None) -> list[Item]:
    """The project's files in the order of their names; raises BundleError for what cannot be part of a model."""
    if project.script is not None:
        return [_file(project.root / project.script, project.script)]
    left_out = exclude.absolute() if exclude else None
    if project.kind is ProjectKind.COG:
        walk = _Walk(project.root, (_OURS,), project.files, read_rules(project.root))
    else:
        walk = _Walk(project.root, _IGNORE_FILES, project.files, DockerRules())
    items = [item for item in walk.items("", ()) if item.path != left_out]
    names = _with_folders(items)
    for item in items:
        if item.link is not None:
            where = os.path.normpath(os.path.join(os.path.dirname(item.name), item.link))
            if where not in names:
                raise BundleError(f"links to {where}, which is not part of the model", file=item.name)
    return sorted(items, key=lambda item: item.name.encode())


Rules = tuple[tuple[str, GitIgnoreSpec], ...]
"""Ignore rules with the folder that they stand in, the innermost first."""


@dataclass(frozen=True)
class _Walk:
    """One way through a model's folder."""

    root: Path
    ignore_files: tuple[str, ...]
    kept: tuple[str, ...]
    """Names that no rule leaves out."""
    docker: DockerRules
    """Rules that count where no other does."""

    def items(self, folder: str, rules: Rules) -> Iterator[Item]:
        """What is in a folder and below it."""
        here = self.root / folder
        if spec := self._rules_in(here):
            rules = ((folder, spec), *rules)
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            raise BundleError(f"cannot be read: {error.strerror}", file=folder or ".") from None
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if self._ignored(name, rules, is_folder=is_folder):
                continue
            if is_folder:
                _check_name(name)
                yield from self.items(name, rules)
            elif entry.is_symlink():
                _check_name(name)
                yield _link(self.root, name)
            else:
                yield _file(self.root / name, name)

    def _rules_in(self, folder: Path) -> GitIgnoreSpec | None:
        lines: list[str] = []
        for name in self.ignore_files:
            path = folder / name
            if path.is_file():
                lines += path.read_text(encoding="utf-8", errors="replace").splitlines()
        return GitIgnoreSpec.from_lines(lines) if lines else None

    def _ignored(self, name: str, rules: Rules, *, is_folder: bool) -> bool:
        path = f"{name}/" if is_folder else name
        if name in self.kept or (is_folder and any(one.startswith(path) for one in self.kept)):
            return False
        if IGNORED.match_file(path):
            return True
        for folder, spec in rules:
            verdict = spec.check_file(path[len(folder) + 1 :] if folder else path).include
            if verdict is not None:
                return verdict
        return self.docker.leave_out_all(name) if is_folder else self.docker.leave_out(name)


def _check_name(name: str) -> None:
    shown = name[:200].encode("ascii", "backslashreplace").decode()
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        raise BundleError("the file's name is no UTF-8", file=shown) from None
    if len(encoded) > PATH_LIMIT or len(encoded.rpartition(b"/")[2]) > NAME_LIMIT:
        raise BundleError(f"the path is over {PATH_LIMIT:,} bytes", file=shown)


def _file(path: Path, name: str) -> Item:
    _check_name(name)
    try:
        status = path.stat()
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", file=name) from None
    if not stat.S_ISREG(status.st_mode):
        hint = "leave it out with a .auguryignore"
        raise BundleError("is neither a file nor a folder, so it cannot be part of a model", file=name, hint=hint)
    return Item(name, path, size=status.st_size, executable=bool(status.st_mode & stat.S_IXUSR))


def _link(root: Path, name: str) -> Item:
    path = root / name
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise BundleError(f"links to {os.readlink(path)}, which is not there", file=name) from None
    if not target.is_relative_to(root):
        hint = "copy the file into the model's folder"
        raise BundleError(f"links to {target}, outside the model's folder", file=name, hint=hint)
    return Item(name, path, link=os.path.relpath(target, path.parent))


def _with_folders(items: list[Item]) -> set[str]:
    names: set[str] = {"."}
    for item in items:
        if item.link is None:
            name = item.name
            while name and name not in names:
                names.add(name)
                name = os.path.dirname(name)
    return names
