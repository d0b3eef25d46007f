"""The seed: a custom resource of CloudFormation that makes nobody active twice."""

from __future__ import annotations

import io
import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    PRIMARY,
    SECONDARY,
    FakeDynamoDB,
    aws_error,
    control_item,
)

MODULE: Any = load_handler("seed")
URL = "https://cloudformation-custom-resource-response.s3.amazonaws.com/x?signature=y"

SEEDED = {
    "active_region": PRIMARY,
    "epoch": 1,
    "state": "serving",
    "drain_until": None,
    "drain_to": None,
    "changed_by": "seed",
    "break_glass": None,
}


class World:
    """The control table, and what CloudFormation was told."""

    def __init__(self, dynamodb: FakeDynamoDB) -> None:
        self.dynamodb = dynamodb
        self.requests: list[urllib.request.Request] = []

    def urlopen(self, request: urllib.request.Request, timeout: float) -> io.BytesIO:
        assert 0 < timeout <= 10
        self.requests.append(request)
        return io.BytesIO()

    def told(self) -> dict[str, Any]:
        assert len(self.requests) == 1, "CloudFormation takes one answer"
        data = self.requests[0].data
        assert isinstance(data, bytes)
        return json.loads(data)

    def send(self, kind: str, **more: str) -> dict[str, Any]:
        event = {
            "RequestType": kind,
            "ResponseURL": URL,
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "ControlItem",
        }
        return MODULE.lambda_handler({**event, **more}, context("seed"))


@pytest.fixture
def world(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(fake)
    monkeypatch.setattr(MODULE, "client", lambda _service: fake)
    monkeypatch.setattr(urllib.request, "urlopen", found.urlopen)
    return found


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_deployment_seeds_where_nothing_is(world: World, kind: str) -> None:
    seeded = world.send(kind)
    assert seeded == SEEDED | {"changed_at": seeded["changed_at"]}
    assert world.told() == {
        "Status": "SUCCESS",
        "Reason": "The control item is there.",
        "PhysicalResourceId": "control-item",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "ControlItem",
        "Data": {"ActiveRegion": PRIMARY, "Epoch": 1},
    }


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_no_deployment_changes_who_is_active(world: World, kind: str) -> None:
    world.dynamodb.put_item(CONTROL, control_item(SECONDARY, 5, "draining"))
    world.send(kind)
    assert world.dynamodb.rows(CONTROL) == [control_item(SECONDARY, 5, "draining")]


def test_it_tells_who_is_active_and_not_who_it_would_have_seeded(world: World) -> None:
    world.dynamodb.put_item(CONTROL, control_item(SECONDARY, 5))
    world.send("Update")
    assert world.told()["Data"] == {"ActiveRegion": SECONDARY, "Epoch": 5}


def test_deleting_the_resource_succeeds_and_touches_nothing(world: World) -> None:
    world.send("Delete", PhysicalResourceId="control-item")
    assert world.told()["Status"] == "SUCCESS"
    assert world.dynamodb.calls == []


def test_the_answer_is_put_to_the_signed_address_without_a_content_type(world: World) -> None:
    world.send("Create")
    request = world.requests[0]
    assert (request.method, request.full_url) == ("PUT", URL)
    assert request.get_header("Content-type") == "", "the signature covers an empty one"


def test_the_resource_keeps_the_id_it_has(world: World) -> None:
    """Another id would make CloudFormation delete the old one."""
    world.send("Update", PhysicalResourceId="as-it-was")
    assert world.told()["PhysicalResourceId"] == "as-it-was"


def test_a_failure_is_told_at_once_and_is_not_a_success_of_the_function(world: World) -> None:
    world.dynamodb.failing["put_item"] = aws_error("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        world.send("Create")
    told = world.told()
    assert told["Status"] == "FAILED"
    assert "AccessDenied" in told["Reason"]


def test_it_seeds_by_hand_and_tells_nobody(world: World) -> None:
    seeded = MODULE.lambda_handler({"RequestType": "Seed"}, context("seed"))
    assert seeded == SEEDED | {"changed_at": seeded["changed_at"]}
    assert world.requests == []
