"""Two Regions for the switchover machine: a replica of each table in each, and what links them.

moto keeps Regions apart, so replication is a step of this world. It is taken whenever a function is
called, delivers per item in the order of its writes and across items in none, and can lag.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from pilotlight.adapters.heartbeats import Heartbeats
from pilotlight.domain.heartbeat import Heartbeat

from tests.integration.machine import (
    CONTROL,
    ITEMS,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    SWITCHOVER_DEFINITION,
    definition,
)

if TYPE_CHECKING:
    from tests.integration.machine import Machine, Run

SWITCHOVER = {"mode": "switchover", "reason": "test"}
FAILBACK = {"mode": "failback", "reason": "test"}
KEYS = {CONTROL: ("pk",), ITEMS: ("pk", "sk")}
Key = tuple[str, tuple[str, ...]]


class Replication:
    """Global tables: last writer wins per item, in no order across items."""

    def __init__(self, clients: dict[str, Any]) -> None:
        self._clients, self._random = clients, random.Random(4711)
        self._seen: dict[str, dict[Key, dict[str, Any]]] = {r: {} for r in clients}
        self._on_its_way: list[tuple[int, str, Key, dict[str, Any]]] = []
        self._step = 0
        self.lag, self.cut = 0, False

    def step(self) -> None:
        """Pick up what was written, and deliver what is due."""
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
            for item in self._clients[region].scan(TableName=table, ConsistentRead=True)["Items"]:
                key = (table, tuple(item[n]["S"] for n in names))
                if self._seen[region].get(key) == item or key[1][0].startswith("canary#"):
                    continue
                self._seen[region][key] = item
                self._on_its_way.append((self._step + self.lag, other, key, item))


class TwoRegions:
    """A deployed switchover machine, and all that it looks at."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.primary = boto3.client("dynamodb", region_name=PRIMARY)
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
        self._written: list[set[str]] = []
        self.ledger = {"complete": True, "open": 0, "late": 0, "lost": 0, "entries": []}
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
        """One Region serves, both are well, replication flows, and the sentinel says so."""
        self.machine.seed(active, epoch)
        passive = PRIMARY if active == SECONDARY else SECONDARY
        self.beat(active, passive)
        self.sentinel()
        if recorded and epoch > 1:
            self.row(f"recovery#{epoch}", outcome="promoted")
        self.replication.flush()

    def beat(self, active: str, passive: str, age: float = 1.0) -> None:
        now = int((time.time() - age) * 1000)
        for region, promise in ((active, 20_000), (passive, 60_000)):
            beats = Heartbeats(self.replicas[region], ITEMS, CONTROL)
            last = beats.pulse(region)
            beat = Heartbeat((last.seq if last else 0) + 1, now, promise, None, "test", now)
            beats.beat(region, last, beat)
            beats.copy(beat, region, active=region == active)

    def sentinel(self, well_for: float = 600, **more: str) -> None:
        """What the sentinel has seen: the Primary is well for so many seconds."""
        at = datetime.now(UTC)
        since = (at - timedelta(seconds=well_for)).isoformat()
        said = {"looked_at": at.isoformat(), "healthy_since": since} | more
        self.row("sentinel", **{k: v for k, v in said.items() if v})

    def row(self, pk: str, **strings: str) -> None:
        item = {"pk": {"S": pk}} | {k: {"S": v} for k, v in strings.items()}
        self.machine.dynamodb.put_item(TableName=RECOVERIES, Item=item)

    def write(self, region: str) -> str | None:
        """A user's write where the fence lets it pass: its id, or None where it was refused."""
        control = self.control(region)
        ours = control["active_region"] == region
        expired = int(control.get("drain_until", "0")) < time.time() * 1000
        if not ours or (control["state"] == "draining" and not expired):
            return None
        write_id, epoch = uuid.uuid4().hex, control["epoch"]
        entry = {"pk": {"S": f"J#{region}#{epoch}#0"}, "sk": {"S": write_id}}
        self.replicas[region].put_item(TableName=ITEMS, Item=entry)
        return write_id

    def journal(self, region: str) -> set[str]:
        found = self.replicas[region].scan(TableName=ITEMS, ConsistentRead=True)["Items"]
        return {i["sk"]["S"] for i in found if i["pk"]["S"].startswith("J#")}

    def control(self, region: str = SECONDARY) -> dict[str, str]:
        """The control item in a Region's replica, its values plain."""
        found = self.replicas[region].get_item(
            TableName=CONTROL, Key={"pk": {"S": "control"}}, ConsistentRead=True
        )["Item"]
        return {k: next(iter(v.values())) for k, v in found.items()}

    def change_control(self, **values: str | int) -> None:
        """Somebody else changes the control item."""
        item = self.machine.item(CONTROL, "control")
        changed = {k: {"N" if isinstance(v, int) else "S": str(v)} for k, v in values.items()}
        self.machine.dynamodb.put_item(TableName=CONTROL, Item=item | changed)

    # --- the functions that others write, by their contract --------------------------------------
    def proof(self, event: dict[str, Any]) -> dict[str, Any]:
        source, target, step = event["source"], event["target"], event["step"]
        if step == "seen":
            found = self.control(source)
            wanted = ("draining", event["drained_by"], str(event["epoch"]))
            if (found["state"], found["changed_by"], found["epoch"]) != wanted:
                raise DrainNotSeen(f"{source} still serves.")
            return {"seen": True}
        written, held = self.journal(source), self.journal(target)
        count, missing = len(written), written - held
        if step == "watermark":
            # Users write on: what was there some comparisons ago is to have arrived by this one.
            self._written = [*self._written, written][-5:]
            late = self._written[0] - held
            return {"caught_up": not late, "watermark": "-", "compared": count}
        if missing:
            raise TailsDiffer(f"{len(missing)} writes are missing in {target}.")
        at = datetime.now(UTC).isoformat()
        return {"proven": True, "writes": count, "watermark": "-", "compared_at": at}

    # --- executions ------------------------------------------------------------------------------
    def start(self, request: dict[str, Any], arn: str | None = None) -> str:
        return self.machine.start(request, arn or self.arn)

    def run(self, request: dict[str, Any], arn: str | None = None) -> Run:
        return self.machine.wait(self.start(request, arn), 60)

    def executions(self) -> list[str]:
        found = self.machine.sfn.list_executions(stateMachineArn=self.arn)["executions"]
        return [e["executionArn"] for e in found]

    def record(self, epoch: int) -> dict[str, Any]:
        """A record, its JSON read."""
        found = {k: next(iter(v.values())) for k, v in self.machine.record(epoch).items()}
        parts = ("timeline", "proof", "drain", "decision", "evidence", "traffic")
        return found | {k: json.loads(found[k]) for k in parts if k in found}


class DrainNotSeen(Exception):
    """As functions/proof raises it."""


class TailsDiffer(Exception):
    """As functions/proof raises it."""
