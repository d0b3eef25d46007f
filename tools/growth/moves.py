"""A planned move, and the watermark that moves on every minute, while users write."""

from __future__ import annotations

import gc
import re
from dataclasses import dataclass
from typing import Any

import yaml
from pilot_light_client.journal import MARK, entry_key
from pilot_light_client.ulid_format import at as ulid_at, lowest_of
from pilotlight.journal.comparison import MARGIN_MS, Mark
from pilotlight.journal.proof import JournalProof, advance, compare_tails
from pilotlight.journal.reader import Journal, Watermark
from pilotlight.shared.app_tables import AppTables

from tools.growth.assumed import BETWEEN_STATES, DECIDING, REFRESH, ROW_BYTES
from tools.growth.engine import Region, Table
from tools.growth.waiting import Clock, client, side_by_side
from tools.reader import ROOT
from tools.reader.template import load

SOURCE, TARGET = "us-west-2", "us-east-2"
JOURNAL, ITEMS, RECOVERIES = "journal", "items", "recoveries"
TABLES = AppTables.parse([f"{ITEMS}:id"])
EPOCH = 1
# Milliseconds since 1970 at which a move is started.
START_MS = 1_800_000_000_000
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Limits:
    """What the template and the machine grant a proof.

    `drain_seconds` is from the drain to its end, if nobody claims; `lease_seconds` of it pass
    before the first comparison. At most `comparisons` calls compare before the drain, and `proofs`
    in it, of `call_seconds` each.
    """

    drain_seconds: float
    lease_seconds: float
    comparisons: int
    proofs: int
    call_seconds: float
    keep_up_seconds: float
    memory_mb: float

    @classmethod
    def read(cls) -> Limits:
        """Read them from the Secondary's template and the machine's definition."""
        stack = load("secondary")
        given = stack.properties("SwitchoverMachine")["DefinitionSubstitutions"]
        proof = {**stack.function_defaults, **stack.properties("ProofFunction")}
        text = (ROOT / "statemachines" / "switchover.asl.yaml").read_text(encoding="utf-8")
        call = yaml.safe_load(text)["States"]["Prove"]
        (comparisons,), (proofs,) = (
            re.findall(rf"\${name} < (\d+)", text) for name in ("comparisons", "proofs")
        )
        most = float(given["MaxWriteSeconds"])
        return cls(
            drain_seconds=float(given["DrainSeconds"]) + most,
            lease_seconds=float(given["FenceSeconds"]) + most,
            comparisons=int(comparisons),
            proofs=int(proofs),
            call_seconds=float(call["TimeoutSeconds"]),
            keep_up_seconds=float(proof["Timeout"]),
            memory_mb=float(proof["MemorySize"]),
        )


@dataclass(frozen=True)
class Move:
    """A planned move at so many writes a second.

    What is before the drain is `catching_up`, its calls and seconds, and `caught_up_entries`. The
    rest is in the drain: `seconds` are those of the lease and of all comparisons, `longest` those
    of the longest call.
    """

    writes_per_second: int
    catching_up: tuple[int, float]
    caught_up_entries: int
    entries: int
    requests: int
    rows: int
    units: float
    calls: int
    worked: float
    waited: float
    seconds: float
    longest: float
    complete: bool

    def within(self, limits: Limits) -> bool:
        """Whether the claim comes within the drain."""
        in_time = self.seconds <= limits.drain_seconds and self.longest <= limits.call_seconds
        return self.complete and in_time


class World:
    """Both Regions' tables while users of the source write, each write to an item of its own."""

    def __init__(self, writes_per_second: int, limits: Limits, since_ms: int) -> None:
        # What arrives at once in the target is the same table: replication is not what is counted.
        replicas = {JOURNAL: Table("pk", "sk"), ITEMS: Table("id")}
        self.source = Region(dict(replicas))
        self.target = Region({**replicas, RECOVERIES: Table("pk")})
        self.clock = Clock(START_MS, limits.memory_mb)
        self._step_ms = 1000 / writes_per_second
        self._first_ms, self._written = since_ms, 0
        self.own = client(self.target, self.clock)
        watermark = Watermark(self.own, RECOVERIES, SOURCE, EPOCH)
        watermark.advance(Mark(lowest_of(since_ms), 1))
        source, target = (
            Journal(each, JOURNAL, TABLES, SOURCE, EPOCH)
            for each in (client(self.source, self.clock, far=True), self.own)
        )
        regions = (SOURCE, TARGET)
        now = self.clock.milliseconds
        self.proof = JournalProof(regions, source, target, watermark, lambda: None, now)

    def write_until(self, moment_ms: float) -> None:
        """Let users write until then, evenly."""
        with self.clock.aside():
            journal, items = self.source.tables[JOURNAL], self.source.tables[ITEMS]
            while (written_ms := self._first_ms + self._written * self._step_ms) < moment_ms:
                entry, item = _rows(int(written_ms), self._written)
                journal.put(entry, ROW_BYTES)
                items.put(item, ROW_BYTES)
                self._written += 1
            # A function has no such tables in its memory: they are not to be collected in its time.
            gc.freeze()

    def counted(self, what: str) -> float:
        """Return a count over both Regions."""
        return self.source.total(what) + self.target.total(what)

    def forget(self) -> None:
        """Count from here on."""
        self.source.read.clear()
        self.target.read.clear()


def _rows(written_ms: int, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    write_id = ulid_at(written_ms, number.to_bytes(10, "big"))
    version = {
        "version": {"N": "1"},
        "write_id": {"S": write_id},
        "region": {"S": SOURCE},
        "epoch": {"N": str(EPOCH)},
    }
    key = {"id": {"S": write_id}}
    entry = {**entry_key(SOURCE, EPOCH, write_id), "table": {"S": ITEMS}, "key": {"M": key}}
    mark = {**version, "at": {"S": "2027-01-15T08:00:00.000Z"}, "deleted": {"BOOL": False}}
    return {**entry, "version": version["version"]}, {**key, MARK: {"M": mark}}


def _threads(world: World) -> Any:
    return side_by_side(world.clock, "pilotlight.journal.reader")


def move(writes_per_second: int, limits: Limits) -> Move:
    """Move once: compare what is old enough while users write, drain, compare the rest.

    The schedule has just not run, so that the watermark is a minute behind what is old enough.
    """
    world = World(writes_per_second, limits, START_MS - MARGIN_MS - MINUTE_MS)
    clock = world.clock
    with _threads(world):
        calls, compared = _catch_up(world, limits)
        before = clock.seconds
        drained_ms = clock.milliseconds() + DECIDING * 1000
        world.write_until(drained_ms + REFRESH * 1000)
        clock.waited += DECIDING + limits.lease_seconds
        world.forget()
        worked, waited = clock.worked, clock.waited
        done, lasted = _tails(world, limits)
    return Move(
        writes_per_second=writes_per_second,
        catching_up=(calls, before),
        caught_up_entries=compared,
        entries=done.get("so_far", done)["writes"],
        requests=int(world.counted("requests")),
        rows=int(world.counted("rows")),
        units=world.counted("units"),
        calls=len(lasted),
        worked=clock.worked - worked,
        waited=clock.waited - waited,
        seconds=limits.lease_seconds + sum(lasted),
        longest=max(lasted),
        complete=done["complete"],
    )


def _catch_up(world: World, limits: Limits) -> tuple[int, int]:
    """Compare as the machine does before the drain; return its calls, and how many entries."""
    calls, done = 0, dict[str, Any](caught_up=False)
    while not done["caught_up"] and calls < limits.comparisons:
        # One second between two of them.
        world.clock.waited += BETWEEN_STATES + bool(calls)
        world.write_until(world.clock.milliseconds())
        done, calls = advance(world.proof), calls + 1
    return calls, done["compared"] - 1


def _tails(world: World, limits: Limits) -> tuple[dict[str, Any], list[float]]:
    """Compare as the machine does, and return the last answer and the seconds of each call."""
    done: dict[str, Any] = {"complete": False}
    lasted: list[float] = []
    while not done["complete"] and len(lasted) < limits.proofs:
        begun = world.clock.seconds
        done = compare_tails(world.proof, done.get("so_far"))
        world.clock.waited += BETWEEN_STATES
        lasted.append(world.clock.seconds - begun)
    return done, lasted
