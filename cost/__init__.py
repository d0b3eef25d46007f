"""What the application costs: the idle month and one failover, computed from the template."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class CostError(Exception):
    """What a person can do something about. Its text says what was wrong, where, and what to do."""
