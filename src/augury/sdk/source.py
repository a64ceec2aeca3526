"""Where something stands in the author's files: the file and line of a function, a class or a parameter.

The file is parsed only when somebody asks for a parameter's line, which is when there is something to complain about.
Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
from typing import Any, Optional, Union

_Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Where:
    """The place of a function or class; both parts are None for what has no source."""

    def __init__(self, thing: Any) -> None:
        while isinstance(thing, functools.partial):
            thing = thing.func
        thing = inspect.unwrap(thing) if callable(thing) else thing
        thing = getattr(thing, "__func__", thing)
        code = getattr(thing, "__code__", None)
        self.file: Optional[str] = getattr(code, "co_filename", None)
        self.line: Optional[int] = getattr(code, "co_firstlineno", None)
        if code is None and inspect.isclass(thing):
            try:
                self.file = inspect.getsourcefile(thing)
                self.line = inspect.getsourcelines(thing)[1]
            except (OSError, TypeError):  # a class that was not read from a file
                pass
        self._name: str = getattr(thing, "__name__", "")

    def pair(self, parameter: Optional[str] = None) -> tuple[Optional[str], Optional[int]]:
        """File and line; of a parameter (or "return") where it is named and found."""
        line = self._parameter_line(parameter) if parameter else None
        return self.file, line or self.line

    def text(self, line: Optional[int]) -> str:
        """Such as `predict.py, line 3`."""
        file = os.path.basename(self.file) if self.file else self._name or "predict()"
        return "{}, line {}".format(file, line) if line else file

    def _parameter_line(self, parameter: str) -> Optional[int]:
        function = self._definition()
        if function is None:
            return None
        if parameter == "return":
            return function.returns.lineno if function.returns else function.lineno
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        return next((one.lineno for one in every if one is not None and one.arg == parameter), None)

    def _definition(self) -> Optional[_Function]:
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
