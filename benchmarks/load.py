"""Requests by wrk: how many a second, how long each takes, how many went wrong."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SCRIPT = """
wrk.method = "POST"
wrk.body = %s
%s
function delay() return %d end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw. Latencies in milliseconds."""

    rate: float
    p50: float
    p99: float
    errors: int


def post(
    url: str, body: object, headers: Mapping[str, str], *, connections: int, seconds: int, pause: float = 0.0
) -> Load:
    """POST the same body again and again over so many connections; each rests `pause` seconds before each request."""
    sent = {"Content-Type": "application/json", **headers}
    lines = "\n".join(f"wrk.headers[{_quoted(name)}] = {_quoted(value)}" for name, value in sent.items())
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "post.lua")
        script.write_text(SCRIPT % (_quoted(json.dumps(body)), lines, round(pause * 1000)))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), url]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out)
    if found is None:
        raise RuntimeError(f"wrk said nothing: {out}")
    requests, duration, p50, p99, status, other = map(int, found.groups())
    return Load(requests / (duration / 1e6), p50 / 1000, p99 / 1000, status + other)


def _quoted(text: str) -> str:
    return json.dumps(text)
