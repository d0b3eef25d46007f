"""Decide: turns evidence into a decision, and an answer into what it means. Calls no service."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, get_args

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilotlight.conditions.recorded import Cooldown, Rpo
from pilotlight.failover import approval
from pilotlight.failover.decision import decide
from pilotlight.replication.rpo import Policy
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import minutes, one_of, seconds, variable
from pilotlight.shared.timestamps import parse
from pilotlight.switchover.decision import Move, Patience, decide as decide_move

logger, tracer, metrics = Logger(), Tracer(), Metrics()
COOLDOWN = variable("COOLDOWN_SECONDS", seconds)
HEALTHY = variable("HEALTHY_MINUTES", minutes)
HEARTBEAT = variable("HEARTBEAT_SECONDS", seconds)
HOLD_DEADLINE = variable("HOLD_DEADLINE_SECONDS", seconds)
RPO_OBJECTIVE = variable("RPO_OBJECTIVE_SECONDS", seconds)
RPO_POLICY: Policy = variable("RPO_POLICY", one_of(*get_args(Policy)))
SENTINEL_INTERVAL = variable("SENTINEL_INTERVAL_SECONDS", seconds)


def failover_decision(event: dict[str, Any]) -> dict[str, Any]:
    """Decide whether to promote after a loss."""
    request, held_since = event["request"], event["hold_started_at"]
    return decide(
        mode=request["mode"],
        overridden=frozenset(request["override"]),
        evidence=event["evidence"],
        hold_started_at=parse(held_since) if held_since else None,
        now=parse(event["now"]),
        hold_deadline=HOLD_DEADLINE,
        rpo=Rpo(RPO_OBJECTIVE, RPO_POLICY, request["alarm"], SENTINEL_INTERVAL),
        cooldown=Cooldown(float(event["control"]["cooldown_until"]), COOLDOWN),
        judgements_before=int(event["judgements_before"]),
    ).as_dict()


def switchover_decision(event: dict[str, Any]) -> dict[str, Any]:
    """Decide whether a planned move may begin."""
    request = event["request"]
    return decide_move(
        Move(request["mode"], request["source"], request["target"]),
        evidence=event["evidence"],
        patience=Patience(HEALTHY, HEARTBEAT),
        now=parse(event["now"]),
    ).as_dict()


def answer(event: dict[str, Any]) -> dict[str, Any]:
    """Read the response to a request for approval: `response`, `unanswered` and `now`."""
    unanswered, now = event["unanswered"], parse(event["now"])
    result = asdict(approval.read(event["response"], unanswered=unanswered, now=now))
    logger.info("Approval answer read", extra={"approval": result})
    return result


DECIDERS = {"failover": failover_decision, "switchover": switchover_decision}


@metrics.log_metrics
@recovery_step(logger, tracer)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Read request, evidence, `hold_started_at` and `now`, and return the decision.

    `machine` names the machine that calls: `failover` or `switchover`. `{"step": "answer"}` reads
    an answer instead.
    """
    if event.get("step") == "answer":
        return answer(event)
    machine = event["machine"]
    if machine not in DECIDERS:
        raise ValueError(f"The machine {machine!r} is none of {', '.join(DECIDERS)}.")
    decision = DECIDERS[machine](event)
    metrics.add_metric(name=f"Decision.{decision['action']}", unit=MetricUnit.Count, value=1)
    logger.info("Decision made", extra={"decision": decision})
    return decision
