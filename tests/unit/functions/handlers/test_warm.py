"""Warm: plans batches of all that is to be warmed, and proves the environments of one batch."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import http, timestamps

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import RECOVERIES, FakeDynamoDB, FakeLambda

MODULE: Any = load_handler("warm")
APP = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-app:live"
SWITCH = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-switch:live"


class Warming:
    """The handler, with functions that answer pings and a list of a user."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, dynamodb: FakeDynamoDB) -> None:
        self._patch, self._dynamodb = monkeypatch, dynamodb
        monkeypatch.setattr(MODULE, "DYNAMODB", dynamodb)
        self.functions({APP: separate(), SWITCH: separate()})

    def functions(self, known: dict[str, Any]) -> None:
        self.lambdas = FakeLambda(known)
        self._patch.setattr(MODULE, "LAMBDA", self.lambdas)
        self._patch.setattr(MODULE, "APP_FUNCTIONS", [f for f in known if f.startswith("arn:")])

    def listed(self, *functions: str) -> None:
        item = {"pk": {"S": "warm-targets"}, "targets": {"SS": list(functions)}}
        self._dynamodb.put_item(RECOVERIES, item)

    def plan(self) -> dict[str, Any]:
        return MODULE.lambda_handler({"step": "plan"}, context("warm"))

    def ping(self, **batch: Any) -> dict[str, Any]:
        until = timestamps.text(datetime.now(UTC) + timedelta(seconds=4))
        given = {"from": 0, "to": 2, "show": 20, "until": until, **batch}
        return MODULE.lambda_handler({"step": "ping", "batch": given}, context("warm"))


@pytest.fixture
def warming(monkeypatch: pytest.MonkeyPatch, fake: FakeDynamoDB) -> Warming:
    return Warming(monkeypatch, fake)


def separate() -> Any:
    numbers = itertools.count()
    return lambda _event: {"environment": str(next(numbers))}


def broken(_event: Any) -> Any:
    raise RuntimeError("no disk")


def test_every_function_is_forced_into_so_many_environments(warming: Warming) -> None:
    found = warming.ping()
    assert [t["function"] for t in found.pop("targets")] == [
        "pilot-light-app:live",
        "pilot-light-switch:live",
    ]
    assert found == {
        "ok": True,
        "functions": 2,
        "requested": 6,
        "environments": 6,
        "failed": 0,
        "paths": [],
    }


def test_the_plan_of_the_template_s_own_functions_is_one_batch(warming: Warming) -> None:
    found = warming.plan()
    ((first, last),) = [(b["from"], b["to"]) for b in found["batches"]]
    assert (found["functions"], first, last) == (2, 0, 2)
    asked, until = (timestamps.parse(m) for m in (found["asked_at"], found["batches"][0]["until"]))
    assert until - asked == MODULE.BUDGET


def test_the_plan_names_no_function_so_that_its_size_does_not_grow_with_names(
    warming: Warming,
) -> None:
    warming.listed(*(f"{'long-name-' * 6}{i}:live" for i in range(998)))
    found = warming.plan()
    assert found["functions"] == 1000
    assert len(str(found)) < 5000
    assert "long-name" not in str(found)


def test_a_function_that_is_listed_is_warmed_with_the_others_and_only_once(
    warming: Warming,
) -> None:
    warming.functions({APP: separate(), "orders:live": separate()})
    warming.listed("orders:live", "pilot-light-app:live")
    assert warming.plan()["functions"] == 2
    assert warming.ping()["environments"] == 6


def test_a_batch_warms_its_own_functions_and_no_other(warming: Warming) -> None:
    found = warming.ping(**{"from": 1, "to": 2})
    assert [t["function"] for t in found["targets"]] == ["pilot-light-switch:live"]
    assert len(warming.lambdas.payloads) == 3


def test_an_environment_that_answers_every_ping_is_one_and_not_enough(warming: Warming) -> None:
    warming.functions({APP: lambda _event: {"environment": "the same"}})
    found = warming.ping(to=1)
    assert (found["ok"], found["environments"], found["targets"][0]["waves"]) == (False, 1, 3)
    holds = {p["pilot_light"]["warm"]["hold_ms"] for p in warming.lambdas.payloads}
    assert len(holds) == 3, "longer each time"


def test_paths_are_planned_and_requested_beside_the_functions(
    warming: Warming, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def request(method: str, url: str, **_: Any) -> http.Response:
        asked.append((method, url))
        return http.Response(200, b"", {}, 0.1)

    monkeypatch.setattr(http, "request", request)
    monkeypatch.setattr(MODULE, "WARM_PATHS", ["/orders", "/carts"])
    plan = warming.plan()
    assert (plan["functions"], plan["paths"]) == (2, 2)
    assert [(b["from"], b["to"]) for b in plan["batches"]] == [(0, 4)]
    found = warming.ping(to=4)
    assert (found["ok"], found["environments"], found["functions"]) == (True, 6, 2)
    assert [(p["path"], p["answered"]) for p in found["paths"]] == [("/orders", 3), ("/carts", 3)]
    host = "https://us-east-2.pilotlight.example"
    assert sorted(asked) == [
        *[("GET", f"{host}/carts")] * 3,
        *[("GET", f"{host}/orders")] * 3,
    ]
    only_paths = warming.ping(**{"from": 2, "to": 4})
    assert (only_paths["ok"], only_paths["functions"], len(only_paths["paths"])) == (True, 0, 2)


def test_a_broken_function_does_not_spoil_the_other(warming: Warming) -> None:
    warming.functions({APP: broken, SWITCH: separate()})
    found = warming.ping()
    assert (found["ok"], found["environments"], found["failed"]) == (False, 3, 3)
    assert found["targets"][0]["function"] == "pilot-light-app:live"
    assert "no disk" in found["targets"][0]["why"]


def test_the_pings_of_all_functions_overlap(warming: Warming) -> None:
    together, numbers = threading.Barrier(6, timeout=5), itertools.count()

    def waits(_event: Any) -> Any:
        together.wait()
        return {"environment": str(next(numbers))}

    warming.functions({APP: waits, SWITCH: waits})
    assert warming.ping()["ok"] is True


def test_a_batch_that_comes_too_late_asks_nobody(warming: Warming) -> None:
    found = warming.ping(until="2020-01-01T00:00:00.000Z")
    assert (found["ok"], found["environments"], found["requested"]) == (False, 0, 6)
    assert warming.lambdas.payloads == []


@pytest.mark.parametrize("count", [1, 7])
def test_how_many_is_a_setting(
    warming: Warming, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(MODULE, "WARM_CONCURRENCY", count)
    assert warming.ping(to=1)["environments"] == count


@pytest.mark.parametrize("event", [{}, {"step": "warm"}, {"mode": "failover"}])
def test_a_step_that_nobody_knows_is_an_error_that_names_it(
    warming: Warming, event: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="is none of plan, ping"):
        MODULE.lambda_handler(event, context("warm"))
