"""The form of the table of signatures: a model as its author wrote it, and how ours may differ from what Cog says."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEADER = """\
from typing import Any, AsyncIterator, Dict, Iterator, List, Optional, Union
from cog import BaseModel, BasePredictor, File, Input, Path, Secret
from cog import AsyncConcatenateIterator, ConcatenateIterator
"""


class Absent:
    """Stands for what ours does not say."""


@dataclass(frozen=True)
class Case:
    """A model, and what is expected of its schemas."""

    name: str
    files: dict[str, str]
    entry: str = "predict.py:Predictor"
    differs: dict[str, Any] = field(default_factory=dict[str, Any])
    """Where ours differs on purpose from what 0.19.3 says: a place in the normal form, and what is there of ours."""
    refused: str = ""
    """What 0.19.3 says where it refuses the signature; `expected` is then all that ours says."""
    expected: dict[str, Any] = field(default_factory=dict[str, Any])
    why: str = ""
    """The reason of a difference: a decision, or that 0.23 takes it."""

    def write(self, folder: Path) -> None:
        """Put the model into a folder."""
        for name, text in {"cog.yaml": f'predict: "{self.entry}"\n', **self.files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def takes(name: str, parameters: str, returns: str = "str", *, before: str = "", **rest: Any) -> Case:
    """A case that is about the parameters, or the return annotation, of a plain Predictor."""
    arrow = f" -> {returns}" if returns else ""
    lines = ",\n".join(
        f"        {one.strip()}" for one in textwrap.dedent(parameters).strip().splitlines() if one.strip()
    )
    between = f"\n        self,\n{lines},\n    " if lines else "self"
    body = "yield None" if "Iterator[" in returns else "return None"
    head = "async def" if returns.startswith("Async") else "def"
    method = f"    {head} predict({between}){arrow}:\n        {body}\n"
    source = f"{HEADER}\n{textwrap.dedent(before)}\n\nclass Predictor(BasePredictor):\n{method}"
    return Case(name, {"predict.py": source}, **rest)


def model(name: str, text: str, *, others: dict[str, str] | None = None, file: str = "predict.py", **rest: Any) -> Case:
    """A case that is about a whole model."""
    files = {file: textwrap.dedent(text).lstrip()}
    return Case(
        name, {**files, **{where: textwrap.dedent(one).lstrip() for where, one in (others or {}).items()}}, **rest
    )


def text(title: str, **rest: Any) -> dict[str, Any]:
    """The normal form of a text with a title."""
    return {"type": "string", "title": title, **rest}


def whole(properties: dict[str, Any], required: list[str], output: dict[str, Any] | None = None) -> dict[str, Any]:
    """The normal form of a document."""
    return {
        "input": {"properties": properties, "required": required},
        "output": {"type": "string"} if output is None else output,
    }
