"""YAML that a person wrote, read strictly: each complaint names the file, the line, the key and what was expected.

    text --parse--> Section --text, texts, integer, …--> values

Scalars are taken as they are written, so a version of 3.10 stays one. Knows nothing about which keys there are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import yaml

from augury.packaging.errors import ProjectError

_NULL = "tag:yaml.org,2002:null"
_TEXT = "tag:yaml.org,2002:str"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_SHOWN = 80


@dataclass(frozen=True)
class Written:
    """A value as it stands in the file."""

    text: str
    line: int


def parse(text: str, file: str) -> Section:
    """The top mapping; raises ProjectError with the line of a syntax error."""
    try:
        node: yaml.Node | None = yaml.SafeLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        words = " ".join(part for part in (error.context, error.problem) if part)
        raise ProjectError(f"no valid YAML: {words}", file=file, line=line) from None
    except yaml.YAMLError as error:
        raise ProjectError(f"no valid YAML: {str(error).partition(chr(10))[0]}", file=file) from None
    except (ValueError, RecursionError):
        raise ProjectError("no YAML that can be read: a value is too big or too deep", file=file) from None
    if node is None:
        raise ProjectError("the file is empty", file=file, line=1)
    if not isinstance(node, yaml.MappingNode):
        message = f"the file should be a mapping of keys to values, not {_described(node)}"
        raise ProjectError(message, file=file, line=_line(node))
    return _section(node, file, "")


@dataclass(frozen=True)
class Section:
    """One mapping and where it stands; a key that is missing, or has no value, gives the default."""

    values: Mapping[str, yaml.Node]
    file: str
    path: str = ""
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    """Where each key stands."""

    def refuse_others(self, known: Iterable[str]) -> None:
        """Raise ProjectError for a key that is not in `known`."""
        known = tuple(known)
        for key in self.lines:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                self.complain(key, f"{self._named(key)} is not known", hint)

    def section(self, key: str) -> Section:
        """A mapping in this one; an empty one where it is missing."""
        node = self.values.get(key)
        if node is None:
            return Section({}, self.file, self._named(key))
        if not isinstance(node, yaml.MappingNode):
            self.expected(key, "a mapping of keys to values")
        return _section(node, self.file, self._named(key))

    def text(self, key: str, what: str = "a text") -> Written | None:
        """A text that is not empty; a number is one, as it is written."""
        node = self.values.get(key)
        if node is None:
            return None
        written = _written(node)
        if written is None:
            self.expected(key, what)
        return written

    def texts(self, key: str) -> tuple[Written, ...]:
        """A list of texts."""
        found: list[Written] = []
        for node in self.nodes(key):
            written = _written(node)
            if written is None:
                self.expected(key, "a list of texts", node)
            found.append(written)
        return tuple(found)

    def nodes(self, key: str) -> Iterator[yaml.Node]:
        """What a list holds, as it stands."""
        node = self.values.get(key)
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self.expected(key, "a list")
        yield from node.value

    def flag(self, key: str) -> bool:
        """True or false; false where it is missing."""
        node = self.values.get(key)
        if node is None:
            return False
        value = _FLAGS.get(node.value.lower()) if isinstance(node, yaml.ScalarNode) and node.style is None else None
        if value is None:
            self.expected(key, "true or false")
        return value

    def integer(self, key: str, default: int, *, least: int, most: int) -> int:
        """A whole number between two bounds."""
        node = self.values.get(key)
        if node is None:
            return default
        digits = node.value if isinstance(node, yaml.ScalarNode) and node.tag == _NUMBERS[0] else ""
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 10 and least <= int(digits) <= most):
            self.expected(key, f"a whole number from {least} to {most:,}")
        return int(digits)

    def line_of(self, key: str) -> int | None:
        """The line that a key stands in."""
        return self.lines.get(key)

    def expected(self, key: str, what: str, *found: yaml.Node) -> NoReturn:
        """Raise ProjectError: `key`, or this item of its list, should have been `what`."""
        node = found[0] if found else self.values[key]
        self.complain(key, f"{self._named(key)} should be {what}, not {_described(node)}", line=_line(node))

    def complain(self, key: str, message: str, hint: str | None = None, *, line: int | None = None) -> NoReturn:
        """Raise ProjectError about `key`."""
        raise ProjectError(message, file=self.file, line=line or self.line_of(key), name=key, hint=hint)

    def _named(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def _section(node: yaml.MappingNode, file: str, path: str) -> Section:
    values: dict[str, yaml.Node] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ProjectError(f"a key should be a text, not {_described(key)}", file=file, line=_line(key))
        name: str = key.value
        if name in lines:
            message = f"{path}.{name}".lstrip(".") + f" is set twice, first in line {lines[name]}"
            raise ProjectError(message, file=file, line=_line(key), name=name)
        lines[name] = _line(key)
        if value.tag != _NULL:
            values[name] = value
    return Section(values, file, path, lines)


def _written(node: yaml.Node) -> Written | None:
    if not isinstance(node, yaml.ScalarNode) or node.tag not in (_TEXT, *_NUMBERS):
        return None
    text: str = node.value.strip()
    return Written(text, _line(node)) if text else None


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _described(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    text = str(node.value)
    if node.tag == _NULL or not text:
        return "nothing"
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
