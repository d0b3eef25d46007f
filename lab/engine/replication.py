"""Replication between Regions, with a lag: DynamoDB global tables and S3.

MiniStack copies within the write. Here a write waits on its link and is delivered while both ends
run. Partitions replicate on their own, as a global table's do: each has a lag of its own, between
half of the given one and all of it, so that order is kept for an item and not between items. What
still waits when the source is lost is the RPO; it arrives after the heal. The last writer wins, by
the time of the write, for each item on its own.
"""

from __future__ import annotations

import bisect
import copy
import logging
import threading
import time
import zlib
from collections import defaultdict, deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from lab.engine.aws import Aws
    from lab.engine.outages.outage import Outage

logger = logging.getLogger(__name__)
Link = tuple[str, str]
PARTITIONS = 16


@dataclass(frozen=True)
class Delivery:
    """One write on its way."""

    due: float
    written_at: float
    label: str
    apply: Callable[[], None]
    version: Hashable
    service: str = "dynamodb"


@dataclass
class Replication:
    """All links between Regions."""

    lag: float
    outage: Outage
    paused: set[Link] = field(default_factory=set)
    links: dict[Link, deque[Delivery]] = field(default_factory=lambda: defaultdict(deque))
    written: dict[Hashable, float] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def wrote(self, version: Hashable, at: float) -> None:
        """Note when the version that is held at a place was written."""
        self.written[version] = at

    def send(
        self,
        link: Link,
        label: str,
        version: Hashable,
        at: float,
        apply: Callable[[], None],
        service: str = "dynamodb",
    ) -> None:
        """Put a write on its link."""
        due = time.time() + self.lag_of(version)
        with self.lock:
            delivery = Delivery(due, at, label, apply, version, service)
            bisect.insort(self.links[link], delivery, key=lambda d: d.due)

    def lag_of(self, version: Hashable) -> float:
        """Return the lag of the partition that a version belongs to, the same every time."""
        partition = zlib.crc32(repr(version).encode()) % PARTITIONS
        return self.lag * (1 + partition / (PARTITIONS - 1)) / 2

    def deliver_due(self, now: float) -> None:
        """Deliver what is due on every link that is up, of each service that replicates there."""
        for link, queue in list(self.links.items()):
            up = {s for s in ("dynamodb", "s3") if self.outage.carries(link, s)}
            waiting: list[Delivery] = []
            while up and link not in self.paused and queue and queue[0].due <= now:
                with self.lock:
                    delivery = queue.popleft()
                    if delivery.service in up:
                        self._deliver(delivery)
                    else:
                        waiting.append(delivery)
            with self.lock:
                queue.extendleft(reversed(waiting))

    def _deliver(self, delivery: Delivery) -> None:
        if self.written.get(delivery.version, 0) > delivery.written_at:
            return
        self.written[delivery.version] = delivery.written_at
        try:
            delivery.apply()
        except Exception:
            logger.exception("Replication of %s failed", delivery.label)

    def run(self) -> None:
        """Deliver for ever."""
        while True:
            time.sleep(0.02)
            self.deliver_due(time.time())

    def status(self) -> dict[str, Any]:
        """Return what waits on each link."""
        now = time.time()
        waiting = {
            f"{source}->{target}": {
                "waiting": len(queue),
                "oldest_seconds": round(now - min(d.written_at for d in queue), 3) if queue else 0,
            }
            for (source, target), queue in self.links.items()
        }
        return {"links": waiting}


def install(aws: Aws, replication: Replication) -> None:
    """Replace MiniStack's instant copies."""
    _tables(aws, replication)
    _buckets(aws, replication)
    threading.Thread(target=replication.run, daemon=True, name="replication").start()


def _tables(aws: Aws, replication: Replication) -> None:
    dynamodb = aws.dynamodb

    def replicate(table: dict[str, Any], _event: str, old: Any, new: Any) -> None:
        name, source, at = table["TableName"], aws.region(), time.time()
        new = copy.deepcopy(new)
        pk, sk = key_of(dynamodb, table, old if new is None else new)
        replication.wrote(("item", source, name, pk, sk), at)
        for target in dynamodb._replica_group(table):
            if target != source:
                apply = partial(hold_item, aws, target, name, (pk, sk), new)
                version = ("item", target, name, pk, sk)
                replication.send((source, target), f"{name}/{pk}", version, at, apply)

    dynamodb._replicate_write = replicate


def key_of(dynamodb: Any, table: dict[str, Any], item: dict[str, Any]) -> tuple[Any, Any]:
    """Return the partition and sort key under which MiniStack keeps an item."""
    pk = dynamodb._extract_key_val(item.get(table["pk_name"]))
    if not table["sk_name"]:
        return pk, "__no_sort__"
    return pk, dynamodb._extract_key_val(item.get(table["sk_name"]))


def hold_item(
    aws: Aws, region: str, name: str, key: tuple[Any, Any], new: Any, *, to_stream: bool = True
) -> None:
    """Store an item in a Region's replica, or delete it, and write it to the replica's stream."""
    dynamodb, (pk, sk) = aws.dynamodb, key

    def hold() -> None:
        replica = dynamodb._tables.get(name)
        if replica is None:
            return
        before = replica["items"].get(pk, {}).get(sk)
        if new is None:
            dynamodb._remove_item(replica, pk, sk)
        else:
            dynamodb._set_item(replica, pk, sk, copy.deepcopy(new))
        if to_stream and (new is not None or before is not None):
            kind = "REMOVE" if new is None else "MODIFY" if before else "INSERT"
            dynamodb._emit_stream_event(name, kind, before, copy.deepcopy(new), replicate=False)

    with dynamodb._lock:
        aws.within(region, hold)


def _buckets(aws: Aws, replication: Replication) -> None:
    """Take the bucket's Region, not the request's, for the source."""
    s3 = aws.s3
    put, delete_marker = s3._maybe_replicate, s3._maybe_replicate_delete_marker

    def region_of(bucket: str) -> str:
        return (s3._buckets.get(bucket) or {}).get("region") or "us-east-1"

    def destination(bucket: str) -> str | None:
        rules = (s3._bucket_replication.get(bucket) or {}).get("Rules", [])
        return next((r["Destination"]["Bucket"].split(":::")[-1] for r in rules), None)

    def later(bucket: str, key: str, apply: Callable[[], None]) -> None:
        target, at, scope = destination(bucket), time.time(), aws.region()
        replication.wrote(("object", bucket, key), at)
        if target is not None:
            link = (region_of(bucket), region_of(target))
            replication.send(
                link,
                f"s3://{bucket}/{key}",
                ("object", target, key),
                at,
                lambda: aws.within(scope, apply),
                service="s3",
            )

    def replicate(bucket: str, key: str, stored: Any, data: Any, tags: Any = None) -> None:
        rule, _ = s3._replication_rule_for(bucket, key, tags)
        if rule is None:
            replication.wrote(("object", bucket, key), time.time())
            return
        stored["replication_status"] = "PENDING"
        later(bucket, key, lambda: put(bucket, key, stored, data, tags))

    s3._maybe_replicate = replicate
    s3._maybe_replicate_delete_marker = lambda bucket, key: later(
        bucket, key, lambda: delete_marker(bucket, key)
    )
