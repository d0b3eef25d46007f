"""Whether a write is in its item's history, by the links of the journal."""

from __future__ import annotations

import pytest
from pilotlight.items.writes import Item, Write, plan, unreadable_item
from pilotlight.journal.history import LONGEST_WALK, judge, overwritten

from tests.unit.functions.fakes import PRIMARY, SECONDARY


class Chain:
    """A journal of writes that were made one over the other, by name."""

    def __init__(self) -> None:
        self.entries: dict[str, Write] = {}

    def write(self, name: str, over: Item | None, region: str = PRIMARY) -> Item:
        write = plan(
            "replace",
            item_id="tea",
            text=name,
            current=over,
            region=region,
            epoch=1 if region == PRIMARY else 2,
            write_id=name,
            now=name,
        )
        self.entries[name] = write
        return write.new

    def line(self, names: str, over: Item | None = None, region: str = PRIMARY) -> list[Item]:
        items: list[Item] = []
        for name in names:
            over = self.write(name, over, region)
            items.append(over)
        return items

    def link(self, item: Item) -> Write | None:
        return self.entries.get(item.write_id)


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_a_write_is_kept_while_the_item_was_made_over_it(chain: Chain) -> None:
    a, b, c = chain.line("abc")
    for asked in (a, b, c):
        assert judge(asked, c, chain.link).verdict == "kept"


def test_a_write_beside_which_another_was_made_is_lost(chain: Chain) -> None:
    a, b, c = chain.line("abc")
    (x,) = chain.line("x", over=a, region=SECONDARY)
    assert judge(a, x, chain.link).verdict == "kept"
    for asked in (b, c):
        found = judge(asked, x, chain.link)
        assert found.verdict == "lost"
        assert f"version {x.version}, written in {SECONDARY}" in found.detail


def test_a_lost_write_stays_lost_under_whatever_is_written_later(chain: Chain) -> None:
    a, b = chain.line("ab")
    *_, last = chain.line("xyz", over=a, region=SECONDARY)
    assert judge(b, last, chain.link).verdict == "lost"


def test_a_write_that_is_ahead_of_the_item_has_yet_to_arrive(chain: Chain) -> None:
    a, _, c = chain.line("abc")
    assert judge(c, a, chain.link).verdict == "pending"
    assert judge(c, None, chain.link).verdict == "pending"


def test_a_tombstone_is_a_version_like_any_other(chain: Chain) -> None:
    (a,) = chain.line("a")
    gone = plan(
        "delete",
        item_id="tea",
        text="",
        current=a,
        region=PRIMARY,
        epoch=1,
        write_id="gone",
        now="-",
    )
    chain.entries["gone"] = gone
    assert judge(a, gone.new, chain.link).verdict == "kept"


def test_a_missing_link_is_told_and_not_guessed(chain: Chain) -> None:
    a, _, c = chain.line("abc")
    del chain.entries["b"]
    found = judge(a, c, chain.link)
    assert found.verdict == "unknown"
    assert found.detail == f"The journal has no entry of {PRIMARY}, epoch 1, b."
    assert judge(c, a, chain.link).verdict == "unknown"


def test_a_walk_has_an_end(chain: Chain) -> None:
    items = [None, *chain.line([str(n) for n in range(LONGEST_WALK + 2)])]  # type: ignore[arg-type]
    first, last = items[1], items[-1]
    assert first
    assert judge(first, last, chain.link).verdict == "unknown"
    assert judge(first, items[-2], chain.link).verdict == "kept"


def test_an_overwritten_version_takes_along_those_that_were_made_for_it(chain: Chain) -> None:
    (a,) = chain.line("a")
    *_, z = chain.line("xyz", over=a, region=SECONDARY)
    (b,) = chain.line("b", over=a)
    assert [w.new.write_id for w in overwritten(z, b, chain.link)] == ["z", "y", "x"]
    assert overwritten(a, b, chain.link) == []
    assert overwritten(None, b, chain.link) == []


def test_what_is_not_known_to_be_lost_is_not_called_lost(chain: Chain) -> None:
    (a,) = chain.line("a")
    *_, z = chain.line("xyz", over=a, region=SECONDARY)
    (b,) = chain.line("b", over=a)
    del chain.entries["y"]
    assert [w.new.write_id for w in overwritten(z, b, chain.link)] == []


def test_against_an_item_that_cannot_be_read_nothing_is_known(chain: Chain) -> None:
    (written,) = chain.line("a")
    assert judge(written, unreadable_item("tea"), chain.link).verdict == "unknown"
