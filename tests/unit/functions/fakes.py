"""What the functions talk to, in memory."""

from __future__ import annotations

import copy
import io
import json
import operator
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pilotlight.shared.invoke import api_event

if TYPE_CHECKING:
    from collections.abc import Callable

PRIMARY, SECONDARY = "us-west-2", "us-east-2"
CONTROL, JOURNAL, RECOVERIES = (
    "pilot-light-control-quorum",
    "pilot-light-journal",
    "pilot-light-recoveries",
)
# The example application's table.
ITEMS = "pilot-light-app-items"
LEDGER, LAST_RESORT = "pilot-light-ledger", "pilot-light-last-resort"
# Every key of the Regions' tables that a test may empty.
TABLES = {CONTROL: ["pk"], RECOVERIES: ["pk"], LAST_RESORT: ["pk"]} | {
    table: ["pk", "sk"] for table in (JOURNAL, ITEMS)
}


def aws_error(code: str, **extra: Any) -> ClientError:
    """An error as an AWS service would answer it."""
    return ClientError({"Error": {"Code": code, "Message": code}, **extra}, "Operation")  # type: ignore[arg-type]


def control_item(
    region: str = PRIMARY, epoch: int = 1, state: str = "serving", **more: str | int
) -> dict[str, Any]:
    """The control item, attribute types included."""
    more = {"revision": epoch, **more}
    return {
        "pk": {"S": "control"},
        "active_region": {"S": region},
        "epoch": {"N": str(epoch)},
        "state": {"S": state},
        **{k: {"N": str(v)} if isinstance(v, int) else {"S": v} for k, v in more.items()},
    }


class FakeDynamoDB:
    """The operations that the functions use, on dictionaries. Anything else is an error."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self.failing: dict[str, Exception] = {}
        self.interrupt: Callable[[str], None] = lambda _operation: None
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.page = 1000

    def table(self, name: str) -> dict[tuple[str, str], dict[str, Any]]:
        return self.tables.setdefault(name, {})

    def rows(self, name: str, prefix: str = "") -> list[dict[str, Any]]:
        return [row for (pk, _), row in sorted(self.table(name).items()) if pk.startswith(prefix)]

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [given for called, given in self.calls if called == operation]

    def get_item(self, TableName: str, Key: dict[str, Any], **more: Any) -> dict[str, Any]:
        self._called("get_item", TableName=TableName, Key=Key, **more)
        found = self.table(TableName).get(_key(Key))
        return {"Item": copy.deepcopy(found)} if found else {}

    def put_item(self, TableName: str, Item: dict[str, Any], **more: Any) -> dict[str, Any]:
        self._called("put_item", TableName=TableName, Item=Item, **more)
        if not self._holds(TableName, Item, more):
            raise aws_error("ConditionalCheckFailedException")
        self.table(TableName)[_key(Item)] = copy.deepcopy(Item)
        return {}

    def delete_item(self, TableName: str, Key: dict[str, Any], **more: Any) -> dict[str, Any]:
        self._called("delete_item", TableName=TableName, Key=Key, **more)
        if not self._holds(TableName, Key, more):
            raise aws_error("ConditionalCheckFailedException")
        self.table(TableName).pop(_key(Key), None)
        return {}

    def update_item(
        self, TableName: str, Key: dict[str, Any], UpdateExpression: str, **more: Any
    ) -> dict[str, Any]:
        """Knows `SET a = :a, b = if_not_exists(b, :b) + :c REMOVE c, d`."""
        self._called("update_item", TableName=TableName, Key=Key, **more)
        if not self._holds(TableName, Key, more):
            raise aws_error("ConditionalCheckFailedException")
        self._update(TableName, Key, UpdateExpression, more)
        return {}

    def _update(
        self, table: str, key: dict[str, Any], expression: str, more: dict[str, Any]
    ) -> None:
        row = self.table(table).setdefault(_key(key), copy.deepcopy(key))
        values, names = more["ExpressionAttributeValues"], more.get("ExpressionAttributeNames", {})
        sets, _, removes = expression.removeprefix("SET ").partition(" REMOVE ")
        for name, value in re.findall(r"(\S+) = (if_not_exists\(.*?\) \+ :\w+|:\w+)", sets):
            row[names.get(name, name)] = values.get(value) or _sum(row, value, values)
        for name in filter(None, removes.split(", ")):
            row.pop(name, None)

    def transact_write_items(
        self, TransactItems: list[dict[str, Any]], ClientRequestToken: str
    ) -> dict[str, Any]:
        self._called("transact_write_items", TransactItems=TransactItems, Token=ClientRequestToken)
        writes = [next(iter(item.items())) for item in TransactItems]
        keys = [write["Item" if kind == "Put" else "Key"] for kind, write in writes]
        held = [
            self._holds(write["TableName"], key, write)
            for (_, write), key in zip(writes, keys, strict=True)
        ]
        if not all(held):
            reasons = [{"Code": "None" if h else "ConditionalCheckFailed"} for h in held]
            raise aws_error("TransactionCanceledException", CancellationReasons=reasons)
        for kind, write in writes:
            if kind == "Put":
                self.table(write["TableName"])[_key(write["Item"])] = copy.deepcopy(write["Item"])
            else:
                assert kind == "Update"
                self._update(write["TableName"], write["Key"], write["UpdateExpression"], write)
        return {}

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        self._called("batch_write_item", RequestItems=RequestItems)
        for table, puts in RequestItems.items():
            for put in (p["PutRequest"]["Item"] for p in puts):
                self.table(table)[_key(put)] = copy.deepcopy(put)
        return {}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        self._called("batch_get_item", RequestItems=RequestItems)
        rows = {
            table: [self.table(table).get(_key(key)) for key in asked["Keys"]]
            for table, asked in RequestItems.items()
        }
        return {"Responses": {t: copy.deepcopy([r for r in rows[t] if r]) for t in rows}}

    def query(self, **asked: Any) -> dict[str, Any]:
        self._called("query", **asked)
        assert asked["KeyConditionExpression"] == "pk = :shard"
        assert asked["ScanIndexForward"] is False
        wanted = asked["ExpressionAttributeValues"][":shard"]["S"]
        after = asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S")
        keys = sorted((k for k in self.table(asked["TableName"]) if k[0] == wanted), reverse=True)
        left = [k for k in keys if after is None or k[1] < after]
        size = min(asked["Limit"], self.page)
        answer = {"Items": [copy.deepcopy(self.table(asked["TableName"])[k]) for k in left[:size]]}
        if len(left) >= size:
            last = left[size - 1]
            answer["LastEvaluatedKey"] = {"pk": {"S": last[0]}, "sk": {"S": last[1]}}
        return answer

    def _called(self, operation: str, **given: Any) -> None:
        self.calls.append((operation, copy.deepcopy(given)))
        self.interrupt(operation)
        if operation in self.failing:
            raise self.failing[operation]

    def _holds(self, table: str, key: dict[str, Any], given: dict[str, Any]) -> bool:
        """Judge the conditions in use: `attribute_not_exists(a)`, `#a.#b = :v`, `a < :v`."""
        there = self.table(table).get(_key(key), {})
        names = given.get("ExpressionAttributeNames", {})
        values = given.get("ExpressionAttributeValues", {})

        def at(path: str) -> Any:
            """Return the attribute of a path such as `#mark.#version`, or None."""
            first, *inner = (names.get(name, name) for name in path.split("."))
            found = there.get(first)
            for name in inner:
                found = (found or {}).get("M", {}).get(name)
            return found

        def holds(part: str) -> bool:
            if part.startswith("attribute_not_exists("):
                return at(part.removeprefix("attribute_not_exists(").removesuffix(")")) is None
            if part.startswith("attribute_exists("):
                return at(part.removeprefix("attribute_exists(").removesuffix(")")) is not None
            path, sign, value = part.split(" ")
            found, wanted = at(path), values[value]
            if sign == "=":
                return bool(found == wanted)
            compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt}[sign]
            return found is not None and compare(int(found["N"]), int(wanted["N"]))

        condition = given.get("ConditionExpression", "")
        either = [way.split(" AND ") for way in filter(None, condition.split(" OR "))]
        return not either or any(all(map(holds, way)) for way in either)


def _sum(row: dict[str, Any], text: str, values: dict[str, Any]) -> dict[str, str]:
    """Add to a number as `if_not_exists(name, :from) + :by` does."""
    name, start, by = re.findall(r":?\w+", text.removeprefix("if_not_exists"))
    return {"N": str(int(row.get(name, values[start])["N"]) + int(values[by]["N"]))}


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item.get("sk", {}).get("S", "")


class FakeS3:
    """Objects of one bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Key] = Body

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def delete_object(self, Bucket: str, Key: str) -> None:
        del self.objects[Key]


class FakeLambda:
    """Functions by their ARN. What a function raises is answered as Lambda answers it."""

    def __init__(self, functions: dict[str, Callable[[Any], Any]]) -> None:
        self._functions = functions
        self.payloads: list[Any] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.payloads.append(json.loads(Payload))
        try:
            body, error = self._functions[FunctionName](json.loads(Payload)), {}
        except RuntimeError as raised:
            body = {"errorType": "RuntimeError", "errorMessage": str(raised)}
            error = {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(body).encode()), **error}


def request_event(
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A request as API Gateway hands it to a function. A body that is no string is sent as JSON."""
    event = api_event(path)
    event["requestContext"]["http"]["method"] = method
    event["body"] = body if body is None or isinstance(body, str) else json.dumps(body)
    event["headers"] = headers or {}
    event["queryStringParameters"] = query
    return event
