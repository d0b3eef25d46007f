"""Readiness: what is tried, what is required, and that no failure of a check is one of the step."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import http
from pilotlight.control import assembly

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    SECONDARY,
    FakeDynamoDB,
    FakeLambda,
    FakeS3,
    aws_error,
    control_item,
)

MODULE: Any = load_handler("readiness")
APP = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-app:live"
SWITCH = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-switch:live"
HOST = f"{SECONDARY}.pilotlight.example"
REQUIRED = {
    "items_table",
    "control_quorum",
    "recoveries_table",
    "app_function",
    "switch_function",
    "endpoint",
}
ADVISORY = {"certificate", "bucket"}


class World:
    """A Secondary on which everything works, until a test breaks it."""

    def __init__(self) -> None:
        self.dynamodb, self.s3 = FakeDynamoDB(), FakeS3()
        self.dynamodb.put_item(CONTROL, control_item())
        self.statuses: dict[str, Any] = {APP: 200, SWITCH: 200}
        self.health: int | Exception = 200
        self.certificate: timedelta | Exception = timedelta(days=60)
        self.asked: list[str] = []
        functions = {arn: self._answer(arn) for arn in self.statuses}
        self.clients = {"DYNAMODB": self.dynamodb, "S3": self.s3, "LAMBDA": FakeLambda(functions)}

    def _answer(self, arn: str) -> Any:
        def answer(event: dict[str, Any]) -> dict[str, Any]:
            if isinstance(self.statuses[arn], Exception):
                raise self.statuses[arn]
            return {"statusCode": self.statuses[arn], "body": json.dumps(event["rawPath"])}

        return answer

    def request(self, method: str, url: str, **_: Any) -> http.Response:
        self.asked.append(f"{method} {url}")
        if isinstance(self.health, Exception):
            raise self.health
        return http.Response(self.health, b"{}", {}, 0.1)

    def certificate_end(self, host: str, **_: Any) -> datetime:
        self.asked.append(f"TLS {host}")
        if isinstance(self.certificate, Exception):
            raise self.certificate
        return datetime.now(UTC) + self.certificate

    def verify(self) -> tuple[str, dict[str, str]]:
        """Return the verdict and the details of what failed."""
        found = MODULE.lambda_handler({}, context("readiness"))
        return found["verdict"], {c["name"]: c["detail"] for c in found["checks"] if not c["ok"]}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    found = World()
    for name, client in found.clients.items():
        monkeypatch.setattr(MODULE, name, client)
    monkeypatch.setattr(assembly, "best_effort_client", lambda: found.dynamodb)
    monkeypatch.setattr(http, "request", found.request)
    monkeypatch.setattr(http, "certificate_end", found.certificate_end)
    return found


def test_a_well_secondary_is_ready_and_nothing_is_left_behind(world: World) -> None:
    assert world.verify() == ("ready", {})
    left = [row for name in world.dynamodb.tables for row in world.dynamodb.rows(name)]
    assert left == [control_item()]
    assert world.s3.objects == {}


def test_what_is_required_and_what_is_advisory_is_as_documented(world: World) -> None:
    found = MODULE.lambda_handler({}, context("readiness"))["checks"]
    assert {c["name"] for c in found if c["required"]} == REQUIRED
    assert {c["name"] for c in found if not c["required"]} == ADVISORY


def test_it_tries_its_own_endpoint_and_functions_as_they_are_called(world: World) -> None:
    world.verify()
    assert sorted(world.asked) == [f"GET https://{HOST}/health", f"TLS {HOST}"]
    paths = [payload["rawPath"] for payload in world.clients["LAMBDA"].payloads]
    assert sorted(paths) == ["/health", "/switch/off"]


@pytest.mark.parametrize("operation", ["put_item", "delete_item"])
def test_tables_that_fail_veto(world: World, operation: str) -> None:
    world.dynamodb.failing[operation] = aws_error("AccessDeniedException")
    verdict, failed = world.verify()
    assert verdict == "not_ready"
    assert set(failed) == {"items_table", "recoveries_table"}
    assert "AccessDenied" in failed["items_table"]


@pytest.mark.parametrize("broken", ["silent", "missing"])
def test_without_a_quorum_nothing_can_be_claimed_and_so_nothing_is_ready(
    world: World, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    read = world.dynamodb.get_item

    def silent(TableName: str, ConsistentRead: bool = False, **given: Any) -> Any:
        if TableName == CONTROL and ConsistentRead:
            raise aws_error("InternalServerError")
        return read(TableName, ConsistentRead=ConsistentRead, **given)

    if broken == "silent":
        monkeypatch.setattr(world.dynamodb, "get_item", silent)
    else:
        world.dynamodb.tables[CONTROL].clear()
    verdict, failed = world.verify()
    assert (verdict, set(failed)) == ("not_ready", {"control_quorum"})
    assert failed["control_quorum"].startswith("ControlUnread: ")


@pytest.mark.parametrize("arn", [APP, SWITCH])
@pytest.mark.parametrize("broken", [503, 404, 302, RuntimeError("no disk")])
def test_a_function_that_does_not_answer_well_vetoes(world: World, arn: str, broken: Any) -> None:
    world.statuses[arn] = broken
    verdict, failed = world.verify()
    assert verdict == "not_ready"
    assert set(failed) == {"app_function" if arn == APP else "switch_function"}


@pytest.mark.parametrize("broken", [503, 301, http.Unreachable("refused")])
def test_an_endpoint_that_does_not_answer_well_vetoes(world: World, broken: Any) -> None:
    world.health = broken
    verdict, failed = world.verify()
    assert (verdict, set(failed)) == ("not_ready", {"endpoint"})


@pytest.mark.parametrize(
    "broken", [timedelta(days=6), timedelta(days=-1), http.Unreachable("expired")]
)
def test_a_certificate_near_its_end_is_told_and_does_not_veto(world: World, broken: Any) -> None:
    world.certificate = broken
    verdict, failed = world.verify()
    assert (verdict, set(failed)) == ("ready", {"certificate"})


def test_a_certificate_of_eight_days_is_good_enough(world: World) -> None:
    world.certificate = timedelta(days=8)
    assert world.verify() == ("ready", {})


def test_a_bucket_that_fails_is_told_and_does_not_veto(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.s3, "get_object", lambda **_: {"Body": io.BytesIO(b"old")})
    verdict, failed = world.verify()
    assert (verdict, set(failed)) == ("ready", {"bucket"})


def test_everything_that_failed_is_told_at_once(world: World) -> None:
    world.health, world.statuses[APP] = 503, 503
    assert set(world.verify()[1]) == {"endpoint", "app_function"}
