"""A PostgreSQL of the tests' own: made in a temporary folder, on loopback and a free port, gone afterwards.

PostgreSQL refuses to run as root, so a root caller starts it as the user `postgres` or `nobody`. Durability is off:
nothing here outlives the run. Knows nothing about Augury's tables.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString, Required, TypedDict

import psycopg
from psycopg import sql

from tests.support.signals import until

_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}
_PR_SET_PDEATHSIG = 1
_END_THE_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> %s AND pg_relation_size(oid) > 0
"""
_SHAPE = """
SELECT 'columns', count(*) FROM pg_attribute UNION ALL SELECT 'functions', count(*) FROM pg_proc
UNION ALL SELECT 'triggers', count(*) FROM pg_trigger UNION ALL SELECT 'constraints', count(*) FROM pg_constraint
ORDER BY 1
"""
_BEGIN_SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""

Shape = list[tuple[str, int]]


class NoPostgres(RuntimeError):
    """The programs of PostgreSQL are not on this machine, or it did not start."""


@dataclass(frozen=True)
class Postgres:
    """A running server: `url()` of its maintenance database, and new databases on request."""

    port: int
    password: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    def url(self, database: str = "postgres") -> str:
        """Where a database of this server is, as `postgresql://...`."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self) -> Generator[str]:
        """The URL of a new, empty database, dropped on leaving, whoever is still connected."""
        name = f"test_{next(self._numbers)}"
        self._run("CREATE DATABASE {} TEMPLATE template0", name)
        try:
            yield self.url(name)
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def empty(self, url: str, but: str) -> Shape:
        """Take every row out of a database's tables `but` one's, and count from 1 again, whoever is still connected.

        Returns what is left: how many columns, functions, triggers and constraints.
        """
        with psycopg.connect(url) as connection:
            connection.execute(_END_THE_OTHERS)
            # Rows that were deleted would still be counted where a way to read a table is chosen.
            used = [sql.Identifier(name) for (name,) in connection.execute(_TABLES, [but]).fetchall()]
            if used:
                connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(used)))
            connection.execute(_BEGIN_SEQUENCES)
            return connection.execute(_SHAPE).fetchall()

    def _run(self, statement: LiteralString, name: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@contextlib.contextmanager
def running() -> Generator[Postgres]:
    """Start a server, wait until it answers, and end it with its folder on leaving; raises NoPostgres."""
    programs = _programs()
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="augury-postgres-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        data, log = folder / "data", folder / "log"
        server = Postgres(port=_free_port(), password=secrets.token_hex(8))
        secret = folder / "password"
        secret.write_text(server.password)
        if user is not None:
            for path in (folder, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        _make(programs, data, secret, user)
        with log.open("wb") as output:
            process = _start(programs, data, server.port, user, output.fileno())
        until(lambda: _answers(server, process, log), "PostgreSQL answers", deadline=20)
        yield server
    finally:
        if process is not None:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).parent
    raise NoPostgres("initdb is not on this machine: `scripts/need-postgres` installs it or says how")


def _unprivileged() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoPostgres("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _make(programs: Path, data: Path, secret: Path, user: pwd.struct_passwd | None) -> None:
    command: list[str | Path] = [programs / "initdb", "--pgdata", data, "--username", "postgres", "--pwfile", secret]
    command += ["--auth", "md5", "--no-sync", "--no-instructions", "--encoding", "UTF8", "--locale", "C"]
    made = subprocess.run(command, capture_output=True, text=True, check=False, **_as(user))
    if made.returncode != 0:
        raise NoPostgres(f"initdb failed: {made.stderr}")


def _start(
    programs: Path, data: Path, port: int, user: pwd.struct_passwd | None, output: int
) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port)]
    for name, value in _FAST.items():
        command += ["-c", f"{name}={value}"]
    # A session of its own: Ctrl-C in the terminal ends the tests, and they end the server.
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=_die_with_parent,
        **_as(user),
    )


def _die_with_parent() -> None:
    # Tests that are killed, by a time limit say, leave no server behind.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGQUIT))


class _Identity(TypedDict, total=False):
    cwd: Required[str]
    env: Required[dict[str, str]]
    user: int
    group: int
    extra_groups: list[int]


def _as(user: pwd.struct_passwd | None) -> _Identity:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    if user is None:
        return {"cwd": "/", "env": environment}
    return {"cwd": "/", "env": environment, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _answers(server: Postgres, process: subprocess.Popen[bytes] | None, log: Path) -> bool:
    if process is None or process.poll() is not None:
        raise NoPostgres(f"PostgreSQL ended at once: {log.read_text(errors='replace')}")
    try:
        with psycopg.connect(server.url(), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
