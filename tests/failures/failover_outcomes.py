"""The failover machine: how else it may end than by the failure of a task."""

from __future__ import annotations

from tests.failures import situations as at
from tests.failures.case import Case, Ended
from tests.failures.failover import HELD, PROMOTED, failed

OUTCOMES = {
    "an event is old, and the Primary is well": Case(
        "",
        lambda pair: at.alarm_event(pair, age=7200),
        HELD.but(told=(), says="primary_healthy"),
        by_itself=True,
    ),
    "the alarm's actions are suppressed": Case(
        "",
        lambda pair: at.alarm_event(pair, suppressed=True),
        Ended("SUCCEEDED", "dropped"),
        by_itself=True,
    ),
    "the run that holds the lock has ended": Case(
        "", at.left_locked(at.OVERRIDE), PROMOTED, by_itself=True
    ),
    "an input that nobody can read": Case(
        "",
        at.given({"mode": "sideways"}),
        failed("Intake").but(end="InvalidExecutionInput"),
        by_itself=True,
    ),
    "a failover by hand is handed over": Case(
        "",
        at.given(at.GRACEFUL),
        Ended("SUCCEEDED", "handed_over", serves=None, lock=None),
        by_itself=True,
    ),
    "the last claim is too recent": Case(
        "",
        at.cooling_down,
        HELD.but(told=("held", "hold_ended"), says="deadline", told_why="UNMET  cooldown_over"),
        by_itself=True,
    ),
    "the Secondary is active already": Case(
        "",
        at.active_in_the_secondary(at.OVERRIDE),
        Ended(
            "SUCCEEDED",
            "already_promoted",
            told=("already_promoted",),
            serves="secondary",
        ),
        by_itself=True,
    ),
    "no quorum answers the Secondary": Case(
        "",
        at.isolated(at.OVERRIDE, "secondary"),
        failed("ReadControl", told_why="may have lost the quorum"),
        by_itself=True,
        afterwards=at.healed_once_over,
    ),
    "an alarm waits for a planned move, and judges then": Case(
        "",
        lambda pair: at.locked(at.alarm_event(pair), machine="switchover")(pair),
        HELD.but(told=(), says="primary_healthy"),
        by_itself=True,
        meanwhile=at.freed_once_waiting,
    ),
    "witnesses who disagree are no outage": Case(
        "",
        at.cut_off(at.UNGRACEFUL),
        HELD.but(says="primary_healthy"),
        by_itself=True,
        meanwhile=at.healed_once_settling,
    ),
    "a person rejects the promotion": Case(
        "",
        at.alarmed,
        HELD.but(told=("started", "approval_wanted", "hold_ended"), says="rejected"),
        by_itself=True,
        meanwhile=at.rejected,
        afterwards=at.healed_once_over,
    ),
    "a person approves the promotion": Case(
        "",
        at.alarmed,
        PROMOTED.but(told=("started", "approval_wanted", "promoted"), says="Approved by Ada"),
        by_itself=True,
        meanwhile=at.approved,
        afterwards=at.healed_once_over,
    ),
    "nobody answers in time": Case(
        "",
        at.alarmed,
        HELD.but(told=("started", "approval_wanted", "hold_ended"), says="approval_expired"),
        by_itself=True,
        afterwards=at.healed_once_over,
    ),
    "a hold lasts too long": Case(
        "",
        at.secondary_unready(at.OVERRIDE),
        HELD.but(told=("held", "hold_ended"), says="deadline"),
        by_itself=True,
        afterwards=at.healed_once_over,
    ),
    "a rehearsal of a Secondary that is not ready": Case(
        "",
        at.secondary_unready(at.REHEARSAL),
        HELD.but(says='"verdict": "FAIL"'),
        by_itself=True,
        afterwards=at.healed_once_over,
    ),
}
