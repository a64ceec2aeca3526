"""What goes wrong: the server, its workers and the receiver of webhooks are killed and started again, by the dice."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from tests.acceptance.scene import Scene
from tests.support.receiver import Got, Receiver, receiving
from tests.support.server import descendants


@dataclass
class Hook:
    """A receiver of webhooks that can be away; what it got is kept."""

    port: int = 0
    got: list[Got] = field(default_factory=list[Got])
    _receivers: list[Receiver] = field(default_factory=list[Receiver])
    _open: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """Its address, whether it listens or not."""
        return f"http://127.0.0.1:{self.port}/hook"

    def start(self) -> None:
        """Listen, on the port of before."""
        receiver = self._open.enter_context(receiving(self.port))
        self.port = receiver.port
        self._receivers.append(receiver)

    def stop(self) -> None:
        """Be away."""
        self._open.close()

    def take(self) -> list[Got]:
        """What has come so far; a connection that was open when its receiver went away may bring more to that one."""
        for receiver in self._receivers:
            while not receiver.got.empty():
                self.got.append(receiver.got.get())
        return self.got


@dataclass
class Chaos:
    """Kills at random moments until told to stop."""

    scene: Scene
    hook: Hook
    seed: int
    done: Counter[str] = field(default_factory=Counter[str])

    def run(self, seconds: float) -> None:
        """Let it go wrong for so long."""
        dice = random.Random(self.seed)
        acts = {"server killed": 4, "server stopped": 1, "worker killed": 5, "receiver away": 2}
        never = threading.Event()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            never.wait(dice.uniform(0.3, 2.5))
            what = dice.choices(list(acts), list(acts.values()))[0]
            if what == "server killed":
                self.scene.server.restart(signal.SIGKILL)
            elif what == "server stopped":
                self.scene.server.restart(signal.SIGTERM)
            elif what == "receiver away":
                self.hook.stop()
                never.wait(dice.uniform(0.2, 2))
                self.hook.start()
            elif not self._kill_worker(dice):
                continue
            self.done[what] += 1

    def _kill_worker(self, dice: random.Random) -> bool:
        workers = descendants(self.scene.server.pid)
        if not workers:
            return False
        with suppress(ProcessLookupError):
            os.kill(dice.choice(workers), signal.SIGKILL)
        return True
