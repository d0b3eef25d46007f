"""The level: whether the sentinel starts the machine now for the current outage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pilot_light_client.timestamps import has_happened, is_end, try_parse

# From the start of one run to that of the next, while the outage lasts and no run is in progress.
RESTARTS = tuple(timedelta(minutes=m) for m in (1, 2, 4, 8, 15))
# A pause or a drill that ends later than this does not count.
LONGEST_PAUSE = timedelta(days=1)


@dataclass(frozen=True)
class Outage:
    """The current outage: its first failed probe, and the runs that were started for it."""

    first_failed_at: str
    attempts: int = 0
    last_started_at: str | None = None
    execution: str | None = None

    @property
    def name(self) -> str:
        """The name of the next run: `<outage id>-<attempt>`, so that no attempt runs twice."""
        at = "".join(c for c in self.first_failed_at if c.isalnum())
        return f"{at}-{self.attempts + 1}"

    def due(self, now: datetime) -> bool:
        """Return whether the next run is due.

        A last start in the future, or an unreadable one, does not delay it.
        """
        last = try_parse(self.last_started_at)
        if self.attempts == 0 or last is None:
            return True
        since = now - last
        pause = RESTARTS[max(0, min(self.attempts, len(RESTARTS)) - 1)]
        return since >= pause or not has_happened(since.total_seconds())

    def request(self) -> dict[str, Any]:
        """Return the input of the next run. The same attempt has the same input, always."""
        return {
            "mode": "failover",
            "graceful": False,
            "reason": f"The Primary has not answered since {self.first_failed_at}.",
            "outage": {"first_failed_at": self.first_failed_at, "attempt": self.attempts + 1},
        }


def valid_end(until: object, now: datetime) -> datetime | None:
    """Return the end of a pause or of a drill, or None if it is over, unreadable or too far.

    Parameters
    ----------
    until
        In seconds since 1970, as an item holds it.
    """
    try:
        end = datetime.fromtimestamp(int(str(until)), now.tzinfo)
    except (ValueError, OverflowError, OSError):
        return None
    left = (end - now).total_seconds()
    return end if is_end(left, LONGEST_PAUSE.total_seconds()) else None
