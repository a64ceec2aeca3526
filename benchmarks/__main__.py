"""`make bench`: run the suite, print the tables, and keep them in benchmarks/README.md with --save.

`python -m benchmarks overhead cold` runs only those.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import (
    chat,
    cold,
    creates,
    files,
    lists,
    machine,
    memory,
    overhead,
    profile,
    recovery,
    streams,
    web,
    webhooks,
)

README = Path(__file__).parent / "README.md"
MARK = "<!-- measured -->"


def main(arguments: Sequence[str]) -> None:
    """Run what was named, or everything."""
    save = "--save" in arguments
    chosen = [one for one in arguments if not one.startswith("-")] or list(SECTIONS)
    sections: list[str] = []
    for name in chosen:
        text = f"{SECTIONS[name]()}\n\n{machine.describe()}\n"
        print(text, flush=True)
        sections.append(text)
    if save:
        head, _, kept = README.read_text().partition(MARK)
        README.write_text(head + MARK + "\n\n" + "\n".join(_with(_tables(kept), sections)))


def _with(kept: Sequence[str], measured: Sequence[str]) -> list[str]:
    """What was kept with what was measured now in its place, known by its heading up to the first mark or figure."""
    new = {_what(one): one for one in measured}
    return [new.pop(_what(one), one) for one in kept] + list(new.values())


def _tables(text: str) -> list[str]:
    return [f"### {one.strip()}\n" for one in text.split("### ")[1:]]


def _what(table: str) -> str:
    return re.split(r"[:(]|\d", table.removeprefix("### ").partition("\n")[0], maxsplit=1)[0].strip()


def _overhead() -> str:
    rows = [
        [row.server, row.connections, f"{row.rate:,.0f}", f"{row.p50:.2f}", f"{row.p99:.2f}", row.errors,
         f"{row.ratio:.2f}"]
        for row in overhead.run()
    ]  # fmt: skip
    return _table(
        "Overhead: warm echo, one worker, `Prefer: wait`, stored before it runs and before it is answered "
        "(SQLite, synchronous=FULL)",
        ["server", "connections", "requests/s", "p50 ms", "p99 ms", "errors", "x LitServe"],
        rows,
    )


def _cold() -> str:
    seen = cold.run()
    rows = [
        ["server ready, empty folder", f"{seen.first_start:.2f} s"],
        ["server ready, its folder of before", f"{seen.later_start:.2f} s"],
        ["`augury push`, process included", f"{seen.push:.2f} s"],
        ["first answer of a version without dependencies", f"{seen.first_answer * 1000:.0f} ms"],
        ["of that: until its worker was set up", f"{seen.worker_ready * 1000:.0f} ms"],
        ["second answer", f"{seen.second_answer * 1000:.1f} ms"],
        ["held request answered after the end of predict(), p50 / p99",
         f"{seen.end_p50 * 1000:.1f} / {seen.end_p99 * 1000:.1f} ms"],
    ]  # fmt: skip
    return _table("Cold", ["what", "median"], rows)


def _memory() -> str:
    seen = memory.run()
    rows = [
        ["idle server", f"{seen.idle_server:.0f} MiB"],
        ["idle worker", f"{seen.idle_worker:.1f} MiB"],
        [f"server with {memory.HOLDS:,} open holds", f"{seen.with_holds:.0f} MiB"],
        ["per 1,000 open holds", f"{seen.per_thousand_holds:.0f} MiB"],
        ["other requests meanwhile, p50 / p99", f"{seen.others_p50:.1f} / {seen.others_p99:.1f} ms"],
        ["holds answered after their end, p99 / worst", f"{seen.late_p99:.0f} / {seen.late_max:.0f} ms"],
    ]
    return _table("Memory and holds", ["what", "figure"], rows)


def _creates() -> str:
    seen = creates.run()
    rows = [
        ["creates/s at 16 connections", f"{seen.load.rate:,.0f}"],
        ["p50 / p99", f"{seen.load.p50:.2f} / {seen.load.p99:.2f} ms"],
        ["errors", str(seen.load.errors)],
        ["queue empty after", f"{seen.caught_up_after:.2f} s"],
    ]
    return _table("Creating without waiting", ["what", "figure"], rows)


def _profile() -> str:
    rows = [[part.name, f"{part.microseconds:.1f}"] for part in profile.run()]
    return _table("Where one prediction's time goes: steps of our own, alone", ["step", "us"], rows)


def _streams() -> str:
    seen = streams.run()
    rows = [
        [f"LitServe, {streams.ITEMS:,} items through one connection", f"{seen.theirs:,.0f} items/s"],
        ["Augury, each item stored before it is sent", f"{seen.ours:,.0f} items/s"],
        ["x LitServe", f"{seen.ours / seen.theirs:.2f}"],
        ["first item after its yield, p50 / p99", f"{seen.first_p50 * 1000:.1f} / {seen.first_p99 * 1000:.1f} ms"],
        [f"{streams.MANY} streams of {streams.RATE} items/s: of the rate", f"{seen.many_rate * 100:.1f} %"],
        ["their items after the yield, p50 / p99", f"{seen.many_p50 * 1000:.1f} / {seen.many_p99 * 1000:.1f} ms"],
    ]
    return _table("Streams (SQLite, synchronous=FULL)", ["what", "figure"], rows)


def _chat() -> str:
    seen = chat.run()
    calls = [
        [row.endpoint, row.connections, f"{row.rate:,.0f}", f"{row.p50:.2f}", row.errors, f"{row.ratio:.2f}"]
        for row in seen.rows
    ]
    streamed = [
        ["LitServe", f"{seen.theirs:,.0f}", "1.00"],
        ["chat", f"{seen.adapted:,.0f}", f"{seen.adapted / seen.theirs:.2f}"],
        ["predictions", f"{seen.native:,.0f}", f"{seen.native / seen.theirs:.2f}"],
    ]
    first = _table(
        "Chat: warm echo by `/v1/chat/completions`, by held `/v1/predictions`, and by LitServe's OpenAI endpoint",
        ["endpoint", "connections", "requests/s", "p50 ms", "errors", "x LitServe"],
        calls,
    )
    return (
        first
        + "\n\n"
        + _table(f"Chat, streamed: {chat.ITEMS:,} items", ["endpoint", "items/s", "x LitServe"], streamed)
    )


def _webhooks() -> str:
    seen = webhooks.run()
    rows = [
        ["first attempt after the change, p50 / p99", f"{seen.first_p50 * 1000:.1f} / {seen.first_p99 * 1000:.1f} ms"],
        ["the same beside a receiver that hangs, p50 / p99",
         f"{seen.beside_p50 * 1000:.1f} / {seen.beside_p99 * 1000:.1f} ms"],
        ["creates/s at 16 connections, without webhooks", f"{seen.plain:,.0f}"],
        ["the same while deliveries are queued beside them", f"{seen.beside_queue:,.0f}"],
        ["deliveries queued a second meanwhile", f"{seen.queued:,.0f}"],
        ["the same predictions beside them, without webhooks", f"{seen.beside_plain:,.0f}"],
    ]  # fmt: skip
    return _table("Webhooks", ["what", "figure"], rows)


def _recovery() -> str:
    seen = recovery.run()
    rows = [
        [f"ready again after `kill -9` with {recovery.QUEUED:,} queued", f"{seen.ready:.2f} s"],
        ["first prediction of the queue ended", f"{seen.first_ended:.2f} s"],
        ["a new prediction of another version answered", f"{seen.new_answered:.2f} s"],
    ]
    return _table("Recovery", ["what, from the start of the process", "figure"], rows)


def _lists() -> str:
    filled, seen = lists.run()
    made = ", ".join(f"{one.database} in {one.seconds:.0f} s" for one in filled)
    rows = [[one.asked, one.database, f"{one.p50:.1f}", f"{one.p99:.1f}"] for one in seen]
    return _table(
        f"Lists over 100,000 models and 1,000,000 predictions (made for {made})",
        ["GET", "database", "p50 ms", "p99 ms"],
        rows,
    )


def _files() -> str:
    seen = files.run()
    size = f"{files.SIZE >> 30} GiB"
    rows = [
        ["upload of 1 GiB, in parts, four at once", f"{seen.upload:,.0f} MB/s"],
        [f"upload of {size}", f"{seen.big_upload:,.0f} MB/s"],
        ["the server's memory grew by, at most", f"{seen.upload_growth / 2**20:.1f} MiB"],
        [f"output file of {size}, written by its model and stored", f"{seen.output_seconds:.1f} s"],
        ["the server's memory grew by, at most", f"{seen.output_growth / 2**20:.1f} MiB"],
        [f"download of {size}", f"{seen.download:,.0f} MB/s"],
        ["the server's memory grew by, at most", f"{seen.download_growth / 2**20:.1f} MiB"],
    ]
    return _table("Files, on loopback", ["what", "figure"], rows)


def _web() -> str:
    seen = web.run()
    rows = [
        ["the list of models can be used, nothing cached", f"{seen.usable_first * 1000:.0f} ms"],
        ["the same again", f"{seen.usable_again * 1000:.0f} ms"],
        ["JavaScript of that page, compressed", f"{seen.javascript / 1000:.0f} kB"],
        [f"frames while {web.RATE} tokens/s come, p99 / longest of {seen.stream_frames:,}",
         f"{seen.stream_p99:.0f} / {seen.stream_longest:.0f} ms"],
        [f"frames while a list of {web.PREDICTIONS:,} predictions is scrolled, p99 / longest of {seen.list_frames:,}",
         f"{seen.list_p99:.0f} / {seen.list_longest:.0f} ms"],
    ]  # fmt: skip
    return _table("The web app, in Chromium on loopback", ["what", "figure"], rows)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


SECTIONS: dict[str, Callable[[], str]] = {
    "overhead": _overhead,
    "cold": _cold,
    "memory": _memory,
    "creates": _creates,
    "profile": _profile,
    "streams": _streams,
    "chat": _chat,
    "webhooks": _webhooks,
    "recovery": _recovery,
    "files": _files,
    "lists": _lists,
    "web": _web,
}

if __name__ == "__main__":
    main(sys.argv[1:])
