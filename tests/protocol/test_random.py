"""Whatever goes wrong in whatever order, the invariants hold.

    .venv/bin/python -m tests.protocol.history SEED

lives one history again, and tells it.
"""

from __future__ import annotations

import os

import pytest

from tests.protocol import runs
from tests.protocol.history import History
from tests.protocol.rules import Rules

NUMBER = int(os.environ.get("HISTORIES", runs.HISTORIES))
# What goes wrong, and what has to be done about it, so that the histories see enough.
KINDS = (
    "by hand", "cut", "drained", "emergency", "failover", "frozen", "held", "last resort", "lost",
    "move", "overwritten", "restarted", "stalled", "stopped", "told",
)  # fmt: skip


@pytest.mark.timeout(7200)
def test_no_history_breaks_an_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    found = runs.live_all(NUMBER)
    with capsys.disabled():
        print(
            f"\nseeds 0 to {NUMBER - 1}: {found.histories:,} histories, "
            f"{found.acknowledged:,} acknowledged writes, {found.claims:,} claims"
        )
    assert not found.failures, found.told()
    unseen = [k for k in KINDS if found.kinds[k] < found.histories / 1000]
    assert not unseen, f"hardly any history sees {unseen}"


def test_a_seed_always_lives_the_same_history() -> None:
    logs = []
    for _ in range(2):
        history = History(7, Rules())
        history.world.log = []
        history.run()
        logs.append(history.world.log)
    assert logs[0] == logs[1]
    assert len(logs[0]) > 20
