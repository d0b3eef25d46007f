"""What people are told of a run that could not tell it itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pilotlight.domain.cut_off import CutOffRehearsal


@dataclass(frozen=True)
class Message:
    """A subject without the product's name, a text, and the mode that filters go by."""

    subject: str
    text: str
    mode: str


def message(
    execution: str,
    status: str,
    *,
    machine: str,
    undone: bool,
    released: bool,
    rehearsal: CutOffRehearsal | None,
) -> Message:
    """Word the message.

    Parameters
    ----------
    undone, released
        Whether the run left a drain, and the lock, which are gone now.
    rehearsal
        What is kept of it, where it was one.
    """
    subject, mode = f"recovery ended {status}", "unknown"
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
    drain = "Its drain was undone: the old Region serves. " if undone else ""
    lock = "Its lock was freed." if released else "It held no lock."
    text = (
        f"An execution of the machine {machine} ended {status} without finishing.\n\n"
        f"{drain}{lock} {advice}\nExecution: {execution}\n"
    )
    return Message(subject, text, mode)
