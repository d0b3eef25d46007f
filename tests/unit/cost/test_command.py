"""The command: what it prints, and how it refuses."""

from __future__ import annotations

import json
import re
import sys

import pytest

from cost import cli, savings
from cost.cli import DOCUMENT
from cost.tables import page


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setattr(cli, "DOCUMENT", tmp_path / "docs" / "cost.md")

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["cost", *arguments])
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_the_page_in_docs_is_what_the_command_writes(document):
    assert DOCUMENT.read_text(encoding="utf-8") == document, "Run: make cost COST_FLAGS=--write-doc"


def test_the_page_says_that_nothing_was_measured_and_whether_the_goal_is_met(deployed, document):
    assert "Nothing here was measured on a bill" in document
    met = "within the goal of $25" in document.splitlines()[4]
    assert met == (deployed.total <= savings.GOAL)


def test_the_page_has_every_line_assumption_and_applied_price(deployed, document):
    bill = deployed.month.bill
    for line in (*bill.lines, *deployed.failover.lines):
        assert f"| {line.what} |" in document
        assert f"| {line.price.of} |" in document
    for name in deployed.month.deployment.usage.assumptions:
        assert f"| `{name}` |" in document


def test_the_page_says_what_the_always_free_allowances_leave(deployed, document):
    left = deployed.instead(free_allowances=True).total
    assert f"leave **${left:.2f}**" in document
    section = document.split("## What the always-free allowances leave")[1].split("##")[0]
    told = sum(float(x) for x in re.findall(r"\$([0-9.]+) \|", section))
    assert told == pytest.approx(deployed.total - left, abs=0.06)


def test_an_option_that_saves_nothing_is_not_offered(repository):
    repository.properties("AppApi")["TracingEnabled"] = False
    title = "No traces of health checks"
    assert title in {option.name for option in savings.single(repository.computed())}
    repository.template["Globals"]["Function"]["Tracing"] = "PassThrough"
    assert title not in {option.name for option in savings.single(repository.computed())}


def test_every_saving_is_one(deployed):
    for option in savings.single(deployed):
        assert option.total < deployed.total
    combined = savings.together(deployed)
    best_alone = min(option.total for option in savings.single(deployed))
    assert min(option.total for option in combined) < best_alone


def test_it_prints_every_line_and_both_totals(run, deployed):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert out == page(deployed) + "\n"
    for line in deployed.month.bill.lines:
        assert line.what in out
    assert out.count("Total") == 2
    assert "nothing was measured on a bill" in out


def test_json_has_the_same_figures(run, deployed):
    code, out, _ = run("--json")
    found = json.loads(out)
    assert code == 0
    assert found["idle_month"]["total"] == pytest.approx(deployed.total)
    assert found["failover"]["total"] == pytest.approx(deployed.failover.total)
    sums = sum(line["amount"] for line in found["idle_month"]["lines"])
    assert sums == pytest.approx(deployed.total)
    assert found["measured"] is False


def test_json_names_the_settings_that_were_changed(run, deployed):
    _, out, _ = run("--json", "--checks", "slow", "--without", "check-traces", "--items-gb", "5")
    found = json.loads(out)
    assert found["settings"]["checks"] == "slow"
    assert found["settings"]["without"] == ["check-traces"]
    assert found["assumptions"]["items_gb"]["value"] == 5
    assert found["idle_month"]["total"] != pytest.approx(deployed.total)


@pytest.mark.parametrize(
    ("arguments", "cheaper"),
    [
        (["--checks", "slow"], True),
        (["--interval", "EndpointHealthCheck=30"], True),
        (["--free-allowances"], True),
        (["--assume", "checkers_per_region=1"], True),
        (["--parameter", "BackupRetentionDays=1"], True),
        (["--items-gb", "10"], False),
        (["--objects-gb", "10"], False),
        (["--user-requests", "1e6"], False),
    ],
)
def test_an_option_changes_the_total(run, deployed, arguments, cheaper):
    total = json.loads(run("--json", *arguments)[1])["idle_month"]["total"]
    assert (total < deployed.total) is cheaper


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--checks", "sometimes"], "--checks"),
        (["--interval", "NoSuchCheck=30"], "There is no health check 'NoSuchCheck'"),
        (["--interval", "SwitchHealthCheck=30"], "There is no health check 'SwitchHealthCheck'"),
        (["--interval", "EndpointHealthCheck=20"], "Route 53 knows 10 and 30 seconds"),
        (["--items-gb", "-1"], "--items-gb"),
        (["--items-gb", "nan"], "items_gb cannot be nan"),
        (["--user-requests", "inf"], "user_requests cannot be inf"),
        (["--without", "everything"], "--without"),
        (["--parameter", "Nothing=1"], "There is no parameter 'Nothing'"),
        (["--parameter", "BackupRetentionDays=0"], "from 1 to 3650"),
        (["--parameter", "BackupRetentionDays=many"], "must be a number"),
        (["--parameter", "LogRetentionDays=2"], "must be one of 1, 3, 5"),
        (["--parameter", "AppName=UPPER"], "must match"),
        (["--parameter", "PrimaryRegion=eu-west-1"], "samconfig.toml says what is where"),
        (["--parameter", "CheckerRegions=eu-west-1,sa-east-1"], "Route 53 wants three"),
        (["--assume", "nothing=1"], "There is no assumption 'nothing'"),
        (["--assume", "items_gb"], "write NAME=VALUE"),
        (["--assume", "items_gb=much"], "'much' is no number"),
        (["--assume", "month_hours=0"], "must be more than 0"),
        (["--assume", "user_requests=1", "--assume", "user_write_share=2"], "from 0 to 1"),
        (["--write-doc", "--json"], "--write-doc describes the defaults"),
        (["--write-doc", "--checks", "slow"], "--write-doc describes the defaults"),
        (["surplus"], "surplus"),
    ],
)
def test_bad_input_ends_with_code_2_and_says_what_is_wrong(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_help_says_what_it_does_and_names_every_option(run):
    code, out, _ = run("--help")
    assert code == 0
    for option in ("--checks", "--interval", "--items-gb", "--without", "--assume", "--json"):
        assert option in out


def test_it_writes_the_page(run, tmp_path, document):
    code, out, _ = run("--write-doc")
    assert (code, out) == (0, "Wrote docs/cost.md.\n")
    assert (tmp_path / "docs" / "cost.md").read_text(encoding="utf-8") == document


def test_regions_without_known_prices_are_said(repository):
    repository.edit("samconfig.toml", "us-west-2", "eu-west-1")
    assert "Prices in eu-west-1 may be higher" in page(repository.computed())
