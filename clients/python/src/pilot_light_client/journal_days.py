"""For how many days journal entries are kept."""

from __future__ import annotations

# An entry that expires is kept for so many days or more, by every writer: readers rely on it, and
# know by no setting what may have expired. Point-in-time recovery reaches back as far.
LEAST_DAYS = 35


def checked_days(days: int) -> int:
    """Return JournalDays, or raise ValueError for a number that no reader reckons with."""
    if days and days < LEAST_DAYS:
        raise ValueError(
            f"JournalDays is {days}; it must be 0, for ever, or at least {LEAST_DAYS}."
        )
    return days
