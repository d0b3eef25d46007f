"""How `status` judges what was read. Pure: the same answers give the same document.

What a Region knows of itself is judged as its overview function judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client import heartbeat, timestamps
from pilot_light_client.last_resort import LastResort
from pilot_light_client.timestamps import try_parse
from pilotlight.failover.confirmation import STILL_SECONDS
from pilotlight.ledger.entry import SHARDS, counts, is_late, kinds_of, verdict_of
from pilotlight.recoveries import schema
from pilotlight.reporting import overview
from pilotlight.reporting.overview import Gathered, Pair
from pilotlight.reporting.past_recoveries import epochs
from pilotlight.shared import contract

from cli import exits
from cli.status.reads import EVERYWHERE, MACHINES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cli.asking.together import Answers
    from cli.deployment import Deployment
    from cli.probes import Beacon, Probe

# Of one fact. Not applicable is what the application's contract level does not give.
Verdict = Literal["ok", "attention", "failing", "unknown", "not_applicable"]
EXITS = {
    "healthy": exits.OK,
    "attention": exits.ATTENTION,
    "failing": exits.FAILING,
    "unknown": exits.UNKNOWN,
}
Fact = dict[str, Any]


@dataclass(frozen=True)
class Readings:
    """What was read: each Region's answers, own probes by name, and the beacon."""

    answers: Mapping[str, Answers]
    probes: Mapping[str, Probe]
    beacon: Beacon

    def item(self, region: str, name: str) -> dict[str, Any]:
        """Return an item as plain values; empty if missing, `{"error": …}` if not read."""
        answers = self.answers[region]
        if name in answers.values:
            return schema.plain(answers.values[name].get("Item", {}))
        return {"error": self.why(region, name)}

    def why(self, region: str, name: str) -> str:
        """Return why something was not read."""
        answers = self.answers[region]
        if answers.silent:
            return f"{region} does not answer."
        problem = answers.problems.get(name)
        return f"{region}: {problem.short}." if problem else f"{region}: nothing was asked."

    def offline(self) -> bool:
        """Return whether nothing at all answers: then the fault may be on this side."""
        silent = all(answers.silent for answers in self.answers.values())
        return silent and not any(probe.status for probe in self.probes.values())


def document(readings: Readings, deployment: Deployment, now: datetime) -> dict[str, Any]:
    """Return the document that cli/schemas/status.schema.json describes."""
    gathered, pair = _gathered(readings, deployment, now), _pair(deployment)
    facts = _own_facts(readings, deployment, gathered, pair, now)
    if without := contract.ledger(deployment.level):
        facts["ledger"] = _fact("not_applicable", without)
    control = facts["control"]
    active = {name: control.get(name) for name in ("active_region", "role", "state", "epoch")}
    verdict, summary = _whole(facts)
    return {
        "version": 1,
        "at": timestamps.text(now),
        "app_name": deployment.app_name,
        "contract_level": deployment.level,
        "primary_region": deployment.primary,
        "secondary_region": deployment.secondary,
        "witness_region": deployment.witness,
        "public_name": deployment.public_name,
        "verdict": verdict,
        "exit_code": EXITS[verdict],
        "summary": summary,
        "active": {**active, "since": control.get("changed_at")} if active["epoch"] else None,
        "regions": [
            {
                "region": region,
                "role": role,
                "answered": bool(readings.answers[region].values),
                "seconds": readings.answers[region].seconds,
            }
            for region, role in deployment.regions.items()
        ],
        "probes": [probe.as_json() for probe in readings.probes.values()],
        "beacon": readings.beacon,
        "facts": facts,
        "problems": [
            problem.as_json()
            for answers in readings.answers.values()
            for problem in answers.problems.values()
        ],
    }


def _own_facts(
    readings: Readings, deployment: Deployment, gathered: Gathered, pair: Pair, now: datetime
) -> dict[str, Fact]:
    """Return all facts, in the order in which a person wants to know them."""
    known = overview.overview(gathered, pair, now)["facts"]
    active = known["control"].get("active_region")
    primary, secondary = deployment.primary, deployment.secondary
    back = _heartbeats(readings, primary, secondary, now)
    to_primary = (
        _fact("unknown", f"It could not be read: {back['error']}")
        if "error" in back
        else overview.replication(back, gathered.control, pair, now, "Secondary")
    )
    return {
        "users": _users(readings, deployment, active),
        "control": known["control"],
        "primary": _region(readings, deployment, primary, active),
        "secondary": _region(readings, deployment, secondary, active),
        "control_table": control_table(readings, deployment),
        "pulse": _pulse(readings, deployment, gathered.sentinel, now),
        "beacon": _beacon(readings.beacon),
        "sentinel": known["sentinel"],
        "to_secondary": known["replication"],
        "to_primary": to_primary,
        "machine": known["machine"],
        "executions": _executions(readings, deployment, gathered.lock),
        "last_resort": _last_resort(readings, now),
        "readiness": known["readiness"],
        "rehearsal": known["rehearsal"],
        "ledger": known["ledger"],
        "recoveries": known["recoveries"],
    }


def _pair(deployment: Deployment) -> Pair:
    given = deployment.parameters
    return Pair(
        app_name=deployment.app_name,
        primary_region=deployment.primary,
        secondary_region=deployment.secondary,
        rpo_objective=timedelta(seconds=float(given["RpoObjectiveSeconds"])),
        rehearsal_max_age=timedelta(days=float(given["RehearsalMaxAgeDays"])),
        sentinel_interval=timedelta(seconds=float(given["SentinelIntervalSeconds"])),
        level=deployment.level,
    )


def _gathered(readings: Readings, deployment: Deployment, now: datetime) -> Gathered:
    """Return what the overview is made of. The control item is the one that any Region read."""
    secondary = deployment.secondary
    both = [readings.item(region, "control") for region in (secondary, deployment.primary)]
    control = next(
        (item for item in both if "error" not in item),
        {"error": " ".join(item.get("error", "") for item in both)},
    )
    items = {
        name: readings.item(secondary, name)
        for name in (schema.LOCK, schema.SENTINEL, schema.READINESS, schema.REHEARSAL)
    }
    return Gathered(
        control=control,
        heartbeats=_heartbeats(readings, secondary, deployment.primary, now),
        ledger=_ledger(readings, secondary),
        recoveries=_recoveries(readings, deployment, control),
        **items,
    )


def _heartbeats(readings: Readings, region: str, source: str, now: datetime) -> dict[str, Any]:
    """Return the heartbeats of a source that a Region holds, as the overview wants them."""
    answer = readings.answers[region].values.get("heartbeats")
    if answer is None:
        return {"error": readings.why(region, "heartbeats")}
    rows = [row for rows in answer.get("Responses", {}).values() for row in rows]
    by_key = {row["pk"]["S"]: heartbeat.read(row) for row in rows}
    beats = [
        by_key.get(heartbeat.key(source, number)["pk"]["S"]) for number in range(heartbeat.KEYS)
    ]
    beats = [None if beat is heartbeat.UNREADABLE else beat for beat in beats]
    return {
        "newest": beats[0].written_at if beats[0] else None,
        **heartbeat.replica_state(beats, round(now.timestamp() * 1000)),
    }


def _ledger(readings: Readings, region: str) -> dict[str, Any]:
    answers, kinds = readings.answers[region], []
    for name in (f"ledger#{shard}" for shard in range(SHARDS)):
        if name in answers.problems or name not in answers.values:
            return {"error": readings.why(region, name)}
        rows = answers.values[name]["Items"]
        kinds += [kinds_of(late=is_late(row), verdict=verdict_of(row)) for row in rows]
    return counts(kinds)


def _recoveries(
    readings: Readings, deployment: Deployment, control: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the record of each epoch that the overview wants; empty where there is none."""
    region, expected = deployment.secondary, epochs(control)
    answer = readings.answers[region].values.get("recoveries")
    if answer is None:
        return [{"error": readings.why(region, "recoveries")}] if expected else []
    rows = [row for rows in answer.get("Responses", {}).values() for row in rows]
    by_key = {row["pk"]["S"]: schema.plain(row) for row in rows}
    return [by_key.get(f"{schema.RECOVERY}{epoch}", {}) for epoch in expected]


def _users(readings: Readings, deployment: Deployment, active: str | None) -> Fact:
    probe = readings.probes[deployment.public_name]
    if readings.offline():
        detail = "Nothing answers from here, AWS included. Is it this machine's own network?"
        return _fact("unknown", detail)
    if not probe.ok:
        return _fact("failing", f"{probe.name} does not serve: {probe.error}.")
    served = f"{probe.name} answers in {probe.seconds:g} s"
    if probe.region is None:
        return _fact("ok", f"{served}; the answer names no Region.")
    if active and probe.region != active:
        detail = f"{served} from {probe.region}, which is not active: writes are refused there."
        return _fact("attention", detail)
    return _fact("ok", f"{served} from {probe.region}.")


def _region(readings: Readings, deployment: Deployment, region: str, active: str | None) -> Fact:
    probe, silent = readings.probes[deployment.region_name(region)], readings.answers[region].silent
    api = "its AWS APIs do not answer" if silent else "its AWS APIs answer"
    if probe.ok:
        detail = f"{region}: the application answers in {probe.seconds:g} s, {api}."
        return _fact("unknown" if silent else "ok", detail)
    detail = f"{region}: the application does not answer ({probe.error}), {api}."
    if readings.offline():
        return _fact("unknown", detail)
    return _fact("failing" if region == active else "attention", detail)


def control_table(readings: Readings, deployment: Deployment) -> Fact:
    """Return which members of the control table answer. A strong read needs two of three."""
    good = [r for r in deployment.regions if "control" in readings.answers[r].values]
    bad = [r for r in deployment.regions if r not in good]
    cut_off = [r for r in bad if _problem(readings, r, "control") == "failed"]
    witness, strong = _members(readings, deployment)
    details = [f"Strong reads answer in {' and '.join(good)}." if good else "No Region read it."]
    details += [f"{region} reaches no other member." for region in cut_off]
    details += [readings.why(r, "control") for r in bad if r not in cut_off]
    details.append(f"Witness {deployment.witness}: {witness or 'unknown'}.")
    verdict: Verdict = "ok"
    if bad or witness is None:
        verdict = "unknown"
    if cut_off or witness not in (None, "ACTIVE"):
        verdict = "attention"
    if strong is False:
        verdict = "attention"
        details.append("It is not strong: see docs/runbook/control-table-not-strong.md.")
    if len(cut_off) == len(deployment.regions):
        verdict = "failing"
        details.append("Nobody can take writes: see docs/runbook/control-table-silent.md.")
    return _fact(verdict, " ".join(details), answers_in=good, witness_status=witness)


def _members(readings: Readings, deployment: Deployment) -> tuple[str | None, bool | None]:
    """Return the witness's status and whether the table is strong, as either Region says."""
    for region in deployment.regions:
        if answer := readings.answers[region].values.get("control_table"):
            table = answer["Table"]
            witnesses = table.get("GlobalTableWitnesses", [])
            status = next(
                (w["WitnessStatus"] for w in witnesses if w["RegionName"] == deployment.witness),
                None,
            )
            return status, table.get("MultiRegionConsistency") == "STRONG"
    return None, None


def _pulse(
    readings: Readings, deployment: Deployment, sentinel: Mapping[str, Any], now: datetime
) -> Fact:
    both = [readings.item(region, "pulse") for region in reversed(deployment.regions)]
    item = next((item for item in both if "error" not in item), both[0])
    if "error" in item:
        return _fact("unknown", f"It could not be read: {item['error']}")
    beat, since = item.get("beat"), try_parse(sentinel.get("pulse_still_since"))
    if beat is None:
        return _fact("unknown", "There is no pulse yet.")
    values = {"beat": beat, "by_region": item.get("by_region")}
    by = f"Beat {beat}, by {item.get('by_region')}"
    if beat != sentinel.get("pulse_beat") and "pulse_beat" in sentinel:
        return _fact("ok", f"{by}: it has moved since the sentinel read it.", **values)
    if since is None:
        return _fact("unknown", f"{by}. Since when is not known: see the sentinel.", **values)
    seconds = round((now - since).total_seconds())
    if seconds >= STILL_SECONDS:
        detail = f"{by}: it has stood still for {seconds} s, and counts from {STILL_SECONDS:g} on."
        return _fact("attention", detail, **values)
    return _fact("ok", f"{by}, {seconds} s ago.", **values)


def _beacon(beacon: Beacon) -> Fact:
    if beacon == "unknown":
        return _fact("unknown", "The beacon's name server did not answer.")
    detail = f"Route 53's checkers find the Primary {beacon}."
    return _fact("ok" if beacon == "healthy" else "attention", detail)


def _executions(readings: Readings, deployment: Deployment, lock: Mapping[str, Any]) -> Fact:
    """Return the running executions. A rehearsal moves nothing, so it is well."""
    running, unread = [], []
    for region in deployment.regions:
        answers = readings.answers[region]
        names = EVERYWHERE + (MACHINES if region == deployment.secondary else ())
        for name in names:
            answer = answers.values.get(f"running#{name}")
            if answer is None:
                unread.append(region)
                continue
            running += [
                {
                    "machine": name,
                    "region": region,
                    "execution": e["executionArn"],
                    "started_at": timestamps.text(e["startDate"]),
                }
                for e in answer["executions"]
            ]
    rehearsed = lock.get("owner") if lock.get("mode") == "rehearsal" else None
    details = [f"{e['machine']} {e['execution'].rsplit(':', 1)[-1]} is running." for e in running]
    if any(e["execution"] != rehearsed for e in running):
        return _fact("attention", " ".join(details), running=running)
    if unread:
        detail = f"Not known in {', '.join(dict.fromkeys(unread))}."
        return _fact("unknown", " ".join([*details, detail]), running=running)
    return _fact("ok", " ".join(details) or "None is running.", running=running)


def _last_resort(readings: Readings, now: datetime) -> Fact:
    in_force, unread = [], []
    for region, answers in readings.answers.items():
        if "last-resort" not in answers.values:
            unread.append(region)
            continue
        grant = LastResort.from_item(answers.values["last-resort"].get("Item", {}))
        if grant and grant.is_in_force(now.timestamp()):
            in_force.append(f"{region} writes without a quorum until {grant.until_text}.")
    if in_force:
        return _fact("attention", " ".join(in_force))
    if unread:
        return _fact("unknown", f"Not known in {', '.join(unread)}.")
    return _fact("ok", "No Region writes without a quorum.")


def _whole(facts: Mapping[str, Fact]) -> tuple[str, str]:
    """Return the verdict on the deployment, and what is behind it."""
    of = {v: [n for n, f in facts.items() if f["verdict"] == v] for v in ("failing", "attention")}
    unknown = [name for name, fact in facts.items() if fact["verdict"] == "unknown"]
    details = [facts[name]["detail"] for name in of["failing"] + of["attention"]]
    if unknown:
        details.append(f"Unknown: {', '.join(name.replace('_', ' ') for name in unknown)}.")
    verdict = next((v for v in ("failing", "attention") if of[v]), "unknown" if unknown else "")
    return verdict or "healthy", " ".join(details) or "Every fact is as it should be."


def _problem(readings: Readings, region: str, name: str) -> str:
    problem = readings.answers[region].problems.get(name)
    return problem.kind if problem else ""


def _fact(verdict: Verdict, detail: str, **values: Any) -> Fact:
    return {"verdict": verdict, "detail": detail, **values}
