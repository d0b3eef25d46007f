"""Every permission is tried or listed, and none is granted twice. `make permissions` tries them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.permissions.exercises import EXERCISES
from tests.permissions.permissions import (
    STACKS,
    all_permissions,
    entries,
    every_grant,
    unexercised,
    without,
)
from tools.audit.grants import of_role
from tools.reader.template import ACCOUNT, load

PERMISSIONS = all_permissions()


@pytest.mark.parametrize("permission", PERMISSIONS, ids=str)
def test_a_permission_is_either_exercised_or_listed_with_the_reason_why_not(permission):
    reasons = unexercised(permission)
    exercised = permission.grant.holder in EXERCISES
    assert len(reasons) <= 1, "listed twice"
    assert exercised or reasons, "add an exercise for its role, or list it in unexercised.toml"


@pytest.mark.parametrize("entry", entries(), ids=lambda e: e["actions"][0])
def test_what_is_listed_as_not_exercised_is_in_the_template(entry):
    granted = {(p.grant.holder, p.grant.action) for p in PERMISSIONS}
    assert entry["reason"]
    assert entry["source"].startswith("https://docs.aws.amazon.com/")
    for holder in entry["of"]:
        assert {a for h, a in granted if h == holder} & set(entry["actions"]), holder
    for action in entry["actions"]:
        assert {h for h, a in granted if a == action} & set(entry["of"]), action


def test_every_exercise_is_of_a_role_of_the_template():
    assert set(EXERCISES) <= {p.grant.holder for p in PERMISSIONS}


@pytest.mark.parametrize("env", STACKS)
def test_no_role_is_granted_the_same_twice(env):
    """Of a table, different items are different things."""
    stack = load(env)
    for role in stack.every("AWS::IAM::Role"):
        granted = of_role(stack, role)
        of_some = {(g.action, g.resource) for g in granted if g.keys}
        of_all = Counter((g.action, g.resource) for g in granted if not g.keys)
        assert [g for g, times in of_all.items() if times > 1 or g in of_some] == [], role
        of_items = Counter((g.action, g.resource, key) for g in granted for key in g.keys)
        assert [g for g, times in of_items.items() if times > 1] == [], role


def test_the_leading_keys_of_a_grant_are_read_whichever_way_they_are_compared():
    seed = {(g.action, g.keys) for g in of_role(load("secondary"), "SeedRole") if g.keys}
    assert ("dynamodb:UpdateItem", ("seeded",)) in seed
    assert ("dynamodb:GetItem", ("seeded", "recovery#*")) in seed


def test_every_grant_is_of_one_action_and_not_of_a_pattern():
    aws_managed = {"DataBackupRole"}
    grants = [g for env in STACKS for g in every_grant(load(env)) if g.holder not in aws_managed]
    assert [str(g) for g in grants if "*" in g.action] == []


def test_the_topic_lets_alarms_in_and_leaves_everybody_else_to_their_own_policies():
    (policy,) = load("secondary").of_type("AWS::SNS::TopicPolicy").values()
    statement, denied = policy["PolicyDocument"]["Statement"]
    assert denied["Effect"] == "Deny"
    assert policy["Topics"] == [statement["Resource"]] == ["<RecoveryTopic>"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_removing_a_permission_leaves_all_others():
    def flat(document):
        return {
            (action, resource)
            for s in document["Statement"]
            for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
            for resource in ([s["Resource"]] if isinstance(s["Resource"], str) else s["Resource"])
        }

    role = load("secondary").properties("ReadinessRole")
    (policy,) = role["Policies"]
    document = policy["PolicyDocument"]
    of_role = [p for p in PERMISSIONS if p.grant.holder == "ReadinessRole"]
    assert len(of_role) == len(flat(document)) > 10
    for permission in of_role:
        gone = flat(document) - flat(without(document, permission))
        assert gone == {(permission.grant.action, permission.grant.resource)}
