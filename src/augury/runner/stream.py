"""The items of one prediction that streams: converted as they are yielded, and sent in small batches.

An item goes out at once if nothing was sent just before it; else it waits for the next ones, never longer than PAUSE:
a thread sends it then, whatever the model's code is doing. All items together are bounded as an output is, and the
output is made of nothing but them. Knows nothing about generators.
"""

from __future__ import annotations

import contextlib
import threading
import time
from queue import SimpleQueue
from typing import Any, Callable, Dict, List, Optional, Tuple

from augury.sdk.jsonform import MAX_WARNINGS
from augury.sdk.storing import NotStored

from . import convert
from .channel import Channel
from .convert import OutputError

PAUSE = 0.002
"""Seconds that an item may wait for others."""
BATCH_ITEMS = 256
BATCH_BYTES = 64 << 10


class Stream:
    """What predict() has yielded so far; `stopped` says whether its prediction is cancelled, and the model knows."""

    def __init__(
        self,
        prediction: str,
        channel: Channel,
        flusher: Flusher,
        *,
        joined: bool,
        max_output: int,
        emit: convert.EmitFile,
        files: Callable[[], List[Dict[str, Any]]],
        warn: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> None:
        self.stopped = stopped
        self._prediction = prediction
        self._channel = channel
        self._flusher = flusher
        self._joined = joined
        self._max_output = max_output
        self._emit = emit
        self._files = files
        self._warn = warn
        self._warnings = 0
        self._items: List[Any] = []
        self._size = 2
        self._lock = threading.RLock()
        self._batch: List[bytes] = []
        self._batch_size = 0
        self._sent = 0.0
        self._armed = False
        self._unstored: Optional[NotStored] = None

    def add(self, item: Any) -> bool:
        """Take an item; whether it is time to send().

        Raises OutputError where it is no output, or one too many, and TypeError where it is no piece of a text.
        """
        if self._channel.forked:
            return False  # Nothing of a child's is sent, and the thread that held the lock stayed in its parent.
        plain = self._convert(item)
        body = self._channel.dump(plain)
        self._measure(len(body))
        with self._channel.shield, self._lock:
            self._items.append(plain)
            self._batch.append(body)
            self._batch_size += len(body)
            if len(self._batch) >= BATCH_ITEMS or self._batch_size >= BATCH_BYTES:
                return True
            now = time.monotonic()
            if now - self._sent >= PAUSE:
                return True
            if not self._armed:
                self._armed = self._flusher.call(self._sent + PAUSE, self._send_late)
            return not self._armed

    def send(self) -> None:
        """Send what waits; blocks while the engine does not read, and can be interrupted then."""
        self._channel.wait()
        self.flush()

    async def send_async(self) -> None:
        """The same from an event loop, which goes on meanwhile."""
        self.flush()
        await self._channel.wait_async()

    def flush(self) -> None:
        """Send what waits without waiting for room first; raises NotStored once anything could not be."""
        if self._channel.forked:
            return
        with self._channel.shield, self._lock:
            if self._batch:
                batch, self._batch, self._batch_size = self._batch, [], 0
                try:
                    self._channel.put_items(self._prediction, batch, self._files())
                except NotStored as error:
                    self._unstored = error
                self._sent = time.monotonic()
            if self._unstored is not None:
                raise self._unstored

    def whole(self) -> Any:
        """The output: exactly the items that were sent or wait, or their text; raises NotStored as flush() does."""
        if self._unstored is not None:
            raise self._unstored
        if self._warnings > MAX_WARNINGS:
            self._warn(f"{self._warnings - MAX_WARNINGS} more values were changed")
        return "".join(self._items) if self._joined else self._items

    def parts(self, output: Any) -> None:
        """Stream an output that was returned as a whole and has been converted already."""
        for item in [output] if self._joined else output:
            if self.add(item):
                self.send()

    def _send_late(self) -> None:
        self._channel.wait()
        with self._lock:
            self._armed = False
            with contextlib.suppress(NotStored):  # whoever comes next hears of it
                self.flush()

    def _convert(self, item: Any) -> Any:
        number = len(self._items)
        if self._joined and not isinstance(item, str):
            raise TypeError(f"sequence item {number}: expected str instance, {type(item).__name__} found")
        plain, warnings = convert.encode_output(item, self._emit, f"output[{number}]")
        for warning in warnings:
            self._warnings += 1
            if self._warnings <= MAX_WARNINGS:
                self._warn(warning)
        return plain

    def _measure(self, size: int) -> None:
        # As the whole output will be: the texts between one pair of quotes, or the items between commas.
        self._size += size - 2 if self._joined else size + bool(self._items)
        if self._size > self._max_output:
            raise OutputError(convert.too_big(self._size, self._max_output))


class Flusher:
    """Calls back a little later, in a thread that exists from the first time on. Times must be given in their order."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Tuple[float, Callable[[], None]]] = SimpleQueue()
        self._thread: Optional[threading.Thread] = None

    def call(self, when: float, function: Callable[[], None]) -> bool:
        """Call it at that monotonic time; False if there is no thread to be had."""
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="augury-flusher", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                return False
            self._thread = thread
        self._calls.put((when, function))
        return True

    def _work(self) -> None:
        while True:
            when, function = self._calls.get()
            left = when - time.monotonic()
            if left > 0:
                time.sleep(left)
            function()
            del function  # A stream holds all its items: it goes with its prediction.
