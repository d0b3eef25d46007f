"""Every state of the definition is entered by some integration test."""

from __future__ import annotations

from tests.integration.machine import ENTERED, all_states


def test_every_state_was_entered() -> None:
    """Runs last (see conftest): the states that the tests before it entered."""
    assert all_states() - ENTERED == set()
