"""One fact each: what was read, in a sentence and a verdict. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client import timestamps
from pilot_light_client.last_resort import LastResort
from pilot_light_client.timestamps import try_parse
from pilotlight.failover.confirmation import STILL_SECONDS

from cli.status.reads import EVERYWHERE, MACHINES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cli.deployment import Deployment
    from cli.probes import Beacon
    from cli.status.readings import Readings

# Of one fact. Not applicable is what the application's contract level does not give.
Verdict = Literal["ok", "attention", "failing", "unknown", "not_applicable"]
Fact = dict[str, Any]


def users(readings: Readings, deployment: Deployment, active: str | None) -> Fact:
    """Return whether users are served, by an own probe of the public name."""
    probe = readings.probes[deployment.public_name]
    if readings.offline():
        detail = "Nothing answers from here, AWS included. Is it this machine's own network?"
        return fact("unknown", detail)
    if not probe.ok:
        return fact("failing", f"{probe.name} does not serve: {probe.error}.")
    served = f"{probe.name} answers in {probe.seconds:g} s"
    if probe.region is None:
        return fact("ok", f"{served}; the answer names no Region.")
    if active and probe.region != active:
        detail = f"{served} from {probe.region}, which is not active: no write is made there."
        return fact("attention", detail)
    return fact("ok", f"{served} from {probe.region}.")


def region_health(
    readings: Readings, deployment: Deployment, region: str, active: str | None
) -> Fact:
    """Return whether a Region answers: its application at its own name, and its AWS APIs."""
    probe, silent = readings.probes[deployment.region_name(region)], readings.answers[region].silent
    api = "its AWS APIs do not answer" if silent else "its AWS APIs answer"
    if probe.ok:
        detail = f"{region}: the application answers in {probe.seconds:g} s, {api}."
        return fact("unknown" if silent else "ok", detail)
    detail = f"{region}: the application does not answer ({probe.error}), {api}."
    if readings.offline():
        return fact("unknown", detail)
    return fact("failing" if region == active else "attention", detail)


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
    return fact(verdict, " ".join(details), answers_in=good, witness_status=witness)


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


def pulse(
    readings: Readings, deployment: Deployment, sentinel: Mapping[str, Any], now: datetime
) -> Fact:
    """Return whether the active Region's pulse moves, by the sentinel's clock."""
    both = [readings.item(region, "pulse") for region in reversed(deployment.regions)]
    item = next((item for item in both if "error" not in item), both[0])
    if "error" in item:
        return fact("unknown", f"It could not be read: {item['error']}")
    beat, since = item.get("beat"), try_parse(sentinel.get("pulse_still_since"))
    if beat is None:
        return fact("unknown", "There is no pulse yet.")
    values = {"beat": beat, "by_region": item.get("by_region")}
    by = f"Beat {beat}, by {item.get('by_region')}"
    if beat != sentinel.get("pulse_beat") and "pulse_beat" in sentinel:
        return fact("ok", f"{by}: it has moved since the sentinel read it.", **values)
    if since is None:
        return fact("unknown", f"{by}. Since when is not known: see the sentinel.", **values)
    seconds = round((now - since).total_seconds())
    if seconds >= STILL_SECONDS:
        detail = f"{by}: it has stood still for {seconds} s, and counts from {STILL_SECONDS:g} on."
        return fact("attention", detail, **values)
    return fact("ok", f"{by}, {seconds} s ago.", **values)


def beacon_fact(beacon: Beacon) -> Fact:
    """Return what Route 53's checkers say of the Primary."""
    if beacon == "unknown":
        return fact("unknown", "The beacon's name server did not answer.")
    detail = f"Route 53's checkers find the Primary {beacon}."
    return fact("ok" if beacon == "healthy" else "attention", detail)


def executions(readings: Readings, deployment: Deployment, lock: Mapping[str, Any]) -> Fact:
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
        return fact("attention", " ".join(details), running=running)
    if unread:
        detail = f"Not known in {', '.join(dict.fromkeys(unread))}."
        return fact("unknown", " ".join([*details, detail]), running=running)
    return fact("ok", " ".join(details) or "None is running.", running=running)


def last_resort(readings: Readings, now: datetime) -> Fact:
    """Return whether a person lets a Region write without a quorum."""
    in_force, unread = [], []
    for region, answers in readings.answers.items():
        if "last-resort" not in answers.values:
            unread.append(region)
            continue
        grant = LastResort.from_item(answers.values["last-resort"].get("Item", {}))
        if grant and grant.is_in_force(now.timestamp()):
            in_force.append(f"{region} writes without a quorum until {grant.until_text}.")
    if in_force:
        return fact("attention", " ".join(in_force))
    if unread:
        return fact("unknown", f"Not known in {', '.join(unread)}.")
    return fact("ok", "No Region writes without a quorum.")


def _problem(readings: Readings, region: str, name: str) -> str:
    problem = readings.answers[region].problems.get(name)
    return problem.kind if problem else ""


def fact(verdict: Verdict, detail: str, **values: Any) -> Fact:
    """Return one fact."""
    return {"verdict": verdict, "detail": detail, **values}
