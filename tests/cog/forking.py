"""A program that runs another one many times over, each time in a fork that has its imports done already.

    python forking.py PRELOADED PROGRAM, then for each line of standard input {"folder": ..., "arguments": [...]}
    one line of standard output {"code": ..., "out": ..., "err": ...}

PROGRAM is a module, or the path of a file; it is run as by `python -m`, in the folder. For interpreters of others, so
standard library only.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import tempfile
import traceback
from typing import IO, Any


def main(preloaded: str, program: str) -> None:
    importlib.import_module(preloaded)
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                run(program, asked, out, err)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            sys.stdout.write(json.dumps({"code": code, "out": text_of(out), "err": text_of(err)}) + "\n")
            sys.stdout.flush()


def run(program: str, asked: dict[str, Any], out: IO[bytes], err: IO[bytes]) -> None:
    """Be the program; the process ends in here."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    code = 1
    try:
        os.chdir(asked["folder"])
        sys.path.insert(0, asked["folder"])
        sys.argv[1:] = asked["arguments"]
        if os.path.isfile(program):
            runpy.run_path(program, run_name="__main__")
        else:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001  # what the program raised is what is asked for
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    main(*sys.argv[1:])
