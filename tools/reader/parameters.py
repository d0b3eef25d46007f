"""The rules of a template's `Parameters` and `Rules`, applied to the values of one stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from tools.reader.intrinsics import Intrinsics, NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def with_defaults(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Return the values of all parameters: those given, and the defaults of the others."""
    definitions = template.get("Parameters", {})
    defaults = {name: str(d["Default"]) for name, d in definitions.items() if "Default" in d}
    return {**defaults, **given}


def faults(template: Mapping[str, Any], region: str, given: Mapping[str, str]) -> list[str]:
    """Return what CloudFormation would refuse, or sam ignore, each as a sentence with the rule.

    Rules are judged if every parameter is good. An assertion with a function that the reader does
    not evaluate is left to CloudFormation.
    """
    definitions = template.get("Parameters", {})
    found = [_unknown(name, definitions) for name in given if name not in definitions]
    for name, definition in definitions.items():
        if name in given:
            rule = _broken(definition, given[name])
            found += [f'{name} is "{given[name]}"; it must {rule}.'] if rule else []
        elif "Default" not in definition:
            found.append(f"{name} is missing; it has no default.")
    return found or list(_broken_rules(template, region, given))


def _unknown(name: str, definitions: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, definitions, 1)
    hint = f" Is it {close[0]}?" if close else ""
    return f"{name} is no parameter of the template; sam deploy would ignore it.{hint}"


def _broken(definition: Mapping[str, Any], value: str) -> str:
    """Return the first rule that a value breaks, after *must*, or nothing."""
    if definition["Type"] == "Number":
        return _broken_by_number(definition, value)
    values = value.split(",") if definition["Type"] == "CommaDelimitedList" else [value]
    return next(filter(None, (_broken_by_text(definition, v) for v in values)), "")


def _broken_by_number(definition: Mapping[str, Any], value: str) -> str:
    if not _NUMBER.fullmatch(value):
        return "be a number"
    if "MinValue" in definition and float(value) < float(definition["MinValue"]):
        return f"be at least {definition['MinValue']}"
    if "MaxValue" in definition and float(value) > float(definition["MaxValue"]):
        return f"be at most {definition['MaxValue']}"
    return _not_allowed(definition, value)


def _broken_by_text(definition: Mapping[str, Any], value: str) -> str:
    pattern = definition.get("AllowedPattern")
    # The pattern must match the whole value. Its syntax is Java's; ours has none that differs.
    if pattern is not None and not re.fullmatch(pattern, value):
        meaning = definition.get("ConstraintDescription", "").rstrip(".")
        return f"match {pattern}" + (f" ({meaning})" if meaning else "")
    if len(value) < int(definition.get("MinLength", 0)):
        return f"have at least {definition['MinLength']} characters"
    if "MaxLength" in definition and len(value) > int(definition["MaxLength"]):
        return f"have at most {definition['MaxLength']} characters"
    return _not_allowed(definition, value)


def _not_allowed(definition: Mapping[str, Any], value: str) -> str:
    allowed = [str(v) for v in definition.get("AllowedValues", [value])]
    return "" if value in allowed else f"be one of {', '.join(allowed)}"


def _broken_rules(
    template: Mapping[str, Any], region: str, given: Mapping[str, str]
) -> Iterator[str]:
    stack = Intrinsics(template, region=region, account="", parameters=given)
    for name, rule in template.get("Rules", {}).items():
        for assertion in rule["Assertions"]:
            try:
                applies = "RuleCondition" not in rule or stack.holds(rule["RuleCondition"])
                if applies and not stack.holds(assertion["Assert"]):
                    yield f"rule {name}: {assertion.get('AssertDescription', 'it does not hold.')}"
            except NotUnderstood:
                continue
