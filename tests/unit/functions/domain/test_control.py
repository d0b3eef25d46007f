"""The control item as it is read and seeded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from pilotlight.domain.control import (
    CONTROL_KEY,
    ControlItem,
    ControlItemInvalid,
    drains,
    seed_item,
)

from tests.unit.functions.fakes import PRIMARY, SECONDARY, control_item

T = 1_800_000_000_000
LATER = ["drain_until", "drain_to", "changed_by", "break_glass"]


@pytest.mark.parametrize("state", ["serving", "draining"])
def test_it_says_which_region_is_active_since_which_epoch(state: str) -> None:
    item = control_item(SECONDARY, 7, state)
    assert ControlItem.from_item(item) == ControlItem(SECONDARY, 7, state)  # type: ignore[arg-type]


def test_attributes_that_later_releases_add_are_passed_over() -> None:
    item = {**control_item(), "weather": {"S": "fair"}}
    assert ControlItem.from_item(item) == ControlItem(PRIMARY, 1, "serving")


def test_it_says_until_when_and_where_to_it_drains_and_who_made_it_so() -> None:
    lease: dict[str, str | int] = {"drain_until": T, "drain_to": SECONDARY}
    item = control_item(PRIMARY, 1, "draining", **lease, changed_by="run", break_glass="forced")
    found = ControlItem(PRIMARY, 1, "draining", T, SECONDARY, "run", "forced")
    assert ControlItem.from_item(item) == found


# --- a drain is a lease --------------------------------------------------------------------------
@pytest.mark.parametrize(("now", "on"), [(T - 1, True), (T, False), (T + 1, False)])
def test_a_drain_is_on_until_it_expires(now: int, on: bool) -> None:
    assert drains(ControlItem(PRIMARY, 1, "draining", T, SECONDARY), now) is on


def test_a_drain_that_does_not_say_when_it_ends_is_on() -> None:
    assert drains(ControlItem(PRIMARY, 1, "draining"), 10**15)


@pytest.mark.parametrize("until", [None, 0, T + 1])
def test_where_the_region_serves_no_drain_is_on_whatever_one_left_behind(until: int | None) -> None:
    assert not drains(ControlItem(PRIMARY, 1, "serving", until, SECONDARY), T)


def test_a_region_that_drains_to_itself_says_nothing() -> None:
    with pytest.raises(ControlItemInvalid, match="itself"):
        ControlItem.from_item(control_item(PRIMARY, 1, "draining", drain_to=PRIMARY))


@pytest.mark.parametrize("name", ["active_region", "epoch", "state"])
def test_an_item_that_lacks_an_attribute_says_nothing(name: str) -> None:
    item = control_item()
    del item[name]
    with pytest.raises(ControlItemInvalid, match=name):
        ControlItem.from_item(item)


@pytest.mark.parametrize("garbled", [None, {}, "text", {"B": b"x"}, {"S": None}, {"N": "x"}, []])
@pytest.mark.parametrize("name", ["active_region", "epoch", "state", *LATER])
def test_an_attribute_of_the_wrong_kind_says_nothing(name: str, garbled: Any) -> None:
    with pytest.raises(ControlItemInvalid):
        ControlItem.from_item({**control_item(), name: garbled})


@pytest.mark.parametrize("state", ["", "Serving", "SERVING", "drained", "paused"])
def test_a_state_that_nobody_knows_is_named(state: str) -> None:
    with pytest.raises(ControlItemInvalid, match=f"state {state!r}"):
        ControlItem.from_item(control_item(state=state))


@pytest.mark.parametrize("name", ["drain_to", "changed_by", "break_glass"])
def test_what_is_there_and_empty_says_nothing(name: str) -> None:
    with pytest.raises(ControlItemInvalid, match=name):
        ControlItem.from_item({**control_item(), name: {"S": ""}})


def test_a_region_that_is_empty_is_nobody() -> None:
    with pytest.raises(ControlItemInvalid):
        ControlItem.from_item(control_item(region=""))


@pytest.mark.parametrize("epoch", ["", "1.5", "one", "1e3"])
def test_an_epoch_that_is_no_whole_number_says_nothing(epoch: str) -> None:
    with pytest.raises(ControlItemInvalid):
        ControlItem.from_item({**control_item(), "epoch": {"N": epoch}})


ATTRIBUTE = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.dictionaries(st.sampled_from("SNB"), st.one_of(st.none(), st.text(max_size=8))),
)


@given(st.dictionaries(st.sampled_from(["active_region", "epoch", "state", *LATER]), ATTRIBUTE))
def test_whatever_the_item_holds_it_is_read_or_called_invalid(item: dict[str, Any]) -> None:
    try:
        found = ControlItem.from_item(item)
    except ControlItemInvalid:
        return
    assert found.active_region
    assert found.state in ("serving", "draining")


def test_a_new_deployment_starts_with_the_primary_in_the_first_epoch() -> None:
    seeded = seed_item(PRIMARY, "2026-01-31T12:00:00.000Z")
    found = ControlItem(
        PRIMARY, 1, "serving", changed_by="seed", changed_at="2026-01-31T12:00:00.000Z"
    )
    assert ControlItem.from_item(seeded) == found
    assert seeded["pk"] == {"S": CONTROL_KEY}
    assert seeded["changed_at"] == {"S": "2026-01-31T12:00:00.000Z"}
    assert seeded["changed_by"] == {"S": "seed"}
