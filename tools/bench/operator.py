"""The person who owns the account: moves the metric switch, and moves back as the runbook says."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from lab.config import LabError
from lab.drill.waiting import within
from lab.drill.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.config import LabConfig
    from lab.control import Control

RUN_SECONDS, REPLICATION_SECONDS = 30.0, 30.0


class NotMovedBack(LabError):
    """The Primary could not be made active again."""


class Operator:
    """Acts by hand, through AWS's APIs."""

    def __init__(self, config: LabConfig, lab: Control, machine: str) -> None:
        self._config = config
        self._primary = Watch(config, lab, config.primary_region)
        self._secondary = Watch(config, lab)
        self._lab = lab
        self._machine = machine
        region = config.secondary_region
        self._dynamodb = lab.client("dynamodb", region)
        self._cloudwatch = lab.client("cloudwatch", region)
        self._stepfunctions = lab.client("stepfunctions", region)
        self.alarms = self._alarms_that_start_the_machine(lab.client("events", region))

    def _alarms_that_start_the_machine(self, events: Any) -> frozenset[str]:
        """Read from the rules on the default bus which alarms' events go to the machine."""
        found: set[str] = set()
        for rule in events.list_rules()["Rules"]:
            targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            if self._machine in [t["Arn"] for t in targets]:
                found |= alarm_names(json.loads(rule.get("EventPattern", "{}")))
        return frozenset(found)

    def started(self, since: float) -> tuple[str, float] | None:
        """Return what started the machine first, and when it was started."""
        runs = self._stepfunctions.list_executions(stateMachineArn=self._machine)["executions"]
        at = {e["startDate"].timestamp(): e["executionArn"] for e in runs}
        first = min((t for t in at if t >= since), default=None)
        return (self._secondary.execution(at[first]).started_by, first) if first else None

    def unquiet(self) -> list[str]:
        """Return which of these alarms fire, and what else keeps the times from being quiet."""
        firing = [
            f"alarm {alarm['AlarmName']} fires"
            for region in self._config.regions
            for alarm in self._lab.client("cloudwatch", region).describe_alarms(
                AlarmNames=sorted(self.alarms)
            )["MetricAlarms"]
            if alarm["StateValue"] == "ALARM"
        ]
        return (
            firing
            + ["a run of the machine is under way"] * bool(self._running())
            + ["scheduled readiness has not looked yet"] * (not self._was_looked_at())
        )

    def _was_looked_at(self) -> bool:
        """Whether scheduled readiness has run since the deployment: within five minutes, it has."""
        found = self._dynamodb.get_item(
            TableName=f"{self._config.app_name}-recoveries", Key={"pk": {"S": "readiness"}}
        )
        return "Item" in found

    def _running(self) -> list[str]:
        found = self._stepfunctions.list_executions(
            stateMachineArn=self._machine, statusFilter="RUNNING"
        )
        return [e["executionArn"] for e in found["executions"]]

    def until_ended(self, since: float, limit: float) -> None:
        """Wait until the runs that an outage started have ended."""
        while self._running() and time.time() < min(limit, time.time() + RUN_SECONDS):
            time.sleep(0.1)

    def publish_position(self, value: float) -> None:
        """Publish the metric behind the metric switch."""
        datum = {"MetricName": "SwitchPosition", "Value": value}
        self._cloudwatch.put_metric_data(
            Namespace=f"{self._config.app_name}/bench", MetricData=[datum]
        )

    def move_back(self) -> None:
        """Make the Primary active again by a take-over there.

        Raises
        ------
        NotMovedBack
            Replication did not catch up, or nobody could take over.
        """
        for arn in self._running():
            self._stepfunctions.stop_execution(executionArn=arn, error="OperatorMovesBack")
        self._until_replicated()
        self._take_over()
        self.publish_position(0)

    def _take_over(self) -> None:
        """Claim in the Primary, unless it is active still, as after a hold."""
        here, there = self._config.primary_region, self._config.secondary_region
        given = {
            "action": "take-over",
            "confirm": f"MAKE {here} ACTIVE WITHOUT {there}",
            "reason": "the next outage of the benchmark",
        }
        arn = self._primary.start("emergency", given)
        within(RUN_SECONDS, lambda: self._primary.ended(arn))
        outcome = self._primary.execution(arn).outcome
        now = self._secondary.control()
        serves = now is not None and (now.active_region, now.state) == (here, "serving")
        if outcome not in ("taken_over", "already_active") or not serves:
            raise NotMovedBack(f"The take-over ended {outcome}; the control item is {now}.")

    def _until_replicated(self) -> None:
        end = time.monotonic() + REPLICATION_SECONDS
        while any(self._waiting()):
            if time.monotonic() > end:
                raise NotMovedBack("Replication did not catch up after the outage.")
            time.sleep(0.1)

    def _waiting(self) -> list[int]:
        links = self._lab.act("replication")["links"].values()
        return [int(link["waiting"]) for link in links]


def alarm_names(pattern: Mapping[str, Any]) -> set[str]:
    """Return the alarms that a rule's pattern names, by their ARNs or by their names."""
    arns = [r for r in pattern.get("resources", []) if isinstance(r, str)]
    names = [n for n in pattern.get("detail", {}).get("alarmName", []) if isinstance(n, str)]
    return {arn.rsplit(":alarm:", 1)[1] for arn in arns if ":alarm:" in arn} | set(names)
