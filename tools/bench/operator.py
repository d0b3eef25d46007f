"""Acts as the owner of the account: moves back by the runbook."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lab.config import LabError
from lab.drill.watching import Watch, caught_up, within

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control

RUN_SECONDS, REPLICATION_SECONDS = 30.0, 30.0
# What starts the machine by an event, and fires for a while after an outage has ended.
ALARM, ALARM_REGION = "primary-unhealthy", "us-east-1"


class NotMovedBack(LabError):
    """The Primary could not be made active again."""


class Operator:
    """Acts by hand, through AWS's APIs."""

    def __init__(self, config: LabConfig, lab: Control) -> None:
        self._config = config
        self._lab = lab
        self._primary = Watch(config, lab, config.primary_region)
        self._secondary = Watch(config, lab)
        region = config.secondary_region
        self._dynamodb = lab.client("dynamodb", region)
        self._stepfunctions = lab.client("stepfunctions", region)
        self._alarms = lab.client("cloudwatch", ALARM_REGION)

    def unquiet(self) -> list[str]:
        """Return what keeps the times from being quiet: an alarm, a run, no readiness yet."""
        name = f"{self._config.app_name}-{ALARM}"
        alarms = self._alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        states = [alarm["StateValue"] for alarm in alarms]
        causes = {
            f"alarm {name} is missing or fires": states in ([], ["ALARM"]),
            "a run of the machine is under way": bool(self._running()),
            "scheduled readiness has not run yet": not self._has_checked_readiness(),
        }
        return [cause for cause, is_so in causes.items() if is_so]

    def _has_checked_readiness(self) -> bool:
        """Whether scheduled readiness has run since the deployment: within five minutes, it has."""
        answer = self._dynamodb.get_item(
            TableName=f"{self._config.app_name}-recoveries", Key={"pk": {"S": "readiness"}}
        )
        return "Item" in answer

    def _running(self) -> list[str]:
        runs = self._stepfunctions.list_executions(
            stateMachineArn=self._secondary.machine, statusFilter="RUNNING"
        )
        return [run["executionArn"] for run in runs["executions"]]

    def until_ended(self, limit: float) -> None:
        """Wait until the runs that an outage started have ended, at most until a moment."""
        within(limit - time.time(), lambda: not self._running())

    def move_back(self) -> None:
        """Make the Primary active again by a take-over there.

        Raises
        ------
        NotMovedBack
            Replication did not catch up, or the take-over did not make the Primary serve.
        """
        for arn in self._running():
            self._stepfunctions.stop_execution(executionArn=arn, error="OperatorMovesBack")
        if not within(REPLICATION_SECONDS, lambda: caught_up(self._lab)):
            raise NotMovedBack("Replication did not catch up after the outage.")
        self._take_over()

    def _take_over(self) -> None:
        """Claim in the Primary, unless it is active still, as after a hold."""
        here, there = self._config.primary_region, self._config.secondary_region
        request = {
            "action": "take-over",
            "confirm": f"MAKE {here} ACTIVE WITHOUT {there}",
            "reason": "the next outage of the benchmark",
        }
        arn = self._primary.start("emergency", request)
        within(RUN_SECONDS, lambda: self._primary.ended(arn))
        outcome, control = self._primary.execution(arn).outcome, self._secondary.control()
        serves = control is not None and (control.active_region, control.state) == (here, "serving")
        if outcome not in ("taken_over", "already_active") or not serves:
            raise NotMovedBack(f"The take-over ended {outcome}; the control item is {control}.")
