"""Two triggers and an outage that goes on: however the first run ends, somebody serves or is told.

Generated: each trigger first and second, soon and late, the first run ended in each way, at each
task where it has a task. What comes next is the sentinel's own level, by the clock of its attempts.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client import timestamps
from pilotlight.sentinel.level import RESTARTS
from pilotlight.sentinel.outages import Outages

from tests.integration.machine import RECOVERIES, SECONDARY, Run, aws_error, client, definition
from tests.integration.test_approval import REJECTED, answer, asked, asking
from tests.integration.test_failures import REQUIRED, fault, janitor
from tests.integration.test_level import FAILOVER, cooldown, raise_next
from tests.integration.test_outcomes import alarm_event, sentinel_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine

FIRST = sentinel_request()["outage"]["first_failed_at"]
TRIGGERS = {"alarm": alarm_event, "sentinel": sentinel_request}
# `make failures` runs those in which the alarm comes first, too.
FIRST_TRIGGERS = ["sentinel", pytest.param("alarm", marks=pytest.mark.long)]
# Within which the third attempt is due, and never the day's last.
ATTEMPTS = 3


class Level:
    """The sentinel's level, and the table that it is kept in."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._dynamodb = machine, machine.dynamodb
        machine.sentinel(first_failed_at={"S": FIRST})
        sfn = client("stepfunctions")
        self._outages = Outages(self._dynamodb, sfn, RECOVERIES, machine.arn)

    def start(self, now: datetime) -> str | None:
        """Start what is due, unless a person stopped a run, or one is at work."""
        outage = self._outages.current(FIRST)
        held = "held_by" in self._machine.item(RECOVERIES, "sentinel")
        if held or not outage.due(now) or self._outages.is_at_work(outage):
            return None
        return self._outages.start(outage)

    def grows_old(self, by: timedelta) -> None:
        """Time passes: what was started and told was so much earlier."""
        item = self._machine.item(RECOVERIES, "outage")
        if "last_started_at" in item:
            at = datetime.fromisoformat(item["last_started_at"]["S"]) - by
            item["last_started_at"] = {"S": timestamps.text(at)}
        if "notified_at" in item:
            seconds = int(item["notified_at"]["N"]) - int(by.total_seconds())
            item["notified_at"] = {"N": str(seconds)}
        if item:
            self._dynamodb.put_item(TableName=RECOVERIES, Item=item)


# --- how the first run ends -----------------------------------------------------------------------
def ended(machine: Machine, faults: Faults, given: dict[str, Any], state: str, how: str) -> Run:
    """The first run, ended at a task in one of the ways."""
    started: list[str] = []

    def strike() -> None:
        machine.until(lambda: started)
        machine.stop(started[0])

    if how == "fails":
        faults.always(state, fault(state))
    elif how == "is throttled":
        left = [aws_error("ProvisionedThroughputExceededException") for _ in range(9)]
        faults.call(state, lambda: raise_next(left))
    else:
        faults.call_once(state, strike)
    started.append(machine.start(given))
    run = machine.wait(started[0])
    faults.by_state.clear()
    return run


def promoted(machine: Machine, _network: Network, given: dict[str, Any]) -> Run:
    return machine.run(given)


def held(machine: Machine, network: Network, given: dict[str, Any]) -> Run:
    """A partition: the Primary heals in the end, and is lost a moment later."""
    network.beacon = "healthy"
    arn = machine.start(given)
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(arn))
    network.heal_primary()
    run = machine.wait(arn)
    network.lose_primary()
    return run


def rejected(machine: Machine, _network: Network, given: dict[str, Any]) -> Run:
    arn = machine.start(given)
    answer(machine, asked(machine), REJECTED)
    return machine.wait(arn)


def cooled_down(machine: Machine, _network: Network, given: dict[str, Any]) -> Run:
    """Held by the cooldown, which ends while it judges."""
    cooldown(machine, 600)
    arn = machine.start(given)
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(arn))
    cooldown(machine, -1)
    return machine.wait(arn)


def by_hand_promoted(machine: Machine, _network: Network, _given: dict[str, Any]) -> Run:
    return machine.run(FAILOVER)


def timed_out(machine: Machine, network: Network, given: dict[str, Any]) -> Run:
    """A hold that runs into the machine's time limit."""
    network.beacon = "healthy"
    text = json.dumps(json.loads(definition(Topic=machine.topic)) | {"TimeoutSeconds": 1})
    machine.sfn.update_state_machine(stateMachineArn=machine.arn, definition=text)
    run = machine.run(given)
    assert run.status == "TIMED_OUT"
    text = definition(Topic=machine.topic)
    machine.sfn.update_state_machine(stateMachineArn=machine.arn, definition=text)
    network.lose_primary()
    return run


WITHOUT_A_FAULT = {
    "is promoted": promoted,
    "is held": held,
    "is rejected": rejected,
    "waits out the cooldown": cooled_down,
    "times out": timed_out,
    "is a person's": by_hand_promoted,
}
# `make failures` runs the others, too.
AT_A_TASK = [
    "fails",
    *(
        pytest.param(how, marks=pytest.mark.long)
        for how in ("is stopped", "is stopped, and nobody cleans up", "is throttled")
    ),
]


# --- what comes next ------------------------------------------------------------------------------
def lives_on(machine: Machine, level: Level) -> str:
    """Let the level go on until somebody serves, or its attempts are through, and tell how."""
    later = datetime.now(UTC)
    for attempt in range(ATTEMPTS):
        later += RESTARTS[-1] + timedelta(minutes=5)
        if machine.active()[0] == SECONDARY:
            return f"{attempt} more attempts"
        started = level.start(later)
        if started is None:
            return "nothing more starts"
        machine.wait(started)
    return f"{ATTEMPTS} more attempts"


def judged(
    machine: Machine, level: Level, record: Callable[[str, object], None], *, told: list[str]
) -> None:
    came = lives_on(machine, level)
    told += [event for event, _ in machine.notices()]
    serves = machine.active()[0] == SECONDARY and machine.control()["state"] == "serving"
    record("came", f"{came}; {'served' if serves else 'not served'}")
    record("told", ", ".join(told) or "nobody")
    assert serves or told, "users are down, and nobody knows"
    assert len(told) <= 10
    assert machine.lock() == {}


@pytest.mark.parametrize("how", AT_A_TASK)
@pytest.mark.parametrize("state", sorted(REQUIRED))
@pytest.mark.parametrize("trigger", FIRST_TRIGGERS)
def test_however_the_first_run_ends_somebody_serves_or_a_person_was_told(
    machine: Machine,
    network: Network,
    faults: Faults,
    record_property: Callable[[str, object], None],
    trigger: str,
    state: str,
    how: str,
) -> None:
    network.lose_primary()
    level = Level(machine)
    run = ended(machine, faults, TRIGGERS[trigger](), state, how)
    if how != "is stopped, and nobody cleans up":
        janitor(machine, run)
    machine.run(second(trigger))
    judged(machine, level, record_property, told=[])


def second(trigger: str) -> dict[str, Any]:
    """What the other trigger asks for."""
    return sentinel_request(2) if trigger == "alarm" else alarm_event()


@pytest.mark.parametrize("how", WITHOUT_A_FAULT)
@pytest.mark.parametrize("trigger", FIRST_TRIGGERS)
@pytest.mark.parametrize("late", [False, True], ids=["soon", "late"])
def test_however_the_first_run_ends_by_itself_somebody_serves_or_a_person_was_told(
    machine: Machine,
    network: Network,
    record_property: Callable[[str, object], None],
    how: str,
    trigger: str,
    late: bool,
) -> None:
    """The second trigger comes while the first run is at work, or once it has ended."""
    network.lose_primary()
    if how == "is rejected":
        asking(machine, "hold")
    level, told, others = Level(machine), [], []
    if not late:
        machine.faults.call_once(
            "ReadControl", lambda: others.append(machine.start(second(trigger)))
        )
    run = WITHOUT_A_FAULT[how](machine, network, TRIGGERS[trigger]())
    told += ["approval_wanted"] if how == "is rejected" else []
    janitor(machine, run)
    if late:
        others.append(machine.start(second(trigger)))
    for arn in others:
        machine.wait(arn)
    judged(machine, level, record_property, told=told)


# --- what is told of an outage that nothing can recover -------------------------------------------
@pytest.mark.parametrize(
    "state",
    [
        "Decide",
        *(pytest.param(s, marks=pytest.mark.long) for s in sorted(REQUIRED - {"Decide"})),
    ],
)
def test_a_permanent_failure_sends_at_most_ten_messages_in_its_first_hour(
    machine: Machine,
    network: Network,
    faults: Faults,
    record_property: Callable[[str, object], None],
    state: str,
) -> None:
    """The alarm's run and every attempt of the hour end alike."""
    network.lose_primary()
    level = Level(machine)
    faults.always(state, fault(state))
    runs = [machine.run(alarm_event())]
    for minute in range(61):
        level.grows_old(timedelta(minutes=minute and 1))
        if machine.active()[0] != SECONDARY and (started := level.start(datetime.now(UTC))):
            runs.append(machine.wait(started))
    told = [event for event, _ in machine.notices()]
    record_property("runs", len(runs))
    record_property("told", ", ".join(told))
    assert {run.status for run in runs} == {"FAILED"}
    assert len(told) <= 10
    # The alarm's run, the first attempt, and the same failure an hour later.
    assert 1 <= told.count("failed") <= 3
