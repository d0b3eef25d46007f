"""Whether every write of late failed for the table's sake."""

from __future__ import annotations

import pytest
from pilot_light_client.write_health import WriteHealth


class Writes:
    """Writes of one environment at times of the test's choosing."""

    def __init__(self) -> None:
        self.now = 0.0
        self.attempts: list[float] = []
        self.refuses: Exception | None = None
        self.health = WriteHealth(self.attempt, clock=lambda: self.now)

    def attempt(self) -> None:
        self.attempts.append(self.now)
        if self.refuses:
            raise self.refuses

    def failing_at(self, seconds: float) -> bool:
        self.now = seconds
        return self.health.failing() is not None

    def end(self, seconds: float, error: Exception | None = None) -> None:
        self.now = seconds
        try:
            with self.health.watching(TimeoutError):
                if error:
                    raise error
        except (TimeoutError, KeyError):
            pass

    def fail(self, *seconds: float) -> None:
        for at in seconds:
            self.end(at, TimeoutError())


@pytest.mark.parametrize(
    ("failed", "now", "why"),
    [
        ((), 0, None),
        ((0,), 0, None),
        ((0, 1), 1, "each of the last 2 writes failed"),
        ((0, 1), 15, "each of the last 2 writes failed"),
        ((0, 1), 15.1, None),
        ((0, 1, 14), 16, "each of the last 2 writes failed"),
    ],
)
def test_two_failed_writes_within_15_s_are_all_of_them_where_none_was_made(
    failed: tuple[float, ...], now: float, why: str | None
) -> None:
    writes = Writes()
    writes.fail(*failed)
    writes.now = now
    assert writes.health.failing() == why


def test_one_write_that_is_made_ends_it() -> None:
    writes = Writes()
    writes.fail(0, 1)
    writes.end(2)
    assert not writes.health.failing()
    writes.fail(3)
    assert not writes.health.failing()
    writes.fail(4)
    assert writes.health.failing()


def test_a_write_that_ends_otherwise_is_neither_failed_nor_made() -> None:
    """A refusal or a conflict says nothing of the table."""
    writes = Writes()
    writes.end(0, KeyError())
    writes.end(1, KeyError())
    assert not writes.health.failing()
    writes.fail(2, 3)
    writes.end(4, KeyError())
    assert writes.health.failing()


def test_what_a_write_raises_is_handed_on() -> None:
    health = WriteHealth(lambda: None)
    for error in (TimeoutError, KeyError):
        with pytest.raises(error), health.watching(TimeoutError):
            raise error


def test_where_nobody_writes_the_table_is_asked_to_take_a_write_every_15_s() -> None:
    writes = Writes()
    assert [writes.failing_at(s) for s in (0, 1, 14.9, 15, 20)] == [False] * 5
    assert writes.attempts == [0, 15]


def test_a_table_that_takes_no_write_fails_at_each_look_until_it_takes_one() -> None:
    writes = Writes()
    writes.refuses = PermissionError("no")
    assert [writes.failing_at(s) for s in (0, 1, 2)] == [True] * 3
    assert writes.health.failing() == "no"
    writes.refuses = None
    assert not writes.failing_at(3)
    assert writes.attempts == [0, 1, 2, 2, 3]


def test_a_write_that_was_made_spares_an_attempt_and_one_that_failed_asks_for_it() -> None:
    writes = Writes()
    writes.end(1)
    assert not writes.failing_at(15)
    assert writes.attempts == []
    writes.fail(15.5)
    assert not writes.failing_at(15.6)
    assert writes.attempts == [15.6]


def test_an_attempt_that_is_taken_does_not_excuse_writes_that_fail() -> None:
    """The journal may be what fails, and an attempt does not write to it."""
    writes = Writes()
    writes.fail(0)
    assert not writes.failing_at(1)
    writes.fail(2)
    assert writes.failing_at(3)
