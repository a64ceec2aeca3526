"""The model's folder and an entry such as "predict.py:Predictor" -> a predictor whose setup() has not been called yet.

locate() loads the file by its path, with the folder first on sys.path, and finds the class or function; load() also
makes the instance. All that can be wrong with it becomes a LoadError that says where, and what to do. Knows nothing
about messages. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
import sys
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, Callable

from ..sdk.shim import offer_cog
from ..sdk.signature import Signature, SignatureError, inspect_predict, is_function
from . import cogmodel

DEFAULT_FILE = "predict.py"
_DEFAULT_NAMES = ("Predictor", "Runner", "predict")


class LoadError(Exception):
    """A model that cannot be loaded; `traceback` has the model's own frames only."""

    def __init__(
        self,
        message: str,
        file: str | None = None,
        line: int | None = None,
        name: str | None = None,
        traceback: list[str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.name = name
        self.traceback = traceback or []


@dataclass(frozen=True)
class Located:
    """A predictor as it stands in its file: nothing of it has been called."""

    entry: str
    """Complete, such as "predict.py:Predictor"."""
    kind: str
    """class or function."""
    target: Any
    signature: Signature


@dataclass(frozen=True)
class Predictor:
    """A model's calls, ready to be made; those that it does not have are None. Each may be a coroutine function."""

    entry: str
    signature: Signature
    predict: Callable[..., Any]
    setup: Callable[[], Any] | None = None
    teardown: Callable[[], Any] | None = None
    healthcheck: Callable[[], Any] | None = None


def load(entry: str | None, folder: str, batched: bool = False) -> Predictor:
    """Load the model and make its predictor; setup() is the caller's to call.

    The signature of a `batched` one is that of each prediction. An entry of None, or one that names a file only, stands
    for class Predictor, class Runner or function predict, in predict.py or the folder's only file. Raises LoadError.
    """
    found = locate(entry, folder, batched)
    if found.kind == "function":
        return Predictor(found.entry, found.signature, found.target)
    instance = found.target
    if inspect.isclass(instance):
        try:
            instance = found.target()
        except (Exception, SystemExit) as error:
            raise _failed(f"{found.target.__name__}() raised", error, folder) from error
    setup = _hook(instance, "setup")
    return Predictor(
        found.entry,
        found.signature,
        getattr(instance, found.signature.method),
        setup=None if setup is None else _without_arguments(setup, os.path.realpath(folder)),
        teardown=_hook(instance, "teardown"),
        healthcheck=_hook(instance, "healthcheck"),
    )


def locate(entry: str | None, folder: str, batched: bool = False) -> Located:
    """Load the file of an entry and find its predictor in it. Raises LoadError."""
    folder = os.path.realpath(folder)
    path, name = _entry(entry, folder)
    module = _module(path, folder)
    found = name or _default_name(module, path)
    target = _named(module, found, path)
    try:
        signature = _signature(target, folder, batched)
    except SignatureError as error:
        raise LoadError(error.message, _relative(error.file, folder), error.line, error.name) from error
    kind = "function" if is_function(target) else "class"
    return Located(f"{_relative(path, folder)}:{found}", kind, target, signature)


def _signature(target: Any, folder: str, batched: bool) -> Signature:
    if batched:
        from ..sdk.batches import inspect_batched  # few models are

        return inspect_batched(target)
    if not cogmodel.is_cog(folder):
        return inspect_predict(target)
    from ..sdk.cog_signature import inspect_cog  # with its vocabulary, for a model for Cog only

    return inspect_cog(target)


def _entry(entry: str | None, folder: str) -> tuple[str, str | None]:
    """The file that an entry names, and the name in it, if there is one."""
    if not os.path.isdir(folder):
        raise LoadError(f"there is no folder {folder}")
    if not entry:
        return _default_file(folder), None
    place, _, name = entry.partition(":")
    parts = place if place.endswith(".py") else place.replace(".", "/") + ".py"
    path = os.path.realpath(os.path.join(folder, parts))
    package = os.path.join(path[:-3], "__init__.py")
    if not os.path.isfile(path) and os.path.isfile(package):
        path = package
    if not path.startswith(folder + os.sep):
        raise LoadError(f"the entry {entry} leads out of the model's folder", name=entry)
    if not os.path.isfile(path):
        near = _nearest(parts, _files(folder))
        raise LoadError(f"there is no file {parts}{near}", parts, name=entry)
    return path, name or None


def _default_file(folder: str) -> str:
    files = [name for name in _files(folder) if "/" not in name]
    if DEFAULT_FILE in files:
        return os.path.join(folder, DEFAULT_FILE)
    if len(files) == 1:
        return os.path.join(folder, files[0])
    hint = 'name the predictor, such as `predictor = "{}:Predictor"` under [tool.augury]'
    raise LoadError(f"there is no {DEFAULT_FILE}; {hint.format(files[0] if files else DEFAULT_FILE)}", DEFAULT_FILE)


def _files(folder: str) -> list[str]:
    """The Python files of the model, as an entry would name them."""
    found: list[str] = []
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")) and name != "node_modules")
        found += (os.path.relpath(os.path.join(base, name), folder) for name in sorted(files) if name.endswith(".py"))
    return [name.replace(os.sep, "/") for name in found]


def _module(path: str, folder: str) -> ModuleType:
    """The module of a file, registered under its name so that type hints and pickles of its classes resolve."""
    if cogmodel.is_cog(folder):
        offer_cog()
    if folder in sys.path:
        sys.path.remove(folder)
    sys.path.insert(0, folder)
    name = _module_name(path, folder)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LoadError(f"{_relative(path, folder)} cannot be loaded", _relative(path, folder))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise _failed("loading it raised", error, folder) from error
    return module


def _module_name(path: str, folder: str) -> str:
    """The dotted name that the file would be imported by, or one of our own where that is taken."""
    parts = _relative(path, folder)[: -len(".py")].split("/")
    if parts[-1] == "__init__":
        parts.pop()
    name = ".".join(parts)
    if all(part.isidentifier() for part in parts) and not _is_taken(name, path):
        try:
            if len(parts) == 1 or _is_here(importlib.import_module(".".join(parts[:-1])), folder):
                return name
        except (Exception, SystemExit) as error:
            raise _failed("loading its package raised", error, folder) from error
    return "augury_model_" + re.sub(r"\W", "_", name)


def _is_taken(name: str, path: str) -> bool:
    """Whether another module has that name: one that is loaded already, or one built into Python."""
    known = sys.modules.get(name.partition(".")[0] if "." not in name else name)
    if known is not None:
        return os.path.realpath(getattr(known, "__file__", None) or "") != path
    return name in getattr(sys, "stdlib_module_names", sys.builtin_module_names)


def _is_here(module: ModuleType, folder: str) -> bool:
    places = list(getattr(module, "__path__", []))
    return bool(places) and os.path.realpath(places[0]).startswith(folder + os.sep)


def _default_name(module: ModuleType, path: str) -> str:
    for name in _DEFAULT_NAMES:
        if callable(getattr(module, name, None)):
            return name
    file = os.path.basename(path)
    others = [name for name in _own_names(module) if hasattr(getattr(module, name), "predict")]
    hint = f"; did you mean {file}:{others[0]}?" if others else ""
    raise LoadError(f"{file} has neither a class Predictor nor a function predict{hint}", file, name="predict")


def _named(module: ModuleType, name: str, path: str) -> Any:
    file = os.path.basename(path)
    target: Any = module
    for part in name.split("."):
        target = getattr(target, part, None)
    if target is None:
        near = _nearest(name, _own_names(module))
        raise LoadError(f"{file} has no {name}{near}", file, name=name)
    if not callable(target) and not hasattr(target, "predict"):
        kind = type(target).__name__
        raise LoadError(f"{name} in {file} is a {kind}, not a class or function", file, name=name)
    return target


def _own_names(module: ModuleType) -> list[str]:
    """The classes and functions that the file itself defines."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value) and getattr(value, "__module__", None) == module.__name__
    ]


def _nearest(name: str, names: list[str]) -> str:
    near = _close(name, names, 0.5)
    if near:
        return f"; did you mean {near[0]}?"
    return "; it has {}".format(", ".join(names[:10])) if names else ""


def _close(name: str, names: list[str], least: float) -> list[str]:
    import difflib  # slow to import, and only for a model that cannot be loaded

    return difflib.get_close_matches(name, names, 1, least)


def _hook(instance: Any, name: str) -> Callable[[], Any] | None:
    found = getattr(instance, name, None)
    return found if callable(found) else None


def _without_arguments(setup: Callable[..., Any], folder: str) -> Callable[[], Any]:
    """setup() as a call without arguments: the `weights` that some have (D56) are what COG_WEIGHTS says, or None."""
    parameters = inspect.signature(setup).parameters
    needed = [
        one.name
        for one in parameters.values()
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD) and one.name != "weights"
    ]
    if needed:
        from ..sdk.source import Where

        where = Where(setup)
        text = "{}: setup() must not need arguments, but needs {}".format(where.text(where.line), ", ".join(needed))
        raise LoadError(text, _relative(where.file, folder), where.line, needed[0])
    declared = parameters.get("weights")
    if declared is None:
        return setup
    weights = cogmodel.weights(declared.annotation)
    return setup if weights is None and declared.default is not declared.empty else partial(setup, weights=weights)


def _failed(doing: str, error: BaseException, folder: str) -> LoadError:
    """What the model's own code raised, told by the place in its files where that was."""
    from . import failure  # with traceback, only for a model that cannot be loaded

    failed = failure.describe(error, doing)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = _relative(error.filename, folder), error.lineno
        message = f"{file}, line {line}: {type(error).__name__}: {error.msg}"
        return LoadError(message, file, line, None, failed.traceback)
    file, line = _last_place(error, folder)
    place = f"{file}, line {line}: " if file else ""
    name = getattr(error, "name", None)
    if isinstance(error, ModuleNotFoundError) and error.name:
        message = f"{place}there is no module {error.name}; {_missing(error.name, folder)}"
    elif isinstance(error, SystemExit):
        message = f"{place}{doing} sys.exit({error.code!r})"
    else:
        message = f"{place}{doing} {failed.type}: {failed.message}"
    return LoadError(message, file, line, name if isinstance(name, str) else None, failed.traceback)


def _last_place(error: BaseException, folder: str) -> tuple[str | None, int | None]:
    """The deepest frame that is in the model's own files."""
    place: tuple[str | None, int | None] = (None, None)
    trace = error.__traceback__
    while trace is not None:
        file = os.path.realpath(trace.tb_frame.f_code.co_filename)
        if file.startswith(folder + os.sep) and os.sep + "site-packages" + os.sep not in file:
            place = _relative(file, folder), trace.tb_lineno
        trace = trace.tb_next
    return place


def _missing(module: str, folder: str) -> str:
    top = module.partition(".")[0]
    own = [name.partition("/")[0].partition(".")[0] for name in _files(folder)]
    if top in own:
        return f"{top} is in the model's folder, but {module} is not"
    if top == "cog":
        if cogmodel.is_cog(folder):
            return "of Cog's own modules those are offered that the page about moving from Cog names"
        return "a model for Cog has a cog.yaml, and is pushed as a folder; elsewhere import from augury"
    near = _close(top, own, 0.8)
    hint = f", or did you mean {near[0]}?" if near else ""
    return f"add {_PACKAGES.get(top, top)} to the model's dependencies{hint}"


def _relative(path: str | None, folder: str) -> Any:
    if path is None:
        return None
    full = os.path.realpath(path)
    return os.path.relpath(full, folder).replace(os.sep, "/") if full.startswith(folder + os.sep) else path


_PACKAGES = {
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "distutils": "setuptools",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "pkg_resources": "setuptools<81",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""What to install for a module, where the two names differ."""
