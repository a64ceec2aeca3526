"""A receiver of webhooks: started as `python receiver.py PORT`.

GET /seen gives how late each delivery was, and forgets. POST /hang is never answered, every other POST at once.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from datetime import datetime

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Receiver:
    """What has come so far."""

    def __init__(self) -> None:
        self._late: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = _LENGTH.search(head)
                body = await reader.readexactly(int(found[1])) if found else b""
                if head.startswith(b"POST /hang"):
                    await asyncio.sleep(3600)
                answer = self._take(head, body)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _take(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET"):
            found, self._late = self._late, []
            return json.dumps(found).encode()
        changed = datetime.fromisoformat(json.loads(body)["updated_at"])
        self._late.append(time.time() - changed.timestamp())
        return b""


async def main(port: int) -> None:
    """Take what comes until the process is ended."""
    server = await asyncio.start_server(Receiver().serve, "127.0.0.1", port, backlog=1000)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
