"""How `status` judges what was read. Pure: the same answers give the same document.

What a Region knows of itself is judged as its overview function judges it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilotlight.reporting import overview
from pilotlight.shared import contract

from cli import exits
from cli.status import judgements, readings as read
from cli.status.judgements import Fact, fact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pilotlight.reporting.overview import Gathered, Pair

    from cli.deployment import Deployment
    from cli.status.readings import Readings

EXITS = {
    "healthy": exits.OK,
    "attention": exits.ATTENTION,
    "failing": exits.FAILING,
    "unknown": exits.UNKNOWN,
}


def document(readings: Readings, deployment: Deployment, now: datetime) -> dict[str, Any]:
    """Return the document that cli/schemas/status.schema.json describes."""
    gathered, pair = read.gathered(readings, deployment, now), read.pair_of(deployment)
    facts = _own_facts(readings, deployment, gathered, pair, now)
    if without := contract.ledger(deployment.level):
        facts["ledger"] = fact("not_applicable", without)
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
    back = read.heartbeats(readings, primary, secondary, now)
    to_primary = (
        fact("unknown", f"It could not be read: {back['error']}")
        if "error" in back
        else overview.replication(back, gathered.control, pair, now, "Secondary")
    )
    return {
        "users": judgements.users(readings, deployment, active),
        "control": known["control"],
        "primary": judgements.region_health(readings, deployment, primary, active),
        "secondary": judgements.region_health(readings, deployment, secondary, active),
        "control_table": judgements.control_table(readings, deployment),
        "pulse": judgements.pulse(readings, deployment, gathered.sentinel, now),
        "beacon": judgements.beacon_fact(readings.beacon),
        "sentinel": known["sentinel"],
        "to_secondary": known["replication"],
        "to_primary": to_primary,
        "machine": known["machine"],
        "executions": judgements.executions(readings, deployment, gathered.lock),
        "last_resort": judgements.last_resort(readings, now),
        "readiness": known["readiness"],
        "rehearsal": known["rehearsal"],
        "rto": known["rto"],
        "ledger": known["ledger"],
        "recoveries": known["recoveries"],
    }


def _whole(facts: Mapping[str, Fact]) -> tuple[str, str]:
    """Return the verdict on the deployment, and what is behind it."""
    of = {v: [n for n, f in facts.items() if f["verdict"] == v] for v in ("failing", "attention")}
    unknown = [name for name, f in facts.items() if f["verdict"] == "unknown"]
    details = [facts[name]["detail"] for name in of["failing"] + of["attention"]]
    if unknown:
        details.append(f"Unknown: {', '.join(name.replace('_', ' ') for name in unknown)}.")
    verdict = next((v for v in ("failing", "attention") if of[v]), "unknown" if unknown else "")
    return verdict or "healthy", " ".join(details) or "Every fact is as it should be."
