"""The control item: what is not whole says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_light_client.control_item import ControlItem, ControlItemInvalid
from pilotlight.control.table import seed_item

from tests.unit.functions.client.scripted import DRAINING, PRIMARY, SERVING, row


@pytest.mark.parametrize("item", [SERVING, DRAINING])
def test_an_item_is_read_as_it_was_written(item: ControlItem) -> None:
    assert ControlItem.from_item(row(item)) == item


def test_a_new_deployment_begins_with_the_primary_serving() -> None:
    item = ControlItem.from_item(seed_item(PRIMARY, "2027-01-15T08:00:00Z"))
    assert (item.active_region, item.epoch, item.revision, item.state) == (PRIMARY, 1, 1, "serving")
    assert (item.changed_by, item.move, item.drain_until) == ("seed", None, None)


def test_a_seed_may_go_on_with_an_epoch() -> None:
    assert ControlItem.from_item(seed_item(PRIMARY, "now", 12)).epoch == 12


@pytest.mark.parametrize("name", ["revision", "active_region", "epoch", "state"])
def test_an_item_that_lacks_an_attribute_is_invalid_and_names_it(name: str) -> None:
    there = row(SERVING)
    del there[name]
    with pytest.raises(ControlItemInvalid, match=name):
        ControlItem.from_item(there)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("revision", {"S": "7"}),
        ("revision", {"N": "0"}),
        ("revision", {"N": "seven"}),
        ("epoch", {"N": "-1"}),
        ("epoch", {"NULL": True}),
        ("state", {"S": "paused"}),
        ("state", {"N": "1"}),
        ("active_region", {"S": ""}),
        ("active_region", None),
        ("move", {"S": ""}),
        ("drain_until", {"S": "soon"}),
        ("changed_by", {"N": "1"}),
    ],
)
def test_an_attribute_of_another_kind_makes_an_item_invalid(name: str, value: Any) -> None:
    with pytest.raises(ControlItemInvalid):
        ControlItem.from_item({**row(SERVING), name: value})


def test_what_is_not_known_is_ignored() -> None:
    assert ControlItem.from_item({**row(SERVING), "note": {"S": "x"}}) == SERVING
