"""A report on disk: whole or not there, and `latest` leads to the newest."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lab.drill.report import report
from lab.drill.report.report import write
from tests.unit.lab.drill.report.sample_report import failing, passing


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_report_is_a_folder_with_the_figures_and_the_page(tmp_path: Path) -> None:
    place = write(passing(), tmp_path)
    assert place == tmp_path / "20260314T102231Z"
    assert names(place) == ["report.html", "report.json"]
    assert json.loads((place / "report.json").read_text()) == passing()
    assert "<html" in (place / "report.html").read_text()


def test_the_folder_of_reports_is_made(tmp_path: Path) -> None:
    assert write(passing(), tmp_path / "a" / "b").parent == tmp_path / "a" / "b"


def test_latest_leads_to_the_newest_report(tmp_path: Path) -> None:
    write(passing(), tmp_path)
    newest = write(failing(), tmp_path)
    assert (tmp_path / "latest").resolve() == newest
    assert names(tmp_path) == ["20260314T102231Z", "20260314T113005Z", "latest"]


def test_latest_still_leads_there_when_the_folder_is_moved(tmp_path: Path) -> None:
    write(passing(), tmp_path / "reports")
    moved = (tmp_path / "reports").rename(tmp_path / "moved")
    assert (moved / "latest" / "report.json").exists()


def test_a_latest_that_leads_nowhere_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("cleared-away")
    assert (tmp_path / "latest").resolve() != write(passing(), tmp_path)
    assert (tmp_path / "latest" / "report.json").exists()


def test_a_report_of_the_same_second_is_replaced_as_a_whole(tmp_path: Path) -> None:
    place = write(passing(), tmp_path)
    (place / "engine.log").touch()
    write({**passing(), "verdict": "fail"}, tmp_path)
    assert names(place) == ["report.html", "report.json"]
    assert json.loads((place / "report.json").read_text())["verdict"] == "fail"


def test_a_report_that_cannot_be_rendered_is_not_there_and_latest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = write(passing(), tmp_path)

    def broken(_: object) -> str:
        raise RuntimeError("no page")

    monkeypatch.setattr(report, "render", broken)
    with pytest.raises(RuntimeError):
        write(failing(), tmp_path)
    assert not (tmp_path / failing()["id"]).exists()
    assert (tmp_path / "latest").resolve() == before


def test_what_an_earlier_end_left_half_done_is_used_up(tmp_path: Path) -> None:
    half = tmp_path / f".{passing()['id']}"
    half.mkdir()
    (half / "report.json").write_text("{")
    (tmp_path / f".latest-{os.getpid()}").symlink_to("nowhere")
    place = write(passing(), tmp_path)
    assert json.loads((place / "report.json").read_text()) == passing()
    assert names(tmp_path) == [place.name, "latest"]


def test_a_folder_that_is_called_latest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine").touch()
    place = write(passing(), tmp_path)
    assert (place / "report.html").exists()
    assert names(tmp_path) == [place.name, "latest"]
    assert names(tmp_path / "latest") == ["mine"]


def test_a_file_system_without_links_still_keeps_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refused)
    assert (write(passing(), tmp_path) / "report.html").exists()
