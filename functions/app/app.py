"""The regional app: the web page, the items, and the deep health of this Region."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from pilotlight.control.assembly import control_table, fence
from pilotlight.control.pulse import Pulse, PulseWriter
from pilotlight.items.health import WriteHealth
from pilotlight.items.service import ItemService, WriteRefused, WriteRequest, public
from pilotlight.items.table import BadCursor, ItemsTable
from pilotlight.items.writes import (
    ITEM_ID,
    ItemExists,
    ItemMissing,
    Operation,
    WriteConflict,
    WriteThrottled,
    WriteUnknown,
)
from pilotlight.replication.heartbeat_table import Heartbeats, HeartbeatWriter
from pilotlight.shared import http
from pilotlight.shared.aws_clients import best_effort_client, write_path_client
from pilotlight.shared.settings import Deployment, required
from pilotlight.shared.validation import violation
from pilotlight.shared.warm_ping import answers_warm_pings

logger, tracer, metrics, api = Logger(), Tracer(), Metrics(), APIGatewayHttpResolver()
PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)
ID = {"type": "string", "pattern": ITEM_ID}
ITEM_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"id": ID, "text": {"type": "string", "minLength": 1, "maxLength": 2000}},
}
STATUS: dict[type[Exception], int] = {
    ItemMissing: 404,
    ItemExists: 409,
    WriteConflict: 409,
    WriteThrottled: 503,
    WriteUnknown: 503,
    BadCursor: 400,
}


@cache
def known() -> Deployment:
    """Return the deployment that this function belongs to."""
    return Deployment.from_environment()


@cache
def items() -> ItemService:
    """Return the items of this Region, behind its fence."""
    return ItemService(
        known(), fence(known()), ItemsTable(write_path_client(), known().items_table)
    )


@cache
def heartbeats() -> HeartbeatWriter:
    """Return what writes the heartbeats while this Region serves."""
    table = Heartbeats(best_effort_client(), known().items_table)
    return HeartbeatWriter(table, known().region, int(required("HEARTBEAT_SECONDS")) * 1000)


@cache
def pulse() -> PulseWriter:
    """Return what writes the pulse while this Region serves."""
    table = Pulse(best_effort_client(), known().control_table)
    return PulseWriter(table, known().region)


@cache
def write_health() -> WriteHealth:
    """Return what this environment knows of its latest writes."""
    return WriteHealth()


def reply(status: int, body: dict[str, Any], **headers: str) -> Response[str]:
    """Answer in JSON, and say which Region does."""
    served = {"X-Served-By": known().region, "Cache-Control": "no-store"}
    served |= {"X-Content-Type-Options": "nosniff"}
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Response(status, "application/json", json.dumps(body), {**served, **named})


def refusal(status: int, code: str, message: str, **headers: str) -> Response[str]:
    """Answer an error: what was wrong and what to do."""
    return reply(status, {"error": {"code": code, "message": message}}, **headers)


@api.get("/")
def page() -> Response[str]:
    """Serve the web page."""
    headers = {"X-Served-By": known().region, "Content-Security-Policy": CSP}
    headers |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(200, "text/html; charset=utf-8", PAGE, headers)


@api.get("/health")
def health() -> Response[str]:
    """Return whether this Region can serve. Never redirects: 3xx counts as well."""
    body: dict[str, Any] = {"region": known().region, "release": known().release}
    # Never asks the quorum: a control table that is silent may move nobody.
    control = control_table(known()).try_read(consistent=False)
    if control:
        shown = ("active_region", "epoch", "state")
        body |= {name: getattr(control, name) for name in shown}
    failed = unhealthy()
    if failed:
        return reply(503, {**body, "status": "unhealthy", "failed": failed})
    # Checkers ask all the time: they keep heartbeats and pulse of the active Region going.
    if control and control.active_region == known().region:
        heartbeats().serve("check")
        pulse().serve()
    return reply(200, {**body, "status": "healthy"})


def unhealthy() -> str | None:
    """Return what keeps this Region from serving, or None."""
    try:
        ItemsTable(write_path_client(), known().items_table).answer()
    except Exception as error:
        logger.warning(
            "Health check failed: the items table did not answer", extra={"error": str(error)}
        )
        return "items_table"
    return "writes" if write_health().all_failed() else None


@api.get("/items")
def list_items() -> Response[str]:
    """List live items, page by page."""
    query = api.current_event.query_string_parameters or {}
    asked = query.get("limit", "50")
    if not (asked.isdecimal() and len(asked) <= 3 and 1 <= int(asked) <= 200):
        return refusal(400, "BadLimit", "The parameter limit must be a number from 1 to 200.")
    found, cursor = items().list(int(asked), query.get("next"))
    body = {"items": [public(i) for i in found], "next": cursor, "region": known().region}
    return reply(200, body)


@api.get("/items/<item_id>")
def read_item(item_id: str) -> Response[str]:
    """Read one item."""
    return reply(200, public(items().read(item_id)))


@api.post("/items")
def create_item() -> Response[str]:
    """Create an item. A retry with the same Idempotency-Key creates no second one."""
    return write("create", None, 201)


@api.put("/items/<item_id>")
def replace_item(item_id: str) -> Response[str]:
    """Create or replace an item."""
    return write("replace", item_id, 200)


@api.delete("/items/<item_id>")
def delete_item(item_id: str) -> Response[str]:
    """Delete an item; a tombstone stays."""
    return write("delete", item_id, 200)


def write(operation: Operation, item_id: str | None, status: int) -> Response[str]:
    """Validate a write, then make it here or have it made where it belongs."""
    event = api.current_event
    body: Any = {"text": "-"}
    if operation != "delete":
        try:
            body = json.loads(event.decoded_body or "")
        except (ValueError, RecursionError):
            return refusal(400, "BadBody", 'The body is not JSON. Send {"text": "..."}.')
    given = {**body, "id": item_id} if item_id and isinstance(body, dict) else body
    wrong = violation(given, ITEM_SCHEMA)
    if wrong:
        return refusal(400, "BadItem", f'{wrong}. Send {{"text": "..."}}, optionally with an id.')
    headers = {k.lower(): v for k, v in (event.headers or {}).items()}
    key = headers.get("idempotency-key", "")
    if len(key) > 64 or not (key.isascii() and key.isprintable()):
        wanted = "Idempotency-Key may have up to 64 printable ASCII characters."
        return refusal(400, "BadIdempotencyKey", wanted)
    request = WriteRequest(
        operation=operation,
        item_id=given.get("id"),
        text=given["text"],
        method=event.http_method,
        path=event.path,
        body=(event.decoded_body or "").encode(),
        headers=headers,
        received_at=received_at(event.raw_event),
    )
    return written(request, status)


def received_at(event: dict[str, Any]) -> float | None:
    """Return when API Gateway took a request, in seconds since 1970, where that is known."""
    at = event.get("requestContext", {}).get("timeEpoch")
    return at / 1000 if isinstance(at, int | float) else None


def written(request: WriteRequest, status: int) -> Response[str]:
    """Make the write and answer it."""
    try:
        with write_health().watching(WriteThrottled, WriteUnknown):
            done = items().write(request)
    except WriteRefused as error:
        metrics.add_metric(name="WritesRefused", unit=MetricUnit.Count, value=1)
        return refusal(503, error.code, str(error), Retry_After="1")
    if isinstance(done, http.Response):
        metrics.add_metric(name="WritesForwarded", unit=MetricUnit.Count, value=1)
        kept = ("x-served-by", "x-write-id", "x-epoch", "retry-after")
        passed = {k: v for k, v in done.headers.items() if k.lower() in kept}
        passed["X-Forwarded-By-Region"] = known().region
        return Response(done.status, "application/json", done.body.decode(), passed)
    metrics.add_metric(name="ItemsWritten", unit=MetricUnit.Count, value=1)
    heartbeats().serve("write")
    pulse().serve()
    return reply(status, public(done), X_Write_Id=done.write_id, X_Epoch=str(done.epoch))


@api.exception_handler(list(STATUS))
def expected(error: Exception) -> Response[str]:
    """Answer what a user can do something about."""
    status = STATUS[type(error)]
    later = {"Retry_After": "1"} if status == 503 else {}
    return refusal(status, type(error).__name__, str(error), **later)


@api.not_found
def not_found(_error: Exception) -> Response[str]:
    """Answer a path or method that does not exist."""
    return refusal(404, "NoSuchPath", "There is no such path. See GET /items.")


@answers_warm_pings
@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of API Gateway."""
    return api.resolve(event, context)
