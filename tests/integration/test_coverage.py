"""Every state of the definition is entered by some integration test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.machine import (
    DEFINITION,
    EMERGENCY_DEFINITION,
    ENTERED,
    SWITCHOVER_DEFINITION,
    all_states,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "path",
    [DEFINITION, SWITCHOVER_DEFINITION, EMERGENCY_DEFINITION],
    ids=lambda p: p.name,
)
def test_every_state_was_entered(path: Path) -> None:
    """Runs last (see conftest): the states that the tests before it entered."""
    entered = {state for machine, state in ENTERED if machine == path.name.split(".")[0]}
    assert all_states(path) - entered == set()
