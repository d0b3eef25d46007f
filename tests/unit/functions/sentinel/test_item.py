"""The sentinel's item on DynamoDB: which look may speak, and what it leaves to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.sentinel.item import SentinelItem
from pilotlight.sentinel.observation import NEVER, Observation, PulseStreak, SentinelState, Streak
from pilotlight.sentinel.probe_result import Probe

from tests.unit.functions.fakes import RECOVERIES, aws_error

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Beacon

KEY = {"pk": {"S": "sentinel"}}
AT, LATER = "2026-01-31T12:00:05.000Z", "2026-01-31T12:00:15.000Z"


def look(
    ok: bool = True, beacon: Beacon = "healthy", at: str = AT, beat: int | None = None
) -> Observation:
    probe = Probe(ok, 200 if ok else None, None if ok else "timed out", 0.1, at)
    return Observation(probe, beacon, beat)


def unread(observed_at: str) -> PulseStreak:
    """What is kept of a pulse that was not read: no number, and no since."""
    return PulseStreak(None, None, observed_at)


@pytest.fixture
def client(moto_client: Any) -> Any:
    moto_client.delete_item(TableName=RECOVERIES, Key=KEY)
    return moto_client


@pytest.fixture
def kept(client: Any) -> SentinelItem:
    return SentinelItem(client, RECOVERIES)


def item(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get_item(TableName=RECOVERIES, Key=KEY)["Item"]
    return found


def test_nothing_is_kept_at_first(kept: SentinelItem) -> None:
    assert kept.read() == SentinelState(NEVER, NEVER, Streak())


def test_a_look_leaves_its_tick_and_its_streak_to_the_next(kept: SentinelItem) -> None:
    assert kept.record("a", 10, look(), SentinelState())
    assert kept.read() == SentinelState(10, NEVER, Streak(None, 1, AT, AT), unread(AT), AT)
    assert kept.record("b", 20, look(ok=False, at=LATER), kept.read())
    assert kept.read() == SentinelState(20, NEVER, Streak(LATER, 0, None, LATER), unread(LATER), AT)


def test_no_tick_gets_two_points(kept: SentinelItem) -> None:
    before = kept.read()
    assert kept.record("a", 10, look(), before)
    assert not kept.record("b", 10, look(ok=False), before)
    assert kept.read().streak.first_failed_at is None


def test_what_was_read_before_another_look_is_nothing_to_build_on(kept: SentinelItem) -> None:
    """A first failure or a good look of the other one would be forgotten."""
    kept.record("a", 10, look(), SentinelState())
    before = kept.read()
    assert kept.record("b", 20, look(ok=False), before)
    assert not kept.record("c", 30, look(at=LATER), before)
    assert kept.record("c", 30, look(at=LATER), kept.read())
    assert kept.read().streak == Streak(AT, 1, LATER, LATER)


def test_a_write_whose_answer_was_lost_counts_when_it_is_sent_again(kept: SentinelItem) -> None:
    kept.record("a", 10, look(), SentinelState())
    before = kept.read()
    assert kept.record("b", 20, look(), before)
    after = kept.read()
    assert kept.record("b", 20, look(), before)
    assert kept.read() == after


def test_it_keeps_for_the_machine_what_was_seen(kept: SentinelItem, client: Any) -> None:
    kept.record("a", 10, look(ok=False, beacon="unknown"), SentinelState())
    found = item(client)
    assert found["first_failed_at"]["S"] == AT
    assert (found["probe_ok"]["BOOL"], found["beacon"]["S"]) == (False, "unknown")
    assert found["observed_at"]["S"] == AT
    assert "healthy_since" not in found


def test_it_keeps_since_when_the_primary_is_well_and_forgets_it(
    kept: SentinelItem, client: Any
) -> None:
    kept.record("a", 10, look(), SentinelState())
    assert item(client)["healthy_since"]["S"] == AT
    kept.record("b", 20, look(ok=False, at=LATER), kept.read())
    assert "healthy_since" not in item(client)


def test_it_keeps_since_when_the_pulse_stands_still_and_forgets_it_when_it_is_not_read(
    kept: SentinelItem, client: Any
) -> None:
    kept.record("a", 10, look(beat=7), SentinelState())
    kept.record("b", 20, look(beat=7, at=LATER), kept.read())
    assert kept.read().pulse == PulseStreak(7, AT, LATER)
    kept.record("c", 30, look(at=LATER), kept.read())
    assert not {"pulse_beat", "pulse_still_since"} & set(item(client))


def test_the_end_of_a_streak_forgets_it(kept: SentinelItem, client: Any) -> None:
    kept.record("a", 10, look(ok=False), SentinelState())
    for tick in (20, 30, 40, 50):
        assert "first_failed_at" in item(client)
        kept.record(str(tick), tick, look(), kept.read())
    assert "first_failed_at" not in item(client)


def test_plans_and_looks_leave_each_other_alone(kept: SentinelItem) -> None:
    kept.record_plan(90)
    assert kept.read() == SentinelState(NEVER, 90, Streak())
    before = kept.read()
    kept.record_plan(100)
    assert kept.record("a", 10, look(), before)
    assert kept.read() == SentinelState(10, 100, Streak(None, 1, AT, AT), unread(AT), AT)


def test_it_goes_on_from_the_item_of_the_releases_with_a_lease(
    kept: SentinelItem, client: Any
) -> None:
    lease = {"owner": {"S": "run"}, "since": {"N": "1"}, "from_tick": {"N": "5"}}
    client.put_item(TableName=RECOVERIES, Item={**KEY, **lease, "last_tick": {"N": "10"}})
    assert not kept.record("a", 10, look(), SentinelState())
    assert kept.record("a", 20, look(), kept.read())


@pytest.mark.parametrize("error", [aws_error("InternalServerError"), EndpointConnectionError])
def test_a_table_that_does_not_answer_is_no_answer(error: Any) -> None:
    class Failing:
        def update_item(self, **_: Any) -> Any:
            raise error if isinstance(error, Exception) else error(endpoint_url="-")

        get_item = update_item

    kept = SentinelItem(Failing(), RECOVERIES)
    for ask in (
        kept.read,
        lambda: kept.record_plan(10),
        lambda: kept.record("a", 1, look(), SentinelState()),
    ):
        with pytest.raises(TableUnavailable):
            ask()


def test_what_a_person_holds_goes_with_the_outage_and_when_it_was_well_stays(
    kept: SentinelItem, client: Any
) -> None:
    kept.record("a", 10, look(), kept.read())
    kept.record("b", 20, look(ok=False, at=LATER), kept.read())
    client.update_item(
        TableName=RECOVERIES,
        Key=KEY,
        UpdateExpression="SET held_by = :by, paused_until = :until",
        ExpressionAttributeValues={":by": {"S": "arn:run"}, ":until": {"N": "5"}},
    )
    assert (kept.read().held_by, kept.read().paused_until) == ("arn:run", 5)
    for tick in range(30, 70, 10):
        assert kept.read().held_by == "arn:run"
        kept.record("c", tick, look(beacon="unhealthy"), kept.read())
    found = kept.read()
    assert (found.held_by, found.paused_until, found.well_at) == (None, 5, AT)


@pytest.mark.parametrize("value", [{"BOOL": True}, {"N": "1"}, {"S": ""}, {"M": {}}])
def test_a_hold_that_a_person_wrote_as_another_type_holds(emptied: Any, value: Any) -> None:
    emptied.put_item(TableName=RECOVERIES, Item={**KEY, "held_by": value})
    assert SentinelItem(emptied, RECOVERIES).read().held_by


def test_a_pause_that_a_person_wrote_as_text_counts(emptied: Any) -> None:
    emptied.put_item(TableName=RECOVERIES, Item={**KEY, "paused_until": {"S": "1769860800"}})
    assert SentinelItem(emptied, RECOVERIES).read().paused_until == "1769860800"
