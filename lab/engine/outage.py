"""A Region can be lost.

Three doors have to be shut, for only the first is HTTP:

- API calls: the gate in front of MiniStack (gate.py) asks `refusal`.
- What runs inside the process: functions, schedules, rule targets, pollers, alarms (`install`).
- Executions: the interpreter stops at the next state until the Region is back.

Modes of a loss: `region` (everything regional), `global` (for us-east-1: the control planes of the
global services too), `control` (control-plane calls only), `entry` (the HTTP entry only). Route
53's data plane, DNS answers and health checkers, survives them all, as on AWS.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.engine.aws import Aws

Mode = Literal["region", "global", "control", "entry"]
Style = Literal["reset", "503", "hang"]
MODES, STYLES = ("region", "global", "control", "entry"), ("reset", "503", "hang")
# Control planes of global services stand in us-east-1 (AWS Fault Isolation Boundaries).
GLOBAL_SERVICES = {"route53", "iam", "cloudfront", "organizations", "globalaccelerator"}
_SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_CONTROL_PLANE = re.compile(
    r"^(Create|Update|Delete|Put(?!Item|Record|Events|MetricData|Object)|Register|Deregister|Change"
    r"|Tag|Untag|Add|Remove|Attach|Detach|Publish(?!$)|Describe|List(?!Objects))"
)
# Operations of data planes whose names sound like a control plane's.
_DATA_PLANE_CHANGES = {
    "UpdateItem",
    "DeleteItem",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "PublishBatch",
    "PutLogEvents",
}


@dataclass(frozen=True)
class Loss:
    """How a Region is lost."""

    mode: Mode = "region"
    style: Style = "reset"
    services: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Call:
    """What the gate knows of an API call before it is served."""

    key: str
    region: str
    service: str
    operation: str
    bucket: str | None


class Outage:
    """Which Regions are lost, and what that stopped."""

    def __init__(self) -> None:
        self.lost: dict[str, Loss] = {}
        self.home: dict[str, str] = {}
        self.refused: Counter[str] = Counter()
        self.swallowed: Counter[str] = Counter()
        self._healed = threading.Condition()

    def lose(self, region: str, loss: Loss) -> None:
        """Lose a Region."""
        self.lost[region] = loss

    def heal(self, region: str) -> None:
        """Bring a Region back. What waited for it goes on."""
        self.lost.pop(region, None)
        with self._healed:
            self._healed.notify_all()

    def runs(self, region: str) -> bool:
        """Say whether code and machinery in a Region run."""
        loss = self.lost.get(region)
        return loss is None or loss.mode in ("control", "entry") or bool(loss.services)

    def entry_open(self, region: str) -> bool:
        """Say whether a Region's HTTP entry answers."""
        loss = self.lost.get(region)
        return loss is None or (loss.mode != "entry" and self.runs(region))

    def swallow(self, region: str, what: str) -> None:
        """Note what a lost Region did not do."""
        self.swallowed[f"{region} {what}"] += 1

    def wait_until_back(self, region: str, given_up: Callable[[], bool] = lambda: False) -> None:
        """Freeze the calling thread while its Region is lost."""
        while not self.runs(region) and not given_up():
            with self._healed:
                self._healed.wait(0.2)

    def refusal(self, call: Call, bucket_region: Callable[[str], str | None]) -> Loss | None:
        """Return the loss that refuses a call, or None where it goes through."""
        if not self.lost:
            return None
        caller = self.home.get(call.key)
        if caller and not self.runs(caller):
            return self._refused(caller, call, "its caller runs there")
        region = call.region
        if call.service == "s3" and call.bucket:
            region = bucket_region(call.bucket) or region
        if call.service in GLOBAL_SERVICES:
            # botocore signs them for the client's Region when an endpoint is set.
            region = "us-east-1"
        loss = self.lost.get(region)
        if loss is None or loss.mode == "entry":
            return None
        if loss.services and call.service not in loss.services:
            return None
        if call.service in GLOBAL_SERVICES and loss.mode == "region":
            return None
        if loss.mode == "control" and not is_control_plane(call.operation):
            return None
        return self._refused(region, call, "it goes there")

    def _refused(self, region: str, call: Call, why: str) -> Loss:
        self.refused[f"{region} {call.service} ({why})"] += 1
        return self.lost[region]


def is_control_plane(operation: str) -> bool:
    """Say whether an operation creates, changes, deletes or describes resources."""
    return operation not in _DATA_PLANE_CHANGES and bool(_CONTROL_PLANE.match(operation))


def read_call(
    method: str, path: str, query: str, headers: Mapping[str, str], form: str = ""
) -> Call:
    """Read from a request who calls what, by its signature.

    The operation stands in a header (JSON protocols) or in the form (Query protocol). REST
    protocols name none: there all but S3 and invocations is control plane.
    """
    given = parse_qs(query)
    presigned = "Credential=" + (given.get("X-Amz-Credential") or [""])[0]
    found = _SCOPE.search(headers.get("authorization", "")) or _SCOPE.search(presigned)
    key, region, service = found.groups() if found else ("", "", "")
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    operation = operation or (given.get("Action") or parse_qs(form).get("Action") or [""])[0]
    data = service in ("", "s3", "execute-api") or path.endswith("/invocations")
    if not operation and not data:
        operation = "Describe" if method in ("GET", "HEAD") else "Update"
    bucket = path.split("/")[1] if service == "s3" and path.count("/") else None
    return Call(key, region, service, operation, bucket)


def install(aws: Aws, outage: Outage) -> None:
    """Gate what runs inside the process."""
    _functions(aws, outage)
    _targets(aws, outage)
    _pollers_and_alarms(aws, outage)
    _global_control_planes(aws, outage)
    _executions(outage)


def _functions(aws: Aws, outage: Outage) -> None:
    service, runtime = aws.lambda_service, aws.lambda_runtime
    execute, credentials = service._execute_function, runtime.execution_credentials

    def gated(function: dict[str, Any], event: Any) -> Any:
        arn = (function.get("config") or function).get("FunctionArn", "::::")
        region = arn.split(":")[3]
        if outage.runs(region):
            return execute(function, event)
        outage.swallow(region, "Lambda invocation")
        body = {"errorType": "Lab.RegionLost", "errorMessage": f"{region} is lost"}
        return {"error": True, "function_error": "Unhandled", "body": body}

    def remembered(config: dict[str, Any]) -> Any:
        """Remember whose keys these are: a worker of a lost Region loses its API calls."""
        found = credentials(config)
        outage.home[found["AWS_ACCESS_KEY_ID"]] = config["FunctionArn"].split(":")[3]
        return found

    service._execute_function = gated
    runtime.execution_credentials = remembered


def _targets(aws: Aws, outage: Outage) -> None:
    eventbridge = aws.eventbridge
    invoke, to_bus = eventbridge._invoke_target, eventbridge._dispatch_to_event_bus

    def gated(target: Any, event: Any, rule: Any, view: Any = None) -> Any:
        region = aws.region()
        if outage.runs(region):
            return invoke(target, event, rule, view)
        return outage.swallow(region, "rule or schedule target")

    def delivered(spec: Any, event: Any, rule: Any, path: Any, payload: Any = None) -> Any:
        """EventBridge retries for up to a day: the event waits for the Region and then arrives."""
        if outage.runs(spec.region):
            return to_bus(spec, event, rule, path, payload)
        outage.swallow(spec.region, "cross-Region event, kept until it is back")
        source = aws.region()

        def later() -> None:
            outage.wait_until_back(spec.region)
            aws.within(source, to_bus, spec, event, rule, path, payload)

        return threading.Thread(target=later, daemon=True).start()

    eventbridge._invoke_target = gated
    eventbridge._dispatch_to_event_bus = delivered


def _pollers_and_alarms(aws: Aws, outage: Outage) -> None:
    mappings, alarms = aws.lambda_service._iter_all_esms, aws.cloudwatch._evaluate_all_alarms
    aws.lambda_service._iter_all_esms = lambda: (m for m in mappings() if outage.runs(m[1]))

    def gated() -> None:
        if outage.runs(aws.region()):
            alarms()

    aws.cloudwatch._evaluate_all_alarms = gated


def _global_control_planes(aws: Aws, outage: Outage) -> None:
    """CloudFormation works inside the process, and needs them too."""

    def guarded(action: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            if outage.lost.get("us-east-1", Loss("entry")).mode == "global":
                raise ValueError(
                    "us-east-1 is lost, and the control planes of global services with it"
                )
            return action(*args, **kwargs)

        return act

    registry = aws.provisioners._RESOURCE_HANDLERS
    for kind, handler in registry.items():
        if kind.startswith(("AWS::Route53::", "AWS::IAM::", "AWS::CloudFront::")):
            registry[kind] = {k: guarded(v) if callable(v) else v for k, v in handler.items()}


def _executions(outage: Outage) -> None:
    from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

    evaluate = CommonStateField._eval_body

    def gated(self: Any, env: Any) -> Any:
        region = env.aws_execution_details.region
        if not outage.runs(region):
            outage.swallow(region, "execution, frozen until it is back")
            outage.wait_until_back(region, lambda: not env.is_running())
        return evaluate(self, env)

    CommonStateField._eval_body = gated
