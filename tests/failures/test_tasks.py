"""Each task fails in a deployed machine, and what has to come of it does."""

from __future__ import annotations

import pytest

from tests.failures.case import execute, seen
from tests.failures.catalogue import CASES
from tests.failures.judging import wrong

pytestmark = [pytest.mark.failures, pytest.mark.timeout(300, func_only=True)]
TRIED = [
    pytest.param(machine, case, id=f"{machine}-{case.state}-{case.catches}")
    for machine, cases in CASES.items()
    for case in cases
]


@pytest.mark.parametrize(("machine", "case"), TRIED)
def test_a_task_that_fails_comes_to_what_is_promised(pair, machine, case):
    run = execute(pair, machine, case)
    assert case.state in run.states
    epoch = pair.epoch
    found = wrong(pair, run, case.ended, epoch)
    assert not found, "\n".join(found)
    if case.again:
        again = seen(pair, machine, pair.start(machine, case.situation(pair)))
        found = wrong(pair, again, case.again, epoch + case.ended.promoted)
        assert not found, "\n".join(found)
