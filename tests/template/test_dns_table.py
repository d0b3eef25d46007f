"""Where the public name leads, in every combination: docs/dns.md, and what the design fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.audit import dns
from tools.audit.dns import ACCEPTED, SIDES, World, answers, reasons, worlds

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = list(worlds())


def those(*conditions: Callable[[World], bool]) -> list[World]:
    found = [w for w in EVERY if all(holds(w) for holds in conditions)]
    assert found, "or nothing is looked at here"
    return found


def leads(found: list[World]) -> set[str]:
    return {answers(w).leads_to for w in found}


def active(side: str) -> Callable[[World], bool]:
    return lambda w: w.active == side


def silent(w: World) -> bool:
    return w.seen.table != "quorum" and w.fault != "Secondary lost"


def nobody_s(w: World) -> bool:
    """No last resort is held."""
    return w.resort is None


def up_to_date(w: World) -> bool:
    """Whatever the Secondary goes by is of this claim."""
    return {w.seen.named, w.seen.copy} <= {None, w.active}


def no_young_read(w: World) -> bool:
    return w.seen.memory != "young"


def serves(w: World) -> bool:
    return w.fault != "Primary lost"


def test_all_that_can_be_is_in_the_table() -> None:
    assert len(EVERY) == len(set(EVERY)) == 1512
    assert {w.fault for w in EVERY} == set(dns.FAULTS)
    assert {(w.active, w.state) for w in EVERY} == {(a, s) for a in SIDES for s in dns.STATES}
    assert {w.seen.table for w in EVERY} == {"quorum", "own copy", "nothing"}
    assert {w.seen.memory for w in EVERY} == {"none", "young", "old"}


def test_whether_a_claim_serves_yet_or_drains_moves_nobody() -> None:
    by_rest: dict[World, set[dns.Answers]] = {}
    for w in EVERY:
        rest = World(w.active, "serving", w.fault, w.seen, w.resort)
        by_rest.setdefault(rest, set()).add(answers(w))
    assert {len(found) for found in by_rest.values()} == {1}


def test_with_a_quorum_the_name_leads_to_the_region_that_is_active() -> None:
    """Where it serves, and the Secondary's own copy knows of the claim."""
    for side in SIDES:
        found = those(active(side), lambda w: w.seen.table == "quorum", up_to_date, nobody_s)
        assert leads(found) == {side}


@pytest.mark.parametrize("resort", [None, "Primary"])
def test_a_lost_quorum_moves_nobody_off_a_primary_that_serves(resort: str | None) -> None:
    """However the table fails, and however old what the Secondary last read of this claim is."""
    found = those(active("Primary"), serves, silent, up_to_date, lambda w: w.resort == resort)
    assert leads(found) == {"Primary"}


def test_a_secondary_that_was_replaced_draws_nobody() -> None:
    """It has read nothing yet, and its copy may be from any time."""
    found = those(active("Primary"), serves, silent, lambda w: w.seen.memory == "none", nobody_s)
    assert {w.seen.copy for w in found} == {None, *SIDES}
    assert leads(found) == {"Primary"}


def test_a_secondary_that_is_cut_off_for_more_than_120_s_draws_nobody() -> None:
    """Whatever its last strong read said."""
    found = those(
        active("Primary"),
        lambda w: w.fault == "Secondary isolated",
        lambda w: w.seen.memory == "old",
        nobody_s,
    )
    assert {w.seen.named for w in found} == set(SIDES)
    assert leads(found) == {"Primary"}


def test_a_secondary_that_catches_up_draws_nobody() -> None:
    """Strong calls fail, its copy is from before the Primary's claim, and so was its last read."""
    found = those(
        active("Primary"),
        serves,
        lambda w: w.seen.table == "own copy" and w.seen.copy == "Secondary",
        no_young_read,
        nobody_s,
    )
    assert leads(found) == {"Primary"}


def test_an_active_secondary_keeps_its_users_through_120_s_of_silence() -> None:
    found = those(
        active("Secondary"), silent, up_to_date, lambda w: w.seen.memory == "young", nobody_s
    )
    assert leads(found) == {"Secondary"}


def test_a_table_that_is_silent_for_longer_sends_them_to_a_primary_that_is_well() -> None:
    """Known and accepted: both refuse writes, and it leads back when the table answers."""
    found = those(active("Secondary"), silent, no_young_read, serves, nobody_s)
    assert leads(found) == {"Primary"}
    back = those(active("Secondary"), lambda w: w.seen.table == "quorum", up_to_date, nobody_s)
    assert leads(back) == {"Secondary"}


def test_users_of_a_lost_primary_are_not_led_back_to_it_by_a_silent_table() -> None:
    found = those(
        active("Secondary"), silent, up_to_date, lambda w: w.fault == "Primary lost", nobody_s
    )
    assert leads(found) == {"Secondary"}


def test_a_last_resort_of_the_secondary_is_honoured_while_the_table_is_silent() -> None:
    found = those(silent, lambda w: w.resort == "Secondary")
    assert {w.active for w in found} == set(SIDES)
    assert leads(found) == {"Secondary"}


def test_a_last_resort_of_the_primary_is_honoured_once_the_secondary_says_nothing_young() -> None:
    found = those(silent, no_young_read, serves, lambda w: w.resort == "Primary")
    assert leads(found) == {"Primary"}


def test_a_last_resort_that_was_left_behind_is_void_as_soon_as_the_table_answers() -> None:
    for side in SIDES:
        found = those(
            active(side),
            lambda w: w.seen.table == "quorum",
            lambda w: w.resort == "Secondary",
            serves,
        )
        assert {answers(w).on for w in found} == {side == "Secondary"}
        assert leads(found) == {side}


def test_a_secondary_that_is_lost_draws_nobody() -> None:
    found = those(lambda w: w.fault == "Secondary lost")
    assert leads(found) == {"Primary"}
    assert {answers(w).on for w in found} == {None}


def test_wherever_it_leads_elsewhere_it_is_accepted_for_a_reason() -> None:
    elsewhere = [w for w in EVERY if answers(w).leads_to != w.active]
    assert [w for w in elsewhere if not reasons(w)] == []
    told = [r for w in elsewhere for r in reasons(w) if len(reasons(w)) == 1]
    assert set(told) == set(ACCEPTED), "a reason that nothing needs"


def test_the_page_in_docs_is_what_the_table_says_now() -> None:
    assert dns.PAGE.read_text() == dns.render(), "run `make audit`"
