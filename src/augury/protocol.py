"""The messages between the engine and a runner, their framing and their size limits.

A frame is four bytes of length and a JSON object; a body too big to travel inline is a file in the spill folder that
both ends share, and the frame carries its name. The set of messages is closed: what is not listed here is an error.
Knows nothing about processes, sockets or models. Standard library only, as the model's interpreter loads it.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
from dataclasses import dataclass, field, fields
from typing import Any, Callable, Dict, List, Optional, Type, Union

VERSION = 5
INLINE_LIMIT = 1 << 20
"""Bytes of a body that travels in the socket; a bigger one is spilled to a file."""
MESSAGE_LIMIT = 1 << 28
"""Bytes of the biggest body either end accepts, spilled or not."""

FILE_MARK = "augury-file-"
"""What the text begins with that stands for an output file; 32 random hexadecimal digits follow."""

_LENGTH = struct.Struct(">I")
_SPILLED = 1 << 31


class ProtocolError(Exception):
    """The other end sent what the protocol does not know, or more than it allows."""


# From the engine to the runner.


@dataclass(frozen=True)
class Load:
    """Load the model and set it up: always the first message."""

    folder: str
    """The unpacked model: read-only for it, first on sys.path."""
    entry: Optional[str]
    """Such as "predict.py:Predictor"; None lets the loader find it."""
    slots: int
    """How many predictions an async predict() may run at once, or a batch may have."""
    scratch: str
    """The worker's own folder: run folders are made in it."""
    max_output: int
    """Bytes of JSON an output may have."""
    fetch_allow: List[str] = field(default_factory=list)
    """Networks (CIDR) that file inputs may be fetched from although they are not public."""
    outbox: Optional[str] = None
    """Folder that output files are put into, to be taken from there; None: they become data: URIs."""
    batch_wait: Optional[float] = None
    """Seconds that the first prediction of a batch waits for others; None: predict() gets them one by one."""


@dataclass(frozen=True)
class Predict:
    """Run predict() once, now or after those that were sent before."""

    id: str
    input: Dict[str, Any]
    stream: bool = False
    """Whether each item that it yields is wanted at once, as an Output."""
    files: Dict[str, List[str]] = field(default_factory=dict)
    """URLs of the input that are files of this machine: the path to copy from, the name and the content type."""


@dataclass(frozen=True)
class Cancel:
    """Stop this prediction: answered by its Done, whether it was running or still waiting."""

    id: str


@dataclass(frozen=True)
class Recall:
    """Hand back those of these predictions that have not begun: answered by Recalled."""

    ids: List[str]


@dataclass(frozen=True)
class Shutdown:
    """Take the model down and exit with 0; nothing runs any more."""


# From the runner to the engine.


@dataclass(frozen=True)
class Hello:
    """The process lives."""

    version: int
    python: str
    pid: int


@dataclass(frozen=True)
class Ready:
    """setup() is done; predictions may come. `slots` is 1 unless predict() is async or gets batches."""

    seconds: float
    slots: int
    warnings: List[str] = field(default_factory=list)


@dataclass(frozen=True)
class SetupFailed:
    """The model cannot be loaded or its setup() raised; the process exits after this."""

    type: str
    message: str
    traceback: List[str]
    file: Optional[str] = None
    line: Optional[int] = None


@dataclass(frozen=True)
class Log:
    """A line of output: of a prediction, or of setup and everything outside predictions where `id` is None."""

    id: Optional[str]
    stream: str
    """stdout, stderr or logging."""
    text: str
    time: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class Metric:
    """A value that the model recorded; the last one of a name counts."""

    id: str
    name: str
    value: Any


@dataclass(frozen=True)
class Progress:
    """How far the prediction is: a fraction from 0 to 1."""

    id: str
    fraction: float
    message: Optional[str] = None


@dataclass(frozen=True)
class Output:
    """Items that predict() has yielded, in their order: each is sent once, before the Done that has them all."""

    id: str
    items: List[Any]
    files: List[Dict[str, Any]] = field(default_factory=list)
    """Output files that were put into the outbox since the last message: token, file, name, type."""


@dataclass(frozen=True)
class Begun:
    """These are a batch that begins now; told only where predict() gets batches."""

    ids: List[str]


@dataclass(frozen=True)
class Recalled:
    """These had not begun and will not."""

    ids: List[str]


@dataclass(frozen=True)
class Done:
    """The prediction's end: `outcome` is succeeded, failed or cancelled; its slot is free again."""

    id: str
    outcome: str
    seconds: Optional[float]
    """How long predict() ran; None where it was never entered."""
    output: Any = None
    type: Optional[str] = None
    """The exception's class, of a failed one."""
    message: Optional[str] = None
    traceback: List[str] = field(default_factory=list)
    files: List[Dict[str, Any]] = field(default_factory=list)
    """As in Output; the output's tokens may also be of earlier messages."""
    unstored: Optional[str] = None
    """Of one that failed because it could not be stored, and not by the model's doing: the file's name, or ""."""


@dataclass(frozen=True)
class Unhealthy:
    """healthcheck() says that the model can go on no more: what has not begun will not, what runs may end."""

    reason: str


@dataclass(frozen=True)
class Fatal:
    """The runner itself cannot go on: the process exits after this."""

    message: str


ToRunner = Union[Load, Predict, Cancel, Recall, Shutdown]
ToEngine = Union[Hello, Ready, SetupFailed, Log, Metric, Progress, Output, Begun, Recalled, Done, Unhealthy, Fatal]
Message = Union[ToRunner, ToEngine]

_KINDS: Dict[str, Type[Any]] = {
    kind.__name__: kind
    for kind in (
        Load, Predict, Cancel, Recall, Shutdown,
        Hello, Ready, SetupFailed, Log, Metric, Progress, Output, Begun, Recalled, Done, Unhealthy, Fatal,
    )
}  # fmt: skip
_FIELDS: Dict[Type[Any], List[str]] = {kind: [one.name for one in fields(kind)] for kind in _KINDS.values()}


def _dump(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def encode(message: Message, spill: str, dump: Callable[[Any], bytes] = _dump) -> bytes:
    """The frame of a message; a body over INLINE_LIMIT is written to a new file in the folder `spill` first.

    Raises ProtocolError over MESSAGE_LIMIT, ValueError for NaN and TypeError for what is no JSON.
    """
    kind = type(message)
    content: Dict[str, Any] = {"kind": kind.__name__}
    for name in _FIELDS[kind]:
        content[name] = getattr(message, name)
    body = dump(content)
    if len(body) <= INLINE_LIMIT:
        return _LENGTH.pack(len(body)) + body
    if len(body) > MESSAGE_LIMIT:
        raise ProtocolError(f"a {kind.__name__} of {len(body)} bytes is over the limit of {MESSAGE_LIMIT}")
    name = f"spill-{os.urandom(16).hex()}.json"
    path = os.path.join(spill, name)
    try:
        with open(path, "xb") as file:
            file.write(body)
    except BaseException:
        # Half of it would take the room that there is not.
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise
    raw = name.encode()
    return _LENGTH.pack(len(raw) | _SPILLED) + raw


def decode(body: bytes, load: Callable[[bytes], Any] = json.loads) -> Message:
    """The message of a body; raises ProtocolError for anything that is not one of ours."""
    try:
        content = load(body)
        kind = _KINDS[content.pop("kind")]
        return kind(**content)  # type: ignore[no-any-return]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"not a message: {error}") from None


class Frames:
    """Turns the bytes that arrive into bodies, however they were cut on the way; reads and removes spilled files."""

    def __init__(self, spill: str) -> None:
        self._spill = spill
        self._buffer = bytearray()

    def feed(self, data: bytes) -> List[bytes]:
        """The bodies that are complete now; raises ProtocolError over a limit or for a spill file that is not there."""
        buffer = self._buffer
        buffer += data
        bodies: List[bytes] = []
        start = 0
        while len(buffer) - start >= 4:
            (size,) = _LENGTH.unpack_from(buffer, start)
            spilled = bool(size & _SPILLED)
            size &= ~_SPILLED
            if size > INLINE_LIMIT:
                raise ProtocolError(f"a frame of {size} bytes is over the limit of {INLINE_LIMIT}")
            if len(buffer) - start - 4 < size:
                break
            body = bytes(buffer[start + 4 : start + 4 + size])
            bodies.append(self._read(body) if spilled else body)
            start += 4 + size
        del buffer[:start]
        return bodies

    def _read(self, raw: bytes) -> bytes:
        name = raw.decode("ascii", "replace")
        # The name comes from a process that runs foreign code: it may name nothing but a spill file of this folder.
        if os.path.basename(name) != name or not (name.startswith("spill-") and name.endswith(".json")):
            raise ProtocolError(f"{name!r} is no spill file")
        path = os.path.join(self._spill, name)
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as file:
                body = file.read(MESSAGE_LIMIT + 1)
            os.unlink(path)
        except OSError as error:
            raise ProtocolError(f"spill file {name!r}: {error.strerror}") from None
        if len(body) > MESSAGE_LIMIT:
            raise ProtocolError(f"a spilled body is over the limit of {MESSAGE_LIMIT} bytes")
        return body
