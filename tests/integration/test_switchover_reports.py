"""Reports of planned moves, executed: every end leaves one, and none of them holds anything up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.machine import PRIMARY, SECONDARY, FunctionFailed, aws_error, client
from tests.integration.test_reports import files, written
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine
    from tests.integration.two_regions import TwoRegions

MOVES = {"switchover": (SWITCHOVER, PRIMARY, SECONDARY), "failback": (FAILBACK, SECONDARY, PRIMARY)}


def page(address: str) -> str:
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    s3 = client("s3")
    body = s3.get_object(Bucket=bucket, Key=f"{prefix}report.html")["Body"].read()
    return str(body.decode())


@pytest.mark.parametrize(("request_", "source", "target"), MOVES.values(), ids=MOVES)
def test_a_move_leaves_a_report_and_the_message_says_where(
    regions: TwoRegions, machine: Machine, request_: dict[str, str], source: str, target: str
) -> None:
    regions.serve(source, 4)
    run = regions.run(request_)
    found = written(run.arn)
    assert found["control"]["before"]["state"] == "serving", "as it was judged, before the drain"
    assert (found["kind"], found["outcome"]) == (request_["mode"], "switched_over")
    assert (found["verdict"], found["rto_seconds"]) == ("pass", None)
    assert found["control"]["before"]["active_region"] == source
    assert found["control"]["before"]["epoch"] == 4
    assert found["control"]["after"] == {"active_region": target, "epoch": 5, "state": "serving"}
    assert found["proof"] == run.output["proof"]
    assert found["drain"].keys() == {"asked_at"}
    assert {s["name"] for s in found["stages"]} >= {"drain", "proof", "promotion", "traffic"}
    assert {c["name"] for c in found["checks"]} >= {"caught_up", "release_parity"}
    assert run.output["report"].split("/")[4] == request_["mode"]
    assert f"Report: {run.output['report']}report.html" in machine.notices()[-1][1]


def test_the_page_of_a_move_tells_its_drain_and_its_proof(regions: TwoRegions) -> None:
    assert regions.write(PRIMARY)
    run = regions.run(SWITCHOVER)
    html = page(run.output["report"])
    assert "<h3>drain</h3>" in html
    assert "<dt>proven</dt><dd>yes</dd>" in html
    assert run.output["proof"]["compared_at"] in html


def test_a_refusal_leaves_a_report_of_what_was_unmet_and_who_is_active_still(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    network.releases[PRIMARY] = "old"
    run = regions.run(SWITCHOVER)
    found = written(run.arn)
    assert (found["outcome"], found["verdict"]) == ("refused", "inconclusive")
    unmet = [c["name"] for c in found["checks"] if c["required"] and not c["passed"]]
    assert unmet == ["release_parity"]
    assert found["control"]["after"] == found["control"]["before"]
    assert found["control"]["after"]["active_region"] == PRIMARY
    assert (found["drain"], found["proof"]) == (None, None)
    assert run.states[-4:] == ["WriteReport", "HasFailed", "NotifyOutcome", "Ended"]
    assert f"Report: {run.output['report']}report.html" in machine.notices()[-1][1]


def test_a_target_that_is_active_already_leaves_a_report(regions: TwoRegions) -> None:
    regions.serve(SECONDARY, 4)
    assert written(regions.run(SWITCHOVER).arn)["outcome"] == "already_there"


@pytest.mark.parametrize("state", ["AcquireLock", "ReadControl", "Prove", "ConfirmTraffic"])
def test_a_failure_leaves_a_report_of_what_was_seen_until_then(
    regions: TwoRegions, machine: Machine, faults: Faults, state: str
) -> None:
    is_function = state in ("Prove", "ConfirmTraffic")
    faults.always(state, FunctionFailed("SomeError") if is_function else aws_error("Denied"))
    run = regions.run(SWITCHOVER)
    assert run.status == "FAILED"
    found = written(run.arn)
    assert (found["verdict"], found["outcome"]) == ("fail", "failed")
    assert found["failure"]["step"] == state
    assert found["control"]["after"] is None, "nobody looked again"
    assert (found["drain"] is not None) is is_function
    assert bool((found["drain"] or {}).get("undone_at")) is (state == "Prove")
    assert machine.lock() == {}


def test_a_report_that_cannot_be_written_is_not_told_of(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.always("WriteReport", FunctionFailed("SomeError"))
    run = regions.run(SWITCHOVER)
    assert (run.output["outcome"], run.output["report"]) == ("switched_over", "")
    assert "Report:" not in machine.notices()[-1][1]


def test_a_report_of_a_failure_that_cannot_be_written_changes_nothing_of_it(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.always("ReadControl", aws_error("Denied"))
    faults.always("WriteReport", FunctionFailed("SomeError"))
    run = regions.run(SWITCHOVER)
    assert (run.status, run.error) == ("FAILED", "SwitchoverFailed")
    assert run.cause.startswith("ReadControl: ")
    assert run.states[-3:] == ["WriteReport", "HasFailed", "SwitchoverFailed"]
    assert machine.lock() == {}
    assert files() == {}


@pytest.mark.parametrize("given", [{"mode": "panic", "reason": "x"}, {"mode": "failback"}, {}])
def test_an_input_that_nobody_could_read_leaves_no_report(
    regions: TwoRegions, given: dict[str, Any]
) -> None:
    run = regions.run(given)
    assert run.status == "FAILED"
    assert run.states[-2:] == ["WasInputRead", "SwitchoverFailed"]
    assert files() == {}
