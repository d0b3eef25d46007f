"""Engines of their own, on ports that are free, with nothing deployed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab.config import ROOT, LabConfig, from_samconfig
from lab.control import Control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def free_ports(count: int) -> list[int]:
    with_ports = [socket.socket() for _ in range(count)]
    for each in with_ports:
        each.bind(("127.0.0.1", 0))
    found = [each.getsockname()[1] for each in with_ports]
    for each in with_ports:
        each.close()
    return found


def entry_port(config: LabConfig) -> int:
    """Return the first of as many free ports in a row as a lab has entries."""
    many = len(config.entries) + len(config.cross_region_ports)
    for first in range(28441, 29441, 20):
        try:
            for port in range(first, first + many):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("No ports are free.")


@contextmanager
def engine(folder: Path) -> Iterator[tuple[LabConfig, int]]:
    """Run an engine that knows nothing of this checkout's lab."""
    api, dns, door, page = free_ports(4)
    config = from_samconfig(ROOT / "samconfig.toml", folder).with_options(
        api_port=api, dns_port=dns, browser_port=door, page_port=page
    )
    config = config.with_options(entry_port=entry_port(config))
    config.save(folder / "lab.json")
    with (folder / "engine.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab.engine", str(folder / "lab.json"), "--owned"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    try:
        control = Control(config)
        until("the engine answers", lambda: control.answers(process.pid))
        yield config, process.pid
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait(20)


def until(what: str, condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
        time.sleep(0.1)
