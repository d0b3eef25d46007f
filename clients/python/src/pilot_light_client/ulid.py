"""Write ids: ULIDs, which sort by their time."""

from __future__ import annotations

import os
import time

from pilot_light_client.ulid_format import at


def new(moment: float | None = None) -> str:
    """Return a new ULID of a moment, in seconds since 1970; of now by this machine's clock."""
    seconds = time.time() if moment is None else moment
    return at(int(seconds * 1000), os.urandom(10))
