"""No permission is superfluous: without it, something fails."""

from __future__ import annotations

import time

import pytest

from tests.permissions.exercises import EXERCISES, first_complaint
from tests.permissions.permissions import all_permissions, unexercised

pytestmark = [pytest.mark.permissions, pytest.mark.timeout(120, func_only=True)]
# A slow answer, or a verdict of a moment ago, may be wrong before the permission is missed.
TRIES = 3
EXERCISED = [p for p in all_permissions() if p.grant.holder in EXERCISES and not unexercised(p)]


@pytest.mark.parametrize("role", EXERCISES)
def test_with_all_its_permissions_every_exercise_of_a_role_goes_well(lab, role):
    assert first_complaint(lab, role) == []


@pytest.mark.parametrize("permission", EXERCISED, ids=str)
def test_something_fails_without_it(lab, permission):
    wanted = {permission.grant.action}
    for _ in range(TRIES):
        since = time.time()
        with lab.lacking(permission):
            wrong = first_complaint(lab, permission.grant.holder)
        assert wrong, "nothing went wrong: it is superfluous, or no exercise needs it"
        refused = lab.refusals(permission, since)
        # What went wrong before anything was refused was something else.
        if refused:
            break
    assert refused == wanted, wrong


@pytest.mark.parametrize("role", EXERCISES)
def test_with_its_permissions_given_back_all_goes_well_again(lab, role):
    assert first_complaint(lab, role) == []
