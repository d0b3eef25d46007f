"""The sentinel's lease on DynamoDB: who may speak, and what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pilotlight.adapters.sentinel_lease import LeaseUnavailable, SentinelLease
from pilotlight.domain.confirmation import Probe
from pilotlight.domain.sentinel import Lease, Look, Streak

from tests.unit.functions.fakes import RECOVERIES, aws_error

if TYPE_CHECKING:
    from pilotlight.domain.confirmation import Beacon

KEY = {"pk": {"S": "sentinel"}}
AT = "2026-01-31T12:00:05.000Z"


def look(ok: bool = True, beacon: Beacon = "healthy", at: str = AT) -> Look:
    return Look(Probe(ok, 200 if ok else None, None if ok else "timed out", 0.1, at), beacon)


@pytest.fixture
def client(moto_client: Any) -> Any:
    moto_client.delete_item(TableName=RECOVERIES, Key=KEY)
    return moto_client


@pytest.fixture
def lease(client: Any) -> SentinelLease:
    return SentinelLease(client, RECOVERIES)


def item(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get_item(TableName=RECOVERIES, Key=KEY)["Item"]
    return found


def test_the_first_run_takes_a_lease_that_nobody_has(lease: SentinelLease) -> None:
    assert lease.take("first", 1, 10) == Streak()
    assert lease.speak("first", 10, look(), Streak())


def test_the_newest_run_takes_over_and_an_older_one_does_not(lease: SentinelLease) -> None:
    lease.take("old", 1, 10)
    assert lease.take("new", 2, 20) is not None
    assert lease.take("late", 1, 30) is None
    assert not lease.speak("late", 30, look(), Streak())
    assert lease.speak("new", 30, look(), Streak())


def test_no_tick_falls_between_two_runs(lease: SentinelLease) -> None:
    lease.take("old", 1, 10)
    lease.take("new", 2, 30)
    assert lease.speak("old", 20, look(), Streak()), "it was at that tick when the new one came"
    assert not lease.speak("old", 30, look(), Streak())
    assert lease.speak("new", 30, look(), Streak())


def test_no_tick_is_spoken_of_twice(lease: SentinelLease) -> None:
    lease.take("run", 1, 10)
    assert lease.speak("run", 10, look(), Streak())
    assert not lease.speak("run", 10, look(), Streak())


RUNS = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), RUNS, st.integers(1, 6), st.integers(0, 8)),
        st.tuples(st.just("speak"), RUNS, st.integers(0, 8), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_its_conditions_mean_what_the_domain_says(
    client: Any, steps: list[tuple[str, str, int, int]]
) -> None:
    client.delete_item(TableName=RECOVERIES, Key=KEY)
    lease, model = SentinelLease(client, RECOVERIES), None
    for what, run, moment, from_tick in steps:
        if what == "take":
            taken = model is None or model.yields_to(moment)
            assert (lease.take(run, moment, from_tick) is not None) == taken
            if taken:
                last = model.last_tick if model else -1
                model = Lease(run, moment, from_tick, last)
        elif model is not None:
            granted = model.grants(run, moment)
            assert lease.speak(run, moment, look(), Streak()) == granted
            if granted:
                model = Lease(model.owner, model.since, model.from_tick, moment)


def test_it_keeps_the_first_failed_probe_for_the_machine(lease: SentinelLease, client: Any) -> None:
    lease.take("run", 1, 10)
    lease.speak("run", 10, look(ok=False, beacon="unknown"), Streak(AT, 0))
    found = item(client)
    assert found["first_failed_at"]["S"] == AT
    assert (found["probe_ok"]["BOOL"], found["beacon"]["S"]) == (False, "unknown")
    assert found["looked_at"]["S"] == AT


def test_the_run_that_takes_over_knows_the_streak(lease: SentinelLease) -> None:
    lease.take("old", 1, 10)
    lease.speak("old", 10, look(), Streak(AT, 2, AT))
    assert lease.take("new", 2, 20) == Streak(AT, 2, AT, looked_at=AT)


def test_it_keeps_since_when_the_primary_is_well_and_forgets_it(
    lease: SentinelLease, client: Any
) -> None:
    lease.take("run", 1, 10)
    lease.speak("run", 10, look(), Streak(None, 4, AT))
    assert item(client)["healthy_since"]["S"] == AT
    lease.speak("run", 20, look(ok=False), Streak(AT, 0, None))
    assert "healthy_since" not in item(client)


def test_the_earlier_first_failure_stands(lease: SentinelLease, client: Any) -> None:
    lease.take("old", 1, 10)
    lease.take("new", 2, 20)
    lease.speak("old", 10, look(ok=False), Streak(AT, 0))
    lease.speak("new", 20, look(ok=False), Streak("2026-01-31T12:00:15.000Z", 0))
    assert item(client)["first_failed_at"]["S"] == AT


def test_the_end_of_a_streak_forgets_it(lease: SentinelLease, client: Any) -> None:
    lease.take("run", 1, 10)
    lease.speak("run", 10, look(ok=False), Streak(AT, 0))
    lease.speak("run", 20, look(), Streak(None, 4))
    assert "first_failed_at" not in item(client)


def test_a_table_that_does_not_answer_is_no_answer() -> None:
    class Failing:
        def update_item(self, **_: Any) -> Any:
            raise aws_error("InternalServerError")

    lease = SentinelLease(Failing(), RECOVERIES)
    with pytest.raises(LeaseUnavailable):
        lease.take("run", 1, 10)
    with pytest.raises(LeaseUnavailable):
        lease.speak("run", 10, look(), Streak())
