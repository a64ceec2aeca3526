"""The metrics, in the text format that Prometheus reads.

Open to everybody or to admins alone, as the setting `metrics` says. Knows nothing about what is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Response

from augury.api.describe import described
from augury.domain.errors import Unauthenticated
from augury.http.auth import MaybeCaller
from augury.service.gauges import Family, Metrics

_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def routes(metrics: Metrics, *, open_to_all: bool) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["health"])
    about = described("get_metrics", None, 401, 403)
    about["responses"]["200"] = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    router.add_api_route("/metrics", _Routes(metrics, open_to_all).get, methods=["GET"], **about)
    return router


@dataclass(frozen=True, slots=True)
class _Routes:
    metrics: Metrics
    open_to_all: bool

    async def get(self, caller: MaybeCaller) -> Response:
        """Everything that is counted and measured, as Prometheus reads it."""
        if not self.open_to_all:
            if caller is None:
                raise Unauthenticated(
                    "This needs an admin's token.",
                    code="missing_token",
                    hint="Send it as `Authorization: Bearer <token>`, or set `metrics` to open.",
                )
            caller.demand_admin("see the metrics")
        families = await self.metrics.read()
        return Response(await anyio.to_thread.run_sync(_text, families), headers={"Content-Type": _TYPE})


def _text(families: Sequence[Family]) -> bytes:
    # Only now: it takes a while to load, and a server that nobody watches need not.
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    class Collector:
        def describe(self) -> list[Any]:
            return []

        def collect(self) -> Iterator[Any]:
            for one in families:
                make = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
                family = make(one.name, one.help, labels=one.labels)
                for labels, value in one.samples:
                    family.add_metric(labels, value)
                yield family

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return generate_latest(registry)
