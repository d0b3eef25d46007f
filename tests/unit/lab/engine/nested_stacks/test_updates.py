"""Nested stacks change with their parents, and go back with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.lab.engine.nested_stacks.world import (
    KEPT,
    THING,
    after,
    nested,
    prefixed,
    template,
    thing,
)

if TYPE_CHECKING:
    from tests.unit.lab.engine.nested_stacks.world import World


def test_an_update_changes_what_changed(world: World) -> None:
    same, removed = thing("same"), thing("removed")
    world.templates["1"] = template("Same", Same=same, Removed=removed)
    world.create(Child=nested("1"))
    stack = world.stack("root-Child")["StackId"]
    world.done.clear()
    world.templates["2"] = template("Added", Same=same, Added=thing("added"))
    output = thing({"Fn::GetAtt": ["Child", "Outputs.Added"]})
    assert world.update(Child=nested("2"), After=output) == "UPDATE_COMPLETE"
    assert world.done == ["create added", "create arn of added", "delete removed"]
    assert world.status_at_deletion == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert world.stack("root-Child")["StackId"] == stack
    assert world.stack("root-Child")["StackStatus"] == "UPDATE_COMPLETE"


def test_a_changed_parameter_is_an_update(world: World) -> None:
    world.templates["child"] = template("Own", Own=thing(prefixed("own")))
    world.create(Child=nested("child"))
    assert world.update(Child=nested("child", Parameters={"Prefix": "other"})) == "UPDATE_COMPLETE"
    assert set(world.things) == {"other-own"}
    assert world.stack("root-Child")["Outputs"][0]["OutputValue"] == "arn of other-own"


# What fails, and the stack of each.
LATER = {"nested": "Last", "parent": "Later"}


@pytest.mark.parametrize("fails", LATER)
def test_a_failed_update_leaves_the_very_things_there_were(world: World, fails: str) -> None:
    inner = template("Own", Own=thing(prefixed("inner"), **KEPT))
    world.templates |= {
        "inner": inner,
        "1": template(
            "Renamed", Renamed=thing("before"), Removed=thing("removed"), Inner=nested("inner")
        ),
    }
    world.create(Child=nested("1"))
    before = dict(world.things)
    world.templates["2"] = template(
        "Renamed",
        Renamed=thing("after"),
        Added=thing("added", **KEPT),
        Inner=nested("inner", Parameters={"Prefix": "other"}),
        Last={**thing("last"), "DependsOn": ["Renamed", "Added", "Inner"]},
    )
    world.deployments.set(failing=[LATER[fails]])
    status = world.update(Child=nested("2"), Later=after("Child", thing("later")))
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert "create after" in world.done
    assert "create other-inner" in world.done
    assert world.things == before
    child = world.stack("root-Child")
    assert child["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert child["Outputs"][0]["OutputValue"] == "arn of before"

    world.deployments.set()
    world.update(Child=nested("2"), Later=after("Child", thing("later")))
    assert set(world.things) == {"after", "added", "last", "other-inner", "later"}


def test_a_deletion_that_fails_after_an_update_does_not_fail_it(world: World) -> None:
    world.templates["1"] = template(One=thing("1"), Two=thing("2"), Three=thing("3"))
    world.templates["2"] = template(Own=thing("own"))
    world.create(Child=nested("1"))
    world.undeletable = {"2"}
    assert world.update(Child=nested("2")) == "UPDATE_COMPLETE"
    assert set(world.things) == {"own", "2"}


def test_a_nested_stack_that_cannot_go_back_fails_the_rollback(world: World) -> None:
    grown = {"Type": THING, "Properties": {"Name": "own", "Size": 2}}
    world.templates |= {"1": template(Own=thing("own")), "2": template(Own=grown)}
    world.create(Child=nested("1"))
    world.unchangeable = {"own"}
    world.deployments.set(failing=["Later"])
    status = world.update(Child=nested("2"), Later=after("Child", thing("later")))
    assert status == "UPDATE_ROLLBACK_FAILED"


def test_an_update_that_never_began_in_a_nested_stack_undoes_nothing_there(world: World) -> None:
    world.templates |= {"1": template(Own=thing("1")), "2": template(Own=thing("2"))}
    world.create(Child=nested("1"))
    world.update(Child=nested("2"))
    assert world.update(Child=nested("nowhere")) == "UPDATE_ROLLBACK_COMPLETE"
    assert set(world.things) == {"2"}


def test_a_nested_stack_whose_condition_no_longer_holds_is_deleted(world: World) -> None:
    world.templates["child"] = template(Own=thing("own"), Kept=thing("kept", **KEPT))
    parts = {
        "Parameters": {"With": {"Type": "String"}},
        "Conditions": {"IsWith": {"Fn::Equals": [{"Ref": "With"}, "yes"]}},
        "Resources": {"Child": nested("child", Condition="IsWith"), "Other": thing("other")},
    }

    def given(value: str) -> dict[str, Any]:
        return {
            "Template": parts,
            "Parameters.member.1.ParameterKey": ["With"],
            "Parameters.member.1.ParameterValue": [value],
        }

    assert world.act("CreateStack", **given("yes")) == "CREATE_COMPLETE"
    assert set(world.things) == {"own", "kept", "other"}
    assert world.act("UpdateStack", **given("no")) == "UPDATE_COMPLETE"
    assert set(world.things) == {"kept", "other"}
