"""The current outage in the recoveries table, and the machine that is started for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pilot_light_client import timestamps
from pilot_light_client.attributes import try_number, try_text
from pilot_light_client.table_errors import translated

from pilotlight.recoveries import schema
from pilotlight.sentinel.level import Outage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_stepfunctions import SFNClient
    from pilot_light_client.attributes import Row


# The failover machine's lock expires after this.
LONGEST_LOCK_SECONDS = 9900


class Outages:
    """Reads and stores the outage, and starts runs for it."""

    def __init__(
        self, dynamodb: DynamoDBClient, stepfunctions: SFNClient, table: str, machine: str
    ) -> None:
        self._dynamodb, self._stepfunctions = dynamodb, stepfunctions
        self._table, self._machine = table, machine

    def current(self, first_failed_at: str) -> Outage:
        """Return the stored outage that began then, or a new one."""
        item = self._item(schema.OUTAGE)
        if try_text(item, "first_failed_at") != first_failed_at:
            return Outage(first_failed_at)
        return Outage(
            first_failed_at,
            attempts=try_number(item, "attempts") or 0,
            last_started_at=try_text(item, "last_started_at"),
            execution=try_text(item, "execution"),
        )

    def is_at_work(self, outage: Outage) -> bool:
        """Return whether a run for it is in progress. A rehearsal is none.

        If Step Functions does not answer, the lock counts until it expires.
        """
        lock = self._item(schema.LOCK)
        owner, expires = try_text(lock, "owner"), try_number(lock, "expires_at") or 0
        if owner and try_text(lock, "mode") != "rehearsal":
            running = self._is_running(owner)
            left = expires - datetime.now(UTC).timestamp()
            if running or (running is None and timestamps.is_end(left, LONGEST_LOCK_SECONDS)):
                return True
        return bool(outage.execution and self._is_running(outage.execution))

    def start(self, outage: Outage) -> str:
        """Start the next run, store that it was started, and return its execution.

        An attempt has one name, so starting it again changes nothing.
        """
        execution = self._machine.replace(":stateMachine:", ":execution:") + f":{outage.name}"
        try:
            self._stepfunctions.start_execution(
                stateMachineArn=self._machine,
                name=outage.name,
                input=json.dumps(outage.request()),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
        self._record(outage, execution)
        return execution

    def _record(self, outage: Outage, execution: str) -> None:
        """Store a start. The first one removes what was stored of an earlier outage."""
        item = {
            "first_failed_at": {"S": outage.first_failed_at},
            "attempts": {"N": str(outage.attempts + 1)},
            "last_started_at": {"S": timestamps.now()},
            "execution": {"S": execution},
        }
        removed = " REMOVE notified_step, notified_at" if outage.attempts == 0 else ""
        with translated():
            self._dynamodb.update_item(
                TableName=self._table,
                Key=schema.key(schema.OUTAGE),
                UpdateExpression=f"SET {', '.join(f'{name} = :{name}' for name in item)}{removed}",
                ExpressionAttributeValues={f":{name}": value for name, value in item.items()},
            )

    def _is_running(self, execution: str) -> bool | None:
        """Return whether an execution is running, or None if Step Functions does not answer."""
        try:
            answer = self._stepfunctions.describe_execution(executionArn=execution)
        except (BotoCoreError, ClientError):
            return None
        return answer["status"] == "RUNNING"

    def _item(self, key: str) -> Row:
        with translated():
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=schema.key(key), ConsistentRead=True
            )
        return answer.get("Item", {})
