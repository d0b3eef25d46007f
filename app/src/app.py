"""The example application: the web page, the items, and the deep health of this Region."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from aws_lambda_powertools.utilities.validation import SchemaValidationError, validate
from items.item import (
    ITEM_ID,
    LONGEST_TEXT,
    ItemExists,
    ItemMissing,
    ItemUnreadable,
    KeyReused,
    Operation,
    public,
)
from items.service import ForwardingFailed, ItemService, WriteRefused, WriteRequest
from items.table import BadCursor, ItemsTable
from pilot_light_client import http
from pilot_light_client.assembly import control_reader, fence, signs_of_life
from pilot_light_client.aws_clients import write_path_client
from pilot_light_client.settings import Settings, variable
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.transaction import WriteConflict, WriteThrottled, WriteUnknown
from pilot_light_client.warm_ping import answers_warm_pings
from pilot_light_client.write_health import WriteHealth

logger, metrics, api = Logger(), Metrics(), APIGatewayHttpResolver()
PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)
# An error names what was wrong; it does not send it back.
LONGEST_MESSAGE = 400
ID = {"type": "string", "pattern": ITEM_ID}
ITEM_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"id": ID, "text": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}},
}
NO_ANSWER = "The table does not answer this request. Try again in a second."
# What the other Region's answer to a forwarded write keeps of its headers.
ANSWER_HEADERS = {"x-served-by", "x-write-id", "x-epoch", "retry-after"}
STATUS: dict[type[Exception], int] = {
    ItemMissing: 404,
    ItemExists: 409,
    ItemUnreadable: 409,
    WriteConflict: 409,
    KeyReused: 422,
    WriteThrottled: 503,
    WriteUnknown: 503,
    TableUnavailable: 503,
    BadCursor: 400,
}
READ = ["GET", "HEAD"]
SETTINGS, RELEASE = Settings.from_environment(), variable("RELEASE")
REGION = SETTINGS.region
HEADERS = {"X-Served-By": REGION, "Cache-Control": "no-store"}
HEADERS |= {"X-Content-Type-Options": "nosniff"}
CONTROL, FENCE = control_reader(SETTINGS), fence(SETTINGS)
TABLE = ItemsTable(write_path_client(), variable("ITEMS_TABLE"), SETTINGS.journal_table)
ITEMS = ItemService(REGION, variable("ZONE_NAME"), FENCE, TABLE, SETTINGS.journal_days)
SIGNS_OF_LIFE = signs_of_life(SETTINGS, variable("HEARTBEAT_SECONDS", int))
WRITE_HEALTH = WriteHealth(TABLE.try_a_write)


def reply(status: int, body: dict[str, Any], **headers: str) -> Response[str]:
    """Answer in JSON."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, "application/json", json.dumps(body), {**HEADERS, **more})


def refusal(status: int, code: str, message: str, **headers: str) -> Response[str]:
    """Answer an error: what was wrong and what to do."""
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    return reply(status, {"error": {"code": code, "message": message}}, **headers)


def unavailable(code: str, message: str) -> Response[str]:
    """Answer that this cannot be done now."""
    return refusal(503, code, message, Retry_After="1")


@api.route("/items", method="OPTIONS")
def allowed_for_items() -> Response[str]:
    """Return what may be done with the items."""
    return Response(204, "text/plain", "", {**HEADERS, "Allow": "GET, HEAD, POST, OPTIONS"})


@api.route("/items/<item_id>", method="OPTIONS")
def allowed_for_an_item(item_id: str) -> Response[str]:
    """Return what may be done with an item, whether it exists or not."""
    _ = item_id
    return Response(204, "text/plain", "", {**HEADERS, "Allow": "GET, HEAD, PUT, DELETE, OPTIONS"})


@api.route("/", method=READ)
def page() -> Response[str]:
    """Serve the web page."""
    headers = {**HEADERS, "Content-Security-Policy": CSP}
    return Response(200, "text/html; charset=utf-8", PAGE, headers)


@api.route("/health", method=READ)
def health() -> Response[str]:
    """Return whether this Region can serve; with `for=writes`, whether it takes writes too.

    Never redirects: 3xx counts as well.
    """
    body: dict[str, Any] = {"region": REGION, "release": RELEASE}
    # Never asks the quorum: a control table that is silent may move nobody.
    control = CONTROL.try_read(consistent=False)
    if control:
        body |= {name: getattr(control, name) for name in ("active_region", "epoch", "state")}
    failed = unhealthy() or why_not_writing()
    if failed:
        return reply(503, {**body, "status": "unhealthy", "failed": failed})
    # Checkers ask all the time: they keep heartbeats and pulse of the active Region going.
    if control and control.active_region == REGION:
        SIGNS_OF_LIFE.serve("check")
    return reply(200, {**body, "status": "healthy"})


def unhealthy() -> str | None:
    """Return what keeps this Region from serving, or None."""
    try:
        TABLE.answer()
    except Exception as error:
        logger.warning(
            "Health check failed: the items table did not answer", extra={"error": str(error)}
        )
        return "items_table"
    if why := WRITE_HEALTH.failing():
        logger.warning("Health check failed: writes fail", extra={"error": why})
        return "writes"
    return None


def why_not_writing() -> str | None:
    """Return why this Region takes no writes, if that was asked, or None.

    The check of the public name asks it. It notifies people and moves no traffic, so it may ask the
    quorum, as often as the fence does.
    """
    if (api.current_event.query_string_parameters or {}).get("for") != "writes":
        return None
    decision, _ = FENCE.decide(forwarded=True)
    return None if decision.action == "write" else decision.code


@api.route("/items", method=READ)
def list_items() -> Response[str]:
    """List live items, page by page."""
    query = api.current_event.query_string_parameters or {}
    limit = query.get("limit", "50")
    if not (limit.isdecimal() and len(limit) <= 3 and 1 <= int(limit) <= 200):
        return refusal(400, "BadLimit", "The parameter limit must be a number from 1 to 200.")
    page = ITEMS.page(int(limit), query.get("next"))
    body: dict[str, Any] = {
        "items": [public(i) for i in page.items],
        "next": page.next,
        "region": REGION,
    }
    if page.unreadable:
        logger.warning("Items that cannot be read were left out", extra={"ids": page.unreadable})
        body["unreadable"] = page.unreadable
    return reply(200, body)


@api.route("/items/<item_id>", method=READ)
def read_item(item_id: str) -> Response[str]:
    """Read one item."""
    return reply(200, public(ITEMS.read(item_id)))


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
    sent, body = "", {"text": "-"}
    if operation != "delete":
        try:
            sent = event.decoded_body or ""
            body = json.loads(sent)
        except (ValueError, RecursionError):
            return refusal(400, "BadBody", 'The body is not JSON. Send {"text": "..."}.')
    item = {**body, "id": item_id} if item_id and isinstance(body, dict) else body
    wrong = violation(item)
    if wrong:
        return refusal(400, "BadItem", f'{wrong}. Send {{"text": "..."}}, optionally with an id.')
    headers = {k.lower(): v for k, v in (event.headers or {}).items()}
    key = headers.get("idempotency-key", "")
    if len(key) > 64 or not (key.isascii() and key.isprintable()):
        message = "Idempotency-Key may have up to 64 printable ASCII characters."
        return refusal(400, "BadIdempotencyKey", message)
    request = WriteRequest(
        operation=operation,
        item_id=item.get("id"),
        text=item["text"],
        method=event.http_method,
        path=event.path,
        body=sent.encode(),
        headers=headers,
        received_at=received_at(event.raw_event),
    )
    return written(request, status)


def violation(item: Any) -> str | None:
    """Return what is wrong with an item and where, or None."""
    if not isinstance(item, dict):
        return f"it must be a JSON object, not {type(item).__name__}"
    try:
        validate(event=item, schema=ITEM_SCHEMA)
    except SchemaValidationError as error:
        return str(error.validation_message or error).rstrip(".")
    return None


def received_at(event: dict[str, Any]) -> float | None:
    """Return when API Gateway took a request, in seconds since 1970, where that is known."""
    at = event.get("requestContext", {}).get("timeEpoch")
    # An ULID holds 48 bits of it.
    return at / 1000 if type(at) is int and 0 < at < 2**48 else None


def written(request: WriteRequest, status: int) -> Response[str]:
    """Make the write and answer it."""
    try:
        with WRITE_HEALTH.watching(WriteThrottled, WriteUnknown, TableUnavailable):
            result = ITEMS.write(request)
    except (WriteRefused, ForwardingFailed) as error:
        if error.code != "WriteUnknown":
            metrics.add_metric(name="WritesRefused", unit=MetricUnit.Count, value=1)
        return unavailable(error.code, str(error))
    if isinstance(result, http.Response):
        metrics.add_metric(name="WritesForwarded", unit=MetricUnit.Count, value=1)
        headers = {k: v for k, v in result.headers.items() if k.lower() in ANSWER_HEADERS}
        headers["X-Forwarded-By-Region"] = REGION
        return Response(result.status, "application/json", result.body.decode(), headers)
    metrics.add_metric(name="ItemsWritten", unit=MetricUnit.Count, value=1)
    SIGNS_OF_LIFE.serve("write")
    return reply(status, public(result), X_Write_Id=result.write_id, X_Epoch=str(result.epoch))


@api.exception_handler(list(STATUS))  # type: ignore[untyped-decorator]
def expected(error: Exception) -> Response[str]:
    """Answer what a user can do something about."""
    status, code, message = STATUS[type(error)], type(error).__name__, str(error)
    if status != 503:
        return refusal(status, code, message)
    logger.warning("Request not served", extra={"code": code, "error": message})
    # DynamoDB's own words name roles and tables, which are not for users.
    return unavailable(code, NO_ANSWER if isinstance(error, TableUnavailable) else message)


@api.exception_handler(Exception)  # type: ignore[untyped-decorator]
def unexpected(_error: Exception) -> Response[str]:
    """Answer a fault of the application, which the log holds."""
    logger.exception("Request failed")
    return refusal(
        500, "InternalError", "The application failed. If this was a write, it may have been made."
    )


@api.not_found
def not_found(_error: Exception) -> Response[str]:
    """Answer a path or method that does not exist."""
    return refusal(404, "NoSuchPath", "There is no such path. See GET /items.")


@answers_warm_pings
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of API Gateway."""
    answer = api.resolve(event, context)
    if api.current_event.http_method == "HEAD":
        answer["body"] = ""
    return answer
