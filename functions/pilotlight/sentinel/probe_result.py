"""The result of one probe. Apart from what judges it, so that who only probes imports little."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Probe:
    """One request to the Primary's own name."""

    ok: bool
    status: int | None
    error: str | None
    seconds: float
    at: str
