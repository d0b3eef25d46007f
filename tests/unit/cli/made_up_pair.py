"""A deployment in two Regions as AWS answers for it: well, silent, denied, or not there."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, EndpointConnectionError
from pilot_light_client import heartbeat
from pilot_light_client.timestamps import text as at_text
from pilotlight.ledger import entry as ledger

from cli import probes
from cli.asking import clients
from cli.probes import Probe
from tests.unit.cli import made_up_ledger
from tests.unit.cli.made_up_account import Account, Removing

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

PRIMARY, SECONDARY, WITNESS = "us-west-2", "us-east-2", "us-east-1"
ACCOUNT = "123456789012"
CONTROL, RECOVERIES, LEDGER = (
    "pilot-light-control-quorum",
    "pilot-light-recoveries",
    "pilot-light-ledger",
)
JOURNAL, LAST_RESORT = "pilot-light-journal", "pilot-light-last-resort"
MACHINE = f"arn:aws:states:{SECONDARY}:{ACCOUNT}:stateMachine:pilot-light-failover"
BUCKETS = {region: f"pilot-light-{ACCOUNT}-{region}" for region in (PRIMARY, SECONDARY)}
CHECKS = [
    {"name": "items_table", "required": True, "state": "ok", "detail": "ACTIVE"},
    {"name": "subscribers", "required": False, "state": "failed", "detail": "0 of 1 confirmed"},
]


FORECAST = {"reads": {"p50": 31.2, "p99": 42.5}, "writes": {"p50": 32.1, "p99": 45.0}}


def error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def row(key: str, **values: Any) -> dict[str, Any]:
    typed = {k: {"N": str(v)} if isinstance(v, int) else {"S": v} for k, v in values.items()}
    return {
        "pk": {"S": key},
        **{k: {"BOOL": values[k]} if isinstance(values[k], bool) else v for k, v in typed.items()},
    }


class Pair:
    """What the two Regions hold. Give it as the class `Clients`."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self.tables: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.hangs: set[str] = set()
        self.refuses: set[str] = set()
        self.fails: dict[tuple[str, str, str], Exception] = {}
        self.running: dict[str, list[dict[str, Any]]] = {}
        # Events by execution, the newest first; each first page of a history calls `at_poll`.
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.at_poll: Callable[[], None] = lambda: None
        self.objects: dict[str, dict[str, bytes]] = {bucket: {} for bucket in BUCKETS.values()}
        self.logs: dict[str, list[dict[str, Any]]] = {}
        self.deployed = True
        self.asked: list[tuple[str, str]] = []
        self.not_replayed: dict[str, str] = {}
        self.to_compare: list[dict[str, Any]] = []
        self.function_error: dict[str, str] = {}
        self.probes: dict[str, Probe] = {}
        self.beacon: probes.Beacon = "healthy"
        self.started: list[dict[str, Any]] = []
        # What changed: operation and arguments.
        self.changes: list[tuple[str, dict[str, Any]]] = []
        self.account = Account()
        self._well()

    def _well(self) -> None:
        changed = at_text(self.now - timedelta(days=12, hours=3))
        control = row(
            "control",
            active_region=PRIMARY,
            epoch=1,
            state="serving",
            revision=1,
            changed_at=changed,
            changed_by="seed",
        )
        pulse = row("pulse", beat=4711, by_region=PRIMARY)
        for region in (PRIMARY, SECONDARY):
            self.tables[region, CONTROL] = [control, pulse]
            self.tables[region, LAST_RESORT] = []
            self.tables[region, JOURNAL] = self.heartbeats(
                *((PRIMARY, 5, heartbeat.KEYS) if region == SECONDARY else (SECONDARY, 20, 1))
            )
        self.tables[SECONDARY, LEDGER] = []
        self.tables[SECONDARY, RECOVERIES] = [
            row(
                "sentinel",
                probe_ok=True,
                beacon="healthy",
                observed_at=self.ago(4),
                pulse_beat=4711,
                pulse_still_since=self.ago(4),
            ),
            row(
                "readiness",
                verdict="ready",
                findings="",
                checks=json.dumps(CHECKS),
                checked_at=self.ago(120),
            ),
            row(
                "rehearsal",
                verdict="PASS",
                at=self.ago(86400 * 2),
                last_pass_at=self.ago(172800),
                forecast=json.dumps(FORECAST),
            ),
        ]
        for name, region in (
            ("app", PRIMARY),
            (PRIMARY, PRIMARY),
            (SECONDARY, SECONDARY),
        ):
            full = f"{name}.pilotlight.example"
            self.probes[full] = Probe(full, True, 200, region, 0.043)

    def ago(self, seconds: float) -> str:
        return at_text(self.now - timedelta(seconds=seconds))

    def heartbeats(self, region: str, age: int, keys: int) -> list[dict[str, Any]]:
        written = round((self.now.timestamp() - age) * 1000)
        beat = heartbeat.attributes(heartbeat.Heartbeat(7, written, "function x"))
        return [{**heartbeat.key(region, n), **beat} for n in range(keys)]

    def put(self, region: str, table: str, item: dict[str, Any]) -> None:
        """Put an item in the place of the one with the same key."""
        rows = self.tables.setdefault((region, table), [])
        same = [r for r in rows if (r["pk"], r.get("sk")) == (item["pk"], item.get("sk"))]
        rows[:] = [r for r in rows if r not in same] + [item]

    def change(self, region: str, table: str, key: str, **values: Any) -> None:
        (old,) = (r for r in self.tables[region, table] if r["pk"]["S"] == key)
        self.put(region, table, {**old, **row(key, **values)})

    def fail_over(self) -> None:
        """Let the Secondary be active, the Primary's application be down, and a record exist."""
        control = row(
            "control",
            active_region=SECONDARY,
            epoch=2,
            state="serving",
            revision=4,
            changed_at=self.ago(300),
            changed_by="run",
        )
        for region in (PRIMARY, SECONDARY):
            self.put(region, CONTROL, control)
        self.put(SECONDARY, RECOVERIES, self.record(2))
        self.tables[SECONDARY, JOURNAL] = self.heartbeats(PRIMARY, 30, 1)
        self.tables[PRIMARY, JOURNAL] = self.heartbeats(SECONDARY, 5, heartbeat.KEYS)
        self.probes["app.pilotlight.example"] = Probe(
            "app.pilotlight.example", True, 200, SECONDARY, 0.05
        )

    def record(self, epoch: int) -> dict[str, Any]:
        timeline = {"started_at": self.ago(330), "traffic_confirmed_at": self.ago(300)}
        estimate = {
            "seconds": 12.5,
            "detail": "It was 12.5 s old.",
            "first_failed_at": self.ago(340),
            "source": "sentinel",
        }
        return row(
            f"recovery#{epoch}",
            epoch=epoch,
            outcome="promoted",
            mode="failover",
            reason="The Primary does not answer.",
            trigger="sentinel",
            rto_target=60,
            recorded_at=self.ago(299),
            execution=f"arn:aws:states:{SECONDARY}:{ACCOUNT}:execution:pilot-light-failover:run-{epoch}",
            timeline=json.dumps(timeline),
            rpo_estimate=json.dumps(estimate),
        )

    def add_entry(self, entry: ledger.LedgerEntry) -> None:
        stored = {
            **ledger.key(entry.write_id),
            **ledger.stored(entry),
            "status": {"S": entry.status},
            "late": {"BOOL": entry.late},
            "found_at": {"S": entry.found_at},
            "found_by": {"S": entry.found_by},
            "active_epoch": {"N": str(entry.active_epoch)},
        }
        if entry.status == "open":
            stored["open_id"] = {"S": entry.write_id}
        else:
            stored |= {"resolved_by": {"S": entry.resolved_by}, "resolved_at": {"S": "noon"}}
        self.put(SECONDARY, LEDGER, stored)

    # What the commands call.

    def __call__(self, profile: str | None = None, endpoint_url: str | None = None) -> Pair:
        return self

    def client(self, service: str, region: str, seconds: float | None = None) -> Client:
        return Client(self, service, region)


class Client(Removing):
    def __init__(self, pair: Pair, service: str, region: str) -> None:
        self.pair, self.service, self.region = pair, service, region

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.pair.asked.append((self.region, operation))
            if self.region in self.pair.hangs:
                threading.Event().wait()
            if self.region in self.pair.refuses:
                raise EndpointConnectionError(endpoint_url=f"https://{self.region}")
            table = arguments.get("TableName") or next(iter(arguments.get("RequestItems", {})), "")
            for key in ((self.region, operation, table), (self.region, operation, "")):
                if key in self.pair.fails:
                    raise self.pair.fails[key]
            if not self.pair.deployed and self.service != "sts":
                raise error("ResourceNotFoundException")
            return getattr(self, f"_{operation}")(**arguments)

        return call

    def get_paginator(self, operation: str) -> Any:
        return Pages(getattr(self, operation))

    def _rows(self, table: str) -> list[dict[str, Any]]:
        if (self.region, table) not in self.pair.tables:
            raise error("ResourceNotFoundException")
        return self.pair.tables[self.region, table]

    def _get_caller_identity(self) -> dict[str, Any]:
        return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ops"}

    def _get_item(self, TableName: str, Key: dict[str, Any], ConsistentRead: bool) -> Any:
        assert ConsistentRead
        found = [r for r in self._rows(TableName) if all(r.get(k) == v for k, v in Key.items())]
        return {"Item": found[0]} if found else {}

    def _batch_get_item(self, RequestItems: dict[str, Any]) -> Any:
        ((table, request),) = RequestItems.items()
        keys = request["Keys"]
        rows = [r for r in self._rows(table) if any(k.items() <= r.items() for k in keys)]
        return {"Responses": {table: rows}, "UnprocessedKeys": {}}

    def _query(
        self,
        TableName: str,
        ExpressionAttributeValues: dict[str, Any],
        IndexName: str = "sk",
        **_more: Any,
    ) -> Any:
        shard, after = ExpressionAttributeValues[":shard"], ExpressionAttributeValues.get(":after")
        rows = [r for r in self._rows(TableName) if r["pk"] == shard and IndexName in r]
        rows = [r for r in rows if after is None or r[IndexName]["S"] > after["S"]]
        return {"Items": sorted(rows, key=lambda r: r["sk"]["S"])}

    def _list_executions(
        self,
        stateMachineArn: str,
        statusFilter: str | None = None,
        maxResults: int | None = None,
    ) -> Any:
        assert f":{self.region}:{ACCOUNT}:" in stateMachineArn
        found = self.pair.running.get(stateMachineArn, [])
        found = [e for e in found if statusFilter in (None, e.get("status", "RUNNING"))]
        return {"executions": found[:maxResults]}

    def _get_execution_history(
        self,
        executionArn: str,
        reverseOrder: bool,
        maxResults: int,
        includeExecutionData: bool,
        nextToken: str = "0",
    ) -> Any:
        assert reverseOrder
        assert includeExecutionData
        if nextToken == "0":
            self.pair.at_poll()
        if executionArn not in self.pair.histories:
            self._describe_execution(executionArn)
        begin, events = int(nextToken), self.pair.histories.get(executionArn, [])
        more = {"nextToken": str(begin + maxResults)} if begin + maxResults < len(events) else {}
        return {"events": events[begin : begin + maxResults], **more}

    def _describe_execution(self, executionArn: str) -> Any:
        for executions in self.pair.running.values():
            for execution in executions:
                if execution["executionArn"] == executionArn:
                    return execution
        raise error("ExecutionDoesNotExist")

    def _start_execution(self, **given: Any) -> Any:
        arn = given["stateMachineArn"].replace(":stateMachine:", ":execution:")
        self.pair.started.append({**given, "input": json.loads(given["input"])})
        return {"executionArn": f"{arn}:{given['name']}", "startDate": self.pair.now}

    def _changed(self, operation: str, arguments: dict[str, Any]) -> Any:
        self.pair.changes.append((operation, arguments))
        return {}

    def _send_task_success(self, **given: Any) -> Any:
        return self._changed("send_task_success", given)

    def _stop_execution(self, **given: Any) -> Any:
        return self._changed("stop_execution", given)

    def _update_item(self, **given: Any) -> Any:
        self._rows(given["TableName"])
        return self._changed("update_item", given)

    def _invoke(self, FunctionName: str, Payload: str) -> Any:
        assert (FunctionName, self.region) == (f"{LEDGER}:live", SECONDARY)
        payload = json.loads(Payload)
        self._changed("invoke", payload)
        answer = made_up_ledger.answer(self.pair, payload)
        failed = {"FunctionError": "Unhandled"} if "errorType" in answer else {}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **failed}

    def _list_objects_v2(self, Bucket: str, Prefix: str) -> Any:
        names = sorted(k for k in self.pair.objects[Bucket] if k.startswith(Prefix))
        return {"Contents": [{"Key": name} for name in names]}

    def _get_object(self, Bucket: str, Key: str) -> Any:
        if Key not in self.pair.objects[Bucket]:
            raise error("NoSuchKey")
        return {"Body": io.BytesIO(self.pair.objects[Bucket][Key])}

    def _filter_log_events(self, logGroupName: str, filterPattern: str, **_more: Any) -> Any:
        events = self.pair.logs.get(logGroupName, [])
        return {"events": [e for e in events if "run-2" in e["message"] or not filterPattern]}


class Pages:
    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def paginate(self, **arguments: Any) -> list[Any]:
        return [self._call(**arguments)]


def take_the_place_of_aws(monkeypatch: pytest.MonkeyPatch, pair: Pair) -> None:
    """Let every command ask this pair, and every probe be the pair's."""
    monkeypatch.setattr(clients, "Clients", pair)
    monkeypatch.setattr(probes, "probe", lambda _network, name, *_: pair.probes[name])
    monkeypatch.setattr(probes, "beacon", lambda *_: pair.beacon)
