"""Collects the reports of drills and prints what came of each outage."""

from __future__ import annotations

from typing import Any

import pytest

DRILLS: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
HEAD = ("outage", "expected", "came of it", "verdict", "RTO at AWS", "RTO here", "RPO", "failed")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[DRILLS] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = [row(report) for report in config.stash[DRILLS]]
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    terminalreporter.section("outages")
    for cells in (HEAD, *rows):
        line = "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True))
        terminalreporter.write_line(line.rstrip())


def row(report: dict[str, Any]) -> tuple[str, ...]:
    def seconds(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f} s"

    outage, client = report["outage"], report["client"]
    return (
        outage["mode"],
        outage["expected"],
        outage["came_of_it"],
        report["verdict"],
        seconds(report["rto_seconds"]),
        seconds(report["clock"]["rto_wall_seconds"]),
        seconds(report["rpo_seconds"]),
        f"{client['failed']} of {client['requests']}",
    )
