"""The items of the regional app: reads them, and writes them behind the fence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ulid import ULID

from pilotlight import moments
from pilotlight.adapters import https
from pilotlight.adapters.returned import milliseconds
from pilotlight.domain import fence
from pilotlight.domain.writes import Item, ItemExists, ItemMissing, Operation, is_item_id, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pilotlight.adapters.control_table import CachedControl
    from pilotlight.adapters.items_table import ItemsTable
    from pilotlight.adapters.returned import ReturnedControl
    from pilotlight.domain.writes import Write
    from pilotlight.settings import Deployment

FORWARDED_BY = "X-Forwarded-By-Region"
FORWARD_TIMEOUT = 3.0
TOO_LATE = fence.Passage(
    "refuse", "WriteTooLate", "The write waited too long on its way. Try again in a second."
)


class WriteRefused(Exception):
    """No write is taken here now."""

    def __init__(self, passage: fence.Passage) -> None:
        super().__init__(passage.reason)
        self.code = passage.code


@dataclass(frozen=True)
class WriteRequest:
    """A write as it came in, with all that a forwarding needs."""

    operation: Operation
    item_id: str | None
    text: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def idempotency_key(self) -> str:
        """The client's Idempotency-Key, or nothing."""
        return self.headers.get("idempotency-key", "")

    @property
    def forwarded(self) -> bool:
        """Whether the other Region sent this here."""
        return FORWARDED_BY.lower() in self.headers


class ItemService:
    """Items of this Region's replica."""

    def __init__(
        self,
        known: Deployment,
        control: CachedControl | ReturnedControl,
        items: ItemsTable,
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self._known = known
        self._control = control
        self._items = items
        self._clock = clock

    def read(self, item_id: str) -> Item:
        """Return a live item.

        Raises
        ------
        ItemMissing
            There is none, or it was deleted.
        """
        found = self._items.get(item_id) if is_item_id(item_id) else None
        if found is None or found.deleted:
            raise ItemMissing(f"There is no item {item_id!r}.")
        return found

    def list(self, limit: int, cursor: str | None) -> tuple[list[Item], str | None]:
        """Return a page of live items and the cursor of the next."""
        return self._items.list(limit, cursor)

    def write(self, request: WriteRequest) -> Item | https.Response:
        """Write here if this Region is active, or forward to the one that is.

        Returns
        -------
        Item or https.Response
            What was written here, or what the active Region answered.

        Raises
        ------
        WriteRefused
            Nobody can take the write now.
        """
        passage = self._passage(forwarded=request.forwarded)
        if passage.action == "forward" and passage.region:
            return self._forward(request, passage.region, passage.code)
        if passage.action != "write" or passage.epoch is None:
            raise WriteRefused(passage)
        return self._write(request, passage.epoch)

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
            What was lost is a deletion, and there is nothing to delete.
        """
        passage = self._passage(forwarded=False)
        if passage.action != "write" or passage.epoch is None:
            raise WriteRefused(passage)
        name, current = f"replay:{lost.new.write_id}", self._items.get(lost.new.id)
        if current and current.request_key == name:
            return current
        planned = plan(
            "delete" if lost.new.deleted else "replace",
            item_id=lost.new.id,
            text=lost.new.text,
            current=over,
            region=self._known.region,
            epoch=passage.epoch,
            write_id=str(ULID()),
            now=moments.now(),
            request_key=name,
        )
        return self._made(planned)

    def _passage(self, *, forwarded: bool) -> fence.Passage:
        return fence.judge(
            self._control.get(),
            self._known.region,
            now=self._clock(),
            forwarded=forwarded,
            proof=self._control.proof(),
        )

    def _write(self, request: WriteRequest, epoch: int) -> Item:
        item_id = request.item_id or _new_id(request.idempotency_key)
        current = self._items.get(item_id)
        try:
            planned = plan(
                request.operation,
                item_id=item_id,
                text=request.text,
                current=current,
                region=self._known.region,
                epoch=epoch,
                write_id=str(ULID()),
                now=moments.now(),
                request_key=request.idempotency_key,
            )
        except ItemExists:
            if current and current.request_key and current.request_key == request.idempotency_key:
                return current
            raise
        return self._made(planned)

    def _made(self, planned: Write) -> Item:
        if fence.too_late(self._control.age()):
            raise WriteRefused(TOO_LATE)
        self._items.write(planned)
        return planned.new

    def _forward(self, request: WriteRequest, region: str, why: str) -> https.Response:
        headers = {"Content-Type": "application/json", FORWARDED_BY: self._known.region}
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        url = f"https://{self._known.region_name(region)}{request.path}"
        try:
            return https.request(
                request.method, url, timeout=FORWARD_TIMEOUT, body=request.body, headers=headers
            )
        except https.Unreachable as error:
            unreachable = fence.Passage(
                "refuse",
                "Draining" if why == "Draining" else "ActiveRegionUnreachable",
                f"The write belongs to {region}, which did not answer. Try again in a second.",
            )
            raise WriteRefused(unreachable) from error


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
