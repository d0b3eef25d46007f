"""The switchover machine: the failure of each of its tasks."""

from __future__ import annotations

from tests.failures import faults, situations as at
from tests.failures.case import CONDITION, Case, Ended, lacking
from tests.hooked_pair import HOOK

SWITCHOVER = at.active_in_the_primary(at.SWITCHOVER)
FAILBACK = at.active_in_the_secondary(at.FAILBACK)
CHANGED = faults.the_control_item_changes
THERE_ALREADY = at.active_in_the_secondary(at.SWITCHOVER)
MOVED = Ended(
    "SUCCEEDED",
    "switched_over",
    told=("started", "switched_over"),
    serves="secondary",
    promoted=True,
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


def not_serving(**but: object) -> Ended:
    """It fails for a reason that is none of its tasks': another move drains the source."""
    return failed("ReadControl", says="NotServing", serves=None).but(**but)


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
    Case(
        "IsOwnerAtWork",
        at.left_locked(at.SWITCHOVER),
        Ended("SUCCEEDED", "duplicate", lock=None),
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
    Case("Drain", SWITCHOVER, failed("Drain", says="ControlItemChanged"), by=CHANGED),
    Case("Drain", SWITCHOVER, failed("Drain")),
    Case(
        "LookAtControl",
        SWITCHOVER,
        failed("Drain", told_why="It is not known whether the source drains"),
        earlier=(("Drain", CHANGED),),
    ),
    Case("ReconcileInDrain", FAILBACK, undone("ReconcileInDrain", serves="secondary")),
    Case("Prove", SWITCHOVER, undone("Prove")),
    Case(
        "PlannedClaim",
        SWITCHOVER,
        failed("PlannedClaim", says="DrainLost"),
        by=faults.a_keeper_ends_the_drain,
    ),
    # Its answer was lost: what a strong read shows counts.
    Case("PlannedClaim", SWITCHOVER, MOVED, by=faults.the_claim_is_made_already),
    Case("PlannedClaim", SWITCHOVER, undone("PlannedClaim")),
    Case(
        "UndoDrain",
        SWITCHOVER,
        failed("Prove", told_why="This drain was ended already"),
        catches=CONDITION,
        by=faults.a_keeper_ends_the_drain,
        earlier=(("Prove", lacking("switchover", "Prove")),),
    ),
    Case(
        "UndoDrain",
        SWITCHOVER,
        failed(
            "Prove",
            told=("started", "failed", "failed"),
            told_why="Its drain was undone: the old Region serves.",
        ),
        earlier=(("Prove", lacking("switchover", "Prove")),),
    ),
)
AFTER_THE_CLAIM = (
    Case(
        "ConfirmTraffic",
        SWITCHOVER,
        failed("ConfirmTraffic", serves="secondary", promoted=True, told_why="The claim stands"),
        again=COMPLETED,
    ),
    Case("LookAtSource", SWITCHOVER, MOVED),
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
)
ENDS = (
    Case("ReleaseLock", THERE_ALREADY, ALREADY_THERE),
    Case("WriteReport", THERE_ALREADY, ALREADY_THERE.but(says='"report": ""')),
    Case(
        "NotifyOutcome",
        THERE_ALREADY,
        ALREADY_THERE.but(says='"notified": false', told_why="could not send this itself"),
    ),
    Case(
        "NotifyFailure",
        at.draining(at.SWITCHOVER),
        not_serving(told_why="could not send this itself"),
    ),
    Case(
        "ReleaseLock",
        at.draining(at.SWITCHOVER),
        not_serving(told=("started", "failed", "failed"), told_why="Its lock was freed"),
    ),
    Case("WriteReport", at.draining(at.SWITCHOVER), not_serving()),
)


def called(phase: str, why: str, **but: object) -> Ended:
    """A hook that is not required failed: people read so, and the move goes on."""
    return MOVED.but(told_why=f"Hook {phase}{why}", **but)


OF_HOOKS = (
    Case("CallReadyHook", SWITCHOVER, refused("hook_ready")),
    Case(
        "CallReadyHook",
        SWITCHOVER,
        refused("hook_ready", told_why=f"hook_ready: {HOOK}: "),
        by=faults.the_hook("ready", "refuse"),
    ),
    *(
        case
        for state, phase, situation, serves in (
            ("CallBeforeFailbackHook", "before_failback", FAILBACK, "primary"),
            ("CallBeforeClaimHook", "before_claim", SWITCHOVER, "secondary"),
            ("CallAfterClaimHook", "after_claim", SWITCHOVER, "secondary"),
        )
        for case in (
            Case(
                state,
                situation,
                called(phase, " failed: it could not be called: ", serves=serves),
            ),
            Case(
                state,
                situation,
                called(
                    phase,
                    f", {HOOK}, failed: InvocationFailed: RuntimeError: no queue",
                    serves=serves,
                ),
                by=faults.the_hook(phase, "fail"),
            ),
            Case(
                state,
                situation,
                called(phase, f", {HOOK}, failed: no answer within 5 s", serves=serves),
                by=faults.the_hook(phase, "hang"),
            ),
        )
    ),
)
CASES = (
    *BEFORE_THE_EVIDENCE,
    *EVIDENCE,
    *WITHIN_THE_DRAIN,
    *AFTER_THE_CLAIM,
    *ENDS,
    *OF_HOOKS,
)
# How else it may end.
OUTCOMES = {
    "a failback moves back": Case("", FAILBACK, MOVED.but(serves="primary"), by_itself=True),
    "a Region that drains for another move is left alone": Case(
        "", at.draining(at.SWITCHOVER), not_serving(), by_itself=True
    ),
    "an input that nobody can read": Case(
        "",
        at.given({"mode": "sideways"}),
        failed("Intake", told=("failed",)).but(end="InvalidExecutionInput"),
        by_itself=True,
    ),
}
