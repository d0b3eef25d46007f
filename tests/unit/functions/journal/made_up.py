"""Items of an application's table, and versions of them, made up."""

from __future__ import annotations

from pilot_light_client.journal import Ref, Version
from pilotlight.shared.app_tables import AppTables

from tests.unit.functions.fakes import ITEMS, PRIMARY

TABLES = AppTables.parse([f"{ITEMS}:pk/sk"])


def ref(name: str, table: str = ITEMS) -> Ref:
    """Return the item of a name."""
    return Ref.of(table, {"pk": {"S": "I#0"}, "sk": {"S": name}})


def version(number: int, write_id: str, region: str = PRIMARY, epoch: int = 1) -> Version:
    """Return a version of an item that the Primary made in the first epoch."""
    return Version(number, write_id, region, epoch)
