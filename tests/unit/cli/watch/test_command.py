"""The command `pilot-light watch`: what it attaches to, prints, and ends with."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cli import deployment
from cli.main import main
from cli.options import Asked
from cli.watch import following, reads, view, watched
from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import (
    ACCOUNT,
    CONTROL,
    MACHINE,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    error,
)
from tests.unit.cli.watch.made_up_run import (
    OUTAGE,
    READY,
    REPORT,
    START,
    TOKEN,
    History,
    begun,
    output,
    promoted,
    unready,
)
from tools.reader import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair

EMERGENCY = f"arn:aws:states:{PRIMARY}:{ACCOUNT}:stateMachine:pilot-light-emergency"
SWITCHOVER = MACHINE.replace("failover", "switchover")


class Clock:
    """Time that passes by sleeping only. `at` is called with each sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.at: Callable[[float], None] = lambda _: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        assert self.now < 3600, "The watch does not end."
        self.at(self.now)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (watched, view):
        monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def written(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[dict[str, Any], str]]:
    """Return what `--json` writes: the document, and what goes to standard error."""

    def written(*arguments: str) -> tuple[dict[str, Any], str]:
        command = ["watch", *arguments, "--json"]
        main(command, prog_name="pilot-light", standalone_mode=False)
        out, err = capsys.readouterr()
        return document(SimpleNamespace(stdout=out), "watch"), err  # type: ignore[arg-type]

    return written


def asked() -> Asked:
    found = deployment.find(ROOT / "samconfig.toml", None)
    return Asked(found, None, None, as_json=False, explain=False)


def execution(machine: str, name: str) -> str:
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


def put(
    pair: Pair,
    history: History,
    name: str = "run-2",
    machine: str = MACHINE,
    **description: Any,
) -> dict[str, Any]:
    """Let an execution be there. It runs until its history ends."""
    arn = execution(machine, name)
    made = {
        "executionArn": arn,
        "name": name,
        "status": "RUNNING",
        "startDate": START,
        "input": '{"mode": "failover"}',
        **description,
    }
    last = history.events[-1]
    if last["type"].startswith("Execution") and len(history.events) > 1:
        details = next(v for k, v in last.items() if k.endswith("EventDetails"))
        status = last["type"].removeprefix("Execution").upper()
        made |= {"status": status, "stopDate": last["timestamp"], **details}
    pair.running.setdefault(machine, []).insert(0, made)
    pair.histories[arn] = history.events[::-1]
    return made


def grow(pair: Pair, whole: History, shown: int, step: int, name: str = "run-2") -> None:
    """Let a run be at an event now, and `step` events further at each poll."""
    running = put(pair, whole, name)
    ended = dict(running)
    running |= {"status": "RUNNING", "stopDate": None}
    running.pop("output", None)
    arn = running["executionArn"]
    seen = [shown]

    def at_poll() -> None:
        pair.histories[arn] = whole.events[: seen[0]][::-1]
        if seen[0] >= len(whole.events):
            running.update(ended)
        seen[0] += step

    pair.at_poll = at_poll


def test_a_run_is_followed_to_its_end(run: Callable[..., Result], pair: Pair) -> None:
    grow(pair, promoted(), shown=6, step=5)
    ended = run("watch", "run-2")
    assert ended.exit_code == 0, ended.output
    said = ended.output
    assert said.startswith("run-2  failover, failover in us-east-2, started 2026-07-01T03:00:00Z\n")
    places = [said.index(f" {state} ") for state in ("Intake", "Decide", "Claim", "ConfirmTraffic")]
    assert places == sorted(places)
    assert said.count("AcquireLock") == 1
    assert "failover: promoted after" in said
    assert f"  {REPORT}report.html\n" in said
    assert "Next: pilot-light report run-2" in said


def test_every_event_is_read_once_and_old_ones_are_not_read_again(
    written: Callable[..., tuple[dict[str, Any], str]],
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reads, "FEW", 4)
    monkeypatch.setattr(reads, "MANY", 10)
    whole = promoted()
    grow(pair, whole, shown=30, step=7)
    found, _ = written("run-2")
    names = [s["name"] for s in found["states"]]
    entered = [
        e["stateEnteredEventDetails"]["name"]
        for e in whole.events
        if "stateEnteredEventDetails" in e
    ]
    assert names == entered
    pages = [operation for _, operation in pair.asked if operation == "get_execution_history"]
    assert len(pages) < 3 + 3 * len(whole.events) / 7


def test_of_a_long_hold_the_newest_events_are_enough(
    run: Callable[..., Result], pair: Pair
) -> None:
    history = begun()
    for _ in range(80):
        history.judge("hold", OUTAGE, unready("Not ready: a.")).wait("WaitToJudgeAgain", 15)
    history.judge("promote", OUTAGE, READY).end(output=json.dumps(output("promoted")))
    put(pair, history, input='{"source": "aws.cloudwatch"}')
    ended = run("watch", "run-2")
    assert ended.exit_code == 0
    assert ended.output.startswith("run-2  failover, failover in us-east-2")
    left_out = len(history.events) - reads.MANY * reads.PAGES
    assert f"… {left_out} earlier events are not shown" in ended.output
    assert "promotes, judgement" in ended.output


def test_the_document_fits_its_schema_and_the_lines_go_elsewhere(
    written: Callable[..., tuple[dict[str, Any], str]], pair: Pair
) -> None:
    put(pair, promoted())
    found, lines = written("run-2")
    assert (found["status"], found["outcome"], found["exit_code"]) == ("SUCCEEDED", "promoted", 0)
    assert (found["mode"], found["machine"]) == ("failover", "pilot-light-failover")
    assert [c["name"] for c in found["conditions"]] == [
        "outage_confirmed",
        "secondary_ready",
        "functions_warm",
    ]
    assert found["report"] == REPORT
    traffic = next(s for s in found["states"] if s["name"] == "ConfirmTraffic")
    assert (traffic["seconds"], traffic["attempts"]) == (5.0, 4)
    assert "ConfirmTraffic" in lines


def test_an_execution_is_found_by_its_name_in_whichever_machine_it_ran(
    run: Callable[..., Result], pair: Pair
) -> None:
    history = History().task("ReadControl").task("TakenOver")
    history.end(output=json.dumps(output("taken_over", mode=None)))
    put(pair, history, "by-hand", EMERGENCY, input='{"action": "take-over"}')
    ended = run("watch", "by-hand")
    assert ended.exit_code == 0
    assert ended.output.startswith("by-hand  take-over, emergency in us-west-2")
    assert run("watch", execution(EMERGENCY, "by-hand")).exit_code == 0


def test_a_name_that_no_machine_knows_is_not_found(run: Callable[..., Result]) -> None:
    ended = run("watch", "run-9")
    assert ended.exit_code == 1
    assert "No machine has an execution run-9" in ended.output
    assert run("watch", execution(MACHINE, "run-9")).exit_code == 1
    assert run("watch", "arn:aws:states:no-execution").exit_code == 2


def test_a_name_is_not_known_to_be_missing_while_a_region_is_silent(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.refuses = {SECONDARY}
    assert run("watch", "run-2").exit_code == 4


def test_a_run_of_the_primary_is_watched_while_the_secondary_is_silent(
    run: Callable[..., Result], pair: Pair
) -> None:
    history = History().task("ReadControl")
    put(pair, history.end(output='{"outcome": "taken_over"}'), "by-hand", EMERGENCY)
    pair.refuses = {SECONDARY}
    ended = run("watch", "by-hand")
    assert ended.exit_code == 0, ended.output


def test_without_a_name_whatever_runs_is_watched(run: Callable[..., Result], pair: Pair) -> None:
    grow(pair, promoted(), shown=6, step=40)
    ended = run("watch")
    assert ended.exit_code == 0
    assert "failover: promoted" in ended.output


def test_a_rehearsal_is_watched_only_if_nothing_else_runs(
    run: Callable[..., Result], pair: Pair
) -> None:
    late = START.replace(hour=4)
    put(pair, begun(), "rehearsal-1", startDate=late, input='{"mode": "rehearsal"}')
    grow(pair, promoted(), shown=6, step=40)
    ended = run("watch")
    assert ended.output.count("Others run too: rehearsal-1") == 1
    assert "run-2  failover" in ended.output


def test_where_a_region_is_silent_something_else_may_run(
    run: Callable[..., Result], pair: Pair
) -> None:
    grow(pair, promoted(), shown=6, step=40)
    pair.refuses = {PRIMARY}
    ended = run("watch")
    assert ended.exit_code == 0
    assert "Something else may run. us-west-2: no answer" in ended.output


def test_where_nothing_runs_the_newest_run_is_shown_and_is_no_success(
    run: Callable[..., Result],
    written: Callable[..., tuple[dict[str, Any], str]],
    pair: Pair,
) -> None:
    put(pair, promoted())
    ended = run("watch")
    assert ended.exit_code == 1
    assert ended.output.startswith("Nothing runs. The newest run:\nrun-2  failover")
    assert "ConfirmTraffic" not in ended.output
    assert "failover: promoted after" in ended.output
    assert written()[0]["exit_code"] == 1


def test_a_run_that_begins_meanwhile_is_followed(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    grow(pair, promoted(), shown=6, step=40)
    assert following.show_last(asked(), pair, execution(MACHINE, "run-2")) == 0  # type: ignore[arg-type]
    assert "Nothing runs" not in capsys.readouterr().out


def test_where_nothing_has_ever_run_it_says_so(run: Callable[..., Result]) -> None:
    ended = run("watch")
    assert ended.exit_code == 1
    assert "nothing has run in the last 90 days" in ended.output


def test_where_it_is_not_known_whether_anything_runs_the_exit_is_4(
    run: Callable[..., Result], pair: Pair
) -> None:
    put(pair, promoted())
    pair.fails[SECONDARY, "list_executions", ""] = error("AccessDeniedException")
    ended = run("watch")
    assert ended.exit_code == 4
    assert "permission states:ListExecutions" in ended.output


def test_a_poll_that_is_silent_for_a_while_does_not_end_the_watch(
    run: Callable[..., Result], pair: Pair, clock: Clock
) -> None:
    grow(pair, promoted(), shown=6, step=12)

    def silent(now: float) -> None:
        pair.refuses = {SECONDARY} if 1 < now < 50 else set()

    clock.at = silent
    ended = run("watch", execution(MACHINE, "run-2"))
    assert ended.exit_code == 0
    assert "Not read: us-east-2: no answer, EndpointConnectionError" in ended.output
    assert clock.now > 50


def test_a_silence_of_a_minute_ends_the_watch_and_not_the_run(
    run: Callable[..., Result], pair: Pair, clock: Clock
) -> None:
    grow(pair, promoted(), shown=6, step=1)

    def silent(now: float) -> None:
        pair.refuses = {SECONDARY}

    clock.at = silent
    ended = run("watch", execution(MACHINE, "run-2"))
    assert ended.exit_code == 4
    assert 60 <= clock.now < 70
    said = " ".join(ended.output.split())
    assert "Nothing could be read for 60 s. The run goes on without a watcher." in said
    assert "Next: pilot-light watch run-2" in ended.output


def test_without_its_history_a_run_still_has_its_end(
    run: Callable[..., Result], pair: Pair
) -> None:
    put(pair, promoted())
    pair.fails[SECONDARY, "get_execution_history", ""] = error("AccessDeniedException")
    ended = run("watch", "run-2")
    assert ended.exit_code == 0
    assert "failover: promoted" in ended.output
    assert "Not read: us-east-2: permission states:GetExecutionHistory" in ended.output


def test_without_its_description_a_run_still_has_its_history(
    run: Callable[..., Result], pair: Pair
) -> None:
    put(pair, promoted())
    pair.fails[SECONDARY, "describe_execution", ""] = error("AccessDeniedException")
    ended = run("watch", execution(MACHINE, "run-2"))
    assert ended.exit_code == 0
    assert "failover: promoted" in ended.output


def test_ctrl_c_stops_the_watch_and_not_the_run(
    run: Callable[..., Result], pair: Pair, clock: Clock
) -> None:
    grow(pair, promoted(), shown=6, step=0)

    def interrupt(_now: float) -> None:
        raise KeyboardInterrupt

    clock.at = interrupt
    ended = run("watch", "run-2")
    assert ended.exit_code == 130
    assert "No longer watched. The run goes on: pilot-light watch run-2" in ended.output


def test_a_run_that_hands_over_is_followed_to_the_one_that_does_the_work(
    run: Callable[..., Result], pair: Pair
) -> None:
    handed = begun("failover", "manual").task("HandOver")
    put(pair, handed.end(output='{"outcome": "handed_over", "execution": "run-2"}'))
    moved = History({"mode": "switchover"}).task("Drain")
    told = output("switched_over", mode="switchover", proof={"proven": True})
    put(pair, moved.end(output=json.dumps(told)), machine=SWITCHOVER)
    ended = run("watch", execution(MACHINE, "run-2"))
    assert ended.exit_code == 0
    assert "run-2 was handed over: run-2 does the work." in ended.output
    assert "switchover: switched over after" in ended.output


def test_a_run_that_was_just_started_may_not_be_known_yet(
    run: Callable[..., Result], pair: Pair, clock: Clock
) -> None:
    def appear(now: float) -> None:
        if now > 3 and not pair.histories:
            put(pair, promoted())

    clock.at = appear
    code = following.follow(asked(), pair, execution(MACHINE, "run-2"), started_here=True)  # type: ignore[arg-type]
    assert code == 0


def test_without_a_terminal_a_wait_for_people_is_a_line(
    run: Callable[..., Result], pair: Pair, clock: Clock
) -> None:
    whole = begun().judge("promote", OUTAGE, READY).enter("AskApproval")
    waiting = len(whole.events)
    whole.after(200).leave().task("ReadAnswer", approval={"detail": "Approved by Ada."})
    whole.end(output=json.dumps(output("promoted")))
    grow(pair, whole, shown=waiting, step=0)

    def answer(now: float) -> None:
        if now > 200:
            grow(pair, whole, shown=len(whole.events), step=0, name="run-2")
            pair.running[MACHINE] = pair.running[MACHINE][:1]

    clock.at = answer
    ended = run("watch", execution(MACHINE, "run-2"))
    said = " ".join(ended.output.split())
    assert " s) waits for a person's answer: pilot-light approve, or reject; until" in said
    # Then once a minute.
    assert said.count("… AskApproval ") == 4
    assert "Approved by Ada." in said
    assert TOKEN[:40] not in ended.output


def test_the_newest_past_runs_say_what_is_left(
    run: Callable[..., Result], pair: Pair, clock: Clock
) -> None:
    timeline = {
        "started_at": "2026-06-01T03:00:00.000Z",
        "decided_at": "2026-06-01T03:00:03.000Z",
        "promoted_at": "2026-06-01T03:00:04.000Z",
        "traffic_confirmed_at": "2026-06-01T03:00:17.000Z",
    }
    record = {**pair.record(2), "timeline": {"S": json.dumps(timeline)}}
    pair.put(SECONDARY, RECOVERIES, record)
    pair.change(SECONDARY, CONTROL, "control", epoch=2)
    history = begun().judge("promote", OUTAGE, READY).enter("AskApproval")
    grow(pair, history, shown=len(history.events), step=0)

    def interrupt(now: float) -> None:
        # A minute later a second line shows that the watch goes on.
        if now > 70:
            raise KeyboardInterrupt

    clock.at = interrupt
    said = " ".join(run("watch", "run-2").output.split())
    assert "after that about 14 s, by 1 past run" in said


def test_explain_asks_nothing(run: Callable[..., Result], pair: Pair) -> None:
    ended = run("watch", "run-2", "--explain")
    assert ended.exit_code == 0
    assert pair.asked == []
    assert "aws stepfunctions get-execution-history --region us-east-2" in ended.output
    assert "--reverse-order" in ended.output
    assert "#mode" in ended.output
