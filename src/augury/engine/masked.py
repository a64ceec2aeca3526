"""Messages of a worker without the secrets that it was given.

Knows which parts of a message are said; the output is the model's answer, and stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

from augury import protocol
from augury.domain.mask import Mask


def masked(message: protocol.Message, mask: Mask) -> protocol.Message:
    """The message with what is secret masked in all that it says."""
    said = _SAID.get(type(message), ())
    return replace(message, **{name: mask.value(getattr(message, name)) for name in said}) if said else message


_SAID: dict[type[object], tuple[str, ...]] = {
    protocol.Log: ("text",),
    protocol.Metric: ("name", "value"),
    protocol.Progress: ("message",),
    protocol.SetupFailed: ("type", "message", "traceback"),
    protocol.Done: ("type", "message", "traceback", "unstored"),
    protocol.Unhealthy: ("reason",),
    protocol.Fatal: ("message",),
}
