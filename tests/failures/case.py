"""One task that fails in a deployed machine, and what has to come of it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tests import hooked_pair
from tests.failures.pair import ENDS, ENTERED, MACHINES, Pair, Run
from tests.permissions.permissions import all_permissions
from tools.audit.path import tasks_of
from tools.reader.intrinsics import referred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.permissions.permissions import Permission

    # Brings about what an execution starts from, and returns its input.
    Situation = Callable[[Pair], dict[str, Any]]
    # What is so while one state of an execution is halted and then evaluated.
    Fault = Callable[[Pair, str], AbstractContextManager[None]]
    Act = Callable[[Pair, str], Any]

ALL = "States.ALL"
CONDITION = "DynamoDB.ConditionalCheckFailedException"
EXISTS = "StepFunctions.ExecutionAlreadyExistsException"


@dataclass(frozen=True)
class Ended:
    """What has to come of an execution."""

    status: str
    # The outcome of its output, or its error.
    end: str
    # What people were told, in order.
    told: tuple[str, ...] = ()
    # Which side serves then; None where the machine does not decide that.
    serves: str | None = "primary"
    promoted: bool = False
    # free, or another's.
    lock: str | None = "free"
    # What its output, or its cause, says.
    says: str = ""
    told_why: str = ""
    # Conditions that are unmet, and those for which alone it was refused.
    unmet: tuple[str, ...] = ()
    refused_for: tuple[str, ...] = ()

    def but(self, **other: Any) -> Ended:
        """The same, but for this."""
        return replace(self, **other)


@dataclass(frozen=True)
class Case:
    """One task's failure, by one of its catchers."""

    state: str
    situation: Situation
    ended: Ended
    catches: str = ALL
    # What makes the task fail, where it is not its permission that is missing.
    by: Fault | None = None
    # Whether the situation is enough for it to fail.
    by_itself: bool = False
    # Whether the permission is missing for all of the execution, for no other task needs it.
    throughout: bool = False
    # States that fail before it, so that it is entered, and those that share its permission.
    earlier: tuple[tuple[str, Fault], ...] = ()
    aside: tuple[str, ...] = ()
    # Further failures that this is the case of: state and catcher.
    also: tuple[tuple[str, str], ...] = ()
    meanwhile: Act | None = None
    afterwards: Act | None = None
    # Started again without a fault, it ends so.
    again: Ended | None = None

    @property
    def tries(self) -> set[tuple[str, str]]:
        """The states, each with the catcher, whose failure this is."""
        return {(self.state, self.catches), *self.also}


@cache
def permission_of(machine: str, state: str) -> Permission:
    """The permission without which a task fails."""
    known = MACHINES[machine]
    stack = hooked_pair.stack(known.stack)
    tasks = {t.state: t for t in tasks_of(stack, known.resource)}
    action, target = tasks[state].action, tasks[state].target

    def is_on(resource: str) -> bool:
        named = referred(target)
        return referred(resource) == named if named else resource.endswith(target) or not target

    of_role = [p for p in all_permissions() if p.grant.holder == known.role]
    return next(p for p in of_role if p.grant.action == action and is_on(p.grant.resource))


def execute(pair: Pair, machine: str, case: Case) -> Run:
    """Bring the situation about, start the machine, and let the task fail."""
    pair.settle()
    given = case.situation(pair)
    if case.by_itself:
        arn = pair.start(machine, given)
        return _end(pair, machine, case, arn)
    since, permission = time.time(), permission_of(machine, case.state)
    if case.throughout:
        with pair.lab.lacking(permission):
            run = _end(pair, machine, case, pair.start(machine, given))
    else:
        faults = (*case.earlier, (case.state, case.by or _lacking(permission)))
        pair.halt(machine, [*(state for state, _ in faults), *case.aside])
        arn = pair.start(machine, given)
        if case.meanwhile:
            case.meanwhile(pair, arn)
        for state, fault in faults:
            for other in (*case.aside, state):
                pair.until_halted(arn, other, "before")
            with fault(pair, arn):
                pair.go(state)
                pair.until_halted(arn, state, "after")
            pair.go(state)
        run = _end(pair, machine, replace(case, meanwhile=None), arn)
    if case.by is None:
        refused = pair.lab.refusals(permission, since)
        others = {permission_of(machine, state).grant.action for state, _ in case.earlier}
        assert permission.grant.action in refused, "it failed for another reason"
        assert refused <= {permission.grant.action} | others, "more failed than was to fail"
    return run


def lacking(machine: str, state: str) -> Fault:
    """Its permission is missing to a state that fails before the one that a case is of."""

    @contextmanager
    def fault(pair: Pair, _arn: str) -> Iterator[None]:
        with pair.lab.lacking(permission_of(machine, state)):
            yield

    return fault


def _lacking(permission: Permission) -> Fault:
    @contextmanager
    def fault(pair: Pair, _arn: str) -> Iterator[None]:
        with pair.lab.lacking(permission):
            yield

    return fault


def _end(pair: Pair, machine: str, case: Case, arn: str) -> Run:
    pair.halt(machine, ())
    for act in (case.meanwhile, case.afterwards):
        if act:
            act(pair, arn)
    return seen(pair, machine, arn)


def seen(pair: Pair, machine: str, arn: str) -> Run:
    """Wait for the end of an execution, and keep where it went."""
    run = pair.wait(machine, arn)
    ENTERED.update((machine, state) for state in run.states)
    ENDS.add((machine, run.end))
    decision = run.output.get("decision") or {}
    for detail in (run.output.get("verdict"), decision.get("ended_by")):
        if detail:
            ENDS.add((machine, f"{run.end}: {detail}"))
    return run
