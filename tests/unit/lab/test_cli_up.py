"""`lab up` and `lab drill`: what they start, and how they end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab import deployment, process
from lab.commands import running
from lab.config import ROOT, LabConfig, LabError, from_samconfig
from lab.drill import command
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, Anything
from tests.unit.lab.made_up_sam import started

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.lab.command_line import Shell

SAMCONFIG = ROOT / "samconfig.toml"


class Starts:
    """What `lab up` starts, one after the other; any of it may fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.done: list[Any] = []
        self.fails: dict[str, BaseException] = {}
        self.config: LabConfig | None = None
        self.parameters: tuple[str, ...] = ()
        self.ended: int | BaseException = KeyboardInterrupt()
        self.process = Anything(wait=self._wait)
        monkeypatch.setattr(process, "RUN", folder / "run")
        monkeypatch.setattr(process, "start", self._start)
        monkeypatch.setattr(deployment, "build", lambda *_: self._do("build"))
        monkeypatch.setattr(deployment, "deploy", self._deploy)
        monkeypatch.setattr(running, "Control", lambda _: Anything(act=self._act))

    def _start(self, config: LabConfig, *, owned: bool, meanwhile: Callable[[], None]) -> Any:
        self.config = config
        self._do("start owned" if owned else "start")
        return started(self, meanwhile)

    def _deploy(self, _config: Any, _progress: Any, *more: str) -> None:
        self.parameters = more
        self._do("deploy")

    def _act(self, action: str, *, on: bool) -> None:
        assert on
        self.done.append(action)

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what in self.fails:
            raise self.fails[what]

    def _wait(self) -> int:
        self.done.append("wait")
        if isinstance(self.ended, BaseException):
            raise self.ended
        return self.ended

    def stop(self, because: BaseException | None = None) -> None:
        self.done.append(("stop", type(because)))


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Starts:
    return Starts(monkeypatch, tmp_path)


def test_a_lab_is_deployed_with_the_parameters_that_were_given(
    shell: Shell, starts: Starts
) -> None:
    shell("up", "--parameter", "Approval=hold", "--parameter", "ApprovalSeconds=60")
    assert starts.parameters == ("Approval=hold", "ApprovalSeconds=60")


def test_a_lab_stays_up_until_it_is_interrupted(shell: Shell, starts: Starts) -> None:
    ended = shell("up")
    assert starts.done[:-1] == ["start owned", "build", "deploy", "cold_starts", "wait"]
    assert starts.done[-1] == ("stop", KeyboardInterrupt)
    assert ended.code == 130
    assert "The lab is up." in ended.out and "Ctrl-C ends it." in ended.out


def test_a_detached_lab_outlives_the_command(shell: Shell, starts: Starts) -> None:
    ended = shell("up", "--detach")
    assert starts.done == ["start", "build", "deploy", "cold_starts"]
    assert ended.code == 0
    assert "Ctrl-C" not in ended.out


def test_an_empty_lab_has_nothing_deployed_and_says_how_it_is_reached(
    shell: Shell, starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.RUN.mkdir()
    monkeypatch.setenv("LAB_API_PORT", "9566")
    ended = shell("up", "--empty", "--detach")
    assert starts.done == ["start", "cold_starts"]
    assert (process.RUN / "deployed").exists(), "it is not half deployed"
    assert 'eval "$(.venv/bin/lab environment)"' in ended.out
    assert "The application" not in ended.out


@pytest.mark.parametrize("more", [("--parameter", "Approval=hold"), ("--app", ".")])
def test_an_empty_lab_takes_nothing_to_deploy(
    shell: Shell, starts: Starts, more: tuple[str, ...]
) -> None:
    ended = shell("up", "--empty", *more)
    assert (ended.code, starts.done) == (2, [])
    assert "--empty deploys nothing" in ended.err


def test_options_reach_the_lab(shell: Shell, starts: Starts) -> None:
    ports = ["--entry-port", "9441", "--browser-port", "9080", "--dns-port", "9053"]
    shell("up", "--detach", *ports, "--api-port", "9566", "--page-port", "9081")
    config = starts.config
    assert config and config.entries[PRIMARY] == 9441
    assert (config.browser_port, config.dns_port, config.api_port) == (9080, 9053, 9566)
    assert config.page_port == 9081
    assert config.speed == 1.0, "by hand, AWS's intervals are as long as they are"
    assert config.secondary_region == SECONDARY


def test_a_lab_that_is_up_says_what_to_try(shell: Shell, starts: Starts) -> None:
    out = shell("up", "--detach", "--browser-port", "9080").out
    for part in (
        "http://127.0.0.1:9080/",
        f"curl --cacert {process.RUN / 'ca.pem'} --connect-to app.pilotlight.example:443:",
        "dig @127.0.0.1 -p 5354 app.pilotlight.example",
        'eval "$(.venv/bin/lab environment)"',
        ".venv/bin/pilot-light status",
        ".venv/bin/pilot-light rehearse",
        ".venv/bin/lab outage",
        ".venv/bin/lab heal",
    ):
        assert part in out


def test_a_shell_is_told_how_everything_reaches_the_lab(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "deployed", lambda: from_samconfig(SAMCONFIG, Path("/run dir")))
    assert shell("environment").out.splitlines() == [
        "export AWS_ENDPOINT_URL=http://127.0.0.1:4566",
        "export AWS_ACCESS_KEY_ID=test",
        "export AWS_SECRET_ACCESS_KEY=test",
        "export PILOT_LIGHT_RESOLVER=127.0.0.1:5354",
        "export PILOT_LIGHT_CONNECT_TO='127.0.1.1=127.0.0.1:8441 127.0.2.1=127.0.0.1:8442 "
        "127.0.3.1=127.0.0.1:8443'",
        "export SSL_CERT_FILE='/run dir/ca.pem'",
    ]


def test_a_checkout_with_brackets_in_its_path_is_named_in_full(
    shell: Shell, starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "RUN", Path("/home/me/[red]/pilot-light"))
    assert "--cacert /home/me/[red]/pilot-light/ca.pem" in shell("up", "--detach").out


def test_the_page_is_named_before_everything_else(shell: Shell, starts: Starts) -> None:
    out = shell("up", "--detach", "--page-port", "9081").out
    assert re.findall(r"http://127[^ \n]+", out)[0] == "http://127.0.0.1:9081/"


@pytest.mark.parametrize("what", ["build", "deploy"])
@pytest.mark.parametrize("options", [[], ["--detach"]])
def test_a_deployment_that_fails_ends_the_lab(
    shell: Shell, starts: Starts, what: str, options: list[str]
) -> None:
    starts.fails[what] = LabError("`sam` ended with 1:\nError: no")
    ended = shell("up", *options)
    assert starts.done[-1] == ("stop", LabError)
    assert (ended.code, ended.err) == (2, "Error: `sam` ended with 1:\nError: no\n")


def test_an_engine_that_does_not_start_returns_two(shell: Shell, starts: Starts) -> None:
    starts.fails["start owned"] = LabError("Port 4566 on 127.0.0.1 is in use.")
    ended = shell("up")
    assert (ended.code, starts.done) == (2, ["start owned"])
    assert ended.err == "Error: Port 4566 on 127.0.0.1 is in use.\n"


def test_a_lab_that_another_terminal_ended_ends_the_command_well(
    shell: Shell, starts: Starts
) -> None:
    starts.ended = 0
    ended = shell("up")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "The lab was ended.")
    assert starts.done[-1] == "wait", "a new lab may be up already, and its files are not ours"


@pytest.mark.parametrize("status", [1, -9])
def test_an_engine_that_dies_under_a_lab_that_is_up_is_told_of(
    shell: Shell, starts: Starts, status: int
) -> None:
    starts.ended = status
    ended = shell("up")
    assert (ended.code, starts.done[-1]) == (2, ("stop", LabError))
    assert ended.err == "Error: The lab's engine has died. See .lab/last/engine.log.\n"


@pytest.fixture
def drills(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Return the drills that were asked for; the first entry is how they end."""
    found: list[Any] = [True]

    def run_drill(config: LabConfig, reports: str, **given: Any) -> bool:
        found.append((config, reports, given))
        if isinstance(found[0], BaseException):
            raise found[0]
        return bool(found[0])

    monkeypatch.setattr(process, "RUN", tmp_path / "run")
    monkeypatch.setattr(command, "run_drill", run_drill)
    return found


@pytest.mark.parametrize(
    ("ends", "code"),
    [(True, 0), (False, 1), (LabError("It shakes."), 2), (KeyboardInterrupt(), 130)],
)
def test_the_exit_code_of_a_drill_is_its_verdict(
    shell: Shell, drills: list[Any], ends: bool | BaseException, code: int
) -> None:
    drills[0] = ends
    assert shell("drill").code == code


def test_a_drill_is_ten_times_faster_than_aws_unless_told_otherwise(
    shell: Shell, drills: list[Any]
) -> None:
    shell("drill")
    shell("drill", "--speed", "2", "--replication-lag", "3", "--reports", "there", "--keep")
    (config, reports, given), (other, elsewhere, kept) = drills[1:]
    assert (config.speed, config.replication_lag, given["keep"]) == (10.0, 0.5, False)
    assert reports.name == "reports"
    assert (other.speed, other.replication_lag, elsewhere) == (2.0, 3.0, Path("there"))
    assert kept["keep"]


def test_a_drill_has_cold_starts_unless_told_otherwise(shell: Shell, drills: list[Any]) -> None:
    shell("drill")
    shell("drill", "--no-cold-starts")
    assert [given["cold_starts"] for _, _, given in drills[1:]] == [True, False]


def test_a_drill_loses_the_region_unless_another_outage_is_named(
    shell: Shell, drills: list[Any]
) -> None:
    shell("drill")
    shell("drill", "--outage", "api", "--style", "hang")
    asked = [(given["outage"], given["style"]) for _, _, given in drills[1:]]
    assert asked == [("region", None), ("api", "hang")]
