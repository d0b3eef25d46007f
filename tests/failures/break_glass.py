"""The break-glass machine in the Primary: the failure of each of its tasks. It tells nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.failures import faults, situations as at
from tests.failures.case import Case, Ended

if TYPE_CHECKING:
    from tests.failures.case import Situation
    from tests.failures.pair import Pair

CANCELED = "DynamoDb.TransactionCanceledException"
REASON = "the Secondary is gone"
BROKEN = Ended("SUCCEEDED", "broken_glass", promoted=True)


def confirmed(pair: Pair) -> dict[str, Any]:
    sentence = f"MAKE {pair.primary} ACTIVE WITHOUT {pair.secondary}"
    return {"confirm": sentence, "reason": REASON}


def when_the_secondary_is_active(pair: Pair) -> dict[str, Any]:
    at.active_in_the_secondary(at.OVERRIDE)(pair)
    return confirmed(pair)


def unconfirmed(pair: Pair) -> dict[str, Any]:
    return {**when_the_secondary_is_active(pair), "confirm": "yes, please"}


def without_a_control_item(pair: Pair) -> dict[str, Any]:
    """In both Regions, until the next test writes one."""
    pair.forget_control()
    return confirmed(pair)


def failed(error: str, says: str, serves: str | None = "secondary") -> Ended:
    return Ended("FAILED", error, says=says, serves=serves)


SITUATION: Situation = when_the_secondary_is_active
CASES = (
    Case(
        "ReadControl",
        SITUATION,
        failed("DynamoDB.AccessDeniedException", "Nothing was changed."),
    ),
    Case(
        "Promote",
        SITUATION,
        failed("ControlItemChanged", "is no longer in epoch"),
        catches=CANCELED,
        by=faults.the_control_item_changes,
    ),
    Case(
        "Promote",
        SITUATION,
        failed("DynamoDb.DynamoDbException", "It is not known whether the write was made"),
    ),
)
OUTCOMES = {
    "the glass is broken": Case("", SITUATION, BROKEN, by_itself=True),
    "the Primary is active already": Case(
        "", confirmed, Ended("SUCCEEDED", "already_active"), by_itself=True
    ),
    "what was typed is not the sentence": Case(
        "", unconfirmed, failed("InvalidExecutionInput", "Nothing was changed."), by_itself=True
    ),
    "there is no control item": Case(
        "",
        without_a_control_item,
        failed("ControlItemMissing", "Nothing was changed.", serves=None),
        by_itself=True,
    ),
}
