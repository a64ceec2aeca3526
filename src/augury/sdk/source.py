"""Where something stands in the author's files: the file and line of a function, a class or a parameter.

The file is parsed only when somebody asks for a parameter's line, which is when there is something to complain about.
Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
from typing import Any, Union

_Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


_PARTIAL: Any = functools.partial


def innermost(thing: Any) -> Any:
    """The function that decorators, partial() and binding were put around; anything else as it is."""
    while True:
        inner: Any = getattr(thing, "__wrapped__", None) or getattr(thing, "__func__", None)
        if isinstance(thing, _PARTIAL):
            inner = thing.func
        if inner is None:
            return thing
        thing = inner


class Where:
    """The place of a function or class; both parts are None for what has no source."""

    def __init__(self, thing: Any) -> None:
        thing = innermost(thing)
        code = getattr(thing, "__code__", None)
        self.file: str | None = getattr(code, "co_filename", None)
        self.line: int | None = getattr(code, "co_firstlineno", None)
        if code is None and inspect.isclass(thing):
            try:
                self.file = inspect.getsourcefile(thing)
                self.line = inspect.getsourcelines(thing)[1]
            except (OSError, TypeError):  # a class that was not read from a file
                pass
        self._name: str = getattr(thing, "__name__", "")

    def pair(self, parameter: str | None = None) -> tuple[str | None, int | None]:
        """File and line; of a parameter (or "return") where it is named and found."""
        line = self._parameter_line(parameter) if parameter else None
        return self.file, line or self.line

    def text(self, line: int | None) -> str:
        """Such as `predict.py, line 3`."""
        file = os.path.basename(self.file) if self.file else self._name or "predict()"
        return f"{file}, line {line}" if line else file

    def _parameter_line(self, parameter: str) -> int | None:
        function = self._definition()
        if function is None:
            return None
        if parameter == "return":
            return function.returns.lineno if function.returns else function.lineno
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        return next((one.lineno for one in every if one is not None and one.arg == parameter), None)

    def _definition(self) -> _Function | None:
        if self.file is None or self.line is None:
            return None
        try:
            with open(self.file, "rb") as source:
                tree = ast.parse(source.read())
        except (OSError, SyntaxError, ValueError):  # changed or removed since it was loaded
            return None
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == self._name:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if first <= self.line <= node.lineno:
                    return node
        return None
