"""What a drill of an application shows, level by level. It says what was observed, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.drill.application.scenario import Observed
    from lab.drill.application.users import Call

NAMES = {0: "routed", 1: "fenced", 2: "journaled"}
NOT_SHOWN = {
    0: "a single writer, and that no write was lost",
    1: "that no write was lost: there is no journal to compare",
    2: "protection against deletion and corruption",
}
Result = tuple[bool, str]


def recovery_seconds(seen: Observed, kind: str) -> float | None:
    """Return the seconds from the first failed request to the first good one after it."""
    calls = sorted((c for c in seen.calls if c.started >= seen.outage), key=lambda c: c.started)
    failed = next((c for c in calls if not c.good), None)
    if failed is None:
        return 0.0 if any(c.kind == kind for c in calls) else None
    good = (c.ended for c in calls if c.good and c.kind == kind and c.started >= failed.started)
    ended = next(good, None)
    return None if ended is None else ended - failed.started


def checks(seen: Observed) -> list[dict[str, Any]]:
    """Return each check of the declared level, as a report has them."""
    by_level: dict[int, dict[str, Callable[[Observed], Result]]] = {
        0: {
            "conforms to its contract": conforms,
            "rehearsed": rehearsed,
            "promoted by itself": promoted,
            "users read again": lambda s: served_again(s, "read"),
            "users write again": lambda s: served_again(s, "write"),
            "failed back": failed_back,
            "claims no more than it saw": honest,
        },
        1: {"the returned Primary took no write": returned_takes_nothing},
        2: {"no acknowledged write vanished": nothing_vanished},
    }
    listed = [i for n in range(seen.level + 1) for i in by_level[n].items()]
    return [
        {"name": name, "passed": passed, "detail": detail}
        for name, judge in listed
        for passed, detail in [judge(seen)]
    ]


def conforms(seen: Observed) -> Result:
    """Require every finding of the conformance check to be met."""
    failed = [f for f in seen.conformance if not f.passed]
    words = "; ".join(f"{f.name}: {f.detail}. {f.remedy}" for f in failed)
    met = bool(seen.conformance) and not failed
    return met, words or f"{len(seen.conformance)} things were tried and met."


def rehearsed(seen: Observed) -> Result:
    """Require the rehearsal to pass."""
    output = seen.rehearsal.output if seen.rehearsal else {}
    why = f"The rehearsal's verdict: {output.get('verdict')}. {output.get('summary', '')}"
    return output.get("verdict") == "PASS", why.rstrip()


def promoted(seen: Observed) -> Result:
    """Require the outage's run to have promoted the Secondary."""
    output = seen.failover.output if seen.failover else {}
    met = output.get("outcome") == "promoted" and seen.leads_to == seen.secondary
    return met, f"Outcome {output.get('outcome')}; the public name leads to {seen.leads_to}."


def served_again(seen: Observed, kind: str) -> Result:
    """Require users to be served again, and say after how long, in the lab's own time."""
    seconds = recovery_seconds(seen, kind)
    if seconds is None:
        return False, f"No {kind} was served after the outage."
    if not seconds:
        return True, "No request failed."
    return True, f"First good {kind} {seconds:.1f} s after the first failed request, in the lab."


def returned_takes_nothing(seen: Observed) -> Result:
    """Require the Primary that was lost to refuse or forward every write that it is sent."""
    taken = [c for c in seen.returned if c.good and not c.forwarded]
    answered = any(c.status for c in seen.returned)
    return answered and not taken, in_words(seen.returned)


def in_words(calls: Iterable[Call]) -> str:
    """Return what became of writes that were sent to a Region by its own name."""
    listed = list(calls)
    forwarded = sum(c.forwarded for c in listed)
    taken = sum(c.good and not c.forwarded for c in listed)
    silent = sum(not c.status for c in listed)
    refused = len(listed) - forwarded - taken - silent
    return (
        f"Of {len(listed)} writes it refused {refused}, forwarded {forwarded}, took {taken} and "
        f"left {silent} without an answer."
    )


def failed_back(seen: Observed) -> Result:
    """Require the move back to have been made."""
    output = seen.failback.output if seen.failback else {}
    return output.get(
        "outcome"
    ) == "switched_over", f"{output.get('outcome')}: {seen.failback_message}"


def honest(seen: Observed) -> Result:
    """Require the verdicts below level 2 to say that nothing was proven."""
    unproven = "unproven" in seen.failback_message
    if seen.level >= 2:
        met = bool(seen.failback_message) and not unproven
        met = met and seen.ledger not in ("", "unknown")
        return met, f"The move says unproven: {unproven}. The ledger is {seen.ledger}."
    met = unproven and seen.ledger == "unknown"
    return met, f"The move says unproven: {unproven}. The ledger is {seen.ledger}."


def nothing_vanished(seen: Observed) -> Result:
    """Require each acknowledged write to be readable: after the promotion, or before the failback.

    Each write makes an item of its own, which nothing overwrites: what came late is there, too.
    """
    late = [i for i, there in seen.read_back.items() if not there]
    gone = [i for i in late if not seen.held_before_failback.get(i)]
    detail = f"{len(seen.read_back)} acknowledged, {len(late)} arrived late or not at all."
    detail += f" {len(gone)} vanished: {', '.join(gone[:3])}." if gone else ""
    return bool(seen.read_back) and not gone, detail


def verdict(seen: Observed) -> str:
    """Return in a sentence what the drill shows at its level, and what it does not."""
    missing = sum(not there for there in seen.read_back.values())
    taken = sum(c.good and not c.forwarded for c in seen.returned)
    told = (
        f"Of {len(seen.read_back)} writes that were acknowledged until then, {missing} could not "
        f"be read in {seen.secondary} after the promotion."
    )
    if seen.level == 0 and taken:
        told += f" The returned {seen.primary} took {taken} writes: two Regions took writes."
    return f"{told} Level {seen.level}, {NAMES[seen.level]}. Not shown: {NOT_SHOWN[seen.level]}."
