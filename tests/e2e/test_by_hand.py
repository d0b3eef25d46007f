"""What only a person may do, done: stop a rehearsal, approve a promotion, take over.

Marked as long: `make by-hand` runs it, in about four minutes.
"""

from __future__ import annotations

import json
import os
import time

import pytest

from lab import deployment, process
from lab.config import ROOT, from_samconfig
from lab.control import Control
from lab.drill.checks import run_checks
from lab.drill.take_over.checks import CHECKS
from lab.drill.take_over.scenario import TakeOverScenario
from lab.drill.users.traffic import Https
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
        return well and all(e.ended for e in self.watch.executions(0.0))

    def item(self, region, table="control-quorum", key="control"):
        found = self.control.client("dynamodb", region).get_item(
            TableName=f"{self.config.app_name}-{table}",
            Key={"pk": {"S": key}},
            ConsistentRead=True,
        )
        return {name: next(iter(value.values())) for name, value in found.get("Item", {}).items()}

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
        api_port=api, dns_port=dns, browser_port=door, entry_port=entry, speed=10.0
    )
    progress = Progress()
    engine = process.start(config, owned=True, meanwhile=deployment.build)
    try:
        deployment.deploy(config, progress, "Approval=hold")
        yield Pair(config, Control(config))
    finally:
        engine.stop()


def test_a_rehearsal_that_a_person_stops_proves_nothing_and_is_on_record(pair):
    pair.until("checks that have settled", pair.settled)
    arn = pair.watch.start("failover", {"mode": "rehearsal", "reason": "to be stopped"})
    pair.control.client("stepfunctions", pair.secondary).stop_execution(
        executionArn=arn, error="Stopped", cause="somebody needs the lock"
    )
    newest = pair.until(
        "the janitor's verdict",
        lambda: (
            (found := pair.item(pair.secondary, "recoveries", "rehearsal")).get("execution") == arn
            and found
        ),
    )
    assert newest["verdict"] == "INCONCLUSIVE"
    kept = pair.item(pair.secondary, "recoveries", f"rehearsal#{newest['started_at']}")
    assert (kept["outcome"], kept["reason"]) == ("stopped", "to be stopped")
    assert int(kept["keep_until"]) > time.time()


def test_what_a_person_stops_is_not_started_again_for_that_outage(pair):
    pair.until("checks that have settled", pair.settled)
    pair.until("a sentinel that has seen the Primary well", pair.watch.has_seen_primary_healthy)
    since = time.time()
    pair.control.act("outage", mode="region", region=pair.primary)
    run = pair.until("the sentinel's run", lambda: pair.watch.executions(since))[0]
    assert run.started_by == "the sentinel"
    pair.control.client("stepfunctions", pair.secondary).stop_execution(
        executionArn=run.arn, error="Stopped", cause="we know of it"
    )
    sentinel = lambda: pair.item(pair.secondary, "recoveries", "sentinel")  # noqa: E731
    pair.until("the janitor", lambda: sentinel().get("held_by") == run.arn)
    # The next attempt would be due after a minute, and the alarm speaks meanwhile.
    time.sleep(80)
    others = [e for e in pair.watch.executions(since) if e.arn != run.arn]
    assert {e.outcome for e in others} <= {"dropped"}
    assert pair.item(pair.secondary)["active_region"] == pair.primary
    pair.control.act("heal")
    pair.until("the outage to be over", lambda: "held_by" not in sentinel(), seconds=120)


def test_a_promotion_waits_for_a_person(pair):
    approve_the_failover(pair)
    pair.control.act("heal")
    pair.until_written(pair.primary, by=pair.secondary)


def test_a_person_takes_over_when_the_active_secondary_is_lost(pair):
    """In the lab of the test before it, in which the Secondary is active."""
    seen = TakeOverScenario(pair.config, pair.control, Progress()).run()
    assert [f"{c.name}: {c.detail}" for c in run_checks(seen, CHECKS) if not c.passed] == []


def approve_the_failover(pair):
    pair.until("checks that have settled", pair.settled)
    pair.control.act("outage", mode="region", region=pair.primary)
    wanted = pair.until(
        "the request",
        lambda: [n for n in pair.watch.notifications() if n.event == "approval_wanted"],
        seconds=150,
    )
    assert pair.item(pair.secondary)["epoch"] == "1", "nothing moves before the answer"
    pair.control.client("stepfunctions", pair.secondary).send_task_success(
        taskToken=wanted[0].token, output='{"approved": true, "by": "Ada"}'
    )
    told = pair.until(
        "the promotion",
        lambda: [n for n in pair.watch.notifications() if n.event == "promoted"],
    )
    assert "Approved by Ada at" in told[0].message
    assert pair.item(pair.secondary)["state"] == "serving", "the lease is over"
    assert pair.write(pair.secondary) == (201, pair.secondary)
