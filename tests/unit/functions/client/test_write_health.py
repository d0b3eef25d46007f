"""Whether every write of late failed for the table's sake."""

from __future__ import annotations

import pytest
from pilot_light_client.write_health import WriteHealth


class Writes:
    """Writes of one environment at times of the test's choosing."""

    def __init__(self) -> None:
        self.now = 0.0
        self.health = WriteHealth(clock=lambda: self.now)

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
    ("failed", "now", "all_failed"),
    [
        ((), 0, False),
        ((0,), 0, False),
        ((0, 1), 1, True),
        ((0, 1), 15, True),
        ((0, 1), 15.1, False),
        ((0, 1, 14), 16, True),
    ],
)
def test_two_failed_writes_within_15_s_are_all_of_them_where_none_was_made(
    failed: tuple[float, ...], now: float, all_failed: bool
) -> None:
    writes = Writes()
    writes.fail(*failed)
    writes.now = now
    assert writes.health.all_failed() is all_failed


def test_one_write_that_is_made_ends_it() -> None:
    writes = Writes()
    writes.fail(0, 1)
    writes.end(2)
    assert not writes.health.all_failed()
    writes.fail(3)
    assert not writes.health.all_failed()
    writes.fail(4)
    assert writes.health.all_failed()


def test_a_write_that_ends_otherwise_is_neither_failed_nor_made() -> None:
    """A refusal or a conflict says nothing of the table."""
    writes = Writes()
    writes.end(0, KeyError())
    writes.end(1, KeyError())
    assert not writes.health.all_failed()
    writes.fail(2, 3)
    writes.end(4, KeyError())
    assert writes.health.all_failed()


def test_what_a_write_raises_is_handed_on() -> None:
    health = WriteHealth()
    for error in (TimeoutError, KeyError):
        with pytest.raises(error), health.watching(TimeoutError):
            raise error
