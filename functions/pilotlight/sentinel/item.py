"""The sentinel's item in the recoveries table: the state that one probe run leaves to the next.

========================  ========================================================================
`first_failed_at`         the first failed own probe of the current outage; absent while the Primary
                          is well. It stays through single good probes, and four good ones in a row
                          remove it (see `observation.Streak`).
`good_probes`             good probes in a row
`healthy_since`           since when neither own probe nor beacon has failed, without a pause;
                          absent while one of them fails
`probe_ok`, `beacon`      the last results: true or false; healthy, unhealthy or unknown
`observed_at`             the time of the last probe run
`well_at`                 when own probe and beacon were last both good
`held_by`                 the run that a person stopped, or rejected: nothing else is started for
                          the current outage. Removed with `first_failed_at`
`paused_until`            until when a person has paused the automation, in seconds since 1970, a
                          day ahead at most; `by` and `reason` beside it
`reminded_at`             when people were last reminded of a pause, in seconds since 1970
`drill_until`             until when a person injects outages: what starts is recorded as a drill
`pulse_beat`              the number of the active Region's pulse when it was last read strongly
`pulse_still_since`       since when it has been this number, by this Region's clock
`last_tick`, `owner`      the last tick with a data point, and the invocation that recorded it
`planned_until`           the last tick that a message was sent for
========================  ========================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import try_number, try_text
from pilot_light_client.conditional_write import write
from pilot_light_client.table_errors import translated
from pilot_light_client.timestamps import try_parse

from pilotlight.recoveries import schema
from pilotlight.sentinel.observation import NEVER, PulseStreak, SentinelState, Streak

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row

    from pilotlight.sentinel.observation import Observation

KEY = schema.key(schema.SENTINEL)


class SentinelItem:
    """The item of one deployment. Each method raises TableUnavailable if DynamoDB fails."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self) -> SentinelState:
        """Return the stored state."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        item = answer.get("Item", {})
        observed_at = _time(item, "observed_at")
        beat = _number(item, "pulse_beat")
        return SentinelState(
            last_tick=_number(item, "last_tick"),
            planned_until=_number(item, "planned_until"),
            streak=Streak(
                _time(item, "first_failed_at"),
                _number(item, "good_probes", 0),
                _time(item, "healthy_since"),
                observed_at,
            ),
            pulse=PulseStreak(
                None if beat == NEVER else beat, _time(item, "pulse_still_since"), observed_at
            ),
            well_at=_time(item, "well_at"),
            # A person wrote these two by hand, perhaps as another type. They count all the same.
            held_by=try_text(item, "held_by") or ("unreadable" if "held_by" in item else None),
            paused_until=try_number(item, "paused_until") or try_text(item, "paused_until"),
        )

    def record(self, run: str, tick: int, observed: Observation, before: SentinelState) -> bool:
        """Record an observation for a tick, and return False if another run recorded one.

        A write whose answer was lost counts when it is sent again: `owner` names this invocation.
        """
        streak, pulse = before.streak.after(observed), before.pulse.after(observed)
        values = {
            ":run": {"S": run},
            ":tick": {"N": str(tick)},
            ":at": {"S": observed.probe.at},
            ":ok": {"BOOL": observed.probe.ok},
            ":beacon": {"S": observed.beacon},
            ":good": {"N": str(streak.good_probes)},
        }
        change = "SET #owner = :run, last_tick = :tick, observed_at = :at, probe_ok = :ok"
        change += ", beacon = :beacon, good_probes = :good"
        if observed.well:
            change += ", well_at = :at"
        optional = {
            "first_failed_at": streak.first_failed_at,
            "healthy_since": streak.healthy_since,
            "pulse_beat": pulse.beat,
            "pulse_still_since": pulse.still_since,
        }
        for name, value in optional.items():
            if value is not None:
                change += f", {name} = :{name}"
                values[f":{name}"] = {"N" if isinstance(value, int) else "S": str(value)}
        removed = [name for name, value in optional.items() if value is None]
        if streak.first_failed_at is None:
            removed.append("held_by")
        change += f" REMOVE {', '.join(removed)}" if removed else ""
        unchanged = "attribute_not_exists(last_tick)"
        if before.last_tick != NEVER:
            unchanged = "last_tick = :before"
            values[":before"] = {"N": str(before.last_tick)}
        return self._update(
            change,
            values,
            ConditionExpression=f"{unchanged} OR (last_tick = :tick AND #owner = :run)",
            ExpressionAttributeNames={"#owner": "owner"},
        )

    def record_plan(self, until: int) -> None:
        """Store until which tick probe runs are planned."""
        self._update("SET planned_until = :until", {":until": {"N": str(until)}})

    def hold(self, execution: str, first_failed_at: str | None) -> None:
        """Record that a person stopped a run of this outage, or of any if None."""
        values, condition = {":by": {"S": execution}}, "attribute_exists(first_failed_at)"
        if first_failed_at:
            values[":first"], condition = {"S": first_failed_at}, "first_failed_at = :first"
        self._update("SET held_by = :by", values, ConditionExpression=condition)

    def mark_reminded(self, at: int, unless_since: int) -> bool:
        """Store when people were reminded, unless they were since; return whether it was stored."""
        return self._update(
            "SET reminded_at = :at",
            {":at": {"N": str(at)}, ":since": {"N": str(unless_since)}},
            # One from the future was stored by a clock that is ahead.
            ConditionExpression=(
                "attribute_not_exists(reminded_at) OR reminded_at <= :since OR reminded_at > :at"
            ),
        )

    def _update(self, change: str, values: dict[str, Any], **more: Any) -> bool:
        return write(
            self._client.update_item,
            TableName=self._table,
            Key=KEY,
            UpdateExpression=change,
            ExpressionAttributeValues=values,
            **more,
        )


def _number(item: Row, name: str, default: int = NEVER) -> int:
    number = try_number(item, name)
    return default if number is None else number


def _time(item: Row, name: str) -> str | None:
    """Return a timestamp, or None where there is none that can be read."""
    stored = try_text(item, name)
    return stored if try_parse(stored) else None
