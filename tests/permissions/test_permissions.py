"""No permission is superfluous: without it, something fails."""

from __future__ import annotations

import time

import pytest

from tests.permissions.exercises import EXERCISES, first_complaint
from tests.permissions.permissions import all_permissions, unexercised

pytestmark = [pytest.mark.permissions, pytest.mark.timeout(120, func_only=True)]
EXERCISED = [p for p in all_permissions() if p.grant.holder in EXERCISES and not unexercised(p)]


@pytest.mark.parametrize("role", EXERCISES)
def test_with_all_its_permissions_every_exercise_of_a_role_goes_well(lab, role):
    assert first_complaint(lab, role) == []


@pytest.mark.parametrize("permission", EXERCISED, ids=str)
def test_something_fails_without_it(lab, permission):
    since = time.time()
    with lab.lacking(permission):
        wrong = first_complaint(lab, permission.grant.holder)
    assert wrong, "nothing went wrong: it is superfluous, or no exercise needs it"
    assert lab.refusals(permission, since) == {permission.grant.action}, wrong


@pytest.mark.parametrize("role", EXERCISES)
def test_with_its_permissions_given_back_all_goes_well_again(lab, role):
    assert first_complaint(lab, role) == []
