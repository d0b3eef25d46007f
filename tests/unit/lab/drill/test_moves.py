"""Planned moves under load: their course, and what they come to."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from lab.config import LabError
from lab.drill import moves as moves_module, own_lab as own_lab_module, watching
from lab.drill.moves import Move, Moves, Report
from lab.drill.observations import ControlItem, Execution, Request, State, Write
from lab.progress import Progress
from tests.unit.lab.drill.rows import item
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY
from tests.unit.lab.made_up_sam import started

if TYPE_CHECKING:
    from pathlib import Path


class World:
    """A lab in simulated time. A move takes three seconds, and its writes are refused for two."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.healthy = True
        self.outcomes: list[str] = []
        self.asked: list[str] = []
        self.moved_at: list[float] = []
        self.active = PRIMARY
        self.lost: set[str] = set()
        self.running: list[str] = []
        self.holds_until = 1.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    # --- what is asked of the lab ----------------------------------------------------------------
    def act(self, action: str) -> Any:
        found = {"health": [{"healthy": self.healthy}], "replication": {"links": {}}}
        return found[action]

    def leads_to(self) -> str:
        return self.active

    def run(self, machine: str, request: dict[str, Any]) -> Execution:
        assert machine == "switchover"
        number = len(self.asked)
        self.asked.append(request["mode"])
        self.moved_at.append(self.now)
        self.now += 3
        outcome = self.outcomes[number] if number < len(self.outcomes) else "switched_over"
        if outcome == "switched_over":
            self.active = SECONDARY if self.asked[number] == "switchover" else PRIMARY
        output = {"outcome": outcome, "summary": f"It {outcome}."}
        drain = State("Drain", self.now - 2.5, self.now - 2.25)
        return Execution("run", {}, "SUCCEEDED", output, 0.0, self.now, [drain])

    def executions(self, _since: float) -> list[Execution]:
        """A run that the deployment began, which may hold for a while."""
        ended = self.holds_until if self.now >= self.holds_until else None
        return [Execution("run 0", {}, "RUNNING", {}, 0.0, ended, [])]

    def control(self) -> ControlItem | None:
        return ControlItem(self.active, 1)

    def rows(self, region: str) -> list[dict[str, Any]]:
        assert region == self.active
        return [item(f"i{n}", f"w{n}") for n in range(4) if f"w{n}" not in self.lost]


class User:
    """Writes twice a second; what falls into a move's last two seconds is refused."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.writes = [Write(f"i{n}", f"w{n}", 0.0, PRIMARY) for n in range(4)]

    def start(self) -> None:
        self._world.running.append("user")

    def stop(self) -> None:
        self._world.running.remove("user")

    @property
    def requests(self) -> list[Request]:
        found = []
        for number in range(int((self._world.now - 1000.0) * 2)):
            at = 1000.0 + number / 2
            good = not any(m + 1 <= at < m + 3 for m in self._world.moved_at)
            found.append(Request("write", at, at + 0.1, good, PRIMARY, "said"))
        return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    for module in (moves_module, own_lab_module, watching):
        monkeypatch.setattr(module, "time", found)
    for module in (moves_module, own_lab_module):
        monkeypatch.setattr(module, "Watch", lambda _config, lab: lab)
    monkeypatch.setattr(moves_module, "Https", lambda _config: None)
    monkeypatch.setattr(moves_module, "Traffic", lambda _config, _https: User(found))
    return found


def made(world: World, count: int = 2) -> Report:
    config, progress = CONFIG.with_options(speed=10.0), Progress(Console(file=StringIO()))
    return Moves(config, world, progress, users=2).run(count)  # type: ignore[arg-type]


def test_moves_go_there_and_back_in_turn_and_each_is_measured(world: World) -> None:
    found = made(world, 3)
    assert world.asked == ["switchover", "failback", "switchover"]
    assert [m.outcome for m in found.moves] == ["switched_over"] * 3
    assert found.refused == pytest.approx([2.1] * 3, abs=0.3)
    assert found.passed


def test_a_run_that_the_deployment_began_is_waited_for(world: World) -> None:
    world.holds_until = 1030.0
    made(world, 1)
    assert world.moved_at[0] > 1030.0


def test_users_end_whatever_becomes_of_the_moves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(world, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made(world)
    assert world.running == []


def test_a_move_that_was_refused_is_no_pass(world: World) -> None:
    world.outcomes = ["refused"]
    found = made(world)
    assert [m.outcome for m in found.moves] == ["refused", "switched_over"]
    assert found.moves[0].summary == "It refused."
    assert not found.passed


def test_a_write_that_is_not_there_in_the_end_is_lost(world: World) -> None:
    world.lost = {"w2"}
    found = made(world)
    assert (found.acknowledged_writes, found.present_writes, found.lost_writes) == (4, 3, 1)
    assert not found.passed


def test_checks_that_do_not_settle_are_an_error(world: World) -> None:
    world.healthy = False
    with pytest.raises(LabError, match="did not settle"):
        made(world)
    assert world.asked == []


def test_a_control_item_that_cannot_be_read_is_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "control", lambda: None)
    with pytest.raises(LabError, match="control item"):
        made(world)


def test_what_the_moves_came_to_is_written_and_told(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    done: list[str] = []
    engine = type("Engine", (), {"stop": lambda _self, _error=None: done.append("stopped")})()
    monkeypatch.setattr(
        own_lab_module.process,
        "start",
        lambda *_, owned, meanwhile: started(engine, meanwhile) if owned else None,
    )
    monkeypatch.setattr(own_lab_module.deployment, "build", lambda: done.append("built"))
    monkeypatch.setattr(own_lab_module.deployment, "deploy", lambda *_: done.append("deployed"))
    monkeypatch.setattr(
        World,
        "act",
        lambda _self, action, **_: {
            "health": [{"healthy": True}],
            "replication": {"links": {}},
            "speed": {},
        }[action],
    )
    monkeypatch.setattr(own_lab_module, "Control", lambda _config: world)
    moves_module.run_moves(CONFIG.with_options(speed=10.0), tmp_path / "new", count=2, users=1)
    written = json.loads((tmp_path / "new" / "moves.json").read_text())
    assert [m["mode"] for m in written["moves"]] == ["switchover", "failback"]
    assert written["lost_writes"] == 0
    assert done == ["built", "deployed", "stopped"]


@pytest.mark.parametrize(
    ("refused", "told"),
    [([1.0, 3.0, 2.0], "2.00 s (p50), 3.00 s at most"), ([None], "unknown")],
)
def test_the_refused_windows_are_told(
    refused: list[float | None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = StringIO()
    monkeypatch.setattr(moves_module, "console", Console(file=screen, width=200))
    moves = [Move("switchover", "switched_over", 9.0, r, "") for r in refused]
    moves_module.show(Report(moves, 10, 10, 0, 0.5, 10.0))
    assert told in screen.getvalue()
    assert "PASS" in screen.getvalue()
