"""Readiness: what is tried, what is required, and that no failure of a check is one of the step."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import http
from pilotlight.control import assembly
from pilotlight.readiness import conformance
from pilotlight.shared.app_tables import AppTables

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
SWITCH = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-switch:live"
HOST = f"{SECONDARY}.pilotlight.example"
REQUIRED = {
    "journal_table",
    "table pilot-light-app-items",
    "control_quorum",
    "recoveries_table",
    "switch_function",
    "endpoint",
}
ADVISORY = {"certificate", "bucket"}


class World:
    """A Secondary on which everything works, until a test breaks it."""

    def __init__(self) -> None:
        self.dynamodb, self.s3 = FakeDynamoDB(), FakeS3()
        self.dynamodb.put_item(CONTROL, control_item())
        self.statuses: dict[str, Any] = {SWITCH: 200}
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
    assert sorted(paths) == ["/switch/off"]


@pytest.mark.parametrize("operation", ["put_item", "delete_item"])
def test_tables_that_fail_veto(world: World, operation: str) -> None:
    world.dynamodb.failing[operation] = aws_error("AccessDeniedException")
    verdict, failed = world.verify()
    assert verdict == "not_ready"
    app_table = "table pilot-light-app-items"
    assert set(failed) == {"journal_table", app_table, "recoveries_table"}
    assert "AccessDenied" in failed[app_table]


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


@pytest.mark.parametrize("broken", [503, 404, 302, RuntimeError("no disk")])
def test_a_switch_that_does_not_answer_well_vetoes(world: World, broken: Any) -> None:
    world.statuses[SWITCH] = broken
    verdict, failed = world.verify()
    assert verdict == "not_ready"
    assert set(failed) == {"switch_function"}


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
    world.health, world.statuses[SWITCH] = 503, 503
    assert set(world.verify()[1]) == {"endpoint", "switch_function"}


def test_a_table_whose_keys_are_numbers_is_read_and_takes_no_canary(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, read = AppTables.parse(["orders:number=N"]), world.dynamodb.get_item
    asked: list[Any] = []

    def get_item(TableName: str, Key: Any, **more: Any) -> Any:
        if TableName != "orders":
            return read(TableName, Key, **more)
        asked.append(Key)
        return {}

    monkeypatch.setattr(world.dynamodb, "get_item", get_item)
    monkeypatch.setattr(MODULE, "DEPLOYMENT", replace(MODULE.DEPLOYMENT, app_tables=tables))
    assert world.verify() == ("ready", {})
    assert asked == [{"number": {"N": "0"}}]
    assert [g for g in world.dynamodb.asked("put_item") if g["TableName"] == "orders"] == []


# --- a rehearsal tries the declared level --------------------------------------------------------
class NoWrites:
    """Streams of tables in which nobody has written."""

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescription": {"Shards": []}}


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> NoWrites:
    found = NoWrites()
    monkeypatch.setattr(conformance, "streams_client", lambda: found)
    table = {"StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}}
    described = {"Table": {**table, "LatestStreamArn": "items/stream/1"}}
    monkeypatch.setattr(FakeDynamoDB, "describe_table", lambda *_, **__: described, raising=False)
    return found


def rehearsed(world: World) -> dict[str, dict[str, Any]]:
    found = MODULE.lambda_handler({"mode": "rehearsal"}, context("readiness"))
    assert found["verdict"] == "ready", "the level is a condition of its own"
    return {c["name"]: c for c in found["conformance"]["checks"]}


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize(("takes_writes", "state"), [(503, "ok"), (200, "failed")])
def test_a_passive_region_that_would_take_writes_fails_the_rehearsal_by_its_level(
    world: World, monkeypatch: pytest.MonkeyPatch, takes_writes: int, state: str
) -> None:
    def request(method: str, url: str, **_: Any) -> http.Response:
        status = takes_writes if url.endswith("/health?for=writes") else 200
        return http.Response(status, b"{}", {}, 0.1)

    monkeypatch.setattr(http, "request", request)
    found = rehearsed(world)["fence"]
    assert found["state"] == state
    if state == "failed":
        assert "level 2, journaled, is not met" in found["detail"]


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (503, "failed")])
def test_an_active_secondary_has_to_take_writes(
    world: World, monkeypatch: pytest.MonkeyPatch, status: int, state: str
) -> None:
    world.dynamodb.put_item(CONTROL, control_item(SECONDARY, 2))

    def request(method: str, url: str, **_: Any) -> http.Response:
        asked = status if url.endswith("?for=writes") else 200
        return http.Response(asked, b"{}", {}, 0.1)

    monkeypatch.setattr(http, "request", request)
    assert rehearsed(world)["fence"]["state"] == state


@pytest.mark.usefixtures("streams")
@pytest.mark.parametrize(
    ("level", "tried"), [(0, set()), (1, {"fence"}), (2, {"fence", "journal"})]
)
def test_what_is_tried_follows_from_the_level(
    world: World, monkeypatch: pytest.MonkeyPatch, level: int, tried: set[str]
) -> None:
    monkeypatch.setattr(MODULE, "DEPLOYMENT", replace(MODULE.DEPLOYMENT, level=level))
    assert set(rehearsed(world)) == tried


@pytest.mark.usefixtures("streams")
def test_an_application_that_nobody_wrote_to_shows_nothing_and_fails_nothing(world: World) -> None:
    found = rehearsed(world)["journal"]
    assert found["state"] == "ok"
    assert "no write was seen" in found["detail"]
    assert "is not shown" in found["detail"]


def test_a_stream_that_cannot_be_read_is_neither_met_nor_unmet(
    world: World, streams: NoWrites, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> Any:
        raise aws_error("AccessDeniedException")

    monkeypatch.setattr(streams, "describe_stream", refuse)
    found = rehearsed(world)["journal"]
    assert (found["state"], "AccessDenied" in found["detail"]) == ("unknown", True)


@pytest.mark.parametrize("mode", ["failover", "drill", None])
def test_only_a_rehearsal_tries_the_level(world: World, mode: str | None) -> None:
    found = MODULE.lambda_handler({"mode": mode} if mode else {}, context("readiness"))
    assert "conformance" not in found
