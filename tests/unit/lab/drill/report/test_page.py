from __future__ import annotations

import copy
import html
import re
from itertools import pairwise
from typing import Any

import jsonschema
import pytest

from lab.drill.report import page, report as report_module
from tests.unit.lab.drill.outage_samples import on_hold, recovered, stayed
from tests.unit.lab.drill.report import sample_report

SCHEMA = sample_report.closed_schema()
PASSING, FAILING = sample_report.passing(), sample_report.failing()
BOTH = pytest.mark.parametrize("report", [PASSING, FAILING], ids=["passing", "failing"])


def staying(seen):
    return text(report_module.report(seen))


def changed(report: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {**copy.deepcopy(report), **parts}


def with_checks(**checks: Any) -> dict[str, Any]:
    return changed(PASSING, evidence={**PASSING["evidence"], "checks": checks})


def text(report: dict[str, Any]) -> str:
    """What a reader sees, with single spaces."""
    body = page.render(report).partition("</style>")[2]
    spaced = re.sub(r"</(td|th)>", " ", body)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", spaced)).split())


@BOTH
def test_the_sample_is_a_report(report):
    jsonschema.validate(report, SCHEMA, format_checker=jsonschema.FormatChecker())


@BOTH
def test_the_page_needs_no_other_file_and_no_script(report):
    found = page.render(report)
    assert "<script" not in found
    assert not re.search(r"(?i)\son\w+=|@import|<link|<iframe|<img|url\((?!#)", found)
    assert all(v.startswith("#") for v in re.findall(r'(?:src|href|srcset|data)="([^"]*)', found))


def test_a_passing_drill_is_named_and_told_in_one_sentence():
    found = text(PASSING)
    assert "Failover drill: PASS" in found
    assert (
        "us-west-2 was lost; users could read from us-east-2 after 66.8 s and write after 66.8 s; "
        "no acknowledged write was lost." in found
    )
    assert "checks failed" not in found


def test_the_figures_stand_at_the_top():
    top = text(PASSING).partition("Timeline of the recovery")[0]
    for figure in (
        "RTO 66.8 s to read, 66.8 s to write",
        "RPO 0 s",
        "68 of 339",
        "writes 0 of 118",
        "12 of 12",
    ):
        assert figure in top
    assert "It took 13.8 s and 13.8 s of wall time, on a clock of speed 6; the lease is" in top


def test_a_clock_at_the_speed_of_aws_is_not_mentioned_with_the_figures():
    found = text(
        changed(
            PASSING,
            clock={"speed": 1, "rto_read_wall_seconds": 66.76, "rto_write_wall_seconds": 66.76},
        )
    )
    assert "wall time" not in found
    assert "times as fast" not in found
    assert "s in lab" not in found


@BOTH
def test_the_page_names_every_check_and_why(report):
    found = text(report)
    assert all(c["name"] in found and c["detail"] in found for c in report["checks"])


def test_the_page_names_every_stage_with_its_seconds_and_detail():
    found = page.render(PASSING)
    for stage in PASSING["stages"]:
        kind = "modelled" if stage["modelled"] else "measured"
        assert f"{stage['name']}: {page.seconds(stage['seconds'])}, {kind}</title>" in found
        assert stage["detail"] in text(PASSING)


def test_modelled_stages_are_hatched_and_measured_ones_are_not():
    assert re.findall(r'<rect class="(hatched|solid)" x="[\d.]+%"', page.render(PASSING)) == [
        "hatched" if s["modelled"] else "solid" for s in PASSING["stages"]
    ]


def test_a_failed_drill_tells_what_failed_before_anything_else():
    found = text(FAILING)
    assert "Failover drill: FAIL" in found
    assert "users were not served again while the drill ran" in found
    assert "4 of 12 checks failed." in found
    failures, _, rest = found.partition("Timeline of the recovery")
    assert "4 failed checks" in failures
    assert "The topic received no message." in failures
    assert rest.index("a_person_was_told") < rest.index("the_outage_was_real")


def test_a_failed_drill_claims_neither_a_recovery_time_nor_safe_writes():
    top = text(FAILING).partition("failed checks")[0]
    assert "RTO never" in top
    assert "RPO n/a" in top
    assert "Missing writes n/a of 20" in top
    assert "no acknowledged write was lost" not in top
    assert "There is no recovery to show" in text(FAILING)


def test_missing_writes_are_told():
    client = {**PASSING["client"], "missing_writes": 3}
    told = text(changed(PASSING, client=client, rpo_seconds=0.42))
    age = "at most 0.42 s old at the outage"
    assert f"3 of 118 acknowledged writes, {age}, had not reached us-east-2." in told


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("held", "the recovery was on hold when the drill ended"),
        ("hold_ended", "the recovery ended its hold"),
        ("failed", "the recovery failed"),
        ("none", "no run of the recovery ended"),
    ],
)
def test_a_recovery_that_did_not_promote_says_how_it_ended(outcome, words):
    told = page.sentence(changed(FAILING, outcome=outcome))
    assert words in told
    assert "nothing was promoted" in told


def test_a_promotion_whose_losses_nobody_could_count_says_so():
    assert "what was lost is not known" in page.sentence(changed(PASSING, rpo_seconds=None))


def test_users_served_without_a_promotion_were_not_served_by_the_secondary():
    served = changed(FAILING, rto_read_seconds=80, rto_write_seconds=85)
    assert "users could read again after 80 s and write after 85 s" in text(served)


def test_text_of_others_cannot_become_markup():
    evil = "<script>alert('x')</script><b>&"
    report = copy.deepcopy(PASSING)
    report["checks"][0].update(name=evil, detail=evil)
    report["stages"][0].update(name=evil, detail=evil)
    report["timeline"][0].update(what=evil, state=evil)
    report["regions"]["primary"] = evil
    report["evidence"]["checks"]["confirm"] = {"error": {"Error": evil, "Cause": evil}}
    found = page.render(report)
    assert "<script" not in found
    assert "<b>&" not in found
    assert "&lt;script&gt;" in found


@BOTH
def test_headings_descend_without_a_gap_and_ids_are_unique(report):
    found = page.render(report)
    levels = [int(level) for level in re.findall(r"<h(\d)", found)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    ids = re.findall(r'\sid="([^"]*)"', found)
    assert len(ids) == len(set(ids))
    assert all(target in ids for target in re.findall(r'href="#([^"]*)"', found))
    for named in re.findall(r'labelledby="([^"]*)"', found):
        assert set(named.split()) <= set(ids)


@BOTH
def test_every_table_heads_its_columns_and_every_picture_has_words(report):
    found = page.render(report)
    assert all("scope=" in th for th in re.findall(r"<th\b[^>]*>", found))
    for picture in re.findall(r"<svg\b(.*?)</svg>", found, re.DOTALL):
        described = "<title" in picture and "<desc" in picture and 'role="img"' in picture
        assert described or 'aria-hidden="true"' in picture


def test_the_decision_and_its_evidence_are_shown():
    found = text(PASSING)
    for words in ("promote", "outage_confirmed", "advisory", "ProtocolError", "recoveries_table"):
        assert words in found
    assert "pilot-light-app:live 3 3 0" in found


def test_evidence_that_failed_is_shown_as_such():
    found = text(
        with_checks(
            confirm={"error": {"Error": "States.Timeout", "Cause": "10 s"}},
            readiness={"error": "boom"},
            warm={"error": {"odd": 1}},
        )
    )
    assert "The step failed: States.Timeout: 10 s" in found
    assert "The step failed: boom" in found
    assert 'The step failed: {"odd": 1}' in found


@pytest.mark.parametrize("part", [None, {}, [], "text", {"verdict": "outage", "probes": "none"}])
def test_evidence_of_any_shape_leaves_the_page_whole(part):
    assert "make drill" in text(with_checks(confirm=part, readiness=part, warm=part))


def test_missing_evidence_and_a_missing_decision_are_told():
    found = text(FAILING)
    assert found.count("There is no evidence.") == 3
    assert "No decision was made." in found
    assert "No notification was sent." in found
    assert "No call was recorded." in found


def test_notifications_events_and_calls_are_listed_in_order():
    report = changed(PASSING, notifications=PASSING["notifications"][::-1])
    report["timeline"].reverse()
    found = text(report).partition("Notifications In seconds")[2]
    told = ["failover started", "ended: promoted", "control item serving", "us-west-2 healed"]
    assert [found.index(t) for t in told] == sorted(found.index(t) for t in told)
    assert "Role pilot-light-app dynamodb TransactWriteItems us-east-2 27" in found
    assert "61 calls between the outage and the end of the recovery, all of them to" in found


def test_a_call_that_left_the_secondary_is_pointed_at():
    report = copy.deepcopy(PASSING)
    report["evidence"]["calls"][0]["region"] = "us-west-2"
    assert "2 of them to another Region than us-east-2" in text(report)


def test_the_page_says_what_is_modelled_and_how_to_repeat_it():
    found = text(PASSING)
    assert all(told in found for told in PASSING["modelled"])
    assert "make drill" in found


def test_a_client_that_saw_nothing_is_told():
    nothing = dict.fromkeys(("requests", "failed", "acknowledged_writes", "missing_writes"), 0)
    client = {**nothing, "slots": []}
    report = changed(FAILING, client=client)
    assert "The client recorded no request." in text(report)
    assert "no user request failed" in text(report)


@pytest.mark.parametrize(
    ("value", "words"),
    [(66.76, "66.8 s"), (5, "5 s"), (0.417, "0.42 s"), (0, "0 s"), (60.0, "60 s")],
)
def test_durations_are_short(value, words):
    assert page.seconds(value).replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0.0"), (0.008, "<0.1"), (79.567, "79.6"), (None, "")]
)
def test_a_short_stage_is_not_written_as_none_at_all(value, words):
    assert page.tenths(value) == words


def test_the_page_of_an_outage_that_needed_no_recovery_says_that_users_were_not_affected():
    found = staying(stayed())
    assert "Failover drill: PASS us-east-1 was lost; the application stayed in us-west-2; " in found
    assert "users were not affected; no acknowledged write was lost." in found
    assert "RTO n/a Nothing had to recover." in found
    assert "No run of the machine was started, so nothing had to be decided." in found
    assert "Expected: stays." in found
    assert ".venv/bin/lab drill --outage us-east-1" in found
    assert "There is no evidence" not in found
    assert "never" not in found.partition("Timeline of the recovery")[0]


def test_the_page_of_a_hold_tells_that_it_ended_by_itself_and_who_was_told():
    found = staying(on_hold())
    assert "the recovery held and ended its hold by itself; users were not affected" in found
    assert "held on hold" in found.partition("Notifications In seconds")[2]


def test_the_page_of_a_promotion_where_none_may_be_is_red_and_says_so():
    found = staying(recovered("partition"))
    assert "Failover drill: FAIL us-east-2 and us-west-2 were cut off from each other; " in found
    assert "users could read from us-east-2 after" in found
    assert "nothing_promoted" in found.partition("Timeline of the recovery")[0]


def test_the_way_back_is_told_with_the_ledger_and_what_became_of_every_write():
    found = text(PASSING)
    assert "0 of 251 Acknowledged writes: 248 are present at the end, 3 are in the ledger." in found
    assert "The move to us-west-2 ended switched over after 9.1 s." in found
    assert "27 writes of its journal were compared" in found
    assert "replayed I#1/replaced late, lost version 1 in us-west-2, epoch 1, at 10:22:41" in found


def test_a_lost_write_is_alarming_and_a_drill_without_a_failback_counts_none():
    lossy = page.render(changed(PASSING, lost_writes=2))
    assert '<dd class="value alarming">2<small> of 251' in lossy
    assert "There was no failback." in text(FAILING)
    assert 'id="failback"' not in page.render(FAILING)
