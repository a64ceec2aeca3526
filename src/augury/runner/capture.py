"""What the model prints becomes Log messages of the right prediction, line by line.

sys.stdout and sys.stderr are replaced by writers that cut text into lines and send each at once. A line belongs to the
run of its context, else (a thread that the model started) to the only run there is, else to none. A run's flood ends in
one warning. What C code and child processes write goes to the real descriptors, which the engine reads.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
import time
from typing import Any, Callable, ContextManager, Dict, Iterable, List, Optional, Tuple

from augury.protocol import Log

LINE_LIMIT = 16 * 1024
"""Characters of a line; the rest of it is cut off."""
RUN_LIMIT = 10 * 1024 * 1024
"""Characters of log that one run may send; what follows is dropped."""
_CUT = "… [line cut]"
_PIECE = 1 << 20
"""Characters that are looked at together: of a huge text, what is over the limit is never cut into lines."""

_Key = Tuple[Optional[str], str, int]
"""Run, stream and thread: print() writes a line and its end apart, and another thread's line must not get between."""


class Capture:
    """Both streams; `owner` names the run that the calling code belongs to, `shield` guards against interruption."""

    def __init__(
        self, send: Callable[[Log], None], owner: Callable[[], Optional[str]], shield: ContextManager[object]
    ) -> None:
        self._send = send
        self._owner = owner
        self._shield = shield
        self._lock = threading.RLock()
        self._partial: Dict[_Key, str] = {}
        self._decoders: Dict[_Key, codecs.IncrementalDecoder] = {}
        self._sent: Dict[Optional[str], int] = {}
        self._streams = (LineWriter(self, "stdout", 1), LineWriter(self, "stderr", 2))
        self._originals = (sys.stdout, sys.stderr)
        os.register_at_fork(after_in_child=self._release)

    def install(self) -> None:
        """Take sys.stdout and sys.stderr, again if the model replaced them."""
        sys.stdout, sys.stderr = self._streams

    def redirect(self, send: Callable[[Log], None]) -> None:
        """From now on lines are sent this way."""
        self._send = send

    def write(self, stream: str, text: str) -> None:
        """Add text to a stream: each line that is complete is sent."""
        with self._shield, self._lock:
            run = self._owner()
            for start in range(0, len(text), _PIECE):
                if self._sent.get(run, 0) > RUN_LIMIT:
                    break
                piece = text if len(text) <= _PIECE else text[start : start + _PIECE]
                self._take((run, stream, threading.get_ident()), piece)

    def write_bytes(self, stream: str, data: bytes) -> None:
        """Add bytes, which may begin or end in the middle of a character; those that are no UTF-8 are replaced."""
        with self._shield, self._lock:
            run = self._owner()
            if self._sent.get(run, 0) > RUN_LIMIT:
                return
            key = (run, stream, threading.get_ident())
            decoder = self._decoders.get(key)
            if decoder is None:
                decoder = self._decoders[key] = codecs.getincrementaldecoder("utf-8")("replace")
            self._take(key, decoder.decode(data))

    def warn(self, run: Optional[str], text: str) -> None:
        """A line of our own in the run's log."""
        with self._shield, self._lock:
            self._line(run, "logging", text)

    def finish(self, run: Optional[str]) -> None:
        """Send the lines of this run that never ended, and forget the run."""
        with self._shield, self._lock:
            if self._decoders:
                for key in [one for one in self._decoders if one[0] == run]:
                    self._take(key, self._decoders.pop(key).decode(b"", True))
            if self._partial:
                keys = [one for one in self._partial if one[0] == run]
                for key in sorted(keys, key=lambda one: one[1] == "stderr"):
                    rest = self._partial.pop(key).rstrip("\r")
                    if rest:
                        self._line(run, key[1], rest)
            if self._sent:
                self._sent.pop(run, None)
                self._sent.pop(None, None)

    def _take(self, key: _Key, text: str) -> None:
        *lines, rest = _lines(self._partial.pop(key, "") + text)
        for line in lines:
            self._line(key[0], key[1], line)
        if len(rest) > LINE_LIMIT:
            # Kept just long enough to be cut as one line when its end comes.
            rest = rest[: LINE_LIMIT + 1] + ("\r" if rest[-1] == "\r" else "")
        if rest:
            self._partial[key] = rest

    def _line(self, run: Optional[str], stream: str, line: str) -> None:
        line = printable(line)
        if self._admit(run, len(line) + 1):
            self._send(Log(run, stream, line, time.time()))

    def _admit(self, run: Optional[str], size: int) -> bool:
        before = self._sent.get(run, 0)
        after = self._sent[run] = before + size
        if after <= RUN_LIMIT:
            return True
        if before <= RUN_LIMIT:
            text = f"More than {RUN_LIMIT >> 20} MiB of log: the rest is dropped."
            self._send(Log(run, "logging", text, time.time()))
        return False

    def _release(self) -> None:
        # A forked child is no part of the conversation: it prints to the pipes that the engine reads.
        self._lock = threading.RLock()
        if sys.stdout is self._streams[0]:
            sys.stdout = self._originals[0]
        if sys.stderr is self._streams[1]:
            sys.stderr = self._originals[1]


def printable(text: str) -> str:
    """A line as a log can have it: not too long, without NUL characters and halves of surrogate pairs."""
    if len(text) > LINE_LIMIT:
        text = text[:LINE_LIMIT] + _CUT
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            # By way of UTF-16, which joins the halves that belong together and replaces only those that are alone.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class LineWriter(io.TextIOBase):
    """A text stream as models expect it of sys.stdout: also takes bytes by `.buffer`, and has a descriptor."""

    def __init__(self, capture: Capture, stream: str, descriptor: int) -> None:
        super().__init__()
        self._capture = capture
        self._stream = stream
        self._descriptor = descriptor
        self._bytes = _Bytes(self, capture, stream)

    @property
    def buffer(self) -> Any:
        """The same stream for bytes; those that are no UTF-8 are replaced."""
        return self._bytes

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - fixed, as on any real stream
        return "utf-8"

    @property
    def errors(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - fixed, as on any real stream
        return "replace"

    @property
    def name(self) -> str:
        return f"<{self._stream}>"

    @property
    def mode(self) -> str:
        return "w"

    @property
    def line_buffering(self) -> bool:
        return True

    def reconfigure(self, **_: Any) -> None:
        """Accepted and ignored: the encoding is ours."""

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - what models pass is theirs
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._capture.write(self._stream, text)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is held back but a line that has not ended."""

    def close(self) -> None:
        """A model that closes its stdout goes on printing."""

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class _Bytes(io.RawIOBase):
    def __init__(self, text: LineWriter, capture: Capture, stream: str) -> None:
        super().__init__()
        self._text = text
        self._capture = capture
        self._stream = stream

    def write(self, data: Any, /) -> int:
        whole = memoryview(data)
        raw = whole.cast("B") if whole.c_contiguous else memoryview(whole.tobytes())
        for start in range(0, len(raw), _PIECE):
            self._capture.write_bytes(self._stream, bytes(raw[start : start + _PIECE]))
        return len(raw)

    def close(self) -> None:
        """As for text: it stays open."""

    def fileno(self) -> int:
        return self._text.fileno()

    def writable(self) -> bool:
        return True


def _lines(text: str) -> List[str]:
    # A carriage return ends a line too, as progress displays use it; str.splitlines would also cut at U+2028.
    # One at the very end is kept with the rest: a newline may follow it.
    if "\r" not in text:
        return text.split("\n")
    lines: List[str] = []
    for part in text.replace("\r\n", "\n").split("\n"):
        lines += [piece for piece in part.split("\r") if piece] or [""]
    if text.endswith("\r"):
        lines[-1] += "\r"
    return lines
