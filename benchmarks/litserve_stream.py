"""The counter on LitServe, streaming: started as `python litserve_stream.py PORT`, one worker, else its defaults."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import litserve  # pyright: ignore[reportMissingImports, reportMissingTypeStubs] - installed for benchmarks only


class Counter(litserve.LitAPI):  # pyright: ignore[reportUntypedBaseClass]
    """A number in, so many items out."""

    def setup(self, device: str) -> None:
        """Nothing to load."""

    # Without annotations: LitServe reads them, and takes a dict for a query parameter.
    def decode_request(self, request, **_):  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        """How many items are wanted."""
        return request["input"]["items"]  # pyright: ignore[reportUnknownVariableType]

    def predict(self, x: int, **_: Any) -> Iterator[str]:
        """The items."""
        for number in range(x):
            yield f"item {number}"

    def encode_response(self, output: Iterator[str], **_: Any) -> Iterator[dict[str, str]]:
        """Each as an answer of its own."""
        for item in output:
            yield {"output": item}


if __name__ == "__main__":
    server = litserve.LitServer(Counter(stream=True), accelerator="cpu", workers_per_device=1)  # pyright: ignore[reportUnknownMemberType]
    server.run(port=int(sys.argv[1]), log_level="error", generate_client_file=False)  # pyright: ignore[reportUnknownMemberType]
