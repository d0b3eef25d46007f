"""What a rehearsal proves: that a failover would work, that it would not, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pilotlight.conditions.condition import unmet
from pilotlight.conditions.conformance import CONFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pilotlight.conditions.condition import Condition

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE"]
HOLDS = "A failover would hold."
DIFFERS = "The application is not what its contract declares. No failover holds for that."


def verdict(
    conditions: Iterable[Condition], must_be_observed: frozenset[str]
) -> tuple[Verdict, str]:
    """Return the verdict on the conditions of a rehearsal, and why.

    A PASS holds on the proof of the promotion's write, which the machine makes next.

    Parameters
    ----------
    conditions
        Of the rehearsal's one decision.
    must_be_observed
        Conditions that a rehearsal does not require and a failover does. Without an outage they
        cannot be met, but if they cannot even be observed, a failover would hold.
    """
    conditions = list(conditions)
    failed = [c for c in unmet(conditions) if c.observed]
    unseen = [
        c for c in conditions if (c.required or c.name in must_be_observed) and not c.observed
    ]
    because = " ".join(f"{c.name}: {c.detail}" for c in failed + unseen)
    if failed:
        holds = any(c.name != CONFORMS for c in failed)
        return "FAIL", f"{HOLDS if holds else DIFFERS} {because}"
    if unseen or not any(c.required for c in conditions):
        return "INCONCLUSIVE", f"Nothing is proven. {because or 'There are no conditions.'}"
    return "PASS", "Every condition of a failover is met."
