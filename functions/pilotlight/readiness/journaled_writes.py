"""Whether the latest writes of an application are in its journal, as its tables' streams show them.

A stream has every change of a table for a day, by any code.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pilot_light_client import timestamps
from pilot_light_client.attributes import AttributeInvalid
from pilot_light_client.journal import MARK, version_of

from pilotlight.readiness.verdict import Outcome, outcome
from pilotlight.shared import contract

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from pilot_light_client.attributes import Row
    from pilot_light_client.journal import Ref, Version

# An item may be replicated before its entry, in no order. From then on the entry has to be there.
SETTLED = timedelta(seconds=60)
NAMED = 3
REMEDY = (
    "Write the item and its journal entry in one transaction (docs/journal.md), or declare level "
    "1. If these writes are older than level 2 itself, rehearse again a day later: a stream keeps "
    "them that long."
)


@dataclass(frozen=True)
class Change:
    """A change of an item, with its row after and before it. A removed item has no row after it."""

    ref: Ref
    at: datetime
    new: Row | None
    old: Row | None


@dataclass(frozen=True)
class Authority:
    """The Region that writes now, in its epoch, and the time of the judgement."""

    region: str
    epoch: int
    now: datetime

    def requires_entry(self, change: Change, version: Version) -> bool:
        """Return whether the entry of a write has to be here.

        Entries of an earlier epoch may be lost with the Region that wrote them.
        """
        current = (version.region, version.epoch) == (self.region, self.epoch)
        return current and self.now - change.at >= SETTLED


def version_made(change: Change) -> Version | str:
    """Return the version that a change made, or why it was no journaled write."""
    if change.new is None:
        return "was removed without a tombstone"
    try:
        version = version_of(change.new)
    except AttributeInvalid as error:
        return f"has a mark without a valid {error}"
    if version is None:
        return f"was written without the mark {MARK}"
    if change.old is not None and change.old.get(MARK) == change.new.get(MARK):
        return f"was changed, and its mark {MARK} was not"
    return version


def versions_made(changes: Iterable[Change]) -> set[Version]:
    """Return the versions whose entries are to be looked for in the journal."""
    made = (version_made(change) for change in changes)
    return {version for version in made if not isinstance(version, str)}


def judge(
    by_table: Mapping[str, Sequence[Change]],
    entries: Mapping[Version, Ref],
    authority: Authority,
    level: int,
) -> Outcome:
    """Judge the latest changes of each table.

    Parameters
    ----------
    entries
        Those of the versions that are in the journal here, each with the item that it names.
    """
    accounts = {
        table: [(change, _fault(change, entries, authority)) for change in changes]
        for table, changes in sorted(by_table.items())
    }
    detail = "; ".join(_in_words(table, of, entries) for table, of in accounts.items())
    if any(fault for judged in accounts.values() for _, fault in judged):
        declared = contract.in_words(level)
        return outcome(False, f"{detail}. The declared {declared}, is not met. {REMEDY}")
    if not any(accounts.values()):
        return outcome(True, f"{detail}. That the application keeps its journal is not shown")
    return outcome(True, detail)


def _fault(change: Change, entries: Mapping[Version, Ref], authority: Authority) -> str:
    """Return why a change is no journaled write, or nothing."""
    version = version_made(change)
    if isinstance(version, str):
        return version
    named = entries.get(version)
    if named is None:
        if not authority.requires_entry(change, version):
            return ""
        return f"has the mark of the write {version.write_id}, which the journal here does not have"
    if named != change.ref:
        return f"has the mark of the write {version.write_id}, which the journal has for {named}"
    return ""


def _in_words(
    table: str, judged: Sequence[tuple[Change, str]], entries: Mapping[Version, Ref]
) -> str:
    if not judged:
        return f"{table}: no write was seen in its stream here"
    faults = [(change, fault) for change, fault in judged if fault]
    if faults:
        faults.sort(key=lambda found: found[0].at, reverse=True)
        named = ", ".join(
            f"{change.ref} at {timestamps.text(change.at)} {fault}"
            for change, fault in faults[:NAMED]
        )
        more = f", and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
        return f"{table}: {len(faults)} of {len(judged)} writes are not journaled: {named}{more}"
    found = sum(version_made(change) in entries for change, _ in judged)
    newest = timestamps.text(max(change.at for change, _ in judged))
    return (
        f"{table}: {len(judged)} writes were looked at in its stream here, the newest of {newest}; "
        f"all carry the mark of a journaled write, and {found} have their entry in the journal here"
    )
