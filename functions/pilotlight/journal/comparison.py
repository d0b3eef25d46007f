"""The comparison of two journals: whether one Region holds what was acknowledged in another.

Global tables replicate the partitions of a table on their own, in no order. So nothing that has
arrived speaks for anything else, and only what was compared counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ulid import ULID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LOWEST, HIGHEST = "0" * 26, "7" + "Z" * 25
# Younger entries may have neighbours that are still to come: writes are under way, clocks differ.
MARGIN_MS = 60_000
NAMED = 5


@dataclass(frozen=True)
class Version:
    """Which of an item's versions, and who wrote it."""

    number: int
    write_id: str


@dataclass(frozen=True)
class Mark:
    """Up to which write id two journals were compared, and how many entries that were."""

    write_id: str
    compared: int


@dataclass(frozen=True)
class Entry:
    """A journal entry: which write made which version of which item."""

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

    def told(self, source: str, target: str) -> str:
        """Say what differs: how many, and the first few by name."""
        parts = (
            (self.missing, f"{target} lacks {{}} writes of {source}"),
            (self.unknown, f"{target} holds {{}} writes that {source} does not know"),
            (self.behind, f"{target} is behind with {{}} items"),
        )
        return "; ".join(f"{say.format(len(ids))} ({_few(ids)})" for ids, say in parts if ids)


def lower_bound(moment: int) -> str:
    """Return the lowest write id of a moment, in milliseconds since 1970."""
    return str(ULID.from_bytes(max(moment, 0).to_bytes(6, "big") + bytes(10)))


def following(write_id: str) -> str:
    """Return the lowest key above a write id, and below every other that is higher."""
    return write_id + "0"


def span(pages: Sequence[Page], after: str, until: str) -> Span:
    """Join the first pages of all shards to what is complete: up to where the first one stopped."""
    stops = [p.stopped_at for p in pages if p.stopped_at is not None]
    end = min([*stops, until])
    entries = sorted(
        (e for p in pages for e in p.entries if after < e.write_id <= end),
        key=lambda e: e.write_id,
    )
    return Span(tuple(entries), end, last=not stops)


def newest(entries: Iterable[Entry]) -> dict[str, Version]:
    """Return the highest version of each item that a journal tells of."""
    found: dict[str, Version] = {}
    for entry in entries:
        if entry.item_id not in found or found[entry.item_id].number < entry.version:
            found[entry.item_id] = Version(entry.version, entry.write_id)
    return found


def higher(told: Mapping[str, Version], held: Mapping[str, Version]) -> dict[str, Version]:
    """Return, of each item that is told of, the version told or the one held, if that is higher."""
    return {
        item_id: held[item_id]
        if item_id in held and held[item_id].number >= version.number
        else version
        for item_id, version in told.items()
    }


def compare(
    source: Iterable[Entry],
    target: Iterable[Entry],
    wanted: Mapping[str, Version],
    held: Mapping[str, Version],
) -> Comparison:
    """Compare the same span of a journal as two Regions hold it, and the items it tells of.

    Parameters
    ----------
    source, target
        The entries, in any order.
    wanted
        The version of each item that the target must hold, or a later one.
    held
        The version that it does hold. The same number by another writer is another item.
    """
    ours, theirs = set(source), set(target)
    behind = (
        item_id
        for item_id, version in wanted.items()
        if (found := held.get(item_id)) != version
        and (found is None or found.number <= version.number)
    )
    return Comparison(
        missing=tuple(sorted(e.write_id for e in ours - theirs)),
        unknown=tuple(sorted(e.write_id for e in theirs - ours)),
        behind=tuple(sorted(behind)),
    )


def _few(ids: Sequence[str]) -> str:
    return ", ".join(ids[:NAMED]) + (", ..." if len(ids) > NAMED else "")
