"""The machine of provisioned concurrency: the failure of each of its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.failures import faults
from tests.failures.case import Case, Ended

if TYPE_CHECKING:
    from tests.failures.pair import Pair

GONE = "Lambda.ResourceNotFoundException"
READY = Ended("SUCCEEDED", "ready", told=("capacity_ready",), lock=None, serves=None)
RELEASED = Ended("SUCCEEDED", "released", told=("capacity_released",), lock=None, serves=None)
FAILED = Ended("FAILED", "CapacityFailed", told=("capacity_failed",), lock=None, serves=None)


def request(_pair: Pair) -> dict[str, Any]:
    return {"action": "request", "reason": "a task is made to fail"}


def nonsense(_pair: Pair) -> dict[str, Any]:
    return {"action": "nonsense"}


def release_of_some(pair: Pair) -> dict[str, Any]:
    for function in ("app", "switch"):
        pair.lab.client("lambda").put_provisioned_concurrency_config(
            FunctionName=f"{pair.lab.app}-{function}",
            Qualifier="live",
            ProvisionedConcurrentExecutions=1,
        )
    return {"action": "release", "reason": "a task is made to fail"}


# The permission is missing for one of the two functions.
CASES = (
    Case(
        "PutCapacity",
        request,
        FAILED.but(says="app: REFUSED", told_why="switch: READY"),
        throughout=True,
    ),
    Case(
        "ReadCapacity",
        request,
        FAILED.but(says="app: UNKNOWN", told_why="switch: READY"),
        throughout=True,
    ),
    Case(
        "DeleteCapacity",
        release_of_some,
        FAILED.but(says="app: KEPT", told_why="switch: RELEASED"),
        throughout=True,
    ),
    Case(
        "DeleteCapacity",
        release_of_some,
        RELEASED.but(says="there was none"),
        catches=GONE,
        by=faults.the_alias_is_gone,
    ),
    Case("NotifyReady", request, READY.but(told=(), says='"notified": false')),
    Case("NotifyReleased", release_of_some, RELEASED.but(told=(), says='"notified": false')),
    Case("NotifyFailure", nonsense, FAILED.but(end="InvalidExecutionInput", told=())),
)
OUTCOMES = {
    "an action that nobody knows": Case(
        "", nonsense, FAILED.but(end="InvalidExecutionInput"), by_itself=True
    ),
}
