"""Proof: shows that a drained Region's writes are all in the Region that is to be promoted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import variable
from pilot_light_client.timestamps import milliseconds
from pilotlight.control.epoch import began_after
from pilotlight.control.table import ControlTable
from pilotlight.journal.expiry import passed_at
from pilotlight.journal.keeping_up import keep_up
from pilotlight.journal.markers import Markers, nothing_to_compare, seen
from pilotlight.journal.proof import JournalProof, advance, check_step, compare_tails
from pilotlight.journal.reader import Journal, Watermark
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.other_region import client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger = Logger()
DEPLOYMENT = Deployment.from_environment()
BY_SCHEDULE = {"step": "keep_up"}
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
CONTROL = ControlTable(DYNAMODB, DEPLOYMENT.control_table)


def epoch_began(source: str, epoch: int) -> datetime | None:
    """Return the earliest time at which an epoch can have begun, if it is the current one."""
    control = CONTROL.try_read()
    if control is None or (control.active_region, control.epoch) != (source, epoch):
        return None
    return began_after(control, datetime.now(UTC))


def journal_proof(source: str, target: str, epoch: int) -> JournalProof:
    """Return the comparison of both Regions' journals of an epoch."""
    passed = passed_at(milliseconds())
    ours, theirs = (
        Journal(
            client_of(region, "dynamodb"),
            DEPLOYMENT.journal_table,
            DEPLOYMENT.app_tables,
            source,
            epoch,
            passed,
        )
        for region in (source, target)
    )
    watermark = Watermark(DYNAMODB, RECOVERIES_TABLE, source, epoch)
    return JournalProof(
        (source, target), ours, theirs, watermark, lambda: epoch_began(source, epoch)
    )


def markers(source: str, target: str, run: str) -> Markers:
    """Return the markers of a run, for an application that keeps no journal."""
    there, here = (client_of(region, "dynamodb") for region in (source, target))
    return Markers((source, target), there, here, DEPLOYMENT.app_tables, run)


def proof_of(source: str, epoch: int) -> JournalProof:
    """Return the comparison of an active Region's journal with the other Region's."""
    here, there = DEPLOYMENT.primary_region, DEPLOYMENT.secondary_region
    return journal_proof(source, there if source == here else here, epoch)


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do one step of the proof, or fail with what is wrong. By schedule, only keep up."""
    if event == BY_SCHEDULE:
        left = lambda: context.get_remaining_time_in_millis() / 1000  # noqa: E731
        kept = keep_up(CONTROL, proof_of, left)
        (logger.info if kept["caught_up"] else logger.warning)("Kept up", extra={"result": kept})
        return kept
    check_step(event, {DEPLOYMENT.primary_region, DEPLOYMENT.secondary_region})
    # JSON Schema takes 2.0 for an integer. A journal's key has no decimals: both would be empty.
    source, target, epoch = event["source"], event["target"], int(event["epoch"])
    before_the_drain = event["step"] == "watermark"
    if DEPLOYMENT.journaled and before_the_drain:
        result = advance(journal_proof(source, target, epoch))
    elif DEPLOYMENT.journaled:
        result = compare_tails(journal_proof(source, target, epoch), event.get("so_far"))
    elif before_the_drain:
        result = nothing_to_compare(DEPLOYMENT.level)
    else:
        result = seen(markers(source, target, event.get("execution", "")), DEPLOYMENT.level)
    logger.info("Journal comparison done", extra={"request": event, "result": result})
    return result
