"""Wake-ups by what they say: something is queued, has ended, is to be cancelled, has changed.

A hint that is lost costs time, never correctness. The names of the topics are written here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from augury.domain.ids import PredictionId
from augury.store.notifier import Notifier


@dataclass(frozen=True, slots=True)
class Hints:
    """What is told to whoever may want to know, here and on other nodes."""

    notifier: Notifier

    def queued(self, version_id: int) -> None:
        """A prediction of this version waits for a worker."""
        self.notifier.publish(f"queue:{version_id}")

    def ended(self, prediction_id: PredictionId) -> None:
        """This prediction is terminal."""
        self.notifier.publish(f"prediction:{prediction_id}")

    def activity(self, prediction_id: PredictionId) -> None:
        """This prediction has put out items, or written lines."""
        self.notifier.publish(f"activity:{prediction_id}")

    def setup_activity(self, version_id: int) -> None:
        """A worker of this version has written lines while it sets itself up."""
        self.notifier.publish(f"setup:{version_id}")

    def cancel(self, prediction_id: PredictionId) -> None:
        """Whatever a worker still does for this prediction is not wanted any more."""
        self.notifier.publish(f"cancel:{prediction_id}")

    def delivery(self, receiver: str) -> None:
        """There is something to tell this receiver of webhooks."""
        self.notifier.publish(f"delivery:{receiver}")

    def deadline(self) -> None:
        """A prediction with a deadline was stored."""
        self.notifier.publish("deadline")

    @contextmanager
    def endings(self, heard: Callable[[PredictionId], None]) -> Generator[None]:
        """Call this with each prediction that has ended, here or elsewhere, until the context is left."""
        with self.notifier.subscribe("prediction:", lambda topic: heard(PredictionId(_rest(topic)))):
            yield

    @contextmanager
    def deliveries(self, heard: Callable[[str], None]) -> Generator[None]:
        """Call this with each receiver that there is something for, until the context is left."""
        with self.notifier.subscribe("delivery:", lambda topic: heard(_rest(topic))):
            yield

    @contextmanager
    def following(self, prediction_id: PredictionId, version_id: int, heard: Callable[[], None]) -> Generator[None]:
        """Call this whenever there may be more of this prediction to read, until the context is left."""
        topics = (f"activity:{prediction_id}", f"prediction:{prediction_id}", f"setup:{version_id}")
        with ExitStack() as stack:
            for topic in topics:
                stack.enter_context(self.notifier.subscribe(topic, lambda _: heard()))
            yield

    @contextmanager
    def listen(self, listeners: Listeners) -> Generator[None]:
        """Call these for each hint, on the event loop, until the context is left."""
        with (
            self.notifier.subscribe("queue:", lambda topic: listeners.queued(int(_rest(topic)))),
            self.notifier.subscribe("cancel:", lambda topic: listeners.cancel(PredictionId(_rest(topic)))),
            self.notifier.subscribe("version:", lambda topic: listeners.changed(int(_rest(topic)))),
            self.notifier.subscribe("deadline", lambda _: listeners.deadline()),
        ):
            yield


@dataclass(frozen=True, slots=True)
class Listeners:
    """What an engine wants to hear."""

    queued: Callable[[int], None]
    cancel: Callable[[PredictionId], None]
    changed: Callable[[int], None]
    deadline: Callable[[], None]


def _rest(topic: str) -> str:
    return topic.partition(":")[2]
