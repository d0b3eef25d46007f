"""Since when an epoch can have run, by the control item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pilot_light_client.timestamps import has_happened, try_from_number, try_parse

if TYPE_CHECKING:
    from pilot_light_client.control_item import ControlItem

# The template's bound of CooldownSeconds.
LONGEST_COOLDOWN = timedelta(days=1)


def began_after(control: ControlItem, now: datetime) -> datetime | None:
    """Return the earliest time at which the current epoch can have begun, or None if unknown.

    A claim sets the end of the cooldown, and no other transition does, so the epoch began no more
    than a cooldown before it. The first epoch has none: it began when the item was seeded. A time
    in the future is not believed.
    """
    if control.cooldown_until is not None:
        ended = try_from_number(control.cooldown_until, per_second=1)
        began = ended - LONGEST_COOLDOWN if ended else None
    else:
        began = try_parse(control.changed_at) if control.changed_by == "seed" else None
    if began is None or not has_happened((now - began).total_seconds()):
        return None
    return began.astimezone(UTC)
