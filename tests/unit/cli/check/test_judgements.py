"""What is found is judged, and every failure says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.check import judgements
from cli.check.inspection import REGIONS
from cli.check.planned import Name
from tests.unit.cli.check.made_up_account import SERVERS, ZONE, zone

if TYPE_CHECKING:
    from cli.check.result import Outcome

SETS = REGIONS["strong_consistency"]["sets"]


def failed(outcome: Outcome, *says: str) -> None:
    state, detail, remedy = outcome
    assert state == "failed"
    assert remedy, "it says what to do"
    for text in says:
        assert text in f"{detail} {remedy}"


def test_config_environments_have_to_agree() -> None:
    good = {"ZoneName": "a.example", "Role": "Primary", "WarmConcurrency": "5"}
    other = {**good, "Role": "Secondary", "WarmConcurrency": "6"}
    assert judgements.same_values({"primary": good, "secondary": other}).state == "ok"
    bad = {**other, "ZoneName": "b.example"}
    says = "ZoneName is a.example in primary, b.example in secondary"
    failed(judgements.same_values({"primary": good, "secondary": bad}), says)


def test_an_account_without_a_number_is_none() -> None:
    assert judgements.account({"Account": "1", "Arn": "arn"}) == ("ok", "account 1, arn", "")
    failed(judgements.account({"Account": ""}), "named no account")


@pytest.mark.parametrize("members", SETS)
def test_three_regions_of_one_set_can_be_strongly_consistent(members: list[str]) -> None:
    assert judgements.strong_consistency(members[:3], SETS).state == "ok"


def test_a_region_of_no_set_cannot() -> None:
    outcome = judgements.strong_consistency(["us-west-1", "us-east-2", "us-east-1"], SETS)
    failed(outcome, "us-west-1 is documented in no Region set", "us-east-1, us-east-2, us-west-2")


def test_regions_of_two_sets_are_not_known_to_be_accepted() -> None:
    outcome = judgements.strong_consistency(["eu-west-1", "eu-west-2", "us-east-1"], SETS)
    assert outcome.state == "unknown"
    assert "Choose Primary" in outcome.remedy


def test_the_secondary_needs_function_urls() -> None:
    missing = REGIONS["function_urls"]["missing"]
    assert judgements.function_urls("us-east-2", missing).state == "ok"
    failed(judgements.function_urls("eu-south-2", missing), "eu-south-2", "SecondaryRegion")


def test_the_zone_is_public_and_has_the_name() -> None:
    assert judgements.zone(zone(), "Z1", ZONE).state == "ok"
    failed(judgements.zone(zone("other.example"), "Z1", ZONE), "other.example", "HostedZoneId")
    failed(judgements.zone(zone(private=True), "Z1", ZONE), "private")


def test_a_zone_is_delegated_to_its_own_servers_in_any_spelling() -> None:
    found = [f"{server.upper()}." for server in reversed(SERVERS)]
    assert judgements.delegation(ZONE, SERVERS, found).state == "ok"


def test_a_zone_that_is_delegated_elsewhere_or_nowhere_fails_with_the_servers_to_set() -> None:
    failed(judgements.delegation(ZONE, SERVERS, []), "not delegated", *SERVERS)
    failed(judgements.delegation(ZONE, SERVERS, ["ns.elsewhere."]), "ns.elsewhere", *SERVERS)
    failed(judgements.delegation(ZONE, SERVERS, SERVERS[:1]), *SERVERS)


def limit(total: int, free: int) -> dict[str, int]:
    return {"ConcurrentExecutions": total, "UnreservedConcurrentExecutions": free}


def test_concurrency_covers_what_a_recovery_needs() -> None:
    assert judgements.concurrency(limit(1000, 29), 29, 0).state == "ok"
    failed(judgements.concurrency(limit(10, 10), 29, 0), "10", "29", "L-B99A9384")


def test_lambda_keeps_a_hundred_executions_unreserved() -> None:
    assert judgements.concurrency(limit(150, 150), 29, 50).state == "ok"
    failed(judgements.concurrency(limit(149, 149), 29, 50), "RecoveryReservedConcurrency")


def test_a_quota_has_room_for_what_is_created() -> None:
    assert judgements.room("health checks", 195, 200, 5).state == "ok"
    failed(judgements.room("health checks", 196, 200.0, 5), "196 of 200", "5 more")


@pytest.mark.parametrize("status", ["", *judgements.UPDATABLE])
def test_a_stack_that_can_be_created_or_updated_is_ok(status: str) -> None:
    assert judgements.stack("shop", status).state == "ok"


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("ROLLBACK_COMPLETE", "Delete the stack shop"),
        ("ROLLBACK_FAILED", "Delete the stack shop"),
        ("CREATE_FAILED", "Delete the stack shop"),
        ("DELETE_FAILED", "Delete the stack shop"),
        ("CREATE_IN_PROGRESS", "Wait"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "Wait"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "Wait"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_FAILED", "rollback-stack"),
    ],
)
def test_a_stack_that_cannot_be_updated_says_what_to_do(status: str, says: str) -> None:
    failed(judgements.stack("shop", status), status, says)


def test_no_remedy_deletes_a_stack_that_stands() -> None:
    for status in ("UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "UPDATE_IN_PROGRESS", "NEW_STATUS"):
        assert "Delete" not in judgements.stack("shop", status).remedy
        assert not judgements.creates(status)
    assert judgements.creates("") and judgements.creates("ROLLBACK_COMPLETE")


def test_names_that_are_taken_are_listed() -> None:
    assert judgements.names(3, []).state == "ok"
    taken = [Name("table", "shop-items", "us-east-2"), Name("bucket", "shop-1", "us-east-2")]
    says = ("table shop-items in us-east-2", "bucket shop-1", "AppName", "docs/runbook/remove.md")
    failed(judgements.names(3, taken), *says)
