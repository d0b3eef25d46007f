"""Proof: shows that a drained Region's writes are all in the Region that is to be promoted."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.journal.proof import JournalProof
from pilotlight.journal.reader import Journal, Watermark
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import client
from pilotlight.shared.other_region import client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, required
from pilotlight.shared.validation import violation

logger, tracer = Logger(), Tracer()
# Well within the 15 s that a step of the machine has, a last span with slow answers included.
SECONDS = 8.0
REGION = {"type": "string", "minLength": 1}
REQUEST_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "A step of the proof",
    "type": "object",
    "required": ["step", "source", "target", "epoch"],
    "additionalProperties": False,
    "properties": {
        "execution": {"type": "string"},
        "step": {"enum": ["watermark", "tails"]},
        "source": REGION,
        "target": REGION,
        "epoch": {"type": "integer", "minimum": 1},
    },
}


class InvalidRequest(Exception):
    """The payload is no step of the proof."""


def proof(known: Deployment, asked: dict[str, Any]) -> JournalProof:
    """Put the proof together."""
    source, target, epoch = asked["source"], asked["target"], asked["epoch"]
    ours, theirs = (
        Journal(client_of(region, "dynamodb"), known.items_table, source, epoch)
        for region in (source, target)
    )
    watermark = Watermark(client("dynamodb"), required("RECOVERIES_TABLE"), source, epoch)
    return JournalProof((source, target), ours, theirs, watermark)


def follow(known: Deployment, asked: dict[str, Any]) -> dict[str, Any]:
    """Do the step that was asked for. Equal journals prove something only where there are any."""
    found = proof(known, asked)
    if asked["step"] == "watermark":
        told = found.advance(SECONDS)
        return {"caught_up": told.complete, "watermark": told.watermark, "compared": told.compared}
    told = found.tails(SECONDS)
    return {
        "complete": True,
        "proven": told.compared > 0,
        "writes": told.writes,
        "compared": told.compared,
        "watermark": told.watermark,
        "compared_at": timestamps.now(),
    }


@recovery_step(logger, tracer)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Do one step of the proof, or fail naming what is not as it should be."""
    known, wrong = Deployment.from_environment(), violation(event, REQUEST_SCHEMA)
    regions = {known.primary_region, known.secondary_region}
    if not wrong and {event["source"], event["target"]} != regions:
        wrong = "source and target are not the two Regions"
    if wrong:
        raise InvalidRequest(f"{wrong}: {event}")
    # To JSON 2.0 is an integer. A journal's key has no decimals, and no journal equals no journal.
    found = follow(known, {**event, "epoch": int(event["epoch"])})
    logger.info("Journal comparison done", extra={"asked": event, "found": found})
    return found
