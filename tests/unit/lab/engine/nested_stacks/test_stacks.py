"""Nested stacks are made and ended with their parents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.lab.engine.nested_stacks.world import (
    KEPT,
    THING,
    after,
    module,
    nested,
    prefixed,
    template,
    thing,
)

if TYPE_CHECKING:
    from tests.unit.lab.engine.nested_stacks.world import World

SAM = "AWS::Serverless-2016-10-31"


def test_parameters_go_down_and_outputs_come_up(world: World) -> None:
    world.templates["child"] = template("Own", Own=thing(prefixed("own")))
    output = {"Fn::GetAtt": ["Child", "Outputs.Own"]}
    given = {"Prefix": {"Fn::Sub": "${AWS::StackName}s"}}
    status = world.create(Child=nested("child", Parameters=given), After=thing(output))
    assert status == "CREATE_COMPLETE"
    assert set(world.things) == {"roots-own", "arn of roots-own"}


def test_an_output_that_a_nested_stack_lacks_fails_its_parent(world: World) -> None:
    world.templates["child"] = template("Own", Own=thing("own"))
    output = thing({"Fn::GetAtt": ["Child", "Outputs.Other"]})
    assert world.create(Child=nested("child"), After=output) == "ROLLBACK_COMPLETE"
    assert "Outputs.Other" in world.reasons()
    assert world.things == {}


def test_a_nested_stack_is_its_arn_and_names_its_parent_and_root(world: World) -> None:
    world.templates["inner"] = template(Own=thing("inner"))
    world.templates["child"] = template(Inner=nested("inner"))
    world.create(Child=nested("child"))
    root, child = world.stack("root"), world.stack("root-Child")
    inner = world.stack(f"{child['StackName']}-Inner")
    assert root["_resources"]["Child"]["PhysicalResourceId"] == child["StackId"]
    for action in ("DescribeStacks", "ListStacks"):
        answer = module("")._ACTION_HANDLERS[action]({})[2].decode()
        for stack, parent in ((child, root), (inner, child)):
            named = f"<ParentId>{parent['StackId']}</ParentId><RootId>{root['StackId']}</RootId>"
            assert f"<StackId>{stack['StackId']}</StackId>{named}" in answer
        assert answer.count("<ParentId>") == 2, "the root has none"


def test_a_nested_template_is_transformed(world: World) -> None:
    world.templates["child"] = {
        "Transform": SAM,
        "Globals": {"SimpleTable": {"SSESpecification": {"SSEEnabled": True}}},
        "Resources": {
            "Own": {"Type": "AWS::Serverless::SimpleTable", "Properties": {"TableName": "own"}}
        },
    }
    assert world.create(Child=nested("child")) == "CREATE_COMPLETE"
    assert set(world.things) == {"own"}
    made = world.stack("root-Child")["_resources"]["Own"]
    assert made["ResourceType"] == THING
    assert made["Properties"]["SSESpecification"] == {"SSEEnabled": True}


@pytest.mark.parametrize("given", [[], ["CAPABILITY_AUTO_EXPAND"]])
def test_a_nested_transform_needs_the_root_s_capability(
    world: World, monkeypatch: pytest.MonkeyPatch, given: list[str]
) -> None:
    monkeypatch.setattr(module("handlers"), "_capabilities_enforced", lambda: True)
    world.templates["inner"] = {**template(Own=thing("own")), "Transform": SAM}
    world.templates["child"] = template(Inner=nested("inner"))
    asked = {"Template": {"Resources": {"Child": nested("child")}}, "Capabilities": given}
    status = world.act("CreateStack", **asked)
    assert (status == "CREATE_COMPLETE") == bool(given)
    assert ("[CAPABILITY_AUTO_EXPAND]" in world.reasons()) != bool(given)


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        (nested("child", Parameters={"Unknown": "x"}), r"\[Unknown\] do not exist in the template"),
        (nested("child", Parameters={"Prefix": ["a", "b"]}), "must be an object with String"),
        (nested("nowhere"), "bucket/nowhere"),
    ],
)
def test_what_a_nested_stack_cannot_be_made_of_fails_its_parent(
    world: World, child: dict[str, Any], reason: str
) -> None:
    world.templates["child"] = template(Own=thing("own"))
    assert world.create(Child=child) == "ROLLBACK_COMPLETE"
    assert re.search(reason, world.reasons())


def test_a_nested_resource_that_is_not_valid_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module("provisioners"), "s3_bucket_name_conflict", lambda name: f"{name} is taken"
    )
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "data"}}
    world.templates |= {"1": template(Own=thing("own")), "2": template(Bucket=bucket)}
    assert world.create(Child=nested("2")) == "ROLLBACK_COMPLETE"
    assert "was not successfully created: data is taken" in world.reasons()
    assert world.stack("root-Child")["StackStatus"] == "DELETE_COMPLETE"
    world.delete()
    world.create(Child=nested("1"))
    assert world.update(Child=nested("2")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "with reason: data is taken" in world.reasons()
    assert set(world.things) == {"own"}


def test_tags_go_down(world: World) -> None:
    world.templates["child"] = template(Own=thing("own"))
    tag = {"Tags.member.1.Key": ["team"], "Tags.member.1.Value": ["shop"]}
    world.act("CreateStack", Template={"Resources": {"Child": nested("child")}}, **tag)
    assert world.stack("root-Child")["Tags"] == [{"Key": "team", "Value": "shop"}]


def test_a_truth_is_passed_as_cloudformation_writes_it(world: World) -> None:
    world.templates["child"] = template(Own=thing(prefixed("own")))
    world.create(Child=nested("child", Parameters={"Prefix": True}))
    assert set(world.things) == {"true-own"}


def test_a_nested_resource_that_fails_leaves_nothing_of_the_whole(world: World) -> None:
    world.templates["child"] = template(Own=thing("own", **KEPT), Last=after("Own", thing("last")))
    world.deployments.set(failing=["Last"])
    assert world.create(Child=after("First", nested("child")), First=thing("first")) == (
        "ROLLBACK_COMPLETE"
    )
    assert world.things == {}
    assert world.done == ["create first", "create own", "delete own", "delete first"]
    assert "was not successfully created: Resource Last failed" in world.reasons()
    assert world.stack("root-Child")["StackStatus"] == "DELETE_COMPLETE"


def test_a_parent_that_fails_later_takes_its_nested_stacks_back(world: World) -> None:
    world.templates["inner"] = template(Own=thing("inner", **KEPT))
    world.templates["child"] = template(Own=thing("own", **KEPT), Inner=nested("inner"))
    world.deployments.set(failing=["Last"])
    status = world.create(Child=nested("child"), Last=after("Child", thing("last")))
    assert status == "ROLLBACK_COMPLETE"
    assert world.things == {}
    assert world.stack("root-Child")["StackStatus"] == "DELETE_COMPLETE"


def test_a_deleted_parent_deletes_what_nested_templates_do_not_retain(world: World) -> None:
    world.templates["child"] = template(Own=thing("own"), Kept=thing("kept", **KEPT))
    world.create(Child=nested("child"), Other=thing("other"))
    assert world.delete() == "DELETE_COMPLETE"
    assert set(world.things) == {"kept"}


def test_a_nested_resource_that_cannot_be_deleted_is_named_and_tried_again(world: World) -> None:
    world.templates["child"] = template(Own=thing("own"))
    world.create(Child=nested("child"))
    world.undeletable = {"own"}
    assert world.delete() == "DELETE_FAILED"
    assert "was not successfully deleted" in world.reasons()
    world.undeletable = set()
    assert world.delete() == "DELETE_COMPLETE"
    assert world.things == {}
