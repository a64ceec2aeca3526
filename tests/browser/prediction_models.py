"""Models whose predictions the browser's tests watch, as texts for `Client.publish`.

Each does what its input says, and nothing by chance, so that a stream that is run again is the same one. A file that
is waited for (`gate`) lets a test say when something goes on.
"""

from __future__ import annotations

STREAM = '''
import time
from augury import TextStream, progress

def predict(count: int, pace: float = 0.0, line: int = 0, gate: str = "", at: int = 0) -> TextStream:
    """Numbered words; `line`: so many in a line. Before word number `at` the file `gate` is waited for."""
    from pathlib import Path
    for number in range(count):
        if gate and number == at:
            while not Path(gate).exists():
                time.sleep(0.01)
        end = "\\n" if line and number % line == line - 1 else " "
        yield f"word{number}{end}"
        if pace:
            time.sleep(1 / pace)
'''

ECHO = '''
import json
from typing import Any

def predict(text: str) -> Any:
    """The value of a JSON text."""
    return json.loads(text)
'''

MADE = '''
from typing import Any

def predict(kind: str) -> Any:
    """Big and deep things."""
    if kind == "text":
        return "lorem ipsum " * 420_000
    if kind == "list":
        return [{"number": number, "nested": {"even": number % 2 == 0}} for number in range(100_000)]
    if kind == "table":
        return [{"number": number, "name": f"row {number}", "share": number / 7} for number in range(5_000)]
    if kind == "deep":
        value: Any = "the bottom"
        for _ in range(60):
            value = {"down": [value]}
        return value
    return [[number / 100 for number in range(384)] for _ in range(3)]
'''

PIECES = """
from collections.abc import Iterator
from typing import Any

def predict(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"number": number, "square": number * number}
"""

FAILS = """
from augury import progress

def predict(depth: int = 3) -> str:
    print("about to fail")
    return inner(depth)

def inner(depth: int) -> str:
    if depth == 0:
        raise ValueError("the soup is too salty")
    return inner(depth - 1)
"""

STARTS = """
import time
from pathlib import Path
from augury import metric, progress

class Predictor:
    def setup(self) -> None:
        print("loading the weights")
        while not Path(GATE).exists():
            time.sleep(0.01)
        print("loaded")

    def predict(self, gate: str) -> str:
        print("running now")
        progress(0.4, "four of ten")
        metric("pages", 7)
        while not Path(gate).exists():
            time.sleep(0.01)
        return "done"
"""

TALKS = """
import sys

def predict(lines: int) -> int:
    for number in range(lines):
        print(f"line {number} " + "x" * (number % 60))
    print("a warning", file=sys.stderr)
    print("\\x1b[31mred\\x1b[0m and \\x1b]0;title\\x07plain \\u202egnp.exe")
    print("<img src=x onerror=alert(1)><script>alert(2)</script>")
    return lines
"""

FILES = """
import struct
import wave
import zlib
from typing import List
from augury import File, scratch

def predict(hostile: bool = False) -> List[File]:
    home = scratch()
    if hostile:
        (home / "page.html").write_text("<script>alert(1)</script><h1>page</h1>")
        svg = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='60' onload='alert(1)'>"
        (home / "drawing.svg").write_text(svg + "<script>alert(1)</script><circle r='30' cx='30' cy='30'/></svg>")
        (home / "\\u202egnp.<img src=x onerror=alert(1)>.txt").write_text("<img src=x onerror=alert(1)>")
        return [File(one) for one in sorted(home.iterdir())]
    rows = b"".join(b"\\0" + bytes(value for x in range(64) for value in (x * 4, y * 4, 128)) for y in range(64))
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    picture = b"\\x89PNG\\r\\n\\x1a\\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (home / "picture.png").write_bytes(picture)
    with wave.open(str(home / "tone.wav"), "wb") as tone:
        tone.setparams((1, 2, 8000, 0, "NONE", ""))
        tone.writeframes(bytes(16000))
    (home / "notes.txt").write_text("some notes\\n")
    (home / "archive.bin").write_bytes(bytes(3000))
    return [File(home / name) for name in ("picture.png", "tone.wav", "notes.txt", "archive.bin")]
"""
