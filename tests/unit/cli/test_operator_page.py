"""docs/operator.md names every command, and its policy allows every call that is made."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from cli.ledger.command import COMMANDS as LEDGER
from cli.main import COMMANDS
from cli.options import Asked
from tests.unit.cli.made_up_pair import ACCOUNT
from tools.reader import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from cli.asking.call import Call

PAGE = (ROOT / "docs" / "operator.md").read_text("utf-8")
POLICIES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
FREE = "sts:GetCallerIdentity"
READING = {
    "status": ["status"],
    "history": ["history"],
    "report": ["report"],
    "logs": ["logs", "run-2"],
    "ledger list": ["ledger", "list"],
    "ledger show": ["ledger", "show", "0" * 26],
    "watch": ["watch"],
}
CHANGING = {
    name: [name]
    for name in (
        *("rehearse", "failover", "switchover", "failback", "approve", "reject"),
        *("pause", "resume", "drill", "stop", "take-over"),
    )
}
CHANGING |= {
    "last-resort": ["last-resort", "us-west-2"],
    "ledger accept": ["ledger", "accept", "--all"],
    "ledger reconcile": ["ledger", "reconcile"],
    "ledger replay": ["ledger", "replay", "--all"],
    "remove": ["remove"],
}
# It deletes what a deployment creates: the policy is that of who deploys.
AS_DEPLOYED = "remove"
# The report itself is fetched once its key is known.
LATER = {"report": {"s3:GetObject"}, "logs": {"states:ListExecutions"}}


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def allowed(call: Call) -> bool:
    resource = call.resource.replace("<account>", ACCOUNT)
    return any(
        call.permission in as_list(statement["Action"])
        and any(
            fnmatch(f"x:{resource}", f"x:{pattern.split(':', 5)[5]}")
            for pattern in as_list(statement["Resource"])
        )
        for policy in POLICIES
        for statement in policy["Statement"]
    )


@pytest.fixture
def calls(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Call]]:
    made: dict[str, list[Call]] = {}
    for name, command in {**READING, **CHANGING}.items():
        found = made.setdefault(name, [])
        monkeypatch.setattr(
            Asked, "print_calls", lambda _self, more, found=found: found.extend(more)
        )
        run(*command, "--explain")
    return made


def test_the_policy_allows_every_call(calls: dict[str, list[Call]]) -> None:
    del calls[AS_DEPLOYED]
    for name, made in calls.items():
        denied = [c for c in made if c.permission != FREE and not allowed(c)]
        assert not denied, f"{name}: {denied[0].permission} on {denied[0].resource}"


def test_every_call_is_one_that_the_sdk_accepts(calls: dict[str, list[Call]]) -> None:
    session = botocore.session.get_session()
    for call in (call for made in calls.values() for call in made):
        model = session.get_service_model(call.service)
        operations = {xform_name(name): name for name in model.operation_names}
        shape = model.operation_model(operations[call.operation]).input_shape
        report = ParamValidator().validate(dict(call.arguments), shape)
        assert not report.has_errors(), f"{call.operation}: {report.generate_report()}"


def test_each_command_is_told_the_permissions_that_it_needs(calls: dict[str, list[Call]]) -> None:
    of_status = {c.permission for c in calls["status"]}
    for name, made in calls.items():
        (row,) = re.findall(rf"^\| `{name}` \| (`[a-z0-9]+:.*) \|$", PAGE, re.MULTILINE)
        told = set(re.findall(r"`([a-z0-9]+:[A-Za-z]+)`", row))
        beside = of_status if name in CHANGING else set()
        needed = {c.permission for c in made} - {FREE} - beside
        assert told == needed | LATER.get(name, set()), name


def test_every_command_is_on_the_page() -> None:
    names = [name for name in COMMANDS if name != "ledger"] + [f"ledger {n}" for n in LEDGER]
    assert {name for name in names if not re.search(rf"^\| `{name}\b", PAGE, re.MULTILINE)} == set()
