"""Warms what is to be warmed in a Region: functions by pings, and beside them paths by requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pilot_light_client import http

from pilotlight.shared.aws_clients import MAX_IN_FLIGHT
from pilotlight.warming.paths import Requested, counted, is_path
from pilotlight.warming.pings import warm
from pilotlight.warming.waves import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_lambda import LambdaClient

# As long as a ping may take.
SECONDS = 4.0
# So that an application's log tells these requests from its users'.
HEADERS = {"User-Agent": "pilot-light-warming"}


def warm_all(
    client: LambdaClient,
    host: str,
    targets: Sequence[str],
    requested: int,
    until: datetime,
    show: int,
) -> dict[str, Any]:
    """Warm functions and paths side by side, and return the sums. Nothing begins after `until`.

    Parameters
    ----------
    host
        The Region's own name, at which paths are requested.
    requested
        How many environments each function is to have, and requests each path gets.
    """
    functions = [t for t in targets if not is_path(t)]
    paths = [t for t in targets if is_path(t)]
    with ThreadPoolExecutor(1) as beside:
        answered = beside.submit(request_paths, host, paths, requested, until)
        warmed = warm(client, functions, requested, until)
        return summary(warmed, show, answered.result())


def request_paths(
    host: str, paths: Sequence[str], requested: int, until: datetime
) -> list[Requested]:
    """Request each path so many times at once."""
    with ThreadPoolExecutor(MAX_IN_FLIGHT) as pool:
        sent = {
            path: [pool.submit(_status, f"https://{host}{path}", until) for _ in range(requested)]
            for path in paths
        }
        return [counted(path, [s.result() for s in all_sent]) for path, all_sent in sent.items()]


def _status(url: str, until: datetime) -> int | str:
    if datetime.now(UTC) >= until:
        return "There was no time left to request it."
    try:
        return http.request("GET", url, timeout=SECONDS, headers=HEADERS).status
    except http.Unreachable as error:
        return str(error)
