"""What people are told of a run that could not tell it itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pilotlight.domain.cut_off import CutOffRehearsal


@dataclass(frozen=True)
class Message:
    """A subject without the product's name, a text, and the attributes that filters go by."""

    subject: str
    text: str
    event: str
    mode: str


def message(
    execution: str,
    status: str,
    *,
    machine: str,
    capacity: bool,
    undone: bool,
    released: bool,
    rehearsal: CutOffRehearsal | None,
) -> Message:
    """Word the message.

    Parameters
    ----------
    capacity
        Whether the machine is the capacity machine, whose runs nobody waits for.
    undone, released
        Whether the run left a drain, and the lock, which are gone now.
    rehearsal
        What is kept of it, where it was one.
    """
    subject, mode, event = f"recovery ended {status}", "unknown", "failed"
    advice = (
        "It is safe to run again, and a promotion that was made is then completed. "
        'See the runbook, "ended TIMED_OUT or ABORTED".'
    )
    if rehearsal:
        subject, mode = f"rehearsal ended {status}", "rehearsal"
        advice = (
            f"Verdict: {rehearsal.verdict}. {rehearsal.summary} "
            'Rehearse again. See the runbook, "Rehearsals".'
        )
    elif capacity:
        subject, mode = f"provisioned concurrency ended {status}", "capacity"
        event = "capacity_failed"
        advice = (
            "No recovery waits for it. What it asked for may stay, and is then billed. "
            'See the runbook, "Release provisioned concurrency".'
        )
    drain = "Its drain was undone: the old Region serves. " if undone else ""
    lock = "Its lock was freed." if released else "It held no lock."
    text = (
        f"An execution of the machine {machine} ended {status} without finishing.\n\n"
        f"{drain}{lock} {advice}\nExecution: {execution}\n"
    )
    return Message(subject, text, event, mode)
