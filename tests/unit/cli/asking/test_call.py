"""Calls as commands of the AWS CLI. Each has to exist, with its options."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from cli.asking.call import get_item, identity
from cli.options import Asked
from tests.template.commands import wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from cli.asking.call import Call
    from tests.unit.cli.made_up_pair import Pair

COMMANDS = [
    ["status"],
    ["history"],
    ["report"],
    ["logs"],
    ["logs", "run-2"],
    ["ledger", "list"],
    ["ledger", "show", "01MCCKG2G0GFATMXF2F0ET2TP8"],
]
CHANGES = [
    *(["rehearse"], ["failover"], ["switchover"], ["failback"], ["take-over"]),
    *(["approve"], ["reject"], ["pause"], ["resume"], ["drill", "--for", "1h"], ["stop"]),
    *(["last-resort", "us-east-2"], ["watch"]),
    *(["ledger", "reconcile"], ["ledger", "accept", "--all"], ["ledger", "replay", "--all"]),
    *(["remove"], ["remove", "--stacks"], ["remove", "--data"]),
]


def test_a_call_is_a_command_with_its_values_quoted() -> None:
    assert get_item("us-east-2", "t", "lock", "-").as_command() == (
        "aws dynamodb get-item --region us-east-2 --table-name t "
        """--key '{"pk": {"S": "lock"}}' --consistent-read"""
    )


def test_profile_and_endpoint_are_in_the_command() -> None:
    command = identity("us-east-2").as_command("ops", "http://127.0.0.1:4566")
    assert command.endswith("--profile ops --endpoint-url http://127.0.0.1:4566")


@pytest.mark.parametrize("command", COMMANDS + CHANGES, ids=" ".join)
def test_explain_prints_commands_that_exist_and_asks_nobody(
    run: Callable[..., Result], pair: Pair, command: list[str]
) -> None:
    ended = run(*command, "--explain")
    assert ended.exit_code == 0
    assert pair.asked == []
    lines = [line for line in ended.output.splitlines() if line.startswith("aws ")]
    assert lines
    for line in lines:
        # No value is an option.
        bare = re.sub(r"'[^']*'", "Q", line)
        assert wrong(bare) in (
            None,
            "unknown: [], missing: ['outfile']",
        ), line


@pytest.mark.parametrize("command", COMMANDS + CHANGES, ids=" ".join)
def test_every_explained_command_says_why_and_which_permission_it_needs(
    run: Callable[..., Result], command: list[str]
) -> None:
    lines = run(*command, "--explain").output.splitlines()
    for before, line in pairwise(lines):
        if line.startswith("aws "):
            assert re.fullmatch(r"# .+ \([a-z0-9]+:[A-Za-z0-9]+\)", before), before


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_sdk_accepts_every_call(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    calls: list[Call] = []
    monkeypatch.setattr(Asked, "print_calls", lambda _self, made: calls.extend(made))
    assert run(*command, "--explain").exit_code == 0
    assert calls
    session = botocore.session.get_session()
    for call in calls:
        model = session.get_service_model(call.service)
        names = {xform_name(name): name for name in model.operation_names}
        operation = model.operation_model(names[call.operation])
        arguments = dict(call.arguments)
        shape = operation.input_shape
        assert not ParamValidator().validate(arguments, shape).has_errors(), call
        if call.pages:
            assert call.pages in operation.output_shape.members
