"""Timestamps as the state machine and the tables write them: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Return the current time."""
    return text(datetime.now(UTC))


def milliseconds() -> int:
    """Return the current time in milliseconds since 1970."""
    return int(datetime.now(UTC).timestamp() * 1000)


def text(time: datetime) -> str:
    """Return the timestamp of a time in UTC."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def try_parse(text: object) -> datetime | None:
    """Return the time of a timestamp, or None where it is invalid or has no time zone."""
    try:
        return parse(text) if isinstance(text, str) else None
    except ValueError:
        return None


def parse(text: str) -> datetime:
    """Return the time of a timestamp.

    Raises
    ------
    ValueError
        It is invalid, or has no time zone.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return time
