"""The sentinel's lease: one item of the recoveries table, and its conditional updates.

It also keeps what was seen last, for the machine and for people:

========================  ========================================================================
`first_failed_at`         when the first own probe failed of the outage that is on; absent while
                          the Primary is well. Kept through single good probes, removed after four
                          good ones in a row (see `domain.sentinel.Streak`).
`good_looks`              good probes in a row
`healthy_since`           since when own probe and beacon have found nothing wrong, without a pause;
                          absent while one of them does
`probe_ok`, `beacon`      the last verdicts: true or false; healthy, unhealthy or unknown
`looked_at`               when that was
========================  ========================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.domain.sentinel import Streak

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.domain.sentinel import Look

KEY = {"pk": {"S": "sentinel"}}


class LeaseUnavailable(Exception):
    """DynamoDB did not say who holds the lease."""


class SentinelLease:
    """The lease of one deployment. `domain.sentinel.Lease` says what its conditions mean."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def take(self, run: str, since: int, from_tick: int) -> Streak | None:
        """Take over from an older run, and return its streak. None: a newer one has the lease.

        Raises
        ------
        LeaseUnavailable
            DynamoDB failed.
        """
        found = self._update(
            "SET #owner = :run, since = :since, from_tick = :from",
            "attribute_not_exists(since) OR since < :since",
            {":run": {"S": run}, ":since": _number(since), ":from": _number(from_tick)},
        )
        return None if found is None else _streak(found)

    def speak(self, run: str, tick: int, look: Look, streak: Streak) -> bool:
        """Claim a tick for this run and keep what it saw. False: it is not this run's to claim.

        Raises
        ------
        LeaseUnavailable
            DynamoDB failed.
        """
        values = {
            ":run": {"S": run},
            ":tick": _number(tick),
            ":at": {"S": look.probe.at},
            ":ok": {"BOOL": look.probe.ok},
            ":beacon": {"S": look.beacon},
            ":good": _number(streak.good_looks),
        }
        change = "SET last_tick = :tick, looked_at = :at, probe_ok = :ok, beacon = :beacon"
        change += ", good_looks = :good"
        gone = []
        if streak.first_failed_at:
            # The run before may have seen the first failure in a tick that it was still at.
            change += ", first_failed_at = if_not_exists(first_failed_at, :first)"
            values[":first"] = {"S": streak.first_failed_at}
        else:
            gone.append("first_failed_at")
        if streak.healthy_since:
            change += ", healthy_since = :healthy"
            values[":healthy"] = {"S": streak.healthy_since}
        else:
            gone.append("healthy_since")
        change += f" REMOVE {', '.join(gone)}" if gone else ""
        condition = "(#owner = :run OR from_tick > :tick)"
        condition += " AND (attribute_not_exists(last_tick) OR last_tick < :tick)"
        return self._update(change, condition, values) is not None

    def _update(
        self, change: str, condition: str, values: dict[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return the whole item after the update, or None where the condition did not hold."""
        try:
            found: Mapping[str, Any] = self._client.update_item(
                TableName=self._table,
                Key=KEY,
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )["Attributes"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return None
            raise LeaseUnavailable(str(error)) from error
        except BotoCoreError as error:
            raise LeaseUnavailable(str(error)) from error
        return found


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _streak(item: Mapping[str, Any]) -> Streak:
    first, since, looked_at = (
        item.get(name, {}).get("S") for name in ("first_failed_at", "healthy_since", "looked_at")
    )
    return Streak(first, int(item.get("good_looks", {}).get("N", "0")), since, looked_at)
