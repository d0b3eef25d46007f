"""The switchover machine: the failure of each of its tasks."""

from __future__ import annotations

from tests.failures import faults, situations as at
from tests.failures.case import CONDITION, EXISTS, Case, Ended

SWITCHOVER = at.active_in_the_primary(at.SWITCHOVER)
FAILBACK = at.active_in_the_secondary(at.FAILBACK)
THERE_ALREADY = at.active_in_the_secondary(at.SWITCHOVER)
MOVED = Ended(
    "SUCCEEDED",
    "switched_over",
    told=("started", "switched_over"),
    serves="secondary",
    promoted=True,
    lock="cooldown",
)
COMPLETED = MOVED.but(promoted=False, says='"completing": true')
ALREADY_THERE = Ended(
    "SUCCEEDED", "already_there", told=("started", "already_there"), serves="secondary"
)


def failed(step: str, **but: object) -> Ended:
    """It ends FAILED at a step, people are told, the lock is free, the old Region serves."""
    whole = Ended(
        "FAILED",
        "SwitchoverFailed",
        told=("started", "failed"),
        says=f"{step}: ",
        told_why=f"failed at {step}",
    )
    return whole.but(**but)


def undone(step: str, **but: object) -> Ended:
    """It fails while the source drains, which is over at once."""
    return failed(step, told_why="The drain was undone, and the old Region serves").but(**but)


def refused(*unmet: str, **but: object) -> Ended:
    """Nothing was changed, and what was not seen is named."""
    told = ("started", "refused")
    return Ended("SUCCEEDED", "refused", told=told, refused_for=unmet).but(**but)


def unreconciled(**but: object) -> Ended:
    """It fails for a reason that is none of its tasks'."""
    return failed("ReadControl", says="BreakGlassUnreconciled").but(**but)


BEFORE_THE_EVIDENCE = (
    Case("Intake", at.given(at.SWITCHOVER), failed("Intake", told=("failed",))),
    Case(
        "AcquireLock",
        at.locked(at.SWITCHOVER),
        Ended("SUCCEEDED", "duplicate", lock="another's"),
        catches=CONDITION,
        by_itself=True,
    ),
    Case("AcquireLock", at.given(at.SWITCHOVER), failed("AcquireLock", told=("failed",))),
    Case(
        "ReadLock",
        at.locked(at.SWITCHOVER),
        failed("ReadLock", told=("failed",), lock="another's"),
    ),
    Case("Announce", THERE_ALREADY, ALREADY_THERE.but(told=("already_there",))),
    Case("ReadControl", at.given(at.SWITCHOVER), failed("ReadControl")),
    Case("FindRecord", THERE_ALREADY, failed("FindRecord", serves="secondary")),
)
EVIDENCE = (
    Case(
        "LookAtBothRegions",
        SWITCHOVER,
        refused("primary_healthy", "source_serves", "release_parity", "replication_healthy"),
        aside=("WarmTarget",),
    ),
    Case("VerifyReadiness", SWITCHOVER, refused("target_ready")),
    Case(
        "TryTarget",
        FAILBACK,
        refused("target_ready", serves="secondary"),
        aside=("LookAtBothRegions", "WarmTarget"),
    ),
    Case("WarmTarget", SWITCHOVER, MOVED.but(unmet=("target_warm",)), aside=("LookAtBothRegions",)),
    Case("ProveUpToNow", SWITCHOVER, refused("caught_up")),
    Case("ReconcileLedger", FAILBACK, refused("ledger_reviewed", serves="secondary")),
    Case("Decide", SWITCHOVER, failed("Decide")),
)
WITHIN_THE_DRAIN = (
    Case(
        "Drain",
        SWITCHOVER,
        failed("Drain", told_why="There was no drain of this run to undo"),
        catches=CONDITION,
        by=faults.the_control_item_changes,
        also=(("UndoDrain", CONDITION),),
    ),
    Case("Drain", SWITCHOVER, failed("Drain")),
    Case("AwaitDrain", SWITCHOVER, undone("AwaitDrain")),
    Case("Prove", SWITCHOVER, undone("Prove")),
    Case(
        "Promote",
        SWITCHOVER,
        undone("Promote", says="DrainLost"),
        catches=CONDITION,
        by=faults.the_lease_runs_out,
    ),
    Case("Promote", SWITCHOVER, undone("Promote")),
    Case(
        "UndoDrain",
        SWITCHOVER,
        failed(
            "Promote",
            told=("started", "failed", "failed"),
            told_why="Its drain was undone: the old Region serves.",
        ),
        earlier=(("Promote", faults.the_lease_runs_out),),
    ),
)
AFTER_THE_PROMOTION = (
    Case(
        "ConfirmTraffic",
        SWITCHOVER,
        failed(
            "ConfirmTraffic", serves="secondary", promoted=True, told_why="The promotion stands"
        ),
        again=COMPLETED,
    ),
    Case(
        "RecordMove",
        SWITCHOVER,
        MOVED,
        catches=CONDITION,
        by=faults.the_promotion_is_on_record,
    ),
    Case(
        "RecordMove",
        SWITCHOVER,
        failed(
            "RecordMove", serves="secondary", promoted=True, told_why="there is no record of it"
        ),
        again=COMPLETED,
    ),
    Case("StartCooldown", SWITCHOVER, MOVED.but(lock="kept")),
    Case(
        "MoveCapacity",
        SWITCHOVER,
        MOVED.but(says="An earlier run asked for this promotion"),
        catches=EXISTS,
        by=faults.capacity_is_asked_for_already,
    ),
    Case(
        "MoveCapacity",
        SWITCHOVER,
        MOVED.but(says='"asked": false', told_why="Provisioned concurrency was left as it is"),
    ),
)
ENDS = (
    Case("ReleaseLock", THERE_ALREADY, ALREADY_THERE.but(lock="kept")),
    Case("WriteReport", THERE_ALREADY, ALREADY_THERE.but(says='"report": ""')),
    Case(
        "NotifyOutcome",
        THERE_ALREADY,
        ALREADY_THERE.but(told=("started",), says='"notified": false'),
    ),
    Case(
        "NotifyFailure",
        at.unreconciled(at.SWITCHOVER),
        unreconciled(told=("started",), told_why=""),
    ),
    Case(
        "ReleaseLockAfterFailure",
        at.unreconciled(at.SWITCHOVER),
        unreconciled(told=("started", "failed", "failed"), told_why="Its lock was freed"),
    ),
    Case("WriteFailureReport", at.unreconciled(at.SWITCHOVER), unreconciled()),
)
CASES = (
    *BEFORE_THE_EVIDENCE,
    *EVIDENCE,
    *WITHIN_THE_DRAIN,
    *AFTER_THE_PROMOTION,
    *ENDS,
)
# How else it may end.
OUTCOMES = {
    "a failback moves back": Case("", FAILBACK, MOVED.but(serves="primary"), by_itself=True),
    "an input that nobody can read": Case(
        "",
        at.given({"mode": "sideways"}),
        failed("Intake", told=("failed",)).but(end="InvalidExecutionInput"),
        by_itself=True,
    ),
}
