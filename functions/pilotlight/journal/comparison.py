"""The comparison of two journals: whether one Region holds what was acknowledged in another.

Global tables replicate each partition of a table separately, in no order. An entry that arrived
says nothing about others, so only what was compared counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pilot_light_client.journal import Ref, Version

# Below and above every sort key, ULID or not: a row that is not as we wrote it is compared too.
LOWEST, HIGHEST = "\x00", "\U0010ffff"
# Entries with lower ids may still come beside younger ones: writes are in flight, clocks differ.
MARGIN_MS = 60_000
NAMED = 5


@dataclass(frozen=True)
class Mark:
    """The write id up to which two journals were compared, and the number of entries compared.

    `unreadable` is how many rows of entries and items were not as we wrote them. `uncompared_since`
    is since when entries may have expired before they were compared; empty if none may.
    """

    write_id: str
    compared: int
    unreadable: int = 0
    uncompared_since: str = ""


@dataclass(frozen=True)
class Entry:
    """A journal entry: the write, its item, and the version that it made.

    Without item and version its row is not as we wrote it.
    """

    write_id: str
    item: Ref | None
    version: Version | None


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


def newest(entries: Iterable[Entry]) -> dict[Ref, Version]:
    """Return the highest version of each item in journal entries."""
    versions: dict[Ref, Version] = {}
    for entry in entries:
        if entry.item is None or entry.version is None:
            continue
        if entry.item not in versions or versions[entry.item].number < entry.version.number:
            versions[entry.item] = entry.version
    return versions


def higher(journal: Mapping[Ref, Version], items: Mapping[Ref, Version]) -> dict[Ref, Version]:
    """Return the version of each item in a journal, or that of the item if it is not lower."""
    return {
        item: max(items.get(item, version), version, key=lambda v: v.number)
        for item, version in journal.items()
    }


def compare(
    source: Iterable[Entry],
    target: Iterable[Entry],
    expected: Mapping[Ref, Version],
    actual: Mapping[Ref, Version],
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
        str(item)
        for item, version in expected.items()
        if (there := actual.get(item)) != version
        and (there is None or 0 < there.number <= version.number)
    )
    return Comparison(
        missing=tuple(sorted(e.write_id for e in ours - theirs)),
        unknown=tuple(sorted(e.write_id for e in theirs - ours)),
        behind=tuple(sorted(behind)),
    )


def _few(ids: Sequence[str]) -> str:
    return ", ".join(ids[:NAMED]) + (", ..." if len(ids) > NAMED else "")
