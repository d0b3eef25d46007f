"""A lab for one command: engine, stacks, and its end."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab import deployment, ignored, process
from lab.config import LabError
from lab.control import Control
from lab.drill.watching import Watch, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.config import LabConfig
    from lab.progress import Progress

STEADY_SECONDS = 120.0


@contextmanager
def own_lab(
    config: LabConfig, progress: Progress, *parameters: str, keep: bool = False
) -> Iterator[Control]:
    """Start a lab with every stack deployed, and end it afterwards, unless `keep` is set.

    After an error it is ended in any case.
    """
    with progress.step("Engine: a laptop AWS with two Regions. Beside its start, sam build"):
        # Two busy cores deploy several times faster while the checkers take their time.
        slow = config.with_options(speed=1.0)
        engine = process.start(slow, owned=not keep, meanwhile=deployment.build)
    try:
        deployment.deploy(config, progress, *parameters)
        ignored.report(progress)
        lab = Control(config)
        lab.act("speed", factor=config.speed)
        yield lab
    except BaseException as error:
        engine.stop(error)
        raise
    if not keep:
        engine.stop()


def settle(config: LabConfig, lab: Control, progress: Progress) -> None:
    """Wait for quiet times.

    Raises
    ------
    LabError
        They did not come.
    """
    watch = Watch(config, lab)

    def quiet() -> bool:
        """Return whether all is well and no run, such as one of the deployment, is under way."""
        healthy = all(c["healthy"] for c in lab.act("health"))
        return healthy and all(e.ended for e in watch.executions(0.0))

    with progress.step("Healthy checks, and a heartbeat of each Region"):
        if not within(STEADY_SECONDS, quiet):
            raise LabError("The lab did not settle. See .lab/last/engine.log.")
        time.sleep(heartbeat_wait(config.speed))


def heartbeat_wait(speed: float) -> float:
    """Return the seconds in which each Region's schedule has written a heartbeat once."""
    return 60 / speed + 1
