"""(i) Files: how fast an upload is through one client, and how the server's memory grows with big files each way.

Parts go up four at once, sent by the kernel from a file, so that what is measured is the server.
"""

from __future__ import annotations

import http.client
import json
import os
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import servers

MODEL = servers.HERE / "models" / "bigfile.py"
GIB = 1 << 30
AT_ONCE = 4
SIZE = int(os.environ.get("BENCH_FILE_GIB", "5")) * GIB
ROUNDS = 3


@dataclass(frozen=True)
class Files:
    """Rates are MB/s (10^6 bytes), sizes bytes."""

    upload: float
    """Of 1 GiB, from the first request to the link."""
    big_upload: float
    upload_growth: int
    """How much more memory the server had at most, while the big one went up."""
    output_seconds: float
    """From the create to the end, its model writing the file included."""
    output_growth: int
    download: float
    download_growth: int


def run() -> Files:
    """Upload, put out and download."""
    with tempfile.TemporaryDirectory() as folder, servers.augury(Path(folder) / "data") as server:
        server.push(MODEL, "bigfile")
        source = Path(folder) / "source"
        with source.open("wb") as file:
            for _ in range(SIZE >> 20):
                file.write(os.urandom(4096) * 256)
        _upload(server, source, 64 << 20)
        rates = sorted(_upload(server, source, GIB) for _ in range(ROUNDS))
        before = _reset(server.pid)
        big = _upload(server, source, SIZE)
        upload_growth = _peak(server.pid) - before
        source.unlink()
        before = _reset(server.pid)
        began = time.perf_counter()
        link = _output(server, SIZE)
        took = time.perf_counter() - began
        output_growth = _peak(server.pid) - before
        before = _reset(server.pid)
        rate = _download(link)
        return Files(
            upload=rates[len(rates) // 2],
            big_upload=big,
            upload_growth=upload_growth,
            output_seconds=took,
            output_growth=output_growth,
            download=rate,
            download_growth=_peak(server.pid) - before,
        )


def _upload(server: servers.Augury, source: Path, size: int) -> float:
    began = time.perf_counter()
    begun = _post(server, "/v1/uploads", {"size": size, "mime_type": "application/octet-stream"})
    offsets = range(0, size, begun["part_size"])
    parts = [
        (url, source, start, min(begun["part_size"], size - start))
        for url, start in zip(begun["urls"], offsets or (0,), strict=True)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        etags = list(pool.map(lambda part: _put(*part), parts))
    _post(server, f"/v1/uploads/{begun['id']}/complete", {"etags": etags})
    return size / (time.perf_counter() - began) / 1e6


def _put(url: str, source: Path, start: int, size: int) -> str:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}")
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    with source.open("rb") as file:
        while size:
            sent = os.sendfile(connection.sock.fileno(), file.fileno(), start, size)
            start, size = start + sent, size - sent
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"a part was answered {answer.status}")
    return str(answer.headers["etag"])


def _output(server: servers.Augury, size: int) -> str:
    made = _post(server, "/v1/predictions", {"model": "owner/bigfile", "input": {"size": size}}, Prefer="wait=60")
    ends = time.monotonic() + 300
    while made["status"] not in ("succeeded", "failed"):
        if time.monotonic() > ends:
            raise RuntimeError("the prediction did not end")
        time.sleep(0.05)
        request = urllib.request.Request(f"{server.url}/v1/predictions/{made['id']}", headers=server.headers())
        with urllib.request.urlopen(request) as answer:
            made = json.loads(answer.read())
    if made["status"] != "succeeded":
        raise RuntimeError(str(made["error"]))
    return str(made["output"])


def _download(link: str) -> float:
    began, size = time.perf_counter(), 0
    with urllib.request.urlopen(link) as answer:
        while chunk := answer.read(1 << 20):
            size += len(chunk)
    if size != SIZE:
        raise RuntimeError(f"{size} bytes came of {SIZE}")
    return size / (time.perf_counter() - began) / 1e6


def _post(server: servers.Augury, path: str, body: object, **headers: str) -> dict[str, object]:
    data = json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, server.headers(**headers))
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.loads(answer.read())


def _reset(pid: int) -> int:
    """Let the most memory so far count no more; what the process has now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _memory(pid, "VmRSS")


def _peak(pid: int) -> int:
    return _memory(pid, "VmHWM")


def _memory(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))
