"""How figures are written, for people."""

from __future__ import annotations


def seconds(value: float | None) -> str:
    """Write seconds, or that they never came."""
    return "never" if value is None else f"{value:.1f}\N{NO-BREAK SPACE}s"


def milliseconds(value: float) -> str:
    """Write milliseconds."""
    return f"{value:.3f}\N{NO-BREAK SPACE}ms"


def times(value: float | None) -> str:
    """Write a ratio."""
    return "-" if value is None else f"{value:.2f}"


def shown(value: float | None, unit: str) -> str:
    """Write a goal's figure with its unit."""
    if value is None:
        return "no figure"
    return times(value) if unit == "ratio" else f"{value:.2f}\N{NO-BREAK SPACE}{unit}"
