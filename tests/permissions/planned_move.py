"""What a planned move needs of its roles' permissions. Each returns what went wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.permissions.deployed import CACHED_SECONDS, FunctionFailed

if TYPE_CHECKING:
    from tests.permissions.deployed import DeployedLab

# Within which the lab replicates a write, with a margin.
REPLICATION_SECONDS = 10


def proof(lab: DeployedLab) -> list[str]:
    """Drain the Primary with a write in its journal's tail, and prove that the write arrived."""
    lab.reset()
    host = f"{lab.primary}.{lab.config.zone_name}"
    answer = lab.https.request(lab.primary, host, "PUT", "/items/proof", {"text": "A tail"})
    if answer.status != 200:
        return [f"PUT /items/proof answered {answer.status}"]
    who = {"pk": "control", "active_region": lab.primary, "epoch": 1, "changed_by": "exercise"}
    until = int((time.time() + 60) * 1000)
    lab.put("control", **who, state="draining", drain_until=until, drain_to=lab.secondary)
    try:
        return _proven(lab) + _looked_for_in_the_secondary(lab)
    finally:
        lab.put("control", **who, state="serving", changed_at="-")
        time.sleep(CACHED_SECONDS)


def _proven(lab: DeployedLab) -> list[str]:
    given = {"step": "tails", "source": lab.primary, "target": lab.secondary, "epoch": 1}
    end = time.monotonic() + REPLICATION_SECONDS
    while True:
        try:
            found = lab.invoke("proof", given)
        except FunctionFailed as error:
            late = any(name in str(error) for name in ("TailsDiffer", "DrainNotSeen"))
            if late and time.monotonic() < end:
                time.sleep(0.2)
                continue
            return [str(error)]
        return [] if found["writes"] else ["the tail was empty"]


def _looked_for_in_the_secondary(lab: DeployedLab) -> list[str]:
    """The Secondary does not drain, which only its own control item can tell."""
    given = {"step": "seen", "source": lab.secondary, "target": lab.primary, "epoch": 1}
    try:
        lab.invoke("proof", {**given, "drained_by": "exercise"})
    except FunctionFailed as error:
        return [] if f"{lab.primary} is active" in str(error) else [str(error)]
    return ["a drain was seen that is none"]
