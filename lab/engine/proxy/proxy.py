"""What stands in front of MiniStack: outages, entries, the browser port, the admin API."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from hypercorn.events import RawData
from hypercorn.protocol.events import StreamClosed

from lab.engine.outages.outage import read_call
from lab.engine.proxy.entries import names_api
from lab.engine.proxy.page import POLICY
from lab.engine.rest_apis import PATH
from lab.engine.strong_tables.calls import writes_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.engine.aws import Aws
    from lab.engine.dns.route53 import Route53
    from lab.engine.outages.losses import Style
    from lab.engine.outages.outage import Outage
    from lab.engine.proxy.admin_api import AdminApi
    from lab.engine.proxy.entries import Entries
    from lab.engine.proxy.page import Page

HANG_SECONDS = 30
BYTE_SECONDS = 1.0


class Proxy:
    """The ASGI application of the lab."""

    def __init__(
        self,
        aws: Aws,
        outage: Outage,
        route53: Route53,
        entries: Entries,
        admin_api: AdminApi,
        page: Page,
    ) -> None:
        self._aws = aws
        self._outage = outage
        self._route53 = route53
        self._entries = entries
        self._admin_api = admin_api
        self._page = page
        self._browser_route: tuple[float, str | None] = (0.0, None)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        port = (scope.get("server") or (None, None))[1]
        if scope["type"] != "http":
            await self._aws.app.app(scope, receive, send)
        elif port == self._aws.config.page_port:
            await self._show(scope, receive, send)
        elif scope["path"].startswith("/_lab/"):
            await self._control(scope, receive, send)
        elif region := self._entries.region_of(scope):
            await self._enter(region, _header(scope, b"host"), scope, receive, send)
        elif port == self._aws.config.browser_port:
            await self._browse(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    async def _api(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        query = scope.get("query_string", b"").decode("latin-1")
        call = read_call(scope["path"], query, headers)
        refused = self._outage.refusal(call, self._bucket_region)
        if refused is None and self._outage.refuses_writes(call):
            body = await _body(receive)
            receive = _again(body, receive)
            operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
            if writes_to(f"{self._aws.config.app_name}-app-items", operation, body):
                refused = self._outage.refusal_of_write(call)
        if refused is None:
            await self._aws.app.app(scope, receive, send)
        else:
            await self._refuse(send, refused)

    def _bucket_region(self, bucket: str) -> str | None:
        stored = self._aws.s3._buckets.get(bucket) or {}
        return stored.get("region")

    async def _enter(self, region: str, host: str, scope: Any, receive: Any, send: Any) -> None:
        caller, client = self._entries.caller_of(scope), _header(scope, b"user-agent")
        refused = self._outage.refusal_at_entry(region, caller, f"{caller} {client}")
        # What still runs behind an entry that trickles answers as ever, only slowly.
        trickles = refused == "trickle" and self._outage.runs(region)
        if refused and not trickles:
            await self._refuse(send, refused)
            return
        if late := self._outage.late(region):
            await asyncio.sleep(late)
        path = self._entries.route(region, host, scope["path"])
        with self._trickling(send) if trickles else nullcontext():
            if path is None:
                await _reply(send, 403, {"message": "Forbidden"})
                return
            inner = {**scope, "path": path, "raw_path": path.encode()}
            asked = PATH.set(None if names_api(host) else scope["path"])
            try:
                await self._aws.app.app(inner, receive, send)
            finally:
                PATH.reset(asked)

    async def _browse(self, scope: Any, receive: Any, send: Any) -> None:
        """Lead a browser, in plain HTTP, to where DNS says that the public name leads."""
        name = self._aws.config.public_name
        until, region = self._browser_route
        if time.monotonic() >= until or region is None:
            answers = self._route53.lookup(name, "A")
            by_address = self._aws.config.region_of_address
            region = next((by_address[a.value] for a in answers if a.value in by_address), None)
            ttl = min((a.ttl for a in answers), default=1)
            self._browser_route = (time.monotonic() + self._aws.clock.real(ttl), region)
        if region is None or not self._outage.entry_open(region):
            error = {"code": "NoAnswer", "message": f"{name} leads to {region}, which is silent."}
            await _reply(send, 502, {"error": error})
            return
        await self._enter(region, name, scope, receive, send)

    async def _refuse(self, send: Any, style: Style) -> None:
        """Refuse as a lost Region does: drop the connection, answer 503, or stay silent."""
        if style in ("hang", "drop"):
            await asyncio.sleep(HANG_SECONDS)
        if style in ("503", "trickle"):
            with self._trickling(send) if style == "trickle" else nullcontext():
                await _reply(send, 503, {"__type": "ServiceUnavailable", "message": "Region lost"})
            return
        stream = send.__self__
        stream.closed = True
        await stream.send(StreamClosed(stream_id=stream.stream_id))

    @contextmanager
    def _trickling(self, send: Any) -> Iterator[None]:
        """Send an answer, its headers too, at a byte a second until nothing is lost any more."""
        stream = send.__self__
        connection = stream.send.__self__
        send_at_once = connection.send

        async def send_slowly(event: Any) -> None:
            if not isinstance(event, RawData):
                await send_at_once(event)
                return
            data = event.data
            while data and not stream.closed:
                count = 1 if self._outage.lost else len(data)
                await send_at_once(RawData(data[:count]))
                data = data[count:]
                await asyncio.sleep(BYTE_SECONDS if data else 0)

        connection.send = send_slowly
        try:
            yield
        finally:
            connection.send = send_at_once

    async def _show(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the page, whatever is lost. It only reads."""
        await _body(receive)
        if scope["method"] != "GET":
            await _reply(send, 405, {"error": "The page is read-only."})
            return
        status, kind, body = await asyncio.to_thread(self._page.answer, scope["path"])
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", POLICY.encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _control(self, scope: Any, receive: Any, send: Any) -> None:
        body = await _body(receive)
        action: Callable[..., Any] | None = self._admin_api.actions.get(scope["path"][6:])
        if action is None:
            await _reply(send, 404, {"error": f"There is no {scope['path']}."})
            return
        try:
            arguments = json.loads(body or b"{}")
            result = await asyncio.to_thread(action, **arguments)
            await _reply(send, 200, result)
        except (TypeError, ValueError) as error:
            await _reply(send, 400, {"error": str(error)})


def _header(scope: Any, name: bytes) -> str:
    return next((v.decode("latin-1") for k, v in scope["headers"] if k.lower() == name), "")


def _again(body: bytes, receive: Any) -> Any:
    """Give a body that was read once more, and then what follows it."""
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Any:
        return given.pop() if given else await receive()

    return receive_again


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _reply(send: Any, status: int, body: Any) -> None:
    data = json.dumps(body, default=str).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(data))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
