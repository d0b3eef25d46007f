"""What signs of life cost: the active Region's heartbeats, and its pulse in the control table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost.functions import write_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.bill import Line
    from cost.standing import Deployment


def numbers(deployment: Deployment) -> dict[str, float]:
    """Return how many items each table gets in a month, whoever writes them.

    A passive Region's one heartbeat a minute is counted with the function that writes it.
    """
    usage = deployment.usage
    primary = next(s for s in deployment.stacks if s.role == "Primary")
    every = float(primary.parameters["HeartbeatSeconds"])
    return {
        "ItemsTable": usage.assumed("heartbeat_keys") * usage.month_seconds / every,
        "ControlTable": usage.month_seconds / usage.assumed("pulse_seconds"),
    }


def lines(deployment: Deployment) -> Iterable[Line]:
    """Return the writes, in each Region that holds them. A witness bills none."""
    for table, number in numbers(deployment).items():
        yield from write_lines(table, number, "signs of life", deployment)
