"""Scheduled readiness: what descriptions of the Secondary prove, control planes included.

Required means that a failure is reported to a person. Nothing here vetoes a recovery.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilot_light_client.journal_days import LEAST_DAYS
from pilot_light_client.ulid_format import moment_of

from pilotlight.conditions.evidence import read_json
from pilotlight.readiness import verdict
from pilotlight.readiness.verdict import CheckResult, Outcome, outcome
from pilotlight.recoveries import rto
from pilotlight.sentinel.level import valid_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pilot_light_client.control_item import ControlItem

BACKUP_AGE = timedelta(hours=30)
# It is compared every minute. Entries may expire after LEAST_DAYS, so a person has weeks.
COMPARED_AGE = timedelta(hours=6)
# An Inactive function wakes by itself; what fails or is being changed cannot be relied on.
FUNCTION_STATES = ("Active", "Inactive")


def stored_verdict(results: Sequence[CheckResult], checked_at: str) -> dict[str, Any]:
    """Return the verdict to be stored, with all results.

    `findings` names every check that is not ok, in words.
    """
    results = [replace(r, detail=r.detail[:200]) for r in results]
    findings = [
        f"{r.name} {r.state}{'' if r.required else ' (advisory)'}: {r.detail.rstrip('.')}"
        for r in results
        if r.state != "ok"
    ]
    return {
        "verdict": verdict.verdict(results),
        "findings": "; ".join(findings),
        "checks": [asdict(r) for r in results],
        "checked_at": checked_at,
    }


def table(description: Mapping[str, Any], own: str, peer: str | None) -> Outcome:
    """Judge a table's description: it and its replica in the other Region are ACTIVE."""
    status = description.get("TableStatus")
    if status != "ACTIVE":
        return "failed", f"its status in {own} is {status}"
    if peer is None:
        return "ok", f"ACTIVE in {own}"
    replicas = description.get("Replicas") or []
    replica = {r.get("RegionName"): r.get("ReplicaStatus") for r in replicas}.get(peer, "missing")
    if replica != "ACTIVE":
        return "failed", f"its replica in {peer} is {replica}"
    return "ok", f"ACTIVE in {own} and {peer}"


def app_table(
    description: Mapping[str, Any], own: str, peer: str, declared: Mapping[str, str]
) -> Outcome:
    """Judge the description of a table of the application: global, with the key it declares."""
    if not description.get("Replicas"):
        detail = f"it is in {own} alone: give it a replica in {peer}"
        return "failed", f"{detail}. See docs/existing-tables.md"
    kinds = {
        a["AttributeName"]: a["AttributeType"] for a in description.get("AttributeDefinitions", [])
    }
    parts = sorted(description.get("KeySchema", []), key=lambda part: part["KeyType"] != "HASH")
    key = [(part["AttributeName"], kinds.get(part["AttributeName"], "")) for part in parts]
    if key != list(declared.items()):
        return (
            "failed",
            f"its key is {_key(key)}, and the contract declares {_key(declared.items())}",
        )
    return table(description, own, peer)


def _key(parts: Iterable[tuple[str, str]]) -> str:
    """Return a key as a contract writes it."""
    return "/".join(name if kind == "S" else f"{name}={kind}" for name, kind in parts)


def strong(description: Mapping[str, Any], own: str, peer: str, witness: str) -> Outcome:
    """Judge the control table's description: strongly consistent, with both replicas ACTIVE."""
    state, detail = table(description, own, peer)
    if state != "ok":
        return state, detail
    consistency = description.get("MultiRegionConsistency")
    if consistency != "STRONG":
        return "failed", (
            f"its multi-Region consistency is {consistency or 'EVENTUAL'}, not STRONG: nothing "
            "decides who is active. See docs/runbook/control-table-not-strong.md"
        )
    if witness in (own, peer):
        return "failed", f"the witness Region {witness} holds a replica: it must be a third one"
    return "ok", f"STRONG, {detail}"


def witness(description: Mapping[str, Any], region: str) -> Outcome:
    """Judge the witness. Without it the quorum has no Region to spare; nothing is stopped."""
    witnesses = description.get("GlobalTableWitnesses") or []
    status = {w.get("RegionName"): w.get("WitnessStatus") for w in witnesses}.get(region, "missing")
    if status != "ACTIVE":
        return "failed", f"the witness in {region} is {status}: no Region may be lost now"
    return "ok", f"ACTIVE in {region}"


def control_item(item: ControlItem) -> Outcome:
    """Judge the control item: anything but a Region that serves is left from a run."""
    detail = f"{item.active_region} is {item.state} in epoch {item.epoch}, revision {item.revision}"
    return outcome(item.state == "serving", detail)


def functions(configurations: Mapping[str, Mapping[str, Any]]) -> Outcome:
    """Judge the functions behind the aliases."""
    bad = [
        f"{name} is {c.get('State')}, its last update {c.get('LastUpdateStatus')}"
        for name, c in configurations.items()
        if c.get("State") not in FUNCTION_STATES or c.get("LastUpdateStatus") != "Successful"
    ]
    count = len(configurations)
    return outcome(
        bool(count) and not bad, "; ".join(bad) or f"{count} aliases lead to functions that can run"
    )


def answers(pinged: int, errors: Mapping[str, str]) -> Outcome:
    """Judge whether the functions of the recovery path run: not as described, but as invoked."""
    detail = "; ".join(f"{name}: {error}" for name, error in errors.items())
    return outcome(
        bool(pinged) and not errors, detail or f"{pinged} functions of the recovery path answered"
    )


def concurrency(unreserved: int, needed: int) -> Outcome:
    """Judge whether this Region's quota leaves room for what a recovery forces into being."""
    return outcome(
        unreserved >= needed,
        f"{unreserved} concurrent executions are free to use, a recovery needs {needed}",
    )


def parity(what: str, own: float, peer: float) -> Outcome:
    """Judge whether this Region may do as much as the one whose load it would take over."""
    return outcome(own >= peer, f"{what}: {own:g} here, {peer:g} in the other Region")


def public_name(url: str, status: int, body: Any, region: str) -> Outcome:
    """Judge the answer of a Region that was asked under the public name."""
    named = body.get("region") if isinstance(body, dict) else None
    detail = f"{url}, asked in {region}, answered {status} from {named}"
    return outcome(status == 200 and named == region, detail)


def releases(own: str | None, peer: str | None) -> Outcome:
    """Judge whether both Regions run the same release."""
    detail = f"release {own or 'unknown'} here, {peer or 'unknown'} in the other Region"
    return outcome(own == peer, detail) if own and peer else ("unknown", detail)


def subscribers(arns: list[str]) -> Outcome:
    """Judge whether somebody has confirmed. An unconfirmed subscription has no ARN."""
    confirmed = sum(arn.startswith("arn:") for arn in arns)
    return outcome(confirmed > 0, f"{confirmed} of {len(arns)} subscriptions are confirmed")


def backup(created: list[datetime], now: datetime) -> Outcome:
    """Judge the age of the newest backup copy in this Region."""
    if not created:
        return "failed", "there is no copy in this Region's vault"
    age = now - max(created)
    recent = timestamps.has_happened(age.total_seconds()) and age <= BACKUP_AGE
    return outcome(recent, f"the newest copy is {age / timedelta(hours=1):.1f} h old")


def replication(rules: list[Mapping[str, Any]], to_bucket: str) -> Outcome:
    """Judge whether a bucket replicates to the other Region's."""
    enabled = [
        r
        for r in rules
        if r.get("Status") == "Enabled"
        and str(r.get("Destination", {}).get("Bucket", "")).endswith(f":::{to_bucket}")
    ]
    detail = f"{len(enabled)} of {len(rules)} rules replicate to {to_bucket}"
    return outcome(bool(enabled), detail)


def hook(function: str, answer: Mapping[str, Any]) -> Outcome:
    """Judge whether a hook could be called, by what the function that calls hooks found."""
    if answer.get("ok") is True:
        return "ok", f"{function} is there and may be called; a rehearsal shows whether it answers"
    return "failed", f"{function}: {answer.get('error', 'nobody tried it')}"


def heartbeats(oldest_written_at: int | None, now_ms: int, *, active: bool) -> Outcome:
    """Judge whether the Primary's heartbeats arrive, if it is the one that writes them all."""
    if not active:
        return "ok", "the Primary is not active"
    if oldest_written_at is None:
        return "failed", "not every key is held, or one is from the future"
    age = (now_ms - oldest_written_at) / 1000
    return outcome(age <= 120, f"the oldest of the newest is {age:.0f} s old")


def journal(mark: Mapping[str, Any], control: ControlItem, now: datetime) -> Outcome:
    """Judge how far the active Region's journal was compared, by its watermark in this epoch.

    `mark` is empty before the first comparison. Then the last change of the control item counts.
    """
    of = f"the journal of {control.active_region} in epoch {control.epoch}"
    if since := mark.get("uncompared_since"):
        detail = f"entries since {since} were not compared within {LEAST_DAYS} days"
        return "failed", f"of {of}, {detail}: moves of this epoch are unproven"
    moment = moment_of(str(mark.get("watermark", ""))) or timestamps.try_parse(control.changed_at)
    if moment is None:
        return "unknown", f"{of} was never compared"
    age = now - moment
    recent = timestamps.has_happened(age.total_seconds()) and age <= COMPARED_AGE
    detail = f"{of} is compared up to {age / timedelta(hours=1):.1f} h ago"
    return outcome(
        recent, detail if recent else f"{detail}; what is not within {LEAST_DAYS} days is unproven"
    )


def rehearsal(last: Mapping[str, Any], now: datetime, max_age: timedelta) -> Outcome:
    """Judge the newest rehearsal on record: how long ago one passed.

    `last` has `verdict`, `at` and `last_pass_at` as ISO 8601, or is empty if none ever ended.
    """
    newest = f"the newest, at {last['at']}, was {last['verdict']}" if last else "there is none"
    passed = last.get("last_pass_at")
    if passed is None:
        return "failed", f"no rehearsal has passed; {newest}"
    age = now - timestamps.parse(passed)
    days = age / timedelta(days=1)
    recent = timestamps.has_happened(age.total_seconds()) and age <= max_age
    return outcome(recent, f"the last that passed is {days:.1f} days old; {newest}")


def rto_forecast(last: Mapping[str, Any], target: float) -> Outcome:
    """Judge whether the newest rehearsal's forecast is within the RTO target of today."""
    found = rto.forecast_against(read_json(last.get("forecast"), {}), target)
    if found.within is None:
        return "unknown", found.detail
    return outcome(found.within, found.detail)


def automation(sentinel: Mapping[str, Any], now: datetime) -> Outcome:
    """Judge whether recoveries start by themselves, or a person has paused them."""
    until = valid_end(sentinel.get("paused_until"), now)
    if until is None:
        return "ok", "recoveries start by themselves"
    by = sentinel.get("by", "nobody who gave a name")
    return "failed", f"paused until {timestamps.text(until)} by {by}: no recovery starts by itself"
