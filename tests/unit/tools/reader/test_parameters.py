"""A bad value is reported with its rule."""

from __future__ import annotations

from typing import Any

import pytest

from tools.reader import parameters, template
from tools.reader.samconfig import ConfigError

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Name": {
            "Type": "String",
            "AllowedPattern": "[a-z]+",
            "ConstraintDescription": "must be letters.",
        },
        "Plain": {"Type": "String", "Default": "x", "AllowedPattern": "[a-z]"},
        "Size": {"Type": "Number", "Default": 5, "MinValue": 1, "MaxValue": 10},
        "Step": {"Type": "Number", "Default": 1, "AllowedValues": [1, 2]},
        "Kind": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]},
        "Word": {"Type": "String", "Default": "ab", "MinLength": 2, "MaxLength": 3},
        "Many": {"Type": "CommaDelimitedList", "Default": "a", "AllowedPattern": "[a-z]"},
    },
    "Rules": {
        "Differ": {
            "Assertions": [
                {
                    "Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, {"Ref": "Kind"}]}]},
                    "AssertDescription": "Name and Kind must differ.",
                }
            ]
        },
        "There": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "Kind"}, "b"]},
            "Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}}],
        },
        "Unread": {"Assertions": [{"Assert": {"Fn::Contains": [["x"], {"Ref": "Name"}]}}]},
    },
}


def faults(region: str = "us-east-1", **given: str) -> list[str]:
    return parameters.faults(TEMPLATE, region, {"Name": "ok", **given})


def test_good_values_have_no_fault() -> None:
    assert faults() == []
    assert faults(Size="10", Step="2", Kind="b", Word="abc", Many="a,b") == []


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"Name": "a1"}, 'Name is "a1"; it must match [a-z]+ (must be letters).'),
        ({"Plain": "xy"}, 'Plain is "xy"; it must match [a-z].'),
        ({"Plain": ""}, 'Plain is ""; it must match [a-z].'),
        ({"Size": "0"}, 'Size is "0"; it must be at least 1.'),
        ({"Size": "10.5"}, 'Size is "10.5"; it must be at most 10.'),
        ({"Size": "many"}, 'Size is "many"; it must be a number.'),
        ({"Size": "nan"}, 'Size is "nan"; it must be a number.'),
        ({"Step": "3"}, 'Step is "3"; it must be one of 1, 2.'),
        ({"Kind": "A"}, 'Kind is "A"; it must be one of a, b.'),
        ({"Word": "a"}, 'Word is "a"; it must have at least 2 characters.'),
        ({"Word": "abcd"}, 'Word is "abcd"; it must have at most 3 characters.'),
        ({"Many": "a,B"}, 'Many is "a,B"; it must match [a-z].'),
        (
            {"Kint": "a"},
            "Kint is no parameter of the template; sam deploy would ignore it. Is it Kind?",
        ),
        ({"Zzz": "a"}, "Zzz is no parameter of the template; sam deploy would ignore it."),
        ({"Name": "a"}, "rule Differ: Name and Kind must differ."),
    ],
)
def test_a_fault_names_key_value_and_rule(given: dict[str, str], fault: str) -> None:
    assert faults(**given) == [fault]


def test_every_fault_is_reported_at_once() -> None:
    assert len(faults(Size="0", Kind="c")) == 2


def test_a_parameter_without_a_value_is_missing() -> None:
    assert parameters.faults(TEMPLATE, "us-east-1", {}) == ["Name is missing; it has no default."]


def test_a_rule_is_judged_in_the_stacks_own_region_and_where_its_condition_holds() -> None:
    assert faults("us-east-2", Kind="a") == []
    assert faults("us-east-2", Kind="b") == ["rule There: it does not hold."]


@pytest.mark.parametrize(
    ("region", "given", "says"),
    [
        ("us-east-2", {"ZoneName": "BAD_ZONE."}, 'ZoneName is "BAD_ZONE."; it must match'),
        ("us-east-2", {"ZoneName": "example.org."}, "without a dot at its end"),
        ("us-east-2", {"ZoneName": "Example.org"}, 'ZoneName is "Example.org"'),
        ("us-east-2", {"RehearsalSchedule": "cron(0"}, 'RehearsalSchedule is "cron(0"'),
        ("us-east-1", {}, "Role=Secondary must be deployed to SecondaryRegion"),
        ("us-east-2", {"WitnessRegion": "us-west-2"}, "WitnessRegion must be a third Region"),
    ],
)
def test_the_products_own_template_refuses(region: str, given: dict[str, str], says: str) -> None:
    own = template.config("secondary")[1]
    with pytest.raises(ConfigError, match=r"^here: ") as refused:
        template.check(region, {**own, **given}, "here")
    assert says in str(refused.value)
