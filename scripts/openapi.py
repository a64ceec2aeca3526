"""Print the API's description, as a server of this checkout tells it: `python scripts/openapi.py > openapi.json`."""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

SECONDS = 60


def main() -> None:
    """Start a server in a folder of its own, ask it, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    augury = Path(sys.executable).with_name("augury")
    with tempfile.TemporaryDirectory() as data:
        command = [augury, "serve", "--port", str(port), "--data", data]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            description = ask(server, f"http://127.0.0.1:{port}/openapi.json")
        finally:
            server.terminate()
            server.wait()
    json.dump(description, sys.stdout, indent=1)


def ask(server: subprocess.Popen[str], url: str) -> object:
    """The description, as soon as the server answers."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            if server.poll() is not None:
                assert server.stderr is not None
                sys.exit(f"the server did not start:\n{server.stderr.read()}")
            if time.monotonic() > deadline:
                sys.exit(f"the server did not answer in {SECONDS} s")
            time.sleep(0.05)


if __name__ == "__main__":
    main()
