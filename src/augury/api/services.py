"""What the API is given: the services that its routes call, and the limits that its front door keeps.

Built once by the composition root. Knows nothing about where the values come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from augury.service.access import Access
from augury.service.bundles import Bundles
from augury.service.models import Models
from augury.service.predictions import Predictions
from augury.service.users import Users
from augury.service.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the server can take work; `problems` says what keeps it from it, one sentence each."""

    problems: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Nothing is in the way."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases that routes call."""

    predictions: Predictions
    models: Models
    users: Users
    access: Access
    bundles: Bundles
    webhooks: Webhooks
    readiness: Callable[[], Readiness]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for: holds in seconds, bodies and bundles in bytes."""

    default_wait: float
    max_wait: float
    max_body: int
    max_bundle: int
    public_url: str | None = None
