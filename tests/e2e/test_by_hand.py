"""What only a person may do, done: approve a promotion, break the glass, reconcile.

Marked as long: `make by-hand` runs it, in about two minutes.
"""

from __future__ import annotations

import json
import os
import re
import time

import pytest

from lab import deployment, process
from lab.config import ROOT, from_samconfig
from lab.control import Control
from lab.drill.traffic import Https
from lab.drill.watching import Watch
from lab.progress import Progress

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(300)]
# The ports of the lab, where the usual ones are taken: API, DNS, door, first entry.
PORTS = os.environ.get("LAB_PORTS", "4566,5354,8080,8441")


class Pair:
    """A deployed lab whose promotions wait for a person, and that person."""

    def __init__(self, config, control):
        self.config, self.control = config, control
        self.primary, self.secondary = config.primary_region, config.secondary_region
        self.watch, self._https = Watch(config, control), Https(config)
        self.watch.subscribe()

    def until(self, what, condition, seconds=60):
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, f"{what}: not within {seconds} s"
            time.sleep(0.2)
        return found

    def settled(self):
        """As in quiet times; the deployment itself may have looked like an outage."""
        checks = {c["name"]: c["healthy"] for c in self.control.act("health")}
        well = all(checks[f"{self.config.app_name}-{n}"] for n in ("endpoint", "off", "not-on"))
        alarms = self.control.client("cloudwatch", self.secondary).describe_alarms(
            AlarmNames=[f"{self.config.app_name}-sentinel"]
        )["MetricAlarms"]
        quiet = [a["StateValue"] for a in alarms] == ["OK"]
        return well and quiet and all(e.ended for e in self.watch.executions(0.0))

    def machine(self, name, region):
        account = self.watch.machine.split(":")[4]
        return f"arn:aws:states:{region}:{account}:stateMachine:{self.config.app_name}-{name}"

    def run(self, name, region, given):
        """Start a machine by hand, and wait for its end."""
        client = self.control.client("stepfunctions", region)
        arn = client.start_execution(
            stateMachineArn=self.machine(name, region), input=json.dumps(given)
        )["executionArn"]

        def ended():
            found = client.describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        return self.until(f"the end of {name}", ended)

    def item(self, region):
        found = self.control.client("dynamodb", region).get_item(
            TableName=f"{self.config.app_name}-control",
            Key={"pk": {"S": "control"}},
            ConsistentRead=True,
        )["Item"]
        return {name: next(iter(value.values())) for name, value in found.items()}

    def write(self, region):
        """Write an item at a Region's own entry, as a user whom DNS leads there."""
        answer = self._https.request(
            region, self.config.public_name, "POST", "/items", {"text": "by hand"}
        )
        body = json.loads(answer.data)
        return answer.status, body.get("region") or body["error"]["code"]

    def until_written(self, at, by):
        """Write at a Region until another one, or it, has taken it."""
        answers = []

        def written():
            answers.append(self.write(at))
            return answers[-1] == (201, by)

        try:
            self.until("a write", written, seconds=40)
        finally:
            print(f"writes at {at}: {answers[0]} … {answers[-1]}, {len(answers)} in all")


@pytest.fixture(scope="module")
def pair():
    api, dns, door, entry = map(int, PORTS.split(","))
    config = from_samconfig(ROOT / "samconfig.toml", process.RUN).with_options(
        api_port=api, dns_port=dns, door_port=door, entry_port=entry, speed=10.0
    )
    progress = Progress()
    engine = process.start(config, owned=True)
    try:
        deployment.build(progress)
        deployment.deploy(config, progress, "Approval=hold", "CooldownSeconds=0")
        yield Pair(config, Control(config))
    finally:
        engine.stop()


def test_a_promotion_waits_for_a_person_and_the_glass_is_broken_when_the_secondary_is_lost(pair):
    approve_the_failover(pair)
    lose_the_secondary(pair)
    execution = break_the_glass(pair)
    refuse_until_reconciled(pair, execution)


def approve_the_failover(pair):
    pair.until("checks that have settled", pair.settled)
    pair.control.act("outage", mode="region", region=pair.primary)
    wanted = pair.until(
        "the request",
        lambda: [n for n in pair.watch.notifications() if n.event == "approval_wanted"],
        seconds=150,
    )
    assert pair.item(pair.secondary)["epoch"] == "1", "nothing moves before the answer"
    token = re.search(r"--task-token '([^']+)'", wanted[0].message)[1]
    pair.control.client("stepfunctions", pair.secondary).send_task_success(
        taskToken=token, output='{"approved": true, "by": "Ada"}'
    )
    told = pair.until(
        "the promotion",
        lambda: [n for n in pair.watch.notifications() if n.event == "promoted"],
    )
    assert "Approved by Ada at" in told[0].message
    assert pair.write(pair.secondary) == (201, pair.secondary)


def lose_the_secondary(pair):
    pair.control.act("heal")
    pair.until(
        "the Primary to know", lambda: pair.item(pair.primary)["active_region"] == pair.secondary
    )
    pair.until_written(pair.primary, by=pair.secondary)
    pair.control.act("outage", mode="region", region=pair.secondary)
    pair.until("DNS to leave a mute Secondary", lambda: pair.control.leads_to() == pair.primary)
    assert pair.write(pair.primary)[0] >= 500, "it can only forward"


def break_the_glass(pair):
    given = {"confirm": "yes, please", "reason": "the Secondary is gone"}
    refused = pair.run("break-glass", pair.primary, given)
    assert (refused["status"], refused["error"]) == ("FAILED", "InvalidExecutionInput")
    sentence = re.search(r'"confirm": "([^"]+)"', refused["cause"])[1]
    assert pair.item(pair.primary)["active_region"] == pair.secondary
    broken = pair.run("break-glass", pair.primary, {**given, "confirm": sentence})
    assert json.loads(broken.get("output", "{}")).get("outcome") == "broken_glass", broken
    assert pair.item(pair.primary)["active_region"] == pair.primary
    pair.until_written(pair.primary, by=pair.primary)
    pair.until("DNS to lead to the Primary", lambda: pair.control.leads_to() == pair.primary)
    return broken["executionArn"]


def refuse_until_reconciled(pair, execution):
    pair.control.act("heal")
    pair.until(
        "the Secondary to know", lambda: pair.item(pair.secondary).get("break_glass") == execution
    )
    rehearsal = {"mode": "rehearsal", "reason": "is it reconciled?"}
    refused = pair.run("failover", pair.secondary, rehearsal)
    assert refused["status"] == "FAILED"
    assert "BreakGlassUnreconciled" in refused["cause"]
    pair.control.client("dynamodb", pair.secondary).update_item(
        TableName=f"{pair.config.app_name}-control",
        Key={"pk": {"S": "control"}},
        UpdateExpression="REMOVE break_glass",
        ConditionExpression="break_glass = :execution",
        ExpressionAttributeValues={":execution": {"S": execution}},
    )
    pair.until("both to be reconciled", lambda: "break_glass" not in pair.item(pair.primary))
    rehearsed = pair.run("failover", pair.secondary, rehearsal)
    assert json.loads(rehearsed.get("output", "{}")).get("outcome") == "rehearsed", rehearsed
    pair.until_written(pair.secondary, by=pair.primary)
    pair.until("DNS to lead to the Primary", lambda: pair.control.leads_to() == pair.primary)
