"""Notification for an execution that ended before it could notify anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import read_json, section
from pilotlight.messages.message import KINDS, Message, outage_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.rehearsal.aborted_run import AbortedRehearsal

# What the machines add to the cause of a failure if SNS took no message.
NOT_SENT = "The message of this failure could not be sent."
ABORTED = KINDS["janitor"]["failed"]
NOT_PASSED = KINDS["failover"]["not_passed"]


def notice(
    detail: Mapping[str, Any], *, undone: bool, released: bool, rehearsal: AbortedRehearsal | None
) -> Message | None:
    """Return the message about an execution that ended, or None if it has notified people itself.

    A run that ends by itself has, unless SNS did not take its message or it left something.

    Parameters
    ----------
    detail
        From a `Step Functions Execution Status Change` event, which omits a large `output`.
    undone, released
        Whether the run left a drain, and the lock, which are gone now.
    rehearsal
        The verdict that is recorded, if the run was a rehearsal.
    """
    status = detail["status"]
    unfinished = status in ("TIMED_OUT", "ABORTED") or (released and status != "SUCCEEDED")
    if not (undone or unfinished):
        return _unsent(detail)
    machine = detail["stateMachineArn"].rsplit(":", 1)[-1]
    facts = (
        "Its drain was undone: the old Region serves." if undone else "",
        "Its lock was freed." if released else "It held no lock.",
        f"Verdict: {rehearsal.verdict}. {rehearsal.summary}" if rehearsal else "",
    )
    return Message(
        subject=f"{'rehearsal' if rehearsal else 'recovery'} ended {status}",
        text=f"An execution of the machine {machine} ended {status} without finishing.\n\n"
        + " ".join(filter(None, facts)),
        kind="failed",
        row=NOT_PASSED if rehearsal else ABORTED,
        mode="rehearsal" if rehearsal else "unknown",
        **_run(detail),
    )


def _unsent(detail: Mapping[str, Any]) -> Message | None:
    """Return the message of a run that ended by itself if SNS did not take it, or None."""
    kinds = KINDS["switchover" if detail["stateMachineArn"].endswith("-switchover") else "failover"]
    if detail["status"] == "FAILED" and NOT_SENT in str(detail.get("cause")):
        return Message(
            subject="recovery FAILED",
            text=_not_by_itself(detail["cause"]),
            kind="failed",
            row=kinds["failed"],
            mode="unknown",
            **_run(detail),
        )
    output = read_json(detail.get("output"), {})
    if output.get("notified") is not False:
        return None
    mode, outcome = str(output.get("mode", "unknown")), str(output.get("outcome"))
    kind = "hold_ended" if outcome == "held" else outcome
    no_pass = mode == "rehearsal" and output.get("verdict") != "PASS"
    return Message(
        subject=f"{mode} ended: {outcome}",
        text=_not_by_itself(output.get("summary", "")),
        kind=kind,
        row=NOT_PASSED if no_pass else kinds.get(kind, ABORTED),
        mode=mode,
        **_run(detail),
    )


def _run(detail: Mapping[str, Any]) -> dict[str, str | None]:
    """Return which execution a message is about, and of which outage."""
    outage = section(read_json(detail.get("input"), {}), "outage")
    return {
        "execution": detail["executionArn"],
        "outage_id": outage_id(outage.get("first_failed_at")),
    }


def _not_by_itself(text: object) -> str:
    return f"{text}\n\nThe run could not send this itself."
