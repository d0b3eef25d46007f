"""What `status` has read, and in the form in which the overview judges it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pilot_light_client import heartbeat
from pilotlight.ledger.entry import SHARDS, counts, is_late, kinds_of, verdict_of
from pilotlight.recoveries import schema
from pilotlight.reporting.overview import Gathered, Pair
from pilotlight.reporting.past_recoveries import epochs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cli.asking.together import Answers
    from cli.deployment import Deployment
    from cli.probes import Beacon, Probe


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


def pair_of(deployment: Deployment) -> Pair:
    """Return the deployment as the overview knows it."""
    given = deployment.parameters
    return Pair(
        app_name=deployment.app_name,
        primary_region=deployment.primary,
        secondary_region=deployment.secondary,
        rpo_objective=timedelta(seconds=float(given["RpoObjectiveSeconds"])),
        rehearsal_max_age=timedelta(days=float(given["RehearsalMaxAgeDays"])),
        sentinel_interval=timedelta(seconds=float(given["SentinelIntervalSeconds"])),
        level=deployment.level,
        rto_target=float(given["RtoTargetSeconds"]),
    )


def gathered(readings: Readings, deployment: Deployment, now: datetime) -> Gathered:
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
        heartbeats=heartbeats(readings, secondary, deployment.primary, now),
        ledger=_ledger(readings, secondary),
        recoveries=_recoveries(readings, deployment, control),
        **items,
    )


def heartbeats(readings: Readings, region: str, source: str, now: datetime) -> dict[str, Any]:
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
