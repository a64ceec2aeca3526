"""The same echo on LitServe: started as `python litserve_echo.py PORT`, one worker, its defaults otherwise."""

from __future__ import annotations

import sys
from typing import Any

import litserve  # pyright: ignore[reportMissingImports, reportMissingTypeStubs] - installed for benchmarks only


class Echo(litserve.LitAPI):  # pyright: ignore[reportUntypedBaseClass]
    """One string in, the same string out."""

    def setup(self, device: str) -> None:
        """Nothing to load."""

    # Without annotations: LitServe reads them, and takes a dict for a query parameter.
    def decode_request(self, request, **_):  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        """The text of a request."""
        return request["input"]["text"]  # pyright: ignore[reportUnknownVariableType]

    def predict(self, x: str, **_: Any) -> str:
        """Give the text back."""
        return x

    def encode_response(self, output: str, **_: Any) -> dict[str, str]:
        """The answer."""
        return {"output": output}


if __name__ == "__main__":
    server = litserve.LitServer(Echo(), accelerator="cpu", workers_per_device=1)  # pyright: ignore[reportUnknownMemberType]
    server.run(port=int(sys.argv[1]), log_level="error", generate_client_file=False)  # pyright: ignore[reportUnknownMemberType]
