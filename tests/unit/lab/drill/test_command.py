"""`lab drill`: what it prints, and that its lab ends however the drill ends."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from lab import deployment, process
from lab.config import LabError
from lab.drill import command, own_lab
from lab.progress import Progress
from tests.unit.lab.drill.report import sample_report
from tests.unit.lab.drill.samples import passing, unrecovered
from tests.unit.lab.engine.fakes import CONFIG, Anything
from tests.unit.lab.made_up_sam import started

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Drill:
    """A drill whose every part is told what becomes of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        run, self.reports = folder / ".lab" / "run", folder / "reports"
        self.screen = StringIO()
        self.done: list[str] = []
        self.stopped_because: BaseException | None = None
        self.seen, self.ends_with = passing(), dict[str, BaseException]()
        console = Console(file=self.screen, width=200, highlight=False)
        monkeypatch.setattr(command, "console", console)
        monkeypatch.setattr(command, "Progress", lambda: Progress(console))
        monkeypatch.setattr(command, "Scenario", lambda *_, **__: self)
        lab = Anything(act=lambda action, factor: self._do(f"{action} {factor:g}"))
        monkeypatch.setattr(own_lab, "Control", lambda _config: lab)
        monkeypatch.setattr(process, "RUN", run)
        monkeypatch.setattr(process, "STATE", run.parent)
        monkeypatch.setattr(process, "start", self._start)
        monkeypatch.setattr(deployment, "build", lambda *_: self._do("build"))
        monkeypatch.setattr(deployment, "deploy", lambda *_: self._do("deploy"))
        run.mkdir(parents=True)
        (run / "engine.log").write_text("what the engine said")

    def _start(self, config: Any, *, owned: bool, meanwhile: Callable[[], None]) -> Any:
        self._do("start owned" if owned else "start")
        return started(self, meanwhile)

    def stop(self, because: BaseException | None = None) -> None:
        self.done.append("stop")
        self.stopped_because = because

    def run(self) -> Any:
        self._do("scenario")
        return self.seen

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what in self.ends_with:
            raise self.ends_with[what]

    def __call__(self, *, keep: bool = False) -> bool:
        return command.run_drill(CONFIG.with_options(speed=10.0), self.reports, keep=keep)

    @property
    def said(self) -> str:
        return self.screen.getvalue()


@pytest.fixture
def drill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Drill:
    return Drill(monkeypatch, tmp_path)


def test_a_drill_starts_deploys_runs_and_ends_its_lab(drill: Drill) -> None:
    assert drill()
    assert drill.done == ["start owned", "build", "deploy", "speed 10", "scenario", "stop"]
    assert (drill.reports / "latest" / "report.html").exists()


def test_a_drill_that_failed_says_so_and_keeps_the_engines_log(drill: Drill) -> None:
    drill.seen = unrecovered()
    assert not drill()
    assert drill.done[-1] == "stop"
    assert (drill.reports / "latest" / "engine.log").read_text() == "what the engine said"
    assert "FAIL" in drill.said


def test_a_drill_that_passed_keeps_no_log(drill: Drill) -> None:
    drill()
    assert not (drill.reports / "latest" / "engine.log").exists()


@pytest.mark.parametrize("passes", [True, False])
def test_a_lab_that_is_to_be_kept_outlives_the_drill_and_is_told_of(
    drill: Drill, passes: bool
) -> None:
    drill.seen = passing() if passes else unrecovered()
    assert drill(keep=True) is passes
    assert drill.done[0] == "start", "it may not end with this process"
    assert "stop" not in drill.done
    assert "The lab is still up. `lab down` ends it." in drill.said


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("what", ["build", "deploy", "scenario"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), LabError("It shakes."), OSError("disk")])
def test_a_lab_whose_drill_did_not_end_is_ended(
    drill: Drill, what: str, error: BaseException, keep: bool
) -> None:
    drill.ends_with[what] = error
    with pytest.raises(type(error)):
        drill(keep=keep)
    assert drill.done[-1] == "stop"
    assert drill.stopped_because is error, "which keeps the logs, but for an interruption"
    assert list(drill.reports.iterdir()) == []


def test_a_place_for_reports_that_cannot_be_is_refused_before_the_drill(drill: Drill) -> None:
    drill.reports.write_text("a file")
    with pytest.raises(LabError, match=r"Reports cannot be written to .*reports"):
        drill()
    assert drill.done == []


def shown(found: dict[str, Any], monkeypatch: pytest.MonkeyPatch, place: Path) -> str:
    screen = StringIO()
    monkeypatch.setattr(command, "console", Console(file=screen, width=200, highlight=False))
    command.show(found, place)
    return screen.getvalue()


def test_stages_checks_and_the_verdict_are_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = sample_report.passing()
    said = shown(found, monkeypatch, tmp_path)
    lines = [" ".join(line.split()) for line in said.splitlines()]
    for stage in found["stages"]:
        modelled = " modelled" if stage["modelled"] else ""
        assert f"{stage['name']} {stage['seconds']:.2f} s{modelled}" in lines
    for check in found["checks"]:
        assert f"✓ {check['name'].replace('_', ' ')}: {check['detail']}" in lines
    read, write = found["rto_read_seconds"], found["rto_write_seconds"]
    clock = found["clock"]
    here = f"{clock['rto_read_wall_seconds']:.1f} s, {clock['rto_write_wall_seconds']:.1f} s"
    assert (
        f"PASS outcome promoted, RTO at AWS's intervals: read {read:.1f} s, write {write:.1f} s "
        f"(here: {here}), RPO 0.0 s"
    ) in lines


def test_figures_that_are_not_known_are_called_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = shown(sample_report.failing(), monkeypatch, tmp_path)
    told = "read unknown, write unknown (here: unknown, unknown), RPO unknown"
    assert f"FAIL  outcome none, RTO at AWS's intervals: {told}" in said
    assert "✗ the machine ended" in said


def test_brackets_in_what_is_shown_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = sample_report.passing()
    found["checks"][0]["detail"] = "given: [red] [/] {'a': [1]}"
    said = shown(found, monkeypatch, tmp_path / "reports [old]")
    assert "given: [red] [/] {'a': [1]}" in said
    assert "reports [old]/report.html" in said
