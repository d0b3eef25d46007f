"""Which journal entries may have expired, by rules that need no setting.

Every writer keeps an entry that expires for LEAST_DAYS or more. DynamoDB deletes it within days of
its end, in one Region, and replicates the deletion:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

from pilot_light_client.journal import DAY_SECONDS
from pilot_light_client.journal_days import LEAST_DAYS
from pilot_light_client.ulid_format import lowest_of

# Nothing is relied on so near to its end: clocks differ, and the Regions are read one by one.
MARGIN_SECONDS = DAY_SECONDS


def kept_from(now_ms: int) -> str:
    """Return the lowest write id whose entry, and every younger one, has surely not expired."""
    return lowest_of(now_ms - (LEAST_DAYS * DAY_SECONDS - MARGIN_SECONDS) * 1000)


def passed_at(now_ms: int) -> int:
    """Return up to which `keep_until` an entry may have been deleted in one Region already."""
    return now_ms // 1000 + MARGIN_SECONDS
