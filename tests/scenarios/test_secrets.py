"""Planted values are looked for wherever they must not be: database, logs, answers, webhooks, other processes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from augury.domain.mask import STARS
from tests.support.publishing import Client
from tests.support.receiver import receiving
from tests.support.server import Server, descendants, running
from tests.support.signals import until

pytestmark = pytest.mark.timeout(150)

HUB = "hub-5f3a9c71d2e84b60aa07"
KEY = "-----BEGIN PLANTED KEY-----\n" + "\n".join(f"MIIE{n}" + "Qx7" * 18 for n in range(3)) + "\n-----END-----\n"
GIVEN = 'in-"\\é 93abf4471cc02d77'
LISTED = "listed-0c77de19"
HOOK = "hook-71f0e6a2b3c4d5"
PLAIN = "shown-to-all"
PLANTED = {
    "variable": HUB,
    "lines of a variable": "Qx7Qx7Qx7",
    "input": "93abf4471cc02d77",
    "list": LISTED,
    "webhook": HOOK,
}
"""What is looked for, by what it is a part of."""

LEAKY = """
import base64, hashlib, json, logging, os, subprocess, sys
from typing import Iterator, List
import augury
from augury import Secret

class Predictor:
    def setup(self) -> None:
        print("setup", os.environ["HUB_TOKEN"], os.environ["PLAIN"])
        os.write(1, os.environ["SIGNING_KEY"].encode() + b"\\n")

    def predict(self, text: str, token: Secret, more: List[Secret] = [], fail: str = "") -> Iterator[str]:
        values = [os.environ["HUB_TOKEN"], os.environ["SIGNING_KEY"], token.get_secret_value()]
        values += [one.get_secret_value() for one in more]
        for value in values:
            print("print", value)
            print("stderr", value, file=sys.stderr)
            logging.warning("logging %s", value)
            print("written", repr(value), json.dumps(value), base64.b64encode(value.encode()).decode())
            sys.stdout.write("halves " + value[:9])
            sys.stdout.flush()
            sys.stdout.write(value[9:] + "\\n")
            os.write(1, b"pipe " + value[:5].encode())
            os.write(1, value[5:].encode() + b"\\n")
            child = "import sys; print('child', sys.argv[1]); print('child', sys.argv[1], file=sys.stderr)"
            subprocess.run([sys.executable, "-c", child, value], check=True)
            augury.metric("used", value)
            augury.progress(0.5, "with " + value)
            yield hashlib.sha256(value.encode()).hexdigest()
        if fail == "raise":
            raise ValueError("cannot use " + ", ".join(values))
        if fail == "exit":
            print("x" * 200 + values[0][:12])
            os.abort()
        if fail == "type":
            yield {"not": values}
"""
QUIET = """
import os
def predict(text: str = "") -> str:
    return str(os.getpid())
"""
WAITS = """
import hashlib, os, time
from typing import List
from augury import Secret
def predict(gate: str, tokens: List[Secret]) -> str:
    while not os.path.exists(gate):
        time.sleep(0.01)
    values = [os.environ["HUB_TOKEN"], *(one.get_secret_value() for one in tokens)]
    return " ".join(hashlib.sha256(one.encode()).hexdigest() for one in values)
"""


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def plant(client: Client) -> None:
    for name, key, value, secret in (
        ("hub-token", "HUB_TOKEN", HUB, True),
        ("signing-key", "SIGNING_KEY", KEY, True),
        ("plain", "PLAIN", PLAIN, False),
    ):
        body = {"name": name, "key": key, "value": value, "secret": secret}
        client.http.post("/variables", json=body).raise_for_status()


def leaks(where: str, content: bytes | str) -> list[str]:
    """What is found there that must not be."""
    raw = content.encode() if isinstance(content, str) else content
    found = [f"{where}: {what}" for what, value in PLANTED.items() if value.encode() in raw]
    codes = [base64.b64encode(one.encode())[:16] for one in (HUB, KEY, GIVEN, LISTED, HOOK)]
    return found + [f"{where}: in base64" for code in codes if code in raw]


def answers(client: Client, ids: list[str]) -> Iterator[tuple[str, str]]:
    """Everything that the API says of these predictions, and of variables."""
    paths = ["/predictions", "/variables", "/models/owner/leaky", "/models/owner/leaky/versions/1/configuration"]
    for one in ids:
        paths += [f"/predictions/{one}", f"/predictions/{one}/logs?page_size=100", f"/predictions/{one}/webhooks"]
        paths += [f"/predictions/{one}/stream"]
    for path in paths:
        answer = client.http.get(path)
        assert answer.status_code == 200, answer.text
        yield path, answer.text


@pytest.fixture
def postgres_or_not(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    if database_url.startswith("postgresql"):
        settings = {**os.environ, "AUGURY_DATABASE_URL": database_url, "AUGURY_DATA": str(tmp_path / "data")}
        subprocess.run([sys.executable, "-m", "augury", "migrate"], env=settings, check=True, timeout=60)
        return database_url
    return ""


@pytest.fixture
def leaky_server(postgres_or_not: str, tmp_path: Path) -> Generator[Server]:
    settings = {"database_url": postgres_or_not} if postgres_or_not else {}
    with running(tmp_path, cancel_grace="1", max_workers="4", log_level="debug", **settings) as server:
        yield server


def test_planted_secrets_are_nowhere_but_in_the_worker_that_has_them(leaky_server: Server, tmp_path: Path) -> None:
    server = leaky_server
    with closing(Client(server, tmp_path)) as client, receiving() as receiver:
        plant(client)
        model = client.publish("leaky", LEAKY, 'variables = ["hub-token", "signing-key", "plain"]')
        quiet = client.publish("quiet", QUIET)
        other = int(client.create(quiet, wait=20)["output"])
        ids: list[str] = []
        for fail in ("", "raise", "type", "exit"):
            inputs = {"text": "x", "token": GIVEN, "more": [LISTED], "fail": fail}
            webhook = {"url": receiver.url, "secret": HOOK}
            body = {"model": model, "input": inputs, "stream": True, "webhook": webhook}
            ids.append(client.http.post("/predictions", json=body).raise_for_status().json()["id"])
        ended = [client.ended(one, deadline=60) for one in ids]
        bad = {"model": model, "input": {"text": 1, "token": GIVEN, "more": [{"a": LISTED}]}}
        refused = client.http.post("/predictions", json=bad, headers={"Validate-Input": "true"})
        ids.append(client.http.post("/predictions", json={**bad, "stream": True}).json()["id"])

        assert [one["status"] for one in ended] == ["succeeded", "failed", "failed", "failed"]
        assert ended[0]["output"] == [sha(one) for one in (HUB, KEY, GIVEN, LISTED)]
        assert ended[0]["input"] == {"text": "x", "token": STARS, "more": [STARS], "fail": ""}
        assert ended[0]["metrics"]["used"] == STARS
        assert ended[1]["error"]["message"].startswith(f"cannot use {STARS}, {STARS}")
        assert refused.status_code == 422
        bodies = [got.body for _ in ended for got in receiver.until_ended(20)]
        found = [leak for body in bodies for leak in leaks("webhook", body)]
        found += leaks("refusal", refused.text)
        texts = dict(answers(client, ids))
        for path, text in texts.items():
            found += leaks(path, text)
        lines = [one["text"] for one in json.loads(texts[f"/predictions/{ids[0]}/logs?page_size=100"])["items"]]
        for told in ("print", "stderr", "logging", "halves", "pipe", "child"):
            assert f"{told} {STARS}" in "\n".join(lines), (told, lines)
        assert f"setup {STARS} {PLAIN}" in lines
        assert json.loads(texts["/variables"])["items"][1]["value"] == PLAIN
        for process in (server.pid, other):
            found += leaks(f"environment of {process}", Path(f"/proc/{process}/environ").read_bytes())
        found += leaks("server log", server.log)
        found += kept(server)
        assert found == []
        workers = [Path(f"/proc/{one}/environ").read_bytes() for one in descendants(server.pid)]
        assert all(HUB.encode() not in one for one in workers if f"AUGURY_WORKER_ID={other}".encode() in one)
        server.stop()
        assert kept(server) == []
        server.start()


def kept(server: Server) -> list[str]:
    """Leaks in everything that is on the disk and in the database."""
    found: list[str] = []
    for path in server.data.rglob("*"):
        if path.is_file() and "environments" not in path.parts:
            found += leaks(str(path.relative_to(server.data)), path.read_bytes())
    url = server.settings.get("database_url", "")
    if url:
        with psycopg.connect(url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in tables:
                rows = connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))).fetchall()
                found += leaks(f"table {table}", "\n".join(row[0] for row in rows))
    return found


def test_a_prediction_given_back_still_has_its_secrets(own_server: Server, own_client: Client, tmp_path: Path) -> None:
    plant(own_client)
    model = own_client.publish("waits", WAITS, 'variables = ["hub-token"]')
    gate = tmp_path / "gate"
    body = {"model": model, "input": {"gate": str(gate), "tokens": [GIVEN, LISTED]}}
    headers = {"Idempotency-Key": "once"}
    made = own_client.http.post("/predictions", json=body, headers=headers).raise_for_status().json()
    assert made["input"]["tokens"] == [STARS, STARS]
    own_client.reaches(made["id"], "started", deadline=30)
    queued = own_client.http.post("/predictions", json=body).raise_for_status().json()
    own_server.restart(signal.SIGKILL)
    again = own_client.http.post("/predictions", json=body, headers=headers).raise_for_status().json()
    assert again["id"] == made["id"]
    other = {"model": model, "input": {"gate": str(gate), "tokens": ["other"]}}
    assert own_client.http.post("/predictions", json=other, headers=headers).status_code == 422
    gate.touch()
    expected = " ".join(map(sha, (HUB, GIVEN, LISTED)))
    for one in (made, queued):
        assert own_client.ended(one["id"], deadline=40)["output"] == expected


def test_a_changed_variable_starts_new_workers_and_loses_nothing(client: Client, tmp_path: Path) -> None:
    plant(client)
    model = client.publish("changing", WAITS, 'variables = ["hub-token"]')
    first, second = tmp_path / "first", tmp_path / "second"
    old = client.create(model, gate=str(first), tokens=[])
    client.reaches(old["id"], "started", deadline=30)
    client.http.patch("/variables/hub-token", json={"value": "another-value"}).raise_for_status()
    new = client.create(model, gate=str(second), tokens=[])
    first.touch()
    second.touch()
    assert client.ended(old["id"], deadline=30)["output"] == sha(HUB)
    assert client.ended(new["id"], deadline=30)["output"] == sha("another-value")
    assert client.http.delete("/variables/hub-token").json()["code"] == "variable_in_use"


def test_a_variable_that_is_gone_at_the_start_is_said(own_server: Server, own_client: Client, tmp_path: Path) -> None:
    plant(own_client)
    model = own_client.publish("missing", WAITS, 'variables = ["hub-token"]')
    with closing(sqlite3.connect(own_server.data / "augury.db")) as connection:
        connection.execute("DELETE FROM variables WHERE name = 'hub-token'")
        connection.commit()
    failed = own_client.ended(own_client.create(model, gate="/", tokens=[])["id"], deadline=60)
    assert "the model's owner has no variable hub-token" in failed["error"]["message"]
    assert failed["error"]["detail"]["type"] == "setup_failed"


OLD, NEW = "an old key of more than 32 characters", "a new key of more than 32 characters"


def test_keys_are_rotated_while_a_server_runs_and_the_old_one_is_not_needed_any_more(tmp_path: Path) -> None:
    with running(tmp_path, cancel_grace="1", secret_key=OLD) as server, closing(Client(server, tmp_path)) as client:
        plant(client)
        model = client.publish("waits", WAITS, 'variables = ["hub-token"]')
        with receiving() as receiver:
            gate = tmp_path / "gate"
            body = {"model": model, "input": {"gate": str(gate), "tokens": [GIVEN]}}
            hooked = {**body, "webhook": {"url": receiver.url, "secret": HOOK}}
            made = client.http.post("/predictions", json=hooked).raise_for_status().json()
            server.settings["secret_key"] = f"{NEW},{OLD}"
            server.restart()
            settings = {**os.environ, "AUGURY_DATA": str(server.data), "AUGURY_SECRET_KEY": f"{NEW},{OLD}"}
            rotate = [sys.executable, "-m", "augury", "secrets", "rotate", "--json"]
            ran = subprocess.run(rotate, env=settings, capture_output=True, text=True, timeout=60, check=True)
            assert json.loads(ran.stdout) == {"sealed": 5, "lost": []}
            ran = subprocess.run(rotate, env=settings, capture_output=True, text=True, timeout=60, check=True)
            assert json.loads(ran.stdout) == {"sealed": 0, "lost": []}
            server.settings["secret_key"] = NEW
            server.restart()
            gate.touch()
            assert client.ended(made["id"], deadline=40)["output"] == f"{sha(HUB)} {sha(GIVEN)}"
            signed = receiver.until_ended(30)[-1]
            assert "wriftai-webhook-signature" in signed.headers
        settings["AUGURY_SECRET_KEY"] = OLD
        ran = subprocess.run(rotate, env=settings, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 1
        assert len(json.loads(ran.stdout)["lost"]) >= 4


def test_secrets_of_inputs_are_forgotten_after_the_end(tmp_path: Path) -> None:
    with running(tmp_path, retention="10s") as server, closing(Client(server, tmp_path)) as client:
        plant(client)
        model = client.publish("waits", WAITS, 'variables = ["hub-token"]')
        one = client.create(model, wait=30, gate="/", tokens=[GIVEN])
        assert one["status"] == "succeeded"

        def count() -> int:
            with closing(sqlite3.connect(server.data / "augury.db")) as connection:
                return connection.execute("SELECT count(*) FROM prediction_secrets").fetchone()[0]

        until(lambda: count() == 0, "the secrets are gone", deadline=30)


def test_a_worker_has_no_variables_that_its_version_does_not_name(client: Client) -> None:
    client.http.post("/variables", json={"name": "unasked", "key": "UNASKED", "value": HUB, "secret": True})
    source = "import os\ndef predict(x: int = 0) -> list[str]:\n    return sorted(os.environ)\n"
    environ: Any = client.create(client.publish("curious", source), wait=20)["output"]
    assert "UNASKED" not in environ
    assert not [name for name in environ if "SECRET" in name or "TOKEN" in name]
