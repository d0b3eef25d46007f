"""The items of the regional app: reads them, and writes them behind the fence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ulid import ULID

from pilotlight.control.fence import AnswerTooLate, WriteDecision, WriteTooLate
from pilotlight.items.writes import (
    Item,
    ItemExists,
    ItemMissing,
    Operation,
    WriteUnknown,
    is_item_id,
    plan,
)
from pilotlight.shared import http, timestamps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.control.fence import Fence, Permit
    from pilotlight.items.table import ItemsTable
    from pilotlight.items.writes import Write
    from pilotlight.shared.settings import Deployment

FORWARDED_BY = "X-Forwarded-By-Region"
FORWARD_TIMEOUT = 3.0


class WriteRefused(Exception):
    """A write that the Region does not take now."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class WriteRequest:
    """A write as it came in, with everything that forwarding needs.

    `received_at` is when API Gateway took it, in seconds since 1970, if that is known.
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
    def forwarded(self) -> bool:
        """Whether the other Region sent this here."""
        return FORWARDED_BY.lower() in self.headers


class ItemService:
    """Items of this Region's replica."""

    def __init__(self, deployment: Deployment, fence: Fence, items: ItemsTable) -> None:
        self._deployment = deployment
        self._fence = fence
        self._items = items

    def read(self, item_id: str) -> Item:
        """Return a live item.

        Raises
        ------
        ItemMissing
            There is none, or it was deleted.
        """
        item = self._items.get(item_id) if is_item_id(item_id) else None
        if item is None or item.deleted:
            raise ItemMissing(f"There is no item {item_id!r}.")
        return item

    def list(self, limit: int, cursor: str | None) -> tuple[list[Item], str | None]:
        """Return a page of live items and the cursor of the next."""
        return self._items.list(limit, cursor)

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
        """
        decision, permit = self._fence.decide(
            forwarded=request.forwarded, request=request.received_at
        )
        if decision.action == "forward" and decision.region:
            return self._forward(request, decision.region)
        return self._write(request, decision, permit)

    def replay(self, lost: Write, over: Item | None) -> Item:
        """Write the value of a lost write as a new one, if the item is still `over`.

        The new write bears the name of the lost one, so that a second replay finds the first.

        Raises
        ------
        WriteRefused
            This Region is not active.
        WriteConflict
            The item is no longer the one over which the value is to be written.
        ItemMissing
            The lost write is a deletion, and there is no item to delete.
        """
        decision, permit = self._fence.decide(forwarded=False)
        epoch = _epoch(decision)
        name, current = f"replay:{lost.new.write_id}", self._items.get(lost.new.id)
        if current and current.request_key == name:
            return self._acknowledged(current, permit)
        planned = plan(
            "delete" if lost.new.deleted else "replace",
            item_id=lost.new.id,
            text=lost.new.text,
            current=over,
            region=self._deployment.region,
            epoch=epoch,
            write_id=str(ULID()),
            now=timestamps.now(),
            request_key=name,
        )
        return self._make(planned, decision, permit)

    def _write(self, request: WriteRequest, decision: WriteDecision, permit: Permit) -> Item:
        epoch, item_id = _epoch(decision), request.item_id or _new_id(request.idempotency_key)
        current = self._items.get(item_id)
        try:
            planned = plan(
                request.operation,
                item_id=item_id,
                text=request.text,
                current=current,
                region=self._deployment.region,
                epoch=epoch,
                write_id=_write_id(request.received_at),
                now=timestamps.now(),
                request_key=request.idempotency_key,
            )
        except ItemExists:
            if current and current.request_key and current.request_key == request.idempotency_key:
                return self._acknowledged(current, permit)
            raise
        return self._make(planned, decision, permit)

    def _make(self, planned: Write, decision: WriteDecision, permit: Permit) -> Item:
        try:
            self._items.write(replace(planned, authority=decision.authority), permit.check_sending)
        except WriteTooLate as error:
            raise WriteRefused("WriteTooLate", str(error)) from error
        return self._acknowledged(planned.new, permit)

    def _acknowledged(self, item: Item, permit: Permit) -> Item:
        """Return an item as written, unless the table answered too late to count."""
        try:
            permit.check_answer()
        except AnswerTooLate as error:
            raise WriteUnknown(str(error)) from error
        return item

    def _forward(self, request: WriteRequest, region: str) -> http.Response:
        headers = {"Content-Type": "application/json", FORWARDED_BY: self._deployment.region}
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        url = f"https://{self._deployment.region_name(region)}{request.path}"
        try:
            return http.request(
                request.method, url, timeout=FORWARD_TIMEOUT, body=request.body, headers=headers
            )
        except http.Unreachable as error:
            reason = f"The write belongs to {region}, which did not answer. Try again in a second."
            raise WriteRefused("ActiveRegionUnreachable", reason) from error


def _epoch(decision: WriteDecision) -> int:
    """Return the epoch of a write that may be made here, or raise WriteRefused."""
    if decision.action != "write" or decision.epoch is None:
        raise WriteRefused(decision.code, decision.reason)
    return decision.epoch


def _write_id(received_at: float | None) -> str:
    """Make the id of a write, by API Gateway's clock if it is known.

    A planned move compares by these ids, and an environment's own clock may be off by an hour.
    """
    return str(ULID() if received_at is None else ULID.from_timestamp(received_at))


def _new_id(idempotency_key: str) -> str:
    """Make an id. A retried create makes the same one again, wherever it lands."""
    if idempotency_key:
        return hashlib.sha256(idempotency_key.encode()).hexdigest()[:26]
    return str(ULID()).lower()


def public(item: Item) -> dict[str, Any]:
    """Return an item as users see it."""
    return {
        "id": item.id,
        "text": item.text,
        "version": item.version,
        "region": item.region,
        "epoch": item.epoch,
        "write_id": item.write_id,
        "updated_at": item.updated_at,
    }
