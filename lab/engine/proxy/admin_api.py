"""The control of a lab, under /_lab/: lose and heal Regions, set the speed, see what happened."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lab.engine.outages import named_outages
from lab.engine.outages.losses import MODES, STYLES, Loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.engine.aws import Aws
    from lab.engine.deployments import Deployments
    from lab.engine.dns.route53 import Route53
    from lab.engine.journal import Journal
    from lab.engine.lambda_workers.cold_starts import ColdStarts
    from lab.engine.outages.losses import Style
    from lab.engine.outages.outage import Outage
    from lab.engine.replication import Replication
    from lab.engine.step_functions.breakpoints import Breakpoints
    from lab.engine.strong_tables.tables import StrongTables


class AdminApi:
    """Actions by name. Each takes keyword arguments and returns what JSON can hold."""

    def __init__(
        self,
        aws: Aws,
        outage: Outage,
        route53: Route53,
        replication: Replication,
        calls: Journal,
        refusals: Journal,
        journal: Journal,
        breakpoints: Breakpoints,
        strong: StrongTables,
        cold_starts: ColdStarts,
        deployments: Deployments,
    ) -> None:
        self._aws = aws
        self._outage = outage
        self._route53 = route53
        self._replication = replication
        self._journal = journal
        self.actions: dict[str, Callable[..., Any]] = {
            "state": self._state,
            "outage": self._outage_begins,
            "lose": self._lose,
            "heal": self._heal,
            "speed": self._speed,
            "pause": self._pause,
            "replication": replication.status,
            "quorum": strong.status,
            "health": route53.status,
            "transitions": journal.since,
            "calls": calls.since,
            "refusals": refusals.since,
            "halt": breakpoints.at,
            "halted": breakpoints.halted,
            "go": breakpoints.go,
            "cold_starts": cold_starts.switch,
            "deployments": deployments.set,
            "dns": self._dns,
        }

    def _known(self, region: str) -> str:
        config = self._aws.config
        regions = dict.fromkeys((*config.regions, config.witness_region))
        if region not in regions:
            names = ", ".join(regions)
            raise ValueError(f"There is no Region {region!r} in this lab. It has {names}.")
        return region

    def _state(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "speed": self._aws.clock.speed,
            "lost": {
                region: {**asdict(loss), "services": sorted(loss.services)}
                for region, loss in self._outage.lost.items()
            },
            "outages": list(self._outage.named),
            "cut_off": [sorted(pair) for pair in self._outage.cuts],
            "stalled_seconds": round(self._outage.stalled_for(), 3),
            "refused": dict(self._outage.refused),
            "swallowed": dict(self._outage.swallowed),
        }

    def _lose(
        self,
        region: str,
        mode: str = "region",
        style: str = "reset",
        services: list[str] | None = None,
    ) -> dict[str, Any]:
        if mode not in MODES or style not in STYLES:
            raise ValueError(f"mode is one of {', '.join(MODES)}; style of {', '.join(STYLES)}.")
        loss = Loss(mode, style, frozenset(services or ()))
        self._outage.lose(self._known(region), loss)
        self._journal.note(f"Region {region}", "lost")
        return self._state()

    def _outage_begins(
        self, mode: str, region: str | None = None, style: Style | None = None
    ) -> dict[str, Any]:
        config = self._aws.config
        named_outages.begin(
            self._outage,
            mode,
            pair=(config.primary_region, config.secondary_region),
            region=self._known(region or config.primary_region),
            witness=config.witness_region,
            style=style,
            speed=self._aws.clock.speed,
        )
        self._journal.note(f"outage {mode}", "began")
        return self._state()

    def _heal(self) -> dict[str, Any]:
        """End everything that was begun."""
        for name in self._outage.named:
            self._journal.note(f"outage {name}", "ended")
        self._outage.heal()
        return self._state()

    def _speed(self, factor: float) -> dict[str, Any]:
        if not 0.1 <= float(factor) <= 100:
            raise ValueError("The speed factor is a number from 0.1 to 100.")
        self._aws.clock.speed = float(factor)
        return self._state()

    def _pause(self, src: str, dst: str, on: bool = True) -> dict[str, Any]:
        link = (self._known(src), self._known(dst))
        (self._replication.paused.add if on else self._replication.paused.discard)(link)
        return self._replication.status()

    def _dns(self, name: str, type: str = "A") -> list[dict[str, Any]]:
        return [asdict(a) for a in self._route53.lookup(name, type)]
