"""Proof: shows that a drained Region's writes are all in the Region that is to be promoted."""

from __future__ import annotations

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilotlight.journal.proof import JournalProof
from pilotlight.journal.reader import Journal, Watermark
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.other_region import client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, variable
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
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)


class InvalidRequest(Exception):
    """The payload is no step of the proof."""


def journal_proof(source: str, target: str, epoch: int) -> JournalProof:
    """Return the comparison of both Regions' journals of an epoch."""
    ours, theirs = (
        Journal(client_of(region, "dynamodb"), DEPLOYMENT.items_table, source, epoch)
        for region in (source, target)
    )
    watermark = Watermark(DYNAMODB, RECOVERIES_TABLE, source, epoch)
    return JournalProof((source, target), ours, theirs, watermark)


def advance(proof: JournalProof) -> dict[str, Any]:
    """Compare what was written before the drain, as far as it has arrived."""
    done = proof.advance(SECONDS)
    return {"caught_up": done.complete, "watermark": done.watermark, "compared": done.compared}


def compare_tails(proof: JournalProof) -> dict[str, Any]:
    """Compare the rest. Equal journals prove something only where there are any."""
    tails = proof.tails(SECONDS)
    return {
        "complete": True,
        "proven": tails.compared > 0,
        "writes": tails.writes,
        "compared": tails.compared,
        "watermark": tails.watermark,
        "compared_at": timestamps.now(),
    }


STEPS = {"watermark": advance, "tails": compare_tails}


@recovery_step(logger, tracer)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Do one step of the proof, or fail with what is wrong."""
    wrong = violation(event, REQUEST_SCHEMA)
    regions = {DEPLOYMENT.primary_region, DEPLOYMENT.secondary_region}
    if not wrong and {event["source"], event["target"]} != regions:
        wrong = "source and target are not the two Regions"
    if wrong:
        raise InvalidRequest(f"{wrong}: {event}")
    # JSON Schema takes 2.0 for an integer. A journal's key has no decimals: both would be empty.
    proof = journal_proof(event["source"], event["target"], int(event["epoch"]))
    result = STEPS[event["step"]](proof)
    logger.info("Journal comparison done", extra={"request": event, "result": result})
    return result
