"""What runs inside the engine's process freezes while its Region is lost.

Functions, schedules, rule targets, stream pollers and alarms do not run. Executions stop before
their next state and go on when the Region is back, and so does what is on its way to it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.engine.aws import Aws
    from lab.engine.outages.outage import Outage


def install(aws: Aws, outage: Outage) -> None:
    """Ask the outage before anything runs inside the process."""
    _functions(aws, outage)
    _targets(aws, outage)
    _pollers_and_alarms(aws, outage)
    _executions(outage)


def _functions(aws: Aws, outage: Outage) -> None:
    @wrap(aws.lambda_service, "_execute_function")
    def execute_unless_lost(execute: Any, function: dict[str, Any], event: Any) -> Any:
        arn = (function.get("config") or function).get("FunctionArn", "::::")
        region = arn.split(":")[3]
        if outage.runs(region):
            return execute(function, event)
        outage.swallow(region, "Lambda invocation")
        body = {"errorType": "Lab.RegionLost", "errorMessage": f"{region} is lost"}
        return {"error": True, "function_error": "Unhandled", "body": body}

    @wrap(aws.lambda_runtime, "execution_credentials")
    def note_home(credentials: Any, config: dict[str, Any]) -> Any:
        """Note the Region of a worker's keys: a worker of a lost Region loses its API calls."""
        keys = credentials(config)
        outage.home[keys["AWS_ACCESS_KEY_ID"]] = config["FunctionArn"].split(":")[3]
        return keys


def _targets(aws: Aws, outage: Outage) -> None:
    @wrap(aws.eventbridge, "_invoke_target")
    def invoke_unless_lost(
        invoke: Any, target: Any, event: Any, rule: Any, view: Any = None
    ) -> Any:
        region = aws.region()
        if outage.runs(region):
            return invoke(target, event, rule, view)
        return outage.swallow(region, "rule or schedule target")

    @wrap(aws.eventbridge, "_dispatch_to_event_bus")
    def dispatch_when_reachable(
        dispatch: Any, spec: Any, event: Any, rule: Any, path: Any, payload: Any = None
    ) -> Any:
        """EventBridge retries for up to a day: the event waits for the Region and then arrives."""
        source = aws.region()
        if outage.reaches(source, spec.region):
            return dispatch(spec, event, rule, path, payload)
        outage.swallow(spec.region, "cross-Region event, kept until it is back")

        def later() -> None:
            outage.wait_until(lambda: outage.reaches(source, spec.region))
            aws.within(source, dispatch, spec, event, rule, path, payload)

        return threading.Thread(target=later, daemon=True).start()


def _pollers_and_alarms(aws: Aws, outage: Outage) -> None:
    @wrap(aws.lambda_service, "_iter_all_esms")
    def mappings_of_running_regions(mappings: Any) -> Iterator[Any]:
        return (m for m in mappings() if outage.runs(m[1]))

    @wrap(aws.cloudwatch, "_evaluate_all_alarms")
    def evaluate_unless_lost(evaluate: Any) -> Any:
        region = aws.region()
        if outage.runs(region):
            return evaluate()
        return outage.swallow(region, "evaluation of its alarms")


def _executions(outage: Outage) -> None:
    from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

    @wrap(CommonStateField, "_eval_body")
    def evaluate_when_back(evaluate: Any, self: Any, env: Any) -> Any:
        region = env.aws_execution_details.region
        if not outage.runs(region):
            outage.swallow(region, "execution, frozen until it is back")
            outage.wait_until(lambda: outage.runs(region) or not env.is_running())
        # What was stopped, or has timed out, does nothing more.
        return evaluate(self, env) if env.is_running() else None
