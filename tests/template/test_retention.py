"""What is forgotten, and what never is: rehearsals after a while, recoveries not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client.journal import checked_days
from pilot_light_client.journal_days import LEAST_DAYS

from tests.handlers import load_handler
from tests.template.definitions import DEFINITIONS, FAILOVER, Definition
from tests.template.stacks import source, stack

if TYPE_CHECKING:
    from tests.template.stacks import Stack

KEEPS = ("KeepRehearsal",)
every_machine = pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
DAYS = 400


def test_the_recoveries_table_deletes_what_says_until_when_it_is_kept(secondary: Stack) -> None:
    (table,) = (
        t
        for t in secondary.every("AWS::DynamoDB::Table").values()
        if t["TableName"] == "pilot-light-recoveries"
    )
    assert table["TimeToLiveSpecification"] == {"AttributeName": "keep_until", "Enabled": True}


def test_the_journal_deletes_entries_after_journal_days(secondary: Stack) -> None:
    (table,) = (
        t
        for t in secondary.every("AWS::DynamoDB::GlobalTable").values()
        if t["TableName"] == "pilot-light-journal"
    )
    assert table["TimeToLiveSpecification"] == {"AttributeName": "keep_until", "Enabled": True}


def test_every_value_of_journal_days_is_one_that_clients_take() -> None:
    parameter = source()["Parameters"]["JournalDays"]
    assert parameter["Default"] == LEAST_DAYS
    for days in parameter["AllowedValues"]:
        assert checked_days(days) == days


@pytest.mark.parametrize("env", ["primary", "secondary"])
def test_the_application_and_the_product_know_how_long_entries_are_kept(
    env: str, request: pytest.FixtureRequest
) -> None:
    deployed: Stack = request.getfixturevalue(env)
    functions = deployed.every("AWS::Lambda::Function").values()
    variables = [f["Environment"]["Variables"] for f in functions if "Environment" in f]
    names = {name for v in variables for name in v if name.endswith("JOURNAL_DAYS")}
    assert names == {"JOURNAL_DAYS", "PILOT_LIGHT_JOURNAL_DAYS"}
    assert {str(v[n]) for v in variables for n in names if n in v} == {str(LEAST_DAYS)}


def test_a_rehearsal_is_kept_for_longer_than_the_oldest_pass_that_may_count() -> None:
    oldest = source()["Parameters"]["RehearsalMaxAgeDays"]["MaxValue"]
    assert oldest < DAYS


@every_machine
def test_only_records_of_rehearsals_say_until_when(definition: Definition) -> None:
    def says(node: Any) -> bool:
        return "keep_until" in str(node)

    expiring = {name for name, state in definition.states.items() if says(state)}
    assert expiring == (set(KEEPS) if definition is FAILOVER else set())


def test_machine_and_janitor_keep_a_rehearsal_for_the_same_time(secondary: Stack) -> None:
    assert load_handler("janitor").RETENTION_DAYS == DAYS
    machine = secondary.resources["FailoverMachine"]["Properties"]["DefinitionSubstitutions"]
    assert int(machine["RehearsalRetentionDays"]) == DAYS


@pytest.mark.parametrize("env", ["primary", "secondary"])
def test_both_buckets_forget_reports_of_rehearsals_and_no_others(env: str) -> None:
    """Each by a rule of its own: S3 does not replicate what a lifecycle rule deletes."""
    (bucket,) = stack(env).every("AWS::S3::Bucket").values()
    forgetting = {
        rule["Prefix"]: int(rule["ExpirationInDays"])
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }
    assert forgetting == {"reports/rehearsal/": DAYS}
