"""What the platform writes for a run and has no room for, told apart from what goes wrong in the model's own files.

Knows nothing about what is written. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


class NotStored(Exception):
    """The platform could not write something, as on a full disk; no OSError, as those are of the model's own doing.

    `file` is the name of the file that it was to be; "" for an output that is too big for one message.
    """

    def __init__(self, file: str, error: OSError) -> None:
        what = f"The file {file}" if file else "The output"
        super().__init__(f"{what} could not be stored: {error.strerror or error}.")
        self.file = file


@contextmanager
def storing(file: str) -> Generator[None]:
    """Around what writes for the platform alone; raises NotStored for what the system says."""
    try:
        yield
    except OSError as error:
        raise unstored(file, error) from None


def unstored(file: str, error: OSError) -> Exception:
    """What to raise for an error while something was written: NotStored, unless it is not the system's."""
    # A model's alarm may raise a TimeoutError, which has no number, wherever the process is.
    return error if error.errno is None else NotStored(file, error)
