"""The socket that the server listens on, and how its host is written in an address. Knows nothing about requests."""

from __future__ import annotations

import socket


def listen(host: str, port: int) -> socket.socket:
    """Take a place, 0 for whichever is free; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


def shown_host(host: str) -> str:
    """The host by which this machine reaches what listens on `host`."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{shown}]" if ":" in shown else shown
