"""Signed links: what lets somebody without a token fetch a file, or send a part of one.

    <base>/v1/files/<id>/<name>?expires=<Unix seconds>&signature=<HMAC-SHA256 in hex>
    <base>/v1/uploads/<id>/parts/<number>?expires=…&signature=…

A link of an output has no `expires`: it is good for as long as the file is there, and one of a stream likewise. Signed
with the newest secret key, and read with each. Knows nothing about what is behind a link.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from augury.domain.delivery import SECRET_PREFIX
from augury.domain.errors import Forbidden
from augury.domain.file import FileId, UploadId
from augury.domain.ids import AccountId, PredictionId

FILES = "/v1/files"
UPLOADS = "/v1/uploads"
PURPOSE = "links"
_FILE = re.compile(FILES + r"/([0-9a-f-]{36})/([^/?#]+)")


@dataclass(frozen=True, slots=True)
class FileLink:
    """What a link says, once its signature has been found right."""

    id: FileId
    name: str


@dataclass(frozen=True)
class Links:
    """Makes links and reads them. `keys` are newest first, `now` is in microseconds since the epoch."""

    base: str
    """What links begin with: the server's address, as its callers know it."""
    keys: tuple[bytes, ...] = field(repr=False)
    now: Callable[[], int]

    def file(self, file_id: FileId, name: str, expires_at: int | None = None) -> str:
        """The link to a file; it expires at this time (in microseconds since the epoch), if there is one."""
        expires = None if expires_at is None else str(expires_at // 1_000_000)
        signature = _signature(self.keys[0], "file", file_id, name, expires)
        until = "" if expires is None else f"expires={expires}&"
        return f"{self.base}{FILES}/{file_id}/{quote(name, safe='')}?{until}signature={signature}"

    def part(self, upload_id: UploadId, number: int, expires_at: int) -> str:
        """The link that a part of an upload is put to."""
        expires = str(expires_at // 1_000_000)
        signature = _signature(self.keys[0], "part", upload_id, str(number), expires)
        return f"{self.base}{UPLOADS}/{upload_id}/parts/{number}?expires={expires}&signature={signature}"

    def check_file(self, file_id: str, name: str, expires: str | None, signature: str | None) -> FileLink:
        """Accept the link to a file; raises Forbidden `bad_signature` or `link_expired`."""
        self._check(expires, signature, "file", file_id, name)
        return FileLink(FileId(file_id), name)

    def check_part(self, upload_id: str, number: str, expires: str | None, signature: str | None) -> None:
        """Accept the link to a part, which always expires; raises Forbidden `bad_signature` or `link_expired`."""
        self._check(expires or "", signature, "part", upload_id, number)

    def stream(self, prediction_id: PredictionId) -> str:
        """What proves to whom the stream of a prediction was shown; it is good for as long as there is one."""
        return _signature(self.keys[0], "stream", prediction_id, None)

    def check_stream(self, prediction_id: str, signature: str | None) -> None:
        """Accept what `stream` made for this prediction; raises Forbidden `bad_signature`."""
        self._check(None, signature, "stream", prediction_id)

    def webhook_secret(self, account_id: AccountId) -> str:
        """What an account's webhooks are signed with where no secret comes with them; new with a new secret key."""
        key = hmac.new(self.keys[0], f"webhooks\n{account_id}".encode(), hashlib.sha256).digest()
        return SECRET_PREFIX + b64encode(key).decode()

    def own_file(self, url: str) -> FileLink | None:
        """What one of our own links leads to; None for any other URL. Raises Forbidden as `check_file` does."""
        if not url.startswith(self.base + FILES + "/"):
            return None
        parts = urlsplit(url)
        match = _FILE.fullmatch(parts.path.removeprefix(urlsplit(self.base).path))
        if match is None:
            return None
        query = dict(parse_qsl(parts.query))
        return self.check_file(match[1], unquote(match[2]), query.get("expires"), query.get("signature"))

    def _check(self, expires: str | None, signature: str | None, *what: str) -> None:
        given = (signature or "").encode("utf-8", "replace")
        # Each key is tried, whatever the first ones say: the time that takes says nothing.
        right = [hmac.compare_digest(_signature(key, *what, expires).encode(), given) for key in self.keys]
        if not any(right):
            raise Forbidden(
                "This link is not one that this server has made.",
                code="bad_signature",
                hint="Use it exactly as it was given, to the last character.",
            )
        if expires is not None and int(expires) * 1_000_000 <= self.now():
            raise Forbidden("This link has expired.", code="link_expired", hint="Ask for a new one.")


def _signature(key: bytes, *what: str | None) -> str:
    # Names are made without line breaks, so each text has one reading.
    text = "\n".join("-" if one is None else f"+{one}" for one in what)
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
