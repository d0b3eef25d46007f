"""The RTO target and its forecast: who gets them, and that the model has the template's numbers."""

from __future__ import annotations

from typing import Any

import pytest
from pilotlight.failover import forecast

from lab.engine.dns import health_checks, route53
from tests.template.definitions import FAILOVER
from tests.template.stacks import Stack, config, source


def secondary(**parameters: str) -> Stack:
    region, given = config("secondary")
    return Stack(source(), region, {**given, **parameters})


def variables(found: Stack, function: str) -> dict[str, Any]:
    environment = found.resources[function]["Properties"]["Environment"]["Variables"]
    return {name: str(value) for name, value in environment.items()}


def check(found: Stack, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = found.resources[name]["Properties"]["HealthCheckConfig"]
    return properties


def test_the_target_is_handed_to_what_compares_with_it_and_to_nothing_else() -> None:
    found = secondary(RtoTargetSeconds="45")
    targets = {
        name: function["Environment"]["Variables"]["RTO_TARGET_SECONDS"]
        for name, function in found.of_type("AWS::Lambda::Function").items()
        if "RTO_TARGET_SECONDS" in function.get("Environment", {}).get("Variables", {})
    }
    functions = ("OverviewFunction", "ReportFunction", "ScheduledReadinessFunction")
    assert {name: str(value) for name, value in targets.items()} == dict.fromkeys(functions, "45")
    machine = found.resources[FAILOVER.resource]["Properties"]["DefinitionSubstitutions"]
    assert str(machine["RtoTargetSeconds"]) == "45"


@pytest.mark.parametrize(("detection", "failures"), [("Standard", "2"), ("Fast", "1")])
def test_a_forecast_counts_the_checkers_and_the_threshold_of_the_deployment(
    detection: str, failures: str
) -> None:
    found = secondary(Detection=detection)
    endpoint, decide = check(found, "EndpointHealthCheck"), variables(found, "DecideFunction")
    assert decide["ENDPOINT_FAILURES"] == str(endpoint["FailureThreshold"]) == failures
    assert len(decide["CHECKER_REGIONS"].split(",")) == len(endpoint["Regions"]) == 3


def test_the_model_has_the_numbers_of_the_template_the_machine_and_the_lab() -> None:
    found = secondary()
    for name in ("EndpointHealthCheck", "NotOnHealthCheck"):
        assert check(found, name)["RequestInterval"] == forecast.CHECK_SECONDS
    assert check(found, "NotOnHealthCheck")["FailureThreshold"] == 1, "the first request counts"
    group = found.resources["FailoverRecords"]["Properties"]["RecordSets"]
    public = [r for r in group if r["Name"].startswith("app.")]
    assert {float(record["TTL"]) for record in public} == {forecast.TTL_SECONDS}
    assert FAILOVER.states["LetTheBeaconFollow"]["Seconds"] == forecast.BEACON_WAIT_SECONDS
    assert health_checks.CHECKERS_PER_REGION == forecast.CHECKERS_PER_REGION
    assert health_checks.HEALTHY_SHARE == forecast.HEALTHY_SHARE
    assert route53.CONNECT_SECONDS == forecast.CONNECT_SECONDS


def test_only_the_way_of_a_rehearsed_claim_leads_to_a_forecast_and_it_vetoes_nothing() -> None:
    into = {
        name for name, state in FAILOVER.states.items() if "'Next': 'ForecastRto'" in str(state)
    }
    assert into == {"HasAfterClaimHook"}
    state = FAILOVER.states["ForecastRto"]
    assert {state["Next"], *(catch["Next"] for catch in state["Catch"])} == {"KeepRehearsal"}
