"""bench.json, its page, and the figures in the document."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from tests.unit.tools.bench.sample_bench import FENCE, bench
from tools.bench import __main__ as command, report, tables
from tools.reader import ROOT


def design(found, key):
    return next(d for d in found["designs"] if d["design"] == key)


def test_the_report_has_one_entry_for_each_design() -> None:
    found = bench()
    keys = [d["design"] for d in found["designs"]]
    assert keys == ["orchestrated", "immediate", "plain"]
    assert (design(found, "orchestrated")["rto_write_seconds"]["p50"], len(found["outages"])) == (
        44,
        2,
    )
    assert design(found, "orchestrated")["to_plain"]["p50"] == pytest.approx(44 / 96, abs=1e-4)
    assert design(found, "plain")["to_plain"] == {"p50": 1, "p99": 1}


def test_the_phases_are_on_record() -> None:
    [first, _] = bench()["outages"]
    assert first["phase_seconds"] == 12.5
    assert [u["cache_share"] for u in first["users"][:2]] == [0.25, 0.75]


def test_users_who_were_not_served_again_are_counted_and_not_dropped() -> None:
    found = bench(orchestrated=[44.0, None])
    ours = design(found, "orchestrated")
    assert (ours["unrecovered"], found["unrecovered"], ours["samples"]) == (2, 2, 4)
    assert (ours["rto_write_seconds"]["p50"], ours["rto_write_seconds"]["p99"]) == (44, None)
    assert [g["met"] for g in found["goals"] if g["name"] == "rto_write_p99"] == [False]
    assert tables.designs(found).rows[0][3:5] == ("44.0 s", "never")


def test_an_earlier_report_is_shown_and_its_page_written_again(tmp_path) -> None:
    found = bench()
    report.write(found, tmp_path)
    (tmp_path / "bench.html").unlink()
    shown = CliRunner().invoke(command.bench, ["--from", str(tmp_path / "bench.json")])
    assert (shown.exit_code, shown.exception) == (0, None)
    assert (tmp_path / "bench.html").read_text() == report.render(found)
    assert json.loads((tmp_path / "bench.json").read_text())["seed"] == 7


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"kind": "bench", "version": 2}'])
def test_what_is_no_report_is_refused(tmp_path, text) -> None:
    (tmp_path / "bench.json").write_text(text)
    with pytest.raises(command.NoReport):
        command.read(tmp_path / "bench.json")


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = report.render(bench())
    assert re.findall(r'(?:src|href)="([^"#]+)"', text) == []
    assert text.count("<polyline") == 3
    assert "Plain Route 53 failover" in text


def test_the_page_says_which_goals_were_missed_and_why() -> None:
    text = report.render(bench(orchestrated=[80.0, 80.0]))
    assert '<td class="missed">missed: detection 70.0 s' in text


def test_a_curve_steps_up_by_one_user_at_a_time() -> None:
    assert report.curve([60.0, 30.0], 2, 120) == (
        "0.00,100.00 25.00,100.00 25.00,50.00 50.00,50.00 50.00,0.00 100.00,0.00"
    )


@pytest.mark.parametrize(("seconds", "height"), [([30.0], "50.00"), ([], "100.00")])
def test_a_curve_stays_below_the_top_for_users_who_were_not_served_again(seconds, height) -> None:
    assert report.curve(seconds, 2, 120).endswith(f"100.00,{height}")


def test_the_goals_stand_on_the_axis_even_when_all_are_faster() -> None:
    quick = {k: [10.0, 12.0] for k in ("orchestrated", "immediate", "plain")}
    places = re.findall(r'class="goal"[^>]*left: ([\d.]+)%', report.render(bench(**quick)))
    assert [0 < float(x) < 100 for x in places] == [True, True]


def test_the_figures_stand_between_the_marks_and_replace_the_old_ones(tmp_path) -> None:
    place = tmp_path / "benchmark.md"
    marked = [f"{begin}\nold\n{end}" for begin, end in (report.FIGURES, report.FENCE)]
    place.write_text("\n".join(["before", *marked, "after\n"]))
    report.fill(bench(), place)
    report.fill(bench(), place)
    text = place.read_text()
    assert text.count("| Python | 2.250 ms | 0.010 ms | 0.600 ms | met | 0.5 |") == 1
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert text.count("| orchestrated | 44.0") == 1


def test_the_fence_misses_its_goal_above_a_millisecond() -> None:
    costs = [{**FENCE, "added_p50_ms": added} for added in (1.0, 1.01)]
    assert [row[-2] for row in tables.fence(costs).rows] == ["met", "missed"]


def test_a_document_without_marks_is_left_alone(tmp_path) -> None:
    place = tmp_path / "benchmark.md"
    place.write_text("nothing here")
    with pytest.raises(report.NoMarks):
        report.fill(bench(), place)
    assert place.read_text() == "nothing here"


def test_the_document_of_the_repository_has_the_marks() -> None:
    text = (ROOT / "docs" / "benchmark.md").read_text()
    for begin, end in (report.FIGURES, report.FENCE):
        assert text.index(begin) < text.index(end)
