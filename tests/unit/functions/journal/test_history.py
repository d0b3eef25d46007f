"""Whether a write is in its item's history, by the links of the journal."""

from __future__ import annotations

import pytest
from pilot_light_client.journal import Item, Version, Write, mark_of, plan, unreadable_item
from pilotlight.journal.history import LONGEST_WALK, History, judge

from tests.unit.functions.fakes import PRIMARY, SECONDARY
from tests.unit.functions.journal.made_up import ref


class Chain:
    """A journal of writes that were made one over the other, by name."""

    def __init__(self) -> None:
        self.entries: dict[str, Write] = {}

    def write(
        self, name: str, over: Item | None, region: str = PRIMARY, *, deletes: bool = False
    ) -> Item:
        write = plan(
            ref("tea"),
            None if deletes else {"text": {"S": name}},
            {"pilot_light": {"M": mark_of(over)}} if over else None,
            region=region,
            epoch=1 if region == PRIMARY else 2,
            write_id=name,
            at=name,
        )
        self.entries[name] = write
        return write.new

    def line(self, names: str, over: Item | None = None, region: str = PRIMARY) -> list[Item]:
        items: list[Item] = []
        for name in names:
            over = self.write(name, over, region)
            items.append(over)
        return items

    def link(self, version: Version) -> Write | None:
        return self.entries.get(version.write_id)

    def judge(self, written: Item, current: Item | None) -> History:
        return judge(written.version, current, self.link)


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_a_write_is_kept_while_the_item_was_made_over_it(chain: Chain) -> None:
    a, b, c = chain.line("abc")
    for asked in (a, b, c):
        assert chain.judge(asked, c).verdict == "kept"


def test_a_write_beside_which_another_was_made_is_lost(chain: Chain) -> None:
    a, b, c = chain.line("abc")
    (x,) = chain.line("x", over=a, region=SECONDARY)
    assert chain.judge(a, x).verdict == "kept"
    for asked in (b, c):
        found = chain.judge(asked, x)
        assert found.verdict == "lost"
        assert f"version {x.version.number}, written in {SECONDARY}" in found.detail


def test_a_lost_write_stays_lost_under_whatever_is_written_later(chain: Chain) -> None:
    a, b = chain.line("ab")
    *_, last = chain.line("xyz", over=a, region=SECONDARY)
    assert chain.judge(b, last).verdict == "lost"


def test_a_write_that_is_ahead_of_the_item_has_yet_to_arrive(chain: Chain) -> None:
    a, _, c = chain.line("abc")
    assert chain.judge(c, a).verdict == "pending"
    assert chain.judge(c, None).verdict == "pending"


def test_a_tombstone_is_a_version_like_any_other(chain: Chain) -> None:
    (a,) = chain.line("a")
    gone = chain.write("gone", a, deletes=True)
    assert gone.deleted
    assert chain.judge(a, gone).verdict == "kept"


def test_a_missing_link_is_told_and_not_guessed(chain: Chain) -> None:
    a, _, c = chain.line("abc")
    del chain.entries["b"]
    found = chain.judge(a, c)
    assert found.verdict == "unknown"
    assert (
        found.detail
        == f"The journal has no entry of {PRIMARY}, epoch 1, b: not yet, or it expired."
    )
    assert chain.judge(c, a).verdict == "unknown"


def test_a_walk_has_an_end(chain: Chain) -> None:
    items = [None, *chain.line([str(n) for n in range(LONGEST_WALK + 2)])]  # type: ignore[arg-type]
    first, last = items[1], items[-1]
    assert first
    assert chain.judge(first, last).verdict == "unknown"
    assert chain.judge(first, items[-2]).verdict == "kept"


def test_against_an_item_that_cannot_be_read_nothing_is_known(chain: Chain) -> None:
    (written,) = chain.line("a")
    assert chain.judge(written, unreadable_item(ref("tea"))).verdict == "unknown"
