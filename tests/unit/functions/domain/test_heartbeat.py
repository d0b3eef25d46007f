"""Heartbeats: what counts as a gap, who goes on, and what the other Region may conclude."""

from __future__ import annotations

import pytest
from pilotlight.domain import heartbeat
from pilotlight.domain.heartbeat import Heartbeat, HeartbeatInvalid, following

T = 1_800_000_000_000
LAST = Heartbeat(7, T, 20_000, None, "one", T - 5)


def next_after(last: Heartbeat | None, seconds: float) -> Heartbeat:
    return following(last, now=T + int(seconds * 1000), promise_ms=20_000, by="two", by_started=T)


def test_the_first_heartbeat_follows_no_gap() -> None:
    assert next_after(None, 0) == Heartbeat(1, T, 20_000, None, "two", T)


@pytest.mark.parametrize("seconds", [0, 19, 20, 30])
def test_a_heartbeat_in_time_continues_the_run(seconds: float) -> None:
    new = next_after(LAST, seconds)
    assert (new.seq, new.unbroken_since) == (8, None)


@pytest.mark.parametrize("seconds", [30.001, 60, 1e6])
def test_a_heartbeat_that_comes_too_late_begins_a_new_run(seconds: float) -> None:
    new = next_after(LAST, seconds)
    assert new.unbroken_since == new.written_at


def test_a_run_keeps_its_beginning() -> None:
    broken = next_after(LAST, 100)
    assert next_after(broken, 110).unbroken_since == broken.written_at


def test_a_promise_of_a_minute_is_kept_by_one_heartbeat_a_minute() -> None:
    passive = Heartbeat(7, T, heartbeat.PASSIVE_PROMISE_MS)
    assert next_after(passive, 75).unbroken_since is None
    assert next_after(passive, 91).unbroken_since is not None


def test_a_clock_that_went_back_shows_a_gap() -> None:
    assert next_after(LAST, -2).unbroken_since is not None
    assert next_after(LAST, -0.5).unbroken_since is None, "clocks of two environments differ"


@pytest.mark.parametrize("beat", [LAST, next_after(LAST, 100)])
def test_what_is_written_is_what_is_read(beat: Heartbeat) -> None:
    assert heartbeat.from_attributes(heartbeat.attributes(beat)) == beat


@pytest.mark.parametrize("name", ["seq", "written_at", "promise_ms", "by", "by_started"])
def test_a_garbled_heartbeat_is_none_and_says_so(name: str) -> None:
    found = heartbeat.attributes(LAST)
    del found[name]
    with pytest.raises(HeartbeatInvalid, match=name):
        heartbeat.from_attributes(found)


def test_only_a_region_whose_writes_may_be_lost_writes_every_key() -> None:
    items = heartbeat.copies(LAST, "us-west-2", active=True)
    keys = [i["pk"]["S"] for i in items] + [heartbeat.key("us-west-2")["pk"]["S"]]
    assert sorted(keys) == sorted(f"H#us-west-2#{n}" for n in range(16))
    assert heartbeat.copies(LAST, "us-west-2", active=False) == []


def test_the_oldest_of_the_newest_counts() -> None:
    beats: list[Heartbeat | None] = [Heartbeat(n, T + n, 20_000) for n in range(3, 19)]
    found = heartbeat.held(beats, T)
    assert (found["oldest_written_at"], found["oldest_seq"], found["newest_seq"]) == (T + 3, 3, 18)


def test_with_one_key_missing_the_oldest_is_not_known() -> None:
    found = heartbeat.held([LAST] * 15 + [None], None)
    assert (found["held"], found["oldest_written_at"]) == (15, None)


@pytest.mark.parametrize(
    ("server", "seconds", "due"),
    [("check", 18.9, False), ("check", 19, True), ("write", 24.9, False), ("write", 25, True)],
)
def test_a_check_writes_a_little_early_and_a_write_where_no_check_did(
    server: heartbeat.Server, seconds: float, due: bool
) -> None:
    now = T + int(seconds * 1000)
    assert LAST.due(now, 20_000, server) is due
    passive = Heartbeat(7, T, heartbeat.PASSIVE_PROMISE_MS)
    assert passive.due(now, 20_000, server) is due, "a Region that has just become active"


@pytest.mark.parametrize("server", ["check", "write"])
def test_every_server_is_in_time_for_the_fence(server: heartbeat.Server) -> None:
    assert heartbeat.DUE[server] < heartbeat.PATIENCE


def test_checks_keep_a_pulse_that_they_wrote_last_and_in_time() -> None:
    theirs = Heartbeat(7, T, 20_000, None, "check 1", 0)
    assert heartbeat.kept_by_checks(theirs, T + 19_999)
    assert not heartbeat.kept_by_checks(theirs, T + 20_000)
    assert not heartbeat.kept_by_checks(Heartbeat(7, T, 20_000, None, "write 1", 0), T)
    assert not heartbeat.kept_by_checks(None, T)


def test_the_invocation_that_was_started_last_goes_on() -> None:
    assert heartbeat.taken_over(LAST.by_started - 1, LAST)
    assert not heartbeat.taken_over(LAST.by_started, LAST)
    assert not heartbeat.taken_over(T, None)
