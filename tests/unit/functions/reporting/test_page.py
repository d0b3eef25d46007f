"""The report's page: what is shown of a run, and how its stages are drawn."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pilotlight.reporting.markup import table
from pilotlight.reporting.page import page

from tests.unit.functions.reporting.test_report import FORECAST, REHEARSED, reported

CONDITIONS = [
    {"name": "a", "met": True},
    {"name": "b", "met": False},
    {"name": "c", "met": False, "required": False},
    {"name": "d", "met": False, "observed": False},
]
STAGES = [
    {"name": "one", "seconds": 3, "starts_at": 10, "detail": ""},
    {"name": "two", "seconds": 1, "starts_at": 13, "detail": ""},
    {"name": "three", "seconds": 0, "starts_at": 14, "detail": ""},
]
TREE = {"yes": True, "no": False, "none": None, "list": [1, "a"], "empty": [], "text": ""}


def shown(**changes: Any) -> str:
    return page(reported(**changes), "$top $contents $sections")


@pytest.mark.parametrize(
    ("changes", "fragments"),
    [
        ({}, ['good">', "54.0<small> s</small>", "6<small> of 6</small>", "Required and advisory"]),
        ({}, ["<td>us-east-2</td><td>2</td><td>serving</td>", "0 of 3 own probes", "Threshold Cr"]),
        ({"outcome": "failed"}, ['<h1>Failover: <span class="mark bad">', '"value">n/a</dd>']),
        ({"outcome": "held"}, ['<h1>Failover: <span class="mark neutral">', ">held</span></h1>"]),
        ({"kind": "rehearsal", "verdict": "PASS"}, [">PASS</span></h1>"]),
        ({"decision": {}}, ["n/a</dd>", "Nothing was judged.</dd>", "<p>Nothing was judged.</p>"]),
        ({"evidence": {"confirm": TREE}}, ["<dt>list</dt><dd>1, a</dd>", "<dt>no</dt><dd>no</dd>"]),
        ({"evidence": {"confirm": TREE}}, [f"<dt>{k}</dt><dd>none" for k in ("none", "text")]),
        ({"evidence": {"confirm": TREE}}, ["<dt>yes</dt><dd>yes", "<dt>empty</dt><dd>none</dd>"]),
        ({"control": {}, "outcome": "held"}, ['<th scope="row">before</th><td>not known</td>']),
    ],
)
def test_what_is_known_of_a_run_is_shown(changes: Any, fragments: list[str]) -> None:
    html = shown(**changes)
    for fragment in fragments:
        assert fragment in html


def test_a_forecast_is_shown_with_its_target_and_what_was_measured_of_it() -> None:
    html = shown(**REHEARSED, forecast=FORECAST)
    assert "RTO target 60 s; forecast (not measured): reads p50 31 s, p99 42 s" in html
    row = '<th scope="row">&lt;claim&gt;</th><td>measured</td><td>0.3 s</td><td>0.3 s</td>'
    assert row in html
    assert "Not measured: an outage in which the Primary answers nothing" in html
    assert "RTO forecast" not in shown(**REHEARSED, forecast={"unknown": "a clock was off"})
    assert "RTO forecast" not in shown()


def test_a_recovery_shows_its_target_under_its_rto() -> None:
    assert "RTO target 60 s; actual 54 s, from the first failed probe" in shown()


def test_a_condition_is_marked_by_what_it_means() -> None:
    html = shown(decision={"action": "hold", "conditions": CONDITIONS})
    marks = re.findall(r'<td><span class="mark (\w+)">.*?</svg>(.*?)</span></td>', html)
    assert marks == [
        ("good", "met"),
        ("bad", "not met"),
        ("neutral", "not met"),
        ("neutral", "not observed"),
    ]
    weights = re.findall(r'weight soft">(\w+)<', html)
    assert weights == ["required", "required", "advisory", "required"]


def test_stages_are_bars_in_their_place_and_one_without_length_can_be_seen() -> None:
    html = page(reported() | {"stages": STAGES}, "$sections")
    bars = re.findall(r'x="(.*?)%" y="3" width="(.*?)%"', html)
    assert bars == [("0.00", "75.00"), ("75.00", "25.00"), ("99.60", "0.40")]
    assert '<th scope="row">together</th><td>4.0 s</td>' in html
    assert '<td>0.0 s</td><th scope="row">first failed probe</th>' in html
    assert "No stage was passed." in page(reported() | {"stages": STAGES[2:]}, "$sections")


def test_a_table_has_its_caption_heads_and_rows() -> None:
    assert table(["<"], [["x", "y"]], caption="C", named=1, style="s") == (
        '<table style="s"><caption>C</caption><thead><tr><th scope="col">&lt;</th></tr></thead>'
        '<tbody><tr><td>x</td><th scope="row">y</th></tr></tbody></table>'
    )
    assert table([], [["x"]]) == "<table><tbody><tr><td>x</td></tr></tbody></table>"
    assert table(["x"], []) == ""
