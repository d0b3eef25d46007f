"""The sentinel and the switch in the template: what must agree, and the truth table of DNS."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client.aws_clients import BEST_EFFORT
from pilotlight.sentinel.observation import LONGEST_PROBE, PLANNED_SECONDS, Observation
from pilotlight.sentinel.probe_result import Probe
from pilotlight.sentinel.probe_run import publish
from pilotlight.shared.aws_clients import RECOVERY_STEP

from lab.engine.events.metrics import points
from tests.handlers import load_handler
from tests.template.stacks import ACCOUNT, CONFIG_ENVS, config, intrinsics, source, stack, translate

if TYPE_CHECKING:
    from tests.template.stacks import Stack

pytestmark = pytest.mark.filterwarnings("ignore:This metric does")
SENTINEL: Any = load_handler("sentinel")
OWN = (
    "SentinelSchedule",
    "SentinelSilentAlarm",
    "SentinelScheduleRole",
    "SentinelProbesMapping",
)


def properties(found: Stack, name: str) -> dict[str, Any]:
    return dict(found.resources[name]["Properties"])


def with_parameters(**given: str) -> dict[str, Any]:
    """The Secondary's resources under other parameters."""
    region, parameters = config("secondary")
    translated = translate("secondary")
    known = intrinsics(region, {**parameters, **given}, translated)
    found = known.deployed(translated["Resources"])
    return {name: r["Properties"] for name, r in found.items() if r.get("Properties")}


# --- metric and alarms ----------------------------------------------------------------------------
def test_the_alarm_watches_the_metric_that_the_function_writes(
    secondary: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = properties(secondary, "SentinelFunction")["Environment"]["Variables"]
    monkeypatch.setattr(SENTINEL.metrics.provider, "service", variables["POWERTOOLS_SERVICE_NAME"])
    namespace = variables["POWERTOOLS_METRICS_NAMESPACE"]
    monkeypatch.setattr(SENTINEL.metrics.provider, "namespace", namespace)
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED")
    seen = Observation(Probe(ok=True, status=200, error=None, seconds=0.1, at="t"), "healthy")
    publish(SENTINEL.metrics, 1_000_005_000, seen, 0.1)
    written = {p.name: p for p in points(capsys.readouterr().out.strip())}
    alarm = properties(secondary, "SentinelSilentAlarm")
    point = written[alarm["MetricName"]]
    assert alarm["Namespace"] == point.namespace
    dimensions = {d["Name"]: d["Value"] for d in alarm["Dimensions"]}
    assert dimensions == point.dimensions == {"service": "pilot-light-sentinel"}


def test_two_apps_of_one_account_share_no_metric() -> None:
    ours, theirs = with_parameters(), with_parameters(AppName="other")
    for name in ("SentinelSilentAlarm", "SecondaryReadyAlarm"):
        assert ours[name]["Dimensions"] != theirs[name]["Dimensions"]


@pytest.mark.parametrize(
    "interval", source()["Parameters"]["SentinelIntervalSeconds"]["AllowedValues"]
)
def test_no_interval_leaves_a_period_of_the_silence_alarm_without_a_point(interval: int) -> None:
    found = with_parameters(SentinelIntervalSeconds=str(interval))
    assert found["SentinelSilentAlarm"]["Period"] >= interval


def test_silence_tells_a_person_and_starts_no_machine(secondary: Stack) -> None:
    silence = properties(secondary, "SentinelSilentAlarm")
    assert silence["TreatMissingData"] == "breaching"
    assert silence["AlarmActions"] == ["<RecoveryTopic>"]
    arn = f"arn:aws:cloudwatch:{secondary.region}:{ACCOUNT}:alarm:{silence['AlarmName']}"
    assert arn not in properties(secondary, "StartFailoverRule")["EventPattern"]["resources"]
    variables = properties(secondary, "IntakeFunction")["Environment"]["Variables"]
    assert arn not in variables["ALARM_ARNS"].split(",")


def test_the_rule_and_intake_know_exactly_the_alarm_that_starts_the_machine(
    secondary: Stack, monitor: Stack
) -> None:
    name = properties(monitor, "PrimaryUnhealthyAlarm")["AlarmName"]
    arn = f"arn:aws:cloudwatch:{monitor.region}:{ACCOUNT}:alarm:{name}"
    assert properties(secondary, "StartFailoverRule")["EventPattern"]["resources"] == [arn]
    assert properties(secondary, "IntakeFunction")["Environment"]["Variables"]["ALARM_ARNS"] == arn


# --- function and schedule ------------------------------------------------------------------------
def test_the_sentinel_may_use_its_item_its_queue_and_its_logs_and_keep_the_control_item(
    secondary: Stack,
) -> None:
    role = properties(secondary, "SentinelRole")
    assert "ManagedPolicyArns" not in role
    (policy,) = role["Policies"]
    reads, writes, starts, runs, *keeps, queue, logs = policy["PolicyDocument"]["Statement"]
    # What of them: see test_control.
    kept = [(s["Action"], s["Resource"]) for s in keeps]
    assert kept == [
        ("dynamodb:GetItem", "<DataControlTable.Arn>"),
        ("dynamodb:UpdateItem", "<DataControlTable.Arn>"),
        (["dynamodb:GetItem", "dynamodb:DeleteItem"], "<DataLastResortTable.Arn>"),
    ]
    for statement, action, keys in (
        (reads, "dynamodb:GetItem", ["sentinel", "outage", "lock"]),
        (writes, "dynamodb:UpdateItem", ["sentinel", "outage"]),
    ):
        assert (statement["Action"], statement["Resource"]) == (action, "<DataRecoveriesTable.Arn>")
        only = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
        assert only == keys, "never the lock, nor a record"
    assert (starts["Action"], starts["Resource"]) == ("states:StartExecution", "<FailoverMachine>")
    assert runs["Action"] == "states:DescribeExecution"
    assert all(":execution:pilot-light-" in arn for arn in runs["Resource"])
    # To plan, and what Lambda needs to poll in the function's name:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    polls = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    assert set(queue["Action"]) == {"sqs:SendMessage"} | polls
    assert queue["Resource"] == "<SentinelProbes.Arn>"
    assert logs["Resource"] == "<SentinelLogs.Arn>"


def test_a_look_is_a_message_of_its_own_queue_and_comes_alone(secondary: Stack) -> None:
    mapping = properties(secondary, "SentinelProbesMapping")
    assert mapping["EventSourceArn"] == "<SentinelProbes.Arn>"
    assert mapping["FunctionName"] == "<SentinelFunctionAliaslive>"
    assert mapping["BatchSize"] == 1
    # With it, the fewest pollers are five, not two, and each asks all day:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    assert "ScalingConfig" not in mapping
    variables = properties(secondary, "SentinelFunction")["Environment"]["Variables"]
    assert variables["PROBE_QUEUE_URL"] == "<SentinelProbes>"


def test_the_queue_is_encrypted_and_keeps_a_look_for_little_longer_than_it_is_planned(
    secondary: Stack,
) -> None:
    queue = properties(secondary, "SentinelProbes")
    assert queue["SqsManagedSseEnabled"] is True
    assert PLANNED_SECONDS < queue["MessageRetentionPeriod"] <= PLANNED_SECONDS + 60
    assert "RedrivePolicy" not in queue
    timeout = properties(secondary, "SentinelFunction")["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout, "as Lambda wants it"


def test_nobody_is_let_at_the_queue_by_a_policy_of_its_own(secondary: Stack) -> None:
    policies = secondary.of_type("AWS::SQS::QueuePolicy").values()
    (own,) = (p["PolicyDocument"] for p in policies if "<SentinelProbes>" in p["Queues"])
    assert {statement["Effect"] for statement in own["Statement"]} == {"Deny"}


def test_the_schedule_may_start_the_sentinel_s_alias_and_nothing_else(secondary: Stack) -> None:
    schedule, role = (
        properties(secondary, n) for n in ("SentinelSchedule", "SentinelScheduleRole")
    )
    assert schedule["Target"]["RoleArn"] == "<SentinelScheduleRole.Arn>"
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == schedule["Target"]["Arn"] == "<SentinelFunctionAliaslive>"
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    group = f"arn:aws:scheduler:{secondary.region}:{ACCOUNT}:schedule-group/default"
    assert trust["Condition"]["StringEquals"]["aws:SourceArn"] == group


def test_looks_are_planned_every_minute(secondary: Stack) -> None:
    schedule = properties(secondary, "SentinelSchedule")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}


def test_a_look_has_time_for_a_probe_and_for_a_slow_dynamodb(secondary: Stack) -> None:
    calls, each = 2, RECOVERY_STEP.connect_timeout + RECOVERY_STEP.read_timeout
    attempts = RECOVERY_STEP.retries["total_max_attempts"]
    slowest = calls * attempts * each + LONGEST_PROBE
    # The keeper then reads the control item and the last resort, ends it, changes the item, and
    # reads again; it waits out a lease only where there is time for it.
    kept = 5 * (BEST_EFFORT.connect_timeout + BEST_EFFORT.read_timeout)
    assert properties(secondary, "SentinelFunction")["Timeout"] > slowest + kept


def test_the_decision_and_the_overview_know_when_the_sentinel_is_silent(secondary: Stack) -> None:
    for name in ("SentinelFunction", "DecideFunction", "OverviewFunction"):
        variables = properties(secondary, name)["Environment"]["Variables"]
        assert str(variables["SENTINEL_INTERVAL_SECONDS"]) == "10", name


def test_the_sentinel_is_small_and_arm64_and_reserves_nothing(secondary: Stack) -> None:
    function = properties(secondary, "SentinelFunction")
    assert function["MemorySize"] == 128
    assert function["Architectures"] == ["arm64"]
    assert "ReservedConcurrentExecutions" not in function


@pytest.mark.parametrize("env", CONFIG_ENVS)
def test_only_the_secondary_watches_and_only_once_there_is_a_primary(env: str) -> None:
    assert {name: name in stack(env).resources for name in OWN} == dict.fromkeys(
        OWN, env == "secondary"
    )


def test_the_second_deployment_of_the_secondary_takes_back_what_the_first_said() -> None:
    """On update, `sam deploy` keeps the previous value of a parameter that is omitted."""
    (_, first), (_, second) = config("secondary-first"), config("secondary")
    assert set(first) <= set(second)
    assert second["PeerBucketExists"] == "true"


# --- Detection ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("detection", "failures"), [("Standard", 2), ("Fast", 1)])
def test_detection_says_after_how_many_failures_the_checkers_find_the_primary_unhealthy(
    detection: str, failures: int
) -> None:
    check = with_parameters(Detection=detection)["EndpointHealthCheck"]["HealthCheckConfig"]
    assert (check["RequestInterval"], check["FailureThreshold"]) == (10, failures)


def test_detection_is_standard_unless_one_says_otherwise_and_changes_that_check_and_forecasts() -> (
    None
):
    standard, fast = with_parameters(), with_parameters(Detection="Fast")
    assert standard == with_parameters(Detection="Standard")
    changed = {name for name in standard if standard[name] != fast[name]}
    assert changed == {"EndpointHealthCheck", "DecideFunction"}


# --- the switch -----------------------------------------------------------------------------------
def leads_to(found: dict[str, Any], *, says: str | None, endpoint: bool) -> str:
    """Where the public name leads, by what the Secondary says (on, off, nothing)."""
    checks = {k: p["HealthCheckConfig"] for k, p in found.items() if "HealthCheckConfig" in p}
    answers = {
        "/switch/on": says == "on",
        "/switch/off": says == "off",
        "/health": endpoint,
    }

    def healthy(name: str) -> bool:
        check = checks[name.strip("<>")]
        if check["Type"] == "CALCULATED":
            return sum(map(healthy, check["ChildHealthChecks"])) >= check["HealthThreshold"]
        return answers[check["ResourcePath"]] is not bool(check.get("Inverted"))

    primary = next(r for r in found["FailoverRecords"]["RecordSets"] if r["Failover"] == "PRIMARY")
    return "Primary" if healthy(primary["HealthCheckId"]) else "Secondary"


SAYS = ("off", "on", None)
TRUTH = {
    # what the Secondary says, the endpoint
    ("off", True): "Primary",
    ("off", False): "Primary",
    ("on", True): "Secondary",
    ("on", False): "Secondary",
    (None, True): "Primary",
    (None, False): "Secondary",
}


@pytest.mark.parametrize(("says", "endpoint"), itertools.product(SAYS, (True, False)))
def test_the_truth_table_of_the_switch(says: str | None, endpoint: bool) -> None:
    assert leads_to(with_parameters(), says=says, endpoint=endpoint) == TRUTH[says, endpoint]
