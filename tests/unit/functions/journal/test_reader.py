"""The journal and the watermark by DynamoDB's own rules, by moto."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws
from pilot_light_client.journal import SHARDS, entry_key
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.ulid_format import lowest_of
from pilotlight.journal import reader as journal
from pilotlight.journal.comparison import HIGHEST, LOWEST, Entry, Mark, span
from pilotlight.journal.reader import Journal, Watermark
from pilotlight.shared.aws_clients import RECOVERY_STEP

from tests.unit.functions.fakes import ITEMS, JOURNAL, PRIMARY, RECOVERIES, SECONDARY, aws_error
from tests.unit.functions.journal.made_up import TABLES, ref, version
from tests.unit.functions.ledger.two_regions import TwoRegions

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def regions() -> Iterator[TwoRegions]:
    with mock_aws():
        yield TwoRegions()


def ulid(number: int) -> str:
    return f"01{number:024}"


def ids(entries: Any) -> list[str]:
    return sorted(e.write_id for e in entries)


def here(regions: TwoRegions, epoch: int = 1) -> Journal:
    return Journal(regions.client(PRIMARY), JOURNAL, TABLES, PRIMARY, epoch)


def written(regions: TwoRegions, count: int) -> list[str]:
    for n in range(count):
        regions.write(PRIMARY, 1, f"i{n % 3}", ulid(n))
    return [ulid(n) for n in range(count)]


def test_a_journal_is_that_of_one_region_and_one_epoch(regions: TwoRegions) -> None:
    regions.write(PRIMARY, 1, "tea", ulid(1))
    regions.write(PRIMARY, 2, "tea", ulid(2))
    found = here(regions, 2).entries(LOWEST, HIGHEST, 10)
    assert found == [Entry(ulid(2), ref("tea"), version(2, ulid(2), epoch=2))]
    other = Journal(regions.client(PRIMARY), JOURNAL, TABLES, SECONDARY, 2)
    assert other.entries(LOWEST, HIGHEST, 10) == []


@pytest.mark.parametrize("size", [1, 7])
def test_page_by_page_the_whole_of_every_shard_is_read(
    regions: TwoRegions, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(journal, "PAGE", size)
    every, after, last, found = written(regions, 20), LOWEST, False, []
    while not last:
        part = span(here(regions).pages(after, HIGHEST), after, HIGHEST)
        found += ids(part.entries)
        after, last = part.until, part.last
    assert found == every
    assert ids(here(regions).entries(LOWEST, HIGHEST, 20)) == every


def test_entries_whose_ids_are_no_ulids_are_read_too(regions: TwoRegions) -> None:
    odd = ["0", "~", "é", "zebra"]
    for n, write_id in enumerate(odd):
        regions.write(PRIMARY, 1, f"i{n}", write_id)
    assert sorted(ids(here(regions).entries(LOWEST, HIGHEST, 10))) == sorted(odd)


def test_a_span_is_read_without_its_beginning_and_with_its_end(regions: TwoRegions) -> None:
    every = written(regions, 12)
    assert ids(here(regions).entries(ulid(3), ulid(7), 12)) == every[4:8]


def test_a_span_that_ends_where_it_begins_is_empty_and_not_asked_for() -> None:
    client = Client()
    found = Journal(client, JOURNAL, TABLES, PRIMARY, 1)
    assert [page.entries for page in found.pages(ulid(3), ulid(3))] == [()] * SHARDS
    assert found.entries(ulid(3), ulid(3), 5) == []
    assert client.asked == []


def test_what_is_far_more_than_expected_is_not_read_to_its_end(
    regions: TwoRegions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PAGE", 3)
    written(regions, 10 * SHARDS)
    found = here(regions).entries(LOWEST, HIGHEST, 3)
    assert 4 * SHARDS <= len(found) <= 6 * SHARDS


def test_the_items_are_read_in_batches(
    regions: TwoRegions, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert journal.BATCH == 100
    monkeypatch.setattr(journal, "BATCH", 4)
    for n in range(9):
        regions.write(PRIMARY, 1, f"i{n}", ulid(n))
    found = here(regions).versions([ref(f"i{n}") for n in range(9)] + [ref("nobody")])
    assert found == {ref(f"i{n}"): version(1, ulid(n)) for n in range(9)}
    assert here(regions).versions([]) == {}


# --- entries that expire -------------------------------------------------------------------------
def expiring(regions: TwoRegions) -> list[tuple[str, int]]:
    """Write ten entries a day apart, and return their ids with their ends."""
    made = [lowest_of(1_800_000_000_000 + n * 86_400_000) for n in range(10)]
    for n, write_id in enumerate(made):
        regions.write(PRIMARY, 1, f"i{n}", write_id)
    return [(write_id, 1_800_000_000 + (35 + n) * 86_400) for n, write_id in enumerate(made)]


def test_what_may_be_deleted_in_one_region_already_is_left_out_of_both(
    regions: TwoRegions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it does not count as what was expected there."""
    monkeypatch.setattr(journal, "PAGE", 1)
    made = expiring(regions)
    ids_left = [write_id for write_id, _ in made[6:]]
    read = Journal(regions.client(PRIMARY), JOURNAL, TABLES, PRIMARY, 1, made[5][1])
    assert ids(read.entries(LOWEST, HIGHEST, 1)) == ids_left
    assert {e.write_id for page in read.pages(LOWEST, HIGHEST) for e in page.entries} <= {*ids_left}


def test_an_entry_that_is_kept_for_ever_is_never_left_out(regions: TwoRegions) -> None:
    made = expiring(regions)
    for write_id, _ in made:
        key = entry_key(PRIMARY, 1, write_id)
        remove = "REMOVE keep_until"
        regions.client(PRIMARY).update_item(TableName=JOURNAL, Key=key, UpdateExpression=remove)
    read = Journal(regions.client(PRIMARY), JOURNAL, TABLES, PRIMARY, 1, 2**40)
    assert ids(read.entries(LOWEST, HIGHEST, 10)) == [write_id for write_id, _ in made]


@pytest.mark.parametrize(
    "end", [{"N": "0"}, {"N": str(1_800_000_000 + 35 * 86_400 - 1)}, {"S": ""}]
)
def test_an_entry_that_is_kept_for_less_than_promised_is_unreadable_and_not_left_out(
    regions: TwoRegions, end: dict[str, str]
) -> None:
    ((write_id, _), *_) = expiring(regions)
    regions.client(PRIMARY).update_item(
        TableName=JOURNAL,
        Key=entry_key(PRIMARY, 1, write_id),
        UpdateExpression="SET keep_until = :end",
        ExpressionAttributeValues={":end": end},
    )
    read = Journal(regions.client(PRIMARY), JOURNAL, TABLES, PRIMARY, 1, 2**40)
    assert read.entries(LOWEST, HIGHEST, 10) == [Entry(write_id, None, None)]


def test_every_shard_is_asked_in_one_round_by_connections_that_are_kept() -> None:
    assert journal.PARALLEL == SHARDS == RECOVERY_STEP.max_pool_connections


class Client:
    """Says what was asked of it, and answers as the test wants."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, []  # type: ignore[var-annotated]

    def __getattr__(self, name: str) -> Any:
        def answer(**given: Any) -> Any:
            self.asked.append(given)
            return self.answers[name]

        return answer


def test_reads_are_consistent() -> None:
    client = Client(query={"Items": []}, batch_get_item={"Responses": {}})
    found = Journal(client, JOURNAL, TABLES, PRIMARY, 1)
    found.pages(LOWEST, HIGHEST)
    found.entries(LOWEST, HIGHEST, 10)
    assert [given["ConsistentRead"] for given in client.asked] == [True] * (2 * SHARDS)
    found.versions([ref("tea")])
    assert client.asked[-1]["RequestItems"][ITEMS]["ConsistentRead"] is True


def test_of_an_items_mark_no_more_is_read_than_its_version() -> None:
    client = Client(batch_get_item={"Responses": {}})
    Journal(client, JOURNAL, TABLES, PRIMARY, 1).versions([ref("tea")])
    asked = client.asked[-1]["RequestItems"][ITEMS]
    names = asked["ExpressionAttributeNames"]
    paths = [path.split(".") for path in asked["ProjectionExpression"].split(", ")]
    assert [".".join(names[part] for part in path) for path in paths] == [
        *("pk", "sk", "pilot_light.version", "pilot_light.write_id"),
        *("pilot_light.region", "pilot_light.epoch"),
    ]


def test_each_request_that_is_sent_at_the_same_time_has_a_connection() -> None:
    assert RECOVERY_STEP.max_pool_connections >= journal.PARALLEL  # type: ignore[attr-defined]


def test_items_that_were_not_answered_are_not_missing() -> None:
    client = Client(batch_get_item={"Responses": {}, "UnprocessedKeys": {ITEMS: {}}})
    with pytest.raises(TableUnavailable):
        Journal(client, JOURNAL, TABLES, PRIMARY, 1).versions([ref("tea")])


# --- the watermark -------------------------------------------------------------------------------
def test_a_watermark_begins_below_everything_and_is_kept_for_region_and_epoch(
    regions: TwoRegions,
) -> None:
    client = regions.client(SECONDARY)
    mark = Watermark(client, RECOVERIES, PRIMARY, 1)
    assert mark.read() == Mark(LOWEST, 0)
    mark.advance(Mark(ulid(7), 5, 1, "noon"))
    assert mark.read() == Mark(ulid(7), 5, 1, "noon")
    for other in ((PRIMARY, 2), (SECONDARY, 1)):
        assert Watermark(client, RECOVERIES, *other).read() == Mark(LOWEST, 0)


def test_a_watermark_never_goes_back(regions: TwoRegions) -> None:
    mark = Watermark(regions.client(SECONDARY), RECOVERIES, PRIMARY, 1)
    mark.advance(Mark(ulid(7), 5))
    mark.advance(Mark(ulid(6), 9))
    assert mark.read() == Mark(ulid(7), 5)


def test_a_watermark_that_cannot_be_kept_is_an_error() -> None:
    class Refusing:
        def update_item(self, **_: Any) -> None:
            raise aws_error("AccessDeniedException")

    with pytest.raises(TableUnavailable, match="AccessDenied"):
        Watermark(Refusing(), RECOVERIES, PRIMARY, 1).advance(Mark(ulid(1), 1))
