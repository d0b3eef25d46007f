"""Heartbeats against DynamoDB's own rules, by moto, and who writes them beside an answer."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_light_client import heartbeat
from pilot_light_client.heartbeat import KEYS, Heartbeat, next_heartbeat
from pilot_light_client.heartbeat_table import Heartbeats, HeartbeatWriter
from pilot_light_client.table_errors import TableUnavailable

from tests.unit.functions.fakes import ITEMS, PRIMARY, SECONDARY, aws_error

T = 1_800_000_000_000


@pytest.fixture
def beats(emptied: Any) -> Heartbeats:
    return Heartbeats(emptied, ITEMS)


def beat(last: Heartbeat | None, seconds: float) -> Heartbeat:
    return next_heartbeat(last, now=T + int(seconds * 1000), by="test")


def test_two_that_follow_the_same_heartbeat_do_not_both_succeed(beats: Heartbeats) -> None:
    first = beat(None, 0)
    assert beats.beat(PRIMARY, None, first)
    assert not beats.beat(PRIMARY, None, first), "there is one already"
    assert beats.beat(PRIMARY, first, beat(first, 20))
    assert not beats.beat(PRIMARY, first, beat(first, 21)), "another one came first"
    assert beats.newest(PRIMARY) == beat(first, 20)


def test_every_key_is_held_where_the_region_is_active(beats: Heartbeats) -> None:
    first = beat(None, 0)
    beats.beat(PRIMARY, None, first)
    assert beats.read_all(PRIMARY) == [first] + [None] * (KEYS - 1)
    beats.copy(first, PRIMARY)
    assert beats.read_all(PRIMARY) == [first] * KEYS
    assert beats.read_all(SECONDARY) == [None] * KEYS


class Partly:
    """A client of which one operation is another."""

    def __init__(self, client: Any, **changes: Any) -> None:
        self._client, self._changes = client, changes

    def __getattr__(self, name: str) -> Any:
        return self._changes.get(name) or getattr(self._client, name)


def raising(**_: Any) -> Any:
    raise aws_error("ThrottlingException")


def test_keys_that_were_not_answered_are_not_missing(emptied: Any) -> None:
    partly = Partly(emptied, batch_get_item=lambda **_: {"Responses": {}, "UnprocessedKeys": ITEMS})
    with pytest.raises(TableUnavailable):
        Heartbeats(partly, ITEMS).read_all(PRIMARY)


def test_a_row_that_is_no_heartbeat_is_written_over(beats: Heartbeats, emptied: Any) -> None:
    emptied.put_item(TableName=ITEMS, Item={**heartbeat.key(PRIMARY), "seq": {"S": "seven"}})
    found = beats.newest(PRIMARY)
    assert found is not None and found.due(T, 20_000, "check")
    assert beats.read_all(PRIMARY)[0] is None, "it shows nothing about replication"
    assert beats.beat(PRIMARY, found, next_heartbeat(found, now=T, by="check"))
    assert beats.newest(PRIMARY) == Heartbeat(0, T, "check")


# --- beside an answer ----------------------------------------------------------------------------
class Server:
    """One execution environment of the app, at a time of the test's choosing."""

    def __init__(self, client: Any) -> None:
        self.now, self.beats = T, Heartbeats(client, ITEMS)
        self._writer = HeartbeatWriter(self.beats, PRIMARY, 20_000, clock=lambda: self.now)

    def serves(self, seconds: float, server: heartbeat.Server = "check") -> Heartbeat | None:
        """Serve a request, and return the newest heartbeat then."""
        self.now = T + int(seconds * 1000)
        self._writer.serve(server)
        return self.beats.newest(PRIMARY)


@pytest.mark.parametrize("every", [1, 10])
def test_whoever_checks_keeps_the_heartbeats_where_nobody_writes(emptied: Any, every: int) -> None:
    """The sentinel alone asks every 10 s, and may be a little early or late each time."""
    server = Server(emptied)
    for n, seconds in enumerate(range(0, 120, every)):
        last = server.serves(seconds + n % 2 * 0.3)
        assert last is not None
        assert server.now - last.written_at <= 20_000
        assert last.by.startswith("check ")
    assert server.beats.read_all(PRIMARY) == [last] * KEYS


def test_a_write_steps_in_where_checkers_no_longer_come(emptied: Any) -> None:
    server = Server(emptied)
    server.serves(0)
    found = [server.serves(seconds, "write") for seconds in (20, 24.9, 25)]
    assert [b and b.seq for b in found] == [1, 1, 2]
    assert found[-1] is not None
    assert found[-1].by.startswith("write ")


def test_of_two_environments_one_writes_and_the_other_sees_it(emptied: Any) -> None:
    one, other = Server(emptied), Server(emptied)
    one.serves(0)
    last = other.serves(19)
    assert last is not None
    assert last.seq == 2
    assert one.serves(19.1) == last


def test_two_checkers_that_read_the_same_heartbeat_write_one(emptied: Any) -> None:
    """The other has read and not yet written when the one writes."""
    one = Server(emptied)
    one.serves(0)

    def first_the_one(**given: Any) -> Any:
        one.serves(19)
        return emptied.put_item(**given)

    last = Server(Partly(emptied, put_item=first_the_one)).serves(19)
    assert last is not None
    assert last.seq == 2
    assert one.beats.read_all(PRIMARY) == [last] * KEYS


@pytest.mark.parametrize("operation", ["get_item", "put_item", "batch_write_item"])
def test_a_heartbeat_that_fails_is_not_the_checkers_business(emptied: Any, operation: str) -> None:
    broken = HeartbeatWriter(
        Heartbeats(Partly(emptied, **{operation: raising}), ITEMS), PRIMARY, 20_000
    )
    broken.serve("check")


def test_an_unreadable_heartbeat_fails_no_request(emptied: Any) -> None:
    emptied.put_item(TableName=ITEMS, Item={**heartbeat.key(PRIMARY), "seq": {"S": "seven"}})
    HeartbeatWriter(Heartbeats(emptied, ITEMS), PRIMARY, 20_000).serve("check")


def test_checkers_cost_no_read_between_two_heartbeats(emptied: Any) -> None:
    reads: list[Any] = []

    def counted(**given: Any) -> Any:
        reads.append(given)
        return emptied.get_item(**given)

    server = Server(emptied)
    server.serves(0)
    server = Server(Partly(emptied, get_item=counted))
    writer = server._writer
    for tenth in range(189):
        server.now = T + tenth * 100
        writer.serve("check")
    assert len(reads) == 1
