"""The clocks of an execution environment: off, fast or slow, put back, or standing still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilot_light_client.fence import Stamp

if TYPE_CHECKING:
    from tests.protocol.world import World


@dataclass(frozen=True)
class TrueStamp(Stamp):
    """A moment as an environment sees it, and as it is."""

    true: float = 0.0


class Clocks:
    """A wall clock and a boot-time clock, as far off the true time as they are let to be."""

    def __init__(self, world: World, *, offset: float, wall_rate: float, boot_rate: float) -> None:
        self._world = world
        self._offset, self._wall_rate, self._boot_rate = offset, wall_rate, boot_rate
        self._begun = world.now
        self._boot = world.now - world.rng.uniform(5, 5000)

    def wall(self) -> float:
        passed = self._world.now - self._begun
        return self._begun + passed * self._wall_rate + self._offset

    def stamp(self, request: float | None = None) -> TrueStamp:
        true = self._world.now
        boot = (true - self._boot) * self._boot_rate
        return TrueStamp(self.wall(), boot, request, true)

    def milliseconds(self) -> int:
        return int(self.wall() * 1000)

    def stand(self, seconds: float, *, wall: bool, boot: bool) -> None:
        """Leave out a time that has passed: the environment was frozen, and so were its clocks."""
        if wall:
            self._offset -= seconds * self._wall_rate
        if boot:
            self._boot += seconds

    def put_back(self, seconds: float) -> None:
        """Set the wall clock back."""
        self._offset -= seconds
