"""The fence: a write passes only where its Region is known to be active."""

from __future__ import annotations

import itertools

import pytest
from pilotlight.domain.control import ControlItem
from pilotlight.domain.fence import judge

from tests.unit.functions.fakes import PRIMARY, SECONDARY

CONTROLS = [
    None,
    *(
        ControlItem(region, 4, state)  # type: ignore[arg-type]
        for region, state in itertools.product((PRIMARY, SECONDARY), ("serving", "draining"))
    ),
]


@pytest.mark.parametrize("forwarded", [True, False])
def test_the_active_region_writes_in_the_epoch_of_the_control_item(forwarded: bool) -> None:
    passage = judge(ControlItem(PRIMARY, 4, "serving"), PRIMARY, forwarded=forwarded)
    assert (passage.action, passage.region, passage.epoch) == ("write", PRIMARY, 4)


def test_the_other_region_forwards_to_the_active_one() -> None:
    passage = judge(ControlItem(PRIMARY, 4, "serving"), SECONDARY, forwarded=False)
    assert (passage.action, passage.region, passage.epoch) == ("forward", PRIMARY, 4)


def test_a_forwarded_write_is_never_sent_back() -> None:
    passage = judge(ControlItem(PRIMARY, 4, "serving"), SECONDARY, forwarded=True)
    assert (passage.action, passage.code) == ("refuse", "NotActive")


@pytest.mark.parametrize("own", [PRIMARY, SECONDARY])
@pytest.mark.parametrize("forwarded", [True, False])
def test_a_missing_control_item_refuses_writes(own: str, forwarded: bool) -> None:
    passage = judge(None, own, forwarded=forwarded)
    assert (passage.action, passage.code) == ("refuse", "ControlItemMissing")


@pytest.mark.parametrize("own", [PRIMARY, SECONDARY])
@pytest.mark.parametrize("forwarded", [True, False])
def test_draining_refuses_writes_in_both_regions(own: str, forwarded: bool) -> None:
    passage = judge(ControlItem(PRIMARY, 4, "draining"), own, forwarded=forwarded)
    assert (passage.action, passage.code) == ("refuse", "Draining")
    assert "Try again" in passage.reason


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("forwarded", [True, False])
def test_the_two_regions_never_both_write_on_the_same_item(
    control: ControlItem | None, forwarded: bool
) -> None:
    passages = [judge(control, own, forwarded=forwarded) for own in (PRIMARY, SECONDARY)]
    assert sum(p.action == "write" for p in passages) <= 1


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("own", [PRIMARY, SECONDARY])
@pytest.mark.parametrize("forwarded", [True, False])
def test_a_refusal_names_no_region_and_everything_has_a_reason(
    control: ControlItem | None, own: str, forwarded: bool
) -> None:
    passage = judge(control, own, forwarded=forwarded)
    assert passage.reason
    assert passage.code
    assert (passage.region is None) == (passage.epoch is None) == (passage.action == "refuse")
