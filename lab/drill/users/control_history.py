"""Strong reads of the control item, all through a drill, from both Regions of the pair."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lab.control import Control as Lab
from lab.drill.observations import ControlRead
from lab.drill.users.background import Background
from lab.drill.watching import read_control

if TYPE_CHECKING:
    from lab.config import LabConfig

EVERY_SECONDS, PATIENCE_SECONDS = 0.2, 1.0


class ControlHistory(Background):
    """Reads on a thread for each Region, until it is stopped. A silent table is waited for 1 s."""

    def __init__(self, config: LabConfig) -> None:
        self.reads: list[ControlRead] = []
        self._config = config
        lab = Lab(config, patience=PATIENCE_SECONDS, attempts=1)
        pair = (config.primary_region, config.secondary_region)
        super().__init__(*(partial(self._repeat, lab.client("dynamodb", r), r) for r in pair))

    def _repeat(self, dynamodb: Any, region: str) -> None:
        while not self.stopped.wait(EVERY_SECONDS):
            sent = time.time()
            try:
                item = read_control(dynamodb, self._config)
            except (BotoCoreError, ClientError, KeyError):
                item = None
            self.reads.append(ControlRead(sent, time.time(), region, item))
