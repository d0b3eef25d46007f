"""The switch: 200 only to the question whose answer is positively yes."""

from __future__ import annotations

from typing import get_args

import pytest
from pilotlight.domain.control import ControlItem
from pilotlight.domain.switch import Position, answer, position

from tests.unit.functions.fakes import PRIMARY, SECONDARY

POSITIONS = get_args(Position)


@pytest.mark.parametrize("state", ["serving", "draining"])
@pytest.mark.parametrize("last", POSITIONS)
def test_it_is_on_while_its_region_is_active_whatever_it_was(state: str, last: Position) -> None:
    control = ControlItem(SECONDARY, 2, state)  # type: ignore[arg-type]
    assert position(control, SECONDARY, last) == "on"


@pytest.mark.parametrize("state", ["serving", "draining"])
@pytest.mark.parametrize("last", POSITIONS)
def test_it_is_off_while_the_other_region_is_active_whatever_it_was(
    state: str, last: Position
) -> None:
    control = ControlItem(PRIMARY, 1, state)  # type: ignore[arg-type]
    assert position(control, SECONDARY, last) == "off"


@pytest.mark.parametrize("last", POSITIONS)
def test_a_failed_read_keeps_the_last_known_position(last: Position) -> None:
    assert position(None, SECONDARY, last) == last


@pytest.mark.parametrize(
    ("asked", "where", "status"),
    [
        ("on", "on", 200),
        ("on", "off", 503),
        ("on", "unknown", 503),
        ("off", "off", 200),
        ("off", "on", 503),
        ("off", "unknown", 503),
    ],
)
def test_only_a_positive_yes_is_a_200(asked: str, where: Position, status: int) -> None:
    found = answer(asked, where)  # type: ignore[arg-type]
    assert (found.status, found.position) == (status, where)


@pytest.mark.parametrize("where", POSITIONS)
def test_on_and_off_are_never_both_true(where: Position) -> None:
    assert [answer("on", where).status, answer("off", where).status].count(200) <= 1
