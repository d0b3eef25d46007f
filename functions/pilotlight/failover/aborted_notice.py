"""Notification for an execution that ended before it could notify anyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.rehearsal.aborted_run import AbortedRehearsal

# What the machines add to the cause of a failure if SNS took no message.
NOT_SENT = "The message of this failure could not be sent."


@dataclass(frozen=True)
class Message:
    """A subject without the product's name, a text, and the mode and event that filters go by."""

    subject: str
    text: str
    mode: str
    event: str = "failed"


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
    subject, mode = f"recovery ended {status}", "unknown"
    advice = (
        "It is safe to run again, and a promotion that was made is then completed. "
        "See docs/runbook/timed-out-or-aborted.md."
    )
    if rehearsal:
        subject, mode = f"rehearsal ended {status}", "rehearsal"
        advice = (
            f"Verdict: {rehearsal.verdict}. {rehearsal.summary} "
            "Rehearse again. See docs/runbook/rehearsals.md."
        )
    machine = detail["stateMachineArn"].rsplit(":", 1)[-1]
    drain = "Its drain was undone: the old Region serves. " if undone else ""
    lock = "Its lock was freed." if released else "It held no lock."
    text = (
        f"An execution of the machine {machine} ended {status} without finishing.\n\n"
        f"{drain}{lock} {advice}\nExecution: {detail['executionArn']}\n"
    )
    return Message(subject, text, mode)


def _unsent(detail: Mapping[str, Any]) -> Message | None:
    """Return the message of a run that ended by itself if SNS did not take it, or None."""
    if detail["status"] == "FAILED" and NOT_SENT in str(detail.get("cause")):
        return _ended("recovery FAILED", detail["cause"], detail, "unknown")
    output = read_json(detail.get("output"), {})
    if output.get("notified") is not False:
        return None
    mode, outcome = str(output.get("mode", "run")), str(output.get("outcome"))
    event = "hold_ended" if outcome == "held" else outcome
    return _ended(f"{mode} ended: {outcome}", output.get("summary", ""), detail, mode, event)


def _ended(
    subject: str, text: object, detail: Mapping[str, Any], mode: str, event: str = "failed"
) -> Message:
    text = f"{text}\n\nThe run could not send this itself.\nExecution: {detail['executionArn']}\n"
    return Message(subject, text, mode, event)
