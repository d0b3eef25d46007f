"""What an execution may start from. Each brings it about, and returns the execution's input."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT
from tests.failures.judging import OTHER
from tests.permissions.planned_move import accept_what_is_open, await_heartbeats

if TYPE_CHECKING:
    from tests.failures.case import Situation
    from tests.failures.pair import Pair

REASON = "a task is made to fail"
# Users are down and the probes do not see it: the quickest way to a promotion.
OVERRIDE = {"mode": "failover", "reason": REASON, "override": ["outage_confirmed"]}
UNGRACEFUL = {"mode": "failover", "reason": REASON, "graceful": False}
GRACEFUL = {"mode": "failover", "reason": REASON}
REHEARSAL = {"mode": "rehearsal", "reason": REASON}
SWITCHOVER = {"mode": "switchover", "reason": REASON}
FAILBACK = {"mode": "failback", "reason": REASON}


def given(request: dict[str, Any]) -> Situation:
    """The known state is all there is."""
    return lambda _pair: request


# --- locks ----------------------------------------------------------------------------------------


def locked(request: dict[str, Any], machine: str = "failover") -> Situation:
    """Another execution is at work."""

    def situation(pair: Pair) -> dict[str, Any]:
        until = int(time.time()) + 600
        held = {"owner": OTHER, "machine": machine, "mode": "drill", "expires_at": until}
        pair.lab.put("recoveries", pk="lock", **held)
        return request

    return situation


def left_locked(request: dict[str, Any]) -> Situation:
    """An execution that has ended left its lock."""

    def situation(pair: Pair) -> dict[str, Any]:
        ended = pair.start("failover", {"mode": "sideways"})
        held = {"owner": ended, "machine": "failover", "mode": "drill"}
        lock = {"pk": "lock", "expires_at": int(time.time()) + 600, **held}
        pair.lab.put("recoveries", **lock)
        pair.wait("failover", ended)
        pair.until("the janitor has freed it once", lambda: not pair.lock())
        pair.lab.put("recoveries", **lock)
        return request

    return situation


def repeated(told: bool) -> Situation:
    """The sentinel starts a further run of an outage, which fails as the one before it did."""

    def situation(pair: Pair) -> dict[str, Any]:
        outage: dict[str, Any] = {"first_failed_at": "2026-01-31T12:00:05.000Z"}
        step = {"notified_step": "ReadControl: ControlItemMissing", "notified_at": int(time.time())}
        pair.lab.put("recoveries", pk="outage", **outage, **(step if told else {}))
        pair.forget_control()
        return {**UNGRACEFUL, "outage": {**outage, "attempt": 2}}

    return situation


def cooling_down(pair: Pair) -> dict[str, Any]:
    pair.serve(pair.primary, cooldown_until=int(time.time()) + 600)
    return OVERRIDE


# --- who is active --------------------------------------------------------------------------------


def active_in_the_secondary(request: dict[str, Any]) -> Situation:
    """Its promotion is on record, what was left behind is reviewed, and replication is well."""

    def situation(pair: Pair) -> dict[str, Any]:
        pair.serve(pair.secondary)
        now = datetime.now(UTC).isoformat()
        record = {"timeline": f'{{"promoted_at": "{now}"}}', "execution": "-"}
        pair.lab.put("recoveries", pk=f"recovery#{pair.epoch}", **record)
        pair.until("DNS to lead there", lambda: pair.leads_to(pair.secondary))
        if request["mode"] == "failback":
            await_heartbeats(pair.lab, pair.secondary, pair.primary)
            accept_what_is_open(pair.lab)
        return request

    return situation


def active_in_the_primary(request: dict[str, Any]) -> Situation:
    """Replication is well."""

    def situation(pair: Pair) -> dict[str, Any]:
        await_heartbeats(pair.lab, pair.primary, pair.secondary)
        return request

    return situation


def nobody_active(request: dict[str, Any]) -> Situation:
    """There is no control item, until the next test writes one: a run ends at its first read."""

    def situation(pair: Pair) -> dict[str, Any]:
        pair.forget_control()
        return request

    return situation


def draining(request: dict[str, Any]) -> Situation:
    """Another move drains the Primary, for longer than a test takes."""

    def situation(pair: Pair) -> dict[str, Any]:
        until = int((time.time() + 600) * 1000)
        pair.serve(pair.primary, "draining", move=OTHER, drain_until=until, changed_by=OTHER)
        return request

    return situation


# --- losses ---------------------------------------------------------------------------------------


def secondary_unready(request: dict[str, Any]) -> Situation:
    """Nobody reaches the Secondary's entry, so that it is not ready."""

    def situation(pair: Pair) -> dict[str, Any]:
        pair.lab.control.act("lose", region=pair.secondary, mode="entry")
        return request

    return situation


def cut_off(request: dict[str, Any]) -> Situation:
    """The Secondary does not reach the Primary, and Route 53's checkers do."""

    def situation(pair: Pair) -> dict[str, Any]:
        pair.lab.control.act("outage", mode="partition", style="reset")
        return request

    return situation


def isolated(request: dict[str, Any], side: str) -> Situation:
    """A Region reaches no other member of the control table; users reach it."""

    def situation(pair: Pair) -> dict[str, Any]:
        region = pair.primary if side == "primary" else pair.secondary
        pair.lab.control.act("outage", mode="isolated", region=region, style="503")
        return request

    return situation


def alarmed(pair: Pair) -> dict[str, Any]:
    """The Primary's entry is lost, and the alarm's event starts the machine."""
    pair.lab.control.act("outage", mode="api")
    pair.until("an outage that is seen", lambda: not pair.endpoint_healthy())
    return alarm_event(pair)


def alarm_event(pair: Pair, age: float = 0.0, *, suppressed: bool = False) -> dict[str, Any]:
    """The alarm's event, as CloudWatch documents it."""
    name = f"{pair.lab.app}-primary-unhealthy"
    at = datetime.now(UTC) - timedelta(seconds=age)
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}"],
        "detail": {
            "alarmName": name,
            "configuration": {"metrics": []},
            "previousState": {"value": "OK"},
            "state": {
                "value": "ALARM",
                "reason": "Threshold Crossed",
                "reasonData": "{}",
                **({"actionsSuppressedBy": "Alarm"} if suppressed else {}),
            },
        },
    }


# --- what a person, or time, does meanwhile -------------------------------------------------------


def healed_once_held(pair: Pair, arn: str) -> None:
    """People read of the hold, and mend what it names."""
    pair.until("the hold to be told", lambda: "held" in [n.event for n in pair.notices(arn)], 60)
    pair.heal()


def healed_once_settling(pair: Pair, arn: str) -> None:
    def settling() -> bool:
        return "LetTheBeaconFollow" in pair.states("failover", arn)

    pair.until("the beacon to be waited for", settling, 60)
    pair.heal()


def healed_once_over(pair: Pair, arn: str) -> None:
    pair.wait("failover", arn)
    pair.heal()


def healed_after_an_emergency(pair: Pair, arn: str) -> None:
    pair.wait("emergency", arn)
    pair.heal()


def freed_once_waiting(pair: Pair, arn: str) -> None:
    """The other execution ends."""
    pair.until("it to wait", lambda: "AwaitSwitchover" in pair.states("failover", arn))
    pair.lab.forget("lock")


def asked(pair: Pair, arn: str) -> str:
    """The task token of a request for approval."""

    def request() -> list[str]:
        return [n.token for n in pair.notices(arn) if n.event == "approval_wanted"]

    try:
        (token,) = pair.until("the request", request, 60)
    except AssertionError as error:
        told = [(n.event, n.message) for n in pair.notices(arn)]
        raise AssertionError(f"{error}; people were told {told}") from error
    return token


def approved(pair: Pair, arn: str) -> None:
    _answer(pair, arn, '{"approved": true, "by": "Ada"}')


def rejected(pair: Pair, arn: str) -> None:
    _answer(pair, arn, '{"approved": false, "by": "Ada"}')


def _answer(pair: Pair, arn: str, output: str) -> None:
    client = pair.lab.client("stepfunctions")
    client.send_task_success(taskToken=asked(pair, arn), output=output)
