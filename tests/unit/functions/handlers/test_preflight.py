"""The steps of a preflight, as the machine asks for them."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import http
from pilotlight.sentinel import probes

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    FakeDynamoDB,
    FakeLambda,
    aws_error,
)

APP, SWITCH = "pilot-light-app:live", "pilot-light-switch:live"
MODULE: Any = load_handler("preflight", APP_FUNCTIONS=f"{APP},{SWITCH}")
both_ways = pytest.mark.parametrize(
    ("source", "target"), [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)]
)


class World:
    """Two Regions with an app and a switch in each, whose every ping meets a new environment."""

    def __init__(self) -> None:
        self.tables = {r: FakeDynamoDB() for r in (PRIMARY, SECONDARY)}
        self.answers: dict[str, Any] = {}
        self.lambdas = {r: FakeLambda(_Functions(self, r)) for r in (PRIMARY, SECONDARY)}
        self.pinged: list[tuple[str, str]] = []
        self.numbers = itertools.count()

    def client(self, region: str, service: str) -> Any:
        return self.lambdas[region] if service == "lambda" else self.tables[region]

    def ping_client(self, region: str) -> Any:
        return self.lambdas[region]

    def answer(self, region: str, function: str, event: Any) -> Any:
        if "pilot_light" not in event:
            return {"statusCode": self.answers.get(region, 200)}
        self.pinged.append((region, function))
        return self.answers.get(function, {"environment": str(next(self.numbers))})

    def list_for_warming(self, *functions: str) -> None:
        item = {"pk": {"S": "warm-targets"}, "targets": {"SS": list(functions)}}
        self.tables[SECONDARY].put_item(RECOVERIES, item)

    def ask(self, step: str, source: str = PRIMARY, target: str = SECONDARY, **more: Any) -> Any:
        event = {"step": step, "source": source, "target": target, **more}
        return MODULE.lambda_handler(event, context("preflight"))


class _Functions(dict):  # type: ignore[type-arg]
    """Whatever function is invoked, the world answers."""

    def __init__(self, world: World, region: str) -> None:
        super().__init__()
        self._world, self._region = world, region

    def __missing__(self, function: str) -> Any:
        return lambda event: self._world.answer(self._region, function, event)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    monkeypatch.setattr(MODULE, "DYNAMODB", found.tables[SECONDARY])
    monkeypatch.setattr(MODULE, "client_of", found.client)
    monkeypatch.setattr(MODULE, "ping_client_of", found.ping_client)
    monkeypatch.setattr(http, "request", lambda *_, **__: http.Response(200, b"{}", {}, 0.1))
    monkeypatch.setattr(
        http, "certificate_end", lambda *_, **__: datetime.now(UTC) + timedelta(days=60)
    )
    monkeypatch.setattr(probes, "read_beacon", lambda _name: "healthy")
    return found


@both_ways
def test_a_look_tells_of_both_regions(world: World, source: str, target: str) -> None:
    found = world.ask("look", source, target)
    assert set(found["health"]) == {PRIMARY, SECONDARY}
    assert set(found["replication"]) == {"to_target", "to_source"}
    assert found["beacon"] == "healthy"


def test_the_source_is_asked_for_the_claim_of_an_epoch_that_json_wrote_with_decimals(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def request(_method: str, url: str, **_: Any) -> http.Response:
        asked.append(url)
        body = {"active_region": SECONDARY, "epoch": 3, "state": "serving"}
        return http.Response(200, json.dumps(body).encode(), {}, 0.1)

    monkeypatch.setattr(http, "request", request)
    assert world.ask("handed_over", epoch=3.0)["shows_claim"] is True
    assert asked == [f"https://{PRIMARY}.pilotlight.example/health"]


@both_ways
def test_a_target_that_is_well_is_ready(world: World, source: str, target: str) -> None:
    found = world.ask("target", source, target)
    assert found["verdict"] == "ready", found["checks"]
    assert len(world.tables[target].asked("put_item")) == 2, "the journal and the app's table"
    assert world.tables[source].calls == []


def test_a_target_of_which_something_required_fails_is_not_ready(world: World) -> None:
    world.tables[PRIMARY].failing["put_item"] = aws_error("Throttled")
    found = world.ask("target", SECONDARY, PRIMARY)
    assert found["verdict"] == "not_ready"
    failed = [c["name"] for c in found["checks"] if not c["ok"]]
    assert failed == ["journal_table", "table pilot-light-app-items"]


@both_ways
def test_every_function_is_warmed_in_the_target_and_only_there(
    world: World, source: str, target: str
) -> None:
    found = world.ask("warm", source, target)
    assert sorted(world.pinged) == [(target, APP)] * 3 + [(target, SWITCH)] * 3
    assert (found["ok"], found["planned"], found["environments"]) == (True, 2, 6)


def test_what_users_have_listed_is_warmed_too_by_its_name_in_the_other_region(
    world: World,
) -> None:
    arn = f"arn:aws:lambda:{SECONDARY}:123456789012:function"
    world.list_for_warming(f"{arn}:mine:live", f"{arn}:{APP}")
    found = world.ask("warm", SECONDARY, PRIMARY)
    assert {function for _, function in world.pinged} == {"mine:live", APP, SWITCH}
    assert found["planned"] == 3, "what is listed twice is warmed once"


@both_ways
def test_paths_are_requested_in_the_target_by_its_own_name(
    world: World, monkeypatch: pytest.MonkeyPatch, source: str, target: str
) -> None:
    asked: list[str] = []

    def request(_method: str, url: str, **_: Any) -> http.Response:
        asked.append(url)
        return http.Response(404, b"", {}, 0.1)

    monkeypatch.setattr(http, "request", request)
    monkeypatch.setattr(MODULE, "WARM_PATHS", ["/orders"])
    found = world.ask("warm", source, target)
    assert asked == [f"https://{target}.pilotlight.example/orders"] * 3
    assert (found["ok"], found["planned"], found["planned_paths"]) == (False, 2, 1)
    assert found["paths"][0]["why"] == "answered 404"


def test_a_function_that_proves_too_little_is_told(world: World) -> None:
    world.answers[SWITCH] = {"environment": "the only one"}
    found = world.ask("warm")
    assert found["ok"] is False
    assert [t["function"] for t in found["targets"] if t["environments"] != 3] == [SWITCH]


def test_no_wave_begins_after_the_budget_is_spent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "BUDGET", timedelta(0))
    found = world.ask("warm")
    assert world.pinged == []
    assert (found["ok"], found["environments"]) == (False, 0)


@pytest.mark.parametrize("step", ["", None, "Look", "tails"])
def test_a_step_that_is_not_known_is_an_error_that_names_it(world: World, step: Any) -> None:
    with pytest.raises(ValueError, match=f"{step!r} is none of look, target, warm, handed_over"):
        world.ask(step)


@pytest.mark.parametrize("region", ["eu-west-1", "", None])
@pytest.mark.parametrize("end", ["source", "target"])
def test_a_foreign_region_is_an_error_that_names_it(world: World, end: str, region: Any) -> None:
    with pytest.raises(ValueError, match=f"The {end} {region!r} is no Region"):
        world.ask("look", **{end: region})
