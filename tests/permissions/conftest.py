"""One lab, deployed once."""

from __future__ import annotations

import os

import pytest

from lab import deployment, process
from lab.config import ROOT, from_samconfig
from lab.control import Control
from lab.progress import Progress
from tests.permissions.deployed import DeployedLab

# The ports of the lab, where the usual ones are taken: API, DNS, door, first entry.
PORTS = os.environ.get("LAB_PORTS", "4566,5354,8080,8441")


@pytest.fixture(scope="session")
def lab():
    api, dns, door, entry = map(int, PORTS.split(","))
    config = from_samconfig(ROOT / "samconfig.toml", process.RUN).with_options(
        api_port=api,
        dns_port=dns,
        door_port=door,
        page_port=door + 1,
        entry_port=entry,
        speed=20.0,
        replication_lag=0.05,
    )
    progress = Progress()
    engine = process.start(config, owned=True)
    try:
        deployment.build(progress)
        # Without the first a promotion requests no capacity, and needs no permission to. Without
        # the second a planned move waits until the Primary has been well for some minutes.
        deployment.deploy(config, progress, "ProvisionedConcurrency=1", "HealthyMinutes=0")
        found = DeployedLab(config, Control(config))
        # No recovery but those that the exercises start.
        found.client("events").disable_rule(Name=f"{config.app_name}-start-failover")
        # A rehearsal asks for its verdict.
        found.invoke("scheduled-readiness", {})
        yield found
    finally:
        engine.stop()
