"""The failover machine: the failure of each of its tasks."""

from __future__ import annotations

from typing import Any

from tests.failures import faults, situations as at
from tests.failures.case import CONDITION, EXISTS, Case, Ended
from tests.hooked_pair import HOOK

OVERRIDE, REHEARSAL = at.given(at.OVERRIDE), at.given(at.REHEARSAL)
PROMOTED = Ended(
    "SUCCEEDED",
    "promoted",
    told=("started", "promoted"),
    serves="secondary",
    promoted=True,
)
REHEARSED = Ended("SUCCEEDED", "rehearsed", told=("rehearsed",))
# What is completed was announced by the run that claimed.
COMPLETED = PROMOTED.but(promoted=False, told=("promoted",), says='"completing": true')
HELD = Ended("SUCCEEDED", "held", told=("hold_ended",))
STARTED = ("started", "failed")


def failed(step: str, **but: object) -> Ended:
    """It ends FAILED at a step, people are told, the lock is free, the old Region serves."""
    whole = Ended(
        "FAILED",
        "RecoveryFailed",
        told=("failed",),
        says=f"{step}: ",
        told_why=f"failed at {step}",
    )
    return whole.but(**but)


def refused(**but: object) -> Ended:
    """It fails for a reason that is none of its tasks'."""
    return failed("ReadControl", says="ControlItemMissing", serves=None).but(**but)


BEFORE_THE_LOCK = (
    Case("Intake", OVERRIDE, failed("Intake")),
    Case(
        "HandOver",
        at.given(at.GRACEFUL),
        Ended("SUCCEEDED", "handed_over"),
        catches=EXISTS,
        by=faults.the_move_is_made_already,
    ),
    Case("HandOver", at.given(at.GRACEFUL), failed("HandOver")),
    Case(
        "AcquireLock",
        at.locked(at.OVERRIDE),
        Ended("SUCCEEDED", "duplicate", lock="another's"),
        catches=CONDITION,
        by_itself=True,
    ),
    Case("AcquireLock", OVERRIDE, failed("AcquireLock")),
    Case("ReadLock", at.locked(at.OVERRIDE), failed("ReadLock", lock="another's")),
    Case(
        "ReadSentinel",
        at.alarm_event,
        HELD.but(told=(), says="primary_healthy"),
    ),
    # Where nobody says whether its owner is at work, the lock's expiry counts.
    Case(
        "IsOwnerAtWork",
        at.left_locked(at.OVERRIDE),
        Ended("SUCCEEDED", "duplicate", lock=None),
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
            told=("held", "hold_ended"),
            says="primary_healthy",
            told_why="UNMET  outage_confirmed: The step failed",
        ),
    ),
    Case(
        "VerifyReadiness",
        OVERRIDE,
        PROMOTED.but(
            told=("held", "promoted"),
            told_why="UNMET  secondary_ready: The step failed",
        ),
    ),
    Case("PlanWarming", OVERRIDE, PROMOTED.but(unmet=("functions_warm",))),
    Case("WarmBatch", OVERRIDE, PROMOTED.but(unmet=("functions_warm",))),
    Case("Decide", OVERRIDE, failed("Decide")),
    Case(
        "NotifyHold",
        at.secondary_unready(at.OVERRIDE),
        PROMOTED.but(told=("held", "promoted")),
        afterwards=at.healed_once_held,
    ),
    Case(
        "AskApproval",
        at.alarmed,
        HELD.but(
            told=("started", "hold_ended"),
            says="approval_not_asked",
            told_why="The request could not be sent",
        ),
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
        failed(
            "Claim",
            told=STARTED,
            says="ClaimNotMade",
            told_why="writes of the control item failed",
        ),
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
    Case("ForecastRto", REHEARSAL, REHEARSED.but(says='"verdict": "PASS"')),
    Case("KeepRehearsal", REHEARSAL, failed("KeepRehearsal")),
    Case(
        "RecordRehearsal",
        REHEARSAL,
        REHEARSED,
        catches=CONDITION,
        by=faults.a_later_rehearsal_was_quicker,
    ),
    Case("RecordRehearsal", REHEARSAL, failed("RecordRehearsal")),
    Case("ReleaseLock", REHEARSAL, REHEARSED),
    Case("KeepRehearsal", at.nobody_active(at.REHEARSAL), refused()),
    Case("RecordRehearsal", at.nobody_active(at.REHEARSAL), refused()),
)
CLAIMED: dict[str, Any] = {"told": STARTED, "serves": "secondary", "promoted": True}
AFTER_THE_CLAIM = (
    Case("Serve", OVERRIDE, PROMOTED, catches=CONDITION, by=faults.a_keeper_lets_it_serve),
    # A keeper lets it serve; the next run completes the recovery.
    Case(
        "Serve",
        OVERRIDE,
        failed("Serve", **CLAIMED, told_why="The claim stands"),
        again=COMPLETED,
    ),
    Case(
        "ConfirmTraffic",
        OVERRIDE,
        failed("ConfirmTraffic", **CLAIMED, told_why="The claim stands"),
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
        failed("RecordRecovery", **CLAIMED, told_why="there is no record of it"),
        again=COMPLETED,
    ),
    Case("NoteMissing", OVERRIDE, PROMOTED),
    Case("WriteReport", OVERRIDE, PROMOTED.but(says='"report": ""')),
    Case(
        "NotifyOutcome",
        OVERRIDE,
        PROMOTED.but(says='"notified": false', told_why="could not send this itself"),
    ),
)
OF_A_FAILURE = (
    Case(
        "KeepFailure",
        at.repeated(told=True),
        refused(told=(), told_why=""),
        catches=CONDITION,
        by_itself=True,
    ),
    Case("KeepFailure", at.repeated(told=True), refused()),
    Case(
        "NotifyFailure",
        at.nobody_active(at.OVERRIDE),
        refused(told_why="could not send this itself"),
    ),
    Case(
        "ReleaseLock",
        at.nobody_active(at.OVERRIDE),
        refused(told=("failed", "failed"), told_why="Its lock was freed"),
    ),
    Case("WriteReport", at.nobody_active(at.OVERRIDE), refused()),
)
HOLDS = PROMOTED.but(told=("held", "promoted"), told_why="UNMET  hook_ready: ")


def called(phase: str, why: str, **but: object) -> Ended:
    """A hook that is not required failed: people read so, and the Secondary is promoted."""
    return PROMOTED.but(told_why=f"Hook {phase}{why}", **but)


# Only a required ready may veto, and then it is asked again.
OF_HOOKS = (
    Case("CallReadyHook", OVERRIDE, HOLDS),
    Case(
        "CallReadyHook",
        OVERRIDE,
        HOLDS.but(told_why=f'hook_ready: {HOOK}: it answered {{"ready": false}}'),
        by=faults.the_hook("ready", "refuse"),
    ),
    Case(
        "CallReadyHook",
        OVERRIDE,
        HOLDS.but(told_why=f"hook_ready: {HOOK}: no answer within 5 s"),
        by=faults.the_hook("ready", "hang"),
    ),
    *(
        case
        for state, phase in (
            ("CallBeforeClaimHook", "before_claim"),
            ("CallAfterClaimHook", "after_claim"),
        )
        for case in (
            Case(state, OVERRIDE, called(phase, " failed: it could not be called: ")),
            Case(
                state,
                OVERRIDE,
                called(phase, f", {HOOK}, failed: InvocationFailed: RuntimeError: no queue"),
                by=faults.the_hook(phase, "fail"),
            ),
            Case(
                state,
                OVERRIDE,
                called(phase, f", {HOOK}, failed: no answer within 5 s"),
                by=faults.the_hook(phase, "hang"),
            ),
            Case(
                state,
                OVERRIDE,
                called(phase, f", {HOOK}, failed: ResourceNotFoundException"),
                by=faults.the_hook_is_gone,
            ),
            Case(
                state,
                REHEARSAL,
                REHEARSED.but(told_why=f"Hook {phase}, {HOOK}, failed: "),
                by=faults.the_hook(phase, "fail"),
            ),
        )
    ),
    Case(
        "CallReadyHook",
        REHEARSAL,
        HELD.but(says='"verdict": "FAIL"', told_why=f"hook_ready: {HOOK}: "),
        by=faults.the_hook("ready", "fail"),
    ),
)
CASES = (
    *BEFORE_THE_LOCK,
    *BEFORE_THE_CLAIM,
    *OF_A_REHEARSAL,
    *AFTER_THE_CLAIM,
    *OF_A_FAILURE,
    *OF_HOOKS,
)
