"""What the server says to do next, in the words of this command line.

The server names calls of its API, as it does not know who asks. Knows the few that its hints name.
"""

from __future__ import annotations

import re

_ID = r"(\{id\}|[0-9a-f-]{36})"
_COMMANDS = (
    (r"GET /v1/models/([^/\s]+/[^/\s]+)/versions", r"`augury versions list \1`"),
    (r"GET /v1/user/models", "`augury models list`"),
    (r"GET /v1/models\b(?!/)", "`augury models list --all`"),
    (r"PATCH /v1/users/\{name\} with disabled true", "`augury users disable NAME`"),
    (r"PATCH /v1/users/\{name\} with admin true", "`augury users change NAME --admin`"),
    (rf"POST /v1/predictions/{_ID}/cancel", r"`augury predictions cancel \1`"),
    (rf"GET /v1/predictions/{_ID}/webhooks", r"`augury webhooks list \1`"),
    (rf"GET /v1/predictions/{_ID}(?!/)", r"`augury predictions show \1`"),
    (r"GET /v1/predictions\b(?!/)", "`augury predictions list`"),
)


def for_commands(hint: str | None) -> str | None:
    """A hint with commands in the places of the API's calls."""
    if hint is None:
        return None
    for call, command in _COMMANDS:
        hint = re.sub(call, lambda found, command=command: found.expand(command).replace("{id}", "ID"), hint)
    return hint
