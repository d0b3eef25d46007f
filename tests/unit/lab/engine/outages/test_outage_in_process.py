"""What runs inside the engine's process stops with its Region, and goes on after the heal."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from lab.engine.outages import freeze
from lab.engine.outages.losses import Loss
from lab.engine.outages.outage import Outage
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA, Anything, FakeAws, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

ARN = "arn:aws:lambda:{}:000000000000:function:app"


class World:
    """An engine whose parts note what they were asked to do."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.aws = FakeAws(
            lambda_service=Anything(
                _execute_function=self.note("function", {"body": "{}"}),
                _iter_all_esms=lambda: iter(
                    [("0", PRIMARY, "mapping-p"), ("0", SECONDARY, "mapping-s")]
                ),
            ),
            lambda_runtime=Anything(
                execution_credentials=lambda config: {"AWS_ACCESS_KEY_ID": config["FunctionName"]}
            ),
            eventbridge=Anything(
                _invoke_target=self.note("target"), _dispatch_to_event_bus=self.note("bus")
            ),
            cloudwatch=Anything(_evaluate_all_alarms=self.note("alarms")),
        )
        self.outage = Outage()

    def note(self, what: str, answer: Any = None) -> Callable[..., Any]:
        def act(*_: Any) -> Any:
            self.done.append((what, self.aws.region()))
            return answer

        return act


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(freeze, "_executions", lambda _: None)
    made = World()
    freeze.install(made.aws, made.outage)
    return made


def test_a_function_of_a_lost_region_does_not_run_and_says_so(world: World) -> None:
    world.outage.lose(PRIMARY, Loss())
    function = {"config": {"FunctionArn": ARN.format(PRIMARY)}}
    found = world.aws.lambda_service._execute_function(function, {})
    assert found["function_error"] == "Unhandled"
    assert found["body"]["errorType"] == "Lab.RegionLost"
    assert world.done == []
    assert world.outage.swallowed == {f"{PRIMARY} Lambda invocation": 1}


def test_a_function_of_another_region_runs(world: World) -> None:
    world.outage.lose(PRIMARY, Loss())
    world.aws.lambda_service._execute_function({"FunctionArn": ARN.format(SECONDARY)}, {})
    assert [what for what, _ in world.done] == ["function"]


def test_the_keys_of_a_function_tell_the_region_it_runs_in(world: World) -> None:
    config = {"FunctionName": "KEY", "FunctionArn": ARN.format(SECONDARY)}
    world.aws.lambda_runtime.execution_credentials(config)
    assert world.outage.home == {"KEY": SECONDARY}


def test_a_rule_of_a_lost_region_reaches_no_target(world: World) -> None:
    world.outage.lose(PRIMARY, Loss())
    invoke = world.aws.eventbridge._invoke_target
    world.aws.within(PRIMARY, invoke, "target", {}, {})
    world.aws.within(SECONDARY, invoke, "target", {}, {})
    assert world.done == [("target", SECONDARY)]


def test_an_event_for_a_lost_region_waits_and_arrives_once_after_the_heal(world: World) -> None:
    world.outage.lose(SECONDARY, Loss())
    spec = Anything(region=SECONDARY)
    dispatch = world.aws.eventbridge._dispatch_to_event_bus
    world.aws.within(VIRGINIA, dispatch, spec, {}, {}, ())
    assert not eventually(lambda: world.done, seconds=0.3)
    world.outage.heal()
    assert eventually(lambda: world.done)
    assert world.done == [("bus", VIRGINIA)]


def test_an_event_across_a_partition_waits_and_others_arrive(world: World) -> None:
    world.outage.cut(PRIMARY, SECONDARY)
    dispatch, spec = world.aws.eventbridge._dispatch_to_event_bus, Anything(region=SECONDARY)
    world.aws.within(PRIMARY, dispatch, spec, {}, {}, ())
    world.aws.within(VIRGINIA, dispatch, spec, {}, {}, ())
    assert world.done == [("bus", VIRGINIA)]
    world.outage.heal()
    assert eventually(lambda: len(world.done) == 2)
    assert world.done == [("bus", VIRGINIA), ("bus", PRIMARY)]


def test_an_event_for_a_region_that_runs_arrives_at_once(world: World) -> None:
    world.aws.eventbridge._dispatch_to_event_bus(Anything(region=SECONDARY), {}, {}, ())
    assert world.done == [("bus", PRIMARY)]


def test_stream_pollers_of_a_lost_region_pause(world: World) -> None:
    world.outage.lose(PRIMARY, Loss())
    assert [m[2] for m in world.aws.lambda_service._iter_all_esms()] == ["mapping-s"]


def test_alarms_of_a_lost_region_are_not_evaluated(world: World) -> None:
    world.outage.lose(PRIMARY, Loss())
    for region in (PRIMARY, SECONDARY):
        world.aws.within(region, world.aws.cloudwatch._evaluate_all_alarms)
    assert world.done == [("alarms", SECONDARY)]


def frozen(action: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(0.05)
    return thread


def test_who_waits_for_a_lost_region_goes_on_after_its_heal() -> None:
    outage = Outage()
    outage.lose(PRIMARY, Loss())
    thread = frozen(lambda: outage.wait_until(lambda: outage.runs(PRIMARY)))
    assert thread.is_alive()
    outage.heal()
    thread.join(2)
    assert not thread.is_alive()


def test_an_execution_stops_before_its_next_state_until_its_region_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

    entered: list[Any] = []
    monkeypatch.setattr(CommonStateField, "_eval_body", lambda _self, env: entered.append(env))
    outage = Outage()
    freeze._executions(outage)
    gated: Any = CommonStateField._eval_body
    environment = Anything(aws_execution_details=Anything(region=PRIMARY), is_running=lambda: True)
    outage.lose(PRIMARY, Loss())
    thread = frozen(lambda: gated(None, environment))
    assert entered == []
    outage.heal()
    thread.join(2)
    assert entered == [environment]
