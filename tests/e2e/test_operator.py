"""The operator's commands against a deployed lab: in quiet, in an outage, without a quorum, denied.

Marked as long: `make operator` runs it. Each test begins where the one before it ended. With a path
in SCREENS the screens that a person saw are written there.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab import deployment, process
from lab.commands.running import variables
from lab.config import ROOT, from_samconfig
from lab.control import Control
from lab.drill.watching import Watch
from lab.progress import Progress
from tests.unit.cli.documents import problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(400)]
# The ports of the lab, where the usual ones are taken: API, DNS, door, first entry.
PORTS = os.environ.get("LAB_PORTS", "4566,5354,8080,8441")
PROGRAM = Path(sys.executable).with_name("pilot-light")
AWS = ROOT / ".venv" / "awscli" / "bin" / "aws"
# A command asks each Region for 3 s. The rest is for its start on a busy machine.
ANSWERED = 6.0
# Moves follow one another, and the Primary is well as soon as it answers.
PARAMETERS = ("Approval=hold", "HealthyMinutes=0", "CooldownSeconds=0")
GO = ("--yes", "--reason", "a test")


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str
    seconds: float

    @property
    def all(self) -> str:
        return f"exit {self.code} after {self.seconds:.1f} s\n{self.out}{self.err}"


class Operator:
    """A person at a shell, and what the person knows of the lab."""

    def __init__(self, config: Any, control: Control) -> None:
        self.config, self.control = config, control
        self.primary, self.secondary = config.primary_region, config.secondary_region
        self.watch = Watch(config, control)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.environment |= variables(config) | {"COLUMNS": "100", "NO_COLOR": "1"}
        self.screens: list[tuple[str, str]] = []
        self.raw_seconds = float("nan")

    def command(self, *words: str) -> list[str]:
        return [str(PROGRAM), words[0], *words[1:]]

    def __call__(self, *words: str, timeout: float = 240, **more: str) -> Ended:
        begun = time.monotonic()
        ended = subprocess.run(
            self.command(*words),
            cwd=ROOT,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr, time.monotonic() - begun)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*words),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def status(self) -> dict[str, Any]:
        ended = self("status", "--json")
        assert ended.seconds < ANSWERED, ended.all
        found: dict[str, Any] = json.loads(ended.out)
        assert problems_of(found, "status") == []
        assert found["exit_code"] == ended.code
        return found

    def look(self, title: str, *words: str, **more: str) -> Ended:
        """Keep a screen as a person sees it."""
        ended = self(*words, **more)
        self.show(
            f"{title}: exit code {ended.code}", f"$ pilot-light {' '.join(words)}\n{ended.out}"
        )
        return ended

    def show(self, title: str, screen: str) -> None:
        self.screens.append((title, screen.strip()))

    def raw(self, line: str, **known: str) -> Any:
        """Run a command that `--explain` printed, with its places filled in, by the AWS CLI."""
        for place, value in known.items():
            line = line.replace(f"<{place}>", value)
        ended = subprocess.run(
            [str(AWS), *shlex.split(line)[1:]],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout or "{}")

    def until(self, what: str, condition: Callable[[], Any], seconds: float = 90) -> Any:
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, f"{what}: not within {seconds} s"
            time.sleep(0.5)
        return found

    def settled(self) -> bool:
        checks = {c["name"]: c["healthy"] for c in self.control.act("health")}
        well = all(checks[f"{self.config.app_name}-{n}"] for n in ("endpoint", "off", "not-on"))
        return well and all(e.ended for e in self.watch.executions(0.0))

    def serves(self, region: str) -> bool:
        found = self.control.who_is_active(self.control.state()["lost"])
        return (found["active_region"], found["state"]) == (region, "serving")


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    api, dns, door, entry = map(int, PORTS.split(","))
    config = from_samconfig(ROOT / "samconfig.toml", process.RUN).with_options(
        api_port=api, dns_port=dns, browser_port=door, entry_port=entry, speed=10.0
    )
    engine = process.start(config, owned=True, meanwhile=deployment.build)
    try:
        deployment.deploy(config, Progress(), *PARAMETERS)
        found = Operator(config, Control(config))
        found.until("checks that have settled", found.settled)
        found.until("a sentinel that saw the Primary", found.watch.has_seen_primary_healthy)
        yield found
        if page := os.environ.get("SCREENS"):
            (ROOT / page).write_text(page_of(found.screens))
    finally:
        engine.stop()


def page_of(screens: list[tuple[str, str]]) -> str:
    head = (
        "# What an operator sees\n\nWritten by `SCREENS=docs/screens.md make operator`, in the lab "
        "at ten times AWS's\nspeed, without colour and 100 columns wide.\n"
    )
    page = head + "".join(f"\n## {t}\n\n```text\n{text}\n```\n" for t, text in screens)
    return "".join(f"{line.rstrip()}\n" for line in page.splitlines())


def test_in_quiet_status_knows_everything_but_a_rehearsal(operator: Operator) -> None:
    found = operator.until(
        "a scheduled verdict that the Secondary is ready",
        lambda: (s := operator.status())["facts"]["readiness"].get("result") == "ready" and s,
    )
    verdicts = {name: fact["verdict"] for name, fact in found["facts"].items()}
    assert {n for n, v in verdicts.items() if v == "failing"} == set()
    assert {n for n, v in verdicts.items() if v == "unknown"} == {"rehearsal", "rto"}
    assert found["active"]["active_region"] == operator.primary
    assert found["problems"] == []
    screen = operator("status")
    assert "is active" in screen.out or operator.primary in screen.out


def test_a_rehearsal_is_followed_to_its_verdict_and_leaves_a_report(operator: Operator) -> None:
    assert operator("rehearse", "--dry-run").code == 0
    ended = operator("rehearse", *GO)
    assert ended.code == 0, ended.all
    assert "PASS" in ended.out
    report = operator("report")
    assert report.code == 0, report.all
    assert Path(ROOT, report.out.strip()).is_file()
    logs = operator("logs")
    assert logs.code == 0, logs.all
    assert operator.status()["facts"]["rehearsal"]["verdict"] == "ok"
    operator.look("In quiet", "status")


def test_the_automation_is_paused_and_resumed(operator: Operator) -> None:
    assert operator("pause", "--for", "1h", *("--yes", "--reason", "a test")).code == 0
    assert "paused until" in operator.status()["facts"]["machine"]["detail"]
    assert operator("resume", "--yes").code == 0
    assert operator.status()["facts"]["machine"]["verdict"] == "ok"


def test_a_planned_move_goes_there_and_back(operator: Operator) -> None:
    there = operator("switchover", *GO)
    assert there.code == 0, there.all
    assert operator.serves(operator.secondary)
    assert operator("failover", "--dry-run").code == 1, "there is nothing to move"
    back = operator("failback", *GO)
    assert back.code == 0, back.all
    assert operator.serves(operator.primary)
    history = operator("history", "--json")
    assert [r["mode"] for r in json.loads(history.out)["recoveries"]] == ["failback", "switchover"]


def test_a_move_that_is_refused_says_why(operator: Operator) -> None:
    ended = operator("failback", *GO)
    assert ended.code in (0, 1), ended.all
    assert "is active already" in ended.out


def test_a_question_can_be_answered_by_the_raw_calls_that_explain_prints(
    operator: Operator,
) -> None:
    operator.until("checks that have settled", operator.settled)
    operator.until("a sentinel that saw the Primary", operator.watch.has_seen_primary_healthy)
    assert operator("drill", "--for", "1h", "--yes").code == 0
    operator.control.act("outage", mode="region", region=operator.primary, style="hang")
    operator.until("a question", lambda: operator("reject", "--dry-run").code == 0, 150)
    lines = re.findall(r"^aws .*$", operator("reject", "--explain").out, re.MULTILINE)
    identity, running, history, answer = lines
    begun = time.monotonic()
    account = operator.raw(identity)["Account"]
    execution = operator.raw(running, account=account)["executions"][0]["name"]
    events = operator.raw(history, account=account, execution=execution)["events"]
    asked = (e.get("taskScheduledEventDetails", {}).get("parameters", "") for e in events)
    message = json.loads(next(parameters for parameters in asked if "task_token" in parameters))
    token = message["MessageAttributes"]["task_token"]["StringValue"]
    operator.raw(answer, token=token, **{"your name": "a test"})
    operator.raw_seconds = time.monotonic() - begun
    ended = operator("watch", execution)
    assert ended.code == 1, ended.all
    assert "reject" in ended.out.lower()
    assert operator("resume", "--yes").code == 0


def test_a_run_that_is_stopped_holds_for_its_outage_until_resume(operator: Operator) -> None:
    operator.until("a question", lambda: operator("approve", "--dry-run").code == 0, 150)
    stopped = operator("stop", "--yes", "--reason", "a test")
    assert stopped.code == 0, stopped.all
    ended = operator("watch", stopped.out.split()[0])
    assert ended.code == 1, ended.all
    machine = lambda: operator.status()["facts"]["machine"]["detail"]  # noqa: E731
    operator.until("the janitor", lambda: machine().startswith("A person stopped a run"))
    assert operator("resume", "--yes").code == 0


def test_in_an_outage_the_run_that_waits_is_found_approved_and_followed(
    operator: Operator,
) -> None:
    operator.until(
        "the next run", lambda: operator.status()["facts"]["executions"].get("running"), 150
    )
    following = operator.begin("watch")
    seen = operator.until(
        "a question", lambda: (e := operator("approve", "--dry-run")).code == 0 and e, 150
    )
    assert "outage_confirmed" in seen.out
    found = operator.status()
    operator.look("In an outage, while a run waits for a person", "status")
    assert found["facts"]["primary"]["verdict"] == "failing"
    assert not next(r for r in found["regions"] if r["region"] == operator.primary)["answered"]
    approved = operator("approve", "--yes")
    assert approved.code == 0, approved.all
    out, _ = following.communicate(timeout=120)
    assert following.returncode == 0, out
    assert "promoted" in out
    operator.show("A failover that a person approves", f"$ pilot-light watch\n{out}")
    operator.show(
        "How long an answer takes",
        f"{operator.raw_seconds:.1f} s  four aws calls, to reject; a script copied what they need\n"
        f"{approved.seconds:.1f} s  pilot-light approve --yes\n"
        "From the first command on. What a person reads and copies comes on top.",
    )
    operator.look("After the failover", "status")
    assert operator.serves(operator.secondary)
    assert operator("approve", "--yes").code == 1, "nothing waits any more"


def test_what_the_disaster_left_is_reviewed_and_the_application_moves_back(
    operator: Operator,
) -> None:
    operator.control.act("heal")
    done = operator.until(
        "a comparison", lambda: (e := operator("ledger", "reconcile")).code in (0, 1) and e
    )
    assert "pen" in done.out
    accepted = operator("ledger", "accept", "--all", "--yes")
    assert accepted.code == 0, accepted.all
    assert operator("ledger", "list").code == 0
    back = operator.until(
        "a move back", lambda: (e := operator("failback", *GO)).code == 0 and e, 150
    )
    assert operator.serves(operator.primary), back.all


def test_with_the_secondary_lost_while_active_the_primary_takes_over(operator: Operator) -> None:
    there = operator.until(
        "a move", lambda: (e := operator("switchover", *GO)).code == 0 and e, 120
    )
    assert operator.serves(operator.secondary), there.all
    operator.control.act("outage", mode="region", region=operator.secondary, style="hang")
    found = operator.status()
    assert found["active"]["active_region"] == operator.secondary
    assert found["facts"]["secondary"]["verdict"] == "failing"
    operator.look("The active Secondary is lost", "status")
    refused = operator("failover", *GO)
    assert refused.code == 4, refused.all
    taken = operator("take-over", *GO)
    assert taken.code == 0, taken.all
    assert operator.serves(operator.primary)
    operator.control.act("heal")


def test_without_a_quorum_the_last_resort_lets_one_region_write(operator: Operator) -> None:
    operator.until("checks that have settled", operator.settled, 150)
    operator.control.act("outage", mode="two-regions", region=operator.primary, style="hang")
    found = operator.status()
    assert found["facts"]["control_table"]["verdict"] in ("attention", "failing", "unknown")
    assert found["active"] is None
    operator.look("The control table has no quorum", "status")
    given = operator("last-resort", operator.secondary, "--hours", "1", *GO)
    assert given.code == 0, given.all
    assert operator.status()["facts"]["last_resort"]["verdict"] == "attention"
    operator.control.act("heal")


def test_a_permission_that_is_missing_is_named_with_what_it_is_for(operator: Operator) -> None:
    operator.until("checks that have settled", operator.settled, 150)
    iam = operator.control.client("iam", "us-east-1")
    iam.create_user(UserName="reader")
    iam.put_user_policy(
        UserName="reader",
        PolicyName="reads",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"},
                ],
            }
        ),
    )
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    who = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    ended = operator.look("With credentials that may read single items only", "status", **who)
    assert "permission states:ListExecutions on stateMachine:pilot-light-failover" in ended.out
    assert "permission dynamodb:UpdateItem" in operator("pause", "--yes", "--by", "x", **who).err
    started = operator("rehearse", *GO, **who)
    assert started.code == 1, started.all
    assert "permission states:StartExecution" in started.err
