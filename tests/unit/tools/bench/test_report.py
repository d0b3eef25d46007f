"""bench.json, its page, and the figures in the document."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from tests.unit.tools.bench.sample_bench import FENCE, bench
from tools.bench import __main__ as command, report, tables
from tools.bench.figures import KEPT
from tools.reader import ROOT
from tools.reader.marks import NoMarks, marks


def design(found, key, style="reset"):
    part = next(p for p in found["styles"] if p["style"] == style)
    return next(d for d in part["designs"] if d["design"] == key)


def goal(found, name, style="reset"):
    part = next(p for p in found["styles"] if p["style"] == style)
    return next(g for g in part["goals"] if g["name"] == name)


def test_the_report_has_one_entry_for_each_design_and_style() -> None:
    found = bench()
    assert [p["style"] for p in found["styles"]] == ["reset", "hang", "drop"]
    for part in found["styles"]:
        keys = [d["design"] for d in part["designs"]]
        assert keys == ["standard", "fast", "tuned", "tuned-fast", "plain"]
    ours = design(found, "standard", "drop")
    assert (ours["rto_write_seconds"]["p50"], ours["samples"], len(found["outages"])) == (22, 2, 6)
    assert ours["to_rival"]["p50"] == pytest.approx(22 / 32, abs=1e-4)
    assert design(found, "tuned")["to_rival"] == {"p50": 1, "p99": 1}
    assert design(found, "tuned")["samples"] == 4, "beside each of ours"


@pytest.mark.parametrize(("who", "ttl"), KEPT.items())
def test_a_name_that_is_kept_for_longer_is_kept_from_the_same_phase(who: str, ttl: float) -> None:
    kept = design(bench(), "standard")["rto_read_if_kept_seconds"][who]
    assert (kept["min"], kept["max"]) == (22 - 5 + 0.25 * ttl, 28 - 5 + 0.75 * ttl)


def test_each_way_to_keep_a_name_is_a_row_beside_the_one_that_keeps_to_the_ttl() -> None:
    rows = tables.caches(bench()["styles"][0]).rows
    assert [row[0] for row in rows[:3]] == ["keeps to the TTL", *KEPT]
    assert rows[0][1] == "22.0 / 28.0 s"
    assert rows[1][1] == "32.0 / 68.0 s"


def test_a_verdict_that_takes_time_counts_twice_for_ours_and_once_for_a_rival() -> None:
    rows = tables.verdicts(bench()["styles"][0]).rows
    assert [row[1] for row in rows] == ["22.0 s", "24.0 s", "32.0 s", "142.0 s"]
    assert [row[3] for row in rows] == ["32.0 s", "33.0 s", "37.0 s", "92.0 s"]


def test_the_phases_are_on_record() -> None:
    first, *_ = bench()["outages"]
    assert first["phase_seconds"] == 12.5
    assert [u["cache_share"] for u in first["users"][:2]] == [0.25, 0.75]


def test_users_who_were_not_served_again_are_counted_and_not_dropped() -> None:
    found = bench(standard=[22.0, None])
    ours = design(found, "standard")
    assert (ours["unrecovered"], found["unrecovered"], ours["samples"]) == (1, 3, 2)
    assert (ours["rto_write_seconds"]["p50"], ours["rto_write_seconds"]["p99"]) == (22, None)
    assert not goal(found, "standard_write_p99")["met"]
    assert tables.designs(found["styles"][0]).rows[0][3:5] == ("22.0 s", "never")


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
    assert text.count("<polyline") == 15
    assert "Plain Route 53 failover" in text


def test_the_page_says_which_goals_were_missed_and_why() -> None:
    text = report.render(bench(standard=[80.0, 80.0]))
    assert '<td class="missed">missed: detection 75.0 s' in text


def test_a_curve_steps_up_by_one_user_at_a_time() -> None:
    assert report.curve([60.0, 30.0], 2, 120) == (
        "0.00,100.00 25.00,100.00 25.00,50.00 50.00,50.00 50.00,0.00 100.00,0.00"
    )


@pytest.mark.parametrize(("seconds", "height"), [([30.0], "50.00"), ([], "100.00")])
def test_a_curve_stays_below_the_top_for_users_who_were_not_served_again(seconds, height) -> None:
    assert report.curve(seconds, 2, 120).endswith(f"100.00,{height}")


def test_the_figures_stand_between_the_marks_and_replace_the_old_ones(tmp_path) -> None:
    place = tmp_path / "benchmark.md"
    marked = [f"{begin}\nold\n{end}" for begin, end in map(marks, (report.FIGURES, report.FENCE))]
    place.write_text("\n".join(["before", *marked, "after\n"]))
    report.fill(bench(), place)
    report.fill(bench(), place)
    text = place.read_text()
    assert text.count("| Python | 2.250 ms | 0.010 ms | 0.600 ms | met | 0.5 |") == 1
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "\nold\n" not in text
    assert text.count("| standard | 22.0") == 3, "one for each style"


def test_the_fence_misses_its_goal_above_a_millisecond() -> None:
    costs = [{**FENCE, "added_p50_ms": added} for added in (1.0, 1.01)]
    assert [row[-2] for row in tables.fence(costs).rows] == ["met", "missed"]


def test_a_document_without_marks_is_left_alone(tmp_path) -> None:
    place = tmp_path / "benchmark.md"
    place.write_text("nothing here")
    with pytest.raises(NoMarks):
        report.fill(bench(), place)
    assert place.read_text() == "nothing here"


def test_the_document_of_the_repository_has_the_marks() -> None:
    text = (ROOT / "docs" / "benchmark.md").read_text()
    for begin, end in map(marks, (report.FIGURES, report.FENCE)):
        assert text.index(begin) < text.index(end)
