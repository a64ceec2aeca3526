"""Whether a request comes from this server's own pages, as the browser says that sent it.

Sec-Fetch-Site where there is one: browsers send it to secure addresses and to loopback, and no page can set it. Else
Origin, which they send with whatever is not GET or HEAD. `same-site` is somebody else: that is also a page of another
port of this machine. Knows nothing about who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from starlette.types import Scope

from augury.domain.errors import Forbidden

From = Literal["here", "elsewhere", "nowhere"]
"""Nowhere: no page sent it, or a browser that does not say."""

_SITES: Mapping[bytes, From] = {b"same-origin": "here", b"none": "nowhere"}


def sent_from(scope: Scope, public_url: str | None) -> From:
    """Whose page sent a request."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return _SITES.get(site, "elsewhere")
    origin = headers.get(b"origin")
    if origin is None:
        return "nowhere"
    own = f"{scope['scheme']}://{headers.get(b'host', b'').decode('latin-1')}"
    return "here" if origin.decode("latin-1").lower() in (own.lower(), _origin(public_url)) else "elsewhere"


def cross_site() -> Forbidden:
    """What is answered to a request that another page made a browser send."""
    return Forbidden(
        "This came from a page that is not of this server, or from a browser that does not say where from.",
        code="cross_site",
        hint="Programs send a token as `Authorization: Bearer <token>`, and no cookie.",
    )


def _origin(public_url: str | None) -> str | None:
    if public_url is None:
        return None
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}".lower()
