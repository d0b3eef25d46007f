"""The protocol of who is active, tried in a world with a virtual clock."""

import sys
from pathlib import Path

# The commands of this package run without pytest, which adds it otherwise.
FUNCTIONS = str(Path(__file__).parents[2] / "functions")
if FUNCTIONS not in sys.path:
    sys.path.insert(0, FUNCTIONS)
