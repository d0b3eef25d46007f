"""Each rule taken out in turn breaks an invariant in some history, so the histories see it."""

from __future__ import annotations

import pytest

from tests.protocol import page, runs
from tests.protocol.rules import NAMES

MOST = 5_000


@pytest.mark.parametrize("rule", NAMES)
def test_without_a_rule_some_history_breaks_an_invariant(rule: str) -> None:
    """The seed that docs/protocol.md names is tried first; the code may have changed since."""
    known = page.seed_in_page(rule)
    if known is not None and runs.live(range(known, known + 1), rule).failures:
        return
    assert runs.live(range(MOST), rule, to_first=True).failures
