"""Metrics that functions write as log lines, in CloudWatch's Embedded Metric Format (EMF).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

A line counts when it is written, also while its invocation goes on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.engine.aws import Aws

# No alarm looks further back than this many points of the fastest metric.
MOST_POINTS = 5_000


@dataclass(frozen=True)
class Point:
    """One value of one metric in one set of dimensions."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    at: float
    value: float
    unit: str


def points(line: str) -> Iterator[Point]:
    """Read the points of a log line; none where it is not EMF."""
    if '"_aws"' not in line:
        return
    try:
        document = json.loads(line)
        head = document["_aws"]
        for directive in head["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = {name: str(document[name]) for name in names}
                for metric in directive["Metrics"]:
                    values = document[metric["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        yield Point(
                            directive["Namespace"],
                            metric["Name"],
                            dimensions,
                            head["Timestamp"] / 1000,
                            float(value),
                            metric.get("Unit", "None"),
                        )
    except (KeyError, TypeError, ValueError):
        return  # CloudWatch keeps such a line as a log and makes no metric of it.


def install(aws: Aws, runs: Callable[[str], bool]) -> None:
    """Listen to the standard error of every worker, to which its log lines go."""

    def read(self: Any) -> None:
        process, lines = self._proc, self._stderr_queue
        region = self.config["FunctionArn"].split(":")[3]
        try:
            for line in process.stderr:
                lines.put(line.rstrip("\n"))
                if runs(region):
                    for point in points(line):
                        aws.within(region, _record, aws.cloudwatch, point)
        except (OSError, ValueError):
            return  # the worker has ended

    aws.lambda_runtime.Worker._read_stderr = read


def _record(cloudwatch: Any, point: Point) -> None:
    key = (point.namespace, point.name, cloudwatch._dims_key(point.dimensions))
    bucket = cloudwatch._metric_bucket(key)
    bucket.append(
        {
            "Timestamp": point.at,
            "Value": point.value,
            "Unit": point.unit,
            "Dimensions": point.dimensions,
        }
    )
    del bucket[:-MOST_POINTS]
