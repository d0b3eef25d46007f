"""The command `remove`: what it shows, what it deletes, in which order, and where it stops."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from cli.removal import deleting
from tests.unit.cli.documents import document
from tests.unit.cli.made_up_account import STACKS
from tests.unit.cli.made_up_pair import BUCKETS, CONTROL, JOURNAL, PRIMARY, SECONDARY, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair

ITEMS, MONITOR = "pilot-light-app-items", "us-east-1"
ALL = ("--stacks", "--data", "--yes")


@pytest.fixture(autouse=True)
def deployed(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """A deployment with data, all of whose tables are protected. Nobody waits."""
    for region in (PRIMARY, SECONDARY):
        pair.tables[region, ITEMS] = [{"pk": {"S": "I"}}]
        pair.account.versions[BUCKETS[region]] = 3
    pair.account.protected = set(pair.tables)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return pair


def deleted(pair: Pair) -> list[str]:
    """Return what was deleted, in order, each once."""
    made = [f"{operation} {given['name']} {given['region']}" for operation, given in pair.changes]
    return list(dict.fromkeys(made))


def states(found: dict[str, Any]) -> dict[str, str]:
    return {f"{s['kind']} {s['name']} {s['region']}": s["state"] for s in found["steps"]}


# --- It only shows --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "options", [[], ["--stacks", "--dry-run"], ["--yes"], ["--data", "--dry-run"]]
)
def test_it_deletes_nothing_unless_it_is_told_what(
    run: Callable[..., Result], pair: Pair, options: list[str]
) -> None:
    ended = run("remove", *options)
    assert (ended.exit_code, pair.changes) == (0, [])
    assert "Nothing was deleted." in ended.output


def test_it_shows_every_thing_by_its_name_what_is_lost_with_it_and_what_stays(
    run: Callable[..., Result],
) -> None:
    found = document(run("remove", "--json"), "remove")
    assert set(states(found).values()) == {"there"}
    text = " ".join(run("remove").output.split())
    for step in found["steps"]:
        assert step["name"] in text
        assert step["deletes"] in text
    assert "the witness in us-east-1" in text
    assert "hosted zone Z0PILOTLIGHTEXAMPLE" in text
    assert "_0.pilotlight.example." in text
    assert "app.pilotlight.example." not in text


def test_what_is_gone_and_what_is_not_known_are_told_apart(
    run: Callable[..., Result], pair: Pair
) -> None:
    del pair.account.stacks[MONITOR, "pilot-light-monitor"]
    pair.account.vaults.pop(PRIMARY)
    pair.fails[SECONDARY, "describe_table", JOURNAL] = error("AccessDeniedException")
    ended = run("remove", "--json")
    assert ended.exit_code == 4
    found = states(document(ended, "remove"))
    assert found["stack pilot-light-monitor us-east-1"] == "gone"
    assert found["vault pilot-light-backups us-west-2"] == "gone"
    assert found[f"table {JOURNAL} us-east-2"] == "unknown"
    assert "permission dynamodb:DescribeTable on table pilot-light-journal is missing" in (
        " ".join(run("remove").output.split())
    )


def test_a_region_that_is_silent_is_not_awaited(run: Callable[..., Result], pair: Pair) -> None:
    pair.hangs = {MONITOR}
    begun = time.monotonic()
    ended = run("remove", "--json")
    assert time.monotonic() - begun < 5
    assert states(document(ended, "remove"))["stack pilot-light-monitor us-east-1"] == "unknown"


def test_explain_names_every_call_and_makes_none(run: Callable[..., Result], pair: Pair) -> None:
    ended = run("remove", "--explain")
    assert (ended.exit_code, pair.asked) == (0, [])
    for command in (
        "aws cloudformation delete-stack --region us-east-2 --stack-name pilot-light-secondary",
        "aws dynamodb update-table --region us-west-2 --table-name pilot-light-journal "
        "--no-deletion-protection-enabled",
        "--global-table-witness-updates",
        "aws s3api delete-objects --region us-west-2 --bucket pilot-light-<account>-us-west-2",
        "aws backup delete-recovery-point",
    ):
        assert command in ended.output.replace("'", "")
    assert "dynamodb delete-table" not in run("remove", "--stacks", "--explain").output


# --- It deletes -----------------------------------------------------------------------------------
def test_stacks_go_the_secondary_s_first_and_data_stays(
    run: Callable[..., Result], pair: Pair
) -> None:
    ended = run("remove", "--stacks", "--yes")
    assert ended.exit_code == 0, ended.output
    assert deleted(pair) == [f"delete_stack {name} {region}" for region, name in STACKS]
    assert (SECONDARY, JOURNAL) in pair.tables
    assert "may not be able to delete the recovery points" in " ".join(ended.output.split())


def test_everything_goes_recovery_points_first_and_vaults_last(
    run: Callable[..., Result], pair: Pair
) -> None:
    ended = run("remove", *ALL)
    assert ended.exit_code == 0, ended.output
    order = deleted(pair)
    assert order[0] == "delete_recovery_point arn:point-1 us-west-2"
    kinds = list(dict.fromkeys(one.split()[0] for one in order))
    assert kinds[:2] == ["delete_recovery_point", "delete_stack"]
    assert kinds[-1] == "delete_backup_vault"
    assert (pair.tables, pair.account.versions, pair.account.vaults) == ({}, {}, {})
    assert set(states(document(run("remove", "--json"), "remove")).values()) == {"gone"}


def test_a_table_is_unprotected_and_loses_its_replica_and_witness_before_it_goes(
    run: Callable[..., Result], pair: Pair
) -> None:
    run("remove", *ALL)
    of_control = [one for one in deleted(pair) if CONTROL in one]
    assert of_control == [
        f"unprotect {CONTROL} {SECONDARY}",
        f"unprotect {CONTROL} {PRIMARY}",
        f"delete_replica {CONTROL} {SECONDARY}",
        f"delete_table {CONTROL} {SECONDARY}",
    ]


def test_data_under_a_stack_is_refused(run: Callable[..., Result], pair: Pair) -> None:
    del pair.account.stacks[SECONDARY, "pilot-light-secondary"]
    ended = run("remove", "--data", "--yes")
    assert (ended.exit_code, pair.changes) == (1, [])
    assert "stack pilot-light-primary in us-west-2" in ended.output
    pair.account.stacks.clear()
    assert run("remove", "--data", "--yes").exit_code == 0


def test_data_is_refused_while_it_is_not_known_whether_a_stack_is_there(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.account.stacks.clear()
    pair.fails[PRIMARY, "describe_stacks", ""] = error("AccessDenied")
    assert run("remove", "--data", "--yes").exit_code == 1
    assert pair.changes == []


def test_the_name_of_the_application_has_to_be_typed(
    run: Callable[..., Result], pair: Pair
) -> None:
    assert run("remove", "--stacks", typed="yes\n").exit_code == 1
    assert pair.changes == []
    assert run("remove", "--stacks", typed="pilot-light\n").exit_code == 0
    assert pair.account.stacks == {}


# --- It stops, and goes on ------------------------------------------------------------------------
def test_it_stops_at_the_first_failure_names_what_is_left_and_goes_on_from_there(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.account.stuck = {"pilot-light-primary"}
    ended = run("remove", *ALL)
    assert ended.exit_code == 1
    assert "stack pilot-light-primary in us-west-2: DELETE_FAILED: why" in ended.output
    assert "Left:\n- stack pilot-light-primary in us-west-2\n- stack pilot-light-monitor" in (
        ended.output
    )
    assert (SECONDARY, JOURNAL) in pair.tables
    pair.account.stuck, pair.changes = set(), []
    assert run("remove", *ALL).exit_code == 0
    assert deleted(pair)[0] == "delete_stack pilot-light-primary us-west-2"


def test_a_denied_deletion_is_named_with_its_permission(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.account.stacks.clear()
    pair.fails[SECONDARY, "update_table", CONTROL] = error("AccessDeniedException")
    ended = run("remove", "--data", "--yes", "--json", apart=True)
    assert ended.exit_code == 1
    assert "permission dynamodb:UpdateTable" in ended.stderr
    assert states(document(ended, "remove"))[f"table {CONTROL} us-east-2"] == "there"


def test_what_is_busy_is_asked_again_and_not_for_ever(
    run: Callable[..., Result], pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "LONGEST_SECONDS", 0.0)
    pair.account.stacks.clear()
    pair.fails[SECONDARY, "delete_table", CONTROL] = error("ResourceInUseException")
    ended = run("remove", "--data", "--yes")
    assert ended.exit_code == 1
    assert f"table {CONTROL}" in ended.output


def test_a_version_that_s3_does_not_delete_stops_it(
    run: Callable[..., Result], pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.unit.cli.made_up_pair import Client

    failed = {"Errors": [{"Key": "k0", "Code": "AccessDenied"}]}
    monkeypatch.setattr(Client, "_delete_objects", lambda *_, **__: failed)
    pair.account.stacks.clear()
    ended = run("remove", "--data", "--yes")
    assert ended.exit_code == 1
    assert "AccessDenied for k0" in ended.output
