"""The whole computation: files in, idle month and failover out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cost import ROOT, failover, idle, prices, template, usage

if TYPE_CHECKING:
    from cost.bill import Bill
    from cost.idle import Month
    from cost.settings import Settings

TABLES = Path(__file__).parent


@dataclass(frozen=True)
class Computed:
    """The idle month and one failover under some settings."""

    month: Month
    failover: Bill
    settings: Settings
    root: Path
    tables: Path

    @property
    def total(self) -> float:
        """US dollars of the idle month."""
        return self.month.bill.total

    def instead(self, **changes: object) -> Computed:
        """Compute it again with other settings."""
        return compute(self.settings.changed(**changes), self.root, self.tables)


def compute(settings: Settings, root: Path = ROOT, tables: Path = TABLES) -> Computed:
    """Compute both from the template in `root`, and the price and usage tables.

    Raises
    ------
    CostError
        A setting is wrong, or the template has something that the tables do not know.
    """
    found = idle.compute(
        template.read(settings.parameters, root),
        prices.load(tables / prices.FILE.name),
        usage.load(settings.assumptions, tables / usage.FILE.name),
        settings,
        root,
    )
    one = failover.compute(found.deployment, settings, root)
    return Computed(found, one, settings, root, tables)
