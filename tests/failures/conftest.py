"""One lab, deployed once, and a pair of Regions in it."""

from __future__ import annotations

import pytest

from tests import deployed
from tests.failures.catalogue import COUNT
from tests.failures.pair import Pair

# A person is asked before what an alarm starts promotes. All waits are the shortest that there are.
PARAMETERS = (
    "Approval=hold",
    "ApprovalSeconds=30",
    "HoldDeadlineSeconds=60",
)


@pytest.fixture(scope="session")
def pair():
    with deployed.lab(*PARAMETERS) as lab:
        lab.invoke("scheduled-readiness", {})
        yield Pair(lab)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """States and ends are judged last, and only where every case was executed."""
    last = [i for i in items if i.path.name == "test_coverage.py"]
    others = [i for i in items if i not in last]
    cases = [i for i in others if i.path.name in ("test_tasks.py", "test_outcomes.py")]
    items[:] = others + (last if len(cases) == COUNT else [])
