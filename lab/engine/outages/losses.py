"""What a Region can lose: how much, how it refuses, and whether all the time.

Modes: `region` (everything regional), `global` (for us-east-1: the control planes of the global
services too), `entry` (the HTTP entry only). `services` narrows a loss to the APIs of some
services. Styles: the connection is reset; a 503 is answered; nothing is answered for long; packets
vanish, so that no connection is made; the answer comes at a byte a second.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["region", "global", "entry"]
Style = Literal["reset", "503", "hang", "drop", "trickle"]
MODES: tuple[Mode, ...] = ("region", "global", "entry")
STYLES: tuple[Style, ...] = ("reset", "503", "hang", "drop", "trickle")


@dataclass(frozen=True)
class Loss:
    """How a Region is lost.

    Parameters
    ----------
    flaps
        Seconds for which it is lost, and then is back for twice as many, over and over. None: all
        along.
    late
        Seconds by which the entry's answers are late. Nothing else is lost then.
    every_other
        Whether only every other request of a client at the entry fails. Nothing else is lost then.
    read_only
        Whether only writes of the application's table fail. Nothing else is lost then.
    """

    mode: Mode = "region"
    style: Style = "reset"
    services: frozenset[str] = frozenset()
    flaps: float | None = None
    late: float = 0.0
    every_other: bool = False
    read_only: bool = False
    began: float = field(default_factory=time.time, compare=False)

    def in_force(self, now: float) -> bool:
        """Return whether the loss is in force at a time. A loss that flaps begins lost."""
        return not self.flaps or int((now - self.began) / self.flaps) % 3 == 0

    @property
    def spares_machinery(self) -> bool:
        """Whether code and machinery of the Region go on."""
        return self.mode == "entry" or bool(self.services) or self.spares_entry

    @property
    def spares_entry(self) -> bool:
        """Whether the entry still answers, if late or not always."""
        return bool(self.late) or self.every_other or self.read_only
