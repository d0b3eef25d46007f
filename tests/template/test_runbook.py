"""The runbook: messages name its files, its commands exist, its lists are complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.template.commands import commands, wrong
from tools.reader.template import ACCOUNT

if TYPE_CHECKING:
    from tests.template.stacks import Stack

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "docs" / "runbook"
NAMED = re.compile(r"docs/runbook/([\w-]+\.md)")
# What it starts sends messages of its own.
STARTS_A_MACHINE = "pilot-light-primary-unhealthy"


def read(name: str) -> str:
    return (RUNBOOK / name).read_text("utf-8")


def test_every_file_of_the_runbook_that_something_names_is_there() -> None:
    places = [ROOT / "template.yaml", ROOT / "README.md"]
    for folder in ("app", "clients", "statemachines", "functions", "docs", "lab"):
        places += [p for p in (ROOT / folder).rglob("*") if p.suffix in (".yaml", ".py", ".md")]
    named = {name for p in places for name in NAMED.findall(p.read_text("utf-8"))}
    assert len(named) > 10
    assert {n for n in named if not (RUNBOOK / n).is_file()} == set()


def test_the_index_has_every_file() -> None:
    index = read("README.md")
    files = {p.name for p in RUNBOOK.glob("*.md")} - {"README.md"}
    assert {f for f in files if f"]({f})" not in index} == set()


def test_every_alarm_names_its_file(any_stack: Stack) -> None:
    for alarm in any_stack.of_type("AWS::CloudWatch::Alarm").values():
        if alarm["AlarmName"] != STARTS_A_MACHINE:
            assert NAMED.search(alarm["AlarmDescription"]), alarm["AlarmName"]


def test_every_command_exists_with_its_options() -> None:
    """By botocore, so that a slip of the pen is not found at three in the morning."""
    found = [(p.name, c) for p in sorted(RUNBOOK.glob("*.md")) for c in commands(read(p.name))]
    assert len(found) > 100
    assert [(page, c, why) for page, c in found if (why := wrong(c))] == []


def test_a_command_that_does_not_exist_is_found() -> None:
    assert wrong("aws sqs purge-queues --queue-url X") == "there is no such operation"
    assert "queue-uri" in (wrong("aws sqs purge-queue --queue-uri X") or "")
    assert "queue-url" in (wrong("aws sqs purge-queue") or "")
    assert wrong("aws dynamodb wait table-there --table-name X") is not None


def test_removing_names_everything_that_the_stacks_keep(any_part: Stack) -> None:
    page = read("remove.md").replace("<account>", ACCOUNT)
    names = ("TableName", "BucketName", "BackupVaultName")
    for name, resource in any_part.resources.items():
        properties = resource.get("Properties", {})
        if "Retain" in resource.get("DeletionPolicy", "") and "Lambda" not in resource["Type"]:
            kept = [properties[n] for n in names if n in properties]
            assert kept and kept[0] in page, name


def test_every_check_of_scheduled_readiness_has_a_line() -> None:
    inspector = ROOT / "functions" / "pilotlight" / "readiness" / "inspector.py"
    checks = re.findall(r'\("(\w+)", (?:True|False),', inspector.read_text("utf-8"))
    assert len(checks) > 10
    assert [c for c in checks if f"`{c}`" not in read("secondary-not-ready.md")] == []


def test_the_drill_restores_the_throttle_of_the_template(primary: Stack) -> None:
    (stage,) = primary.example.of_type("AWS::ApiGatewayV2::Stage").values()
    limits = stage["DefaultRouteSettings"]
    rate, burst = (f"{limits[f'Throttling{n}Limit']:g}" for n in ("Rate", "Burst"))
    restored = f"ThrottlingRateLimit={rate},ThrottlingBurstLimit={burst}"
    assert restored in read("first-deployment.md")
