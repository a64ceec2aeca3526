"""A program that uses each name of the package `cog`, and writes down what came of it; for Cog itself, and for ours."""

from __future__ import annotations

import asyncio
import io
import json
import pathlib
import pickle
import sys
import warnings
from collections.abc import Callable
from dataclasses import field, fields, is_dataclass
from typing import Any

import cog  # pyright: ignore[reportMissingImports]  # the package that is on the path where this runs

cog: Any


class Output(cog.BaseModel):
    text: str
    count: int = 2
    more: list[str] | None = None


class Longer(Output):
    extra: float = 0.5


class ByHand(cog.BaseModel, auto_dataclass=False):  # pyright: ignore[reportGeneralTypeIssues, reportCallIssue]  # of a class that it does not know
    text: str


class Predictor(cog.BasePredictor):
    def predict(self, text: str) -> str:
        self.record_metric("a", 1)
        return text


class Runner(cog.BaseRunner):
    def run(self, text: str) -> str:
        return text


def manual_below_dataclass() -> None:
    class Wrong(Output, auto_dataclass=False):  # pyright: ignore[reportUnusedClass, reportGeneralTypeIssues, reportCallIssue]
        pass


def not_first() -> None:
    class Wrong(pathlib.PurePath, cog.BaseModel):  # pyright: ignore[reportUnusedClass]
        pass


def concurrent_around(function: Any, **limits: Any) -> Any:
    return cog.concurrent(**limits)(function)


async def coroutine(text: str) -> str:
    return text


def plain(text: str) -> str:
    return text


def cancelled() -> str:
    try:
        raise cog.CancelationException("x")
    except Exception:  # noqa: BLE001  # which it must not be
        return "caught"
    except BaseException as error:  # noqa: BLE001  # what it is
        return f"not caught: {error}"


def quiet(call: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


URL = "https://example.org/some%20dir/a+b.png?x=1"
DATA = "data:image/png;base64,aGVsbG8="
CALLS: dict[str, Callable[[], Any]] = {
    "path": lambda: cog.Path("/a") / "b.txt",
    "path kind": lambda: (isinstance(cog.Path("a"), pathlib.PosixPath), type(cog.Path("/a").parent).__name__),
    "path equality": lambda: cog.Path("a") == pathlib.Path("a"),
    "path validate": lambda: cog.Path.validate("a/b"),
    "path validate path": lambda: cog.Path.validate(pathlib.Path("a")),
    "path of a url": lambda: (type(cog.Path.validate(URL)).__name__, str(cog.Path.validate(URL))),
    "path of a url is a path": lambda: isinstance(cog.Path.validate(URL), pathlib.Path),
    "name of a url": lambda: cog.Path.validate(URL).filename,
    "name of data": lambda: cog.Path.validate(DATA).filename,
    "data is fetched": lambda: cog.Path.validate(DATA).convert().read_text(),
    "data is fetched once": lambda: (lambda one: one.convert() == one.convert())(cog.Path.validate(DATA)),
    "data has a suffix": lambda: cog.Path.validate(DATA).convert().suffix,
    "unlink before": lambda: cog.Path.validate(DATA).unlink(),
    "long name": lambda: len(cog.Path.validate("https://example.org/" + "x" * 500 + ".png").filename),
    "long name's end": lambda: cog.Path.validate("https://example.org/" + "ü" * 500 + ".png").filename[-6:],
    "file of data": lambda: cog.File.validate(DATA).read(),
    "file of a file": lambda: cog.File.validate(io.BytesIO(b"x")).read(),
    "file of a url": lambda: (type(cog.File.validate(URL)).__name__, cog.File.validate(URL).name),
    "file of nonsense": lambda: cog.File.validate("ftp://x"),
    "file is io": lambda: issubclass(cog.File, io.IOBase),
    "url file name": lambda: cog.URLFile(URL, "named").name,
    "url file of a path": lambda: cog.URLFile("/etc/passwd"),
    "url file travels": lambda: pickle.loads(pickle.dumps(cog.URLFile(URL, "n"))).name,
    "secret": lambda: (str(cog.Secret("x")), repr(cog.Secret("x")), f"{cog.Secret('x')}"),
    "secret value": lambda: cog.Secret("x").get_secret_value(),
    "no secret": lambda: (str(cog.Secret()), repr(cog.Secret(None)), cog.Secret().get_secret_value()),
    "empty secret": lambda: str(cog.Secret("")),
    "secret attribute": lambda: cog.Secret("x").secret_value,
    "secret equality": lambda: (cog.Secret("x") == cog.Secret("x"), cog.Secret("x") == "x"),
    "secret hash": lambda: len({cog.Secret("x"), cog.Secret("x")}),
    "secret truth": lambda: bool(cog.Secret("x")),
    "secret by name": lambda: cog.Secret(secret_value="x").get_secret_value(),
    "model": lambda: Output("a"),
    "model by name": lambda: Output(text="a", count=3, more=["x"]),
    "model equality": lambda: Output("a") == Output("a"),
    "model without": lambda: Output(),  # pyright: ignore[reportCallIssue]
    "model with more": lambda: Output(text="a", other=1),  # pyright: ignore[reportCallIssue]
    "model below": lambda: Longer("a", extra=1.5),
    "model fields": lambda: [one.name for one in fields(Longer)],  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportArgumentType]
    "model by hand": lambda: is_dataclass(ByHand),
    "model by hand below": manual_below_dataclass,
    "model not first": not_first,
    "input": lambda: (cog.Input(default=3, ge=1).default, cog.Input(default=3, ge=1).ge),
    "input words": lambda: cog.Input("x", description="d", regex="r", deprecated=True).description,
    "input factory": lambda: cog.Input(default_factory=list),
    "input field": lambda: isinstance(cog.Input(default=field(default=3)), cog.FieldInfo),
    "streaming": lambda: cog.streaming(plain)("x"),
    "streaming called": lambda: cog.streaming()(plain)("x"),
    "concurrent": lambda: asyncio.run(cog.concurrent(coroutine)("x")),
    "concurrent of many": lambda: concurrent_around(coroutine, max=4).__name__,
    "concurrent of one": lambda: concurrent_around(plain, max=1).__name__,
    "concurrent of none": lambda: concurrent_around(coroutine, max=0),
    "concurrent of text": lambda: concurrent_around(coroutine, max="2"),
    "concurrent of true": lambda: concurrent_around(coroutine, max=True),
    "concurrent and sync": lambda: concurrent_around(plain, max=2),
    "cancelled": cancelled,
    "cancelled kind": lambda: issubclass(cog.CancelationException, Exception),
    "warning": lambda: issubclass(cog.ExperimentalFeatureWarning, FutureWarning),
    "predictor": lambda: quiet(lambda: Predictor().predict("x")),
    "predictor setup": lambda: Predictor().setup(),
    "predictor is a runner": lambda: issubclass(Predictor, cog.BaseRunner),
    "runner": lambda: Runner().run("x"),
    "runner by its old name": lambda: quiet(lambda: Runner().predict("x")),
    "predictor by its new name": lambda: quiet(lambda: Predictor().run("x")),
    "context": lambda: cog.current_scope().context,
    "metric": lambda: cog.current_scope().record_metric("a", 1),
    "metric by key": lambda: cog.current_scope().metrics.__setitem__("a", 1),
    "metric of a runner": lambda: Runner().record_metric("a", 1, mode="incr"),
    "iterators": lambda: [str(cog.ConcatenateIterator[str])[-24:], str(cog.AsyncConcatenateIterator[str])[-29:]],
}
"""What is asked; an exception's class is an answer like another."""


def main() -> None:
    found: dict[str, str] = {}
    for name, call in CALLS.items():
        try:
            found[name] = repr(call())
        except Exception as error:  # noqa: BLE001  # it is the answer
            found[name] = type(error).__name__
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
