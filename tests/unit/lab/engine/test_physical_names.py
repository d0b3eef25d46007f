"""Names of resources that a template does not name."""

from __future__ import annotations

from typing import Any

import pytest
from ministack.core import responses
from ministack.services.cloudformation import provisioners

from lab.engine import physical_names
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, Anything


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the name that a stack's resource gets in a Region."""
    monkeypatch.setattr(provisioners, "_physical_name", provisioners._physical_name)
    physical_names.install(Anything(provisioners=provisioners))

    def made(region: str, stack: str = "orders", **options: Any) -> str:
        token = responses._request_region.set(region)
        try:
            return str(provisioners._physical_name(stack, "FunctionRole", **options))
        finally:
            responses._request_region.reset(token)

    return made


def test_stacks_of_one_name_in_two_regions_share_no_name(name: Any) -> None:
    assert name(PRIMARY) != name(SECONDARY)
    assert name(PRIMARY).startswith("orders-FunctionRole-")


def test_a_name_stays_the_same_from_update_to_update(name: Any) -> None:
    assert name(PRIMARY) == name(PRIMARY)
    assert name(PRIMARY) != name(PRIMARY, stack="other")
    assert len(name(PRIMARY, max_len=24)) == 24
