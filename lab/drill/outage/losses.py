"""What was lost for a time: by the client's log, by the journal, and by the machine's estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.drill.outage.recovery import DELIVERY_STEP, missing, rpo

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.drill.checks import Result
    from lab.drill.observations import Observations

# The client waits this long for an answer, so a write may be that much older than its answer.
ANSWER_SECONDS = 3.0


def estimate(drill: Observations) -> float | None:
    """Return the machine's estimate of the RPO, or None where it was unknown."""
    run = drill.recovery
    rpo = (run.output.get("decision") or {}).get("rpo_estimate") if run else None
    return rpo["seconds"] if rpo else None


def late_entries(drill: Observations) -> dict[str, float] | None:
    """Return the Primary's writes of which a half arrived after the promotion, with their times.

    Halves are the journal entry and the item, which arrive apart.
    """
    before, after = drill.journal_at_promotion, drill.journal_at_the_end
    if before is None or after is None or drill.healed is None:
        return None
    return {write: at for write, at in after.items() if write not in before}


def journal_rpo(drill: Observations) -> float | None:
    """Return the age at the outage of the oldest entry that arrived after the promotion."""
    late = late_entries(drill)
    if late is None:
        return None
    return round(max((drill.outage - at for at in late.values()), default=0.0), 3)


def journal_agrees_with_the_client(drill: Observations) -> Result:
    """Require the journal to have every loss that the client's log has.

    It may have more: a transaction is one in its own Region only, so the outage may let an item
    through and not its entry, and a write may have been made that was never acknowledged.
    """
    late, by_client = late_entries(drill), rpo(drill)
    if late is None or by_client is None:
        return False, "The journal was not read before and after the Primary's return."
    lost = {w.write_id for w in missing(drill)}
    named = lost & set(late)
    oldest = max((drill.outage - late[w] for w in named), default=0.0)
    detail = (
        f"{len(late)} writes by the journal arrived after the promotion; the {len(named)} of "
        f"{len(lost)} writes that the client missed are among them. Their oldest by the journal "
        f"{oldest:.3f} s, by the client {by_client:.3f} s."
    )
    # An entry is written before it is acknowledged, and what is older than the lag has arrived.
    agree = by_client <= oldest + 0.001 and oldest <= by_client + ANSWER_SECONDS
    limit = drill.replication_lag + DELIVERY_STEP + ANSWER_SECONDS
    young = all(drill.outage - at <= limit for at in late.values())
    return named == lost and young and (agree or not lost), detail


def rpo_estimate_covers_the_loss(drill: Observations) -> Result:
    """Require the machine's estimate to be known, and no smaller than what was lost."""
    estimated, exact = estimate(drill), rpo(drill)
    if estimated is None or exact is None:
        return False, f"Estimated {estimated}, by the client {exact}."
    return estimated >= exact, f"Estimated {estimated:g} s, by the client {exact:g} s."


CHECKS: tuple[Callable[[Observations], Result], ...] = (
    journal_agrees_with_the_client,
    rpo_estimate_covers_the_loss,
)
