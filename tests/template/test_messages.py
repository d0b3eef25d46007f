"""Every message: its row in the table, its form, and that machines and functions build the same."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto.sns.utils import FilterPolicyMatcher
from pilotlight.messages.message import KINDS, Message, Sender, publication
from samtranslator.yaml_helper import yaml_parse

from cli import main
from tests.messages import checked, rendering, validator
from tests.template.definitions import DEFINITIONS, FAILOVER, SWITCHOVER
from tests.template.message_cases import CASES, Case
from tests.template.rendered import EXECUTION, PUBLISHES, assigned, forms, sent
from tests.template.stacks import source

if TYPE_CHECKING:
    from tests.template.definitions import Definition
    from tests.template.stacks import Stack

ROOT = Path(__file__).resolve().parents[2]
# The operator's commands, those of its groups with the group.
COMMANDS = {*main.COMMANDS, "ledger list"}
each_case = pytest.mark.parametrize("case", CASES, ids=str)


def plain(attributes: dict[str, dict[str, str]]) -> dict[str, str]:
    assert {a["DataType"] for a in attributes.values()} == {"String"}
    return {name: a["StringValue"] for name, a in attributes.items()}


# --- the table ------------------------------------------------------------------------------------
@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
def test_a_machine_holds_its_part_of_the_table(definition: Definition) -> None:
    table = json.loads((ROOT / "functions/pilotlight/messages/kinds.json").read_text("utf-8"))
    assert assigned(definition)["messages"] == table[definition.name]


ROWS = [(sender, kind) for sender, kinds in KINDS.items() for kind in kinds]


@pytest.mark.parametrize(("sender", "kind"), ROWS)
def test_a_row_names_a_severity_a_file_and_a_command_that_exist(sender: str, kind: str) -> None:
    row = KINDS[sender][kind]
    assert row.severity in validator().schema["properties"]["severity"]["enum"]
    assert (ROOT / row.runbook).is_file()
    command = row.command.removeprefix("pilot-light ").removesuffix(" <execution>")
    assert row.command.startswith("pilot-light ")
    assert command in COMMANDS
    assert row.what_to_do.endswith(".")


def test_every_publishing_state_and_every_row_of_a_machine_is_tried() -> None:
    states = {(c.definition.name, c.state) for c in CASES}
    assert states == {(d.name, state) for d, state in PUBLISHES}
    rows = {(c.definition.name, c.row_name) for c in CASES}
    assert rows == {(d.name, kind) for d in DEFINITIONS for kind in KINDS[d.name]}


def test_the_schema_has_the_kinds_of_the_table_and_no_others() -> None:
    known = {kind for _, kind in ROWS} - {"not_passed"}
    assert set(validator().schema["properties"]["kind"]["enum"]) == known


def test_no_outcome_of_a_machine_is_without_a_row() -> None:
    for definition, ends in ((FAILOVER, {"held": "hold_ended"}), (SWITCHOVER, {})):
        outcomes = set(re.findall(r"\boutcome: (\w+)", definition.text))
        outcomes |= set(re.findall(r"^Output:.*outcome: (\w+)", definition.text))
        silent = {"none", "failed", "dropped", "handed_over", "duplicate"}
        assert {ends.get(o, o) for o in outcomes - silent} <= set(KINDS[definition.name])


def test_a_function_publishes_nothing_but_what_the_table_renders() -> None:
    senders = set()
    for path in sorted((ROOT / "functions").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "publish":
                assert [k.arg for k in node.keywords] == ["TopicArn", None], path
                senders.add(path.name)
    assert senders == {"notification.py", "scheduled_verdict.py"}


# --- the form -------------------------------------------------------------------------------------
@each_case
@pytest.mark.parametrize("form", ["Json", "Chat"])
def test_a_machine_builds_what_the_functions_build(case: Case, form: Any) -> None:
    arguments = sent(case.definition, case.state, case.variables(), form)
    got = forms(arguments)
    fields = checked(got["sqs"], plain(arguments["MessageAttributes"]))
    message = Message(
        subject=arguments["Subject"].removeprefix("Pilot Light: "),
        text=fields["text"],
        kind=case.kind,
        row=case.row,
        mode=case.mode,
        execution=EXECUTION,
        outage_id=case.outage_id,
    )
    sender = Sender("pilot-light", fields["region"], form)
    expected = publication(message, sender, fields["at"])
    arguments["MessageAttributes"].pop("task_token", None)
    assert arguments.pop("TopicArn") == "<RecoveryTopic>"
    assert arguments | {"Message": _read(got)} == expected | {"Message": _read(forms(expected))}


def _read(found: dict[str, str]) -> dict[str, Any]:
    """Return what each protocol gets, JSON read: how it is spaced is nobody's business."""
    return {name: text if name == "default" else json.loads(text) for name, text in found.items()}


@each_case
def test_people_read_the_text_what_to_do_the_command_and_the_file(case: Case) -> None:
    text = forms(sent(case.definition, case.state, case.variables()))["default"]
    command = case.row.command.replace("<execution>", EXECUTION)
    assert text.endswith(
        f"\n\nWhat to do: {case.row.what_to_do}\nCommand: {command}\nRunbook: {case.row.runbook}"
        f"\nExecution: {EXECUTION}\n"
    )


@each_case
def test_only_a_request_for_approval_carries_a_token_and_no_text_has_it(case: Case) -> None:
    arguments = sent(case.definition, case.state, case.variables())
    token = plain(arguments["MessageAttributes"]).get("task_token")
    assert token == ("a token" if case.kind == "approval_wanted" else None)
    assert "a token" not in arguments["Message"]


def failing(**changed: Any) -> dict[str, Any]:
    variables = Case(FAILOVER, "NotifyFailure", "failed").variables() | changed
    return sent(FAILOVER, "NotifyFailure", variables)


def test_a_request_that_nobody_could_read_is_told_of_all_the_same() -> None:
    arguments = failing(request={"outage": {"first_failed_at": 4711}})
    fields = checked(forms(arguments)["https"], plain(arguments["MessageAttributes"]))
    assert (fields["mode"], fields["outage_id"]) == ("unknown", None)


@pytest.mark.parametrize("cause", ["x" * 200_000, '"' * 200_000, "ä" * 200_000])
def test_the_longest_message_is_one_that_sns_takes(cause: str) -> None:
    failure = {"step": "Decide", "Error": "Boom", "Cause": cause, "hint": ""}
    arguments = failing(failure=failure)
    assert len(arguments["Message"].encode()) < 250_000, "SNS takes 256 KB, attributes included"
    checked(forms(arguments)["sqs"], plain(arguments["MessageAttributes"]))


def test_the_shared_jsonata_can_stand_within_json_and_yaml() -> None:
    for part in rendering().values():
        assert not {'"', "\n", "\t"} & set(part)
        assert set(re.findall(r"\\.", part)) <= {"\\n"}
        assert "${" not in part


# --- what subscribes ------------------------------------------------------------------------------
def test_functions_and_machines_get_the_form_of_the_parameter(secondary: Stack) -> None:
    for name in ("JanitorFunction", "ScheduledReadinessFunction"):
        variables = secondary.resources[name]["Properties"]["Environment"]["Variables"]
        assert variables["MESSAGE_FORM"] == "Json"


def matches(policy: dict[str, Any], attributes: dict[str, str]) -> bool:
    sent = {name: {"Type": "String", "Value": value} for name, value in attributes.items()}
    return bool(FilterPolicyMatcher(policy, None).matches(sent, ""))


def test_the_example_pages_for_what_is_critical_and_for_alarms_that_exist() -> None:
    template = yaml_parse((ROOT / "examples" / "pages" / "template.yaml").read_text("utf-8"))
    policy = template["Resources"]["Pages"]["Properties"]["FilterPolicy"]
    for case in CASES:
        attributes = sent(case.definition, case.state, case.variables())["MessageAttributes"]
        assert matches(policy, plain(attributes)) == (case.row.severity == "critical"), case
    deployed = (r["Properties"] for r in source()["Resources"].values() if "Alarm" in r["Type"])
    alarms = {properties["AlarmName"]["Fn::Sub"] for properties in deployed}
    pattern = template["Resources"]["CriticalAlarms"]["Properties"]["EventPattern"]
    assert {name["Fn::Sub"] for name in pattern["detail"]["alarmName"]} <= alarms


def test_no_rehearsal_pages_anybody() -> None:
    in_one = {c.row_name: c.row.severity for c in CASES if c.mode == "rehearsal"}
    assert in_one == {"rehearsed": "info", "not_passed": "warning"}


def test_the_example_of_the_page_fits_the_schema() -> None:
    page = (ROOT / "docs" / "messages.md").read_text("utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    fields = json.loads(example)
    by = {"event": fields["kind"], "mode": fields["mode"], "severity": fields["severity"]}
    assert checked(example, by)["what_to_do"] == KINDS["failover"]["started"].what_to_do


def test_the_page_has_the_table() -> None:
    page = (ROOT / "docs" / "messages.md").read_text("utf-8")
    for sender, kinds in KINDS.items():
        for kind, row in kinds.items():
            file = Path(row.runbook)
            line = f"| `{kind}` | {row.severity} | {row.what_to_do} | `{row.command}` | "
            assert f"{line}[{file.stem}](runbook/{file.name}) |" in page, (sender, kind)
