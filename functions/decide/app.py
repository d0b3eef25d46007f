"""Decide: turns evidence into a decision, and an answer into what it means. Calls nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from pilotlight.conditions.recorded import Cooldown, Rpo
from pilotlight.failover import approval
from pilotlight.failover.decision import SETTLING_JUDGEMENTS, decide
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import required
from pilotlight.shared.timestamps import parse
from pilotlight.switchover.decision import Move, Patience, decide as decide_move

logger, tracer, metrics = Logger(), Tracer(), Metrics()
NEEDS = (
    "COOLDOWN_SECONDS",
    "HEALTHY_MINUTES",
    "HEARTBEAT_SECONDS",
    "HOLD_DEADLINE_SECONDS",
    "RPO_OBJECTIVE_SECONDS",
    "RPO_POLICY",
    "SENTINEL_INTERVAL_SECONDS",
)


def of_failover(event: dict[str, Any]) -> dict[str, Any]:
    """Decide whether to promote after a loss."""
    held_since = event.get("hold_started_at")
    return decide(
        mode=event["request"]["mode"],
        overridden=frozenset(event["request"].get("override") or ()),
        evidence=event["evidence"],
        hold_started_at=parse(held_since) if held_since else None,
        now=parse(event["now"]),
        hold_deadline=timedelta(seconds=float(required("HOLD_DEADLINE_SECONDS"))),
        rpo=Rpo(
            objective=timedelta(seconds=float(required("RPO_OBJECTIVE_SECONDS"))),
            policy=required("RPO_POLICY"),
            alarm=event["request"].get("alarm"),
            sentinel_interval=timedelta(seconds=float(required("SENTINEL_INTERVAL_SECONDS"))),
        ),
        cooldown=Cooldown(
            until=float(event["control"].get("cooldown_until") or 0),
            lasts=timedelta(seconds=float(required("COOLDOWN_SECONDS"))),
        ),
        judgements_before=int(event.get("judgements_before", SETTLING_JUDGEMENTS)),
    ).as_dict()


def of_switchover(event: dict[str, Any]) -> dict[str, Any]:
    """Decide whether a planned move may begin."""
    request = event["request"]
    return decide_move(
        Move(request["mode"], request["source"], request["target"]),
        evidence=event["evidence"],
        patience=Patience(
            healthy=timedelta(minutes=float(required("HEALTHY_MINUTES"))),
            heartbeat=timedelta(seconds=float(required("HEARTBEAT_SECONDS"))),
        ),
        now=parse(event["now"]),
    ).as_dict()


DECIDERS = {"failover": of_failover, "switchover": of_switchover}


@metrics.log_metrics
@recovery_step(logger, tracer, needs=NEEDS)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Read request, evidence, `hold_started_at` and `now`, and return the decision.

    `machine` names the machine that asks: `failover` or `switchover`.
    With `{"step": "answer"}`, `asked`, `unanswered` and `now`: what came of asking a person.
    """
    if event.get("step") == "answer":
        return _answer(event)
    machine = event["machine"]
    if machine not in DECIDERS:
        raise ValueError(f"The machine {machine!r} is none of {', '.join(DECIDERS)}.")
    decision = DECIDERS[machine](event)
    metrics.add_metric(name=f"Decision.{decision['action']}", unit=MetricUnit.Count, value=1)
    logger.info("Decision made", extra={"decision": decision})
    return decision


def _answer(event: dict[str, Any]) -> dict[str, Any]:
    found = approval.read(
        event["asked"], unanswered=approval.policy(event["unanswered"]), now=parse(event["now"])
    ).as_dict()
    logger.info("Approval answer read", extra={"approval": found})
    return found
