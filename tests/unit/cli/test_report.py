"""The command `pilot-light report`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.report import newest
from tests.unit.cli.made_up_pair import BUCKETS, PRIMARY, SECONDARY, error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair


def add(pair: Pair, prefix: str, *regions: str) -> None:
    for region in regions or (PRIMARY, SECONDARY):
        pair.objects[BUCKETS[region]] |= {
            f"reports/{prefix}/report.json": json.dumps({"from": prefix}).encode(),
            f"reports/{prefix}/report.html": b"<p>",
        }


@pytest.fixture
def reports(pair: Pair) -> None:
    add(pair, "failover/20260101T000000Z-run-2")
    add(pair, "rehearsal/20260301T000000Z-weekly")
    add(pair, "switchover/20260201T000000Z-move%2B1")


@pytest.mark.usefixtures("reports")
def test_the_newest_of_all_kinds_is_fetched_into_a_folder(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    ended = run("report", "--to", str(tmp_path))
    assert ended.exit_code == 0
    folder = tmp_path / "20260301T000000Z-weekly"
    assert ended.output == f"{folder / 'report.html'}\n"
    assert json.loads((folder / "report.json").read_text()) == {"from": f"rehearsal/{folder.name}"}


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize(
    "execution", ["run-2", "arn:aws:states:us-east-2:1:execution:pilot-light-failover:run-2"]
)
def test_a_report_is_found_by_its_executions_name_or_arn(
    run: Callable[..., Result], execution: str
) -> None:
    ended = run("report", execution, "--json")
    assert json.loads(ended.stdout) == {"from": "failover/20260101T000000Z-run-2"}


def test_a_name_with_characters_that_mean_something_in_a_key_is_found() -> None:
    keys = [(SECONDARY, "reports/drill/20260101T000000Z-a%2Bb%3D1/report.json")]
    assert newest(keys, "a+b=1") == (SECONDARY, keys[0][1].removesuffix("/report.json"))
    assert newest(keys, "b=1") is None, "only the whole name"


@pytest.mark.usefixtures("reports")
def test_with_the_secondary_silent_it_comes_from_the_primarys_bucket(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.refuses = {SECONDARY}
    assert run("report", "run-2", "--json").exit_code == 0


def test_what_is_not_there_ends_with_1(run: Callable[..., Result]) -> None:
    ended = run("report", "run-9")
    assert ended.exit_code == 1
    assert "There is no report of run-9 in the buckets of us-west-2 and us-east-2" in ended.output


def test_what_may_be_in_a_bucket_that_cannot_be_listed_is_unknown(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fails[SECONDARY, "list_objects_v2", ""] = error("AccessDenied")
    ended = run("report", "run-9")
    assert ended.exit_code == 4
    assert f"permission s3:ListBucket on {BUCKETS[SECONDARY]} is missing" in ended.output


@pytest.mark.parametrize("text", ["", "two words", "arn:aws:states:us-east-2:1:stateMachine:x"])
def test_what_is_no_execution_is_a_usage_error(run: Callable[..., Result], text: str) -> None:
    assert run("report", text or " ").exit_code == 2
