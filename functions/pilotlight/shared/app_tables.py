"""The application's tables, as its contract declares them: `orders:customer/order=N,items:pk`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import is_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilot_light_client.journal import Ref

NAME = r"[A-Za-z0-9_.-]{3,255}"
KEY = r"[A-Za-z0-9_.-]{1,255}(=[SN])?"
# Bytes of a sort key. `is_key` bounds those of a partition key.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LONGEST_SORT_KEY = 1024
TABLE = re.compile(f"({NAME}):({KEY}(/{KEY})?)")


@dataclass(frozen=True)
class AppTable:
    """A table of the application, and its key: from an attribute's name to S or N."""

    name: str
    key: Mapping[str, str]

    def holds(self, ref: Ref) -> bool:
        """Return whether an item's key is one of this table, and DynamoDB takes it."""
        attributes = ref.attributes
        kinds = {name: next(iter(value)) for name, value in attributes.items()}
        if not is_key(attributes) or kinds != dict(self.key):
            return False
        _, *sort_key = (attributes[name][kind] for name, kind in self.key.items())
        return all(len(v.encode(errors="surrogatepass")) <= LONGEST_SORT_KEY for v in sort_key)

    @property
    def takes_canaries(self) -> bool:
        """Whether a partition can have a name that none of the application's has."""
        return next(iter(self.key.values())) == "S"

    def canary_key(self, text: str) -> dict[str, Any]:
        """Return the key of a canary of this name; the key 0 where no canary is possible."""
        return {name: {kind: text if kind == "S" else "0"} for name, kind in self.key.items()}


class AppTables:
    """The tables by their names. What an entry of the journal names must be one of them."""

    def __init__(self, tables: Mapping[str, AppTable]) -> None:
        self._tables = tables

    @classmethod
    def parse(cls, declared: list[str]) -> AppTables:
        """Read the declaration.

        Raises
        ------
        ValueError
            A part of it is no table with its key.
        """
        return cls({table.name: table for table in map(_table, declared)})

    def holds(self, ref: Ref) -> bool:
        """Return whether an item can be in one of the tables."""
        table = self._tables.get(ref.table)
        return table is not None and bool(ref.key) and table.holds(ref)

    def __iter__(self) -> Any:
        """Iterate over the tables, in the order of their names."""
        return iter(sorted(self._tables.values(), key=lambda table: table.name))


def _table(text: str) -> AppTable:
    match = TABLE.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is no table with its key. Write table:hash or table:hash/range, "
            "and =N behind a key that is a number."
        )
    parts = (part.partition("=") for part in match[2].split("/"))
    return AppTable(match[1], {name: kind or "S" for name, _, kind in parts})
