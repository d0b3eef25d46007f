"""What a person does about the ledger: accept, replay, and ask wrongly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from items.item import from_journaled
from pilot_light_client.transaction import WriteUnknown, send
from pilotlight.ledger import replay
from pilotlight.ledger.entry import key
from pilotlight.ledger.request import BadRequest
from pilotlight.ledger.resolve import NoSuchEntry, NotReplayed

from tests.handlers import context
from tests.integration.machine import LEDGER as LEDGER_TABLE, PRIMARY, SECONDARY
from tests.integration.torn import (
    LEDGER,
    Torn,
    name,
    torn,
)


def test_an_accepted_entry_is_resolved_by_a_person_and_stays_so(world: Torn) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")
    found = world.ledger("accept", write_ids=[name(late)], by="Ada")
    assert (found["accepted"], found["open"]) == ([name(late)], 0)
    assert world.ledger("reconcile")["open"] == 0
    (entry,) = world.ledger("list")["entries"]
    assert (entry["status"], entry["resolved_by"]) == ("accepted", "Ada")
    again = world.ledger("accept", write_ids=[name(late)], by="Bob")
    assert (again["accepted"], again["unchanged"]) == ([], {name(late): "accepted"})
    assert world.ledger("list")["entries"][0]["resolved_by"] == "Ada"


def test_all_open_entries_can_be_accepted_at_once(world: Torn) -> None:
    torn(world)
    world.write(PRIMARY, "waiting", -4, "milk")
    world.ledger("reconcile")
    assert len(world.ledger("accept", write_ids="all", by="Ada")["accepted"]) == 2
    assert world.ledger("list")["open"] == 0


def test_a_replay_writes_the_lost_value_as_a_new_write_over_what_is_there(
    world: Torn,
) -> None:
    late, newer = torn(world)
    world.ledger("reconcile")
    found = world.ledger("replay", write_ids=[name(late)], by="Ada")
    item = world.item()
    assert item
    assert (item.text, item.version, item.region, item.epoch) == (
        "late",
        newer.new.version.number + 1,
        SECONDARY,
        2,
    )
    assert found["replayed"] == {name(late): item.write_id}
    assert found["open"] == 0
    (entry,) = world.ledger("list")["entries"]
    assert (entry["status"], entry["replayed_as"]) == ("replayed", item.write_id)
    assert world.ledger("replay", write_ids=[name(late)], by="Ada")["replayed"] == found["replayed"]
    assert world.item() == item


def test_a_replay_whose_answer_was_lost_is_not_made_twice(
    world: Torn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger's row is marked by the transaction that writes the item."""
    late, _ = torn(world)
    world.ledger("reconcile")

    def silent(client: Any, items: Any, **more: Any) -> None:
        send(client, items, **more)
        raise WriteUnknown("no answer")

    with monkeypatch.context() as lost:
        lost.setattr(replay, "send", silent)
        with pytest.raises(NotReplayed, match="no answer"):
            world.ledger("replay", write_ids=[name(late)], by="Ada")
    made = world.item()
    assert made
    done = world.ledger("replay", write_ids=[name(late)], by="Ada")["replayed"]
    assert done == {name(late): made.write_id}
    assert world.item() == made


def test_a_lost_deletion_is_replayed_as_a_deletion(world: Torn) -> None:
    first = world.write(PRIMARY, "first", -60)
    world.copy_item(first)
    world.copy_entry(first)
    gone = world.write(PRIMARY, "", -5)
    world.write(SECONDARY, "newer", 10)
    world.ledger("reconcile")
    world.ledger("replay", write_ids=[name(gone)], by="Ada")
    item = world.item()
    assert item
    assert item.deleted


def test_an_item_that_has_changed_is_not_overwritten_by_a_replay(world: Torn) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")
    changed = world.write(SECONDARY, "changed", 40)
    with pytest.raises(NotReplayed, match=f"{name(late)}: its item has changed since"):
        world.ledger("replay", write_ids=[name(late)], by="Ada")
    assert world.item() == from_journaled(changed.new)
    world.ledger("reconcile")
    world.ledger("replay", write_ids=[name(late)], by="Ada")
    item = world.item()
    assert item
    assert item.text == "late"


def test_nothing_is_replayed_while_the_secondary_is_not_active(world: Torn) -> None:
    late, newer = torn(world)
    world.ledger("reconcile")
    world.active(PRIMARY, 3)
    with pytest.raises(NotReplayed, match="The other Region is active"):
        world.ledger("replay", write_ids=[name(late)], by="Ada")
    assert world.item() == from_journaled(newer.new)
    assert world.ledger("list")["open"] == 1


def test_what_was_accepted_is_not_replayed(world: Torn) -> None:
    late, newer = torn(world)
    world.ledger("reconcile")
    world.ledger("accept", write_ids="all", by="Ada")
    with pytest.raises(NotReplayed, match="it was accepted by Ada"):
        world.ledger("replay", write_ids=[name(late)], by="Bob")
    assert world.item() == from_journaled(newer.new)


def test_what_is_asked_wrongly_is_told_what_is_wrong(world: Torn) -> None:
    with pytest.raises(BadRequest, match="no action None"):
        LEDGER.lambda_handler({}, context("ledger"))


def test_an_entry_that_is_not_there_is_named_and_nothing_is_resolved(world: Torn) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")
    with pytest.raises(NoSuchEntry, match="0" * 26):
        world.ledger("accept", write_ids=[name(late), "0" * 26], by="Ada")
    assert world.ledger("list")["open"] == 1


def test_twenty_entries_are_shown_and_all_are_counted(world: Torn) -> None:
    for n in range(25):
        world.write(PRIMARY, "waiting", -4, f"milk-{n}")
    found = world.ledger("reconcile")
    assert (found["open"], len(found["entries"])) == (25, 20)
    assert found["next"] == found["entries"][-1]["write_id"]


def test_every_entry_can_be_listed_page_by_page_resolved_ones_too(world: Torn) -> None:
    for n in range(25):
        world.write(PRIMARY, "waiting", -4, f"milk-{n}")
    world.ledger("reconcile")
    world.ledger("accept", write_ids="all", by="Ada")
    first = world.ledger("list")
    second = world.ledger("list", after=first["next"])
    ids = [e["write_id"] for page in (first, second) for e in page["entries"]]
    assert (len(first["entries"]), len(set(ids)), second["next"]) == (20, 25, None)


def test_an_entry_whose_status_is_no_text_keeps_no_other_from_being_accepted(world: Torn) -> None:
    late = world.write(PRIMARY, "waiting", -4, "milk")
    other = world.write(PRIMARY, "waiting", -4, "tea")
    world.ledger("reconcile")
    world.dynamodb[SECONDARY].update_item(
        TableName=LEDGER_TABLE,
        Key=key(name(late)),
        UpdateExpression="SET #s = :odd",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":odd": {"N": "5"}},
    )
    found = world.ledger("accept", write_ids="all", by="Ada")
    assert found["accepted"] == [name(other)]
    assert "look at its row" in found["unchanged"][name(late)]


def test_an_epoch_that_nobody_can_name_any_more_is_accepted_by_a_person_once(world: Torn) -> None:
    """Until then a failback finds it open, as it finds a loss."""
    world.compared_to(world.promoted - timedelta(days=36))
    (entry,) = world.ledger("reconcile")["entries"]
    assert (entry["kinds"], entry["epoch"], entry["version"]) == (["unknown"], 1, 0)
    assert "may have expired before they were compared" in entry["history"]["detail"]
    with pytest.raises(NotReplayed, match="accept"):
        world.ledger("replay", write_ids=[entry["write_id"]], by="Ada")
    assert world.ledger("accept", write_ids=[entry["write_id"]], by="Ada")["open"] == 0
    found = world.ledger("reconcile", from_start=True)
    assert (found["complete"], found["open"]) == (True, 0)
