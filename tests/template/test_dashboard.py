"""The dashboard: its metrics are published by somebody, its names are the deployment's."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from pilotlight.reporting.widget import DESCRIPTION, SCHEMA
from pilotlight.shared.validation import violation

from tests.template.stacks import ACCOUNT, CONFIG_ENVS, Stack, source, stack, watched
from tools.audit import code

# What AWS itself publishes of resources like ours, and with which dimensions:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
OF_AWS = {
    "AWS/Route53": ({"HealthCheckPercentageHealthy"}, {"HealthCheckId"}),
    "AWS/DynamoDB": ({"ReplicationLatency"}, {"TableName", "ReceivingRegion"}),
    "AWS/States": (
        {"ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"},
        {"StateMachineArn"},
    ),
}


# https://aws.amazon.com/cloudwatch/pricing/: an account's first three dashboards are free, if each
# references no more metrics than this.
FREE_METRICS = 50


@pytest.fixture
def secondary() -> Stack:
    return watched("secondary")


@pytest.fixture
def widgets(secondary: Stack) -> list[dict[str, Any]]:
    (dashboard,) = secondary.of_type("AWS::CloudWatch::Dashboard").values()
    return json.loads(dashboard["DashboardBody"])["widgets"]


def metrics(widgets: list[dict[str, Any]]) -> list[tuple[str, str, dict[str, str], str]]:
    """Namespace, name, dimensions and Region of each metric."""
    found = []
    for properties in (w["properties"] for w in widgets if w["type"] == "metric"):
        for metric in properties["metrics"]:
            options = metric[-1] if isinstance(metric[-1], dict) else {}
            namespace, name, *parts = [p for p in metric if isinstance(p, str)]
            dimensions = dict(zip(parts[::2], parts[1::2], strict=True))
            found.append((namespace, name, dimensions, options.get("region", properties["region"])))
    return found


def published_by_code() -> dict[str, set[str]]:
    """The metrics that each function's code names, by the service under which it publishes."""
    found: dict[str, set[str]] = {}
    for name, function in stack("secondary").of_type("AWS::Lambda::Function").items():
        service = function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        text = "".join(ast.unparse(module) for module in code.modules(name).values())
        found[service] = set(re.findall(r"\.add_metric\((?:name=)?'(\w+)'", text))
    return found


def test_no_stack_has_a_dashboard_unless_it_is_turned_on(any_stack: Stack) -> None:
    assert source()["Parameters"]["Dashboard"]["Default"] == "off"
    assert not any_stack.of_type("AWS::CloudWatch::Dashboard")
    assert "DashboardUrl" not in any_stack.outputs


@pytest.mark.parametrize("env", CONFIG_ENVS)
def test_turned_on_it_is_the_secondary_s_alone(env: str) -> None:
    found = watched(env)
    is_secondary = env.startswith("secondary")
    assert bool(found.of_type("AWS::CloudWatch::Dashboard")) is is_secondary
    assert ("DashboardUrl" in found.outputs) is is_secondary


def test_it_adds_nothing_but_itself() -> None:
    more = set(watched("secondary").resources) - set(stack("secondary").resources)
    assert more == {"StatusDashboard"}


def test_its_metrics_are_few_enough_to_be_free(widgets: list[dict[str, Any]]) -> None:
    alarms = [arn for w in widgets if w["type"] == "alarm" for arn in w["properties"]["alarms"]]
    assert len(metrics(widgets)) + len(alarms) <= FREE_METRICS


def test_every_metric_of_ours_is_named_in_the_code_of_the_function_that_publishes_it(
    widgets: list[dict[str, Any]], secondary: Stack
) -> None:
    published = published_by_code()
    ours = [m for m in metrics(widgets) if m[0] == "PilotLight"]
    assert {m[1] for m in ours} == {"PrimaryUnhealthy", "SecondaryReady"}
    for _, name, dimensions, region in ours:
        assert region == secondary.region
        assert set(dimensions) == {"service"}
        assert name in published[dimensions["service"]]


def test_every_other_metric_is_one_that_aws_publishes_of_a_resource_of_the_deployment(
    widgets: list[dict[str, Any]], secondary: Stack
) -> None:
    tables = {t["TableName"] for t in secondary.every("AWS::DynamoDB::GlobalTable").values()}
    known = tables | {secondary.region, stack("primary").region}
    for namespace, name, dimensions, _ in metrics(widgets):
        if namespace == "PilotLight":
            continue
        names, wanted = OF_AWS[namespace]
        assert name in names
        assert set(dimensions) == wanted
        for value in dimensions.values():
            assert value in known or value.strip("<>") in secondary.resources, value


def test_replication_is_shown_in_both_directions_where_its_source_is(
    widgets: list[dict[str, Any]], secondary: Stack
) -> None:
    pair = {secondary.region, stack("primary").region}
    shown = [m for m in metrics(widgets) if m[1] == "ReplicationLatency"]
    ways = {(m[2]["TableName"], m[3], m[2]["ReceivingRegion"]) for m in shown}
    tables = secondary.data.of_type("AWS::DynamoDB::GlobalTable").values()
    # Within a strong table nothing lags: a write is answered when another Region has it.
    lagging = {t["TableName"] for t in tables if t.get("MultiRegionConsistency") != "STRONG"}
    assert lagging == {"pilot-light-journal"}
    assert ways == {(t, a, b) for t in lagging for a in pair for b in pair - {a}}


def test_every_run_that_a_person_need_not_sit_beside_is_shown_however_it_ended(
    widgets: list[dict[str, Any]], secondary: Stack
) -> None:
    (graph,) = [w["properties"] for w in widgets if "executions" in w["properties"]["title"]]
    shown = {tuple(metric[1:4:2]): metric[4]["label"] for metric in graph["metrics"]}
    endings = {
        "ExecutionsSucceeded": "succeeded",
        "ExecutionsFailed": "failed",
        "ExecutionsTimedOut": "timed out",
        "ExecutionsAborted": "stopped",
    }
    machines = secondary.of_type("AWS::StepFunctions::StateMachine")
    assert machines.pop("EmergencyMachine"), "by hand only, and its output is its message"
    assert len(shown) == len(graph["metrics"])
    assert shown == {
        (name, f"<{machine}>"): f"{properties['StateMachineName'].split('-')[-1]} {ending}"
        for machine, properties in machines.items()
        for name, ending in endings.items()
    }


def test_no_widget_names_a_region_outside_of_the_pair_and_us_east_1(
    widgets: list[dict[str, Any]], secondary: Stack
) -> None:
    known = {secondary.region, stack("primary").region, "us-east-1"}
    assert set(re.findall(r"\b[a-z]{2}(?:-[a-z]+)+-\d\b", json.dumps(widgets))) <= known
    for namespace, _, _, region in metrics(widgets):
        assert region in known
        assert (region == "us-east-1") is (namespace == "AWS/Route53")


def test_the_alarms_are_exactly_those_of_the_deployment(
    widgets: list[dict[str, Any]],
) -> None:
    (shown,) = [w["properties"]["alarms"] for w in widgets if w["type"] == "alarm"]
    made = {
        f"arn:aws:cloudwatch:{found.region}:{ACCOUNT}:alarm:{alarm['AlarmName']}"
        for found in (stack("secondary"), stack("primary"), stack("monitor"))
        for alarm in found.of_type("AWS::CloudWatch::Alarm").values()
    }
    assert len(shown) == len(set(shown))
    assert set(shown) == made


def test_the_custom_widget_asks_the_overview_for_what_it_knows(
    widgets: list[dict[str, Any]],
) -> None:
    (widget,) = [w["properties"] for w in widgets if w["type"] == "custom"]
    assert widget["endpoint"] == "<OverviewFunctionAliaslive>"
    assert violation(widget["params"], SCHEMA) is None
    assert f"view: {widget['params']['view']}" in DESCRIPTION


def test_widgets_stay_within_the_grid_and_do_not_overlap(widgets: list[dict[str, Any]]) -> None:
    taken: set[tuple[int, int]] = set()
    for w in widgets:
        cells = {
            (x, y)
            for x in range(w["x"], w["x"] + w["width"])
            for y in range(w["y"], w["y"] + w["height"])
        }
        assert w["x"] + w["width"] <= 24
        assert not cells & taken, w["properties"]["title"]
        taken |= cells


def test_the_overview_only_reads_and_only_the_items_that_it_tells_of(secondary: Stack) -> None:
    (policy,) = secondary.resources["OverviewRole"]["Properties"]["Policies"]
    keys = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        ((condition),) = statement["Condition"].values()
        keys[statement["Action"], statement["Resource"]] = condition["dynamodb:LeadingKeys"]
    kept = ["lock", "sentinel", "readiness", "rehearsal", "recovery#*"]
    assert keys == {
        ("dynamodb:GetItem", "<DataControlTable.Arn>"): ["control"],
        ("dynamodb:GetItem", "<DataRecoveriesTable.Arn>"): kept,
        ("dynamodb:Query", "<DataLedgerTable.Arn>/index/open_id"): ["L#*"],
        ("dynamodb:BatchGetItem", "<DataJournalTable.Arn>"): [f"H#{stack('primary').region}#*"],
    }


def test_no_service_may_invoke_the_overview(secondary: Stack) -> None:
    """CloudWatch invokes it as the person who looks."""
    for permission in secondary.of_type("AWS::Lambda::Permission").values():
        assert "Overview" not in permission["FunctionName"]


def test_the_output_leads_to_the_dashboard(secondary: Stack) -> None:
    url = secondary.outputs["DashboardUrl"]["Value"]
    assert url.endswith("#dashboards/dashboard/<StatusDashboard>")
    assert f"region={secondary.region}" in url
