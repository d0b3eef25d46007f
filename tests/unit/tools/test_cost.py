"""The idle month and one failover: by the template, by the tables, and as the page says."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from pilot_light_client.heartbeat import KEYS
from pilotlight.sentinel.observation import SHORT_INTERVAL
from pilotlight.sentinel.probe_queue import BATCH

from tools.cost import __main__ as command, bill, page
from tools.cost.bill import total
from tools.cost.facts import CostError, Tables, Values, seconds_between
from tools.reader import ROOT
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

MONTH = 730 * 3600
README = ROOT / "README.md"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables.load()


def changed(tables: Tables, change: Callable[[Any], None]) -> Tables:
    """The Secondary's stack, changed."""
    primary, secondary, monitor = copy.deepcopy(tables.stacks)
    change(secondary.resources)
    return replace(tables, stacks=(primary, secondary, monitor))


def costs(tables: Tables, settings: dict[str, str]) -> bill.Costs:
    """The bill with other values of parameters of the template, or of names of quantities.toml."""
    return bill.compute(*tables.given(settings))


def month(tables: Tables, **settings: object) -> float:
    return total(costs(tables, {name: str(value) for name, value in settings.items()}).month)


def amount(tables: Tables, what: str, **settings: object) -> float:
    lines = costs(tables, {name: str(value) for name, value in settings.items()}).month
    return sum(x.quantity for x in lines if x.what == what)


# --- what the template decides --------------------------------------------------------------------
def test_a_check_asks_as_often_as_its_checkers_and_its_interval_say(tables: Tables) -> None:
    values = Values(tables, {})
    assert values.number("EndpointHealthCheck_requests") == 6 * MONTH / 10
    slower = Values(tables, {"EndpointHealthCheck_seconds": 30})
    assert slower.number("EndpointHealthCheck_requests") == 6 * MONTH / 30
    assert values.number("fast_options") - slower.number("fast_options") == 1


def test_a_new_alarm_and_a_new_key_cost_by_themselves(tables: Tables) -> None:
    def add(resources: Any) -> None:
        resources["New"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 60}}
        resources["Key"] = {"Type": "AWS::KMS::Key", "Properties": {}}

    assert month(changed(tables, add)) == pytest.approx(month(tables) + 0.10 + 1.00)


def test_an_alarm_on_several_metrics_costs_for_each(tables: Tables) -> None:
    def add(resources: Any) -> None:
        metrics = [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a + b"}]
        resources["New"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": metrics}}

    assert month(changed(tables, add)) == pytest.approx(month(tables) + 0.20)


def test_a_schedule_that_is_off_starts_nothing(tables: Tables) -> None:
    def off(resources: Any) -> None:
        resources["SentinelSchedule"]["Properties"]["State"] = "DISABLED"

    assert Values(tables, {}).number("SentinelFunction_starts") == 43_800
    assert Values(changed(tables, off), {}).number("SentinelFunction_starts") == 0


def test_memory_costs_by_what_the_template_gives(tables: Tables) -> None:
    def more(resources: Any) -> None:
        resources["SentinelFunction"]["Properties"]["MemorySize"] = 256

    seconds = 43_800 * (150 + 630 * 6) / 1000
    extra = amount(changed(tables, more), "time of functions") - amount(tables, "time of functions")
    assert extra == pytest.approx(seconds / 8)


def test_what_a_nested_application_has_costs_and_is_known_by_its_name(tables: Tables) -> None:
    primary, secondary, monitor = copy.deepcopy(tables.stacks)
    nested = secondary.nested["Example"].resources
    nested["New"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 60}}
    more = replace(tables, stacks=(primary, secondary, monitor))
    more.check()
    assert month(more) == pytest.approx(month(tables) + 0.10)
    nested["Other"] = {"Type": "AWS::Serverless::Function", "Properties": {}}
    with pytest.raises(CostError, match=r"\[functions\]: ExampleOther is missing"):
        more.check()


def test_an_application_that_is_not_known_is_counted_as_the_example_is_and_that_is_said(
    tables: Tables,
) -> None:
    stacks = copy.deepcopy(tables.stacks)
    for stack in stacks:
        stack.nested.pop("Example", None)
    found = bill.compute(replace(tables, stacks=stacks), {})
    assert total(found.month) == pytest.approx(month(tables))
    assert [w for w in found.warnings if "Your application" in w]
    assert not [w for w in bill.compute(tables, {}).warnings if "Your application" in w]


def test_heartbeats_and_entries_are_in_the_journal_s_table(tables: Tables) -> None:
    """A user's write is a transaction of the item and of its entry, each in a table of its own."""
    counted = tables.quantities["counted"]["AWS::DynamoDB::GlobalTable"]
    assert set(counted) == {"DataControlTable", "DataJournalTable", "ExampleItemsTable"}
    assert tables.assumed["user_write_units"][0] == 2 * 2
    assert tables.assumed["journal_gb"][0] > tables.assumed["items_gb"][0] > 0


def test_a_weekly_rehearsal_costs_a_run_each_week(tables: Tables) -> None:
    runs = amount(tables, "transitions, in rehearsals") / 45
    assert runs == pytest.approx(MONTH / (7 * 86400))


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("cron(30 4 ? * TUE *)", 604_800),
        ("cron(0 5 * * ? *)", 86_400),
    ],
)
def test_a_schedule_is_counted_by_its_period(expression: str, seconds: int) -> None:
    assert seconds_between(expression) == seconds


@pytest.mark.parametrize("expression", ["rate(0 minutes)", "cron(0 5 L * ? *)", "at(2026-01-01)"])
def test_a_schedule_that_cannot_be_counted_is_an_error_that_quotes_it(expression: str) -> None:
    with pytest.raises(CostError, match="neither a rate nor"):
        seconds_between(expression)


# --- what parameters decide -----------------------------------------------------------------------
def test_an_idle_month_with_the_defaults_costs_no_more_than_its_goal(tables: Tables) -> None:
    assert month(tables) <= page.GOAL == 25


def test_a_dashboard_costs_if_it_is_turned_on(tables: Tables) -> None:
    assert amount(tables, "dashboards") == 0
    assert month(tables, Dashboard="on") == pytest.approx(month(tables) + 3.00)


def test_heartbeats_cost_by_the_parameter(tables: Tables) -> None:
    beats = "heartbeats and pulse of the active Region, in two Regions"
    usual, more = amount(tables, beats), amount(tables, beats, HeartbeatSeconds=15)
    assert more - usual == pytest.approx(2 * KEYS * MONTH * (1 / 15 - 1 / 30))


@pytest.mark.parametrize(("interval", "batches"), [(60, 1), (10, 1), (5, 2), (1, 6)])
def test_an_interval_of_the_sentinel_costs_what_its_probe_runs_cost(
    tables: Tables, interval: int, batches: int
) -> None:
    runs, minutes, given = 60 // interval, 43_800, {"SentinelIntervalSeconds": interval}
    assert amount(tables, "batches of probe runs sent", **given) == batches * minutes
    received = amount(tables, "messages of probe runs received and deleted", **given)
    assert received == 2 * runs * minutes
    asked = "requests of health checks, probes and users"
    more = amount(tables, asked, **given) - amount(tables, asked)
    assert more == (runs - 6) * minutes
    # A message is sent by tens: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/
    # APIReference/API_SendMessageBatch.html
    assert batches == -(-runs // BATCH)


def test_shorter_intervals_of_the_sentinel_cost_more(tables: Tables) -> None:
    totals = [month(tables, SentinelIntervalSeconds=s) for s in (60, 30, 20, 10, 5, 2, 1)]
    assert totals == sorted(totals)
    assert len(set(totals)) == 7


def test_a_run_that_waits_for_its_tick_costs_the_wait(tables: Tables) -> None:
    """Messages have whole seconds of delay, so runs of short intervals come early and wait."""
    seconds = [amount(tables, "time of functions", SentinelIntervalSeconds=s) for s in (5, 2)]
    each = [Values(*tables.given({"SentinelIntervalSeconds": s})) for s in ("5", "2")]
    runs = [43_800 * values.number("probe_runs") for values in each]
    assert [values.number("waits_ms") for values in each] == [0, 500]
    assert SHORT_INTERVAL == 2
    assert seconds[1] - seconds[0] > (runs[1] - runs[0]) * 0.630 / 8


def test_faster_detection_costs_nothing(tables: Tables) -> None:
    assert month(tables, Detection="Fast") == pytest.approx(month(tables))


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [("off", 0), ("rate(1 day)", 730 / 24), ("cron(0 4 ? * SUN *)", 730 / 168)],
)
def test_rehearsals_cost_by_their_schedule(tables: Tables, schedule: str, runs: float) -> None:
    transitions = amount(tables, "transitions, in rehearsals", RehearsalSchedule=schedule)
    assert transitions == pytest.approx(45 * runs)


def test_a_region_that_checks_more_asks_more(tables: Tables) -> None:
    regions = "eu-west-1,ap-northeast-1,sa-east-1,ap-southeast-2"
    values = Values(*tables.given({"CheckerRegions": regions}))
    assert values.number("EndpointHealthCheck_requests") == 8 * MONTH / 10
    assert month(tables, CheckerRegions=regions) > month(tables) + 1


def test_retention_costs_by_its_parameters(tables: Tables) -> None:
    assert month(tables, BackupRetentionDays=35) > month(tables)
    kept = amount(tables, "logs kept")
    assert amount(tables, "logs kept", LogRetentionDays=60) == pytest.approx(2 * kept)


def test_a_value_that_the_template_refuses_is_refused(tables: Tables) -> None:
    with pytest.raises(ConfigError, match='SentinelIntervalSeconds is "4"'):
        tables.given({"SentinelIntervalSeconds": "4"})


# --- what no table knows --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "properties", "told"),
    [
        ("AWS::EC2::NatGateway", {}, "New is of type AWS::EC2::NatGateway, and no line counts it"),
        ("AWS::Serverless::Function", {}, r"\[functions\]: New is missing"),
        (
            "AWS::Route53::HealthCheck",
            {"HealthCheckConfig": {"Type": "HTTPS"}},
            r"\[checks\]: New is missing",
        ),
        ("AWS::S3::Bucket", {}, "New is of type AWS::S3::Bucket, and no line counts it"),
        ("AWS::Lambda::EventSourceMapping", {}, "no line counts it"),
        ("AWS::KMS::Key", {"MultiRegion": True}, "New has MultiRegion"),
        ("AWS::CloudWatch::Alarm", {"Period": 10}, "New has a period below 60 s"),
        ("AWS::Route53::HealthCheck", {"HealthCheckConfig": {"Type": "TCP"}}, "has the type TCP"),
    ],
)
def test_what_the_tables_do_not_know_is_an_error_that_names_it(
    tables: Tables, kind: str, properties: Any, told: str
) -> None:
    def add(resources: Any) -> None:
        resources["New"] = {"Type": kind, "Properties": properties}

    with pytest.raises(CostError, match=told):
        changed(tables, add).check()


def test_a_calculated_check_asks_nobody(tables: Tables) -> None:
    def add(resources: Any) -> None:
        config = {"HealthCheckConfig": {"Type": "CALCULATED"}}
        resources["New"] = {"Type": "AWS::Route53::HealthCheck", "Properties": config}

    more = changed(tables, add)
    more.check()
    assert month(more) == pytest.approx(month(tables) + 0.50)


def test_no_type_is_both_free_and_counted(tables: Tables) -> None:
    assert not set(tables.quantities["counted"]) & set(tables.prices["costs_nothing"])


@pytest.mark.parametrize("text", ["nothing", "1 ** 2", "len(x)", "'a'"])
def test_an_expression_of_anything_else_is_an_error(tables: Tables, text: str) -> None:
    with pytest.raises(CostError, match="is not known"):
        Values(tables, {}).number(text)


# --- what is assumed ------------------------------------------------------------------------------
def test_users_come_on_top_with_their_requests_reads_and_writes(tables: Tables) -> None:
    reads, writes = (
        amount(tables, "reads of functions"),
        amount(tables, "writes of users, in two Regions"),
    )
    given = {"user_requests": 1e6}
    # Each request two of half a unit and more; each write 1.5 to be compared, 1 in the stream.
    of_users = 1.6e6 + 0.2e6 * (1.5 + 1)
    assert amount(tables, "reads of functions", **given) - reads == pytest.approx(of_users)
    assert amount(tables, "writes of users, in two Regions", **given) - writes == 2 * 0.2e6 * 4


def test_every_price_is_used_and_has_a_source_and_a_date(tables: Tables) -> None:
    found = costs(tables, {"Dashboard": "on"})
    used = {x.price for x in (*found.month, *found.failover)}
    assert set(tables.prices["prices"]) == used
    for terms in tables.prices["prices"].values():
        assert terms["tag"] in "DNr"
        assert terms["source"]
        assert terms["date"]


def test_the_always_free_allowances_take_off_no_more_than_is_used(tables: Tables) -> None:
    found = bill.compute(tables, {})
    assert 0 < found.free < total(found.month)
    more = costs(tables, {"Dashboard": "on"})
    assert more.free - found.free == pytest.approx(3.00)


@pytest.mark.parametrize("section", ["settings", "edits", "doubts"])
def test_every_other_setting_of_the_page_is_one_that_the_command_takes(
    tables: Tables, section: str
) -> None:
    for settings in tables.quantities[section]:
        other = month(tables, **page.settings(settings))
        assert abs(other - month(tables)) > 0.005 or settings == "Detection=Fast"


def test_the_page_has_the_price_of_what_is_asked_for_first(tables: Tables) -> None:
    assert {"Dashboard=on", "SentinelIntervalSeconds=5"} <= set(tables.quantities["settings"])


def test_the_readme_says_what_the_page_says(tables: Tables) -> None:
    assert f"about {page.dollars(month(tables), 0)} at list prices" in README.read_text("utf-8")


# --- the command ----------------------------------------------------------------------------------
def test_the_page_in_docs_is_what_the_command_writes(tables: Tables) -> None:
    written = page.markdown(bill.compute(tables, {}), tables)
    assert command.DOCUMENT.read_text("utf-8") == written, "run `make cost COST_FLAGS=--write-doc`"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.cli, arguments)


def test_it_prints_every_line_and_both_totals(tables: Tables) -> None:
    ended = run()
    assert ended.exit_code == 0
    out, found = ended.output, bill.compute(tables, {})
    assert all(line.what in out for line in (*found.month, *found.failover))
    assert page.dollars(total(found.month)) in out
    assert page.NOT_MEASURED in out


def test_a_setting_takes_the_place_of_what_the_template_says() -> None:
    assert "dashboards" not in run().output
    assert "dashboards" in run("--set", "dashboards=1").output
    assert "dashboards" in run("--set", "Dashboard=on").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--set", "nothing=1"), "There is no 'nothing' to set. Name one of: "),
        (("--set", "user_requests"), "write NAME=NUMBER"),
        (("--set", "user_requests=-1"), "must be a number of at least 0"),
        (("--set", "SentinelIntervalSeconds=4"), "it must be one of"),
        (("--write-doc", "--set", "dashboards=1"), "leave --set out"),
        (("--nonsense",), "No such option"),
    ],
)
def test_bad_input_ends_with_code_2_and_says_what_is_wrong(
    arguments: tuple[str, ...], told: str
) -> None:
    ended = run(*arguments)
    assert ended.exit_code == 2
    assert told in ended.output


def test_regions_without_known_prices_are_said(tables: Tables) -> None:
    elsewhere = copy.deepcopy(tables.stacks)
    elsewhere[0].region = "ap-southeast-2"
    (told,) = bill.compute(replace(tables, stacks=elsewhere), {}).warnings
    assert "ap-southeast-2" in told
