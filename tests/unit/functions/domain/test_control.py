"""The control item as it is read and seeded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from pilotlight.domain.control import (
    CONTROL_KEY,
    ControlItem,
    ControlItemInvalid,
    seed_item,
)

from tests.unit.functions.fakes import PRIMARY, SECONDARY, control_item


@pytest.mark.parametrize("state", ["serving", "draining"])
def test_it_says_which_region_is_active_since_which_epoch(state: str) -> None:
    item = control_item(SECONDARY, 7, state)
    assert ControlItem.from_item(item) == ControlItem(SECONDARY, 7, state)  # type: ignore[arg-type]


def test_attributes_that_later_releases_add_are_passed_over() -> None:
    item = {**control_item(), "drain_until": {"N": "1"}, "changed_by": {"S": "x"}}
    assert ControlItem.from_item(item) == ControlItem(PRIMARY, 1, "serving")


@pytest.mark.parametrize("name", ["active_region", "epoch", "state"])
def test_an_item_that_lacks_an_attribute_says_nothing(name: str) -> None:
    item = control_item()
    del item[name]
    with pytest.raises(ControlItemInvalid, match=name):
        ControlItem.from_item(item)


@pytest.mark.parametrize("garbled", [None, {}, "text", {"B": b"x"}, {"S": None}, {"N": "x"}, []])
@pytest.mark.parametrize("name", ["active_region", "epoch", "state"])
def test_an_attribute_of_the_wrong_kind_says_nothing(name: str, garbled: Any) -> None:
    with pytest.raises(ControlItemInvalid):
        ControlItem.from_item({**control_item(), name: garbled})


@pytest.mark.parametrize("state", ["", "Serving", "SERVING", "drained", "paused"])
def test_a_state_that_nobody_knows_is_named(state: str) -> None:
    with pytest.raises(ControlItemInvalid, match=f"state {state!r}"):
        ControlItem.from_item(control_item(state=state))


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


@given(st.dictionaries(st.sampled_from(["active_region", "epoch", "state", "pk"]), ATTRIBUTE))
def test_whatever_the_item_holds_it_is_read_or_called_invalid(item: dict[str, Any]) -> None:
    try:
        found = ControlItem.from_item(item)
    except ControlItemInvalid:
        return
    assert found.active_region
    assert found.state in ("serving", "draining")


def test_a_new_deployment_starts_with_the_primary_in_the_first_epoch() -> None:
    seeded = seed_item(PRIMARY, "2026-01-31T12:00:00.000Z")
    assert ControlItem.from_item(seeded) == ControlItem(PRIMARY, 1, "serving")
    assert seeded["pk"] == {"S": CONTROL_KEY}
    assert seeded["changed_at"] == {"S": "2026-01-31T12:00:00.000Z"}
    assert seeded["changed_by"] == {"S": "seed"}
