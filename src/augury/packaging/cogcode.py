"""What the source of a Cog model takes for granted: packages that Cog brings along, programs and paths of its images.

    entry file --look--> the files that it imports from the model's folder -> Seen

Only the text is read: nothing is run, and a file that this Python cannot read is passed over, as loading it will tell.
"""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

BROUGHT = {
    "pydantic": "pydantic",
    "requests": "requests",
    "structlog": "structlog",
    "typing_extensions": "typing-extensions",
    "yaml": "pyyaml",
}
"""Modules that Cog itself needs, or needed once, so that models import them and do not name them."""
CONTAINER_FOLDER = "/src"
"""Where the images of Cog have a model's folder."""
DOWNLOADER = "pget"
"""The program for downloads in the images of Cog."""
_SIZE_LIMIT = 1 << 20
_FILES = 500


@dataclass(frozen=True)
class Place:
    """Something in the source, and where."""

    what: str
    file: str
    line: int


@dataclass
class Seen:
    """What was found."""

    modules: set[str] = field(default_factory=set[str])
    """Of those in BROUGHT: what is imported."""
    container_paths: list[Place] = field(default_factory=list[Place])
    downloads: list[Place] = field(default_factory=list[Place])
    concurrent: int | None = None
    """What the decorator of the predictor's run() or predict() says."""
    unread: Place | None = None
    """That decorator, where its number is not written out."""


def look(root: Path, entry: str) -> Seen:
    """Read the file of an entry such as "predict.py:Predictor", and what it imports from the model's folder."""
    file, _, name = entry.partition(":")
    seen = Seen()
    waiting, known = [root / file], {root / file}
    for path in waiting:  # grows while it is walked
        tree = _tree(path)
        if tree is None:
            continue
        if len(waiting) == 1 and path == root / file:
            _concurrent(tree, name, file, seen)
        _constants(tree, path.relative_to(root).as_posix(), seen)
        for module in _imported(tree):
            seen.modules |= {module.partition(".")[0]} & BROUGHT.keys()
            for found in _own(root, path.parent, module):
                if found not in known and len(known) < _FILES:
                    known.add(found)
                    waiting.append(found)
    return seen


def _tree(path: Path) -> ast.Module | None:
    try:
        if path.stat().st_size > _SIZE_LIMIT:
            return None
        with tokenize.open(path) as stream:
            return ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            # Also the names: `from package import module` is not told from `from module import function`.
            base = "." * node.level + (node.module or "")
            yield base
            joint = "" if base.endswith(".") or not base else "."
            yield from (f"{base}{joint}{one.name}" for one in node.names)


def _own(root: Path, here: Path, module: str) -> Iterator[Path]:
    bare = module.lstrip(".")
    level = len(module) - len(bare)
    start = root if level == 0 else here
    for _ in range(level - 1):
        start = start.parent
    if not start.is_relative_to(root):
        return
    folder = start
    for part in filter(None, bare.split(".")):
        for path in (folder / f"{part}.py", folder / part / "__init__.py"):
            if path.is_file():
                yield path
        folder /= part


def _constants(tree: ast.Module, file: str, seen: Seen) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        text = node.value
        if text == CONTAINER_FOLDER or text.startswith(f"{CONTAINER_FOLDER}/"):
            seen.container_paths.append(Place(text, file, node.lineno))
        elif text == DOWNLOADER or text.startswith(f"{DOWNLOADER} "):
            seen.downloads.append(Place(text, file, node.lineno))


def _concurrent(tree: ast.Module, name: str, file: str, seen: Seen) -> None:
    for function in _functions(tree, name):
        for decorator in function.decorator_list:
            if not isinstance(decorator, ast.Call) or _last_name(decorator.func) != "concurrent":
                continue
            for keyword in decorator.keywords:
                value = keyword.value
                if keyword.arg != "max":
                    continue
                if isinstance(value, ast.Constant) and type(value.value) is int:
                    seen.concurrent = max(1, value.value)
                else:
                    seen.unread = Place(ast.unparse(decorator), file, decorator.lineno)


def _functions(tree: ast.Module, name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    wanted = {name} if name else {"Runner", "Predictor", "predict", "run"}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in wanted:
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name in ("run", "predict"):
                    yield inner
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in wanted:
            yield node


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
