"""What linters miss: facts that must agree between resources, stacks and files."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pilotlight.domain import heartbeat, intake
from pilotlight.domain.writes import Write, plan, transaction
from pilotlight.validation import violation

from tests.template.stacks import ACCOUNT, Stack, config, intrinsics, source, stack

ROOT = Path(__file__).resolve().parents[2]
APP_STACKS = ("primary", "secondary")
# Actions for which AWS knows no resource ARNs (Service Authorization Reference).
WITHOUT_ARN = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "lambda:GetAccountSettings",
    "servicequotas:GetServiceQuota",
}


READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def health_checks(found: Stack) -> dict[str, dict[str, Any]]:
    return {
        k: p["HealthCheckConfig"] for k, p in found.of_type("AWS::Route53::HealthCheck").items()
    }


def routed_gets(found: Stack) -> set[str]:
    (api,) = found.of_type("AWS::ApiGatewayV2::Api").values()
    return {path for path, methods in api["Body"]["paths"].items() if "get" in methods}


def records(found: Stack) -> list[dict[str, Any]]:
    groups = found.of_type("AWS::Route53::RecordSetGroup").values()
    return [r for g in groups for r in g["RecordSets"]] + list(
        found.of_type("AWS::Route53::RecordSet").values()
    )


def statements(found: Stack) -> list[tuple[str, dict[str, Any]]]:
    out = []
    for name, role in found.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            out += [(name, s) for s in policy["PolicyDocument"]["Statement"]]
    for name, policy in found.of_type("AWS::IAM::ManagedPolicy").items():
        out += [(name, s) for s in policy["PolicyDocument"]["Statement"]]
    return out


# --- health checks and DNS ------------------------------------------------------------------------


@pytest.mark.parametrize("env", ["secondary", "monitor"])
def test_every_health_check_asks_a_routed_path_of_a_name_that_a_region_owns(env: str) -> None:
    owners = {"<SwitchUrl.FunctionUrl>": {"/switch/on", "/switch/off"}} | {
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
        assert fqdn in owners, f"{name} asks {fqdn}, which is no Region's own name"
        assert check["ResourcePath"] in owners[fqdn], f"{name} asks a path that is not routed"


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


@pytest.mark.parametrize(("given", "expected"), [("0", None), ("20", "20")])
def test_the_switch_is_set_aside_environments_only_where_a_person_asks_for_them(
    secondary: Stack, given: str, expected: str | None
) -> None:
    asked = {**secondary.parameters, "SwitchReservedConcurrency": given}
    known = intrinsics(secondary.region, asked)
    function = known.value(source()["Resources"]["SwitchFunction"]["Properties"])
    assert function.get("ReservedConcurrentExecutions") == expected


@pytest.mark.parametrize("env", APP_STACKS)
def test_custom_domains_map_the_root_to_the_api_s_only_stage(env: str) -> None:
    (stage_id,) = stack(env).of_type("AWS::ApiGatewayV2::Stage")
    mappings = stack(env).of_type("AWS::ApiGatewayV2::ApiMapping")
    assert len(mappings) == 2
    for mapping in mappings.values():
        assert "ApiMappingKey" not in mapping
        assert mapping["Stage"] == f"<{stage_id}>"


def test_no_health_check_asks_the_failover_record_s_own_name(any_stack: Stack) -> None:
    public = "app.pilotlight.example"
    for check in health_checks(any_stack).values():
        assert check.get("FullyQualifiedDomainName") != public


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


# --- detection ------------------------------------------------------------------------------------


def test_an_alarm_on_a_route_53_metric_is_only_in_us_east_1(any_stack: Stack) -> None:
    for name, alarm in any_stack.of_type("AWS::CloudWatch::Alarm").items():
        if alarm["Namespace"] == "AWS/Route53":
            assert any_stack.region == "us-east-1", f"{name} would never see a data point"
            assert alarm["Period"] >= 60, "Route 53 publishes one point a minute"


def test_the_alarm_s_event_reaches_the_machine_through_both_rules(
    monitor: Stack, secondary: Stack
) -> None:
    (alarm,) = monitor.of_type("AWS::CloudWatch::Alarm").values()
    arn = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{alarm['AlarmName']}"
    (forward,) = monitor.of_type("AWS::Events::Rule").values()
    assert forward["EventPattern"]["resources"] == ["<PrimaryUnhealthyAlarm.Arn>"]
    (target,) = forward["Targets"]
    assert target["Arn"] == f"arn:aws:events:{secondary.region}:{ACCOUNT}:event-bus/default"
    start = secondary.resources["StartFailoverRule"]["Properties"]
    own = f"arn:aws:cloudwatch:{secondary.region}:{ACCOUNT}:alarm:pilot-light-sentinel"
    assert start["EventPattern"]["resources"] == [arn, own]
    assert start["Targets"][0]["Arn"] == "<FailoverMachine>"
    intake = secondary.resources["IntakeFunction"]["Properties"]["Environment"]["Variables"]
    assert intake["ALARM_ARNS"].split(",") == [arn, own]


def test_the_readiness_alarm_tells_a_person_and_starts_nothing(
    secondary: Stack, any_stack: Stack
) -> None:
    alarm = secondary.resources["SecondaryReadyAlarm"]["Properties"]
    assert alarm["TreatMissingData"] == "breaching", "that nobody looks is drift too"
    assert alarm["AlarmActions"] == ["<RecoveryTopic>"]
    function = secondary.resources["ScheduledReadinessFunction"]["Properties"]
    service = function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]
    namespace = function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Namespace"] == namespace
    for rule in any_stack.of_type("AWS::Events::Rule").values():
        assert alarm["AlarmName"] not in str(rule["EventPattern"])


def test_the_janitor_hears_of_every_machine_of_the_secondary_and_knows_it(
    secondary: Stack,
) -> None:
    machines = secondary.of_type("AWS::StepFunctions::StateMachine")
    detail = secondary.resources["ExecutionEndedRule"]["Properties"]["EventPattern"]["detail"]
    assert {arn.strip("<>") for arn in detail["stateMachineArn"]} == set(machines)
    assert {"TIMED_OUT", "ABORTED"} <= set(detail["status"])
    janitor = secondary.resources["JanitorFunction"]["Properties"]["Environment"]["Variables"]
    assert janitor["MACHINE_ARNS"].split(",") == detail["stateMachineArn"]
    capacity = machines["CapacityMachine"]["StateMachineName"]
    assert capacity == f"{janitor['APP_NAME']}-capacity", "by which it tells that one apart"


def test_the_schedule_starts_a_rehearsal_that_keeps_to_the_blocked_windows(
    secondary: Stack,
) -> None:
    schedule = secondary.resources["WeeklyRehearsal"]["Properties"]
    assert schedule["Target"]["Arn"] == "<FailoverMachine>"
    role = secondary.resources[schedule["Target"]["RoleArn"].strip("<>").split(".")[0]]
    (policy,) = role["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (
        "states:StartExecution",
        "<FailoverMachine>",
    )
    request = intake.read(
        json.loads(schedule["Target"]["Input"]),
        validate=violation,
        alarm_arns=[],
        now=datetime(2026, 12, 25, tzinfo=UTC),
        max_event_age=timedelta(minutes=15),
        blocked_windows="2026-12-25",
    )
    assert (request.mode, request.disposition) == ("rehearsal", "drop")


@pytest.mark.parametrize(
    ("env", "expression", "there"),
    [
        ("secondary", "rate(7 days)", True),
        ("secondary", "off", False),
        ("secondary-first", "rate(7 days)", False),
        ("primary", "rate(7 days)", False),
    ],
)
def test_rehearsals_are_scheduled_where_there_is_a_primary_and_nobody_said_off(
    env: str, expression: str, there: bool
) -> None:
    found = stack(env)
    known = intrinsics(found.region, {**found.parameters, "RehearsalSchedule": expression})
    for name in ("WeeklyRehearsal", "WeeklyRehearsalRole"):
        assert known.holds(source()["Resources"][name]["Condition"]) is there
    pattern = source()["Parameters"]["RehearsalSchedule"]["AllowedPattern"]
    assert re.fullmatch(pattern, expression)


@pytest.mark.parametrize("expression", ["", "never", "0 10 ? * TUE *", "cron()", "Off"])
def test_a_schedule_that_is_none_is_refused_at_the_deployment(expression: str) -> None:
    pattern = source()["Parameters"]["RehearsalSchedule"]["AllowedPattern"]
    assert not re.fullmatch(pattern, expression)


def test_readiness_and_intake_read_the_same_blocked_windows(secondary: Stack) -> None:
    for name in ("IntakeFunction", "ScheduledReadinessFunction"):
        variables = source()["Resources"][name]["Properties"]["Environment"]["Variables"]
        assert variables["REHEARSAL_BLOCKED_WINDOWS"] == {"Ref": "RehearsalBlockedWindows"}


def stream(secondary: Stack) -> dict[str, Any]:
    found = secondary.of_type("AWS::Lambda::EventSourceMapping").values()
    (mapping,) = [m for m in found if m["EventSourceArn"] == "<ItemsTable.StreamArn>"]
    return mapping


def stream_patterns(secondary: Stack) -> list[dict[str, Any]]:
    mapping = stream(secondary)
    return [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]]


def test_the_stream_has_one_consumer_that_takes_what_the_primary_wrote(secondary: Stack) -> None:
    """AWS asks for one reader of a global table's stream."""
    journal, items, pulse = stream_patterns(secondary)
    primary = stack("primary").region
    write = plan_of(primary)
    puts = [put["Put"]["Item"] for put in transaction(write, "items")]
    (prefix,) = journal["dynamodb"]["Keys"]["pk"]["S"]
    assert puts[1]["pk"]["S"].startswith(prefix["prefix"])
    (prefix,) = items["dynamodb"]["Keys"]["pk"]["S"]
    assert puts[0]["pk"]["S"].startswith(prefix["prefix"])
    assert items["dynamodb"]["NewImage"]["region"]["S"] == [puts[0]["region"]["S"]]
    assert all(p["eventName"] == ["INSERT", "MODIFY"] for p in (journal, items))
    assert "eventName" not in pulse


def plan_of(region: str) -> Write:
    names = {"item_id": "tea", "text": "-", "write_id": "0" * 26, "now": "-"}
    return plan("create", current=None, region=region, epoch=1, **names)


def test_a_batch_that_fails_is_tried_as_long_as_the_stream_keeps_it_and_then_told(
    secondary: Stack,
) -> None:
    mapping = stream(secondary)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRecordAgeInSeconds"] == 24 * 3600
    assert "MaximumRetryAttempts" not in mapping
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == "<RecoveryDeadLetters.Arn>"


def test_the_echo_is_called_by_the_pulse_that_the_primary_writes(secondary: Stack) -> None:
    pattern = stream_patterns(secondary)[2]["dynamodb"]
    key = heartbeat.key(stack("primary").region)
    assert pattern["Keys"]["pk"]["S"] == [key["pk"]["S"]]
    broken = heartbeat.attributes(heartbeat.Heartbeat(1, 1, 1, 1))
    whole = heartbeat.attributes(heartbeat.Heartbeat(1, 1, 1))
    assert set(pattern["NewImage"]) == set(broken) - set(whole)


def test_the_ledger_settles_but_cannot_speak_for_a_region(secondary: Stack) -> None:
    """Its functions read who is active. A replay writes items and the own journal only."""
    for name, statement in statements(secondary):
        if name not in ("LedgerRole", "LedgerStreamRole"):
            continue
        resources = str(statement["Resource"])
        if "ControlTable" in resources or stack("primary").region in resources:
            assert set(as_list(statement["Action"])) <= {"dynamodb:GetItem", "dynamodb:Query"}
        if "dynamodb:PutItem" in as_list(statement["Action"]) and "ItemsTable" in resources:
            keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            assert keys == ["I#*", f"J#{secondary.region}#*"]


def test_only_the_echo_and_the_promotion_can_speak_for_the_secondary() -> None:
    """The fence believes the control table, so nothing in the Primary may write there.

    The one exception is a person's: breaking the glass writes the control item and the override.
    """
    written = {}
    for name, statement in statements(stack("primary")):
        if any("-control" in str(r) for r in as_list(statement["Resource"])):
            for action in set(as_list(statement["Action"])) - READS:
                keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
                written[name, action] = keys
    assert written == {
        ("BreakGlassRole", "dynamodb:UpdateItem"): ["control"],
        ("BreakGlassRole", "dynamodb:PutItem"): [f"override#{stack('primary').region}"],
    }


def test_every_rule_keeps_what_it_cannot_deliver(any_stack: Stack) -> None:
    for name, rule in any_stack.of_type("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            assert "DeadLetterConfig" in target, name
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600, name


# --- data -----------------------------------------------------------------------------------------


def test_global_tables_are_owned_by_the_secondary_and_protected_in_each_region(
    secondary: Stack,
) -> None:
    assert not stack("primary").of_type("AWS::DynamoDB::GlobalTable")
    tables = secondary.of_type("AWS::DynamoDB::GlobalTable")
    assert len(tables) == 2
    for name, table in tables.items():
        regions = [r["Region"] for r in table["Replicas"]]
        assert sorted(regions) == sorted([secondary.region, stack("primary").region]), name
        for replica in table["Replicas"]:
            assert replica["DeletionProtectionEnabled"] is True, name
            pitr = replica["PointInTimeRecoverySpecification"]
            assert pitr["PointInTimeRecoveryEnabled"] is True, name
        assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_what_holds_data_is_retained(any_stack: Stack) -> None:
    kinds = (
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::S3::Bucket",
        "AWS::Backup::BackupVault",
    )
    for name, resource in any_stack.resources.items():
        if resource["Type"] in kinds:
            assert resource["DeletionPolicy"] == "Retain", name
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_buckets_replicate_to_each_other_once_both_exist() -> None:
    def names(env: str) -> tuple[str, dict[str, Any] | None]:
        (bucket,) = stack(env).of_type("AWS::S3::Bucket").values()
        assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
        return bucket["BucketName"], bucket.get("ReplicationConfiguration")

    (primary, out), (secondary, back) = names("primary"), names("secondary")
    assert names("secondary-first") == (secondary, None)
    assert out is not None
    assert back is not None
    assert out["Rules"][0]["Destination"]["Bucket"] == f"arn:aws:s3:::{secondary}"
    assert back["Rules"][0]["Destination"]["Bucket"] == f"arn:aws:s3:::{primary}"


def test_a_later_deployment_of_a_stack_sets_all_that_an_earlier_one_set() -> None:
    """`sam deploy` keeps a stack's value of each parameter that it is not given."""
    (first_region, first), (region, later) = config("secondary-first"), config("secondary")
    assert first_region == region
    assert set(first) == set(later)
    assert (first["PeerBucketExists"], later["PeerBucketExists"]) == ("false", "true")


def test_the_backup_leaves_the_region(primary: Stack, secondary: Stack) -> None:
    (plan,) = primary.of_type("AWS::Backup::BackupPlan").values()
    (vault,) = secondary.of_type("AWS::Backup::BackupVault").values()
    (copy,) = plan["BackupPlan"]["BackupPlanRule"][0]["CopyActions"]
    name = vault["BackupVaultName"]
    assert (
        copy["DestinationBackupVaultArn"]
        == f"arn:aws:backup:{secondary.region}:{ACCOUNT}:backup-vault:{name}"
    )


def test_no_deployment_can_change_who_is_active(any_stack: Stack) -> None:
    for name, statement in statements(any_stack):
        touches = any(
            "Control" in str(r) or "-control" in str(r) for r in as_list(statement["Resource"])
        )
        writes = {"dynamodb:PutItem", "dynamodb:UpdateItem"} & set(as_list(statement["Action"]))
        if touches and writes:
            assert name in {
                "SeedRole",
                "FailoverRole",
                "SwitchoverRole",
                "ReadinessRole",
                "EchoRole",
                "BreakGlassRole",
                "JanitorRole",
            }
            if name == "EchoRole":
                keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
                assert keys == [f"echo#{stack('primary').region}"], "an echo is no promotion"
            if name == "JanitorRole":
                attributes = statement["Condition"]["ForAllValues:StringEquals"]
                changed = set(attributes["dynamodb:Attributes"])
                assert not {"active_region", "epoch", "break_glass"} & changed, "it undoes drains"
    # The seed only ever puts under a condition, and readiness only its own canary.
    readiness = [
        s
        for n, s in statements(any_stack)
        if n == "ReadinessRole" and "dynamodb:PutItem" in as_list(s["Action"])
    ]
    for statement in readiness:
        keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
        assert keys == [f"canary#{any_stack.region}"]


# --- security -------------------------------------------------------------------------------------


def test_no_statement_says_star_where_an_arn_exists(any_stack: Stack) -> None:
    for name, statement in statements(any_stack):
        if "*" in as_list(statement["Resource"]):
            assert set(as_list(statement["Action"])) <= WITHOUT_ARN, name
        for action in as_list(statement["Action"]):
            assert "*" not in action, f"{name} allows {action}"


def test_every_function_and_machine_has_a_role_of_its_own(any_stack: Stack) -> None:
    kinds = {"AWS::Lambda::Function": "Role", "AWS::StepFunctions::StateMachine": "RoleArn"}
    roles = [p[key] for kind, key in kinds.items() for p in any_stack.of_type(kind).values()]
    assert len(roles) == len(set(roles))


def test_services_that_act_for_others_are_bound_to_this_account(any_stack: Stack) -> None:
    for name, role in any_stack.of_type("AWS::IAM::Role").items():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            if statement["Principal"]["Service"] == "lambda.amazonaws.com":
                continue  # Lambda passes no source condition keys when it assumes a function's role
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == ACCOUNT, name


def test_nothing_is_stored_in_the_clear(any_stack: Stack) -> None:
    for bucket in any_stack.of_type("AWS::S3::Bucket").values():
        assert bucket["BucketEncryption"]
    for queue in any_stack.of_type("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
    for topic in any_stack.of_type("AWS::SNS::Topic").values():
        assert topic["KmsMasterKeyId"]


def test_the_default_endpoint_does_not_answer_beside_the_custom_domains() -> None:
    for env in APP_STACKS:
        (api,) = stack(env).of_type("AWS::ApiGatewayV2::Api").values()
        (server,) = api["Body"]["servers"]
        endpoint = server["x-amazon-apigateway-endpoint-configuration"]
        assert endpoint["disableExecuteApiEndpoint"] is True


# --- the rest -------------------------------------------------------------------------------------


def test_every_log_group_forgets(any_stack: Stack) -> None:
    for group in any_stack.of_type("AWS::Logs::LogGroup").values():
        assert int(group["RetentionInDays"]) > 0


def test_every_parameter_is_described_and_bounded() -> None:
    for name, parameter in source()["Parameters"].items():
        assert parameter["Description"], name
        bounds = {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter)
        assert bounds or parameter["Type"] == "CommaDelimitedList", name


def test_the_template_knows_nothing_of_the_lab() -> None:
    text = (ROOT / "template.yaml").read_text().lower()
    assert not re.search(r"\blab\b|ministack|localhost|127\.0", text)


def test_the_makefile_builds_exactly_the_functions_of_the_template() -> None:
    kinds = source()["Resources"].items()
    functions = {k for k, r in kinds if r["Type"] == "AWS::Serverless::Function"}
    line = re.search(r"^FUNCTIONS := (.*)$", (ROOT / "functions" / "Makefile").read_text(), re.M)
    assert line
    assert {f"{name}Function" for name in line[1].split()} == functions
    for name in line[1].split():
        assert (ROOT / "functions" / name.lower() / "app.py").is_file(), name


def test_the_outputs_print_the_commands_a_person_needs_next(secondary: Stack) -> None:
    commands = {k: o["Value"] for k, o in secondary.outputs.items() if k.endswith("Command")}
    assert {"WhoIsActiveCommand", "RehearseCommand", "ExecutionsCommand"} <= set(commands)
    assert all(c.startswith("aws ") and secondary.region in c for c in commands.values())
