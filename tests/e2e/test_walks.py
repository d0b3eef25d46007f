"""The three walks of docs/walks.md, each by the very commands of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.applications import needs_sdk
from tests.e2e.conftest import WALKS
from tests.e2e.walks import AFTER_A_LEVEL, needs_aws_cli, sections, table, walk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_every_command_of_the_page_is_part_of_a_walk() -> None:
    found = sections()
    assert list(found) == ["Level 0", "Level 1", "Level 2", *AFTER_A_LEVEL]
    assert all(found.values())


@needs_aws_cli
@pytest.mark.long
@pytest.mark.parametrize("level", [0, pytest.param(1, marks=needs_sdk), 2])
def test_an_application_is_taken_to_a_level_as_the_page_says(
    level: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    said, took = walk(level, tmp_path)
    assert f"at level {level}" in said, "it conforms"
    assert '"verdict":"PASS"' in said, "it was rehearsed"
    assert "The lab is down." in said
    request.config.stash[WALKS] += table(level, took)
