"""The command line: one module a command group, put together in `app.py`."""

from augury.cli.app import main

__all__ = ["main"]
