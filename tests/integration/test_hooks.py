"""Hooks, executed: what each is called with, and what comes of one that fails, hangs or vetoes."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.hooks.call import call, client_of
from pilotlight.hooks.hook import PHASES, Hook

from tests.integration.hooked import Application
from tests.integration.machine import PRIMARY, RECOVERIES, SECONDARY, FunctionFailed, client
from tests.integration.test_outcomes import alarm_event
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine
    from tests.integration.two_regions import TwoRegions

FAILOVER = {"mode": "failover", "reason": "test", "graceful": False}
DRILL = {"mode": "drill", "reason": "test"}
REHEARSAL = {"mode": "rehearsal", "reason": "test"}
EACH = dict.fromkeys(PHASES, "")
ON_THE_WAY = ["ready", "before_claim", "after_claim"]
CALLED = {"CallReadyHook", "CallBeforeClaimHook", "CallAfterClaimHook", "CallBeforeFailbackHook"}


@pytest.fixture
def application(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Application:
    return Application(monkeypatch)


def report(machine: Machine, run: Any) -> dict[str, Any]:
    """The report of a run, as the bucket has it."""
    bucket, _, key = run.output["report"].removeprefix("s3://").partition("/")
    body = client("s3").get_object(Bucket=bucket, Key=f"{key}report.json")["Body"]
    found: dict[str, Any] = json.loads(body.read())
    return found


# --- what is called -------------------------------------------------------------------------------
@pytest.mark.parametrize("request_", [FAILOVER, DRILL], ids=lambda r: r["mode"])
def test_a_failover_calls_each_hook_once_with_its_payload(
    machine: Machine, network: Network, application: Application, request_: dict[str, Any]
) -> None:
    application.declare(**EACH)
    network.lose_primary()
    run = machine.run(request_)
    assert run.output["outcome"] == "promoted"
    shared = {
        "mode": request_["mode"],
        "execution": run.arn,
        "reason": "test",
        "regions": {"from": PRIMARY, "to": SECONDARY},
    }
    assert application.calls == [{"phase": phase, **shared} for phase in ON_THE_WAY]
    order = ["Claim", "Serve", "ConfirmTraffic", "RecordRecovery"]
    entered = [s for s in run.states if s in {*order, *CALLED}]
    assert entered == [
        *("CallReadyHook", "CallBeforeClaimHook", *order[:3]),
        "CallAfterClaimHook",
        order[3],
    ]


@pytest.mark.parametrize(
    ("request_", "source", "target"),
    [(SWITCHOVER, PRIMARY, SECONDARY), (FAILBACK, SECONDARY, PRIMARY)],
    ids=["switchover", "failback"],
)
def test_a_planned_move_calls_each_hook_once_and_one_more_before_a_failback(
    regions: TwoRegions,
    application: Application,
    request_: dict[str, str],
    source: str,
    target: str,
) -> None:
    regions.serve(source, 4)
    application.declare(**EACH)
    run = regions.run(request_)
    assert run.output["outcome"] == "switched_over", run.cause
    failback = ["before_failback"] if request_ == FAILBACK else []
    assert application.phases() == ["ready", *failback, "before_claim", "after_claim"]
    assert {c["mode"] for c in application.calls} == {request_["mode"]}
    moves = [c["regions"] for c in application.calls]
    assert moves == [{"from": source, "to": target}] * len(moves)
    order = ["Drain", "Prove", "PlannedClaim", "ConfirmTraffic"]
    entered = [s for s in run.states if s in {*order, *CALLED} - {"CallReadyHook"}]
    before = ["CallBeforeFailbackHook"] if failback else []
    wanted = [*before, "Drain", "Prove", "CallBeforeClaimHook", *order[2:], "CallAfterClaimHook"]
    assert entered == wanted


def test_a_rehearsal_calls_the_hooks_of_a_failover_and_claims_nothing(
    machine: Machine, application: Application
) -> None:
    application.declare(**EACH)
    run = machine.run(REHEARSAL)
    assert (run.output["outcome"], run.output["verdict"]) == ("rehearsed", "PASS")
    assert application.phases() == ON_THE_WAY
    assert {c["mode"] for c in application.calls} == {"rehearsal"}
    assert machine.active() == (PRIMARY, 1)
    (pk,) = (pk for pk in machine.rows(RECOVERIES) if pk.startswith("rehearsal#"))
    hooks = json.loads(machine.item(RECOVERIES, pk)["hooks"]["S"])
    assert {phase: result["ok"] for phase, result in hooks.items()} == {
        "before_claim": True,
        "after_claim": True,
    }


def test_a_hook_is_called_in_its_modes_only(
    machine: Machine, network: Network, application: Application
) -> None:
    application.declare(
        ready="modes=rehearsal", before_claim="modes=failover+drill", after_claim="modes=drill"
    )
    rehearsal = machine.run(REHEARSAL)
    assert (rehearsal.output["verdict"], application.phases()) == ("PASS", ["ready"])
    assert CALLED & set(rehearsal.states) == {"CallReadyHook"}, "and nothing waits for another"
    network.lose_primary()
    failover = machine.run(FAILOVER)
    assert failover.output["outcome"] == "promoted"
    assert application.phases() == ["ready", "before_claim"]
    assert CALLED & set(failover.states) == {"CallBeforeClaimHook"}


@pytest.mark.parametrize("phase", PHASES)
def test_a_planned_move_calls_the_one_hook_that_there_is(
    regions: TwoRegions, application: Application, phase: str
) -> None:
    regions.serve(SECONDARY, 4)
    application.declare(**{phase: ""})
    run = regions.run(FAILBACK)
    assert (run.output["outcome"], application.phases()) == ("switched_over", [phase])
    (state,) = CALLED & set(run.states)
    assert state == f"Call{phase.title().replace('_', '')}Hook"


def test_a_planned_move_without_hooks_passes_choices_and_one_end_more(
    regions: TwoRegions, application: Application
) -> None:
    run = regions.run(SWITCHOVER)
    entered = sorted(s for s in run.states if "Hook" in s)
    assert entered == ["HasAfterClaimHook", "HasReadyHook", "ReadyHookOver"]
    assert run.output["outcome"] == "switched_over"


def test_a_failover_that_a_drill_becomes_calls_the_drill_s_hooks(
    machine: Machine, network: Network, application: Application
) -> None:
    application.declare(before_claim="modes=drill", after_claim="modes=failover")
    machine.sentinel(drill_until={"N": str(int(time.time()) + 600)})
    network.lose_primary()
    assert machine.run(alarm_event()).output["mode"] == "drill"
    assert application.phases() == ["before_claim"]


def test_without_hooks_nothing_is_called_and_no_state_but_choices_and_one_end_is_entered(
    machine: Machine, network: Network, application: Application
) -> None:
    network.lose_primary()
    run = machine.run(FAILOVER)
    assert (application.calls, CALLED & set(run.states)) == ([], set())
    entered = [s for s in run.states if "Hook" in s]
    assert sorted(entered) == [
        *("HasAfterClaimHook", "HasBeforeClaimHook", "HasReadyHook", "ReadyHookOver")
    ]
    assert "hook_ready" not in [c["name"] for c in run.output["decision"]["conditions"]]
    (_, (event, message)) = machine.notices()
    assert (event, "Hook" in message) == ("promoted", False)
    assert report(machine, run)["hooks"] is None


def test_a_claim_that_is_tried_again_does_not_call_its_hook_again(
    machine: Machine, network: Network, faults: Faults, application: Application
) -> None:
    application.declare(before_claim="")
    network.lose_primary()
    faults.call_once("Claim", lambda: machine.change("drain", move="x", drain_until=1))
    run = machine.run(FAILOVER)
    assert (run.output["outcome"], run.states.count("Claim")) == ("promoted", 2)
    assert application.phases() == ["before_claim"]


def test_a_run_that_completes_another_s_recovery_calls_the_hook_after_the_claim(
    machine: Machine, network: Network, application: Application
) -> None:
    application.declare(**EACH)
    network.lose_primary()
    machine.seed(SECONDARY, 2)
    assert machine.run(FAILOVER).output["completing"] is True
    assert application.phases() == ["after_claim"]


# --- an optional hook that fails ------------------------------------------------------------------
@pytest.mark.parametrize("phase", ON_THE_WAY)
def test_an_optional_hook_that_fails_is_told_and_on_record_and_the_run_goes_on(
    machine: Machine, network: Network, application: Application, phase: str
) -> None:
    application.declare(**EACH)
    application.answers[phase] = RuntimeError("no queue")
    network.lose_primary()
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    line = f"Hook {phase}, shop-{phase}:live, failed: InvocationFailed: RuntimeError: no queue"
    (_, (event, message)) = machine.notices()
    assert (event, message.splitlines().count(line)) == ("promoted", 1)
    record, written = machine.record(2), report(machine, run)
    kept = json.loads(record["evidence"]["S"])["hook"]
    shown = written["evidence"]["checks"]["hook"]
    if phase != "ready":
        kept, shown = json.loads(record["hooks"]["S"])[phase], written["hooks"][phase]
    assert kept == shown
    assert (kept["ok"], kept["note"]) == (False, line)


@pytest.mark.parametrize("phase", ON_THE_WAY)
def test_an_optional_hook_that_hangs_costs_its_timeout_once_and_is_told(
    machine: Machine, network: Network, application: Application, phase: str
) -> None:
    application.declare(**{**EACH, phase: "timeout=7"})
    application.hanging.add(phase)
    network.lose_primary()
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert (application.waited, application.phases()) == ([7], ON_THE_WAY)
    (_, (_, message)) = machine.notices()
    assert f"Hook {phase}, shop-{phase}:live, failed: no answer within 7 s" in message


@pytest.mark.parametrize("state", ["CallReadyHook", "CallBeforeClaimHook", "CallAfterClaimHook"])
@pytest.mark.parametrize("request_", [FAILOVER, REHEARSAL], ids=lambda r: r["mode"])
def test_a_hook_that_cannot_be_called_at_all_stops_no_run(
    machine: Machine,
    network: Network,
    faults: Faults,
    application: Application,
    state: str,
    request_: dict[str, Any],
) -> None:
    application.declare(**EACH)
    faults.always(state, FunctionFailed("Lambda.TooManyRequestsException"))
    if request_ is FAILOVER:
        network.lose_primary()
    run = machine.run(request_)
    assert run.output["outcome"] == ("promoted" if request_ is FAILOVER else "rehearsed")
    assert run.states.count(state) == 1
    (*_, (_, message)) = machine.notices()
    assert "failed: it could not be called: Lambda.TooManyRequestsException" in message


@pytest.mark.parametrize("state", sorted(CALLED))
def test_a_hook_that_cannot_be_called_at_all_stops_no_planned_move(
    regions: TwoRegions, machine: Machine, faults: Faults, application: Application, state: str
) -> None:
    regions.serve(SECONDARY, 4)
    application.declare(**EACH)
    faults.always(state, FunctionFailed("SomeError"))
    run = regions.run(FAILBACK)
    assert run.output["outcome"] == "switched_over"
    (*_, (_, message)) = machine.notices()
    assert "failed: it could not be called: SomeError" in message
    hooks = regions.record(5)["hooks"]
    assert ("could not be called" in hooks) is (state != "CallReadyHook")


def test_a_failure_tells_of_the_hook_that_failed_before_it(
    machine: Machine, network: Network, faults: Faults, application: Application
) -> None:
    application.declare(before_claim="")
    application.hanging.add("before_claim")
    network.lose_primary()
    faults.always("ConfirmTraffic", FunctionFailed("SomeError"))
    assert machine.run(FAILOVER).status == "FAILED"
    (*_, (event, message)) = machine.notices()
    assert event == "failed"
    assert "Hook before_claim, shop-before_claim:live, failed: no answer within 5 s" in message


def test_an_input_that_nobody_can_read_is_told_with_hooks_too(
    machine: Machine, regions: TwoRegions, application: Application
) -> None:
    application.declare(**EACH)
    runs = [machine.run({"mode": "sideways"}), regions.run({"mode": "sideways"})]
    assert [r.error for r in runs] == ["InvalidExecutionInput"] * 2
    assert [event for event, _ in machine.notices()] == ["failed", "failed"]


# --- a required hook ------------------------------------------------------------------------------
REFUSALS: dict[str, Any] = {
    "false": {"ready": False, "why": "the provider is down"},
    "nothing": None,
    "a word": "true",
    "no boolean": {"ready": "true"},
    "an error": RuntimeError("no queue"),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
def test_a_required_hook_that_is_not_ready_holds_a_failover_by_name_until_it_is(
    machine: Machine, network: Network, application: Application, answer: Any
) -> None:
    application.declare(ready="required")
    application.answers["ready"] = answer
    network.lose_primary()
    arn = machine.start(FAILOVER)
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(arn))
    assert machine.active() == (PRIMARY, 1)
    ((event, message),) = machine.notices()
    assert event == "held"
    assert "UNMET  hook_ready: shop-ready:live: " in message
    application.answers["ready"] = {"ready": True, "provider": "up"}
    assert machine.wait(arn).output["outcome"] == "promoted"


def test_a_required_hook_that_hangs_holds_a_failover(
    machine: Machine, network: Network, application: Application
) -> None:
    application.declare(ready="timeout=2 required")
    application.hanging.add("ready")
    network.lose_primary()
    arn = machine.start(FAILOVER)
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(arn))
    ((_, message),) = machine.notices()
    assert "UNMET  hook_ready: shop-ready:live: no answer within 2 s." in message


def test_a_required_hook_that_cannot_be_called_holds_a_failover(
    machine: Machine, network: Network, faults: Faults, application: Application
) -> None:
    application.declare(ready="required")
    faults.always("CallReadyHook", FunctionFailed("SomeError"))
    network.lose_primary()
    arn = machine.start(FAILOVER)
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(arn))
    ((_, message),) = machine.notices()
    assert "UNMET  hook_ready: The step failed: SomeError" in message


def test_a_person_may_go_on_without_a_required_hook(
    machine: Machine, network: Network, application: Application
) -> None:
    application.declare(ready="required")
    application.hanging.add("ready")
    network.lose_primary()
    request = {"mode": "failover", "reason": "test", "override": ["hook_ready"]}
    assert machine.run(request).output["outcome"] == "promoted"


def test_a_required_hook_that_is_not_ready_fails_a_rehearsal(
    machine: Machine, application: Application
) -> None:
    application.declare(ready="required")
    application.answers["ready"] = {"ready": False}
    run = machine.run(REHEARSAL)
    assert (run.output["outcome"], run.output["verdict"]) == ("held", "FAIL")


def test_a_required_hook_that_is_not_ready_refuses_a_planned_move_by_name(
    regions: TwoRegions, machine: Machine, application: Application
) -> None:
    application.declare(**{**EACH, "ready": "required"})
    application.answers["ready"] = {"ready": False}
    run = regions.run(SWITCHOVER)
    assert (run.output["outcome"], run.output["decision"]["unmet"]) == ("refused", ["hook_ready"])
    assert machine.active() == (PRIMARY, 1)
    assert application.phases() == ["ready"]
    (*_, (_, message)) = machine.notices()
    assert 'UNMET  hook_ready: shop-ready:live: it answered {"ready": false}' in message


# --- the wait itself ------------------------------------------------------------------------------
def test_a_function_that_never_answers_is_given_up_after_its_timeout_and_not_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", address)
        client_of.cache_clear()
        started = time.monotonic()
        result = call(client_of(1), Hook("before_claim", "shop-pause:live", 1), {})
        client_of.cache_clear()
        silent.settimeout(0.1)
        silent.accept()
        with pytest.raises(TimeoutError):
            silent.accept()
    assert result["error"] == "no answer within 1 s"
    assert 1 <= time.monotonic() - started < 2.5
