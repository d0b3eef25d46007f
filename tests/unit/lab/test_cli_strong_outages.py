"""The outages of the control table, as a person begins them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.lab.engine.fakes import PRIMARY

if TYPE_CHECKING:
    from tests.unit.lab.command_line import MadeUpLab, Shell


@pytest.mark.parametrize(("mode", "seconds"), [("stall", 1.5), ("long-stall", 20)])
def test_a_stall_is_said_to_end_by_itself(
    shell: Shell, lab: MadeUpLab, mode: str, seconds: float
) -> None:
    said = shell("outage", mode).out
    assert f"The outage {mode} began. It ends by itself in {seconds} s." in said


@pytest.mark.parametrize("mode", ["isolated", "two-regions"])
def test_an_outage_around_the_primary_is_said_to_be_there(
    shell: Shell, lab: MadeUpLab, mode: str
) -> None:
    assert f"The outage {mode} began in {PRIMARY}. `lab heal` ends it." in shell("outage", mode).out


def test_an_outage_of_the_witness_has_a_place_of_its_own(shell: Shell, lab: MadeUpLab) -> None:
    assert "The outage witness began. " in shell("outage", "witness").out


def test_every_outage_stands_in_the_help_apart_from_what_it_is(
    shell: Shell, lab: MadeUpLab
) -> None:
    assert "two-regions  the Primary's Region" in shell("outage", "--help").out
