"""The composition root: builds everything from Settings, runs it, and takes it down again in order.

SIGTERM -> the gate closes -> the engine drains -> held requests answer, last webhooks -> HTTP stops -> the store closes
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import secrets
import shutil
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import anyio
import anyio.to_thread
import uvicorn

from augury.api.app import create_app
from augury.blobs.local import LocalBlobs
from augury.compat.mounting import forms, fronts
from augury.domain.ids import IdSource
from augury.engine.local_launcher import PASSED_ON, LocalLauncher
from augury.engine.node import Engine
from augury.engine.recorder import wall_clock
from augury.engine.resources import detect
from augury.engine.supervisor import EngineLimits
from augury.http.cookies import PURPOSE as COOKIES
from augury.http.cookies import Cookies
from augury.http.listening import listen, shown_host
from augury.http.services import Limits, Services
from augury.packaging.bundle import clear_partial
from augury.packaging.environment import EnvironmentBuilder
from augury.packaging.runtime import materialize
from augury.sdk.addresses import Allowed
from augury.service.access import Access
from augury.service.bundles import Bundles
from augury.service.categories import Categories
from augury.service.execution import Execution
from augury.service.files import Files
from augury.service.fleet import Fleet
from augury.service.followers import Followers
from augury.service.gate import Gate
from augury.service.gauges import Metrics
from augury.service.hardware import Catalogue
from augury.service.health import Health
from augury.service.hints import Hints
from augury.service.keyring import Keyring
from augury.service.links import PURPOSE as LINKS
from augury.service.links import Links
from augury.service.logbook import Logbook
from augury.service.models import Models
from augury.service.offers import Offers
from augury.service.predictions import Predictions
from augury.service.quotas import Quotas
from augury.service.removal import Removal
from augury.service.retention import Keep, Retention
from augury.service.search import Search
from augury.service.sessions import Sessions
from augury.service.settled import Settled
from augury.service.sharing import Sharing
from augury.service.statistics import Statistics
from augury.service.streams import Streams
from augury.service.tails import Tails
from augury.service.tally import Tally
from augury.service.targets import Targets
from augury.service.uploads import UploadLimits, Uploads
from augury.service.users import Users
from augury.service.variables import Variables
from augury.service.vault import Vault
from augury.service.webhooks import Outbox, Webhooks
from augury.settings import SHORTEST_KEY, Settings, SettingsError
from augury.store import schema
from augury.store.database import Database, open_database
from augury.store.folder import lock_data_folder
from augury.store.notifier import Notifier, open_notifier
from augury.web.site import WebApp

if TYPE_CHECKING:
    from augury.webhooks.sender import Sender

log = logging.getLogger(__name__)

COLLECT_SECONDS = 600.0

SENDING_SECONDS = 5.0
"""How much longer than its request a delivery may be on its way before another sender takes it."""

LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True)
class Started:
    """What `serve` tells whoever started it, once it can take work. `token` is set on the very first start."""

    url: str
    sign_in: str
    """The link that signs a browser in as the owner, once."""
    owner: str
    token: str | None
    token_file: Path


@dataclass(frozen=True)
class Parts:
    """Everything that is built once."""

    db: Database
    services: Services
    engine: Engine
    sender: Callable[[], Sender]
    """Makes the one that there is, for which more has to be loaded than taking work needs."""
    gate: Gate
    keyring: Keyring


async def serve(settings: Settings, environ: Mapping[str, str], started: Callable[[Started], None]) -> None:
    """Run API and engine until SIGTERM or SIGINT; calls `started` when work can be taken.

    Raises DataFolderInUse, SchemaOutdated or OSError where it cannot start.
    """
    async with AsyncExitStack() as stack:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            listening = stack.enter_context(contextlib.closing(listen(settings.host, settings.port)))
        except OSError:
            # Most likely the folder's own server has the address: then that is what is said.
            with lock_data_folder(settings.data, address="nowhere yet"):
                raise
        port = listening.getsockname()[1]
        url = f"http://{shown_host(settings.host)}:{port}"
        stack.enter_context(lock_data_folder(settings.data, address=url))
        ready = anyio.Event()
        parts = await stack.enter_async_context(_build(settings, environ, url))
        account, token = await parts.services.access.ensure_owner("owner")
        sign_in = await parts.services.sessions.link_of(account)
        token_file = settings.data / "token"
        if token is not None:
            await anyio.to_thread.run_sync(_keep_secret, token_file, token)
        http = _Http(_http_config(settings, parts))
        stop, drained = anyio.Event(), anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_watch_signals, tasks.cancel_scope, stop, parts)
            tasks.start_soon(_run_engine, parts, stop, ready, drained)
            tasks.start_soon(_run_sender, parts, ready, drained, http)
            await ready.wait()
            _calm_collector()
            tasks.start_soon(_collect_seldom)
            tasks.start_soon(_announce, http, started, Started(url, sign_in.url, account.name, token, token_file))
            await http.serve(sockets=[listening])
            tasks.cancel_scope.cancel()


async def _watch_signals(scope: anyio.CancelScope, stop: anyio.Event, parts: Parts) -> None:
    """The first signal drains, the second stops at once."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            if stop.is_set():
                log.warning("stopping at once", extra={"signal": signal.Signals(number).name})
                scope.cancel()
                return
            log.info("draining", extra={"signal": signal.Signals(number).name})
            parts.gate.closed = True
            parts.services.bundles.builder.stop()
            stop.set()


async def _run_engine(parts: Parts, stop: anyio.Event, ready: anyio.Event, drained: anyio.Event) -> None:
    await parts.engine.run(stop, ready=ready)
    parts.services.predictions.release_holds()
    parts.services.followers.release()
    drained.set()


async def _run_sender(parts: Parts, ready: anyio.Event, drained: anyio.Event, http: _Http) -> None:
    """Webhooks are told of what the engine ended last, too; what does not get through now does with the next start."""
    await ready.wait()
    sender = await anyio.to_thread.run_sync(parts.sender)
    await sender.run(drained)
    http.should_exit = True


def _calm_collector() -> None:
    """Keep the garbage collector from stopping everything: what has been loaded by now stays, and is looked at no more.

    A look at all that is alive took 140 ms with 2,000 open holds, and came again and again while they were opened;
    young garbage, which is nearly all there is, is still collected as it comes, a few milliseconds at a time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 5, 1_000_000)


async def _collect_seldom() -> None:
    """Look through everything now and then, for garbage that became old before it became garbage."""
    while True:
        await anyio.sleep(COLLECT_SECONDS)
        gc.collect()


async def _announce(http: _Http, started: Callable[[Started], None], what: Started) -> None:
    await http.up.wait()
    started(what)


class _Http(uvicorn.Server):
    """uvicorn without its own signal handling, and with an event that says it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = anyio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the composition root's business: it drains before HTTP stops."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def _build(settings: Settings, environ: Mapping[str, str], url: str) -> AsyncGenerator[Parts]:
    keyring = await anyio.to_thread.run_sync(read_keyring, settings)
    await anyio.to_thread.run_sync(_bring_schema_up, settings)
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(open_database(settings.database, sqlite_sync=settings.sqlite_sync))
        notifier = await stack.enter_async_context(open_notifier(settings.database))
        builder = EnvironmentBuilder(
            settings.data / "environments", settings.uv_cache, environ=environ, search=settings.python_search
        )
        bundles = await anyio.to_thread.run_sync(_bundles, settings, db, builder)
        gate = Gate()
        base = settings.public_url or url
        uploads, files = _file_services(settings, db, bundles, keyring, base)
        vault = Vault(keyring)
        services, execution, offers = _services(settings, db, notifier, bundles, gate, uploads, files, vault, base)
        runtime = await anyio.to_thread.run_sync(materialize, settings.data / "runtime")
        hints = Hints(notifier)
        launcher = LocalLauncher(runtime, {name: environ[name] for name in PASSED_ON if name in environ})
        engine = Engine(
            models=services.models,
            bundles=bundles,
            execution=execution,
            fleet=services.fleet,
            retention=Retention(db, wall_clock, _keep(settings), execution.tally),
            files=files,
            variables=services.variables,
            offers=offers,
            hints=hints,
            launcher=launcher,
            limits=_engine_limits(settings),
            machine=await anyio.to_thread.run_sync(detect),
            shares=settings.hardware,
            home=settings.data / "engine",
            lease=settings.lease,
            grace_period=settings.grace_period,
            now=wall_clock,
            tally=execution.tally,
            vitals=services.health.vitals,
        )
        # What another process ended, or the end of a model, is waited for here, too.
        stack.enter_context(hints.endings(services.predictions.settled.nudge))
        # A user's new name, and what other processes change, reach what is remembered of models by this hint alone.
        stack.enter_context(notifier.subscribe("models", lambda _: services.models.forget()))
        db.tell = hints.delivery
        sender = partial(_sender, settings, db, vault, hints, services)
        yield Parts(db, services, engine, sender, gate, keyring)


def _bundles(settings: Settings, db: Database, builder: EnvironmentBuilder) -> Bundles:
    """The bundles of this machine, without what an earlier process left half done."""
    blobs = LocalBlobs(Path(unquote(urlsplit(settings.blobs).path)))
    blobs.clear_incoming()
    models = settings.data / "models"
    models.mkdir(parents=True, exist_ok=True)
    clear_partial(models)
    for incoming in models.glob(".incoming-*"):
        shutil.rmtree(incoming, ignore_errors=True)
    return Bundles(db, blobs, models, builder, wall_clock)


def _services(
    settings: Settings,
    db: Database,
    notifier: Notifier,
    bundles: Bundles,
    gate: Gate,
    uploads: Uploads,
    files: Files,
    vault: Vault,
    base: str,
) -> tuple[Services, Execution, Offers]:
    hints, tally, offers, ids = Hints(notifier), Tally(), Offers(), IdSource()
    settled = Settled(tally)
    hardware = Catalogue(db, wall_clock, settings.hardware)
    models = Models(db, notifier, bundles, ids, wall_clock, hardware)
    predictions = Predictions(
        db=db,
        hints=hints,
        models=models,
        offers=offers,
        settled=settled,
        ids=ids,
        gate=gate,
        now=wall_clock,
        vault=vault,
        start_timeout=settings.start_timeout,
        quotas=Quotas(settings.max_queue, settings.max_queue_per_account),
        targets=Targets(Allowed(_networks(settings.webhook_allow, settings.host))),
        files=files,
    )
    access = Access(db, ids, wall_clock)
    tails, followers = Tails(), Followers(tally=tally)
    services = Services(
        predictions=predictions,
        streams=Streams(db, hints, tails, followers, predictions),
        logbook=Logbook(db, hints, followers, predictions),
        followers=followers,
        models=models,
        categories=Categories(db, wall_clock),
        search=Search(db),
        sharing=Sharing(db, models),
        users=Users(db, notifier, access, wall_clock, ids),
        access=access,
        sessions=Sessions(db, ids, access, wall_clock, settings.session_ttl, base),
        bundles=bundles,
        variables=Variables(db, notifier, vault, wall_clock, models.forget),
        uploads=uploads,
        files=files,
        webhooks=Webhooks(db, predictions, wall_clock),
        removal=Removal(db, predictions, files, wall_clock, tally),
        fleet=Fleet(db, wall_clock, settings.lease),
        metrics=Metrics(db, tally, settled, wall_clock, wall_clock(), version("augury")),
        statistics=Statistics(db, wall_clock),
        health=Health(db, gate, settings.data),
        hardware=hardware,
    )
    execution = Execution(db, hints, settled, wall_clock, vault, settings.max_give_backs, tally, tails, files)
    return services, execution, offers


def _file_services(
    settings: Settings, db: Database, bundles: Bundles, keyring: Keyring, base: str
) -> tuple[Uploads, Files]:
    links = Links(base, keyring.derive(LINKS), wall_clock)
    limits = UploadLimits(
        part_size=settings.upload_part,
        max_size=settings.max_file,
        part_ttl=settings.upload_ttl,
        file_ttl=settings.file_ttl,
    )
    uploads = Uploads(db, bundles.blobs, links, IdSource(), wall_clock, limits)
    return uploads, Files(db, bundles.blobs, links, wall_clock, settings.upload_ttl)


def _keep(settings: Settings) -> Keep:
    return Keep(
        idempotency_ttl=settings.idempotency_ttl,
        retention=settings.retention,
        records=settings.retention_records,
        size=settings.retention_size,
    )


def _engine_limits(settings: Settings) -> EngineLimits:
    return EngineLimits(
        setup_timeout=settings.setup_timeout,
        run_timeout=settings.run_timeout,
        idle_timeout=settings.idle_timeout,
        cancel_grace=settings.cancel_grace,
        max_output=settings.max_output,
        max_workers=settings.max_workers,
        fetch_allow=_networks(settings.fetch_allow, settings.host),
    )


def _sender(settings: Settings, db: Database, vault: Vault, hints: Hints, services: Services) -> Sender:
    from augury.webhooks.guard import GuardedBackend
    from augury.webhooks.request import Requests
    from augury.webhooks.sender import Sender

    timeout = settings.webhook_timeout
    return Sender(
        outbox=Outbox(db, vault, wall_clock, lease=timeout + SENDING_SECONDS),
        hints=hints,
        requests=Requests(f"augury/{version('augury')}".encode(), timeout, forms=forms(services.files.links)),
        backend=GuardedBackend(services.predictions.targets),
        now=wall_clock,
    )


def _networks(allowed: Sequence[IPv4Network | IPv6Network], host: str) -> tuple[str, ...]:
    """What may be called besides public addresses: a server that only this machine can reach may call it (D44)."""
    return (*(str(network) for network in allowed), *_own_networks(host))


def _own_networks(host: str) -> tuple[str, ...]:
    return LOOPBACK if host == "localhost" or (_is_address(host) and ip_address(host).is_loopback) else ()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _http_config(settings: Settings, parts: Parts) -> uvicorn.Config:
    limits = Limits(
        default_wait=settings.default_wait,
        max_wait=settings.max_wait,
        max_body=settings.max_body,
        max_bundle=settings.max_bundle,
        stream_idle=settings.stream_idle,
        stream_heartbeat=settings.stream_heartbeat,
        public_url=settings.public_url,
        compat_wait=settings.compat_wait,
        compat_cancel=settings.compat_cancel,
        metrics_open=bool(_own_networks(settings.host)) if settings.metrics is None else settings.metrics == "open",
        rates={rate.name: (rate.interval, rate.burst) for rate in settings.rate_limit},
    )
    cookies = Cookies.of(parts.keyring.derive(COOKIES), settings.public_url)
    return uvicorn.Config(
        create_app(parts.services, limits, fronts(parts.services, limits), cookies, WebApp),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        server_header=False,
        timeout_graceful_shutdown=5,
    )


def _bring_schema_up(settings: Settings) -> None:
    url = settings.database
    if url.startswith("sqlite"):
        schema.create(url)
    if url.startswith("sqlite") and schema.current(url) in (None, *schema.steps()[:-1]):
        # Only now: Alembic takes longer to load than a server that needs no migration takes to start.
        from augury.store import migrate

        migrate.upgrade(url)
    schema.check(url)


def read_keyring(settings: Settings) -> Keyring:
    """The keys that are set, or the one that the first start put into the data folder."""
    if settings.secret_keys is not None:
        return Keyring(settings.secret_keys)
    if not settings.database.startswith("sqlite"):
        raise SettingsError(
            "secret_key is required with PostgreSQL, the same on each machine: set AUGURY_SECRET_KEY to a random text "
            f"of at least {SHORTEST_KEY} characters, such as `openssl rand -hex 32` prints"
        )
    kept = settings.data / "secret_key"
    if not kept.exists():
        _keep_secret(kept, secrets.token_hex(32))
    keys = tuple(kept.read_text().split())
    if not keys or any(len(one) < SHORTEST_KEY for one in keys):
        raise SettingsError(f"{kept} should hold texts of at least {SHORTEST_KEY} characters, the newest first")
    return Keyring(keys)


def _keep_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
