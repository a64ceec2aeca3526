"""The echo behind LitServe's OpenAI endpoint: started as `python litserve_chat.py PORT`, one worker, else defaults."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import litserve  # pyright: ignore[reportMissingImports, reportMissingTypeStubs] - installed for benchmarks only


class Chat(litserve.LitAPI):  # pyright: ignore[reportUntypedBaseClass]
    """What the last message says, said again."""

    def setup(self, device: str) -> None:
        """Nothing to load."""

    def predict(self, prompt: Any) -> Iterator[str]:
        """The last message; `items 5` is five pieces."""
        said: str = prompt.messages[-1].content
        if not said.startswith("items "):
            yield said
            return
        for number in range(int(said[6:])):
            yield f"item {number} "


if __name__ == "__main__":
    server = litserve.LitServer(Chat(spec=litserve.OpenAISpec()), accelerator="cpu", workers_per_device=1)  # pyright: ignore[reportUnknownMemberType]
    server.run(port=int(sys.argv[1]), log_level="error", generate_client_file=False)  # pyright: ignore[reportUnknownMemberType]
