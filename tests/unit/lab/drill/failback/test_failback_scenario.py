"""The scenario of a failback: what a person would do with the ledger, and then the move."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from lab.drill import watching
from lab.drill.failback import scenario as failback_scenario
from lab.drill.failback.scenario import WHO, fail_back
from lab.drill.observations import ControlItem, Execution, Observations, Write
from lab.progress import Progress
from tests.unit.lab.drill.rows import item
from tests.unit.lab.drill.samples import nothing
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything

ARN = "arn:aws:states:us-east-2:000000000000:execution:pilot-light-switchover:1"


class World:
    """A lab after a failover, in simulated time. The move takes four seconds, DNS one more."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.complete_after = 1
        self.kinds = {"w1": ["late"], "w2": ["late", "lost"]}
        self.status = {"w1": "open", "w2": "open"}
        self.asked: list[dict[str, Any]] = []
        self.started_at: float | None = None
        self.move_seconds = 4.0
        self.refuses = 0
        self.done: list[str] = []
        self.writes: list[Write] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    # --- what is read of the lab -----------------------------------------------------------------
    def whole_ledger(self) -> dict[str, Any]:
        return self.ledger(action="list")

    def ledger(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        chosen = request.get("write_ids", [])
        for write_id in [w for w, s in self.status.items() if s == "open"]:
            if request["action"] in ("accept", "replay") and (
                chosen == "all" or write_id in chosen
            ):
                done = {"accept": "accepted", "replay": "replayed"}[request["action"]]
                self.status[write_id] = done
        found = [
            {"write_id": w, "kinds": k, "status": self.status[w]} for w, k in self.kinds.items()
        ]
        tries = sum(r["action"] == "reconcile" for r in self.asked)
        still = sum(s == "open" for s in self.status.values())
        return {"open": still, "entries": found, "complete": tries >= self.complete_after}

    def run(self, machine: str, request: dict[str, Any]) -> Execution:
        self.done.append(f"{machine} {request['mode']}")
        self.started_at = self.now
        self.now += min(self.move_seconds, 90.0)
        ended = self.since() >= self.move_seconds
        output = {"outcome": "switched_over"} if ended else {}
        if self.refuses:
            self.refuses -= 1
            output = {"outcome": "refused", "summary": "release_parity: unknown."}
        status = "SUCCEEDED" if ended else "RUNNING"
        return Execution(ARN, {}, status, output, 0.0, self.now, [])

    def since(self) -> float:
        return -1.0 if self.started_at is None else self.now - self.started_at

    def leads_to(self) -> str:
        return PRIMARY if self.since() >= self.move_seconds + 1 else SECONDARY

    def act(self, action: str) -> Any:
        assert action == "replication"
        return {"links": {"there": {"waiting": 0}, "back": {"waiting": 0}}}

    def control(self) -> ControlItem:
        return ControlItem(PRIMARY, 3)

    def rows(self, region: str) -> list[dict[str, Any]]:
        self.done.append(f"rows of {region}")
        return [item("replaced", "w9", text="as it was written")]

    def stop(self) -> None:
        self.done.append("traffic stopped")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    for module in (failback_scenario, watching):
        monkeypatch.setattr(module, "time", found)
    return found


def failed_back(world: World) -> Observations:
    seen = nothing()
    seen.overwritten = Write("replaced", "w2", 1.0, PRIMARY)
    progress = Progress(Console(file=StringIO()))
    of_the_lab = dict.fromkeys(("lab", "watch", "traffic"), world)
    fail_back(Anything(config=CONFIG, observed=seen, progress=progress, **of_the_lab))
    return seen


def test_what_was_lost_is_replayed_and_the_rest_accepted_before_the_move(world: World) -> None:
    back = failed_back(world).failback
    assert back is not None
    assert [r["action"] for r in world.asked] == ["reconcile", "list", "replay", "accept", "list"]
    assert world.asked[2] == {"action": "replay", "write_ids": ["w2"], "by": WHO}
    assert world.status == {"w1": "accepted", "w2": "replayed"}
    assert (back.complete, back.open_after) == (True, 0)
    assert [e["status"] for e in back.ledger] == ["accepted", "replayed"]


def test_where_nothing_was_lost_nothing_is_replayed(world: World) -> None:
    world.kinds = {"w1": ["late"]}
    world.status = {"w1": "open"}
    failed_back(world)
    assert "replay" not in [r["action"] for r in world.asked]


def test_the_comparison_is_asked_for_until_it_is_complete(world: World) -> None:
    world.complete_after = 3
    back = failed_back(world).failback
    assert back is not None
    assert back.complete
    assert [r["action"] for r in world.asked].count("reconcile") == 3


def test_a_comparison_that_never_ends_is_told_and_not_waited_for_for_ever(world: World) -> None:
    world.complete_after = 10_000
    back = failed_back(world).failback
    assert back is not None
    assert not back.complete


def test_the_move_is_made_under_traffic_and_looked_at_after_it(world: World) -> None:
    world.writes = [Write("i", "w7", 1000.0 + 9, PRIMARY), Write("i", "w8", 1.0, SECONDARY)]
    back = failed_back(world).failback
    assert back is not None
    assert world.done == ["switchover failback", "traffic stopped", f"rows of {PRIMARY}"]
    assert back.run is not None
    assert (back.run.outcome, back.leads_to) == ("switched_over", PRIMARY)
    assert back.ended - back.requested == pytest.approx(4.0, abs=0.3)
    assert back.control == ControlItem(PRIMARY, 3)
    assert (back.written, back.replaced_text) == (frozenset({"w9"}), "as it was written")
    assert back.served == {PRIMARY: 1}, "those of long ago do not count"


def test_a_move_that_does_not_end_is_seen_running(world: World) -> None:
    world.move_seconds = 10_000
    back = failed_back(world).failback
    assert back is not None
    assert back.run is not None
    assert back.run.outcome == "none"
    assert back.leads_to == SECONDARY


def test_a_move_that_is_refused_is_asked_for_again_and_told(world: World) -> None:
    world.refuses = 1
    back = failed_back(world).failback
    assert back is not None
    assert back.run is not None
    assert world.done[:2] == ["switchover failback"] * 2
    assert back.run.outcome == "switched_over"
    assert back.ended - back.requested == pytest.approx(4.0, abs=0.3), "of the last one"


def test_a_move_that_is_refused_for_good_is_not_asked_for_for_ever(world: World) -> None:
    world.refuses = 100
    back = failed_back(world).failback
    assert back is not None
    assert back.run is not None
    assert back.run.outcome == "refused"
    assert world.done.count("switchover failback") == failback_scenario.ATTEMPTS
