"""The comparison of two journals: whether one Region holds what was acknowledged in another.

Global tables replicate each partition of a table separately, in no order. An entry that arrived
says nothing about others, so only what was compared counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ulid import ULID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

# Below and above every sort key, ULID or not: a row that is not as we wrote it is compared too.
LOWEST, HIGHEST = "\x00", "\U0010ffff"
# Entries with lower ids may still come beside younger ones: writes are in flight, clocks differ.
MARGIN_MS = 60_000
NAMED = 5
# The item id of an entry whose row is not as we wrote it.
UNREADABLE = ""


@dataclass(frozen=True)
class Version:
    """A version of an item: its number, and the write that made it. Number 0 is unreadable."""

    number: int
    write_id: str


@dataclass(frozen=True)
class Mark:
    """The write id up to which two journals were compared, and the number of entries compared.

    `unreadable` is how many rows of entries and items were not as we wrote them.
    """

    write_id: str
    compared: int
    unreadable: int = 0


@dataclass(frozen=True)
class Entry:
    """A journal entry: the write, its item, and the version that it made."""

    write_id: str
    item_id: str
    version: int


@dataclass(frozen=True)
class Page:
    """The first entries of one shard in a span, and where reading stopped before the span's end."""

    entries: tuple[Entry, ...]
    stopped_at: str | None = None


@dataclass(frozen=True)
class Span:
    """All entries of a journal up to a write id."""

    entries: tuple[Entry, ...]
    until: str
    last: bool


@dataclass(frozen=True)
class Comparison:
    """What differs: entries that only one has, and items that are older in the target."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    behind: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.unknown or self.behind)

    def describe(self, source: str, target: str) -> str:
        """Return what differs: how many, and the first few by name."""
        parts = (
            (self.missing, f"{{}} writes of {source} are missing in {target}"),
            (self.unknown, f"{target} holds {{}} writes that {source} does not know"),
            (self.behind, f"{target} is behind with {{}} items"),
        )
        return "; ".join(f"{text.format(len(ids))} ({_few(ids)})" for ids, text in parts if ids)


def lower_bound(moment: int) -> str:
    """Return the lowest write id of a moment, in milliseconds since 1970."""
    return str(ULID.from_bytes(max(moment, 0).to_bytes(6, "big") + bytes(10)))


def moment_of(write_id: str) -> datetime | None:
    """Return the moment of a write id, or None for anything else: a row may have any key."""
    try:
        return ULID.from_str(write_id).datetime
    except ValueError:
        return None


def key_after(write_id: str) -> str:
    """Return the lowest key above a write id, and below every other that is higher."""
    return write_id + "0"


def span(pages: Sequence[Page], after: str, until: str) -> Span:
    """Join the first pages of all shards, up to the write id where the first of them stopped."""
    stops = [p.stopped_at for p in pages if p.stopped_at is not None]
    end = min([*stops, until])
    entries = sorted(
        (e for p in pages for e in p.entries if after < e.write_id <= end),
        key=lambda e: e.write_id,
    )
    return Span(tuple(entries), end, last=not stops)


def newest(entries: Iterable[Entry]) -> dict[str, Version]:
    """Return the highest version of each item in journal entries."""
    versions: dict[str, Version] = {}
    for entry in (e for e in entries if e.item_id != UNREADABLE):
        if entry.item_id not in versions or versions[entry.item_id].number < entry.version:
            versions[entry.item_id] = Version(entry.version, entry.write_id)
    return versions


def higher(journal: Mapping[str, Version], items: Mapping[str, Version]) -> dict[str, Version]:
    """Return the version of each item in a journal, or that of the item if it is not lower."""
    return {
        item_id: max(items.get(item_id, version), version, key=lambda v: v.number)
        for item_id, version in journal.items()
    }


def compare(
    source: Iterable[Entry],
    target: Iterable[Entry],
    expected: Mapping[str, Version],
    actual: Mapping[str, Version],
) -> Comparison:
    """Compare the same span of a journal in two Regions, and the items that it changed.

    Parameters
    ----------
    source, target
        The entries, in any order.
    expected
        The version of each item that the target must hold, or a later one.
    actual
        The version that it holds. The same number by another writer is another item. An unreadable
        one is neither equal nor behind.
    """
    ours, theirs = set(source), set(target)
    behind = (
        item_id
        for item_id, version in expected.items()
        if (there := actual.get(item_id)) != version
        and (there is None or 0 < there.number <= version.number)
    )
    return Comparison(
        missing=tuple(sorted(e.write_id for e in ours - theirs)),
        unknown=tuple(sorted(e.write_id for e in theirs - ours)),
        behind=tuple(sorted(behind)),
    )


def _few(ids: Sequence[str]) -> str:
    return ", ".join(ids[:NAMED]) + (", ..." if len(ids) > NAMED else "")
