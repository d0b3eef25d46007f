"""Each way in which a deployed machine may end, beside the failures of its tasks."""

from __future__ import annotations

import pytest

from tests.failures.case import execute
from tests.failures.catalogue import OUTCOMES
from tests.failures.judging import wrong

pytestmark = [pytest.mark.failures, pytest.mark.timeout(300, func_only=True)]
MET = [
    pytest.param(machine, case, id=f"{machine}: {name}")
    for machine, cases in OUTCOMES.items()
    for name, case in cases.items()
]


@pytest.mark.parametrize(("machine", "case"), MET)
def test_an_execution_ends_as_it_should(pair, machine, case):
    run = execute(pair, machine, case)
    found = wrong(pair, run, case.ended, pair.epoch)
    assert not found, "\n".join(found)
