"""Scheduled readiness: the verdict over what was looked at, control planes included.

Required means that a person is told when it is not as it should be. Nothing here vetoes a recovery.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pilotlight.sentinel.level import valid_end
from pilotlight.shared import timestamps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.control.item import ControlItem

State = Literal["ok", "failed", "unknown"]
CERTIFICATE_DAYS = 21
BACKUP_AGE = timedelta(hours=30)
# An Inactive function wakes by itself; what fails or is being changed cannot be relied on.
FUNCTION_STATES = ("Active", "Inactive")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    required: bool
    state: State
    detail: str
    seconds: float = 0.0


Judged = tuple[State, str]


def verdict(findings: list[Finding], checked_at: str) -> dict[str, Any]:
    """Return the verdict to be stored. What could not be seen is not ready, and said to be unknown.

    `findings` names all that is not as it should be, in words; `checks` has everything.
    """
    required = [f for f in findings if f.required]
    bad = [f for f in findings if f.state != "ok"]
    ready = bool(required) and all(f.state == "ok" for f in required)
    told = [f"{f.name} {f.state}{'' if f.required else ' (advisory)'}: {f.detail}" for f in bad]
    return {
        "verdict": "ready" if ready else "not_ready",
        "findings": "; ".join(told),
        "checks": [asdict(f) for f in findings],
        "checked_at": checked_at,
    }


def table(found: Mapping[str, Any], own: str, peer: str | None) -> Judged:
    """Judge a table's description: it and its replica in the other Region are ACTIVE."""
    status = found.get("TableStatus")
    if status != "ACTIVE":
        return "failed", f"its status in {own} is {status}"
    if peer is None:
        return "ok", f"ACTIVE in {own}"
    replicas = {r.get("RegionName"): r.get("ReplicaStatus") for r in found.get("Replicas") or []}
    if peer not in replicas:
        return "failed", f"it has no replica in {peer}"
    if replicas[peer] != "ACTIVE":
        return "failed", f"its replica in {peer} is {replicas[peer]}"
    return "ok", f"ACTIVE in {own} and {peer}"


def strong(found: Mapping[str, Any], own: str, peer: str, witness: str) -> Judged:
    """Judge the control table's description: strongly consistent, with both replicas ACTIVE."""
    state, detail = table(found, own, peer)
    if state != "ok":
        return state, detail
    consistency = found.get("MultiRegionConsistency")
    if consistency != "STRONG":
        return "failed", (
            f"its multi-Region consistency is {consistency or 'EVENTUAL'}, not STRONG: nothing "
            "decides who is active. See docs/runbook/control-table-not-strong.md"
        )
    if witness in (own, peer):
        return "failed", f"the witness Region {witness} holds a replica: it must be a third one"
    return "ok", f"STRONG, {detail}"


def witness(found: Mapping[str, Any], _own: str, _peer: str, region: str) -> Judged:
    """Judge the witness. Without it the quorum has no Region to spare; nothing is stopped."""
    states = {
        w.get("RegionName"): w.get("WitnessStatus") for w in found.get("GlobalTableWitnesses") or []
    }
    if region not in states:
        return "failed", f"the control table has no witness in {region}"
    if states[region] != "ACTIVE":
        return "failed", f"the witness in {region} is {states[region]}: no Region may be lost now"
    return "ok", f"ACTIVE in {region}"


def control_item(item: ControlItem) -> Judged:
    """Judge the control item: anything but a Region that serves is left from a run."""
    told = f"{item.active_region} is {item.state} in epoch {item.epoch}, revision {item.revision}"
    return ("ok" if item.state == "serving" else "failed"), told


def functions(found: Mapping[str, Mapping[str, Any]]) -> Judged:
    """Judge the functions behind the aliases."""
    bad = [
        f"{name} is {c.get('State')}, its last update {c.get('LastUpdateStatus')}"
        for name, c in found.items()
        if c.get("State") not in FUNCTION_STATES or c.get("LastUpdateStatus") != "Successful"
    ]
    if bad:
        return "failed", "; ".join(bad)
    return ("ok", f"{len(found)} aliases lead to functions that can run") if found else _nothing()


def answers(asked: int, silent: Mapping[str, str]) -> Judged:
    """Judge whether the functions of the recovery path run: not as described, but as invoked."""
    if silent:
        return "failed", "; ".join(f"{name}: {why}" for name, why in silent.items())
    return ("ok", f"{asked} functions of the recovery path answered") if asked else _nothing()


def concurrency(unreserved: int, needed: int) -> Judged:
    """Judge whether this Region's quota leaves room for what a recovery forces into being."""
    state: State = "ok" if unreserved >= needed else "failed"
    return state, f"{unreserved} concurrent executions are free to use, a recovery needs {needed}"


def parity(what: str, own: float, peer: float) -> Judged:
    """Judge whether this Region may do as much as the one whose load it would take over."""
    state: State = "ok" if own >= peer else "failed"
    return state, f"{what}: {own:g} here, {peer:g} in the other Region"


def releases(own: str | None, peer: str | None) -> Judged:
    """Judge whether both Regions run the same release."""
    if not own or not peer:
        return "unknown", f"release {own or 'unknown'} here, {peer or 'unknown'} in the other"
    state: State = "ok" if own == peer else "failed"
    return state, f"release {own} here, {peer} in the other Region"


def certificate(end: datetime, now: datetime) -> Judged:
    """Judge how long the certificate still holds. ACM renews it 60 days before its end."""
    state: State = "ok" if end - now >= timedelta(days=CERTIFICATE_DAYS) else "failed"
    return state, f"it ends on {end:%Y-%m-%d}"


def subscribers(arns: list[str]) -> Judged:
    """Judge whether somebody who confirmed is told. An unconfirmed subscription has no ARN."""
    confirmed = [a for a in arns if a.startswith("arn:")]
    state: State = "ok" if confirmed else "failed"
    return state, f"{len(confirmed)} of {len(arns)} subscriptions are confirmed"


def backup(created: list[datetime], now: datetime) -> Judged:
    """Judge the age of the newest backup copy in this Region."""
    if not created:
        return "failed", "there is no copy in this Region's vault"
    age = now - max(created)
    hours = round(age.total_seconds() / 3600, 1)
    return ("ok" if age <= BACKUP_AGE else "failed"), f"the newest copy is {hours:g} h old"


def replication(rules: list[Mapping[str, Any]], to_bucket: str) -> Judged:
    """Judge whether a bucket replicates to the other Region's."""
    wanted = f":::{to_bucket}"
    enabled = [
        r
        for r in rules
        if r.get("Status") == "Enabled"
        and str(r.get("Destination", {}).get("Bucket", "")).endswith(wanted)
    ]
    if enabled:
        return "ok", f"it replicates to {to_bucket}"
    return "failed", f"no enabled rule of {len(rules)} replicates to {to_bucket}"


def heartbeats(oldest_written_at: int | None, now_ms: int, *, active: bool) -> Judged:
    """Judge whether the Primary's heartbeats arrive, where it is the one that writes them all."""
    if not active:
        return "ok", "the Primary is not active"
    if oldest_written_at is None:
        return "failed", "not every key is held, or one is from the future"
    age = (now_ms - oldest_written_at) / 1000
    return ("ok" if age <= 120 else "failed"), f"the oldest of the newest is {age:.0f} s old"


def rehearsal(last: Mapping[str, str], now: datetime, max_age: timedelta) -> Judged:
    """Judge the newest rehearsal on record: how long ago one passed.

    `last` has `verdict`, `at` and `last_pass_at` as ISO 8601, or is empty where none ever ended.
    """
    newest = f"the newest, at {last['at']}, was {last['verdict']}" if last else "there is none"
    passed = last.get("last_pass_at")
    if passed is None:
        return "failed", f"no rehearsal has passed; {newest}"
    days = (now - timestamps.parse(passed)) / timedelta(days=1)
    state: State = "ok" if days <= max_age / timedelta(days=1) else "failed"
    return state, f"the last that passed is {days:.1f} days old; {newest}"


def automation(item: Mapping[str, Any], now: datetime) -> Judged:
    """Judge whether recoveries start by themselves, by what a person has said to the automation."""
    until = valid_end(item.get("paused_until", {}).get("N"), now)
    if until is None:
        return "ok", "recoveries start by themselves"
    by = item.get("by", {}).get("S", "nobody who gave a name")
    return "failed", f"paused until {timestamps.text(until)} by {by}: no recovery starts by itself"


def _nothing() -> Judged:
    return "failed", "there is none"
