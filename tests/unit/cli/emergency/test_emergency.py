"""The commands `take-over` and `last-resort`: what they show, what is typed, what they start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from cli.emergency.plan import sentence
from cli.probes import Probe
from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import (
    ACCOUNT,
    CONTROL,
    LAST_RESORT,
    PRIMARY,
    SECONDARY,
    error,
    row,
)
from tools.reader import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair

TAKE_OVER = f"MAKE {PRIMARY} ACTIVE WITHOUT {SECONDARY}"
LAST = f"LET {PRIMARY} WRITE WITHOUT A QUORUM"
GO = ("--yes", "--reason", "ticket 4711", "--no-watch")
SENTENCES = {"take-over": ([], TAKE_OVER), "last-resort": ([PRIMARY], LAST)}
BOTH = pytest.mark.parametrize("command", SENTENCES)


def lose_the_active_secondary(pair: Pair) -> None:
    pair.fail_over()
    pair.hangs.add(SECONDARY)
    full = f"{SECONDARY}.pilotlight.example"
    pair.probes[full] = Probe(full, False, error="no connection")


def lose_the_quorum(pair: Pair) -> None:
    for region in (PRIMARY, SECONDARY):
        pair.fails[region, "get_item", CONTROL] = error("InternalServerError")


def planned(run: Callable[..., Result], command: str, *more: str) -> dict[str, Any]:
    return document(run(command, *more, "--dry-run", "--json"), "emergency")


# --- What is started ------------------------------------------------------------------------------
def test_a_take_over_starts_the_primary_s_machine_with_its_sentence(
    run: Callable[..., Result], pair: Pair
) -> None:
    lose_the_active_secondary(pair)
    ended = run("take-over", *GO)
    assert ended.exit_code == 0, ended.output
    (started,) = pair.started
    machine = f"arn:aws:states:{PRIMARY}:{ACCOUNT}:stateMachine:pilot-light-emergency"
    assert started["stateMachineArn"] == machine
    wanted = {"action": "take-over", "confirm": TAKE_OVER, "reason": "ticket 4711"}
    assert started["input"] == wanted
    assert f"pilot-light watch {started['name']}" in ended.output


@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
def test_a_last_resort_starts_the_machine_of_its_region(
    run: Callable[..., Result], pair: Pair, region: str
) -> None:
    lose_the_quorum(pair)
    assert run("last-resort", region, "--hours", "0.5", *GO).exit_code == 0
    (started,) = pair.started
    assert f":{region}:" in started["stateMachineArn"]
    assert started["input"] == {
        "action": "last-resort",
        "confirm": f"LET {region} WRITE WITHOUT A QUORUM",
        "reason": "ticket 4711",
        "hours": 0.5,
    }


def test_the_sentences_are_those_of_the_machine() -> None:
    machine = " ".join((ROOT / "statemachines" / "emergency.asl.yaml").read_text().split())
    for action in ("take-over", "last-resort"):
        assert f"'{sentence(action, '${Region}', '${OtherRegion}')}'" in machine


@BOTH
def test_nothing_is_started_before_the_sentence_is_typed(
    run: Callable[..., Result], pair: Pair, command: str
) -> None:
    arguments, words = SENTENCES[command]
    lose_the_quorum(pair)
    refused = run(command, *arguments, "--reason", "x", typed=f"{words.lower()}\n")
    assert (refused.exit_code, pair.started) == (1, [])
    ended = run(command, *arguments, "--no-watch", typed=f"{words}\nticket 4711\n")
    assert ended.exit_code == 0, ended.output
    assert pair.started[0]["input"]["reason"] == "ticket 4711"


@pytest.mark.parametrize(
    "command",
    [
        ["take-over", "--yes"],
        ["take-over", "--yes", "--reason", "  "],
        ["last-resort", *GO],
        ["last-resort", "eu-west-1", *GO],
        ["last-resort", PRIMARY, *GO, "--hours", "0"],
        ["last-resort", PRIMARY, *GO, "--hours", "4.5"],
        ["last-resort", PRIMARY, "--reason", "nobody is there to type"],
    ],
)
def test_what_the_machine_would_refuse_is_a_usage_error(
    run: Callable[..., Result], pair: Pair, command: list[str]
) -> None:
    assert (run(*command).exit_code, pair.started) == (2, [])


@BOTH
def test_a_dry_run_and_explain_start_nothing(
    run: Callable[..., Result], pair: Pair, command: str
) -> None:
    arguments, words = SENTENCES[command]
    run(command, *arguments, "--dry-run")
    asked = len(pair.asked)
    explained = run(command, *arguments, "--explain")
    assert explained.exit_code == 0
    assert "aws stepfunctions start-execution --region us-west-2" in explained.output
    assert words in explained.output
    assert (len(pair.asked), pair.started) == (asked, [])


@pytest.mark.parametrize("silence", [EndpointConnectionError, ReadTimeoutError])
def test_a_start_that_is_not_answered_is_told_as_unknown(
    run: Callable[..., Result], pair: Pair, silence: type[Exception]
) -> None:
    lose_the_active_secondary(pair)
    pair.fails[PRIMARY, "start_execution", ""] = silence(endpoint_url="x")
    ended = run("take-over", *GO)
    assert ended.exit_code == 4
    assert "It may have been done all the same" in ended.output


def test_a_missing_permission_is_named(run: Callable[..., Result], pair: Pair) -> None:
    pair.fails[PRIMARY, "start_execution", ""] = error("AccessDeniedException")
    ended = run("take-over", *GO)
    assert ended.exit_code == 1
    text = " ".join(ended.output.split())
    assert "permission states:StartExecution on stateMachine:pilot-light-emergency" in text


# --- What is known --------------------------------------------------------------------------------
def test_a_lost_secondary_is_named_and_not_awaited(run: Callable[..., Result], pair: Pair) -> None:
    lose_the_active_secondary(pair)
    found = planned(run, "take-over")
    assert found["refusal"] is None
    assert found["warnings"] == []
    assert "us-east-2 is active in epoch 2" in found["known"][f"control table in {PRIMARY}"]
    assert found["known"][f"control table in {SECONDARY}"] == (
        "No answer. us-east-2 does not answer."
    )
    assert "had not replicated" in found["may_be_lost"]


def test_a_take_over_by_the_active_region_would_change_nothing(
    run: Callable[..., Result], pair: Pair
) -> None:
    ended = run("take-over", "--dry-run", "--json")
    assert ended.exit_code == 1
    assert document(ended, "emergency")["refusal"].startswith("us-west-2 is the active Region")
    assert pair.started == []


def test_a_claim_that_a_dead_run_left_is_finished(run: Callable[..., Result], pair: Pair) -> None:
    for region in (PRIMARY, SECONDARY):
        pair.change(region, CONTROL, "control", state="claimed")
    assert planned(run, "take-over")["refusal"] is None


def test_a_secondary_that_answers_is_moved_from_and_not_taken_over_from(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fail_over()
    (warning,) = planned(run, "take-over")["warnings"]
    assert "pilot-light failback" in warning


def test_a_take_over_without_a_quorum_is_told_how_it_will_end(
    run: Callable[..., Result], pair: Pair
) -> None:
    lose_the_active_secondary(pair)
    lose_the_quorum(pair)
    assert "NoQuorum" in planned(run, "take-over")["warnings"][0]


def test_a_last_resort_while_the_table_answers_will_be_refused_by_the_machine(
    run: Callable[..., Result], pair: Pair
) -> None:
    ended = run("last-resort", PRIMARY, "--dry-run", "--json")
    assert ended.exit_code == 1
    found = document(ended, "emergency")
    assert "ControlTableAnswers" in found["refusal"]
    assert "answers in us-east-2, which has the quorum" in found["warnings"][0]


def test_a_silent_table_is_what_the_last_resort_is_for(
    run: Callable[..., Result], pair: Pair
) -> None:
    lose_the_quorum(pair)
    found = planned(run, "last-resort", PRIMARY, "--hours", "2")
    assert (found["refusal"], found["warnings"]) == (None, [])
    assert "for 2 h at most" in found["will_happen"][1]
    assert "Nothing keeps us-east-2 from writing too." in found["may_be_lost"]


def test_a_last_resort_elsewhere_or_away_from_users_is_warned_of(
    run: Callable[..., Result], pair: Pair
) -> None:
    lose_the_quorum(pair)
    until = round(pair.now.timestamp()) + 600
    pair.put(PRIMARY, LAST_RESORT, row("last-resort", until=until, epoch=1, by="run"))
    first, second = planned(run, "last-resort", SECONDARY)["warnings"]
    assert "us-west-2 writes without a quorum until" in first
    assert "The public name leads to us-west-2." in second
