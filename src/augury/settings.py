"""Every setting, once: its name, type, default and help; and the only code that reads the environment.

`Settings.load()` takes what the command line gave, then `AUGURY_*` variables, then a TOML file, then defaults, and
refuses a name that it does not know. `Settings(...)` reads nothing, which is what tests want. Knows nothing about what
the settings are for: the composition root hands them on, as plain values.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from augury.quantities import (
    Rate,
    Share,
    parse_bytes,
    parse_rates,
    parse_seconds,
    parse_share,
    show_bytes,
    show_seconds,
)

Origin = Literal["given", "environment", "file", "default"]

PREFIX = "AUGURY_"
CONFIG = "AUGURY_CONFIG"
"""The variable that names the TOML file; not a setting itself."""
SHORTEST_KEY = 32
"""Characters of a secret key."""


class SettingsError(Exception):
    """A setting that is not known or not valid; the message names it, where it came from and what would do."""


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    return [ip_network(part, strict=False) if isinstance(part, str) else part for part in _split(value)]


def _rates(value: Any) -> Any:
    return parse_rates(value, RATES)


def _shares(value: Any) -> Any:
    shares = [parse_share(part) if isinstance(part, str) else part for part in _split(value)]
    names = [one.identifier for one in shares if isinstance(one, Share)]
    if len(set(names)) < len(names) or "cpu" in names:
        raise ValueError("should have each name once, and not the name cpu, which is there already")
    return shares


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("should be an address such as https://predict.example.org")
    return value.rstrip("/")


Bytes = Annotated[int, BeforeValidator(parse_bytes), Field(gt=0)]
Seconds = Annotated[float, BeforeValidator(parse_seconds), Field(ge=0, allow_inf_nan=False)]
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
Folders = Annotated[tuple[Folder, ...], NoDecode, BeforeValidator(_split)]
RATES = ("read", "write", "predict", "anonymous")
"""What can have a rate limit of its own."""
Rates = Annotated[tuple[Rate, ...], NoDecode, BeforeValidator(_rates)]
Shares = Annotated[tuple[Share, ...], NoDecode, BeforeValidator(_shares)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


@dataclass(frozen=True)
class Setting:
    """One line of the table of settings, with the value in force."""

    name: str
    variable: str
    help: str
    value: Any
    shown: str
    """The value as a person would write it, passwords left out."""
    default: str
    origin: Origin


class _Base(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", validate_default=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # What comes from outside is read by load(), which has to know where each value came from.
        return (init_settings,)


class Settings(_Base):
    """The settings of a server and its engine; frozen."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for every one this machine has.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one and prints it.")
    data: Folder = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("augury", appauthor=False)),
        description="Folder for everything that is kept: database, bundles, environments, the owner's token.",
        json_schema_extra={"default": "~/.local/share/augury"},
    )
    database_url: str | None = Field(
        default=None,
        description="Where rows are kept: sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME.",
        json_schema_extra={"default": "SQLite in the data folder"},
    )
    sqlite_sync: Literal["full", "normal"] = Field(
        default="full",
        description="full: what was answered survives a power cut. normal: faster, and may lose the last moments.",
    )
    blobs_url: str | None = Field(
        default=None,
        description="Where bytes are kept: file:///PATH.",
        json_schema_extra={"default": "a folder in the data folder"},
    )
    public_url: WebAddress | None = Field(
        default=None,
        description="What absolute links in answers start with.",
        json_schema_extra={"default": "the address that is listened on"},
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="What seals and signs: one or several texts of 32 characters or more, the newest first, "
        "separated by commas.",
        json_schema_extra={"default": "made at the first start, in the data folder; required with PostgreSQL"},
    )
    max_wait: Seconds = Field(
        default=60, description="The longest that a request may be held for its prediction to end."
    )
    default_wait: Seconds = Field(default=60, description="How long `Prefer: wait` holds a request that names no time.")
    max_body: Bytes = Field(default=32 * 2**20, description="The biggest request body; bigger data is uploaded.")
    max_output: Bytes = Field(default=32 * 2**20, description="The biggest output of a prediction, as JSON.")
    max_bundle: Bytes = Field(default=2 * 2**30, description="The biggest bundle of a model's files.")
    max_file: Bytes = Field(default=50 * 2**30, description="The biggest file that can be uploaded.")
    upload_part: Bytes = Field(
        default=16 * 2**20,
        description="The size of the parts that big files are uploaded in; the biggest have bigger ones.",
    )
    upload_ttl: Seconds = Field(
        default=3600, gt=0, description="How long an upload's parts may be sent; completing may take twice that."
    )
    file_ttl: Seconds = Field(default=86400, gt=0, description="How long an uploaded file is kept.")
    grace_period: Seconds = Field(
        default=30, description="How long running predictions may take to end when the server is told to stop."
    )
    cancel_grace: Seconds = Field(
        default=5, description="How long a cancelled prediction may take to end before its worker is killed."
    )
    idle_timeout: Seconds = Field(
        default=300, description="How long a worker without work is kept, where its version does not say otherwise."
    )
    setup_timeout: Seconds = Field(
        default=600, description="How long a model may take to set itself up, where its version does not say otherwise."
    )
    run_timeout: Seconds = Field(
        default=1800, description="How long one prediction may run, where its version does not say otherwise."
    )
    start_timeout: Seconds | None = Field(
        default=None,
        description="How long a prediction may be queued before it is abandoned.",
        json_schema_extra={"default": "no limit"},
    )
    lease: Seconds = Field(
        default=30,
        gt=0,
        description="How long after an engine's last sign of life its predictions are given back to the queue.",
    )
    max_workers: int = Field(
        default_factory=lambda: 2 * len(os.sched_getaffinity(0)),
        ge=1,
        description="How many worker processes this machine may run at once.",
        json_schema_extra={"default": "twice the number of CPUs"},
    )
    hardware: Shares = Field(
        default=(),
        description="Named sizes that versions may ask for besides what is found, such as "
        "cpu-small: cpus=1 ram=2GiB, pair: gpus=2 ram=64GiB.",
    )
    rate_limit: Rates = Field(
        default=(),
        description="How often each token, or address without one, may ask: of read, write, predict and anonymous, "
        "such as read=3/s burst 10, predict=15/s.",
        json_schema_extra={"default": "no limit"},
    )
    max_queue: int | None = Field(
        default=None,
        ge=1,
        description="How many predictions of one version may wait for a worker; more are refused.",
        json_schema_extra={"default": "no limit"},
    )
    max_queue_per_account: int | None = Field(
        default=None,
        ge=1,
        description="How many predictions of one account may wait for a worker; more are refused.",
        json_schema_extra={"default": "no limit"},
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Networks of reverse proxies whose X-Forwarded-For and -Proto are believed, such as 10.0.0.0/8.",
    )
    max_give_backs: int = Field(
        default=2,
        ge=0,
        description="How often a prediction that the platform lost returns to the queue before it is abandoned.",
    )
    session_ttl: Seconds = Field(
        default=30 * 86400, gt=0, le=3650 * 86400, description="How long a browser stays signed in to the web app."
    )
    idempotency_ttl: Seconds = Field(default=86400, description="How long an Idempotency-Key is remembered.")
    retention: Seconds = Field(
        default=30 * 86400,
        description="How long after its end a prediction keeps its contents: input, output, events, logs; 0: for ever.",
    )
    retention_size: Bytes | None = Field(
        default=None,
        description="How big the database may grow before what ended first is removed, whatever its age.",
        json_schema_extra={"default": "no limit"},
    )
    retention_records: Seconds = Field(
        default=365 * 86400,
        description="How long after its end a prediction is known at all, with its status and times; 0: for ever.",
    )
    stream_idle: Seconds = Field(
        default=60, description="How long a stream without a new event stays open, where its reader names no time."
    )
    stream_heartbeat: Seconds = Field(
        default=15, gt=0, description="How long a stream is silent before it gets a comment that keeps it alive."
    )
    compat_wait: Seconds = Field(
        default=600,
        gt=0,
        description="How long a call by another provider's client is held before its prediction is cancelled.",
    )
    compat_cancel: bool = Field(
        default=True,
        description="Whether a client of another provider that hangs up cancels what it has asked for, as it expects.",
    )
    webhook_timeout: Seconds = Field(
        default=10, gt=0, description="How long the receiver of a webhook may take to answer one attempt."
    )
    webhook_allow: Networks = Field(
        default=(),
        description="Networks besides public ones that webhooks may be sent to, such as 10.0.0.0/8,fd00::/8.",
    )
    fetch_allow: Networks = Field(
        default=(),
        description="Networks besides public ones that file inputs may be fetched from, such as 10.0.0.0/8,fd00::/8.",
    )
    metrics: Literal["open", "admin"] | None = Field(
        default=None,
        description="Who may read /metrics: open for everybody who can reach it, admin for admins' tokens alone.",
        json_schema_extra={"default": "open where only this machine can reach the server, else admin"},
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="console for people, json for machines: one object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged."
    )
    uv_cache: Folder | None = Field(
        default=None,
        description="Where uv keeps the packages it has fetched.",
        json_schema_extra={"default": "uv's own place"},
    )
    python_search: Folders = Field(
        default=(), description="Folders to look for Python interpreters in, before the PATH; separated by commas."
    )

    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    @field_validator("log_level", "log_format", "sqlite_sync", "metrics", mode="before")
    @classmethod
    def _in_lower_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"(sqlite:///|postgres(ql)?(\+psycopg)?://)", value):
            raise ValueError("should begin with sqlite:/// or postgresql://")
        return value

    @field_validator("blobs_url")
    @classmethod
    def _known_blobs(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("file:///"):
            raise ValueError("should begin with file:///")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(one) < SHORTEST_KEY for one in _keys(value)):
            raise ValueError(f"should be texts of at least {SHORTEST_KEY} characters, separated by commas")
        return value

    @model_validator(mode="after")
    def _waits_agree(self) -> Self:
        if self.default_wait > self.max_wait:
            raise ValueError(f"default_wait ({self.default_wait:g} s) is over max_wait ({self.max_wait:g} s)")
        return self

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings in force; `given` (None = not given) wins over the environment, that over the file.

        Raises SettingsError for an unknown name and for a value that does not fit.
        """
        _refuse_unknown_variables()
        given = {name: value for name, value in given.items() if value is not None}
        environment = EnvSettingsSource(cls)()
        path, named = _file_path(cls, {**environment, **given})
        file = _read_file(cls, path, named=named)
        origins: dict[str, Origin] = dict.fromkeys(file, "file")
        origins.update(dict.fromkeys(environment, "environment"))
        origins.update(dict.fromkeys(given, "given"))
        try:
            settings = cls(**{**file, **environment, **given})
        except ValidationError as error:
            raise SettingsError("\n".join(_complaints(error, origins, path))) from None
        settings._origins.update(origins)
        return settings

    def origin(self, name: str) -> Origin:
        """Where the value of a setting came from."""
        return self._origins.get(name, "given" if name in self.model_fields_set else "default")

    def table(self) -> Iterator[Setting]:
        """Every setting in the order of this file, with the value in force and its origin."""
        for name, info in type(self).model_fields.items():
            value = getattr(self, name)
            yield Setting(
                name=name,
                variable=_variable(name),
                help=info.description or "",
                value=value,
                shown=_shown(info, value),
                default=_default(info),
                origin=self.origin(name),
            )

    @property
    def database(self) -> str:
        """The URL of the database in force."""
        return self.database_url or f"sqlite:///{self.data / 'augury.db'}"

    @property
    def secret_keys(self) -> tuple[str, ...] | None:
        """The secret keys, newest first; None where they are in the data folder."""
        return None if self.secret_key is None else _keys(self.secret_key)

    @property
    def blobs(self) -> str:
        """The URL of the place for bytes in force."""
        return self.blobs_url or (self.data / "blobs").as_uri()


class ClientSettings(_Base):
    """The settings of the command line where it talks to a server; frozen."""

    url: WebAddress | None = Field(default=None, description="The server, such as http://127.0.0.1:8080.")
    token: SecretStr | None = Field(default=None, description="The token to show it.")

    @classmethod
    def load(cls) -> Self:
        """What the environment says; raises SettingsError."""
        _refuse_unknown_variables()
        try:
            return cls(**EnvSettingsSource(cls)())
        except ValidationError as error:
            origins: dict[str, Origin] = dict.fromkeys(cls.model_fields, "environment")
            raise SettingsError("\n".join(_complaints(error, origins, None))) from None


def environment() -> dict[str, str]:
    """The variables of this process, for the composition root to choose from what its children get."""
    return dict(os.environ)


def _keys(value: SecretStr) -> tuple[str, ...]:
    return tuple(one.strip() for one in value.get_secret_value().split(","))


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _refuse_unknown_variables() -> None:
    known = {_variable(name) for name in (*Settings.model_fields, *ClientSettings.model_fields)} | {CONFIG}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise SettingsError(f"{name} in the environment is no setting{_suggestion(name.upper(), known)}")


def _file_path(cls: type[Settings], known: Mapping[str, Any]) -> tuple[Path, bool]:
    """The TOML file, and whether it was asked for by name and so must exist."""
    if named := os.environ.get(CONFIG):
        return Path(named).expanduser(), True
    data = known.get("data") or cls.model_fields["data"].get_default(call_default_factory=True)
    return Path(data).expanduser() / "augury.toml", False


def _read_file(cls: type[Settings], path: Path, *, named: bool) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            raise SettingsError(f"{CONFIG} names {path}, which is not there") from None
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    for name in values:
        if name not in cls.model_fields:
            raise SettingsError(f"{name} in {path} is no setting{_suggestion(name, cls.model_fields)}")
    return values


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else "; `augury settings` lists them all"


def _complaints(error: ValidationError, origins: Mapping[str, Origin], path: Path | None) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        message = re.sub(r"^Value error, ", "", problem["msg"])
        if not problem["loc"]:
            yield message
            continue
        name = str(problem["loc"][0])
        match origins.get(name):
            case "environment":
                yield f"{_variable(name)} in the environment: {message}"
            case "file":
                yield f"{name} in {path}: {message}"
            case _:
                yield f"{name}: {message}"


def _default(info: FieldInfo) -> str:
    extra = cast("Mapping[str, object]", info.json_schema_extra or {})
    if "default" in extra:
        return str(extra["default"])
    return _shown(info, info.default)


def _shown(info: FieldInfo, value: Any) -> str:
    if value is None or value == ():
        return ""
    parsers = {one.func for one in info.metadata if isinstance(one, BeforeValidator)}
    if parse_bytes in parsers:
        return show_bytes(value)
    if parse_seconds in parsers or isinstance(value, float):
        return show_seconds(value)
    if isinstance(value, tuple):
        return ",".join(str(one) for one in cast("tuple[object, ...]", value))
    return re.sub(r"(//[^/@:]*:).*@", r"\1***@", str(value))
