"""Every state of each machine was entered in the lab, and every end was met.

Runs last, and only where all cases did (see conftest).
"""

from __future__ import annotations

import pytest

from tests.failures.catalogue import UNREACHED, ends
from tests.failures.pair import ENDS, ENTERED, MACHINES

pytestmark = pytest.mark.failures


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_was_entered(machine):
    entered = {state for of, state in ENTERED if of == machine}
    listed = {state for of, state in UNREACHED if of == machine}
    assert set(MACHINES[machine].states) - entered == listed


@pytest.mark.parametrize("machine", MACHINES)
def test_every_end_was_met(machine):
    met = {end for of, end in ENDS if of == machine}
    assert ends(MACHINES[machine]) - met == set()
