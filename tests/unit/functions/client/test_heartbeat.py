"""Heartbeats: who writes the next one, what is believed, and what the other Region concludes."""

from __future__ import annotations

import pytest
from pilot_light_client import heartbeat
from pilot_light_client.heartbeat import KEYS, UNREADABLE, Heartbeat, next_heartbeat

T = 1_800_000_000_000
LAST = Heartbeat(7, T, "check one")


def test_a_heartbeat_follows_the_last_one() -> None:
    assert next_heartbeat(None, now=T, by="check") == Heartbeat(1, T, "check")
    assert next_heartbeat(LAST, now=T + 9, by="check") == Heartbeat(8, T + 9, "check")


def test_what_is_written_is_what_is_read() -> None:
    assert heartbeat.read(heartbeat.attributes(LAST)) == LAST


@pytest.mark.parametrize("name", ["seq", "written_at", "by"])
def test_a_row_without_an_attribute_is_unreadable(name: str) -> None:
    found = heartbeat.attributes(LAST)
    del found[name]
    assert heartbeat.read(found) is UNREADABLE


def test_the_copies_are_the_other_keys() -> None:
    items = heartbeat.copies(LAST, "us-west-2")
    keys = [i["pk"]["S"] for i in items] + [heartbeat.key("us-west-2")["pk"]["S"]]
    assert sorted(keys) == sorted(f"H#us-west-2#{n}" for n in range(KEYS))


# --- what the other Region concludes -------------------------------------------------------------
def test_the_oldest_of_the_newest_counts() -> None:
    beats: list[Heartbeat | None] = [Heartbeat(n, T + n) for n in range(3, 3 + KEYS)]
    found = heartbeat.replica_state(beats, T + 100)
    assert (found["oldest_written_at"], found["oldest_seq"], found["newest_seq"]) == (T + 3, 3, 10)
    assert (found["held"], found["from_the_future"]) == (KEYS, 0)


def test_with_one_key_missing_the_oldest_is_not_known() -> None:
    found = heartbeat.replica_state([LAST] * (KEYS - 1) + [None], T)
    assert (found["held"], found["oldest_written_at"]) == (KEYS - 1, None)


@pytest.mark.parametrize(("ahead", "future", "oldest"), [(1_000, 0, T), (1_001, 1, None)])
def test_with_one_key_from_the_future_the_oldest_is_not_known(
    ahead: int, future: int, oldest: int | None
) -> None:
    found = heartbeat.replica_state([LAST] * (KEYS - 1) + [Heartbeat(8, T + ahead)], T)
    assert (found["from_the_future"], found["oldest_written_at"]) == (future, oldest)


# --- who writes the next one ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("server", "seconds", "due"),
    [("check", 18.9, False), ("check", 19, True), ("write", 24.9, False), ("write", 25, True)],
)
def test_a_check_writes_a_little_early_and_a_write_where_no_check_did(
    server: heartbeat.Server, seconds: float, due: bool
) -> None:
    assert LAST.due(T + int(seconds * 1000), 20_000, server) is due


@pytest.mark.parametrize(
    ("by", "seconds", "kept"),
    [
        ("check one", 19.999, True),
        ("check one", 20, False),
        ("write one", 0, False),
        ("function me", 0, False),
        ("function other", 5, True),
        ("function other", 19.8, False),
    ],
)
def test_the_function_stands_back_where_checks_or_another_invocation_write(
    by: str, seconds: float, kept: bool
) -> None:
    """The invocation before wrote its last one almost an interval ago: that one is over."""
    beat = Heartbeat(7, T, by)
    assert beat.others_write(T + int(seconds * 1000), 20_000, "function me") is kept


@pytest.mark.parametrize("server", ["check", "write"])
def test_one_from_the_future_keeps_nobody_from_writing(server: heartbeat.Server) -> None:
    future = Heartbeat(7, T + 3_600_000, "check one")
    assert future.due(T, 20_000, server)
    assert not future.others_write(T, 20_000, "function me")
