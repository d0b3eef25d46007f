"""The fence of a Region that was gone: it writes once the other has told it who is active."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pilotlight.domain.control import ControlItem
from pilotlight.domain.echo import Echo, attributes, from_attributes, wanted
from pilotlight.domain.fence import Passage, Proof, judge
from pilotlight.domain.heartbeat import Heartbeat

from tests.unit.functions.fakes import PRIMARY, SECONDARY

T = 1_800_000_000_000
OLD = ControlItem(PRIMARY, 1, "serving")
WHOLE = Heartbeat(9, T, 20_000)
BROKEN = Heartbeat(9, T, 20_000, T - 5000)
AGREES, KNOWS_BETTER = Echo(T - 5000, PRIMARY, 1), Echo(T - 5000, SECONDARY, 2)


def passage(
    control: ControlItem | None = OLD, *, now: int = T, forwarded: bool = False, **proof: Any
) -> Passage:
    given: dict[str, Any] = {"heartbeat": BROKEN, "echo": None, "overridden_at": None}
    proved = Proof(**{**given, **proof})
    return judge(control, PRIMARY, now=now, forwarded=forwarded, proof=proved)


def test_without_a_gap_nobody_is_asked() -> None:
    """The other Region may be dead, and this one has to go on."""
    assert passage(heartbeat=WHOLE).action == "write"
    assert passage(heartbeat=None).action == "write", "a release that brings heartbeats"


def test_after_a_gap_no_write_is_taken_until_the_other_side_answers() -> None:
    found = passage()
    assert (found.action, found.code) == ("refuse", "AwaitingEcho")


def test_an_answer_to_an_earlier_gap_is_none() -> None:
    assert passage(echo=Echo(T - 6000, PRIMARY, 1)).code == "AwaitingEcho"


def test_an_answer_that_knows_nothing_newer_lets_writes_pass() -> None:
    assert passage(echo=AGREES).action == "write"
    newer = ControlItem(PRIMARY, 3, "serving")
    assert passage(newer, echo=AGREES).action == "write"


def test_an_answer_that_knows_of_a_promotion_leads_to_who_was_promoted() -> None:
    """The echo may arrive before the control item: items replicate in no order."""
    found = passage(echo=KNOWS_BETTER)
    assert (found.action, found.region, found.epoch) == ("forward", SECONDARY, 2)
    assert passage(echo=KNOWS_BETTER, forwarded=True).action == "refuse"


def test_an_answer_of_a_newer_epoch_of_its_own_is_waited_for() -> None:
    assert passage(echo=Echo(T - 5000, PRIMARY, 3)).code == "ControlItemBehind"


@pytest.mark.parametrize("echo", [None, AGREES])
def test_a_pulse_that_stopped_takes_no_write(echo: Echo | None) -> None:
    assert passage(now=T + 30_001, echo=echo).code == "HeartbeatStale"
    assert passage(heartbeat=WHOLE, now=T + 30_001).code == "HeartbeatStale"
    assert passage(heartbeat=WHOLE, now=T + 30_000).action == "write"


def test_an_operator_may_answer_for_this_gap_and_for_no_later_one() -> None:
    after, before = (datetime.fromtimestamp((T - ago) / 1000, UTC) for ago in (4000, 6000))
    assert passage(overridden_at=after).action == "write"
    assert passage(overridden_at=before).code == "AwaitingEcho"


def test_where_another_region_is_active_a_gap_changes_nothing() -> None:
    other = ControlItem(SECONDARY, 2, "serving")
    assert passage(other).action == "forward"
    assert passage(None).code == "ControlItemMissing"
    assert passage(ControlItem(PRIMARY, 1, "draining")).code == "Draining"


def test_the_region_whose_replica_is_written_proves_nothing() -> None:
    serving = ControlItem(SECONDARY, 2, "serving")
    assert judge(serving, SECONDARY, now=T, forwarded=False).action == "write"


@pytest.mark.parametrize("control", [OLD, ControlItem(SECONDARY, 2, "serving")])
@pytest.mark.parametrize("echo", [None, AGREES, KNOWS_BETTER])
def test_with_a_promotion_written_the_returned_region_never_writes_on_its_word(
    control: ControlItem, echo: Echo | None
) -> None:
    """Whatever of it has arrived: an echo written after the promotion carries its epoch."""
    if echo != AGREES:
        assert passage(control, echo=echo).action != "write"


# --- on the way back -----------------------------------------------------------------------------
BACK = ControlItem(PRIMARY, 3, "serving")
RETURNING = ControlItem(SECONDARY, 2, "draining", T + 1000, PRIMARY)


def test_a_failback_that_has_arrived_is_newer_than_what_the_gap_was_answered_with() -> None:
    found = passage(BACK, echo=KNOWS_BETTER)
    assert (found.action, found.epoch) == ("write", 3)


@pytest.mark.parametrize("forwarded", [True, False])
def test_until_the_failback_has_arrived_the_primary_refuses_and_says_that_it_drains(
    forwarded: bool,
) -> None:
    assert passage(RETURNING, echo=KNOWS_BETTER, forwarded=forwarded).code == "Draining"


@pytest.mark.parametrize("control", [OLD, ControlItem(PRIMARY, 1, "draining", T, SECONDARY)])
def test_an_old_item_of_its_own_yields_to_an_echo_of_the_failback_until_that_arrives(
    control: ControlItem,
) -> None:
    """It went away in the first epoch and is back in the third: what it holds is old."""
    echo = Echo(T - 5000, PRIMARY, 3)
    assert passage(control, echo=echo).code == "ControlItemBehind"
    assert passage(BACK, echo=echo).action == "write"


def test_an_expired_drain_lets_a_returned_region_write_no_sooner_than_serving_would() -> None:
    expired = ControlItem(PRIMARY, 1, "draining", T, SECONDARY)
    assert passage(expired).code == "AwaitingEcho"
    assert passage(expired, echo=KNOWS_BETTER).region == SECONDARY
    assert passage(expired, echo=AGREES).action == "write"


# --- the echo ------------------------------------------------------------------------------------
def test_an_echo_says_who_was_active_when_the_heartbeat_was_seen() -> None:
    control = ControlItem(SECONDARY, 2, "serving")
    assert wanted(BROKEN, None, control) == KNOWS_BETTER
    assert wanted(BROKEN, Echo(T - 6000, PRIMARY, 1), control) == KNOWS_BETTER


def test_nothing_is_echoed_twice_nor_without_a_gap_nor_without_a_control_item() -> None:
    assert wanted(BROKEN, AGREES, OLD) is None
    assert wanted(WHOLE, None, OLD) is None
    assert wanted(None, None, OLD) is None
    assert wanted(BROKEN, None, None) is None


@pytest.mark.parametrize("name", ["unbroken_since", "active_region", "epoch"])
def test_a_garbled_echo_says_nothing(name: str) -> None:
    found = attributes(AGREES, T)
    assert from_attributes(found) == AGREES
    del found[name]
    assert from_attributes(found) is None
    assert from_attributes(None) is None
