"""bench.json, its plot, its page, and the figures in the document."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import jsonschema
import pytest

from lab.config import ROOT
from tests.unit.tools.bench.sample_bench import bench
from tools.bench import document, page, report
from tools.bench.command import NoReport, again

SVG = "{http://www.w3.org/2000/svg}"


def design(found, key):
    return next(d for d in found["designs"] if d["design"] == key)


def test_the_report_has_one_entry_for_each_design() -> None:
    found = bench()
    keys = [d["design"] for d in found["designs"]]
    assert keys == ["orchestrated", "immediate", "plain", "metric_switch"]
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


def test_a_report_that_is_not_one_is_refused() -> None:
    with pytest.raises(jsonschema.ValidationError):
        report.validate({**bench(), "designs": []})


def test_the_folder_appears_whole_and_latest_leads_to_it(tmp_path) -> None:
    place = report.write(bench(), tmp_path)
    names = sorted(p.name for p in (tmp_path / "latest").iterdir())
    assert names == ["bench.html", "bench.json", "bench.svg"]
    assert (tmp_path / "latest").resolve() == place
    assert sorted(p.name for p in tmp_path.iterdir()) == [place.name, "latest"]


def test_a_report_is_drawn_anew_from_its_json(tmp_path) -> None:
    place = report.write(bench(), tmp_path)
    (place / "bench.svg").unlink()
    assert again(place / "bench.json")["seed"] == 7
    assert (place / "bench.svg").exists()


def test_what_is_no_report_is_told_so(tmp_path) -> None:
    (tmp_path / "bench.json").write_text("{}")
    with pytest.raises(NoReport):
        again(tmp_path / "bench.json")


def test_the_plot_is_one_well_formed_picture_with_a_curve_and_a_bar_for_each_design() -> None:
    drawn = ElementTree.fromstring(page.draw(bench()))
    assert len(drawn.findall(f".//{SVG}polyline")) == 4
    assert len([r for r in drawn.iter(f"{SVG}rect") if "block" in r.get("class", "")]) == 8


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page.render(bench())
    assert re.findall(r'(?:src|href)="([^"#]+)"', text) == []
    assert "<svg" in text
    assert "Plain Route 53 failover" in text


def test_the_page_says_which_goals_were_missed_and_why() -> None:
    text = page.render(bench(orchestrated=[80.0, 80.0]))
    assert '<td class="missed">missed<small>detection 70.0 s' in text


def test_the_figures_stand_between_the_marks_and_replace_the_old_ones(tmp_path) -> None:
    place = tmp_path / "benchmark.md"
    place.write_text(f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n")
    document.fill(bench(), place)
    document.fill(bench(), place)
    text = place.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert text.count("| `orchestrated` | 44.0") == 1


def test_a_document_without_marks_is_left_alone(tmp_path) -> None:
    place = tmp_path / "benchmark.md"
    place.write_text("nothing here")
    with pytest.raises(document.NoMarks):
        document.fill(bench(), place)
    assert place.read_text() == "nothing here"


def test_the_document_of_the_repository_has_the_marks() -> None:
    text = (ROOT / "docs" / "benchmark.md").read_text()
    assert text.index(document.BEGIN) < text.index(document.END)
