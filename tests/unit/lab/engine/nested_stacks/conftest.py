"""MiniStack's CloudFormation without a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.lab.engine.nested_stacks.world import World, module

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return it with the lab's nested stacks."""
    module("").reset()
    yield World(monkeypatch)
    module("").reset()
