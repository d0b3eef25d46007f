"""Commands for a lab that is up: lose a Region, bring it back, and look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.unit.lab.command_line import MISSING
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, VIRGINIA

if TYPE_CHECKING:
    from tests.unit.lab.command_line import MadeUpLab, Shell

UNKNOWN = "unknown: the control item is missing, or no Region answers that holds it"


def test_an_outage_is_of_the_primarys_region_unless_another_is_named(
    shell: Shell, lab: MadeUpLab
) -> None:
    ended = shell("outage")
    assert lab.done == [("outage", {"mode": "region", "region": PRIMARY, "style": None})]
    assert ended.code == 0
    assert "The outage region began in us-west-2. `lab heal` ends it." in ended.out


@pytest.mark.parametrize(
    ("named", "code"), [("secondary", SECONDARY), ("us-east-1", VIRGINIA), (PRIMARY, PRIMARY)]
)
def test_an_outage_may_be_elsewhere_and_refuse_in_another_way(
    shell: Shell, lab: MadeUpLab, named: str, code: str
) -> None:
    ended = shell("outage", "api", "--region", named, "--style", "hang")
    assert lab.done == [("outage", {"mode": "api", "region": code, "style": "hang"})]
    assert f"The outage api began in {code}." in ended.out


@pytest.mark.parametrize("lost", [{}, {SECONDARY: {"mode": "region"}}], ids=["up", "lost"])
def test_what_starts_by_itself_for_an_outage_by_hand_is_marked_as_a_drill(
    shell: Shell, lab: MadeUpLab, lost: dict[str, dict[str, str]]
) -> None:
    lab.lost = lost
    assert shell("outage").code == 0
    assert lab.drills == 1


@pytest.mark.parametrize("mode", ["us-east-1", "partition"])
def test_an_outage_with_a_place_of_its_own_is_not_said_to_be_in_the_primary(
    shell: Shell, lab: MadeUpLab, mode: str
) -> None:
    assert f"The outage {mode} began. " in shell("outage", mode).out


@pytest.mark.parametrize("region", ["mars-north-1", "Primary", "", "us-west-1", "all"])
def test_an_unknown_region_is_refused_and_the_known_ones_are_named(
    shell: Shell, lab: MadeUpLab, region: str
) -> None:
    ended = shell("outage", "--region", region)
    assert (ended.code, ended.out, lab.done) == (2, "", [])
    assert ended.err == (
        f"Error: There is no Region {region!r} in this lab. Name one of: primary, secondary, "
        "us-west-2, us-east-2, us-east-1.\n"
    )


def test_every_outage_is_ended_together(shell: Shell, lab: MadeUpLab) -> None:
    lab.outages = ["us-east-1", "region"]
    assert shell("heal").out == "Ended: us-east-1, region.\n"
    assert lab.done == [("heal", {})]


def test_what_no_name_began_is_ended_too(shell: Shell, lab: MadeUpLab) -> None:
    assert shell("heal").out == "No outage was begun.\n"
    assert lab.done == [("heal", {})]


def test_the_status_in_words(shell: Shell, lab: MadeUpLab) -> None:
    lab.lost = {PRIMARY: {"mode": "region"}, VIRGINIA: {"mode": "global"}}
    ended = shell("status")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "Active Region   us-east-2 (serving, epoch 2, revision 3)",
        "DNS leads to    us-east-2",
        "Lost            us-west-2 (region), us-east-1 (global)",
        "Health check    pilot-light-endpoint: unhealthy",
        "Health check    pilot-light-off: healthy",
    ]


def test_the_status_calls_an_outage_by_its_name(shell: Shell, lab: MadeUpLab) -> None:
    lab.lost, lab.outages = {PRIMARY: {"mode": "entry"}}, ["slow"]
    assert "Lost            slow" in shell("status").out.splitlines()


def test_the_status_in_quiet_times(shell: Shell, lab: MadeUpLab) -> None:
    assert "Lost            nothing" in shell("status").out.splitlines()


def test_the_status_for_programs_is_json_and_nothing_else(shell: Shell, lab: MadeUpLab) -> None:
    lab.lost = {PRIMARY: {"mode": "region"}}
    ended = shell("status", "--json")
    assert json.loads(ended.out) == {
        "active_region": SECONDARY,
        "epoch": 2,
        "revision": 3,
        "state": "serving",
        "public_name_leads_to": SECONDARY,
        "lost": {PRIMARY: {"mode": "region"}},
        "outages": [],
        "health_checks": {"pilot-light-endpoint": "unhealthy", "pilot-light-off": "healthy"},
        "replication": {"a->b": {"waiting": 3}},
    }


@pytest.mark.parametrize("mode", ["region", "global"])
def test_the_status_of_a_lab_without_its_secondary_asks_the_primary_alone(
    shell: Shell, lab: MadeUpLab, mode: str
) -> None:
    lab.lost, lab.items[SECONDARY] = {SECONDARY: {"mode": mode}}, None
    ended = shell("status")
    assert "Active Region   us-east-2 (serving, epoch 2, revision 3)" in ended.out
    assert lab.asked == [PRIMARY], "a Region that hangs is not waited for"


def test_a_secondary_whose_data_plane_answers_is_asked(shell: Shell, lab: MadeUpLab) -> None:
    lab.lost = {SECONDARY: {"mode": "entry"}}
    shell("status")
    assert lab.asked == [SECONDARY]


def test_a_secondary_that_refuses_is_no_traceback(shell: Shell, lab: MadeUpLab) -> None:
    lab.items[SECONDARY] = None
    assert "Active Region   us-east-2 (serving, epoch 2, revision 3)" in shell("status").out


@pytest.mark.parametrize("item", [MISSING, None, {"pk": {"S": "control"}}])
def test_a_control_item_that_cannot_be_read_is_told_of(
    shell: Shell, lab: MadeUpLab, item: dict[str, object] | None
) -> None:
    lab.items = dict.fromkeys(CONFIG.regions, item)
    ended = shell("status")
    assert ended.code == 0
    assert f"Active Region   {UNKNOWN}" in ended.out
    found = json.loads(shell("status", "--json").out)
    assert (found["active_region"], found["epoch"], found["state"]) == (None, None, None)


def test_a_public_name_that_leads_nowhere_is_told_of(shell: Shell, lab: MadeUpLab) -> None:
    lab.addresses = []
    assert "DNS leads to    nowhere" in shell("status").out
