"""Publishing a model that a test writes down, by the API, as `augury push` does it.

caller = Client(server); caller.publish("echo", "def predict(text: str) -> str: ...")
"""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from augury.packaging import bundle, check, runtime
from augury.packaging.environment import EnvironmentBuilder
from tests.support.server import Server
from tests.support.signals import until

Json = dict[str, Any]
TERMINAL = ("succeeded", "failed", "cancelled", "abandoned")


@dataclass
class Client:
    """Calls a server's API with the owner's token; `folder` is for what is published."""

    server: Server
    folder: Path

    @cached_property
    def http(self) -> httpx.Client:
        """A connection pool that knows the address and the token."""
        return httpx.Client(
            base_url=self.server.api, headers={"Authorization": f"Bearer {self.server.token}"}, timeout=60
        )

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()

    def publish(self, name: str, source: str, options: str = "") -> str:
        """Publish a model of one file; `options` are lines of [tool.augury]. Returns "owner/name:N"."""
        lines = ["# /// script", "# dependencies = []", "# [tool.augury]"]
        lines += [f"# {line}" for line in textwrap.dedent(options).strip().splitlines()]
        text = "\n".join([*lines, "# ///", textwrap.dedent(source)])
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        path = home / "predict.py"
        path.write_text(text)
        return self.publish_path(name, path)

    def publish_path(self, name: str, path: Path) -> str:
        """Publish what is at a path. Returns "owner/name:N"."""
        builder = EnvironmentBuilder(self.folder / "environments", None, environ=dict(os.environ))
        checked = check.check(path, builder, runtime.materialize(self.folder / "runtime"))
        packed = bundle.pack(checked.project, self.folder / f"{name}.bundle")
        content = (self.folder / f"{name}.bundle").read_bytes()
        self.http.put(f"/bundles/{packed.digest}", content=content).raise_for_status()
        made = self.http.post("/models", json={"name": name, "visibility": "private"})
        assert made.status_code in (200, 201, 409), made.text
        version = self.http.post(
            f"/models/owner/{name}/versions",
            json={
                "release_notes": "",
                "schemas": {"prediction": checked.description.schemas},
                "container_image_digest": packed.digest,
            },
        )
        assert version.is_success, version.text
        return f"owner/{name}:{version.json()['number']}"

    def create(self, model: str, wait: float | None = None, headers: Json | None = None, **inputs: Any) -> Json:
        """Create a prediction; held for `wait` seconds where that is given."""
        sent = dict(headers or {})
        if wait is not None:
            sent["Prefer"] = f"wait={wait}"
        answer = self.http.post("/predictions", json={"model": model, "input": inputs}, headers=sent)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def get(self, prediction_id: str) -> Json:
        """The prediction as it is now."""
        answer = self.http.get(f"/predictions/{prediction_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ended(self, prediction_id: str, deadline: float = 20) -> Json:
        """The prediction once it has ended."""

        def look() -> Json | None:
            found = self.get(prediction_id)
            return found if found["status"] in TERMINAL else None

        found = until(look, f"prediction {prediction_id} ends", deadline=deadline)
        assert found is not None
        return found

    def reaches(self, prediction_id: str, status: str, deadline: float = 20) -> Json:
        """The prediction once it is in this state."""

        def look() -> Json | None:
            found = self.get(prediction_id)
            return found if found["status"] == status else None

        found = until(look, f"prediction {prediction_id} is {status}", deadline=deadline)
        assert found is not None
        return found

    def cancel(self, prediction_id: str) -> int:
        """Ask for a cancel; the status of the answer."""
        return self.http.post(f"/predictions/{prediction_id}/cancel").status_code
