"""A program for an interpreter with Cog 0.23: tells what its inspector takes a model's inputs and output for.

    python inspected.py ENTRY, in the model's folder: {"inputs": {name: schema}, "output": schema}

That release writes its documents outside of Python, but this is what its running server goes by. Standard library and
Cog only.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from typing import Any


def main(entry: str) -> None:
    path, _, name = entry.rpartition(":")
    module = os.path.basename(path)[: -len(".py")]
    spec: Any = importlib.util.spec_from_file_location(module, path)
    sys.modules[module] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[module])
    found: Any = importlib.import_module("cog._inspector").create_predictor(module, name)
    inputs: dict[str, Any] = {}
    for one in found.inputs.values():
        nullable = {"nullable": True} if "OPTIONAL" in one.type.repetition.name else {}
        inputs[one.name] = {**one.type.json_type(), **nullable}
    sys.stdout.write(json.dumps({"inputs": inputs, "output": found.output.json_type()}))


if __name__ == "__main__":
    main(sys.argv[1])
