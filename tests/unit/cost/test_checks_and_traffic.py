"""Health checks: their fees, and the traffic that they make."""

from __future__ import annotations

import pytest
from pytest import approx

from cost import CostError

MONTH = 730 * 3600
REGIONS = ["eu-west-1", "ap-northeast-1", "sa-east-1"]


def config(**changes):
    given = {
        "Type": "HTTPS",
        "FullyQualifiedDomainName": {"Fn::Sub": "${PrimaryRegion}.${ZoneName}"},
        "ResourcePath": "/health",
        "RequestInterval": 10,
        "Regions": REGIONS,
    }
    return {"HealthCheckConfig": {**given, **changes}}


def add_check(repository, **changes):
    repository.add("AnotherCheck", "AWS::Route53::HealthCheck", **config(**changes))


def test_a_new_health_check_adds_its_fees_and_the_requests_of_all_its_checkers(repository):
    before = repository.computed().total
    add_check(repository)
    requests = approx(3 * 2 * MONTH / 10)
    found = repository.more()
    assert found["health_check_aws"] == 1
    assert found["health_check_option_aws"] == 2, "HTTPS and the fast interval"
    assert found["api_rest"] == found["lambda_request"] == requests
    reads = found["dynamodb_read"] / found["api_rest"]
    assert reads == approx(1.6), "/health reads the own copy, an item, and now and then a heartbeat"
    assert found["trace"] > 0
    fees_and_requests = 0.50 + 2 * 1.00 + found["api_rest"] / 1e6 * (3.50 + 0.20 + 3 * 0.125)
    assert repository.computed().total - before > fees_and_requests


def test_every_option_of_a_check_is_a_fee(repository):
    add_check(repository, Type="HTTPS_STR_MATCH", SearchString="ok", MeasureLatency=True)
    assert repository.more()["health_check_option_aws"] == 4


def test_a_slow_plain_check_has_no_option(repository):
    add_check(repository, Type="HTTP", RequestInterval=30)
    found = repository.more()
    assert "health_check_option_aws" not in found
    assert found["api_rest"] == approx(6 * MONTH / 30)


def test_a_check_without_regions_has_all_sixteen_checkers(repository):
    add_check(repository, Regions=[])
    assert repository.more()["api_rest"] == approx(16 * MONTH / 10)


def test_a_check_of_a_host_outside_the_stacks_is_no_aws_endpoint_and_asks_nobody_here(repository):
    add_check(repository, FullyQualifiedDomainName="www.example.com")
    assert repository.more() == {"health_check_other": 1, "health_check_option_other": 2}


def test_a_calculated_check_is_a_basic_one_and_makes_no_request(repository):
    children = {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": ["x"]}
    repository.add("AnotherCheck", "AWS::Route53::HealthCheck", HealthCheckConfig=children)
    assert repository.more() == {"health_check_aws": 1}


def test_a_disabled_check_is_still_billed_and_makes_no_request(repository):
    add_check(repository, Disabled=True)
    assert repository.more() == {"health_check_aws": 1, "health_check_option_aws": 2}


def test_a_check_of_a_path_that_nobody_answers_is_an_error_that_names_it(repository):
    add_check(repository, ResourcePath="/nobody")
    with pytest.raises(CostError, match=r"AnotherCheck asks for GET /nobody in the Primary"):
        repository.computed()


def test_a_check_of_an_unknown_type_is_an_error_that_names_it(repository):
    add_check(repository, Type="RECOVERY_CONTROL")
    with pytest.raises(CostError, match=r"AnotherCheck .* RECOVERY_CONTROL"):
        repository.computed()


def test_fewer_checker_regions_than_route_53_allows_are_an_error(repository):
    add_check(repository, Regions=REGIONS[:2])
    with pytest.raises(CostError, match="from 2 Regions"):
        repository.computed()


def test_each_role_pays_for_what_its_own_stack_has(deployed):
    owners = {check.name: check.owner for check in deployed.month.checks}
    assert owners["AlarmHealthCheck"] == "Monitor"
    assert owners["EndpointHealthCheck"] == "Secondary"
    asked = {flow.cause: flow.where for flow in deployed.month.flows}
    assert asked["EndpointHealthCheck"] == asked["AlarmHealthCheck"] == "Primary"
    assert asked["NotOnHealthCheck"] == "Secondary"


def test_without_its_checkers_a_check_makes_no_request(deployed):
    quiet = deployed.instead(assumptions={"checkers_per_region": 0})
    asked = {flow.cause for flow in quiet.month.flows}
    assert not asked & {check.name for check in quiet.month.checks}
    asked = sum(c.requests(MONTH) for c in deployed.month.checks)
    assert deployed.total - quiet.total > asked / 1e6 * 0.20, "an invocation each, at least"


def test_slow_checks_cost_less_and_fast_ones_more(deployed):
    slow, fast = (deployed.instead(checks=c).total for c in ("slow", "fast"))
    assert slow < deployed.total < fast


def test_one_check_can_be_slowed_down_alone(deployed):
    slower = deployed.instead(intervals={"NotOnHealthCheck": 30}).month
    found = {flow.cause: flow.number for flow in slower.flows}
    before = {flow.cause: flow.number for flow in deployed.month.flows}
    assert found.pop("NotOnHealthCheck") == pytest.approx(before.pop("NotOnHealthCheck") / 3)
    assert found == before


def rule(path, priority=1):
    given = {"Priority": priority, "URLPath": path, "RuleName": f"r{priority}"}
    return {"SamplingRule": {**given, "ReservoirSize": 0, "FixedRate": 0}}


def untraced(repository):
    """Rules for the paths that checks ask for."""
    repository.add("Health", "AWS::XRay::SamplingRule", "Primary", **rule("/health"))
    repository.add("Switch", "AWS::XRay::SamplingRule", "Secondary", **rule("/switch/*"))
    repository.add("Public", "AWS::XRay::SamplingRule", "Primary", **rule("/switch/*", 3))


def request_traces(computed):
    lines = computed.month.bill.lines
    return sum(x.quantity for x in lines if x.what == "traces of requests")


def test_sampling_rules_for_the_checked_paths_end_their_traces(repository):
    assert request_traces(repository.computed()) > 1e6
    untraced(repository)
    assert request_traces(repository.computed()) == 0


def test_a_rule_for_another_path_leaves_the_traces_as_they_were(repository):
    repository.add("Rule", "AWS::XRay::SamplingRule", "Primary", **rule("/items"))
    assert repository.more() == {}


def test_of_two_rules_the_one_with_the_lower_number_decides(repository):
    untraced(repository)
    traced = rule("/health", 2)
    traced["SamplingRule"]["FixedRate"] = 1
    repository.add("AHealth", "AWS::XRay::SamplingRule", "Primary", **traced)
    repository.resources = {k: repository.resources[k] for k in sorted(repository.resources)}
    assert request_traces(repository.computed()) == 0


def test_functions_behind_an_untraced_api_sample_for_themselves_without_rules(repository):
    del repository.properties("AppApi")["TracingEnabled"]
    untraced(repository)
    assert request_traces(repository.computed()) > 1e6
    repository.template["Globals"]["Function"]["Tracing"] = "PassThrough"
    assert request_traces(repository.computed()) == 0


def test_users_stay_traced_where_checks_are_not(repository):
    asked = {"user_requests": 1000}
    found = repository.computed(without=frozenset({"check-traces"}), assumptions=asked)
    assert request_traces(found) == approx(1000, rel=0.01)


def test_metrics_by_method_cost_for_each_method_that_gets_requests(repository):
    flows = repository.computed().month.flows
    asked = {(f.where, f.route.path) for f in flows if not f.by_url}
    for setting in repository.properties("AppApi")["MethodSettings"]:
        setting["MetricsEnabled"] = False
    assert repository.more() == {"custom_metric": -5 * len(asked)}


def test_the_most_specific_method_setting_decides_about_metrics(repository):
    quiet = {"ResourcePath": "/health", "HttpMethod": "GET", "MetricsEnabled": False}
    repository.properties("AppApi")["MethodSettings"].append(quiet)
    assert repository.more() == {"custom_metric": -5}


def test_lambda_logs_nothing_itself_in_json_from_warn_up(repository):
    invoked = repository.before.quantity("lambda_request")
    shared = repository.template["Globals"]["Function"].setdefault("LoggingConfig", {})
    shared["SystemLogLevel"] = "WARN"
    assert repository.more() == {}, "the level needs the format"
    shared["LogFormat"] = "JSON"
    found = repository.more()
    assert found["log_ingestion"] == approx(-invoked * 400 / 1e9)
    assert found["log_storage"] < 0


def test_users_come_on_top_with_their_reads_writes_and_queries(repository):
    found = repository.more(assumptions={"user_requests": 1000, "user_write_share": 0.5})
    assert found["api_rest"] == approx(1000)
    assert found["dns_query"] == 1000
    assert found["dynamodb_write"] == 500 * 4 * 2, "in both Regions"


def test_what_is_left_out_is_exactly_what_was_named(repository):
    named = {
        "check-traces": {"trace"},
        "method-metrics": {"custom_metric"},
        "platform-logs": {"log_ingestion", "log_storage"},
    }
    for without, less in named.items():
        found = repository.more(without=frozenset({without}))
        assert set(found) == less
        assert max(found.values()) < 0


def test_a_check_by_a_function_url_pays_the_function_and_no_api(repository):
    url = {"Fn::Select": [2, {"Fn::Split": ["/", {"Fn::GetAtt": "SwitchUrl.FunctionUrl"}]}]}
    add_check(repository, FullyQualifiedDomainName=url, ResourcePath="/switch/on")
    found = repository.more()
    assert found["health_check_aws"] == 1
    assert found["lambda_request"] == approx(6 * MONTH / 10)
    assert not {"api_rest", "trace", "custom_metric"} & set(found)


def test_an_actively_traced_function_behind_a_url_samples_for_itself(repository):
    repository.properties("SwitchFunction")["Tracing"] = "Active"
    assert repository.more()["trace"] > 1e6
    repository.add("Rule", "AWS::XRay::SamplingRule", "Secondary", **rule("*"))
    assert repository.more()["trace"] > 1e6, "no rule reaches it"


def test_the_template_traces_no_request(deployed):
    asked = deployed.instead(assumptions={"user_requests": 1000})
    assert request_traces(asked) == 0


def test_a_rule_for_another_host_leaves_the_traces_as_they_were(repository):
    foreign = rule("*")
    foreign["SamplingRule"]["Host"] = "elsewhere.example"
    repository.add("Rule", "AWS::XRay::SamplingRule", "Primary", **foreign)
    assert repository.more() == {}
