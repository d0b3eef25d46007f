"""A person's answer to a request for approval, or none, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client.choice import choice
from pilot_light_client.timestamps import text

from pilotlight.conditions.evidence import section

if TYPE_CHECKING:
    from datetime import datetime

Policy = Literal["go", "hold"]
Answer = Literal["approved", "rejected", "expired", "not_asked"]
EndedBy = Literal["rejected", "approval_expired", "approval_not_asked"]
# Errors that no person sent: those of Step Functions, and of publishing the request.
EXPIRED, NOT_SENT = "States.Timeout", ("States.", "SNS.")
BY_HAND = "To promote after all, start a failover by hand: starting it is an approval."


@dataclass(frozen=True)
class Approval:
    """What the answer means for the run. `action` is what the machine follows."""

    action: Policy
    answer: Answer
    by: str | None
    at: str
    detail: str
    ended_by: EndedBy | None = None


def read(response: Mapping[str, Any], *, unanswered: str, now: datetime) -> Approval:
    """Return what the response to a request for approval means.

    Parameters
    ----------
    response
        `{"answer": <the task's output>}` if somebody answered, or `{"error": {"Error": …,
        "Cause": …}}` if the task failed: by its deadline, at the publishing, or by a person who
        sent a failure.
    unanswered
        What to do if nobody was reached or nobody answered.

    Only `{"approved": true}` is consent. Whatever else a person sends is a rejection.

    Raises
    ------
    ValueError
        The policy `unanswered` is unknown. It is named.
    """
    policy: Policy = choice("Approval", unanswered, Policy)
    at, error = text(now), response.get("error")
    if isinstance(error, Mapping):
        return _from_error(str(error.get("Error")), str(error.get("Cause")), policy, at)
    answer = section(response, "answer")
    by = str(answer.get("by") or "somebody who gave no name")[:200]
    if answer.get("approved") is True:
        return Approval("go", "approved", by, at, f"Approved by {by} at {at}.")
    if answer.get("approved") is False:
        return _rejected(by, at, f"Rejected by {by}.")
    other = response.get("answer")
    return _rejected(by, at, f"The answer was neither approved true nor false: {other!r:.200}.")


def _from_error(error: str, cause: str, unanswered: Policy, at: str) -> Approval:
    if not error.startswith(NOT_SENT):
        return _rejected("somebody who sent a failure", at, f"Rejected: {error}: {cause:.200}.")
    expired = error == EXPIRED
    why = "Nobody answered in time" if expired else f"The request could not be sent ({error})"
    answer: Answer = "expired" if expired else "not_asked"
    if unanswered == "go":
        return Approval("go", answer, None, at, f"{why}; Approval=go goes on without an answer.")
    ended_by: EndedBy = "approval_expired" if expired else "approval_not_asked"
    detail = f"{why}; Approval=hold does not promote without an answer. {BY_HAND}"
    return Approval("hold", answer, None, at, detail, ended_by)


def _rejected(by: str, at: str, why: str) -> Approval:
    return Approval("hold", "rejected", by, at, f"{why} {BY_HAND}", "rejected")
