"""Which addresses may be called on somebody else's behalf: public ones, and networks that the operator allows.

Used where a URL came from outside: for file inputs, and for webhooks. Judges addresses only, and looks up no name.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from typing import List, Optional, Sequence, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# For translators of a network's own: where in it the IPv4 address is, only that network knows.
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")


class Allowed:
    """Public addresses, and those in `networks` (CIDR) although they are not public."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks: List[Network] = [ipaddress.ip_network(text, strict=False) for text in networks]

    def permits(self, address: Address) -> bool:
        """Whether this address may be connected to."""
        inner = _inner(address)
        if any(inner.version == network.version and inner in network for network in self._networks):
            return True
        if inner.version == 6 and inner in _LOCAL_NAT64:
            return False
        return inner.is_global and not (inner.is_multicast or inner.is_reserved or inner.is_unspecified)


def parse(text: str) -> Address:
    """An address as a resolver gives it, perhaps with a scope; raises ValueError for what is none."""
    return ipaddress.ip_address(text.partition("%")[0])


@functools.lru_cache(maxsize=1024)
def literal(host: str) -> Optional[Address]:
    """The address that a host is without being looked up: 127.1, 0x7f000001, 017700000001 and 2130706433 are, too.

    Asks the C library, which is what would connect to it. None for a name.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return parse(str(found[0][4][0]))
    except (OSError, UnicodeError, ValueError, IndexError):
        return None


def _inner(address: Address) -> Address:
    # Forms of IPv6 that lead to an IPv4 address are judged by that one.
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour
        if embedded is None and address in _NAT64:
            embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if embedded is not None:
            return embedded
    return address
