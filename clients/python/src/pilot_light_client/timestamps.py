"""Timestamps as the state machine and the tables write them: ISO 8601 in UTC.

A stored time was written by another clock, which may be off. One rule says which are believed.
"""

from __future__ import annotations

from datetime import UTC, datetime

# A moment may lie this far ahead and count as past: for rounding, and clocks that are well kept.
AHEAD_SECONDS = 1.0
# An end may lie this much further ahead than it can, when it was set by a clock that is ahead.
END_SECONDS = 60.0
# Years outside are no times of ours, and reckoning with them overflows.
YEARS = range(1970, 3000)


def has_happened(age: float) -> bool:
    """Return whether a stored moment, `age` seconds ago, is believed: none from the future is."""
    return age >= -AHEAD_SECONDS


def is_end(left: float, longest: float) -> bool:
    """Return whether a stored end, `left` seconds ahead, is believed and still to come.

    `longest` is how far ahead it can have been set. A further one is not believed.
    """
    return 0 < left <= longest + END_SECONDS


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
        It is invalid, has no time zone, or lies before 1970 or after 2999.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    if time.year not in YEARS:
        raise ValueError(f"{text!r} lies in no year from {YEARS.start} to {YEARS.stop - 1}")
    return time


def try_from_number(number: object, per_second: int) -> datetime | None:
    """Return the time of a number since 1970, such as of milliseconds, or None if it is none."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    try:
        time = datetime.fromtimestamp(number / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return time if time.year in YEARS else None
