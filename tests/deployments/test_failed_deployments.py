"""A deployment that fails at a resource can be repeated: a first one leaves nothing behind.

The engine creates the resources of a stack one after the other. The resources named here are from
the beginning, the middle and the end of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deployments.account import Account, account

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
SECONDARY = ("ControlTable", "Bucket", "BackupVault", "FailoverRecords", "FailoverMachine")
PRIMARY = ("LastResortTable", "BackupSelection", "RegionRecords")
UPDATE = ("SentinelProbesMapping", "StartFailoverRule")


@pytest.fixture(scope="module")
def empty() -> Iterator[Account]:
    with account() as found:
        yield found


def leaves_nothing(found: Account, env: str, resource: str) -> None:
    before = found.holds()
    error = found.fails(env, resource)
    assert error and "ROLLBACK_COMPLETE" in error, error
    assert found.status(env) == "ROLLBACK_COMPLETE"
    again = found.fails(env)
    assert again and "is in ROLLBACK_COMPLETE state" in again, again
    found.delete(env)
    assert found.holds() ^ before == set()


@pytest.mark.parametrize("resource", SECONDARY)
def test_the_secondarys_first_deployment_leaves_nothing(empty: Account, resource: str) -> None:
    leaves_nothing(empty, "secondary-first", resource)


@pytest.mark.parametrize("resource", PRIMARY)
def test_the_primarys_deployment_leaves_nothing(empty: Account, resource: str) -> None:
    if empty.status("secondary-first") is None:
        empty.deploy("secondary-first")
    leaves_nothing(empty, "primary", resource)


@pytest.mark.parametrize("resource", UPDATE)
def test_the_secondarys_second_deployment_keeps_what_there_was(
    empty: Account, resource: str
) -> None:
    if empty.status("primary") is None:
        empty.deploy("primary")
    before = {name for name in empty.holds() if " cloudformation " not in name}
    error = empty.fails("secondary", resource)
    assert error and "ROLLBACK" in error, error
    assert empty.status("secondary") == "UPDATE_ROLLBACK_COMPLETE"
    assert {name for name in empty.holds() if " cloudformation " not in name} ^ before == set()


def test_repeated_they_all_succeed(empty: Account) -> None:
    empty.deploy("secondary")
    empty.deploy("monitor")
    statuses = {env: empty.status(env) for env in ("primary", "secondary", "monitor")}
    assert statuses == {
        "primary": "CREATE_COMPLETE",
        "secondary": "UPDATE_COMPLETE",
        "monitor": "CREATE_COMPLETE",
    }
