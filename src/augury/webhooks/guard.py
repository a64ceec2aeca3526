"""Connections to addresses that may be called, and to no other.

The name is looked up, every address is checked, and the connection goes to an address that was checked: a name that
leads elsewhere a moment later changes nothing. TLS still asks for, and verifies, the name. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import httpcore
from httpcore import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

from augury.service.targets import Targets

ADDRESS_SECONDS = 3.0
"""How long one address may take to answer where there is another."""


class GuardedBackend(AsyncNetworkBackend):
    """What an httpcore pool connects with."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        # The library types it as a stand-in for where anyio is missing.
        self._backend = cast("AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address that answers; raises ConnectError where none may be called, or answers."""
        try:
            addresses = list(await self._targets.addresses(host, port))
        except (OSError, ValueError) as error:
            raise httpcore.ConnectError(str(error)) from None
        last = addresses.pop()
        for address in addresses:
            try:
                return await self._backend.connect_tcp(
                    str(address), port, ADDRESS_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(str(last), port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SOCKET_OPTION] | None = None
    ) -> AsyncNetworkStream:
        """Never: a URL names no socket of this machine."""
        raise httpcore.ConnectError(f"{path} is not called")

    async def sleep(self, seconds: float) -> None:
        """Wait between attempts, which the pool is told not to make."""
        await self._backend.sleep(seconds)
