"""The drill of an application in simulated time: what it waits for, and what it looks at."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from lab.config import LabError
from lab.drill import watching
from lab.drill.application import scenario
from lab.drill.application.conformance import Finding
from lab.drill.application.scenario import RETURNED_WRITES, AppDrill
from lab.drill.application.users import Call
from lab.drill.observations import Execution
from lab.progress import Progress
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything
from tools.reader.contract import Contract

if TYPE_CHECKING:
    from lab.drill.application.scenario import Observed

RUN_SECONDS, ENDPOINT = 12.0, "pilot-light-endpoint"


class World:
    """The Primary is lost and comes back; the Secondary is promoted 12 s after the loss."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lost: float | None = None
        self.healed: float | None = None
        self.healthy_after_heal = 5.0
        self.seen_healthy, self.fails_before = True, False
        self.first_outcomes = ["promoted"]
        self.switchovers = ["switched_over"]
        # Items that are missing in the Secondary, and when the return of the Primary brings them.
        self.late = {"i-0": 4.0}
        self.done: list[Any] = []

    def time(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return int(self.now * 1e9)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    # --- the lab ---------------------------------------------------------------------------------
    def act(self, action: str, **given: Any) -> Any:
        if action == "health":
            since = None if self.healed is None else self.now - self.healed
            healthy = self.lost is None or (since is not None and since >= self.healthy_after_heal)
            return [{"name": ENDPOINT, "healthy": healthy}, {"name": "other", "healthy": True}]
        self.done.append((action, given.get("region")) if given else action)
        setattr(self, {"outage": "lost", "heal": "healed"}[action], self.now)
        return {}

    def mark_as_drill(self) -> None:
        self.done.append("marked")

    def leads_to(self) -> str:
        return SECONDARY

    # --- what is read ----------------------------------------------------------------------------
    def has_seen_primary_healthy(self) -> bool:
        return self.seen_healthy

    def executions(self, since: float) -> list[Execution]:
        assert since == self.lost
        ended = since + RUN_SECONDS
        if self.now < ended:
            return [Execution("run", {}, "RUNNING", {}, since, None, [])]
        return [
            Execution(o, {}, "SUCCEEDED", {"outcome": o}, since, ended, [])
            for o in self.first_outcomes
        ]

    def run(self, machine: str, request: dict[str, Any]) -> Execution:
        self.done.append(f"{machine} {request['mode']}")
        if machine == "failover":
            return Execution("arn", {}, "SUCCEEDED", {"verdict": "PASS"}, self.now, self.now, [])
        outcome = self.switchovers.pop(0)
        output = {"outcome": outcome, "summary": f"It {outcome}."}
        return Execution("arn", {}, "SUCCEEDED", output, self.now, self.now, [])

    def overview(self) -> dict[str, Any]:
        self.done.append("overview")
        self.overview_at = self.now
        return {"facts": {"ledger": {"verdict": "attention"}}}

    def ledger(self, **request: Any) -> dict[str, Any]:
        self.done.append(request["action"])
        return {}

    # --- users and requests ----------------------------------------------------------------------
    def start(self) -> None:
        self.done.append("users")

    def stop(self) -> None:
        self.done.append("users end")

    @property
    def calls(self) -> list[Call]:
        at = self.now - 1 if self.lost is None else self.lost - 1
        before = Call("write", "i-0", at, at + 0.1, PRIMARY, 500 if self.fails_before else 200)
        after = Call("write", "i-1", self.now, self.now, SECONDARY, 200)
        return [before, after] if self.lost and self.now > self.lost + 5 else [before]

    def acknowledged(self) -> list[Call]:
        return [c for c in self.calls if c.good]

    def write(self, region: str, host: str, item_id: str) -> Call:
        assert (region, host) == (PRIMARY, f"{PRIMARY}.pilotlight.example")
        return Call("write", item_id, self.now, self.now, region, 503)

    def read(self, region: str, host: str, item_id: str) -> Call:
        assert (region, host) == (SECONDARY, f"{SECONDARY}.pilotlight.example")
        arrives = self.late.get(item_id, -99.0)
        there = arrives < 0 or (self.healed is not None and self.now >= self.healed + arrives)
        return Call("read", item_id, self.now, self.now, region, 200 if there else 404)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    for module in (scenario, watching):
        monkeypatch.setattr(module, "time", made)
    for name in ("Watch", "Requests", "AppTraffic"):
        monkeypatch.setattr(scenario, name, lambda *_: made)
    met = [Finding(0, "health", True, "200")]
    monkeypatch.setattr(scenario, "Conformance", lambda *_: Anything(run=lambda: met))
    return made


def drilled(world: World, level: int = 2) -> Observed:
    progress = Progress(Console(file=StringIO()))
    contract = Contract(level, "orders*", "orders", "ApiId")
    return AppDrill(CONFIG, world, contract, progress).run()  # type: ignore[arg-type]


def test_a_drill_goes_from_conformance_over_the_loss_and_the_return_to_the_way_back(
    world: World,
) -> None:
    seen = drilled(world)
    assert world.done == [
        *("users", "failover rehearsal", "marked", ("outage", PRIMARY), "heal", "overview"),
        *("reconcile", "accept", "switchover failback", "users end"),
    ]
    assert [f.name for f in seen.conformance] == ["health"]
    assert (seen.level, seen.leads_to, seen.ledger) == (2, SECONDARY, "attention")
    assert seen.rehearsal is not None
    assert seen.rehearsal.output == {"verdict": "PASS"}
    assert seen.failback_message == "It switched_over."
    assert [c.item_id for c in seen.calls] == ["i-0", "i-1"]


@pytest.mark.parametrize("level", [0, 1])
def test_below_level_2_there_is_no_ledger_to_work_off(world: World, level: int) -> None:
    seen = drilled(world, level)
    assert not {"reconcile", "accept"} & {str(d) for d in world.done}
    assert seen.held_before_failback == {}


def test_the_run_that_promoted_is_the_one_that_is_reported(world: World) -> None:
    world.first_outcomes = ["held", "promoted"]
    seen = drilled(world)
    assert seen.failover is not None
    assert seen.failover.output["outcome"] == "promoted"


def test_the_returned_primary_gets_writes_of_their_own_ids_by_its_own_name(world: World) -> None:
    seen = drilled(world)
    assert len({c.item_id for c in seen.returned}) == len(seen.returned) == RETURNED_WRITES


def test_the_way_back_waits_until_the_returned_primary_is_found_healthy(world: World) -> None:
    world.healthy_after_heal = 30.0
    drilled(world)
    assert world.healed is not None
    assert world.overview_at - world.healed >= 30


def test_a_write_that_came_late_is_looked_for_again_before_the_way_back(world: World) -> None:
    world.late = {"i-0": 9.0}
    seen = drilled(world)
    assert seen.read_back == {"i-0": False, "i-1": True}
    assert seen.held_before_failback == {"i-0": True}


def test_a_write_that_never_comes_is_not_waited_for_for_ever(world: World) -> None:
    world.late = {"i-0": 9999.0}
    assert drilled(world).held_before_failback == {"i-0": False}


def test_a_refused_move_is_tried_again_and_the_last_one_counts(world: World) -> None:
    world.switchovers = ["refused", "refused", "refused", "switched_over"]
    seen = drilled(world)
    assert world.done.count("switchover failback") == 3
    assert seen.failback_message == "It refused."


def test_requests_that_fail_before_the_outage_end_the_drill_and_its_users(world: World) -> None:
    world.fails_before = True
    with pytest.raises(LabError, match="1 requests failed before the outage; the first, a write"):
        drilled(world)
    assert world.done == ["users", "users end"]


def test_a_lab_that_does_not_settle_is_an_error_before_anything_is_tried(world: World) -> None:
    world.seen_healthy = False
    with pytest.raises(LabError, match="sentinel has not found the Primary healthy"):
        drilled(world)
    world.lost = world.now
    with pytest.raises(LabError, match="did not settle"):
        drilled(world)
    assert world.done == []
