"""What the API is given: the services that its routes call, and the limits that its front door keeps.

Built once by the composition root. Knows nothing about where the values come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from augury.service.access import Access
from augury.service.bundles import Bundles
from augury.service.categories import Categories
from augury.service.files import Files
from augury.service.fleet import Fleet
from augury.service.followers import Followers
from augury.service.gauges import Metrics
from augury.service.hardware import Catalogue
from augury.service.health import Health
from augury.service.logbook import Logbook
from augury.service.models import Models
from augury.service.predictions import Predictions
from augury.service.removal import Removal
from augury.service.search import Search
from augury.service.sessions import Sessions
from augury.service.sharing import Sharing
from augury.service.statistics import Statistics
from augury.service.streams import Streams
from augury.service.uploads import Uploads
from augury.service.users import Users
from augury.service.variables import Variables
from augury.service.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases that routes call."""

    predictions: Predictions
    streams: Streams
    logbook: Logbook
    followers: Followers
    models: Models
    categories: Categories
    search: Search
    users: Users
    sharing: Sharing
    access: Access
    sessions: Sessions
    bundles: Bundles
    variables: Variables
    uploads: Uploads
    files: Files
    webhooks: Webhooks
    removal: Removal
    fleet: Fleet
    metrics: Metrics
    statistics: Statistics
    health: Health
    hardware: Catalogue


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for: holds in seconds, bodies and bundles in bytes."""

    default_wait: float
    max_wait: float
    max_body: int
    max_bundle: int
    stream_idle: float = 60.0
    """How long a stream without an event stays open whose reader names no time."""
    stream_heartbeat: float = 15.0
    public_url: str | None = None
    compat_wait: float = 600.0
    """How long a call of another provider's client is held."""
    compat_cancel: bool = True
    """Whether such a client that hangs up cancels its prediction."""
    metrics_open: bool = False
    """Whether the metrics are shown without a token."""
    rates: Mapping[str, tuple[float, int]] = field(default_factory=dict[str, "tuple[float, int]"])
    """By class of requests: how many seconds each takes, and how many may come at once."""
