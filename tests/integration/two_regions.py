"""Two Regions for the switchover machine: a replica of each table in each, and what links them.

moto keeps Regions apart, so replication is a step of this world. It is taken whenever a function is
called, delivers per item in the order of its writes and across items in none, and can lag.
"""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends
from pilot_light_client import timestamps, ulid
from pilot_light_client.heartbeat import next_heartbeat
from pilot_light_client.heartbeat_table import Heartbeats
from pilotlight.ledger.reconciliation import Cursor
from pilotlight.ledger.table import LedgerTable

from tests import journaled
from tests.integration.machine import (
    ACCOUNT,
    CONTROL,
    ITEMS,
    JOURNAL,
    LEDGER,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    SWITCHOVER_DEFINITION,
    client,
    definition,
    function_arn,
)

if TYPE_CHECKING:
    from items.item import Item

    from tests.integration.machine import Machine, Run

SWITCHOVER = {"mode": "switchover", "reason": "test"}
FAILBACK = {"mode": "failback", "reason": "test"}
# What replicates. The control table does not: both Regions reach the same one.
KEYS = {ITEMS: ("pk", "sk"), JOURNAL: ("pk", "sk")}
Key = tuple[str, tuple[str, ...]]


class Replication:
    """Global tables: last writer wins per item, in no order across items."""

    def __init__(self, clients: dict[str, Any]) -> None:
        self._clients, self._random = clients, random.Random(4711)
        self._stepping = threading.Lock()
        self._seen: dict[str, dict[Key, dict[str, Any]]] = {r: {} for r in clients}
        self._on_its_way: list[tuple[int, str, Key, dict[str, Any]]] = []
        self._step = 0
        self.lag, self.cut = 0, False
        # What takes longer: the beginning of a partition key, and by how many steps.
        self.late: dict[str, int] = {}

    def step(self) -> None:
        """Pick up what was written, and deliver what is due. Functions are called side by side."""
        with self._stepping:
            self._take_step()

    def _take_step(self) -> None:
        self._step += 1
        for region in self._clients:
            self._pick_up(region)
        if self.cut:
            return
        due = [change for change in self._on_its_way if change[0] <= self._step]
        self._on_its_way = [change for change in self._on_its_way if change[0] > self._step]
        newest = {(to, key): item for _, to, key, item in due}
        shuffled = list(newest.items())
        self._random.shuffle(shuffled)
        for (to, key), item in shuffled:
            self._seen[to][key] = item
            self._clients[to].put_item(TableName=key[0], Item=item)

    def flush(self) -> None:
        """Deliver everything, whatever the lag."""
        lag, self.lag = self.lag, 0
        for _ in range(lag + 2):
            self.step()
        self.lag = lag

    def _pick_up(self, region: str) -> None:
        (other,) = set(self._clients) - {region}
        for table, names in KEYS.items():
            for row in dynamodb_backends[ACCOUNT][region].tables[table].all_items():
                item = row.to_json()["Attributes"]
                key = (table, tuple(item[n]["S"] for n in names))
                if self._seen[region].get(key) == item or key[1][0].startswith("canary#"):
                    continue
                self._seen[region][key] = item
                more = sum(n for start, n in self.late.items() if key[1][0].startswith(start))
                self._on_its_way.append((self._step + self.lag + more, other, key, item))


class TwoRegions:
    """A deployed switchover machine, and all that it looks at."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.primary = client("dynamodb", PRIMARY)
        self.replicas = {PRIMARY: self.primary, SECONDARY: machine.dynamodb}
        for table, names in KEYS.items():
            keys = zip(names, ("HASH", "RANGE"), strict=False)
            self.primary.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
                KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in keys],
            )
        self.replication = Replication(self.replicas)
        self._writing = threading.Lock()
        # Function and step or action of each call of what only a planned move calls.
        self.called: list[tuple[str, str]] = []
        self.arn = self.deploy()
        self.serve(PRIMARY, 1)

    def deploy(self, name: str = "", **overrides: str) -> str:
        """Deploy the machine as other parameters would."""
        name = f"pilot-light-switchover{name and f'-{name}'}"
        return self.machine.deploy(self.definition(**overrides), name)

    def definition(self, **overrides: str) -> str:
        """The machine's definition, substitutions filled in."""
        return definition(SWITCHOVER_DEFINITION, Topic=self.machine.topic, **overrides)

    # --- what is the case ------------------------------------------------------------------------
    def serve(self, active: str, epoch: int, recorded: bool = True) -> None:
        """One Region serves, both are well, replication flows, and the sentinel says so.

        The journals were compared up to the last change of the active Region.
        """
        self.machine.seed(active, epoch, changed_at=timestamps.now())
        passive = PRIMARY if active == SECONDARY else SECONDARY
        self.beat(active, passive)
        self.sentinel()
        if recorded and epoch > 1:
            self.row(f"recovery#{epoch}", outcome="promoted")
        LedgerTable(self.machine.dynamodb, LEDGER).put_cursor(asdict(Cursor(1, named=epoch - 1)))
        self.replication.flush()

    def beat(self, active: str, passive: str, age: float = 1.0) -> None:
        now = int((time.time() - age) * 1000)
        for region in (active, passive):
            beats = Heartbeats(self.replicas[region], JOURNAL)
            last = beats.newest(region)
            beat = next_heartbeat(last, now=now, by="test")
            beats.beat(region, last, beat)
            if region == active:
                beats.copy(beat, region)

    def sentinel(self, well_for: float = 600, **more: str) -> None:
        """What the sentinel has seen: the Primary is well for so many seconds."""
        at = datetime.now(UTC)
        since = (at - timedelta(seconds=well_for)).isoformat()
        said = {"observed_at": at.isoformat(), "healthy_since": since, "well_at": since} | more
        self.row("sentinel", **{k: v for k, v in said.items() if v})

    def row(self, pk: str, **strings: str) -> None:
        item = {"pk": {"S": pk}} | {k: {"S": v} for k, v in strings.items()}
        self.machine.dynamodb.put_item(TableName=RECOVERIES, Item=item)

    def write(self, region: str, item_id: str = "tea", ago: float = 0) -> str | None:
        """A user's write where the fence lets it pass: its id, or None where it was refused."""
        with self._writing:
            control = self.control(region)
            if (control["active_region"], control["state"]) != (region, "serving"):
                return None
            return self.write_unfenced(region, int(control["epoch"]), item_id, ago)

    def write_unfenced(self, region: str, epoch: int, item_id: str = "tea", ago: float = 0) -> str:
        """A write that the network held back, and that no fence can stop any more: its id."""
        at = datetime.now(UTC) - timedelta(seconds=ago)
        return journaled.write(
            self.replicas[region],
            item_id,
            "green",
            region=region,
            epoch=epoch,
            write_id=ulid.new(at.timestamp()),
            at=timestamps.text(at),
        ).id

    def let_writes_end(self) -> None:
        """Wait for a write that has passed the fence: a wait of the machine is compressed."""
        with self._writing:
            pass

    def item(self, item_id: str, region: str) -> Item | None:
        return journaled.item(self.replicas[region], item_id)

    def journal(self, region: str) -> set[str]:
        found = self.replicas[region].scan(TableName=JOURNAL, ConsistentRead=True)["Items"]
        return {i["sk"]["S"] for i in found if i["pk"]["S"].startswith("J#")}

    def control(self, region: str = SECONDARY) -> dict[str, str]:
        """The control item as a Region reads it, its values plain."""
        found = self.replicas[region].get_item(
            TableName=CONTROL, Key={"pk": {"S": "control"}}, ConsistentRead=True
        )["Item"]
        return {k: next(iter(v.values())) for k, v in found.items()}

    def change_control(self, **values: str | int) -> None:
        """Somebody else changes the control item."""
        item = self.machine.item(CONTROL, "control")
        values = {"revision": self.machine.revision() + 1, **values}
        changed = {k: {"N" if isinstance(v, int) else "S": str(v)} for k, v in values.items()}
        self.machine.dynamodb.put_item(TableName=CONTROL, Item=item | changed)

    # --- executions ------------------------------------------------------------------------------
    def start(self, request: dict[str, Any], arn: str | None = None) -> str:
        return self.machine.start(request, arn or self.arn)

    def run(self, request: dict[str, Any], arn: str | None = None) -> Run:
        return self.machine.wait(self.start(request, arn), 60)

    def ask(self, function: str, **event: Any) -> Any:
        """What a function answers to a person."""
        return self.machine.functions.handlers[function_arn(function)](event)

    def calls(self, function: str, step: str) -> int:
        return self.called.count((function, step))

    def executions(self) -> list[str]:
        found = self.machine.sfn.list_executions(stateMachineArn=self.arn)["executions"]
        return [e["executionArn"] for e in found]

    def record(self, epoch: int) -> dict[str, Any]:
        """A record, its JSON read."""
        found = {k: next(iter(v.values())) for k, v in self.machine.record(epoch).items()}
        parts = ("timeline", "proof", "drain", "decision", "evidence", "traffic")
        return found | {k: json.loads(found[k]) for k in parts if k in found}
