"""Makes the kernel kill the worker's process group when the engine is gone, even if no Python code can run any more.

Where the engine gives a pipe as standard input and holds its other end, the pipe is armed: its end of file is a SIGKILL
to the group. That is Linux's; everywhere else, and beside it, the session's reader thread notices the closed socket.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import stat
from typing import NoReturn

_F_SETSIG = 10  # Linux's, not named by the fcntl module before Python 3.12
_LINUX_ONLY = hasattr(signal, "SIGRTMIN") and hasattr(fcntl, "F_NOTIFY")


def arm() -> None:
    """Take standard input as the lifeline if it is a pipe, and give the model an empty one instead."""
    try:
        if not (_LINUX_ONLY and _leads_group() and stat.S_ISFIFO(os.fstat(0).st_mode)):
            return
        pipe = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        fcntl.fcntl(pipe, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(pipe, _F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([pipe], [], [], 0)[0]:  # It ended before it was armed.
            kill_group()
    except OSError:
        pass  # Without it the reader thread alone watches the engine.


def kill_group() -> NoReturn:
    """End this process and everything it started, at once."""
    with contextlib.suppress(OSError):
        if _leads_group():
            os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _leads_group() -> bool:
    # Started by hand, a runner may be in its caller's group, which is not ours to kill.
    return os.getpgrp() == os.getpid()
