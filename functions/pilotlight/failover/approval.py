"""What came of asking a person before a promotion: an answer, or none, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pilotlight.shared.timestamps import text

if TYPE_CHECKING:
    from datetime import datetime

Policy = Literal["go", "hold"]
Answer = Literal["approved", "rejected", "expired", "not_asked"]
EndedBy = Literal["rejected", "approval_expired", "approval_not_asked"]
# Errors of a task that nobody sent: Step Functions' own, and those of the publishing.
EXPIRED, NOT_SENT = "States.Timeout", ("States.", "SNS.")
BY_HAND = "To promote after all, start a failover by hand: who starts it has approved it."


@dataclass(frozen=True)
class Approval:
    """What the answer means for the run. `action` is what the machine follows."""

    action: Policy
    answer: Answer
    by: str | None
    at: str
    detail: str
    ended_by: EndedBy | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as the state machine keeps and records it."""
        return asdict(self)


def policy(given: str) -> Policy:
    """Read what an unanswered request does.

    Raises
    ------
    ValueError
        It is none that is known. It is named.
    """
    if given not in get_args(Policy):
        raise ValueError(f"The Approval {given!r} is none of {', '.join(get_args(Policy))}.")
    return cast("Policy", given)


def read(asked: Mapping[str, Any], *, unanswered: Policy, now: datetime) -> Approval:
    """Say what came of a request for approval.

    Parameters
    ----------
    asked
        `{"given": <the task's output>}` where somebody answered, or `{"error": {"Error": …,
        "Cause": …}}` where the task failed: by its deadline, at the publishing, or by a person who
        sent a failure.
    unanswered
        What to do where nobody was reached or nobody answered.

    Only `{"approved": true}` is consent. Whatever else a person sends is a rejection.
    """
    at, error = text(now), asked.get("error")
    if isinstance(error, Mapping):
        return _from_error(str(error.get("Error")), str(error.get("Cause")), unanswered, at)
    given = asked.get("given")
    answer = given if isinstance(given, Mapping) else {}
    by = str(answer.get("by") or "somebody who gave no name")[:200]
    if answer.get("approved") is True:
        return Approval("go", "approved", by, at, f"Approved by {by} at {at}.")
    if answer.get("approved") is False:
        return _rejected(by, at, f"Rejected by {by}.")
    return _rejected(by, at, f"The answer was neither approved true nor false: {given!r:.200}.")


def _from_error(error: str, cause: str, unanswered: Policy, at: str) -> Approval:
    if not error.startswith(NOT_SENT):
        return _rejected("somebody who sent a failure", at, f"Rejected: {error}: {cause:.200}.")
    expired = error == EXPIRED
    why = "Nobody answered in time" if expired else f"Nobody could be asked ({error})"
    answer: Answer = "expired" if expired else "not_asked"
    if unanswered == "go":
        return Approval("go", answer, None, at, f"{why}; Approval=go goes on without an answer.")
    ended_by: EndedBy = "approval_expired" if expired else "approval_not_asked"
    detail = f"{why}; Approval=hold does not promote without an answer. {BY_HAND}"
    return Approval("hold", answer, None, at, detail, ended_by)


def _rejected(by: str, at: str, why: str) -> Approval:
    return Approval("hold", "rejected", by, at, f"{why} {BY_HAND}", "rejected")
