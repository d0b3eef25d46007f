"""The items of this Region: reads them, and writes them behind the fence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilot_light_client import http, timestamps, ulid
from pilot_light_client.fence import AnswerTooLate, WriteDecision, WriteTooLate
from pilot_light_client.journal import Ref, plan
from pilot_light_client.journal_days import LEAST_DAYS
from pilot_light_client.transaction import WriteConflict, WriteUnknown

from items.item import (
    IdempotencyRecord,
    Item,
    ItemExists,
    ItemMissing,
    KeyReused,
    Operation,
    client_request,
    from_journaled,
    is_item_id,
    item_key,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilot_light_client.fence import Fence, Permit

    from items.item import Request
    from items.table import ItemsTable, Listing

FORWARDED_BY = "X-Forwarded-By-Region"
FORWARD_TIMEOUT = 3.0
# What a forwarded write keeps of its headers: an authorizer of the other Region asks for the token.
REQUEST_HEADERS = ("Idempotency-Key", "Authorization")


class WriteRefused(Exception):
    """A write that the Region does not take now."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class ForwardingFailed(Exception):
    """The active Region did not answer a forwarded write as the application does.

    `code` is `WriteUnknown` if the write may have been made there.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class WriteRequest:
    """A write as it came in, with everything that forwarding needs.

    `received_at` is when API Gateway took it, in seconds since 1970, if that is known. Its write id
    has that time: a planned move compares by these ids, and an environment's own clock may be off
    by an hour.
    """

    operation: Operation
    item_id: str | None
    text: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    received_at: float | None = None

    @property
    def idempotency_key(self) -> str:
        """The client's Idempotency-Key, or an empty string."""
        return self.headers.get("idempotency-key", "")

    @property
    def idempotent_request(self) -> Request | None:
        """What its idempotency record holds, or None without a key."""
        key = self.idempotency_key
        return client_request(key, self.operation, self.item_id, self.text) if key else None

    @property
    def forwarded(self) -> bool:
        """Whether the other Region sent this here."""
        return FORWARDED_BY.lower() in self.headers


class ItemService:
    """Items of this Region's replica. `zone_name` is the zone in which each Region has its name."""

    def __init__(
        self,
        region: str,
        zone_name: str,
        fence: Fence,
        items: ItemsTable,
        journal_days: int = LEAST_DAYS,
    ) -> None:
        self._region, self._zone_name = region, zone_name
        self._fence = fence
        self._items = items
        self._journal_days = journal_days

    def read(self, item_id: str) -> Item:
        """Return a live item.

        Raises
        ------
        ItemMissing
            There is none, or it was deleted.
        """
        item, _ = self._items.read(item_id) if is_item_id(item_id) else (None, None)
        if item is None or item.deleted:
            raise ItemMissing(f"There is no item {item_id!r}.")
        return item

    def page(self, limit: int, cursor: str | None) -> Listing:
        """Return a page of live items and the cursor of the next."""
        return self._items.page(limit, cursor)

    def write(self, request: WriteRequest) -> Item | http.Response:
        """Write here if this Region is active, or forward to the one that is.

        Returns
        -------
        Item or http.Response
            The item as written here, or the answer of the active Region.

        Raises
        ------
        WriteRefused
            Neither Region takes the write now.
        ForwardingFailed
            The active Region did not answer as the application does.
        """
        decision, permit = self._fence.decide(
            forwarded=request.forwarded, request=request.received_at
        )
        if decision.action == "forward" and decision.region:
            return self._forward(request, decision.region)
        return self._write(request, decision, permit)

    def _write(self, request: WriteRequest, decision: WriteDecision, permit: Permit) -> Item:
        epoch, item_id = _epoch(decision), request.item_id or _new_id(request.idempotency_key)
        earlier, made = self._earlier(request.idempotent_request)
        if made:
            return self._acknowledged(made, permit)
        current, row = self._items.read(item_id)
        check(request.operation, item_id, current)
        planned = plan(
            Ref.of(self._items.name, item_key(item_id)),
            None if request.operation == "delete" else {"text": {"S": request.text}},
            row,
            region=self._region,
            epoch=epoch,
            write_id=ulid.new(request.received_at),
            at=timestamps.now(),
            authority=decision.authority,
            days=self._journal_days,
        )
        try:
            self._items.write(
                planned,
                row,
                check=permit.check_sending,
                request=request.idempotent_request,
                replaces=earlier,
            )
        except WriteTooLate as error:
            raise WriteRefused("WriteTooLate", str(error)) from error
        except WriteConflict:
            # Perhaps it was this very request, sent twice at the same moment.
            _, made = self._earlier(request.idempotent_request)
            if made is None:
                raise
            return self._acknowledged(made, permit)
        return self._acknowledged(from_journaled(planned.new), permit)

    def _earlier(self, request: Request | None) -> tuple[IdempotencyRecord | None, Item | None]:
        """Return what a request made before, and the item as it was then.

        Where only its idempotency record is here, the write has not arrived, is lost with its
        Region, or is so old that its journal entry has expired. It is made again: nobody may say
        that it is here.

        Raises
        ------
        KeyReused
            Its key was used for another request.
        """
        earlier = self._items.idempotency_record(request.name) if request else None
        if earlier is None:
            return None, None
        if earlier.request != request:
            raise KeyReused("This Idempotency-Key was used for another request. Use a new one.")
        return earlier, self._items.made(earlier)

    def _acknowledged(self, item: Item, permit: Permit) -> Item:
        """Return an item as written, unless the table answered too late to count."""
        try:
            permit.check_answer()
        except AnswerTooLate as error:
            raise WriteUnknown(str(error)) from error
        return item

    def _forward(self, request: WriteRequest, region: str) -> http.Response:
        headers = {"Content-Type": "application/json", FORWARDED_BY: self._region}
        for name in REQUEST_HEADERS:
            if value := request.headers.get(name.lower()):
                headers[name] = value
        url = f"https://{region}.{self._zone_name}{request.path}"
        try:
            answer = http.request(
                request.method, url, timeout=FORWARD_TIMEOUT, body=request.body, headers=headers
            )
        except http.Unreachable as error:
            raise (_unknown if error.sent else _unreachable)(region, "did not answer") from error
        return _of_the_application(answer, region)


def _of_the_application(answer: http.Response, region: str) -> http.Response:
    """Return a forwarded write's answer if it is the application's, and not API Gateway's own.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
    """
    body = answer.json()
    if isinstance(body, dict) and (answer.status < 300 or isinstance(body.get("error"), dict)):
        return answer
    failure = _unreachable if 300 <= answer.status < 500 else _unknown
    raise failure(region, f"answered {answer.status}")


def _unreachable(region: str, why: str) -> ForwardingFailed:
    reason = f"The write belongs to {region}, which {why}. It was not made. Try again in a second."
    return ForwardingFailed("ActiveRegionUnreachable", reason)


def _unknown(region: str, why: str) -> ForwardingFailed:
    reason = f"The write was sent to {region}, which {why}; it may have been made. Read the item."
    return ForwardingFailed("WriteUnknown", reason)


def _epoch(decision: WriteDecision) -> int:
    """Return the epoch of a write that may be made here, or raise WriteRefused."""
    if decision.action != "write" or decision.epoch is None:
        raise WriteRefused(decision.code, decision.reason)
    return decision.epoch


def check(operation: Operation, item_id: str, current: Item | None) -> None:
    """Check that an item may be created, or deleted.

    Raises
    ------
    ItemExists
        A create finds an item.
    ItemMissing
        A delete finds none.
    """
    live = current is not None and not current.deleted
    if operation == "create" and live:
        raise ItemExists(f"An item {item_id!r} exists. Use PUT /items/{item_id} to replace it.")
    if operation == "delete" and not live:
        raise ItemMissing(f"There is no item {item_id!r}.")


def _new_id(idempotency_key: str) -> str:
    """Make an id. A retried create makes the same one again, also where its record is not here."""
    if idempotency_key:
        return hashlib.sha256(idempotency_key.encode()).hexdigest()[:26]
    return ulid.new().lower()
