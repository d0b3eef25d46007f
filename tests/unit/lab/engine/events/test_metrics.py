"""Metrics that functions write as log lines become CloudWatch's, unless their Region is lost."""

from __future__ import annotations

import json
import queue
from typing import Any

import pytest

from lab.engine.events import metrics
from lab.engine.events.metrics import Point, points
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, Anything, FakeAws

AT = 1_769_860_805_000


def line(**changes: Any) -> str:
    directive = {
        "Namespace": "PilotLight",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "PrimaryUnhealthy", "Unit": "Count", "StorageResolution": 1}],
    }
    head = {"Timestamp": AT, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": head, "service": "sentinel", "PrimaryUnhealthy": [1.0], **changes})


def test_a_line_is_a_point_at_its_own_time() -> None:
    expected = Point(
        "PilotLight", "PrimaryUnhealthy", {"service": "sentinel"}, AT / 1000, 1.0, "Count"
    )
    assert list(points(line())) == [expected]
    assert list(points(line(PrimaryUnhealthy=1))) == [expected], "a value need not be a list"


def test_each_value_is_a_point() -> None:
    assert [p.value for p in points(line(PrimaryUnhealthy=[0, 1, 1]))] == [0, 1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text",
        '{"level": "INFO", "message": "_aws"}',
        '{"_aws": ',
        '{"_aws": {}}',
        '{"_aws": null, "x": "\\"_aws\\""}',
        line(PrimaryUnhealthy="many"),
        '["_aws"]',
    ],
)
def test_a_line_that_is_no_metric_makes_none_and_harms_nothing(text: str) -> None:
    assert list(points(text)) == []


class World:
    """Workers of MiniStack, and a CloudWatch for each Region."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self.stored: dict[tuple[str, Any], list[dict[str, Any]]] = {}
        worker = type("Worker", (), {})
        cloudwatch = Anything(
            _dims_key=lambda dims: str(sorted(dims.items())),
            _metric_bucket=lambda key: self.stored.setdefault((self.aws.region(), key), []),
        )
        self.aws = FakeAws(cloudwatch=cloudwatch, lambda_runtime=Anything(Worker=worker))
        metrics.install(self.aws, lambda region: region not in self.lost)

    def writes(self, region: str, *lines: str) -> list[str]:
        """Let a worker write lines, and return what MiniStack then has as its log."""
        worker = self.aws.lambda_runtime.Worker()
        worker._proc = Anything(stderr=[f"{text}\n" for text in lines])
        worker._stderr_queue = queue.Queue()
        worker.config = {"FunctionArn": f"arn:aws:lambda:{region}:000000000000:function:f"}
        worker._read_stderr()
        return list(worker._stderr_queue.queue)

    def values(self, region: str) -> list[float]:
        return [p["Value"] for (r, _), ps in self.stored.items() if r == region for p in ps]


def test_a_metric_is_of_the_function_s_region() -> None:
    world = World()
    world.writes(SECONDARY, line())
    assert world.values(SECONDARY) == [1.0]
    assert world.values(PRIMARY) == []


def test_a_lost_region_has_no_new_metrics() -> None:
    world = World()
    world.lost.add(SECONDARY)
    world.writes(SECONDARY, line())
    assert world.values(SECONDARY) == []


def test_all_lines_stay_logs() -> None:
    assert World().writes(PRIMARY, "a", line(), "b") == ["a", line(), "b"]


def test_old_points_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_POINTS", 3)
    world = World()
    world.writes(PRIMARY, *(line(PrimaryUnhealthy=n) for n in range(9)))
    assert world.values(PRIMARY) == [6, 7, 8]
