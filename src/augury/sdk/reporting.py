"""What model code may say while predict() runs: metrics, progress, and where its scratch folder is.

The runner activates a Run around each call; metric() and friends find it through the context, also from threads.
A report that makes no sense is dropped with a warning line: telling about the work must never break the work.
Knows nothing about messages or the engine. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

_MAX_NAME = 200


class Cancelled(BaseException):  # named for what happened, as asyncio.CancelledError is
    """Raised inside predict() when its prediction is cancelled.

    Catch it to clean up, then let it go on; `except Exception` does not stop it.
    """


class Run(Protocol):
    """The call of predict() that is being reported on, as the runner provides it; methods may come from any thread."""

    @property
    def scratch(self) -> str:
        """The run's own folder."""
        ...

    def metric(self, name: str, value: Any) -> None:
        """Take a metric; `value` is JSON."""
        ...

    def progress(self, fraction: float, message: str | None) -> None:
        """Take a progress report; `fraction` is from 0 to 1."""
        ...

    def warn(self, text: str) -> None:
        """Write a warning line to the prediction's log."""
        ...


_current: ContextVar[Run | None] = ContextVar("augury_run", default=None)
_active: list[Run] = []
_lock = threading.Lock()


@contextmanager
def activate(run: Run) -> Generator[None, None, None]:
    """While inside, reports of this context, and of threads that have none, belong to `run`."""
    before = _current.get()
    _current.set(run)
    with _lock:
        _active.append(run)
    try:
        yield
    finally:
        with _lock:
            _active[:] = [other for other in _active if other is not run]
        # Not reset(token): an async generator may be closed from another context than the one it began in.
        _current.set(before)


def current_run() -> Run | None:
    """The run that a report from here belongs to.

    A thread that the model started has no context of its own: it belongs to the only run there is, and where several
    are active to none, because guessing would put a report into somebody else's prediction.
    """
    run = _current.get()
    active = _active
    if run is not None:
        return run if any(other is run for other in active) else None
    return active[0] if len(active) == 1 else None


def metric(name: str, value: Any) -> None:
    """Record a value for the running prediction; the last value of a name counts. Outside a run: nothing."""
    run = current_run()
    if run is not None:
        record(run, name, value)


def record(run: Run, name: str, value: Any) -> None:
    """Record a value for a run; one that has no JSON form is dropped with a warning."""
    problem, plain = _checked_metric(name, value)
    if problem:
        run.warn("metric dropped: " + problem)
    else:
        run.metric(name, plain)


def progress(fraction: float, message: str | None = None) -> None:
    """Tell how far the running prediction is: `fraction` from 0 to 1, and a few words. Outside a run: nothing."""
    run = current_run()
    if run is None:
        return
    try:
        done = float(fraction)
        text = None if message is None else str(message)
    except Exception:  # noqa: BLE001  # they are the model's own objects: whatever they raise, the run goes on
        done, text = math.nan, None
    if 0.0 <= done <= 1.0:
        run.progress(done, text)
    else:
        run.warn(f"progress dropped: {_shown(fraction)} is not between 0 and 1")


def scratch() -> Path:
    """The running prediction's own folder, removed when it has ended; outside a run, the folder for temporary files."""
    run = current_run()
    return Path(tempfile.gettempdir() if run is None else run.scratch)


def _checked_metric(name: Any, value: Any) -> tuple[str, Any]:
    from .jsonform import OutputError, to_json  # loaded with the first metric, so that `import augury` stays instant

    if not isinstance(name, str) or not name or len(name) > _MAX_NAME:
        return f"its name must be a text of 1 to {_MAX_NAME} characters, not {_shown(name)}", None
    try:
        plain, warnings = to_json(value, None, root=name)
    except OutputError as error:
        return str(error), None
    except Exception as error:  # noqa: BLE001  # the value is the model's own object: whatever it raises, the run goes on
        return f"{name}: {_shown(error)}", None
    return (warnings[0], None) if warnings else ("", plain)


def _shown(value: Any) -> str:
    try:
        return repr(value)[:200]
    except Exception:  # noqa: BLE001  # it is the model's own object: whatever it raises, the run goes on
        return f"a {type(value).__name__}"
