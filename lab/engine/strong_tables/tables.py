"""Strong tables: DynamoDB global tables with multi-Region strong consistency (MRSC).

MiniStack knows only tables that are a Region's own. Here those are what an eventual read sees: a
copy that lags. Beside them stands the latest version, which all Regions share. A strong read and
every write work on that, halfway through a round trip to another member that is in reach;
a write's condition is judged there too. So these calls are linearizable, whatever is cut or lost,
and an answer that gets lost on its way back leaves a write done, and its caller without knowledge.

The caller does not matter, only the called Region: the proxy has checked the caller already.
All waiting is asynchronous, because the engine has one event loop.
"""

from __future__ import annotations

import asyncio
import copy
import json
import threading
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap
from lab.engine.proxy.proxy import HANG_SECONDS
from lab.engine.replication import hold_item, key_of
from lab.engine.strong_tables.calls import StrongCall, read
from lab.engine.strong_tables.quorum import Quorum

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from lab.engine.aws import Aws
    from lab.engine.outages.losses import Style
    from lab.engine.outages.outage import Outage
    from lab.engine.replication import Replication
    from lab.engine.strong_tables.calls import Keys
    from lab.engine.strong_tables.quorum import Members

Answer = tuple[int, dict[str, str], Any]
# Seconds between two checks: was a stall healed, are copies due.
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Copy:
    """A version of an item that a Region's copy does not hold yet. `new` is None: deleted."""

    number: int
    due: float
    key: tuple[Any, Any]
    new: dict[str, Any] | None
    written_here: bool


@dataclass
class StrongTable:
    """One strong table."""

    keys: Keys
    quorum: Quorum
    latest: dict[Any, dict[Any, Any]] = field(default_factory=lambda: defaultdict(dict))
    number: int = 0
    waiting: dict[str, list[Copy]] = field(default_factory=lambda: defaultdict(list))
    held: dict[str, dict[Any, int]] = field(default_factory=lambda: defaultdict(dict))
    writers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


class StrongTables:
    """All strong tables of the lab."""

    def __init__(self, aws: Aws, outage: Outage, replication: Replication) -> None:
        self.tables: dict[str, StrongTable] = {}
        self._aws = aws
        self._outage = outage
        self._replication = replication
        # Copies are delivered by another thread.
        self._lock = threading.RLock()

    def add(self, name: str, keys: Keys, members: Members) -> None:
        """Make an empty table strong."""
        quorum = Quorum(members, self._outage, self._aws.clock)
        with self._lock:
            self.tables[name] = StrongTable(keys, quorum)

    def remove(self, name: str) -> None:
        """Forget a table."""
        with self._lock:
            self.tables.pop(name, None)

    def members_of(self, name: str) -> Members | None:
        """Return the members of a strong table; None for any other."""
        table = self.tables.get(name)
        return table.quorum.members if table else None

    def members_in(self, region: str, name: str) -> Members | None:
        """Return the members of a table that is strong in a Region; None for any other."""
        members = self.members_of(name)
        return members if members and region in members.replicas else None

    def read(self, operation: str, body: bytes) -> StrongCall | None:
        """Return what a request wants of the strong tables in its Region, or None."""
        region = self._aws.region()
        there = {
            name: table.keys
            for name, table in list(self.tables.items())
            if self.members_in(region, name)
        }
        try:
            return read(operation, json.loads(body or b"{}"), there) if there else None
        except ValueError:
            return None

    async def answer(self, call: StrongCall, act: Callable[[], Answer]) -> Answer:
        """Answer a call. `act` has MiniStack do it, with what its Region's tables hold then."""
        if call.refusal:
            message = f"{call.refusal} on tables with multi-Region strong consistency."
            return self._error("ValidationException", message, 400)
        if not call.needs_latest:
            with self._lock:
                return act()
        region = self._aws.region()
        refused, answer = await self._through_quorum(call, region, act)
        if refused is None:
            return answer
        if refused == "hang":
            await asyncio.sleep(HANG_SECONDS)
        return self._error("InternalServerError", f"No quorum is reached from {region}.", 500)

    async def _through_quorum(
        self, call: StrongCall, region: str, act: Callable[[], Answer]
    ) -> tuple[Style | None, Answer]:
        """Return how the call is refused, or None, and its answer."""
        with self._writing(call, region) as rivals:
            answer = self._conflict()
            if refused := await self._half_a_trip(call, region):
                return refused, answer
            if not rivals:
                answer = self._on_latest(call, act)
            return await self._half_a_trip(call, region), answer

    async def _half_a_trip(self, call: StrongCall, region: str) -> Style | None:
        """Wait for half a round trip; return how the call failed on the way, or None."""
        table = self.tables.get(call.table)
        for seconds in (table.quorum.round_trip(region) / 2 if table else 0.0, 0.0):
            while stalled := self._outage.stalled_for():
                await asyncio.sleep(min(stalled, LOOK_SECONDS))
            if table and (refused := table.quorum.refusal(region)):
                return refused
            await asyncio.sleep(seconds)
        return None

    @contextmanager
    def _writing(self, call: StrongCall, region: str) -> Iterator[bool]:
        """Note who writes what meanwhile; yield whether another Region already writes the item.

        The one that came first goes on.
        """
        if call.written is None:
            yield False
            return
        writers = self.tables[call.table].writers[call.written]
        rivals = any(count for other, count in writers.items() if other != region)
        writers[region] += not rivals
        try:
            yield rivals
        finally:
            writers[region] -= not rivals

    def _on_latest(self, call: StrongCall, act: Callable[[], Answer]) -> Answer:
        """Act on the latest version in the place of the Region's copy."""
        stored, name = self._aws.dynamodb._tables, call.table
        with self._lock:
            if name not in self.tables or name not in stored:
                return act()
            table = stored[name]
            try:
                # MiniStack keeps what its indexes hold beside the items; it makes it again.
                view = {k: v for k, v in table.items() if k != self._aws.dynamodb._INDEX_MEMBERS}
                stored[name] = {**view, "items": self.tables[name].latest}
                return act()
            finally:
                stored[name] = table

    def wrote(self, table: dict[str, Any], old: Any, new: Any) -> None:
        """Send a new version, or a deletion, to the copies of all Regions; this one's lags too.

        Raises
        ------
        RuntimeError
            It was not written to the latest version.
        """
        name, source = table["TableName"], self._aws.region()
        strong = self.tables[name]
        if table["items"] is not strong.latest:
            raise RuntimeError(f"{name} was written to without its quorum.")
        key = key_of(self._aws.dynamodb, table, old if new is None else new)
        strong.number += 1
        for region in strong.quorum.members.replicas:
            due = time.monotonic() + self._replication.lag_of(("item", region, name, *key))
            copied = Copy(strong.number, due, key, copy.deepcopy(new), region == source)
            strong.waiting[region].append(copied)

    def deliver_due(self, now: float) -> None:
        """Bring the copies up to date, in those Regions that are in touch with the others."""
        for name, table in list(self.tables.items()):
            for region in table.quorum.members.replicas:
                if table.quorum.refusal(region) is None:
                    self._deliver(name, table, region, now)

    def _deliver(self, name: str, table: StrongTable, region: str, now: float) -> None:
        with self._lock:
            waiting, held = table.waiting[region], table.held[region]
            table.waiting[region] = [c for c in waiting if c.due > now]
            for copied in waiting:
                if copied.due <= now and copied.number > held.get(copied.key, 0):
                    held[copied.key] = copied.number
                    to_stream = not copied.written_here
                    hold_item(self._aws, region, name, copied.key, copied.new, to_stream=to_stream)

    def run(self) -> None:
        """Deliver for ever."""
        while True:
            time.sleep(LOOK_SECONDS)
            self.deliver_due(time.monotonic())

    def status(self) -> dict[str, Any]:
        """Return the witness of each strong table, and how each Region answers strong calls."""
        return {
            "stalled_seconds": round(self._outage.stalled_for(), 3),
            "tables": {name: _status(table) for name, table in list(self.tables.items())},
        }

    def _conflict(self) -> Answer:
        message = (
            "One or more items in this request are being modified by a request in another Region"
        )
        # botocore retries this name only with this code.
        return self._error("ReplicatedWriteConflictException", message, 409)

    def _error(self, name: str, message: str, status: int) -> Answer:
        answer: Answer = self._aws.dynamodb.error_response_json(name, message, status)
        return answer


def _status(table: StrongTable) -> dict[str, Any]:
    quorum, answers = table.quorum, {None: "answers", "hang": "silent"}
    return {
        "witness": quorum.members.witness,
        "regions": {
            region: {"strong_calls": answers.get(quorum.refusal(region), "InternalServerError")}
            for region in quorum.members.replicas
        },
    }


def install(aws: Aws, strong: StrongTables) -> None:
    """Stand in front of MiniStack's DynamoDB, whoever calls it, and behind its writes."""
    dynamodb = aws.dynamodb

    @wrap(dynamodb, "handle_request")
    async def handle_by_quorum(
        handle: Any, method: str, path: str, headers: dict[str, str], body: bytes, query: Any
    ) -> Answer:
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        call = strong.read(operation, body)
        request = (method, path, headers, body, query)
        if call is None:
            plain: Answer = await handle(*request)
            return plain
        return await strong.answer(call, lambda: _at_once(handle(*request)))

    @wrap(dynamodb, "_replicate_write")
    def replicate_or_note(
        replicate: Any, table: dict[str, Any], event: str, old: Any, new: Any
    ) -> None:
        if strong.members_of(table["TableName"]) is None:
            replicate(table, event, old, new)
        else:
            strong.wrote(table, old, new)

    threading.Thread(target=strong.run, daemon=True, name="strong tables").start()


def _at_once(handling: Coroutine[Any, None, Answer]) -> Answer:
    """Run a coroutine that waits for nothing, so that nothing else happens meanwhile."""
    try:
        handling.send(None)
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    raise AssertionError("MiniStack's DynamoDB waits: it is not the version this lab knows.")
