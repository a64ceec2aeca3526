"""One attempt to deliver: the request as it is sent, and what came of it.

Redirects are not followed, an answer's body is read only as far as it is kept, and everything together has one
time limit. Knows nothing about when to try again.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import anyio
import httpcore

from augury.domain.delivery import Answer, Message
from augury.domain.prediction import Prediction
from augury.service.presentation import prediction_json
from augury.service.targets import place
from augury.webhooks import signing

KEPT = 1024
"""Bytes of an answer that are kept."""
_BODY_SECONDS = 1.0
"""How long the body of an answer whose status is known may take."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Makes the attempts; `timeout` in seconds is for all of one."""

    user_agent: bytes
    timeout: float
    clock: Callable[[], float] = time.time
    forms: Mapping[str, Callable[[Prediction], bytes]] = field(
        default_factory=dict[str, "Callable[[Prediction], bytes]"]
    )
    """What makes the body, by the form that a webhook asks for where it is not ours."""

    async def post(self, pool: httpcore.AsyncConnectionPool, message: Message) -> Answer:
        """Send it and say what came of it; raises nothing that the network or the receiver can cause."""
        try:
            with anyio.fail_after(self.timeout):
                return await self._exchange(pool, message)
        except TimeoutError:
            return Answer(None, f"no answer within {self.timeout:g} s")
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            return Answer(None, f"could not connect: {error}")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            return Answer(None, f"no proper answer: {str(error) or 'the connection broke'}")

    async def _exchange(self, pool: httpcore.AsyncConnectionPool, message: Message) -> Answer:
        body = self.forms.get(message.webhook.form or "", prediction_json)(message.prediction)
        parts = urlsplit(message.webhook.url)
        scheme, host, port = place(parts)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        url = httpcore.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=target.encode())
        headers = [
            (b"host", parts.netloc.encode()),
            (b"user-agent", self.user_agent),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"accept", b"*/*"),
            *signing.headers(message.delivery.id, int(self.clock()), body, message.webhook.secret),
        ]
        async with pool.stream("POST", url, headers=headers, content=body) as response:
            beginning = await _beginning(response)
        return Answer(response.status, response=beginning, retry_after=_retry_after(response.headers, self.clock()))


async def _beginning(response: httpcore.Response) -> str:
    found = b""
    with anyio.move_on_after(_BODY_SECONDS):
        try:
            async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_stream())) as chunks:
                async for chunk in chunks:
                    found += chunk
                    if len(found) >= KEPT:
                        break
        except (httpcore.NetworkError, httpcore.ProtocolError):
            # The status is what counts, and is known.
            pass
    return found[:KEPT].decode(errors="replace")


def _retry_after(headers: Iterable[tuple[bytes, bytes]], now: float) -> float | None:
    text = next((value.decode("latin-1") for name, value in headers if name.lower() == b"retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
