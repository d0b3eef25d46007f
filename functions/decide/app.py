"""Decide: evidence into a decision, an answer into what it means, times into a forecast.

It calls no service.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import comma_separated, minutes, one_of, seconds, variable
from pilot_light_client.timestamps import parse
from pilotlight.failover import approval, decision as failover, forecast
from pilotlight.hooks.hook import READY, read_hooks
from pilotlight.replication.rpo import Policy
from pilotlight.shared import contract
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.switchover import decision as switchover

logger, metrics = Logger(), Metrics()
LEVEL = variable("APP_LEVEL", int)
HOOKS = variable("HOOKS", read_hooks)
READY_HOOK = HOOKS.get(READY)
COOLDOWN = variable("COOLDOWN_SECONDS", seconds)
HOLD_DEADLINE = variable("HOLD_DEADLINE_SECONDS", seconds)
RPO_OBJECTIVE = variable("RPO_OBJECTIVE_SECONDS", seconds)
RPO_POLICY: Policy = variable("RPO_POLICY", one_of(Policy))
SENTINEL_INTERVAL = variable("SENTINEL_INTERVAL_SECONDS", seconds)
PATIENCE = switchover.Patience(
    variable("HEALTHY_MINUTES", minutes), variable("HEARTBEAT_SECONDS", seconds)
)
LEASE = variable("FENCE_SECONDS", float) + variable("MAX_WRITE_SECONDS", float)
INTERVALS = forecast.Intervals(
    sentinel_seconds=variable("SENTINEL_INTERVAL_SECONDS", int),
    failures=variable("ENDPOINT_FAILURES", int),
    checkers=forecast.CHECKERS_PER_REGION * len(variable("CHECKER_REGIONS", comma_separated)),
    lease_seconds=LEASE if LEVEL >= contract.FENCED else 0.0,
    waits_seconds=forecast.waits(
        variable("APPROVAL"), variable("APPROVAL_SECONDS", float), HOOKS.values()
    ),
)


@metrics.log_metrics
@recovery_step(logger)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Read request, evidence, `hold_started_at` and `now`, and return the decision.

    `machine` names the machine that calls: `failover` or `switchover`. `{"step": "answer"}` reads
    an answer instead, `{"step": "forecast"}` forecasts the RTO from a rehearsal's times.
    """
    if event.get("step") == "answer":
        unanswered, now = event["unanswered"], parse(event["now"])
        answer = asdict(approval.read(event["response"], unanswered=unanswered, now=now))
        logger.info("Approval answer read", extra={"approval": answer})
        return answer
    if event.get("step") == "forecast":
        found = forecast.of_rehearsal(event["timeline"], event["evidence"], INTERVALS)
        logger.info("RTO forecast made", extra={"forecast": found})
        return found
    machine = event["machine"]
    if machine == "failover":
        decision = failover.decide_on(
            event,
            hold_deadline=HOLD_DEADLINE,
            rpo_objective=RPO_OBJECTIVE,
            rpo_policy=RPO_POLICY,
            sentinel_interval=SENTINEL_INTERVAL,
            cooldown=COOLDOWN,
            level=LEVEL,
            ready_hook=READY_HOOK,
        ).as_dict()
    elif machine == "switchover":
        decision = switchover.decide_on(event, PATIENCE, READY_HOOK).as_dict()
    else:
        raise ValueError(f"The machine {machine!r} is none of failover, switchover.")
    metrics.add_metric(name=f"Decision.{decision['action']}", unit=MetricUnit.Count, value=1)
    logger.info("Decision made", extra={"decision": decision})
    return decision
