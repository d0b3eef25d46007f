"""Health checks, records and domains: who asks what, and where names lead."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.stacks import Stack, intrinsics, source, stack
from tools.reader.template import as_list

APP_STACKS = ("primary", "secondary")
PUBLIC = "app.pilotlight.example"
# Without these no failover starts or promotes. Warming is optional, and may need more at once.
RECOVERY = ("Intake", "Confirm", "Readiness", "Decide", "Traffic", "Sentinel", "Switch")


def health_checks(found: Stack) -> dict[str, dict[str, Any]]:
    return {
        k: p["HealthCheckConfig"] for k, p in found.of_type("AWS::Route53::HealthCheck").items()
    }


def routed_gets(found: Stack) -> set[str]:
    (api,) = found.every("AWS::ApiGatewayV2::Api").values()
    return {path for path, methods in api["Body"]["paths"].items() if "get" in methods}


def records(found: Stack) -> list[dict[str, Any]]:
    groups = found.of_type("AWS::Route53::RecordSetGroup").values()
    return [record for group in groups for record in group["RecordSets"]]


@pytest.mark.parametrize("env", ["secondary", "monitor"])
def test_every_health_check_asks_a_routed_path_of_a_name_that_a_region_owns(env: str) -> None:
    both = routed_gets(stack("primary")) & routed_gets(stack("secondary"))
    owners = {"<SwitchUrl.FunctionUrl>": {"/switch/on", "/switch/off"}, PUBLIC: both} | {
        domain["DomainName"]: routed_gets(stack(app))
        for app in APP_STACKS
        for domain in stack(app).of_type("AWS::ApiGatewayV2::DomainName").values()
        if domain["DomainName"].startswith(stack(app).region)
    }
    asked = {k: c for k, c in health_checks(stack(env)).items() if c["Type"] != "CALCULATED"}
    assert asked
    for name, check in asked.items():
        fqdn = check["FullyQualifiedDomainName"]
        assert "/" not in fqdn, f"{name}: the FQDN holds a path"
        assert fqdn in owners, f"{name} asks {fqdn}, which nobody answers"
        path = check["ResourcePath"].partition("?")[0]
        assert path in owners[fqdn], f"{name} asks a path that is not routed"


@pytest.mark.parametrize("env", APP_STACKS)
def test_nobody_reaches_the_switch_through_the_api_of_the_application(env: str) -> None:
    """A flood of it would mute the checkers."""
    (api,) = stack(env).every("AWS::ApiGatewayV2::Api").values()
    assert "/health" in api["Body"]["paths"]
    assert "Switch" not in str(api["Body"])
    permissions = stack(env).every("AWS::Lambda::Permission").values()
    by_api = [p for p in permissions if p["Principal"] == "apigateway.amazonaws.com"]
    assert by_api
    assert "Switch" not in str(by_api)
    assert ("SwitchFunction" in stack(env).resources) is (env == "secondary")


def test_the_switch_s_url_is_public_by_that_url_alone_and_only_in_the_secondary(
    primary: Stack, secondary: Stack
) -> None:
    assert not primary.of_type("AWS::Lambda::Url")
    assert secondary.of_type("AWS::Lambda::Url") == {
        "SwitchUrl": {
            "TargetFunctionArn": "<SwitchFunction>",
            "Qualifier": "live",
            "AuthType": "NONE",
        }
    }
    for found in (primary, secondary):
        permissions = found.of_type("AWS::Lambda::Permission")
        public = {k: p for k, p in permissions.items() if p["Principal"] == "*"}
        expected = {"SwitchUrlPermission", "SwitchUrlInvokePermission"}
        assert set(public) == (expected if found is secondary else set())
        for permission in public.values():
            alias = found.resources[permission["FunctionName"].strip("<>")]["Properties"]
            assert (alias["FunctionName"], alias["Name"]) == ("<SwitchFunction>", "live")
            only_by_url = (
                permission.get("FunctionUrlAuthType") == "NONE"
                or permission.get("InvokedViaFunctionUrl") is True
            )
            assert only_by_url


@pytest.mark.parametrize(("given", "reserving"), [("0", set()), ("5", set(RECOVERY))])
def test_concurrency_is_reserved_for_the_recovery_alone_and_only_if_a_person_asks_for_it(
    secondary: Stack, given: str, reserving: set[str]
) -> None:
    """With any by default, the first deployment would fail in an account with a small quota."""
    asked = {**secondary.parameters, "RecoveryReservedConcurrency": given}
    deployed = intrinsics(secondary.region, asked).deployed(source()["Resources"])
    found = {
        name.removesuffix("Function"): resource["Properties"]["ReservedConcurrentExecutions"]
        for name, resource in deployed.items()
        if "ReservedConcurrentExecutions" in resource.get("Properties", {})
    }
    assert found == dict.fromkeys(reserving, given)
    parameter = source()["Parameters"]["RecoveryReservedConcurrency"]
    assert parameter["Default"] == 0
    assert f"{len(RECOVERY)} times this" in parameter["Description"]


@pytest.mark.parametrize("env", APP_STACKS)
def test_custom_domains_map_the_root_to_the_api_s_only_stage(env: str) -> None:
    ((api_id, _),) = stack(env).example.of_type("AWS::ApiGatewayV2::Api").items()
    (stage,) = stack(env).example.of_type("AWS::ApiGatewayV2::Stage").values()
    mappings = stack(env).of_type("AWS::ApiGatewayV2::ApiMapping")
    assert len(mappings) == 2
    for mapping in mappings.values():
        assert "ApiMappingKey" not in mapping
        assert stage["ApiId"] == f"<{api_id}>"
        assert mapping["ApiId"] == f"<Example{api_id}>"
        assert mapping["Stage"] == stage["StageName"]


@pytest.mark.parametrize("env", APP_STACKS)
def test_domain_names_are_created_one_after_the_other(env: str) -> None:
    """API Gateway creates one in 30 s for an account.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    """
    resources = stack(env).resources
    names = [n for n, r in resources.items() if r["Type"] == "AWS::ApiGatewayV2::DomainName"]
    first = [n for n in names if not set(as_list(resources[n].get("DependsOn", []))) & set(names)]
    assert len(names) == 2
    assert len(first) == 1


def test_no_record_hangs_on_a_check_that_asks_a_failover_record_s_own_name() -> None:
    """Route 53 calls the results of such a one unpredictable."""
    everywhere = [stack(env) for env in ("primary", "secondary", "monitor")]
    moving = {
        r["HealthCheckId"] for found in everywhere for r in records(found) if "HealthCheckId" in r
    }
    checks = {name: c for found in everywhere for name, c in health_checks(found).items()}
    for check in checks.values():
        moving |= set(check.get("ChildHealthChecks", []))
    asks = {n for n, c in checks.items() if c.get("FullyQualifiedDomainName") == PUBLIC}
    assert asks == {"PublicHealthCheck"}
    assert not {f"<{name}>" for name in asks} & moving


def test_the_check_of_the_public_name_asks_for_a_region_that_takes_writes(monitor: Stack) -> None:
    """With an active Secondary lost, the name leads to a Primary that is well and only reads."""
    check = health_checks(monitor)["PublicHealthCheck"]
    assert check["ResourcePath"] == "/health?for=writes"
    assert check["FullyQualifiedDomainName"] == PUBLIC


@pytest.mark.parametrize("name", ["app.pilotlight.example.", "beacon.pilotlight.example."])
def test_a_failover_name_has_exactly_one_primary_and_one_secondary(name: str) -> None:
    everywhere = [r for env in ("primary", "secondary", "monitor") for r in records(stack(env))]
    found = [r for r in everywhere if r["Name"] == name]
    assert sorted(r["Failover"] for r in found) == ["PRIMARY", "SECONDARY"]
    assert len({r["SetIdentifier"] for r in found}) == 2
    assert len({(r["Type"], r["TTL"]) for r in found}) == 1
    assert all("Region" not in r and "AliasTarget" not in r for r in found)
    by_role = {r["Failover"]: r for r in found}
    assert "HealthCheckId" in by_role["PRIMARY"]
    assert "HealthCheckId" not in by_role["SECONDARY"], "a SECONDARY without a check always answers"


@pytest.mark.parametrize("name", ["app.pilotlight.example.", "beacon.pilotlight.example."])
def test_a_resolver_keeps_a_failover_name_for_five_seconds(name: str, secondary: Stack) -> None:
    assert {r["TTL"] for r in records(secondary) if r["Name"] == name} == {"5"}


def test_failover_records_point_to_an_origin_that_each_region_s_own_stack_makes() -> None:
    targets = [r["ResourceRecords"][0] for r in records(stack("secondary")) if r["Type"] == "CNAME"]
    origins = [r["Name"] for env in APP_STACKS for r in records(stack(env)) if "AliasTarget" in r]
    assert len(targets) == 2
    assert set(targets) <= set(origins)


def test_the_switch_is_two_of_three_with_one_inverted_child(secondary: Stack) -> None:
    checks = health_checks(secondary)
    switch = checks["SwitchHealthCheck"]
    assert switch["HealthThreshold"] == 2
    children = [c.strip("<>") for c in switch["ChildHealthChecks"]]
    assert len(children) == 3
    assert [c for c in children if checks[c].get("Inverted")] == ["NotOnHealthCheck"]
    assert all(checks[c]["Type"] != "CALCULATED" for c in children), "no nesting"


def test_checkers_stand_in_at_least_three_regions_and_in_neither_of_the_risky_ones() -> None:
    for env in ("secondary", "monitor"):
        for check in health_checks(stack(env)).values():
            if check["Type"] == "CALCULATED":
                continue
            assert len(check["Regions"]) >= 3
            assert not {"us-east-1", stack("primary").region} & set(check["Regions"])
