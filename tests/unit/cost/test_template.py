"""The template decides what is counted; what is unknown is an error."""

from __future__ import annotations

import pytest
from pytest import approx

from cost import CostError, prices
from cost.idle import TOGETHER
from cost.standing import PRICERS

MINUTES = 730 * 60
PROBING = """
[functions.ProbingFunction]
invoked_by = "schedule"
billed_ms = 70_000
reads = 1
writes = {RecoveriesTable = 7}
log_bytes = 2_000
metrics = 2
probes = {"Primary /health" = 6}
dns_queries = 6
"""


def add_probing(repository, **changes):
    event = {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(1 minute)"}}
    given = {"MemorySize": 128, "Events": {"Tick": event}, **changes}
    given |= {"LoggingConfig": {"LogGroup": {"Ref": "RecoveryLogs"}}, "Tracing": "PassThrough"}
    repository.add("ProbingFunction", "AWS::Serverless::Function", **given)


def test_a_new_alarm_costs_by_its_resolution(repository):
    repository.add("Slow", "AWS::CloudWatch::Alarm", Period=60)
    repository.add("Fast", "AWS::CloudWatch::Alarm", Period=10)
    assert repository.more() == {"alarm": 1, "alarm_high_resolution": 1}


def test_an_alarm_on_metric_math_costs_for_each_metric(repository):
    stats = [{"Id": f"m{i}", "MetricStat": {"Period": 60}} for i in range(3)]
    metrics = [*stats, {"Id": "e", "Expression": "m0 + m1 + m2"}]
    repository.add("Sum", "AWS::CloudWatch::Alarm", Metrics=metrics)
    assert repository.more() == {"alarm": 3}


def test_a_resource_of_an_unknown_type_is_an_error_that_names_it(repository):
    repository.add("Gateway", "AWS::EC2::NatGateway")
    with pytest.raises(CostError, match=r"Secondary's stack has Gateway of type AWS::EC2::NatGate"):
        repository.computed()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("AppApi", {"CacheClusterEnabled": True}),
        ("ItemsTable", {"SSESpecification": {"SSEEnabled": True}}),
        ("AppFunction", {"SnapStart": {"ApplyOn": "PublishedVersions"}}),
    ],
)
def test_a_property_without_a_price_is_an_error_that_names_it(repository, name, given):
    repository.properties(name).update(given)
    with pytest.raises(CostError, match=f"{name} has {next(iter(given))}, for which no price"):
        repository.computed()


def test_a_type_of_the_free_list_adds_nothing(repository):
    repository.add("Topic", "AWS::SNS::Topic")
    assert repository.more() == {}


def test_no_type_is_both_free_and_computed():
    free = set(prices.load().costs_nothing)
    assert not free & {*PRICERS, *TOGETHER}


def test_a_function_without_a_usage_entry_is_an_error_that_names_it(repository):
    add_probing(repository)
    with pytest.raises(CostError, match=r"ProbingFunction.*no \[functions.ProbingFunction\]"):
        repository.computed()


def test_a_usage_entry_without_its_function_is_an_error_that_names_it(repository):
    repository.append("usage.toml", PROBING.replace("schedule", "failure"))
    with pytest.raises(CostError, match=r"\[functions.ProbingFunction\], the template has not"):
        repository.computed()


def test_a_function_that_runs_nearly_always_costs_its_time_probes_and_metrics(repository):
    add_probing(repository)
    repository.append("usage.toml", PROBING)
    found = repository.more()
    probes = 6 * MINUTES
    seconds = MINUTES * 70 * 128 / 1024 + probes * 0.048 * 512 / 1024
    assert found["lambda_request"] == approx(MINUTES + probes)
    assert found["lambda_arm64"] == approx(seconds)
    assert found["api_rest"] == approx(probes)
    assert found["dns_query"] == approx(probes)
    assert found["dynamodb_write"] == approx(7 * MINUTES), "the table is in one Region only"
    assert found["custom_metric"] == 2
    assert found["scheduler_invocation"] == approx(MINUTES)


def test_a_schedule_that_is_switched_off_starts_nothing(repository):
    event = {"ScheduleExpression": "rate(1 minute)", "State": "DISABLED"}
    add_probing(repository, Events={"Tick": {"Type": "ScheduleV2", "Properties": event}})
    repository.append("usage.toml", PROBING.replace('"schedule"', '"failure"'))
    assert repository.more() == {}


def test_a_schedule_and_the_usage_entry_must_agree(repository):
    add_probing(repository)
    repository.append("usage.toml", PROBING.replace('"schedule"', '"machine"'))
    with pytest.raises(CostError, match=r"ProbingFunction is on a schedule .* 'machine'"):
        repository.computed()


def test_a_usage_entry_that_claims_a_schedule_needs_one(repository):
    add_probing(repository, Events={})
    repository.append("usage.toml", PROBING)
    with pytest.raises(CostError, match="ProbingFunction is not on a schedule"):
        repository.computed()


def test_a_weekly_rehearsal_costs_a_run_each_week(repository, deployed):
    target = {"Id": "machine", "Arn": {"Ref": "FailoverMachine"}}
    week = {"ScheduleExpression": "rate(7 days)", "Targets": [target]}
    repository.add("FurtherRehearsal", "AWS::Events::Rule", **week)
    run = deployed.failover.quantity("state_transition")
    assert repository.more()["state_transition"] == approx(run * 730 / 24 / 7)


def test_a_function_fed_by_a_queue_is_an_error(repository):
    events = repository.properties("JanitorFunction").setdefault("Events", {})
    events["Queue"] = {"Type": "SQS", "Properties": {"Queue": "arn"}}
    with pytest.raises(CostError, match="JanitorFunction has an event of type SQS"):
        repository.computed()


def test_logs_without_a_retention_are_an_error(repository):
    del repository.properties("AppLogs")["RetentionInDays"]
    with pytest.raises(CostError, match=r"logs of AppFunction are kept for ever"):
        repository.computed()


def test_a_table_costs_in_every_region_that_holds_it(repository):
    before = repository.before.quantity("dynamodb_storage")
    found = repository.more(assumptions={"items_gb": 1.1})
    assert found["dynamodb_storage"] == approx(2 * 1.0)
    assert found["dynamodb_pitr"] == approx(2 * 1.0)
    assert before == approx(2 * 0.1, rel=0.01)


def test_point_in_time_recovery_costs_where_it_is_on(repository):
    del repository.properties("ItemsTable")["Replicas"][1]["PointInTimeRecoverySpecification"]
    assert repository.more() == {"dynamodb_pitr": approx(-0.1)}


def test_a_provisioned_table_is_an_error(repository):
    repository.properties("RecoveriesTable")["BillingMode"] = "PROVISIONED"
    with pytest.raises(CostError, match="RecoveriesTable is not PAY_PER_REQUEST"):
        repository.computed()


def test_a_table_without_a_size_is_an_error(repository):
    repository.edit("usage.toml", "RecoveriesTable = 0.0001\n", "")
    with pytest.raises(CostError, match=r"nothing of RecoveriesTable.*\[tables\]"):
        repository.computed()


def test_backups_of_a_table_are_full_copies_and_those_of_a_bucket_are_not(deployed):
    days = int(deployed.month.deployment.stacks[0].parameters["BackupRetentionDays"])
    bill = deployed.month.bill
    assert bill.quantity("backup_dynamodb") == pytest.approx(2 * days * 0.1)
    assert bill.quantity("backup_s3") == pytest.approx(2 * 1)


def test_fewer_backup_days_by_parameter_cost_less(deployed):
    weekly = deployed.instead(parameters={"BackupRetentionDays": "7"}).month.bill
    assert weekly.quantity("backup_dynamodb") == pytest.approx(2 * 7 * 0.1)


def test_rotations_of_a_key_cost_in_the_second_and_third_year_only(repository):
    repository.add("AnotherKey", "AWS::KMS::Key", EnableKeyRotation=True)
    repository.add("FixedKey", "AWS::KMS::Key")
    own = repository.before.quantity("kms_key")
    later = [repository.more(assumptions={"key_rotations": n})["kms_key"] for n in (0, 1, 2, 9)]
    assert later == [2, 3 + own, 4 + 2 * own, 4 + 2 * own]


def test_a_pair_with_us_east_1_has_no_monitor_and_the_checks_are_there(repository):
    repository.edit("samconfig.toml", "us-east-2", "us-east-1")
    found = repository.computed().month
    assert [s.role for s in found.deployment.stacks] == ["Primary", "Secondary"]
    owners = {check.name: check.owner for check in found.checks}
    assert owners["AlarmHealthCheck"] == "Secondary"


def test_a_scheduled_function_of_both_regions_runs_once_in_each(repository):
    repository.append("usage.toml", PROBING.replace('probes = {"Primary /health" = 6}\n', ""))
    add_probing(repository)
    function = repository.resources["ProbingFunction"]
    function["Condition"] = "ServesApp"
    function["Properties"]["LoggingConfig"] = {"LogGroup": {"Ref": "AppLogs"}}
    found = repository.more()
    assert found["lambda_request"] == approx(2 * MINUTES)
    assert found["dynamodb_write"] == approx(2 * MINUTES * 7)


def test_an_object_costs_a_request_in_each_region(repository):
    repository.append("usage.toml", f"{PROBING}objects = 0.5\n")
    add_probing(repository)
    assert repository.more()["s3_put"] == approx(MINUTES)


def test_a_planned_function_costs_nothing_before_the_template_has_it(repository):
    repository.append("usage.toml", PROBING.replace("[functions.", "[planned."))
    assert repository.more() == {}
    add_probing(repository)
    assert repository.more()["lambda_request"] >= MINUTES


@pytest.mark.parametrize("name", ["Sentinel", "Heartbeat", "ScheduledReadiness"])
def test_every_planned_entry_can_be_computed_as_soon_as_its_function_is_there(repository, name):
    if f"{name}Function" in repository.resources:
        pytest.skip("The template has it by now.")
    add_probing(repository)
    repository.resources[f"{name}Function"] = repository.resources.pop("ProbingFunction")
    assert repository.more()["lambda_request"] >= 730 * 60


def test_a_part_of_a_text_is_looked_up(repository):
    period = {"Fn::Select": [1, {"Fn::Split": ["/", "60/10"]}]}
    repository.add("Fast", "AWS::CloudWatch::Alarm", Period=period)
    assert repository.more() == {"alarm_high_resolution": 1}
