"""The changes of the control item: where each may start, what it writes, who is active then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from pilot_light_client.control_item import ControlItem, State
from pilotlight.control.transitions import CONDITION, DATA, EXTRAS, TRANSITIONS

from tests.unit.functions.client.scripted import CLAIMED, DRAINING, PRIMARY, SECONDARY, SERVING

AT = "2027-01-15T09:00:00Z"
VALUES = {"cooldown_until": 1_800_000_900, "move": "run-1", "drain_until": 1_800_000_060_000}
NAMES = sorted(TRANSITIONS)
STATES: list[State] = ["serving", "claimed", "draining"]


def extras(name: str) -> dict[str, str | int]:
    return {key: VALUES[key] for key in TRANSITIONS[name].sets}


def starts(name: str, here: str) -> set[tuple[str, str]]:
    """Where a transition may start, as (active Region, state)."""
    every = [ControlItem(1, r, 1, s) for r in (PRIMARY, SECONDARY) for s in STATES]
    row = TRANSITIONS[name]
    return {(i.active_region, i.state) for i in every if row.why_refused(i, here) is None}


def test_a_claim_starts_from_any_state_of_the_other_region() -> None:
    assert starts("claim", SECONDARY) == {(PRIMARY, s) for s in STATES}


def test_only_a_claim_of_the_own_region_comes_to_serve() -> None:
    assert starts("serve", SECONDARY) == {(SECONDARY, "claimed")}


def test_a_drain_starts_only_where_somebody_serves() -> None:
    assert starts("drain", PRIMARY) == {(PRIMARY, "serving"), (SECONDARY, "serving")}


def test_a_planned_claim_starts_only_from_a_drain_of_the_other_region() -> None:
    assert starts("planned_claim", SECONDARY) == {(PRIMARY, "draining")}


def test_only_a_drain_is_undone() -> None:
    assert starts("undrain", PRIMARY) == {(PRIMARY, "draining"), (SECONDARY, "draining")}


@pytest.mark.parametrize(
    ("name", "item", "here", "why"),
    [
        ("claim", SERVING, PRIMARY, "active already"),
        ("serve", CLAIMED, PRIMARY, f"{SECONDARY} is active, not {PRIMARY}"),
        ("serve", SERVING, PRIMARY, "is serving, not claimed"),
    ],
)
def test_a_refusal_says_why(name: str, item: ControlItem, here: str, why: str) -> None:
    assert why in str(TRANSITIONS[name].why_refused(item, here))


def test_a_claim_counts_the_epoch_on_and_ends_a_drain() -> None:
    item = TRANSITIONS["claim"].after(
        DRAINING, here=SECONDARY, by="run-2", at=AT, cooldown_until=1_800_000_900
    )
    assert item == ControlItem(
        9, SECONDARY, 4, "claimed", None, None, 1_800_000_900, changed_at=AT, changed_by="run-2"
    )


@pytest.mark.parametrize("name", ["claim", "planned_claim", "undrain"])
def test_what_ends_a_drain_leaves_nothing_of_it(name: str) -> None:
    update = TRANSITIONS[name].update(DRAINING, here=SECONDARY, by="b", at=AT, **extras(name))
    assert update["UpdateExpression"].endswith(" REMOVE move, drain_until")


def test_a_drain_keeps_region_epoch_and_cooldown() -> None:
    before = replace(SERVING, cooldown_until=5)
    item = TRANSITIONS["drain"].after(before, here=SECONDARY, by="run-1", at=AT, **extras("drain"))
    assert (item.active_region, item.epoch, item.cooldown_until) == (PRIMARY, 3, 5)
    assert (item.state, item.move, item.drain_until) == (
        "draining",
        "run-1",
        VALUES["drain_until"],
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_change_requires_exactly_the_revision_that_was_seen(name: str) -> None:
    update = TRANSITIONS[name].update(SERVING, here=SECONDARY, by="b", at=AT, **extras(name))
    assert update["ConditionExpression"] == CONDITION == "revision = :seen"
    values = update["ExpressionAttributeValues"]
    assert (values[":seen"], values[":next"]) == ({"N": "7"}, {"N": "8"})


@pytest.mark.parametrize("name", NAMES)
def test_what_an_update_writes_is_what_the_item_is_said_to_be_afterwards(name: str) -> None:
    row, given_values = TRANSITIONS[name], extras(name)
    update = row.update(DRAINING, here=SECONDARY, by="b", at=AT, **given_values)
    after = row.after(DRAINING, here=SECONDARY, by="b", at=AT, **given_values)
    sets, _, removes = update["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
    written = {k.lstrip("#"): v for k, v in (part.split(" = ") for part in sets.split(", "))}
    values = update["ExpressionAttributeValues"]
    for attribute, placeholder in written.items():
        ((_, value),) = values[placeholder].items()
        assert value == str(getattr(after, attribute))
    for attribute in filter(None, removes.split(", ")):
        assert getattr(after, attribute) is None
    assert set(values) == {*written.values(), ":seen"}


@pytest.mark.parametrize("name", NAMES)
def test_every_extra_that_a_row_names_is_known(name: str) -> None:
    row = DATA["transitions"][name]
    assert {*row["sets"], *row["removes"]} <= set(EXTRAS)


@pytest.mark.parametrize("name", ["claim", "drain"])
def test_a_change_without_its_values_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        TRANSITIONS[name].update(SERVING, here=SECONDARY, by="b", at=AT)


@given(name=st.sampled_from(NAMES), revision=st.integers(1, 9), epoch=st.integers(1, 9))
def test_revision_and_epoch_only_grow(name: str, revision: int, epoch: int) -> None:
    before = replace(DRAINING, revision=revision, epoch=epoch)
    after = TRANSITIONS[name].after(before, here=SECONDARY, by="b", at=AT, **extras(name))
    assert after.revision == revision + 1
    assert after.epoch - epoch == (name in ("claim", "planned_claim"))


def test_a_change_counts_as_made_only_where_it_is_the_very_next_and_by_the_same() -> None:
    row = TRANSITIONS["serve"]
    made = row.after(CLAIMED, here=SECONDARY, by="run-1", at=AT)
    assert row.was_made(CLAIMED, made, "run-1")
    assert not row.was_made(CLAIMED, replace(made, changed_by="keeper"), "run-1")
    assert not row.was_made(CLAIMED, replace(made, revision=made.revision + 1), "run-1")
    assert not row.was_made(CLAIMED, replace(made, state="claimed"), "run-1")
    assert not row.was_made(CLAIMED, replace(made, epoch=made.epoch + 1), "run-1")
    assert not row.was_made(CLAIMED, CLAIMED, "run-1")
