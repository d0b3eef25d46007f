"""The seed: a custom resource of CloudFormation that makes nobody active twice."""

from __future__ import annotations

import io
import json
import urllib.request
from typing import Any

import pytest
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.control.seed import MISSING, SeededBefore, SeedMark
from pilotlight.control.table import ControlTable

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    FakeDynamoDB,
    aws_error,
    control_item,
)

MODULE: Any = load_handler("seed")
URL = "https://cloudformation-custom-resource-response.s3.amazonaws.com/x?signature=y"

SEEDED = {
    "revision": 1,
    "active_region": PRIMARY,
    "epoch": 1,
    "state": "serving",
    "move": None,
    "drain_until": None,
    "cooldown_until": None,
    "changed_by": "seed",
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

    def lose(self) -> None:
        """Lose the control item."""
        self.dynamodb.table(CONTROL).clear()

    def by_hand(self, **more: Any) -> dict[str, Any]:
        return MODULE.lambda_handler({"RequestType": "Seed", **more}, context("seed"))


@pytest.fixture
def world(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> World:
    found = World(fake)
    monkeypatch.setattr(MODULE, "TABLE", ControlTable(fake, CONTROL))
    monkeypatch.setattr(MODULE, "MARK", SeedMark(fake, RECOVERIES))
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
    with pytest.raises(TableUnavailable, match="AccessDenied"):
        world.send("Create")
    told = world.told()
    assert told["Status"] == "FAILED"
    assert "AccessDenied" in told["Reason"]


# --- the item is gone ----------------------------------------------------------------------------
def test_an_item_that_is_gone_is_not_seeded_again_by_a_deployment(world: World) -> None:
    """An epoch that is used twice makes writes of two Regions look like those of one."""
    world.send("Create")
    world.requests.clear()
    world.lose()
    with pytest.raises(SeededBefore):
        world.send("Update")
    assert world.dynamodb.rows(CONTROL) == []
    assert world.told()["Status"] == "FAILED"
    assert f'"Epoch": {2 + MISSING}' in world.told()["Reason"]


def test_a_person_puts_it_back_with_an_epoch_above_every_one_that_was_used(world: World) -> None:
    world.dynamodb.put_item(CONTROL, control_item(SECONDARY, 5))
    world.send("Update")
    world.lose()
    for epoch in ({}, {"Epoch": 1}, {"Epoch": 5 + MISSING}):
        with pytest.raises(SeededBefore):
            world.by_hand(**epoch)
    found = world.by_hand(Epoch=6 + MISSING)
    assert (found["active_region"], found["epoch"]) == (PRIMARY, 6 + MISSING)
    world.lose()
    with pytest.raises(SeededBefore):
        world.by_hand(Epoch=6 + MISSING)


def test_an_epoch_given_by_hand_changes_no_item_that_is_there(world: World) -> None:
    world.dynamodb.put_item(CONTROL, control_item(SECONDARY, 5))
    assert world.by_hand(Epoch=99)["epoch"] == 5


@pytest.mark.parametrize("code", ["InternalServerError", "AccessDeniedException"])
def test_an_item_that_cannot_be_read_is_not_taken_for_a_missing_one(
    world: World, code: str
) -> None:
    world.dynamodb.failing["get_item"] = aws_error(code)
    with pytest.raises(ControlUnread):
        world.send("Create")
    assert world.dynamodb.asked("put_item") == []


def test_a_garbled_item_is_not_mended(world: World) -> None:
    world.dynamodb.put_item(CONTROL, {"pk": {"S": "control"}})
    with pytest.raises(ControlUnread):
        world.send("Create")
    assert world.dynamodb.rows(CONTROL) == [{"pk": {"S": "control"}}]


def test_it_seeds_by_hand_and_tells_nobody(world: World) -> None:
    seeded = world.by_hand()
    assert seeded == SEEDED | {"changed_at": seeded["changed_at"]}
    assert world.requests == []
