"""Models for tests, published over HTTP the way the command line does it: bundle, model, version.

Knows the wire of the server's own routes; what the official clients do is tested with them.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from augury.packaging import bundle, project


@dataclass(frozen=True)
class Source:
    """A model of one file: its code, and the JSON Schemas that its signature means."""

    code: str
    input: dict[str, Any]
    output: dict[str, Any]

    @property
    def schemas(self) -> dict[str, Any]:
        """What a version is published with."""
        return {"prediction": {"input": self.input, "output": self.output}}


def _object(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


ECHO = Source(
    """
    def predict(value):
        return value
    """,
    input=_object(["value"], value={}),
    output={},
)
"""Gives back whatever it gets."""

SHOUT = Source(
    """
    def predict(text: str, times: int = 1) -> str:
        return text.upper() * times
    """,
    input=_object(["text"], text={"type": "string"}, times={"type": "integer", "minimum": 1, "default": 1}),
    output={"type": "string"},
)
"""Has an input that can be wrong."""

LATCH = Source(
    """
    import os, threading

    def predict(path: str) -> str:
        never = threading.Event()
        while not os.path.exists(path):
            never.wait(0.005)
        return "opened"
    """,
    input=_object(["path"], path={"type": "string"}),
    output={"type": "string"},
)
"""Runs until a file exists."""


def packed(source: Source) -> tuple[str, bytes]:
    """The digest and the bytes of a model's bundle."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "predict.py"
        script.write_text(textwrap.dedent(source.code))
        out = Path(folder) / "bundle"
        return bundle.pack(project.read(script), out).digest, out.read_bytes()


def publish(http: httpx.Client, name: str, source: Source, **model: Any) -> str:
    """Put the bundle, make the model unless it is there, make a version; returns `owner/name:number`.

    `http` has the server's address as base URL and a token.
    """
    owner = http.get("/v1/user").raise_for_status().json()["name"]
    digest, content = packed(source)
    http.put(f"/v1/bundles/{digest}", content=content).raise_for_status()
    made = http.post("/v1/models", json={"name": name, **model})
    if made.status_code != 409:
        made.raise_for_status()
    version = {"release_notes": "", "schemas": source.schemas, "container_image_digest": digest}
    answer = http.post(f"/v1/models/{owner}/{name}/versions", json=version).raise_for_status()
    return f"{owner}/{name}:{answer.json()['number']}"
