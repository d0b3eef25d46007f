"""Collects what long tests measured, and prints it at their end."""

from __future__ import annotations

from typing import Any

import pytest

DRILLS: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
WALKS: pytest.StashKey[list[str]] = pytest.StashKey()
HEAD = (
    "outage",
    "expected",
    "came of it",
    "verdict",
    "read at AWS",
    "write at AWS",
    "read here",
    "write here",
    "RPO",
    "failed",
)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[DRILLS], config.stash[WALKS] = [], []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if walks := config.stash[WALKS]:
        terminalreporter.section("walks")
        for line in walks:
            terminalreporter.write_line(line)
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
        outage["result"],
        report["verdict"],
        seconds(report["rto_read_seconds"]),
        seconds(report["rto_write_seconds"]),
        seconds(report["clock"]["rto_read_wall_seconds"]),
        seconds(report["clock"]["rto_write_wall_seconds"]),
        seconds(report["rpo_seconds"]),
        f"{client['failed']} of {client['requests']}",
    )
