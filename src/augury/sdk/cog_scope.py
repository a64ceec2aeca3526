"""Cog's metrics: current_scope(), its metrics, and record_metric() of a runner.

A name with dots, "timing.load", is an entry of an object; a mode adds to what is there. What is recorded becomes
metrics of the running prediction (`reporting.py`); outside of one nothing happens. A name or value that Cog refuses
raises as it does there; a deleted metric becomes null. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import re
import threading
from typing import Any
from weakref import WeakKeyDictionary, ref

from .jsonvalues import is_array, is_object
from .reporting import Run, current_run, record

_LENGTH, _PARTS = 128, 4
_PART = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*\Z")
_KINDS = (bool, int, float, str, list, dict)


class MetricRecorder:
    """The metrics of one prediction: `metrics["tokens"] = 3`, `metrics.record("tokens", 1, mode="incr")`."""

    def __init__(self, run: ref[Run] | None = None) -> None:
        self._run = run  # weakly: a run that is over is forgotten together with its scope
        self._values: dict[str, Any] = {}
        self._lock = threading.Lock()

    def record(self, key: str, value: Any, mode: str | None = None) -> None:
        """Record a value; `mode` is "replace", "incr" (add to the number) or "append" (to the list).

        Raises ValueError for a name that is none, TypeError for a value of another type than was recorded before.
        """
        _check_name(key)
        _check_value(value, mode)
        if self._run is None:
            return
        with self._lock:
            self._values[key] = self._next(key, value, mode or "replace")
            self._tell(key)

    def delete(self, key: str) -> None:
        """Forget a metric, so that its next value may be of another type."""
        with self._lock:
            if self._values.pop(key, None) is not None:
                self._tell(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.record(key, value)

    def __delitem__(self, key: str) -> None:
        self.delete(key)

    def __repr__(self) -> str:
        return f"MetricRecorder(keys={len(self._values)})"

    def _next(self, key: str, value: Any, mode: str) -> Any:
        before: Any = self._values.get(key)
        if mode == "append":
            return [value] if before is None else [*before, value] if is_array(before) else [before, value]
        if before is None:
            return value
        if type(before) is not type(value):
            kinds = f"{type(before).__name__}, cannot set to {type(value).__name__}"
            raise TypeError(f"Metric {key!r} has type {kinds} without deleting first")
        return before + value if mode == "incr" else value

    def _tell(self, key: str) -> None:
        """Report the metric that a name belongs to: "timing" for "timing.load", as an object with all its entries."""
        top = key.partition(".")[0]
        whole: Any = None
        place: dict[str, Any]
        for name, value in self._values.items():
            first, *inner = name.split(".")
            if first != top:
                continue
            if not inner:
                whole = value
                continue
            whole = place = dict(whole) if is_object(whole) else {}
            for step in inner[:-1]:
                below: Any = place.get(step)
                place[step] = entries = dict(below) if is_object(below) else {}
                place = entries
            place[inner[-1]] = value
        run = None if self._run is None else self._run()
        if run is not None:
            record(run, top, whole)


class Scope:
    """What a running prediction offers to its model's code."""

    def __init__(self, metrics: MetricRecorder) -> None:
        self._metrics = metrics

    @property
    def metrics(self) -> MetricRecorder:
        return self._metrics

    @property
    def context(self) -> dict[str, str]:
        """What the caller gave beside the input: nothing, as no call of ours has it."""
        return {}

    def record_metric(self, key: str, value: Any, mode: str | None = None) -> None:
        """As `metrics.record`."""
        self._metrics.record(key, value, mode)

    def __repr__(self) -> str:
        return f"Scope({self._metrics!r})"


_scopes: WeakKeyDictionary[Run, Scope] = WeakKeyDictionary()
_lock = threading.Lock()


def current_scope() -> Scope:
    """The scope of the running prediction; outside of one, a scope that keeps nothing."""
    run = current_run()
    if run is None:
        return Scope(MetricRecorder())
    with _lock:
        scope = _scopes.get(run)
        if scope is None:
            scope = _scopes[run] = Scope(MetricRecorder(ref(run)))
        return scope


def _check_name(key: Any) -> None:
    if not isinstance(key, str) or not key:
        raise ValueError("metric name must be a text that is not empty")
    if len(key) > _LENGTH:
        raise ValueError(f"metric name must have at most {_LENGTH} characters (got {len(key)})")
    if key == "predict_time":
        raise ValueError("'predict_time' is reserved by the runtime")
    parts = key.split(".")
    if parts[0] == "cog":
        raise ValueError("the 'cog.' prefix is reserved for system metrics")
    if len(parts) > _PARTS:
        raise ValueError(f"metric name must have at most {_PARTS} dot-separated segments (got {len(parts)})")
    for part in parts:
        if not _PART.match(part):
            rule = "begin with a letter and have letters, digits and single underscores between them"
            raise ValueError(f"metric name segment {part!r} must {rule}")


def _check_value(value: Any, mode: Any) -> None:
    if mode not in (None, "replace", "incr", "append"):
        raise TypeError(f"Invalid metric mode: {mode!r}. Expected 'replace', 'incr', or 'append'.")
    name = type(value).__name__
    if not isinstance(value, _KINDS):
        raise TypeError(f"Unsupported metric value type: {name}. Expected bool, int, float, str, list, or dict.")
    if mode == "incr" and name not in ("int", "float"):
        raise TypeError(f"Increment mode requires int or float, got {name}")
