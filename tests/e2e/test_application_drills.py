"""Drills of the examples under Pilot Light, each at a level, as a person runs them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import drills
from tests.e2e.applications import (
    EXAMPLES,
    add_node_client,
    add_python_client,
    at_level_1,
    needs_sdk,
    patched,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def drilled(folder: Path, reports: Path) -> dict[str, Any]:
    drill = drills.run(reports, "--app", str(folder))
    assert (drill.failed, drill.exit_code) == ([], 0), drill.said
    return drill.report


@needs_sdk
@pytest.mark.long
def test_ten_changed_lines_of_an_application_in_nodejs_make_it_fenced(tmp_path: Path) -> None:
    report = drilled(at_level_1("orders-node", tmp_path, add_node_client), tmp_path / "reports")
    passed = {c["name"] for c in report["checks"]}
    assert "the returned Primary took no write" in passed
    assert "no write was lost: there is no journal" in report["verdict"]
    assert "Replication was seen, not proven" in report["failback"]["summary"]


@needs_sdk
@pytest.mark.long
def test_an_application_that_nobody_changed_is_routed_and_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "orders-node"
    shutil.copytree(EXAMPLES / "orders-node", folder)
    report = drilled(folder, tmp_path / "reports")
    assert report["level"] == 0
    assert "two Regions took writes" in report["verdict"]
    assert "Nothing stopped its writes" in report["failback"]["summary"]


@pytest.mark.long
def test_an_application_that_writes_by_transactions_is_journaled(tmp_path: Path) -> None:
    folder = patched("notes", 2, tmp_path, add_python_client)
    report = drilled(folder, tmp_path / "reports")
    passed = {c["name"] for c in report["checks"]}
    assert "no acknowledged write vanished" in passed
    assert "Compared before the claim" in report["failback"]["summary"]


def test_a_queue_worker_is_fenced(tmp_path: Path) -> None:
    folder = at_level_1("queue-worker", tmp_path, add_python_client)
    assert drilled(folder, tmp_path / "reports")["level"] == 1


@needs_sdk
@pytest.mark.long
def test_a_level_that_is_not_met_is_found_before_a_disaster(tmp_path: Path) -> None:
    folder = tmp_path / "orders-node"
    shutil.copytree(EXAMPLES / "orders-node", folder)
    declared = folder / "pilotlight.toml"
    declared.write_text(declared.read_text().replace("level = 0", "level = 1"))
    drill = drills.run(tmp_path / "reports", "--app", str(folder))
    assert drill.exit_code == 1
    failed = {c["name"]: c["detail"] for c in drill.failed}
    assert "The passive Region took a write" in failed["conforms to its contract"]
    assert "rehearsed" in failed, "level 1 is not met, and the rehearsal says so"
