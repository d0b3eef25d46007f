"""The sentinel's item in the recoveries table: what a probe run hands to the next.

========================  ========================================================================
`first_failed_at`         when the first own probe failed of the outage that is on; absent while
                          the Primary is well. Kept through single good probes, removed after four
                          good ones in a row (see `observation.Streak`).
`good_probes`              good probes in a row
`healthy_since`           since when own probe and beacon have found nothing wrong, without a pause;
                          absent while one of them does
`probe_ok`, `beacon`      the last verdicts: true or false; healthy, unhealthy or unknown
`looked_at`               when that was
`well_at`                 when own probe and beacon last found the Primary well
`held_by`                 the run that a person stopped, or rejected: for the outage that is on
                          nothing else is started. Removed with `first_failed_at`
`paused_until`            until when a person has paused the automation, in seconds since 1970, a
                          day ahead at most; `by` and `reason` beside it
`reminded_at`             when people were last reminded of a pause, in seconds since 1970
`drill_until`             until when a person injects outages: what starts is recorded as a drill
`pulse_beat`              the number of the active Region's pulse when it was last read strongly
`pulse_still_since`       since when it has been this number, by this Region's clock
`last_tick`, `owner`      the last tick that got a point, and by which invocation
`planned_until`           the last tick that a message was sent for
========================  ========================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.recoveries import schema
from pilotlight.sentinel.observation import NEVER, Kept, PulseStreak, Streak
from pilotlight.shared.conditional_write import write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.sentinel.observation import Observation

KEY = schema.key(schema.SENTINEL)


class ItemUnavailable(Exception):
    """DynamoDB did not answer a read or a write of the item."""


class SentinelItem:
    """The item of one deployment."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def read(self) -> Kept:
        """Return what is kept.

        Raises
        ------
        ItemUnavailable
            DynamoDB failed.
        """
        try:
            found = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise ItemUnavailable(str(error)) from error
        item = found.get("Item", {})
        last, planned = _number(item, "last_tick"), _number(item, "planned_until")
        person = (
            item.get("well_at", {}).get("S"),
            item.get("held_by", {}).get("S"),
            item.get("paused_until", {}).get("N"),
        )
        return Kept(last, planned, _streak(item), _pulse(item), *person)

    def record(self, run: str, tick: int, seen: Observation, before: Kept) -> bool:
        """Record an observation for a tick, if nobody else has, and return whether it was recorded.

        A write that succeeded and whose answer was lost counts when it is sent again: `owner` names
        this invocation.

        Raises
        ------
        ItemUnavailable
            DynamoDB failed.
        """
        streak = before.streak.after(seen)
        values = {
            ":run": {"S": run},
            ":tick": {"N": str(tick)},
            ":at": {"S": seen.probe.at},
            ":ok": {"BOOL": seen.probe.ok},
            ":beacon": {"S": seen.beacon},
            ":good": {"N": str(streak.good_probes)},
        }
        change = "SET #owner = :run, last_tick = :tick, looked_at = :at, probe_ok = :ok"
        change += ", beacon = :beacon, good_probes = :good"
        if seen.well:
            change += ", well_at = :at"
        pulse, gone = before.pulse.after(seen), []
        for name, value in (
            ("first_failed_at", streak.first_failed_at),
            ("healthy_since", streak.healthy_since),
            ("pulse_beat", pulse.beat),
            ("pulse_still_since", pulse.still_since),
        ):
            if value is None:
                gone.append(name)
                continue
            change += f", {name} = :{name}"
            values[f":{name}"] = {"N" if isinstance(value, int) else "S": str(value)}
        if streak.first_failed_at is None:
            gone.append("held_by")
        change += f" REMOVE {', '.join(gone)}" if gone else ""
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

    def planned(self, until: int) -> None:
        """Store until which tick probe runs are planned.

        Raises
        ------
        ItemUnavailable
            DynamoDB failed.
        """
        self._update("SET planned_until = :until", {":until": {"N": str(until)}})

    def _update(self, change: str, values: dict[str, Any], **more: Any) -> bool:
        try:
            return write(
                self._client.update_item,
                TableName=self._table,
                Key=KEY,
                UpdateExpression=change,
                ExpressionAttributeValues=values,
                **more,
            )
        except (ClientError, BotoCoreError) as error:
            raise ItemUnavailable(str(error)) from error


def _number(item: Mapping[str, Any], name: str) -> int:
    return int(item.get(name, {}).get("N", NEVER))


def _pulse(item: Mapping[str, Any]) -> PulseStreak:
    since, looked_at = (item.get(name, {}).get("S") for name in ("pulse_still_since", "looked_at"))
    beat = _number(item, "pulse_beat")
    return PulseStreak(None if beat == NEVER else beat, since, looked_at)


def _streak(item: Mapping[str, Any]) -> Streak:
    first, since, looked_at = (
        item.get(name, {}).get("S") for name in ("first_failed_at", "healthy_since", "looked_at")
    )
    return Streak(first, int(item.get("good_probes", {}).get("N", "0")), since, looked_at)
