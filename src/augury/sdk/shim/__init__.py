"""The package that a Cog model imports as `cog`, put on its path.

Knows nothing about what is in it. Standard library only; Python 3.9 and newer.
"""

from __future__ import annotations

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
"""The folder in which `cog` is."""


def offer_cog() -> None:
    """Let `import cog` find ours, also where the environment has the real one; before the model is loaded."""
    if FOLDER not in sys.path:
        sys.path.insert(0, FOLDER)
