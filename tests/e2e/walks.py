"""The commands of docs/walks.md, run in a shell of their own, and how long each took."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lab import process
from lab.config import ROOT, from_samconfig
from tests.e2e.engines import entry_port, free_ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AFTER_A_LEVEL = ("Try it", "Deploy it", "Rehearse", "Clean up")
AWS = ROOT / ".venv" / "awscli" / "bin" / "aws"
needs_aws_cli = pytest.mark.skipif(
    not AWS.exists(), reason="The AWS CLI is not here: make .venv/.awscli"
)
# Before each command its moment is noted; the command as it is written, before its expansion.
PREFACE = """set -euo pipefail
trap 'printf "%s %s\\0" "$EPOCHREALTIME" "$BASH_COMMAND" >> "$TIMES"' DEBUG
"""


def sections() -> dict[str, str]:
    """Return the commands below each heading of the page."""
    _, *parts = SECTION.split((ROOT / "docs" / "walks.md").read_text())
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {heading: "\n".join(BLOCK.findall(text)) for heading, text in pairs}


def walk(level: int, folder: Path) -> tuple[str, list[tuple[str, float]]]:
    """Run the commands of a level and all below it, and return what was said and the seconds."""
    assert not process.RUN.exists(), "A lab is up here. `lab down` ends it."
    found = sections()
    script = "\n".join(found[name] for name in (f"Level {level}", *AFTER_A_LEVEL))
    variables = environment(folder)
    script = script.replace("127.0.0.1:4566", f"127.0.0.1:{variables['LAB_API_PORT']}")
    try:
        ended = subprocess.run(
            ["bash", "-c", PREFACE + script],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    finally:
        lab = [sys.executable, "-c", "from lab.cli import main; main()", "down"]
        subprocess.run(lab, cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stdout[-6000:]
    return ended.stdout, seconds_of((folder / "times").read_text())


def environment(folder: Path) -> dict[str, str]:
    """Return the variables of a shell in which nothing is set up, and a lab at ports of its own."""
    api, dns, browser, page = free_ports(4)
    config = from_samconfig(ROOT / "samconfig.toml", folder)
    ports = {"API": api, "DNS": dns, "BROWSER": browser, "PAGE": page, "ENTRY": entry_port(config)}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_", "LAB_"))}
    # Alone, because its environment's python3 would hide the one that has pip.
    (folder / "bin").mkdir()
    if AWS.exists():
        (folder / "bin" / "aws").symlink_to(AWS)
    return {
        **kept,
        **{f"LAB_{name}_PORT": str(port) for name, port in ports.items()},
        "PATH": os.pathsep.join([str(folder / "bin"), kept.get("PATH", "")]),
        "TMPDIR": str(folder),
        "TIMES": str(folder / "times"),
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(folder),
    }


def seconds_of(noted: str) -> list[tuple[str, float]]:
    """Return each command that took a tenth of a second, with its seconds; those of a loop as one.

    The last command's end is not noted, and what it took is nothing.
    """
    moments = [line.split(" ", 1) for line in noted.split("\0") if line]
    took: dict[str, float] = {}
    for (begun, command), (ended, _) in itertools.pairwise(moments):
        name = " ".join(command.split())
        took[name] = took.get(name, 0.0) + float(ended) - float(begun)
    return [(name, seconds) for name, seconds in took.items() if seconds >= 0.1]


def table(level: int, took: Sequence[tuple[str, float]]) -> list[str]:
    """Return the lines of a table of commands."""
    whole = sum(seconds for _, seconds in took)
    rows = [f"  {seconds:6.1f} s  {command[:88]}" for command, seconds in took]
    return [f"Level {level}, {whole:.0f} s", *rows]
