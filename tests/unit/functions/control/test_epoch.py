"""Since when an epoch can have run: the earliest time, and never one that is only likely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pilot_light_client.control_item import ControlItem
from pilot_light_client.timestamps import text
from pilotlight.control.epoch import LONGEST_COOLDOWN, began_after

from tests.template.stacks import source

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def control(**values: object) -> ControlItem:
    return ControlItem(5, "us-west-2", 2, "serving", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("cooldown", [timedelta(0), timedelta(minutes=15), LONGEST_COOLDOWN])
def test_a_claimed_epoch_began_no_earlier_than_the_longest_cooldown_allows(
    cooldown: timedelta,
) -> None:
    claimed = NOW - HOUR
    until = int((claimed + cooldown).timestamp())
    began = began_after(control(cooldown_until=until, changed_at=text(NOW)), NOW)
    assert began is not None
    assert claimed - LONGEST_COOLDOWN <= began <= claimed


def test_a_seeded_epoch_began_when_the_item_was_seeded() -> None:
    seeded = control(changed_by="seed", changed_at=text(NOW - HOUR))
    assert began_after(seeded, NOW) == NOW - HOUR


@pytest.mark.parametrize(
    "item",
    [
        control(),
        control(changed_by="seed"),
        control(changed_by="seed", changed_at="noon"),
        control(changed_by="seed", changed_at=text(NOW + HOUR)),
        control(changed_by="a move", changed_at=text(NOW - HOUR)),
        control(cooldown_until=10**14),
        control(cooldown_until=int((NOW + 25 * HOUR).timestamp())),
    ],
    ids=str,
)
def test_otherwise_nobody_knows(item: ControlItem) -> None:
    assert began_after(item, NOW) is None


def test_no_cooldown_is_longer() -> None:
    longest = source()["Parameters"]["CooldownSeconds"]["MaxValue"]
    assert longest == LONGEST_COOLDOWN.total_seconds()
