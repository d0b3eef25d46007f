"""Runs `lab drill` as a person would. DRILL_FLAGS, as in the Makefile, moves it to other ports."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Drill:
    """A drill that has ended."""

    exit_code: int
    said: str
    report: dict[str, Any]
    place: Path

    @property
    def failed(self) -> list[dict[str, Any]]:
        return [c for c in self.report["checks"] if not c["passed"]]


def run(reports: Path, *flags: str, **environment: str) -> Drill:
    lab = Path(sys.executable).with_name("lab")
    given = shlex.split(os.environ.get("DRILL_FLAGS", ""))
    ended = subprocess.run(
        [str(lab), "drill", "--reports", str(reports), *given, *flags],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    said = ended.stdout + ended.stderr
    report = reports / "latest" / "report.json"
    assert report.exists(), said
    return Drill(ended.returncode, said, json.loads(report.read_text()), report.parent)
