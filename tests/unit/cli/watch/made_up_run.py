"""Histories as Step Functions gives them: events with ids, and what led to each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pilot_light_client.timestamps import text

START = datetime(2026, 7, 1, 3, 0, 0, tzinfo=UTC)
TOKEN = "AQCEAAAAKgAAAAMAAAAAAAAAAQ" + "x" * 900
UNTIL = "Answer before {}. Without an answer it does NOT promote and ends (Approval=hold)."
NOT_MET = "DynamoDB.ConditionalCheckFailedException"
OUTAGE = {
    "name": "outage_confirmed",
    "required": True,
    "met": True,
    "observed": True,
    "detail": "5 of 5 probes failed, and Route 53's checkers find the Primary unhealthy.",
}
READY = {
    "name": "secondary_ready",
    "required": True,
    "met": True,
    "observed": True,
    "detail": "7 checks passed.",
}
WARM = {
    "name": "functions_warm",
    "required": False,
    "met": False,
    "observed": True,
    "detail": "3 of 5 execution environments are proven, in 1 of 1 functions.",
}
REPORT = "s3://pilot-light-123456789012-us-east-2/reports/failover/20260701T030000Z-run-2/"


def unready(detail: str) -> dict[str, Any]:
    return {**READY, "met": False, "detail": detail}


class History:
    """A run's events. Time passes with `after` only."""

    def __init__(self, request: dict[str, Any] | None = None) -> None:
        self.now = START
        self.events: list[dict[str, Any]] = []
        self.timeline: dict[str, str] = {"started_at": text(START)}
        self._at = self._event("ExecutionStarted", 0, executionStartedEventDetails={"input": "{}"})
        self._open: list[tuple[str, str, int]] = []
        if request is not None:
            self.task("Intake", 0.4, request=request, timeline=self.timeline)

    def after(self, seconds: float) -> History:
        self.now += timedelta(seconds=seconds)
        return self

    def enter(self, name: str, kind: str = "Task") -> History:
        details = {"name": name, "input": "{}"}
        self._at = self._event(f"{kind}StateEntered", self._at, stateEnteredEventDetails=details)
        self._open.append((name, kind, self._at))
        if kind == "Task":
            self.schedule(ask=name == "AskApproval")
        if kind == "Parallel":
            self._at = self._event("ParallelStateStarted", self._at)
        return self

    def schedule(self, *, ask: bool = False) -> History:
        """Schedule a task, with the approval's message where it asks."""
        until = text(self.now + timedelta(seconds=300))
        sent = {
            "Message": json.dumps({"default": f"Promote us-east-2?\n\n{UNTIL.format(until)}\n"}),
            "MessageAttributes": {"task_token": {"DataType": "String", "StringValue": TOKEN}},
        }
        resource = "publish.waitForTaskToken" if ask else "publish"
        details = {"parameters": json.dumps(sent), "resource": resource, "resourceType": "sns"}
        self._at = self._event("TaskScheduled", self._at, taskScheduledEventDetails=details)
        self._at = self._event("TaskStarted", self._at)
        return self

    def fail(self, error: str, cause: str = "") -> History:
        details = {"error": error, "cause": cause}
        self._at = self._event("TaskFailed", self._at, taskFailedEventDetails=details)
        return self

    def leave(self, **assigned: Any) -> History:
        name, kind, _ = self._open.pop()
        details: dict[str, Any] = {"name": name, "output": "{}"}
        if assigned:
            details["assignedVariables"] = {n: json.dumps(v) for n, v in assigned.items()}
        self._at = self._event(f"{kind}StateExited", self._at, stateExitedEventDetails=details)
        return self

    def task(self, name: str, seconds: float = 0.2, **assigned: Any) -> History:
        return self.enter(name).after(seconds).leave(**assigned)

    def wait(self, name: str, seconds: float) -> History:
        return self.enter(name, "Wait").after(seconds).leave()

    def gather(self, seconds: float = 2.0) -> History:
        self.enter("GatherEvidence", "Parallel")
        begin = self._at
        self.enter("ConfirmOutage")
        confirming, self._at = self._at, begin
        self.enter("VerifyReadiness").after(0.1).leave()
        # What leads to the exit of a Parallel is the last event of a branch.
        self._at = confirming
        return self.after(seconds).leave().leave()

    def decide(self, action: str, *conditions: dict[str, Any], **more: Any) -> History:
        unmet = [c["name"] for c in conditions if c["required"] and not c["met"]]
        summary = "Not promoted." if unmet else "All required conditions are met."
        decision = {
            "action": action,
            "conditions": list(conditions),
            "summary": summary,
            "unmet": unmet,
        }
        return self.stage("Decide", "decided_at", decision=decision, **more)

    def stage(self, state: str, stage: str, seconds: float = 0.2, **assigned: Any) -> History:
        self.enter(state).after(seconds)
        self.timeline = {**self.timeline, stage: text(self.now)}
        return self.leave(timeline=self.timeline, **assigned)

    def judge(self, action: str, *conditions: dict[str, Any], **more: Any) -> History:
        return self.task("ReadControl").gather().decide(action, *conditions, **more)

    def end(self, status: str = "Succeeded", **details: Any) -> History:
        key = f"execution{status}EventDetails"
        self._at = self._event(f"Execution{status}", self._at, **{key: details})
        return self

    def _event(self, kind: str, previous: int, **details: Any) -> int:
        number = len(self.events) + 1
        event = {"id": number, "previousEventId": previous, "type": kind, "timestamp": self.now}
        self.events.append({**event, **details})
        return number


def begun(mode: str = "failover", trigger: str = "sentinel") -> History:
    """Return a run of the failover machine that has the lock."""
    request = {"mode": mode, "trigger": trigger, "reason": "The Primary does not answer."}
    return History(request).task("AcquireLock")


def promoted() -> History:
    """Return a failover from its start to its end."""
    run = begun().judge("promote", OUTAGE, READY, WARM).task("Announce")
    run.stage("Claim", "promoted_at").wait("WaitOutLease", 5).stage("Serve", "served_at")
    run.enter("ConfirmTraffic")
    for _ in range(3):
        run.after(1.5).fail("TrafficNotMoved", '{"errorMessage": "us-west-2 answers."}').schedule()
    run.after(0.5)
    run.timeline = {**run.timeline, "traffic_confirmed_at": text(run.now)}
    run.leave(timeline=run.timeline, outcome="promoted")
    run.task("RecordRecovery").task("NoteMissing").task("ReleaseLock")
    run.task("WriteReport", report=REPORT).task("NotifyOutcome")
    return run.end(output=json.dumps(output("promoted", report=REPORT)))


def output(outcome: str, **more: Any) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "mode": "failover",
        "summary": "us-east-2 is the active Region, and the public name leads to it.",
        "verdict": None,
        **more,
    }
