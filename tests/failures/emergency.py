"""The emergency machine, in the Primary: the failure of each of its tasks.

A last resort takes the half minute of silence that it asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.failures import faults, situations as at
from tests.failures.case import CONDITION, Case, Ended

if TYPE_CHECKING:
    from tests.failures.case import Situation
    from tests.failures.pair import Pair

REASON = "the Secondary is gone"
TAKEN_OVER = Ended("SUCCEEDED", "taken_over", told=("taken_over",), promoted=True)
# Nobody serves by the quorum's word meanwhile, and what is lent is taken back by the next test.
LENT = Ended("SUCCEEDED", "last_resort", told=("last_resort",), serves=None)


def take_over(pair: Pair) -> dict[str, Any]:
    sentence = f"MAKE {pair.primary} ACTIVE WITHOUT {pair.secondary}"
    return {"action": "take-over", "confirm": sentence, "reason": REASON}


def last_resort(pair: Pair) -> dict[str, Any]:
    sentence = f"LET {pair.primary} WRITE WITHOUT A QUORUM"
    return {"action": "last-resort", "confirm": sentence, "hours": 1, "reason": REASON}


def while_the_secondary_is_active(pair: Pair) -> dict[str, Any]:
    at.active_in_the_secondary(at.OVERRIDE)(pair)
    return take_over(pair)


def unconfirmed(pair: Pair) -> dict[str, Any]:
    return {**while_the_secondary_is_active(pair), "confirm": "yes, please"}


def without_a_control_item(pair: Pair) -> dict[str, Any]:
    pair.forget_control()
    return take_over(pair)


def a_claim_that_was_left(pair: Pair) -> dict[str, Any]:
    """Its run died before it served."""
    pair.serve(pair.primary, "claimed")
    return take_over(pair)


def cut_off(pair: Pair) -> dict[str, Any]:
    while_the_secondary_is_active(pair)
    return at.isolated(take_over(pair), "primary")(pair)


def silent(pair: Pair) -> dict[str, Any]:
    """The Primary reaches no other member of the control table."""
    return at.isolated(last_resort(pair), "primary")(pair)


def failed(error: str, says: str, serves: str | None = "secondary", **but: object) -> Ended:
    return Ended("FAILED", error, says=says, serves=serves).but(**but)


DENIED = "DynamoDB.AccessDeniedException"
SITUATION: Situation = while_the_secondary_is_active
HEALED = at.healed_after_an_emergency
CASES = (
    Case("ReadControl", SITUATION, failed("NoQuorum", "No claim was made")),
    # Read again, and made: whatever failed may have been made.
    Case("Claim", SITUATION, TAKEN_OVER),
    Case(
        "Claim",
        SITUATION,
        failed("ClaimNotMade", "is still the active Region"),
        throughout=True,
    ),
    Case("Serve", SITUATION, TAKEN_OVER, catches=CONDITION, by=faults.a_keeper_lets_it_serve),
    Case("Serve", SITUATION, failed(DENIED, "The claim stands", "primary", promoted=True)),
    Case("NotifyTakenOver", SITUATION, TAKEN_OVER.but(told=())),
    Case("AskTable", silent, LENT, by_itself=True, afterwards=HEALED),
    Case("AskTable", last_resort, failed("TableNotAsked", "which is not silence", "primary")),
    Case(
        "ReadLocalCopy",
        silent,
        failed(DENIED, "cannot read even its own copy", None),
        afterwards=HEALED,
    ),
    Case(
        "RecordLastResort",
        silent,
        failed(DENIED, "it could not be put on record", None),
        afterwards=HEALED,
    ),
    Case(
        "GrantLastResort",
        silent,
        failed(DENIED, "It is not known whether the last resort holds", None),
        afterwards=HEALED,
    ),
    Case("NotifyLastResort", silent, LENT.but(told=()), afterwards=HEALED),
)
OUTCOMES = {
    "the Primary takes over": Case("", SITUATION, TAKEN_OVER, by_itself=True),
    "the Primary is active already": Case(
        "", take_over, Ended("SUCCEEDED", "already_active"), by_itself=True
    ),
    "a claim that was left is finished": Case(
        "", a_claim_that_was_left, TAKEN_OVER.but(promoted=False), by_itself=True
    ),
    "what was typed is not the sentence": Case(
        "", unconfirmed, failed("InvalidExecutionInput", "Nothing was changed."), by_itself=True
    ),
    "there is no control item": Case(
        "",
        without_a_control_item,
        failed("ControlItemMissing", "The control item is missing", None),
        by_itself=True,
    ),
    "no quorum answers the Primary": Case(
        "", cut_off, failed("NoQuorum", "does not answer"), by_itself=True, afterwards=HEALED
    ),
    "a control table that answers needs no last resort": Case(
        "", last_resort, failed("ControlTableAnswers", "take over", "primary"), by_itself=True
    ),
}
