"""A program: tells as one JSON document what the model in a folder is, in the model's own interpreter.

    python .../augury/runner/describe.py [--batch] FOLDER [ENTRY]

With --batch its predict() gets several predictions at once. The document is all that goes to standard output; what the
model prints while it is loaded goes to standard error.
Exit 0 with {"ok": true, ...}, 1 with {"ok": false, "error": ...}. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

if __name__ == "__main__":
    # Run by its path: the folder that holds the package comes first, its own must not be one of modules.
    _here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _here]
    sys.path.append(os.path.dirname(os.path.dirname(_here)))

from augury.runner.loader import LoadError, locate
from augury.sdk.signature import schemas


def describe(folder: str, entry: str | None, batched: bool = False) -> dict[str, Any]:
    """What the model is, or why it cannot be loaded; the document of this program."""
    try:
        found = locate(entry, folder, batched)
        written = schemas(found.signature)
    except LoadError as error:
        fields = ("message", "file", "line", "name", "traceback")
        return {"ok": False, "error": {name: getattr(error, name) for name in fields}}
    return {
        "ok": True,
        "entry": found.entry,
        "kind": found.kind,
        "is_async": found.signature.is_async,
        "is_generator": found.signature.is_generator,
        "schemas": written,
        "warnings": list(found.signature.warnings),
    }


def main(arguments: list[str]) -> NoReturn:
    """Describe the model of the command line; the process ends in here."""
    output = os.dup(1)
    os.dup2(2, 1)  # by descriptor, so that it also holds for what is not Python's
    sys.dont_write_bytecode = True
    batched = arguments[:1] == ["--batch"]
    arguments = arguments[batched:]
    if not 1 <= len(arguments) <= 2:
        sys.exit("usage: describe.py [--batch] FOLDER [ENTRY]")
    folder = os.path.realpath(arguments[0])
    if os.path.isdir(folder):
        os.chdir(folder)
    document = describe(folder, arguments[1] if len(arguments) > 1 else None, batched)
    with os.fdopen(output, "wb") as stream:
        stream.write(json.dumps(document, ensure_ascii=True, allow_nan=False).encode() + b"\n")
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit(): threads that the model's modules started would keep the process alive.
    os._exit(0 if document["ok"] else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
