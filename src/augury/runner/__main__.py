"""The worker's program: `python [-I -S] <runtime>/augury/runner/__main__.py FD SPILL`, or `python -m augury.runner`.

FD is the inherited socket to the engine, SPILL the folder that both share for messages too big for it.
"""

import os
import sys


def main() -> None:
    """Talk to the engine until it ends the conversation."""
    descriptor, spill = sys.argv[1:]
    here = os.path.dirname(os.path.abspath(__file__))
    runtime = os.path.dirname(os.path.dirname(here))
    # A plain start by path puts this folder on the search path, where its files would hide packages of the same name.
    sys.path[:] = [runtime] + [entry for entry in sys.path if entry and entry not in (here, runtime)]
    sys.argv[:] = [sys.argv[0]]
    from augury.runner import session

    session.main(int(descriptor), spill)


if __name__ == "__main__":
    main()
