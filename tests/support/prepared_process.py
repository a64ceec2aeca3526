"""A process that has imported what a program needs, and is forked each time that the program is to run.

    python prepared_process.py CONTROL PROGRAM MODULE...: CONTROL is the number of the socket that asks

Each fork is what `python -m PROGRAM` would be: its own environment, folder, arguments and files, also at its end.
Knows nothing about tests.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import time
from typing import Any

LARGEST = 1 << 20
"""Bytes of what is asked for: an environment and a command line."""


def main(control: socket.socket, program: str, preloaded: list[str]) -> None:
    """Serve until nobody asks any more; returns only in a fork, which then is the program."""
    sys.path[0] = os.getcwd()
    for module in preloaded:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    ended = signal.signal(signal.SIGCHLD, _wake)
    signal.set_wakeup_fd(woken)
    watched: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, waking], [], [])
        if waking in ready:
            os.read(waking, 512)
            _tell_ends(watched)
        if control in ready:
            message, files, _, _ = socket.recv_fds(control, LARGEST, 4)
            if not message:
                sys.exit()
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, ended)
                for other in (waking, woken, files[3], *(one.detach() for one in watched.values()), control.detach()):
                    os.close(other)
                _become(json.loads(message), files[:3])
                runpy.run_module(program, run_name="__main__", alter_sys=True)
                return
            for file in files[:3]:
                os.close(file)
            watched[child] = socket.socket(fileno=files[3])
            watched[child].sendall(b"%d\n" % child)


def _wake(_number: int, _frame: object) -> None:
    pass  # what is written to the pipe is what wakes


def _tell_ends(watched: dict[int, socket.socket]) -> None:
    """Whoever asked for a process hears how it ended, once."""
    for child in list(watched):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            with watched.pop(child) as asker, contextlib.suppress(BrokenPipeError):
                asker.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become(asked: dict[str, Any], files: list[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    tempfile.tempdir = None  # it may have looked in another environment
    sys.path[0] = asked["folder"]
    sys.argv[1:] = asked["arguments"]


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2], sys.argv[3:])
