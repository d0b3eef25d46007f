"""Moments as the state machine and the tables write them: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Return this moment."""
    return text(datetime.now(UTC))


def milliseconds() -> int:
    """Return this moment in milliseconds since 1970."""
    return int(datetime.now(UTC).timestamp() * 1000)


def text(moment: datetime) -> str:
    """Write a moment that is in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def try_parse(text: object) -> datetime | None:
    """Read a moment, or None where it is none or lacks a time zone."""
    try:
        return parse(text) if isinstance(text, str) else None
    except ValueError:
        return None


def parse(text: str) -> datetime:
    """Read a moment.

    Raises
    ------
    ValueError
        It is no moment, or lacks a time zone.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return found
