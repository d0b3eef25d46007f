"""What a planned move needs of its roles' permissions. Each returns what went wrong."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.deployed import CACHED_SECONDS, FunctionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deployed import DeployedLab

# Within which the lab replicates a write, with a margin.
REPLICATION_SECONDS = 10
TRIES = 3
# Within which the Region that serves has written all of its heartbeats.
HEARTBEATS_SECONDS = 20


def proof(lab: DeployedLab) -> list[str]:
    """Prove that a write in the journal's tail arrived, and keep how far was compared."""
    lab.reset()
    host = f"{lab.primary}.{lab.config.zone_name}"
    answer = lab.https.request(lab.primary, host, "PUT", "/items/proof", {"text": "A tail"})
    if answer.status != 200:
        return [f"PUT /items/proof answered {answer.status}"]
    given = {"source": lab.primary, "target": lab.secondary, "epoch": 1}
    end = time.monotonic() + REPLICATION_SECONDS
    while True:
        try:
            found = lab.invoke("proof", {"step": "tails", **given})
            lab.invoke("proof", {"step": "watermark", **given})
        except FunctionFailed as error:
            if "TailsDiffer" in str(error) and time.monotonic() < end:
                time.sleep(0.2)
                continue
            return [str(error)]
        kept = lab.invoke("proof", {"step": "keep_up"})
        if not kept["caught_up"]:
            return [kept["why"]]
        return [] if found["writes"] or found["watermark"] else ["nothing was compared"]


def preflight(lab: DeployedLab) -> list[str]:
    """Look in both directions, try the Primary, and warm both Regions."""
    lab.reset()
    ways = ((lab.primary, lab.secondary), (lab.secondary, lab.primary))
    wrong = []
    try:
        for source, target in ways:
            seen = _step(lab, "look", source, target)
            parts = {"sentinel": seen["sentinel"], "scheduled": seen["scheduled"]}
            parts |= seen["replication"]
            wrong += [f"{name}: {p['error']}" for name, p in parts.items() if "error" in p]
            warmed = _step(lab, "warm", source, target)["targets"]
            wrong += [f"{t['failed']} pings of {t['function']}" for t in warmed if t["failed"]]
        tried = _step(lab, "target", lab.secondary, lab.primary)
    except FunctionFailed as error:
        return [str(error)]
    return wrong + [f"{c['name']}: {c['detail']}" for c in tried["checks"] if not c["ok"]]


def move_to_where_it_is_already(lab: DeployedLab) -> list[str]:
    with _serving(lab, lab.secondary, 2):
        lab.put("recoveries", pk="recovery#2", execution="-")
        found = lab.run("switchover", {"mode": "switchover", "reason": "exercise"})
        return _ended(lab, found, "already_there")


def switchover(lab: DeployedLab) -> list[str]:
    with _serving(lab, lab.primary, 1):
        await_heartbeats(lab, lab.primary, lab.secondary)
        found = lab.run("switchover", {"mode": "switchover", "reason": "exercise"})
        return _ended(lab, found, "switched_over")


def failback(lab: DeployedLab) -> list[str]:
    """What other exercises left in the ledger is accepted before."""
    with _serving(lab, lab.secondary, 2):
        await_heartbeats(lab, lab.secondary, lab.primary)
        for _ in range(TRIES):
            accept_what_is_open(lab)
            found = lab.run("switchover", {"mode": "failback", "reason": "exercise"})
            # What an exercise before wrote without a quorum may still arrive.
            if (found.get("decision") or {}).get("unmet") != ["ledger_reviewed"]:
                break
        return _ended(lab, found, "switched_over")


def accept_what_is_open(lab: DeployedLab) -> None:
    """Compare the journals to their end, and accept every write that is to be reviewed.

    In steps that are shorter than the client's patience, however many epochs there are.
    """
    while not (found := lab.invoke("ledger", {"action": "reconcile", "seconds": 8}))["complete"]:
        pass
    if found["open"]:
        lab.invoke("ledger", {"action": "accept", "write_ids": "all", "by": "exercise"})


def _step(lab: DeployedLab, step: str, source: str, target: str) -> Any:
    return lab.invoke("preflight", {"step": step, "source": source, "target": target})


@contextmanager
def _serving(lab: DeployedLab, region: str, epoch: int) -> Iterator[None]:
    """Let a Region serve, with no lock and no record, and the Primary again afterwards."""
    try:
        _serve(lab, region, epoch)
        yield
    finally:
        _serve(lab, lab.primary, 1)


def _serve(lab: DeployedLab, region: str, epoch: int) -> None:
    for key in ("lock", "recovery#2", "recovery#3"):
        lab.forget(key)
    lab.serve(region, epoch)
    time.sleep(CACHED_SECONDS)


def await_heartbeats(lab: DeployedLab, source: str, target: str) -> None:
    """Wait until the target holds a young heartbeat of each of the source's keys."""
    end = time.monotonic() + HEARTBEATS_SECONDS
    while time.monotonic() < end:
        held = _step(lab, "look", source, target)["replication"]["to_target"]
        if (held.get("age_seconds") or HEARTBEATS_SECONDS) < HEARTBEATS_SECONDS / 2:
            return
        time.sleep(0.5)


def _ended(lab: DeployedLab, found: dict[str, Any], outcome: str) -> list[str]:
    wrong = []
    if (found["status"], found.get("outcome")) != ("SUCCEEDED", outcome):
        told = found["cause"] or found.get("summary")
        wrong.append(f"ended {found['status']}, {found.get('outcome')}: {told}")
    if found.get("notified") is not True:
        wrong.append("nobody was notified")
    if not found.get("report"):
        wrong.append("no report was written")
    lock = lab.item("recoveries", "lock")
    if lock:
        wrong.append(f"the lock was left as {lock}")
    cold = [c for c in (found.get("decision") or {}).get("conditions", []) if not c["met"]]
    return wrong + [f"{c['name']}: {c['detail']}" for c in cold if c["name"] == "target_warm"]
