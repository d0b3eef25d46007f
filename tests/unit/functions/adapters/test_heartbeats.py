"""Heartbeats and echoes against DynamoDB's own rules, by moto."""

from __future__ import annotations

from typing import Any

import pytest
from pilotlight.adapters.heartbeats import Heartbeats
from pilotlight.adapters.returned import ReturnedControl
from pilotlight.domain import echo as echoes, heartbeat
from pilotlight.domain.echo import Echo
from pilotlight.domain.fence import judge
from pilotlight.domain.heartbeat import Heartbeat, following

from tests.unit.functions.fakes import CONTROL, ITEMS, PRIMARY, SECONDARY, aws_error, control_item

T = 1_800_000_000_000


@pytest.fixture
def client(moto_client: Any) -> Any:
    for table, names in ((CONTROL, ["pk"]), (ITEMS, ["pk", "sk"])):
        for item in moto_client.scan(TableName=table)["Items"]:
            moto_client.delete_item(TableName=table, Key={name: item[name] for name in names})
    moto_client.put_item(TableName=CONTROL, Item=control_item(PRIMARY, 1))
    return moto_client


@pytest.fixture
def beats(client: Any) -> Heartbeats:
    return Heartbeats(client, ITEMS, CONTROL)


def beat(last: Heartbeat | None, seconds: float, promise: int = 20_000) -> Heartbeat:
    now = T + int(seconds * 1000)
    return following(last, now=now, promise_ms=promise, by="test", by_started=T)


def test_two_that_continue_the_same_heartbeat_do_not_both_succeed(beats: Heartbeats) -> None:
    first = beat(None, 0)
    assert beats.beat(PRIMARY, None, first)
    assert not beats.beat(PRIMARY, None, first), "there is one already"
    assert beats.beat(PRIMARY, first, beat(first, 100))
    assert not beats.beat(PRIMARY, first, beat(first, 20)), "it would hide the gap"
    found = beats.pulse(PRIMARY)
    assert found is not None
    assert found.unbroken_since == T + 100_000


def test_every_key_is_held_where_the_region_is_active(beats: Heartbeats) -> None:
    first = beat(None, 0)
    beats.beat(PRIMARY, None, first)
    assert beats.held(PRIMARY) == [first] + [None] * 15
    beats.copy(first, PRIMARY, active=False)
    assert heartbeat.held(beats.held(PRIMARY), None)["held"] == 1
    beats.copy(first, PRIMARY, active=True)
    assert beats.held(PRIMARY) == [first] * 16
    assert beats.held(SECONDARY) == [None] * 16


def test_an_echo_is_written_only_over_the_control_item_that_it_tells_of(
    beats: Heartbeats, client: Any
) -> None:
    assert beats.put_echo(PRIMARY, Echo(T, PRIMARY, 1), T)
    assert beats.echo(PRIMARY) == Echo(T, PRIMARY, 1)
    client.put_item(TableName=CONTROL, Item=control_item(SECONDARY, 2))
    assert not beats.put_echo(PRIMARY, Echo(T + 1, PRIMARY, 1), T)
    assert beats.echo(PRIMARY) == Echo(T, PRIMARY, 1)


def test_an_echo_leaves_the_control_item_as_it_is(beats: Heartbeats, client: Any) -> None:
    beats.put_echo(PRIMARY, Echo(T, PRIMARY, 1), T)
    found = client.get_item(TableName=CONTROL, Key={"pk": {"S": "control"}})["Item"]
    assert found == control_item(PRIMARY, 1)


def test_the_fence_reads_everything_in_one_call(beats: Heartbeats, client: Any) -> None:
    first = beat(None, 0)
    beats.beat(PRIMARY, None, first)
    beats.put_echo(PRIMARY, Echo(T, PRIMARY, 1), T)
    item = {**echoes.override_key(PRIMARY), "at": {"S": "2027-01-15T08:00:00Z"}}
    client.put_item(TableName=CONTROL, Item=item)
    found = beats.at_the_fence(PRIMARY)
    assert found is not None
    control, proof = found
    assert control is not None
    assert (control.active_region, control.epoch) == (PRIMARY, 1)
    assert (proof.heartbeat, proof.echo) == (first, Echo(T, PRIMARY, 1))
    assert proof.overridden_at is not None
    assert proof.overridden_at.timestamp() == 1_800_000_000


class Partly:
    """A client of which one operation is another."""

    def __init__(self, client: Any, **changes: Any) -> None:
        self._client, self._changes = client, changes

    def __getattr__(self, name: str) -> Any:
        return self._changes.get(name) or getattr(self._client, name)


def raising(**_: Any) -> Any:
    raise aws_error("ThrottlingException")


def unprocessed(**given: Any) -> Any:
    return {"Responses": {CONTROL: [control_item(PRIMARY, 1)]}, "UnprocessedKeys": {ITEMS: {}}}


@pytest.mark.parametrize("answer", [raising, unprocessed])
def test_a_partial_answer_is_none(client: Any, answer: Any) -> None:
    """What was not read is not missing: no heartbeat would mean that there was no gap."""
    partly = Partly(client, batch_get_item=answer)
    assert Heartbeats(partly, ITEMS, CONTROL).at_the_fence(PRIMARY) is None


def test_a_garbled_heartbeat_is_no_missing_one(beats: Heartbeats, client: Any) -> None:
    client.put_item(TableName=ITEMS, Item={**heartbeat.key(PRIMARY), "seq": {"S": "seven"}})
    assert beats.at_the_fence(PRIMARY) is None


# --- the control item of a Region that may have been gone ----------------------------------------
class Primary:
    """The Primary's fence at a time of the test's choosing."""

    def __init__(self, client: Any, in_passing: Any = None) -> None:
        self.now = T
        self.beats = Heartbeats(client, ITEMS, CONTROL)
        passing = Heartbeats(in_passing or client, ITEMS, CONTROL)
        self.control = ReturnedControl(self.beats, passing, PRIMARY, 20_000, clock=lambda: self.now)

    def at(self, seconds: float) -> str:
        """Return what becomes of a write at a time."""
        self.now = T + int(seconds * 1000)
        control = self.control.get()
        proof = self.control.proof()
        return judge(control, PRIMARY, now=self.now, forwarded=False, proof=proof).code

    def asked(self, seconds: float) -> Heartbeat:
        """Have a checker ask at a time, and return the newest heartbeat then."""
        self.now = T + int(seconds * 1000)
        self.control.keep_alive()
        found = self.beats.pulse(PRIMARY)
        assert found is not None
        return found


def test_a_schedule_that_fails_in_a_healthy_region_stops_no_write(client: Any) -> None:
    primary = Primary(client)
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    assert {primary.at(seconds) for seconds in range(0, 600, 5)} == {"Active"}
    found = primary.beats.pulse(PRIMARY)
    assert found is not None
    assert (found.unbroken_since, found.seq) == (None, 24)
    assert not heartbeat.kept_by_checks(found, found.written_at), "nobody can count on writes"


@pytest.mark.parametrize("every", [1, 3, 10])
def test_whoever_checks_keeps_the_pulse_where_nobody_writes(client: Any, every: int) -> None:
    """The sentinel alone asks every 10 s, and may be a little early or late each time."""
    primary = Primary(client)
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    for n, seconds in enumerate(range(0, 600, every)):
        last = primary.asked(seconds + n % 2 * 0.3)
        assert primary.now - last.written_at <= 20_000
    assert primary.at(600) == "Active"
    assert last.unbroken_since is None
    assert heartbeat.kept_by_checks(last, last.written_at)


def test_a_checker_writes_every_key_and_only_one_of_two_does(client: Any) -> None:
    one, other = Primary(client), Primary(client)
    one.beats.beat(PRIMARY, None, beat(None, 0))
    for primary in (one, other):
        primary.asked(0)
    last = one.asked(19)
    assert last.seq == 2
    assert one.beats.held(PRIMARY) == [last] * 16
    assert other.asked(19.1) == last


def test_two_checkers_that_read_the_same_pulse_write_one_heartbeat(client: Any) -> None:
    """The other has read and not yet written when the one writes."""
    one = Primary(client)
    one.beats.beat(PRIMARY, None, beat(None, 0))

    def first_the_other(**given: Any) -> Any:
        one.asked(19)
        return client.put_item(**given)

    other = Primary(client, Partly(client, put_item=first_the_other))
    assert other.asked(19).seq == 2
    assert one.beats.held(PRIMARY)[15] == one.beats.pulse(PRIMARY)


@pytest.mark.parametrize("operation", ["batch_get_item", "put_item", "batch_write_item"])
def test_a_heartbeat_that_fails_is_not_the_checkers_business(client: Any, operation: str) -> None:
    primary = Primary(client, Partly(client, **{operation: raising}))
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    primary.asked(0)
    primary.asked(20)
    assert primary.at(21) == "Active"


def test_a_checker_waits_for_no_patient_client(client: Any) -> None:
    patient = {name: raising for name in ("batch_get_item", "put_item", "batch_write_item")}
    primary = Primary(Partly(client, **patient), client)
    Heartbeats(client, ITEMS, CONTROL).beat(PRIMARY, None, beat(None, 0))
    primary.asked(0)
    assert primary.asked(19).seq == 2


def test_a_write_steps_in_where_checkers_no_longer_come(client: Any) -> None:
    primary = Primary(client)
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    primary.asked(0)
    primary.asked(19)
    assert [primary.at(19 + n) for n in (20, 29, 50)] == ["Active"] * 3
    last = primary.beats.pulse(PRIMARY)
    assert last is not None
    assert primary.beats.held(PRIMARY) == [last] * 16
    assert last.unbroken_since is None


def test_a_checker_that_comes_back_after_an_outage_records_it(client: Any) -> None:
    """A Region that was cut off takes no write until the echo, whoever asks it first."""
    primary = Primary(client)
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    primary.asked(0)
    primary.asked(19)
    assert primary.asked(50).unbroken_since == T + 50_000
    assert primary.at(51) == "AwaitingEcho"


def test_checkers_cost_no_read_between_two_heartbeats(client: Any) -> None:
    reads: list[Any] = []

    def counted(**given: Any) -> Any:
        reads.append(given)
        return client.batch_get_item(**given)

    primary = Primary(Partly(client, batch_get_item=counted))
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    for tenth in range(189):
        primary.now = T + tenth * 100
        primary.control.keep_alive()
    assert len(reads) == 1


def test_a_region_that_was_gone_records_it_and_waits_for_the_echo(client: Any) -> None:
    primary = Primary(client)
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    assert primary.at(1) == "Active"
    assert primary.at(100) == "AwaitingEcho"
    found = primary.beats.pulse(PRIMARY)
    assert found is not None
    assert found.unbroken_since == T + 100_000
    primary.beats.put_echo(PRIMARY, Echo(T + 100_000, PRIMARY, 1), T)
    assert primary.at(101) == "Active"


def test_an_environment_that_slept_does_not_trust_what_it_held(client: Any) -> None:
    primary = Primary(client)
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    assert primary.at(0.5) == "Active"
    client.put_item(TableName=CONTROL, Item=control_item(SECONDARY, 2))
    assert primary.at(0.9) == "Active", "held for a second"
    assert primary.at(3600) == "NotActive"


def test_a_drain_is_held_for_a_fifth_of_a_second(client: Any) -> None:
    primary = Primary(client)
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    lease: dict[str, Any] = {"drain_until": T + 60_000, "drain_to": SECONDARY}
    client.put_item(TableName=CONTROL, Item=control_item(PRIMARY, 1, "draining", **lease))
    assert primary.at(1) == "Draining"
    client.put_item(TableName=CONTROL, Item=control_item(PRIMARY, 1))
    assert [primary.at(1.199), primary.at(1.2)] == ["Draining", "Active"]


def test_the_age_of_what_is_held_counts_from_when_it_was_asked_for(client: Any) -> None:
    primary = Primary(client)
    assert primary.control.age() > 10**6, "nothing was asked for yet"

    def slow(**given: Any) -> Any:
        primary.now += 700
        return client.batch_get_item(**given)

    primary.beats._client = Partly(client, batch_get_item=slow)
    primary.control.get()
    assert primary.control.age() == 0.7
    primary.now += 200
    assert primary.control.age() == 0.9


def test_a_pulse_that_cannot_be_renewed_runs_out(client: Any) -> None:
    primary = Primary(Partly(client, put_item=raising))
    Heartbeats(client, ITEMS, CONTROL).beat(PRIMARY, None, beat(None, 0))
    assert primary.at(25) == "Active"
    assert primary.at(31) == "HeartbeatStale"


def test_a_passive_region_writes_no_pulse(client: Any) -> None:
    client.put_item(TableName=CONTROL, Item=control_item(SECONDARY, 2))
    primary = Primary(client)
    primary.beats.beat(PRIMARY, None, beat(None, 0))
    assert primary.at(100) == "NotActive"
    found = primary.beats.pulse(PRIMARY)
    assert found is not None
    assert found.seq == 1


def test_without_a_control_item_nothing_is_written(client: Any) -> None:
    client.delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    primary = Primary(client)
    assert primary.at(0) == "ControlItemMissing"
    assert primary.beats.pulse(PRIMARY) is None
