"""Times at which no rehearsal may start by schedule, as a person writes them down.

Windows stand between commas, and a moment is blocked if any of them holds. A window has up to three
parts, of one kind each, and holds where all of them do:

- dates: `2026-12-24` or `2026-12-24/2026-12-26`, the last day included;
- weekdays: `Fri` or `Fri-Sun`, the last day included, also across the end of the week;
- hours: `16:00-24:00`, the end not included. `22:00-06:00` ends on the next day, and belongs to the
  day on which it began: `Fri 22:00-06:00` ends on Saturday morning.

All of it is UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXAMPLE = "2026-12-24/2026-12-26, Fri-Sun, Fri 22:00-06:00"
DAY_MINUTES = 24 * 60
_DATES = re.compile(r"(\d{4}-\d{2}-\d{2})(?:/(\d{4}-\d{2}-\d{2}))?")
_HOURS = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


class InvalidBlockedWindows(Exception):
    """The text is no list of windows."""


@dataclass(frozen=True)
class Window:
    """One window: what it was written as, and its parts. A part that is None blocks at any time."""

    text: str
    dates: tuple[date, date] | None = None
    weekdays: frozenset[int] | None = None
    minutes: tuple[int, int] | None = None

    def holds(self, moment: datetime) -> bool:
        """Say whether a moment, which has a time zone, is in the window."""
        utc = moment.astimezone(UTC)
        day = utc.date()
        if self.minutes is None:
            return self._holds_on(day)
        begin, end = self.minutes
        minute = utc.hour * 60 + utc.minute
        if begin < end:
            return begin <= minute < end and self._holds_on(day)
        if minute >= begin:
            return self._holds_on(day)
        return minute < end and day > date.min and self._holds_on(day - timedelta(days=1))

    def _holds_on(self, day: date) -> bool:
        dated = self.dates is None or self.dates[0] <= day <= self.dates[1]
        return dated and (self.weekdays is None or day.weekday() in self.weekdays)


def parse(text: str) -> list[Window]:
    """Read windows; an empty text has none.

    Raises
    ------
    InvalidBlockedWindows
        With what is wrong, in which window, and what to write instead.
    """
    if not text.strip():
        return []
    return [_window(part.strip(), number) for number, part in enumerate(text.split(","), 1)]


def blocking(windows: list[Window], moment: datetime) -> Window | None:
    """Return the first window that holds at a moment, or None."""
    return next((window for window in windows if window.holds(moment)), None)


def _window(text: str, number: int) -> Window:
    where = f"Window {number}, {text!r}"
    if not text:
        raise InvalidBlockedWindows(
            f"Window {number} is empty. Leave the comma out, or write a window such as {EXAMPLE}."
        )
    parts: dict[str, Any] = {}
    for part in text.split():
        kind, value = _part(part, where)
        if kind in parts:
            raise InvalidBlockedWindows(
                f"{where}: {part!r} is a second part of the kind {kind}, and no moment is in both. "
                "Put a comma between two windows."
            )
        parts[kind] = value
    return Window(text, **parts)


def _part(text: str, where: str) -> tuple[str, Any]:
    if dates := _DATES.fullmatch(text):
        return "dates", _dates(dates[1], dates[2] or dates[1], where)
    if hours := _HOURS.fullmatch(text):
        return "minutes", _minutes([int(n) for n in hours.groups()], text, where)
    first, _, last = text.partition("-")
    if first in DAYS and (last in DAYS or text == first):
        begin, end = DAYS.index(first), DAYS.index(last or first)
        return "weekdays", frozenset((begin + n) % 7 for n in range((end - begin) % 7 + 1))
    raise InvalidBlockedWindows(
        f"{where}: {text!r} is neither a date (2026-12-24 or 2026-12-24/2026-12-26), nor a weekday "
        f"({', '.join(DAYS)}, or Fri-Sun), nor hours in UTC (16:00-24:00)."
    )


def _dates(first: str, last: str, where: str) -> tuple[date, date]:
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise InvalidBlockedWindows(
            f"{where}: {error}. Write days of the calendar, such as 2026-12-24/2026-12-26."
        ) from error
    if end < begin:
        raise InvalidBlockedWindows(
            f"{where}: {last} is before {first}. Write the earlier day first: {last}/{first}."
        )
    return begin, end


def _minutes(given: list[int], text: str, where: str) -> tuple[int, int]:
    begin, end = given[0] * 60 + given[1], given[2] * 60 + given[3]
    if max(given[1], given[3]) > 59 or begin >= DAY_MINUTES or end > DAY_MINUTES:
        raise InvalidBlockedWindows(
            f"{where}: {text!r} are no hours of a day. Write them from 00:00 to 23:59, "
            "and 24:00 for the end of the day."
        )
    if begin == end:
        raise InvalidBlockedWindows(
            f"{where}: {text!r} begins when it ends. Write 00:00-24:00 for the whole day, "
            "or leave the hours out."
        )
    return begin, end
