"""The Node.js client passes the vectors. `make clients` runs its tests with the AWS SDK."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from lab.config import ROOT

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="Node.js is not on this machine")
def test_the_node_client_passes_what_needs_no_package() -> None:
    files = [f"test/{name}.test.js" for name in ("vectors", "journal-vectors", "tables", "protect")]
    ended = subprocess.run(
        [str(NODE), "--test", "--test-timeout=10000", *files],
        cwd=ROOT / "clients" / "node",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "# fail 0" in ended.stdout
