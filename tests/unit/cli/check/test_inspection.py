"""The checks of the repository's own deployment, in an account that was made up."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.resolver
import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)

from cli.check import delegation
from cli.check.attempt import side_by_side
from cli.check.aws import StackState
from cli.check.inspection import Inspection
from cli.check.planned import Name, stacks
from cli.check.result import Check, CheckResult, Outcome
from tests.unit.cli.check.made_up_account import (
    ACCOUNT,
    SERVERS,
    MadeUpAccount,
    MadeUpResolver,
    refusal,
    unanswered,
    zone,
)
from tools.reader import samconfig, template

if TYPE_CHECKING:
    from tools.reader.samconfig import Deployment

PRIMARY, SECONDARY = "us-west-2", "us-east-2"


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> MadeUpResolver:
    made = MadeUpResolver(SERVERS)
    monkeypatch.setattr(delegation, "resolver", lambda _address: made)
    return made


def deployments() -> list[Deployment]:
    return [template.deployment(env) for env in samconfig.environments(template.SAMCONFIG)]


def changed(**values: str) -> list[Deployment]:
    return [replace(d, parameters={**d.parameters, **values}) for d in deployments()]


def inspected(
    account: MadeUpAccount, given: list[Deployment] | None = None
) -> dict[str, CheckResult]:
    aws: Any = account
    results = Inspection(given or deployments(), aws, None).run()
    return {f"{r.name} {r.where}".strip(): r for r in results}


def not_ok(results: dict[str, CheckResult]) -> dict[str, str]:
    return {name: r.state for name, r in results.items() if r.state != "ok"}


def test_an_empty_account_that_has_all_is_ok() -> None:
    results = inspected(MadeUpAccount())
    assert not_ok(results) == {}
    assert list(results) == [
        *("same_values", "strong_consistency", "function_urls", "credentials", "hosted_zone"),
        *("stack us-east-2", "stack us-west-2", "stack us-east-1"),
        *("delegation", "health_check_quota"),
        *("concurrency_quota us-east-2", "domain_name_quota us-east-2"),
        *("concurrency_quota us-west-2", "domain_name_quota us-west-2"),
        "names pilot-light-secondary in us-east-2",
        "names pilot-light-primary in us-west-2",
        "names pilot-light-monitor in us-east-1",
    ]
    assert not any(r.remedy for r in results.values())


def test_a_deployment_that_stands_is_ok_although_its_names_are_taken() -> None:
    account, states, taken = MadeUpAccount(), {}, set()
    for stack in stacks(deployments(), ACCOUNT):
        names = stack.names()
        taken |= {(n.name, n.region) for n in names}
        states[stack.name] = StackState("UPDATE_COMPLETE", frozenset(n.name for n in names))
    account.states, account.taken = states, taken
    # Nothing more is created, so full quotas do no harm.
    account.checks, account.domains = (200, 200), (120, 120.0)
    assert not_ok(inspected(account)) == {}


# --- each failure ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "error", [refusal("ExpiredToken"), NoCredentialsError(), ProfileNotFound(profile="nobody")]
)
def test_without_credentials_nothing_else_is_asked_or_called_ok(error: Exception) -> None:
    account = MadeUpAccount(refuses={"identity": error})
    results = inspected(account)
    assert results["credentials"].state == "failed"
    assert "AWS_PROFILE" in results["credentials"].remedy
    later = list(results)[list(results).index("credentials") + 1 :]
    assert {results[name].state for name in later} == {"unknown"}
    assert account.asked == ["identity"]


@pytest.mark.parametrize(
    "error", [refusal("ServiceUnavailable"), EndpointConnectionError(endpoint_url="https://sts")]
)
def test_an_sts_that_does_not_answer_is_unknown(error: Exception) -> None:
    results = inspected(MadeUpAccount(refuses={"identity": error}))
    assert results["credentials"].state == "unknown"


def test_an_account_without_a_number_is_not_deployed_to() -> None:
    assert inspected(MadeUpAccount(account=""))["credentials"].state == "failed"


def test_a_zone_that_does_not_exist_fails_and_its_delegation_is_unknown() -> None:
    results = inspected(MadeUpAccount(zone=None))
    assert not_ok(results) == {"hosted_zone": "failed", "delegation": "unknown"}
    assert "Create a public hosted zone pilotlight.example" in results["hosted_zone"].remedy


def test_a_zone_of_another_name_fails() -> None:
    results = inspected(MadeUpAccount(zone=zone("other.example")))
    assert results["hosted_zone"].state == "failed"


@pytest.mark.parametrize(
    ("found", "soa", "state", "says"),
    [
        (dns.resolver.NXDOMAIN(), None, "failed", "not delegated"),
        (dns.resolver.NoAnswer(), None, "failed", "not delegated"),
        (["ns.elsewhere"], None, "failed", "ns.elsewhere"),
        (unanswered(), None, "failed", "no name server"),
        (SERVERS, unanswered(), "failed", "no name server"),
        (dns.exception.Timeout(), None, "unknown", "did not answer"),
        (OSError("no route"), None, "unknown", "no route"),
        (dns.resolver.NoResolverConfiguration(), None, "unknown", "did not answer"),
    ],
)
def test_a_delegation_that_does_not_work(
    resolver: MadeUpResolver, found: Any, soa: Any, state: str, says: str
) -> None:
    resolver.servers, resolver.soa = found, soa
    result = inspected(MadeUpAccount())["delegation"]
    assert (result.state, bool(result.remedy)) == (state, True)
    assert says in result.detail


def test_the_zone_is_asked_for_as_an_absolute_name(resolver: MadeUpResolver) -> None:
    inspected(MadeUpAccount())
    assert resolver.asked == [("pilotlight.example.", "NS"), ("pilotlight.example.", "SOA")]


def test_a_new_accounts_ten_executions_are_too_few() -> None:
    results = inspected(MadeUpAccount(free=10))
    assert not_ok(results) == {
        "concurrency_quota us-east-2": "failed",
        "concurrency_quota us-west-2": "failed",
    }


def test_only_the_secondary_reserves_executions_for_seven_functions() -> None:
    given = changed(RecoveryReservedConcurrency="5")
    assert not_ok(inspected(MadeUpAccount(free=135), given)) == {}
    assert not_ok(inspected(MadeUpAccount(free=134), given)) == {
        "concurrency_quota us-east-2": "failed"
    }


def test_full_quotas_fail() -> None:
    results = inspected(MadeUpAccount(checks=(199, 200), domains=(119, 120.0)))
    assert not_ok(results) == {
        "health_check_quota": "failed",
        "domain_name_quota us-east-2": "failed",
        "domain_name_quota us-west-2": "failed",
    }


def test_a_witness_of_no_region_set_and_a_secondary_without_function_urls_fail() -> None:
    given = changed(WitnessRegion="us-west-1")
    assert not_ok(inspected(MadeUpAccount(), given)) == {"strong_consistency": "failed"}
    given = changed(SecondaryRegion="eu-south-2")
    assert inspected(MadeUpAccount(), given)["function_urls"].state == "failed"


def test_a_stack_that_rolled_back_has_to_be_deleted() -> None:
    account = MadeUpAccount(states={"pilot-light-secondary": StackState("ROLLBACK_COMPLETE")})
    results = inspected(account)
    assert not_ok(results) == {"stack us-east-2": "failed"}
    assert "Delete the stack pilot-light-secondary" in results["stack us-east-2"].remedy


@pytest.mark.parametrize(
    ("name", "region", "kind"),
    [
        ("pilot-light-app-items", SECONDARY, "table"),
        ("pilot-light-control-quorum", PRIMARY, "table"),
        (f"pilot-light-{ACCOUNT}-us-east-2", SECONDARY, "bucket"),
        ("pilot-light-intake", SECONDARY, "function"),
        ("/aws/lambda/pilot-light-recovery", SECONDARY, "log group"),
        ("pilot-light-backups", SECONDARY, "backup vault"),
        ("app.pilotlight.example", SECONDARY, "domain name"),
    ],
)
def test_a_name_that_another_holds_fails(name: str, region: str, kind: str) -> None:
    results = inspected(MadeUpAccount(taken={(name, region)}))
    where = "names pilot-light-secondary in us-east-2"
    assert not_ok(results) == {where: "failed"}
    assert f"{kind} {name} in {region}" in results[where].detail


# --- what is not answered -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "name", "permission"),
    [
        ("hosted_zone", "hosted_zone", "route53:GetHostedZone"),
        ("health_checks", "health_check_quota", "route53:GetAccountLimit"),
        ("concurrency", "concurrency_quota us-east-2", "lambda:GetAccountSettings"),
        ("domain_names", "domain_name_quota us-east-2", "servicequotas:GetServiceQuota"),
        ("stack", "stack us-east-2", "cloudformation:DescribeStacks"),
        ("function", "names pilot-light-primary in us-west-2", "lambda:GetFunctionConfiguration"),
    ],
)
def test_a_call_that_is_denied_is_unknown_and_names_the_permission(
    call: str, name: str, permission: str
) -> None:
    result = inspected(MadeUpAccount(refuses={call: refusal("AccessDenied")}))[name]
    assert result.state == "unknown"
    assert "AccessDenied" in result.detail
    assert permission in result.remedy


def test_an_error_that_is_no_denial_asks_for_no_permission() -> None:
    account = MadeUpAccount(refuses={"hosted_zone": refusal("Throttling")})
    result = inspected(account)["hosted_zone"]
    assert (result.state, "Allow" in result.remedy) == ("unknown", False)
    assert "Throttling" in result.detail


def test_a_name_that_is_taken_is_reported_although_others_are_denied() -> None:
    account = MadeUpAccount(
        taken={("pilot-light-app-items", SECONDARY)}, refuses={"function": refusal("AccessDenied")}
    )
    result = inspected(account)["names pilot-light-secondary in us-east-2"]
    assert result.state == "failed"


def test_a_bucket_that_may_not_be_seen_may_be_another_accounts() -> None:
    account = MadeUpAccount(refuses={"bucket": refusal("403", "HeadBucket")})
    result = inspected(account)["names pilot-light-secondary in us-east-2"]
    assert result.state == "unknown"
    assert "another account's" in result.detail


def test_a_call_that_times_out_is_unknown() -> None:
    error = ConnectTimeoutError(endpoint_url="https://route53.amazonaws.com")
    result = inspected(MadeUpAccount(refuses={"hosted_zone": error}))["hosted_zone"]
    assert (result.state, result.remedy) == ("unknown", "Try again.")


def test_a_region_that_is_not_enabled_fails() -> None:
    account = MadeUpAccount(refuses={"stack": refusal("UnrecognizedClientException")})
    results = inspected(account)
    assert results["stack us-east-2"].state == "failed"
    assert "Enable the Region" in results["stack us-east-2"].remedy
    assert results["names pilot-light-secondary in us-east-2"].state == "unknown"


def test_a_check_that_does_not_end_is_unknown_and_holds_nobody_up() -> None:
    slow = Check("slow", "", (), lambda: time.sleep(0.5) or Outcome("ok", "late"))
    quick = Check("quick", "", (), lambda: Outcome("ok", "in time"))
    started = time.monotonic()
    late, in_time = side_by_side([slow, quick], seconds=0.1)
    assert time.monotonic() - started < 0.4
    assert (late.state, in_time.state) == ("unknown", "ok")
    assert "no answer within 0.1 s" in late.detail


# --- what is about to be created ------------------------------------------------------------------
def test_a_stack_is_planned_once_by_its_last_environment() -> None:
    planned = stacks(deployments(), ACCOUNT)
    assert [s.name for s in planned] == [
        *("pilot-light-secondary", "pilot-light-primary", "pilot-light-monitor"),
    ]
    assert planned[0].template.parameters["PeerBucketExists"] == "true"


def test_a_global_table_takes_its_name_in_each_region_of_a_replica() -> None:
    secondary = stacks(deployments(), ACCOUNT)[0]
    names = secondary.names()
    for table in ("pilot-light-journal", "pilot-light-app-items"):
        assert {n.region for n in names if n.name == table} == {PRIMARY, SECONDARY}
    assert Name("bucket", f"pilot-light-{ACCOUNT}-us-east-2", SECONDARY) in names
    assert len(names) == len(set(names))


def test_the_names_of_an_example_that_is_not_deployed_are_not_asked() -> None:
    without = changed(ExampleApp="false", AppNames="shop-*", ApiId="abc123")
    for given, there in ((deployments(), True), (without, False)):
        (_, primary, monitor) = stacks(given, ACCOUNT)
        names = {n.name for n in primary.names()}
        assert ({"pilot-light-app", "/aws/lambda/pilot-light-app"} <= names) is there
        assert not any("-app" in n.name for n in monitor.names())
