"""Raises Cancelled in the main thread, inside one prediction and nowhere else.

A signal handler does it, so that sleeping and blocking calls are left at once. The handler raises only while the
prediction that is to be cancelled is between enter() and leave(), and outside every shield: `with interrupts:` guards
what must not be cut in two, and lets a cancellation that came meanwhile out at its end.
Knows nothing about messages or models.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType
from typing import Optional

from augury.sdk.reporting import Cancelled

_AGAIN = 1.0
"""Seconds after which code that swallowed the cancellation is interrupted once more."""


def _pick() -> int:
    # A real-time signal is one that models do not use for themselves; macOS has none.
    last: Optional[int] = getattr(signal, "SIGRTMAX", None)
    return signal.SIGUSR2 if last is None else int(last) - 1


_SIGNAL = _pick()
_getsignal = getattr(signal.getsignal, "__wrapped__", signal.getsignal)
"""Without the conversion to an enum, which takes longer than all else that happens between two predictions."""


class Interrupts:
    """Must be made in the main thread. Only request() may be called from other threads, and only from one."""

    def __init__(self) -> None:
        self._main = threading.get_ident()
        self._inside: Optional[str] = None
        self._wanted: Optional[str] = None
        self._shields = 0
        self.raised = False
        """Whether a cancellation was raised; unset by whoever begins something new."""

    def enter(self, prediction: str) -> None:
        """From now on a cancellation of this prediction is raised; at once if it was requested before."""
        self._shields = 0
        if _getsignal(_SIGNAL) != self._handle:  # A model may have replaced it.
            signal.signal(_SIGNAL, self._handle)
        self._inside = prediction
        self._deliver()

    def leave(self) -> None:
        """From now on nothing is raised. May itself be interrupted, once: call it in a place that expects that."""
        self._inside = None

    def request(self, prediction: str) -> None:
        """Interrupt this prediction, which is running or about to: now, and once more if it goes on."""
        self._wanted = prediction
        # One that is still on its way in finds the wish itself, and the signal may not be ours before that.
        if self._inside == prediction:
            self._nudge()
        again = threading.Timer(_AGAIN, self._again, (prediction,))
        again.daemon = True
        with contextlib.suppress(RuntimeError):  # No thread to be had: the engine's own patience ends soon after.
            again.start()

    def __enter__(self) -> None:
        if threading.get_ident() == self._main:
            self._shields += 1

    def __exit__(self, *_: object) -> None:
        if threading.get_ident() == self._main:
            self._shields -= 1
            if self._wanted is not None:
                self._deliver()

    def _again(self, prediction: str) -> None:
        if self._inside == prediction and self._wanted is None:  # else another wish has taken its place
            self._wanted = prediction
            self._nudge()

    def _nudge(self) -> None:
        signal.pthread_kill(self._main, _SIGNAL)

    def _handle(self, _signal: int, _frame: Optional[FrameType]) -> None:
        self._deliver()

    def _deliver(self) -> None:
        if self._wanted is not None and self._wanted == self._inside and not self._shields:
            self._wanted = None
            self.raised = True
            raise Cancelled
