"""The state of a deployment, from facts that were read: one document for people and pages.

Every fact has a verdict: `ok`, `attention`, or `unknown` if it is missing, too old or could not be
read. Unknown is never ok.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from pilot_light_client import timestamps
from pilot_light_client.control_item import State
from pilot_light_client.heartbeat import PASSIVE_MS, PATIENCE
from pilot_light_client.timestamps import has_happened, try_from_number, try_parse

from pilotlight.conditions.evidence import read_json
from pilotlight.conditions.recorded import OLD_SECONDS
from pilotlight.ledger import entry as ledger
from pilotlight.reporting import past_recoveries, rto
from pilotlight.sentinel.level import valid_end
from pilotlight.sentinel.observation import silent_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

Verdict = Literal["ok", "attention", "unknown"]
Role = Literal["Primary", "Secondary"]
REHEARSALS: dict[Any, Verdict] = {"PASS": "ok", "FAIL": "attention"}
# An advisory check whose failure needs attention: users would wait longer than they were promised.
RTO_FORECAST = "rto_forecast"
PROBES: dict[Any, str] = {True: "succeeded", False: "failed"}


@dataclass(frozen=True)
class Pair:
    """The deployment."""

    app_name: str
    primary_region: str
    secondary_region: str
    rpo_objective: timedelta
    rehearsal_max_age: timedelta
    sentinel_interval: timedelta
    level: int
    rto_target: float


@dataclass(frozen=True)
class Gathered:
    """What was read, as plain attributes. `{}` is missing, `{"error": …}` could not be read.

    `heartbeats` are the Primary's, as `{"newest": ms, **heartbeat.replica_state(…)}`. `ledger` is
    what `ledger.counts` returns. `recoveries` are the newest records, one for each epoch.
    """

    control: Mapping[str, Any]
    lock: Mapping[str, Any]
    sentinel: Mapping[str, Any]
    readiness: Mapping[str, Any]
    rehearsal: Mapping[str, Any]
    heartbeats: Mapping[str, Any]
    ledger: Mapping[str, Any]
    recoveries: Sequence[Mapping[str, Any]]


def overview(read: Gathered, pair: Pair, now: datetime) -> dict[str, Any]:
    """Return the document that functions/overview/facts.schema.json describes."""
    facts = {
        "control": _fact_of(read.control, control, pair, now),
        "machine": _fact_of(read.lock, machine, read, now),
        "sentinel": _fact_of(read.sentinel, sentinel, pair, now),
        "readiness": _fact_of(read.readiness, readiness, now),
        "rehearsal": _fact_of(read.rehearsal, rehearsal, pair, now),
        "rto": _fact_of(read.rehearsal, rto.fact, read.recoveries, pair.rto_target),
        "replication": _fact_of(read.heartbeats, replication, read.control, pair, now),
        "ledger": _fact_of(read.ledger, ledger.fact, pair.level),
        "recoveries": past_recoveries.fact(read.recoveries, read.control),
    }
    return {
        **summary(facts),
        "at": timestamps.text(now),
        "app_name": pair.app_name,
        "contract_level": pair.level,
        "primary_region": pair.primary_region,
        "secondary_region": pair.secondary_region,
        "facts": facts,
    }


def summary(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the verdict on the whole: what needs attention, in words, and what is not known."""
    attention = [f["detail"] for f in facts.values() if f["verdict"] == "attention"]
    unknown = [name for name, f in facts.items() if f["verdict"] == "unknown"]
    verdict = "attention" if attention else "unknown" if unknown else "ok"
    details = attention + ([f"Unknown: {', '.join(unknown)}."] if unknown else [])
    return {"verdict": verdict, "summary": " ".join(details) or "Every fact is as it should be."}


def control(item: Mapping[str, Any], pair: Pair, now: datetime) -> dict[str, Any]:
    """Return which Region is active. Anything but a Primary that serves needs attention."""
    if not item:
        return _fact("unknown", "There is no control item.")
    region, state = item.get("active_region"), item.get("state")
    regions, states = (pair.primary_region, pair.secondary_region), get_args(State)
    if region not in regions or state not in states or not isinstance(item.get("epoch"), int):
        return _fact("unknown", "The control item does not name the active Region.")
    until = _at(item.get("drain_until")) if state == "draining" else None
    role = "Primary" if region == pair.primary_region else "Secondary"
    detail, verdict = f"{region}, the {role}, serves.", "ok" if role == "Primary" else "attention"
    if state == "claimed":
        verdict, detail = "attention", f"{region}, the {role}, is taking over: nobody writes yet."
    if state == "draining":
        verdict, detail = "attention", f"{region}, the {role}, drains for a planned move."
        if until is not None and until <= now:
            detail = f"{detail} Its end has passed; a keeper ends it within a minute."
    return _fact(
        verdict,
        detail,
        active_region=region,
        role=role,
        epoch=item["epoch"],
        state=state,
        revision=item.get("revision"),
        drain_until=timestamps.text(until) if until else None,
        changed_at=item.get("changed_at"),
        changed_by=item.get("changed_by"),
    )


AHEAD = "Heartbeats of the {} are from the future: its clock is ahead."


def machine(lock: Mapping[str, Any], read: Gathered, now: datetime) -> dict[str, Any]:
    """Return whether a recovery runs, or a person or a cooldown holds up the next one."""
    owner, expires = lock.get("owner"), _at(lock.get("expires_at"), per_second=1)
    cooldown = _at(read.control.get("cooldown_until"), per_second=1)
    paused = valid_end(read.sentinel.get("paused_until"), now)
    if owner and (expires is None or expires > now):
        what = lock.get("machine") or lock.get("mode") or "recovery"
        verdict: Verdict = "ok" if lock.get("mode") == "rehearsal" else "attention"
        return _fact(verdict, f"A {what} is running.", machine=what, execution=owner)
    if paused:
        detail = f"The automation is paused until {timestamps.text(paused)}."
        return _fact("attention", detail, paused_until=timestamps.text(paused))
    if read.sentinel.get("held_by"):
        detail = "A person stopped a run: for this outage none starts by itself."
        return _fact("attention", detail, execution=read.sentinel["held_by"])
    if cooldown is not None and cooldown > now:
        until = timestamps.text(cooldown)
        return _fact("attention", f"No claim is made before {until}.", cooldown_until=until)
    return _fact("ok", "No recovery is running.")


def sentinel(item: Mapping[str, Any], pair: Pair, now: datetime) -> dict[str, Any]:
    """Return what the sentinel's last probe run observed of the Primary."""
    age = _age(item.get("observed_at"), now)
    if age is None:
        return _fact("unknown", "The sentinel has not probed yet.")
    probe, beacon = item.get("probe_ok"), str(item.get("beacon"))
    result = PROBES.get(probe, "is unknown")
    detail = f"The Primary's probe {result}, the beacon is {beacon}, {age} s ago."
    verdict: Verdict = "ok" if probe is True and beacon == "healthy" else "unknown"
    if probe is False or beacon == "unhealthy":
        verdict = "attention"
    if age > silent_after(pair.sentinel_interval).total_seconds():
        verdict, detail = "unknown", f"The sentinel is silent. {detail}"
    return _fact(
        verdict,
        detail,
        probe_ok=probe,
        beacon=beacon,
        observed_at=item["observed_at"],
        age_seconds=age,
        first_failed_at=item.get("first_failed_at"),
    )


def readiness(item: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the scheduled verdict on the Secondary, with every check."""
    age, result = _age(item.get("checked_at"), now), item.get("verdict")
    if age is None:
        return _fact("unknown", "There is no scheduled verdict.")
    checks = read_json(item.get("checks"), [])
    shown = [
        {k: c.get(k) for k in ("name", "required", "state", "detail")}
        for c in checks
        if isinstance(c, dict)
    ]
    slow = any((c["name"], c["state"]) == (RTO_FORECAST, "failed") for c in shown)
    verdict: Verdict = "ok" if result == "ready" and not slow else "attention"
    findings = _findings(shown) if shown else item.get("findings")
    detail = f"{str(result).replace('_', ' ')}, {age} s ago: {findings or 'no findings'}."
    if age > OLD_SECONDS:
        verdict, detail = "unknown", f"The scheduled verdict is too old. {detail}"
    values = {
        "result": result,
        "checked_at": item["checked_at"],
        "age_seconds": age,
        "checks": shown,
    }
    return _fact(verdict, detail, **values)


def _findings(checks: Sequence[Mapping[str, Any]]) -> str:
    """Name what is not ok, the required first. The checks themselves have the details."""
    bad = [c for c in checks if c["state"] != "ok"]
    required = [f"{c['name']} {c['state']}" for c in bad if c["required"]]
    advisory = ", ".join(f"{c['name']} {c['state']}" for c in bad if not c["required"])
    return "; ".join(required + ([f"advisory: {advisory}"] if advisory else []))


def rehearsal(item: Mapping[str, Any], pair: Pair, now: datetime) -> dict[str, Any]:
    """Return how the last rehearsal ended. One that proved nothing, or not lately, is unknown."""
    age, result, passed = _age(item.get("at"), now), item.get("verdict"), item.get("last_pass_at")
    if age is None:
        return _fact("unknown", "No rehearsal is on record.")
    last_pass = f"the last pass was {passed}" if passed else "none has passed yet"
    detail = f"The last one, {age // 86400} days ago, ended {result}; {last_pass}."
    verdict = REHEARSALS.get(result, "unknown")
    if verdict == "ok" and age > pair.rehearsal_max_age.total_seconds():
        verdict, detail = "unknown", f"That is too long ago. {detail}"
    values = {
        "result": result,
        "rehearsed_at": item["at"],
        "last_pass_at": passed,
        "age_seconds": age,
    }
    return _fact(verdict, detail, **values)


def replication(
    beats: Mapping[str, Any],
    item: Mapping[str, Any],
    pair: Pair,
    now: datetime,
    source: Role = "Primary",
) -> dict[str, Any]:
    """Return the age of the heartbeats of a source that the other Region holds.

    The active Region writes all keys, and the oldest counts; a passive one writes one alone. The
    Secondary observes the Primary's; the other direction is observed in the Primary.
    """
    region = pair.primary_region if source == "Primary" else pair.secondary_region
    active = item.get("active_region")
    if active is None:
        return _fact("unknown", "Without a control item it is unknown which heartbeats to expect.")
    passive = active != region
    written = _at(beats.get("newest") if passive else beats.get("oldest_written_at"))
    if written is None:
        present = f"{beats.get('held')} of {beats.get('keys')} keys are held."
        if beats.get("from_the_future"):
            return _fact("unknown", AHEAD.format(source))
        return _fact("unknown", f"The {source}'s heartbeats are not all there: {present}")
    seconds = round((now - written).total_seconds(), 1)
    if not has_happened(seconds):
        return _fact("unknown", AHEAD.format(source))
    seconds = max(seconds, 0.0)
    limit = PASSIVE_MS * PATIENCE / 1000 if passive else pair.rpo_objective.total_seconds()
    whose = "The oldest of the newest heartbeats"
    if passive:
        whose = f"The passive {source}'s heartbeat"
    return _fact(
        "ok" if seconds <= limit else "attention",
        f"{whose} held here is {seconds:g} s old; up to {limit:g} s is ok.",
        source=region,
        seconds=seconds,
        limit_seconds=limit,
    )


def _fact(verdict: str, detail: str, **values: Any) -> dict[str, Any]:
    return {"verdict": verdict, "detail": detail, **values}


def _fact_of(
    item: Mapping[str, Any], judge: Callable[..., dict[str, Any]], *arguments: Any
) -> dict[str, Any]:
    if "error" in item:
        return _fact("unknown", f"It could not be read: {item['error']}")
    return judge(item, *arguments)


def _age(text: object, now: datetime) -> int | None:
    at = try_parse(text)
    return None if at is None else max(round((now - at).total_seconds()), 0)


def _at(number: object, per_second: int = 1000) -> datetime | None:
    return try_from_number(number, per_second)
