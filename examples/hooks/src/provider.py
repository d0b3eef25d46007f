"""Ready: whether this Region reaches a third party without which there is nothing to serve."""

from __future__ import annotations

import os
import urllib.request
from typing import Any

URL = os.environ["PROVIDER_URL"]
# Less than the hook's own timeout, so that the answer says why.
SECONDS = 2


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Ask its health page, which changes nothing there: twice is as good as once."""
    try:
        with urllib.request.urlopen(URL, timeout=SECONDS) as answer:
            return {"ready": answer.status == 200, "status": answer.status}
    except OSError as error:
        return {"ready": False, "why": str(error)}
