"""The failover machine: the failure of each of its tasks."""

from __future__ import annotations

from tests.failures import faults, situations as at
from tests.failures.case import CONDITION, EXISTS, Case, Ended

OVERRIDE, REHEARSAL = at.given(at.OVERRIDE), at.given(at.REHEARSAL)
PROMOTED = Ended(
    "SUCCEEDED",
    "promoted",
    told=("started", "promoted"),
    serves="secondary",
    promoted=True,
    lock="cooldown",
)
REHEARSED = Ended("SUCCEEDED", "rehearsed", told=("started", "rehearsed"))
COMPLETED = PROMOTED.but(promoted=False, says='"completing": true')
HELD = Ended("SUCCEEDED", "held", told=("started", "hold_ended"))


def failed(step: str, **but: object) -> Ended:
    """It ends FAILED at a step, people are told, the lock is free, the old Region serves."""
    whole = Ended(
        "FAILED",
        "RecoveryFailed",
        told=("started", "failed"),
        says=f"{step}: ",
        told_why=f"failed at {step}",
    )
    return whole.but(**but)


def refused(**but: object) -> Ended:
    """It fails for a reason that is none of its tasks'."""
    return failed("ReadControl", says="ControlItemMissing", serves=None).but(**but)


BEFORE_THE_LOCK = (
    Case("Intake", OVERRIDE, failed("Intake", told=("failed",))),
    Case(
        "HandOver",
        at.given(at.GRACEFUL),
        Ended("SUCCEEDED", "handed_over"),
        catches=EXISTS,
        by=faults.the_move_is_made_already,
    ),
    Case("HandOver", at.given(at.GRACEFUL), failed("HandOver", told=("failed",))),
    Case(
        "AcquireLock",
        at.locked(at.OVERRIDE),
        Ended("SUCCEEDED", "duplicate", lock="another's"),
        catches=CONDITION,
        by_itself=True,
    ),
    Case("AcquireLock", OVERRIDE, failed("AcquireLock", told=("failed",))),
    Case(
        "ReadLock",
        at.locked(at.OVERRIDE),
        failed("ReadLock", told=("failed",), lock="another's"),
    ),
)
BEFORE_THE_CLAIM = (
    Case("Announce", OVERRIDE, PROMOTED.but(told=("promoted",))),
    Case("ReadControl", OVERRIDE, failed("ReadControl")),
    Case(
        "FindRecord",
        at.active_in_the_secondary(at.OVERRIDE),
        failed("FindRecord", serves="secondary"),
    ),
    Case(
        "ConfirmOutage",
        at.given(at.UNGRACEFUL),
        HELD.but(
            told=("started", "held", "hold_ended"),
            says="primary_healthy",
            told_why="UNMET  outage_confirmed: The step failed",
        ),
    ),
    Case(
        "VerifyReadiness",
        OVERRIDE,
        PROMOTED.but(
            told=("started", "held", "promoted"),
            told_why="UNMET  secondary_ready: The step failed",
        ),
    ),
    Case("PlanWarming", OVERRIDE, PROMOTED.but(unmet=("functions_warm",))),
    Case("WarmBatch", OVERRIDE, PROMOTED.but(unmet=("functions_warm",))),
    Case("Decide", OVERRIDE, failed("Decide")),
    Case(
        "NotifyHold",
        at.secondary_unready(at.OVERRIDE),
        PROMOTED.but(told=("started", "held", "promoted")),
        afterwards=at.healed_once_held,
    ),
    Case(
        "AskApproval",
        at.alarmed,
        HELD.but(says="approval_not_asked", told_why="Nobody could be asked"),
        afterwards=at.healed_once_over,
    ),
    Case(
        "ReadAnswer",
        at.alarmed,
        failed("ReadAnswer", told=("started", "approval_wanted", "failed")),
        meanwhile=at.approved,
        afterwards=at.healed_once_over,
    ),
    # The revision is another one: read, judge and claim again.
    Case("Claim", OVERRIDE, PROMOTED, by=faults.the_control_item_changes),
    Case("Claim", OVERRIDE, PROMOTED),
    Case(
        "Claim",
        OVERRIDE,
        failed("Claim", says="ClaimNotMade", told_why="writes of the control item failed"),
        throughout=True,
    ),
)
OF_A_REHEARSAL = (
    Case(
        "RehearseClaim",
        REHEARSAL,
        REHEARSED,
        catches=CONDITION,
        by_itself=True,
    ),
    Case("VerifyReadiness", REHEARSAL, HELD.but(says='"verdict": "INCONCLUSIVE"')),
    Case("RehearseClaim", REHEARSAL, failed("RehearseClaim")),
    Case("KeepRehearsal", REHEARSAL, failed("KeepRehearsal")),
    Case(
        "RecordRehearsal",
        REHEARSAL,
        REHEARSED,
        catches=CONDITION,
        by=faults.a_later_rehearsal_was_quicker,
    ),
    Case("RecordRehearsal", REHEARSAL, failed("RecordRehearsal")),
    Case(
        "ReleaseLock",
        REHEARSAL,
        REHEARSED.but(lock="kept"),
    ),
    Case("KeepFailedRehearsal", at.nobody_active(at.REHEARSAL), refused()),
    Case("RecordFailedRehearsal", at.nobody_active(at.REHEARSAL), refused()),
)
AFTER_THE_CLAIM = (
    Case("Serve", OVERRIDE, PROMOTED, catches=CONDITION, by=faults.a_keeper_lets_it_serve),
    # A keeper lets it serve; the next run completes the recovery.
    Case(
        "Serve",
        OVERRIDE,
        failed("Serve", serves="secondary", promoted=True, told_why="The claim stands"),
        again=COMPLETED,
    ),
    Case(
        "ConfirmTraffic",
        OVERRIDE,
        failed("ConfirmTraffic", serves="secondary", promoted=True, told_why="The claim stands"),
        again=COMPLETED,
    ),
    Case(
        "RecordRecovery",
        OVERRIDE,
        PROMOTED,
        catches=CONDITION,
        by=faults.the_promotion_is_on_record,
    ),
    Case(
        "RecordRecovery",
        OVERRIDE,
        failed(
            "RecordRecovery", serves="secondary", promoted=True, told_why="there is no record of it"
        ),
        again=COMPLETED,
    ),
    Case("StartCooldown", OVERRIDE, PROMOTED.but(lock="kept")),
    Case("WriteReport", OVERRIDE, PROMOTED.but(says='"report": ""')),
    Case("NotifyOutcome", OVERRIDE, PROMOTED.but(told=("started",), says='"notified": false')),
)
OF_A_FAILURE = (
    Case("NotifyFailure", at.nobody_active(at.OVERRIDE), refused(told=("started",), told_why="")),
    Case(
        "ReleaseLockAfterFailure",
        at.nobody_active(at.OVERRIDE),
        refused(told=("started", "failed", "failed"), told_why="Its lock was freed"),
    ),
    Case("WriteFailureReport", at.nobody_active(at.OVERRIDE), refused()),
)
CASES = (
    *BEFORE_THE_LOCK,
    *BEFORE_THE_CLAIM,
    *OF_A_REHEARSAL,
    *AFTER_THE_CLAIM,
    *OF_A_FAILURE,
)
