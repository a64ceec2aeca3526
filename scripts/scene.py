"""What the pictures of the web app show: a server with the example models, a broken one, and an hour behind it.

Every prediction was made for the purpose, and ran; only their times are put apart afterwards, over the last hour.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.publishing import Client
from tests.support.receiver import Receiver, Reply, receiving
from tests.support.server import Server, running

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = [
    "ocr",
    "drawing",
    "speech",
    "embedding",
    "readability.py",
    "babble.py",
    "eliza.py",
    "cog/palette",
    "cog/redact",
]
CATEGORIES = {
    "pictures": ("Pictures", ["ocr", "drawing", "palette"]),
    "text": ("Text", ["readability", "babble", "eliza", "redact", "embedding"]),
    "sound": ("Sound", ["speech"]),
}
ABOUT = {
    "ocr": "Reads the text in a picture",
    "drawing": "Draws shapes that are described in plain words",
    "speech": "Says where somebody speaks in a recording",
    "embedding": "Turns texts into vectors that are near each other where their meanings are",
    "readability": "Says how hard a text is to read",
    "babble": "Writes new text in the manner of another",
    "eliza": "A therapist of 1966, behind OpenAI's chat",
    "palette": "Finds the colours that a picture is made of",
    "redact": "Takes names and numbers out of a text",
    "invoices": "Reads the sums of invoices",
    "forecast": "Says how much will be sold next week",
}
OVERVIEW = """
Reads printed text in photographs and scans: **PP-OCRv4** by way of ONNX, on the CPU.

| picture | time |
|---|---|
| a receipt | 0.4 s |
| a page, 300 dpi | 1.9 s |

- finds lines, turns them upright, reads them
- says how sure it is of each line

Letters below 10 pixels are guessed.
"""
FAILING = '''
"""Reads the sums of invoices."""
import re


def amounts(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in re.findall(r"[\\d,.]+", text)]


def predict(text: str, currency: str = "EUR") -> float:
    """The sum of all amounts in a text."""
    print(f"reading {len(text)} characters")
    found = amounts(text)
    print(f"{len(found)} amounts in {currency}")
    return sum(found)
'''
BROKEN = '''
"""Says how much will be sold next week."""
import json


class Predictor:
    def setup(self):
        print("loading the weights of 2026-11")
        with open("weights.json") as file:
            self.weights = json.load(file)

    def predict(self, product: str) -> float:
        return self.weights[product]
'''
CHANGE = (
    "max_length=1_000_000)],\n) ->",
    "max_length=2_000_000)],\n"
    "    digits: Annotated[int, Input(description='Digits after the point', ge=0, le=3)] = 1,\n) ->",
)
"""What is different in readability's second version."""
TEXT = (
    "It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a "
    "wife. However little known the feelings or views of such a man may be on his first entering a neighbourhood, "
    "this truth is so well fixed in the minds of the surrounding families, that he is considered the rightful "
    "property of some one or other of their daughters."
)


@dataclass(frozen=True)
class Scene:
    """What there is to be looked at."""

    server: Server
    client: Client
    failed: str


@contextmanager
def scene(folder: Path) -> Generator[Scene]:
    """The server, as long as it is looked at."""
    settings = {"webhook_allow": "127.0.0.0/8", "max_workers": "12"}
    with receiving() as receiver, running(folder, **settings) as server:
        for path in EXAMPLES:
            augury(server, "push", f"examples/{path}", Path(path).stem, "--public")
        with closing(Client(server, folder / "published")) as client:
            publish(client)
            describe(client)
            work(client)
            failed = fail(client, receiver)
            server.stop()
            spread_over_the_last_hour(server.data / "augury.db", but=failed)
            server.start()
            yield Scene(server, client, failed)


def augury(server: Server, *arguments: str) -> None:
    """A command of ours."""
    ours = {"AUGURY_URL": server.url, "AUGURY_TOKEN": server.token, "AUGURY_DATA": str(server.data)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")} | ours
    print("augury", *arguments, flush=True)
    subprocess.run([sys.executable, "-m", "augury", *arguments], cwd=ROOT, env=environment, check=True)


def publish(client: Client) -> None:
    """The models that go wrong, and a second version of one that does not."""
    client.publish("invoices", FAILING)
    client.publish("forecast", BROKEN)
    changed = (ROOT / "examples" / "readability.py").read_text().replace(*CHANGE)
    path = client.folder / "readability" / "predict.py"
    path.parent.mkdir(parents=True)
    path.write_text(changed)
    client.publish_path("readability", path)


def describe(client: Client) -> None:
    """What is said of the models, and their categories."""
    for slug, (name, models) in CATEGORIES.items():
        client.http.post("/model_categories", json={"slug": slug, "name": name}).raise_for_status()
        for model in models:
            client.http.patch(f"/models/owner/{model}", json={"category_slugs": [slug]}).raise_for_status()
    for model, description in ABOUT.items():
        client.http.patch(f"/models/owner/{model}", json={"description": description}).raise_for_status()
    client.http.patch("/models/owner/ocr", json={"overview": OVERVIEW}).raise_for_status()


def work(client: Client) -> None:
    """Many predictions, most of which go well."""
    dice = random.Random(7)
    for _ in range(220):
        match dice.choices(["readability", "babble", "eliza", "redact", "invoices"], [40, 25, 20, 12, 6])[0]:
            case "readability":
                client.create("owner/readability", wait=20, text=TEXT[: dice.randrange(60, len(TEXT))])
            case "babble":
                client.create(
                    "owner/babble", wait=20, manner=TEXT, words=dice.randrange(10, 90), pace=dice.choice([0, 400])
                )
            case "eliza":
                said = dice.choice(["I am tired of invoices", "My brother never calls", "I need a holiday", "Hello"])
                client.create("owner/eliza", wait=20, messages=[{"role": "user", "content": said}])
            case "redact":
                client.create(
                    "owner/redact", wait=20, text="Ask Ms Fields, 020 7946 0123, or write to ann@example.com."
                )
            case _:
                text = dice.choice(["Total: 1,240.50", "2 x 19.90, 1 x 5.00", "due on 1.12., 310.00"])
                client.create("owner/invoices", wait=20, text=text)
    client.create("owner/forecast", wait=20, product="umbrellas")


def fail(client: Client, receiver: Receiver) -> str:
    """A prediction that failed, of which the first word was not taken."""
    for status in (503, 200):
        receiver.answers.put(Reply(status))
    body = {"model": "owner/invoices", "input": {"text": "Invoice 1.12.: 1,240.50 and 19.90"}}
    made = client.http.post("/predictions", json=body | {"webhook": {"url": receiver.url}})
    made.raise_for_status()
    return str(client.ended(made.json()["id"])["id"])


def spread_over_the_last_hour(database: Path, but: str) -> None:
    """Put the times of all predictions apart, in their order; each stays as long as it was."""
    now = time.time_ns() // 1000
    with closing(sqlite3.connect(database)) as db, db:
        rows: list[tuple[str, int]] = db.execute(
            "SELECT id, created_at FROM predictions WHERE id <> ? ORDER BY id", [but]
        ).fetchall()
        dice = random.Random(11)
        ages = sorted((58 * dice.random() ** 1.3 + 0.5 for _ in rows), reverse=True)
        for (id_, created), age in zip(rows, ages, strict=True):
            earlier = created - (now - round(age * 60_000_000))
            db.execute(
                "UPDATE predictions SET created_at = created_at - :by, updated_at = updated_at - :by, "
                "starting_at = starting_at - :by, started_at = started_at - :by, finished_at = finished_at - :by "
                "WHERE id = :id",
                {"by": earlier, "id": id_},
            )
