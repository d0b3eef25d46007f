"""One lab, deployed once."""

from __future__ import annotations

import pytest

from tests import deployed


@pytest.fixture(scope="session")
def lab():
    with deployed.lab() as found:
        # A rehearsal asks for its verdict.
        found.invoke("scheduled-readiness", {})
        yield found
