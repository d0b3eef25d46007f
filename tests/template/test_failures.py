"""Every failure of a task has a case in tests/failures, which `make failures` executes."""

from __future__ import annotations

import pytest

from tests.failures.case import permission_of
from tests.failures.catalogue import CASES, UNREACHED, catchers, ends, tried
from tests.template.definitions import DEFINITIONS

EVERY_CASE = [
    pytest.param(machine, case, id=f"{machine}-{case.state}-{case.catches}")
    for machine, cases in CASES.items()
    for case in cases
]


@pytest.mark.parametrize("known", DEFINITIONS, ids=lambda d: d.name)
def test_every_catcher_of_every_task_is_tried_and_nothing_else(known):
    assert catchers(known) - tried(known.name) == set(), "add a case to tests/failures"
    assert tried(known.name) - catchers(known) == set(), "no definition holds these"


@pytest.mark.parametrize("known", DEFINITIONS, ids=lambda d: d.name)
def test_every_task_catches_whatever_may_happen(known):
    caught = {name for name, error in catchers(known) if error == "States.ALL"}
    assert caught == set(known.tasks)


HOOKS = [(d.name, state) for d in DEFINITIONS for state in d.tasks if state.endswith("Hook")]


@pytest.mark.parametrize(("machine", "state"), HOOKS)
def test_a_hook_that_cannot_be_called_is_caught_and_its_run_goes_on(machine, state):
    (known,) = (d for d in DEFINITIONS if d.name == machine)
    task = known.tasks[state]
    assert [(c["ErrorEquals"], c["Next"]) for c in task["Catch"]] == [
        (["States.ALL"], task["Next"])
    ]
    assert "Retry" not in task, "a second try would double the delay"


@pytest.mark.parametrize(("machine", "case"), EVERY_CASE)
def test_what_makes_a_task_fail_is_a_permission_or_told(machine, case):
    told = [case.by is not None, case.by_itself]
    assert sum(told) <= 1
    if not any(told):
        permission = permission_of(machine, case.state)
        assert case.catches == "States.ALL"
        assert permission.grant.action.split(":")[0] in {"dynamodb", "lambda", "sns", "states"}


@pytest.mark.parametrize(("machine", "state"), UNREACHED)
def test_what_is_listed_as_not_reached_is_a_state_and_no_task(machine, state):
    (known,) = (d for d in DEFINITIONS if d.name == machine)
    assert state in set(known.states)
    assert state not in known.tasks


def test_the_ends_of_the_machines_are_read_from_what_defines_them():
    assert {d.name: ends(d) for d in DEFINITIONS} == {
        "failover": {
            *("promoted", "rehearsed", "held", "already_promoted"),
            *("duplicate", "dropped", "handed_over"),
            *("held: primary_healthy", "held: deadline", "held: rejected"),
            *("held: approval_expired", "held: approval_not_asked"),
            *("rehearsed: PASS", "held: FAIL", "held: INCONCLUSIVE"),
            *("RecoveryFailed", "InvalidExecutionInput"),
        },
        "switchover": {
            *("switched_over", "already_there", "refused", "duplicate"),
            *("SwitchoverFailed", "InvalidExecutionInput"),
        },
        "emergency": {
            *("taken_over", "already_active", "last_resort"),
            *("InvalidExecutionInput", "ControlItemMissing", "ClaimNotMade"),
            *("NoQuorum", "ControlTableAnswers", "TableNotAsked"),
        },
    }
