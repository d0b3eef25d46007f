"""What stands in front of the APIs: who is let through, who is refused, and how."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypercorn.events import RawData, Updated

from lab.engine.dns.answers import Answer
from lab.engine.outages.losses import Loss, Style
from lab.engine.outages.outage import Outage
from lab.engine.proxy import proxy as proxy_module
from lab.engine.proxy.proxy import HANG_SECONDS, Proxy
from lab.engine.rest_apis import PATH
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything, FakeAws, run

NAME = CONFIG.public_name
API = f"a1b2.execute-api.{PRIMARY}.amazonaws.com"


class Connection:
    """Hypercorn's side of a connection."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.sent: list[Any] = []

    async def stream_send(self, event: Any) -> None:
        self.told.append(event)

    async def send(self, event: Any) -> None:
        self.sent.append(event.data if isinstance(event, RawData) else event)


class Stream:
    """Hypercorn's side of a request: it takes the answer, or is told that there is none."""

    stream_id = 7

    def __init__(self) -> None:
        self.closed = False
        self.connection = Connection()
        self.send, self.told = self.connection.stream_send, self.connection.told
        self.messages: list[dict[str, Any]] = []

    async def reply(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if "body" in message:
            await self.connection.send(RawData(message["body"]))

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def body(self) -> Any:
        return json.loads(self.messages[1]["body"])


class World:
    """A gate, and behind it an application that notes what reaches it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached: list[dict[str, Any]] = []
        self.paths: list[str | None] = []
        self.slept: list[float] = []
        self.now = 100.0
        self.questions = 0
        self.leads_to: str | None = PRIMARY
        self.outage = Outage()
        self.aws = FakeAws(
            app=Anything(app=self._app), s3=Anything(_buckets={"east": {"region": SECONDARY}})
        )
        self.actions: dict[str, Any] = {"lose": lambda region: {"lost": region}}
        monkeypatch.setattr(proxy_module, "time", Anything(monotonic=lambda: self.now))
        monkeypatch.setattr(proxy_module.asyncio, "sleep", self._sleep)
        monkeypatch.setattr(proxy_module.asyncio, "to_thread", self._at_once)
        ports = {port: region for region, port in CONFIG.entries.items()}
        cross_region_ports = {
            port: crossing for crossing, port in CONFIG.cross_region_ports.items()
        }
        ports |= {port: region for port, (_, region) in cross_region_ports.items()}
        entries: Any = Anything(
            region_of=lambda scope: ports.get(scope["server"][1]),
            caller_of=lambda scope: cross_region_ports.get(scope["server"][1], (None,))[0],
            route=lambda region, host, path: f"/{region}{path}" if host in (NAME, API) else None,
        )
        self.proxy = Proxy(
            self.aws,
            self.outage,
            Anything(lookup=self._lookup),
            entries,
            Anything(actions=self.actions),
            Anything(answer=lambda path: (200, "text/html", f"page {path}".encode())),
        )

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached.append(scope)
        self.paths.append(PATH.get())
        await proxy_module._reply(send, 200, {})

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def _at_once(self, action: Any, *more: Any, **given: Any) -> Any:
        return action(*more, **given)

    def _lookup(self, name: str, kind: str) -> list[Answer]:
        self.questions += 1
        address = CONFIG.addresses.get(self.leads_to or "")
        return [Answer(name, kind, address, 10)] if address else []

    def ask(
        self,
        path: str = "/",
        port: int = CONFIG.api_port,
        body: bytes = b"",
        method: str = "POST",
        **headers: str,
    ) -> Stream:
        stream = Stream()
        parts = [body[:4], body[4:]]

        async def receive() -> Any:
            part = parts.pop(0) if parts else b""
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "server": ("127.0.0.1", port),
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        }
        run(self.proxy(scope, receive, stream.reply))
        return stream


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def signed(service: str, region: str = PRIMARY) -> str:
    return f"AWS4-HMAC-SHA256 Credential=K/20250101/{region}/{service}/aws4_request, Signature=0"


def test_calls_pass_while_nothing_is_lost(world: World) -> None:
    assert world.ask(authorization=signed("dynamodb")).status == 200


@pytest.mark.parametrize(("style", "slept"), [("reset", []), ("hang", [HANG_SECONDS])])
def test_a_lost_region_drops_the_connection_at_once_or_after_a_long_silence(
    world: World, style: Style, slept: list[float]
) -> None:
    world.outage.lose(PRIMARY, Loss(style=style))
    stream = world.ask(authorization=signed("dynamodb"))
    assert stream.messages == []
    assert stream.closed
    assert stream.told[0].stream_id == 7
    assert world.slept == slept
    assert world.reached == []


def test_a_lost_region_may_say_503(world: World) -> None:
    world.outage.lose(PRIMARY, Loss(style="503"))
    stream = world.ask(authorization=signed("dynamodb"))
    assert stream.status == 503
    assert not stream.closed
    assert world.reached == []


def test_a_read_only_table_refuses_writes_and_the_rest_arrives_whole(world: World) -> None:
    bodies: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        bodies.append(await proxy_module._body(receive))
        await proxy_module._reply(send, 200, {})

    def ask(operation: str, table: str, region: str = PRIMARY) -> int | None:
        return world.ask(
            authorization=signed("dynamodb", region),
            x_amz_target=f"DynamoDB_20120810.{operation}",
            body=json.dumps({"TableName": table}).encode(),
        ).status

    world.aws.app.app = app
    world.outage.lose(PRIMARY, Loss(style="503", read_only=True))
    assert ask("PutItem", "pilot-light-app-items") == 503
    assert bodies == []
    assert ask("GetItem", "pilot-light-app-items") == 200
    assert ask("UpdateItem", "pilot-light-recoveries") == 200
    assert ask("PutItem", "pilot-light-app-items", SECONDARY) == 200
    assert [json.loads(body)["TableName"] for body in bodies] == [
        "pilot-light-app-items",
        "pilot-light-recoveries",
        "pilot-light-app-items",
    ]
    assert world.ask(authorization=signed("sns"), body=b"any").status == 200


def test_an_s3_call_is_refused_by_the_region_of_its_bucket(world: World) -> None:
    world.outage.lose(SECONDARY, Loss(style="503"))
    assert world.ask("/east/key", authorization=signed("s3")).status == 503
    assert world.ask("/other/key", authorization=signed("s3")).status == 200


def test_an_entry_leads_to_the_api_of_its_domain(world: World) -> None:
    assert world.ask("/items", CONFIG.entries[SECONDARY], host=NAME).status == 200
    assert world.reached[0]["path"] == f"/{SECONDARY}/items"
    assert world.reached[0]["raw_path"] == f"/{SECONDARY}/items".encode()


def test_an_event_s_path_is_the_one_asked_except_at_an_api_s_own_name(world: World) -> None:
    port = CONFIG.entries[PRIMARY]
    world.ask("/v1/items", port, host=NAME)
    world.ask("/prod/items", port, host=API)
    assert world.paths == ["/v1/items", None]


def test_an_entry_forbids_a_host_that_it_does_not_know(world: World) -> None:
    assert world.ask("/", CONFIG.entries[PRIMARY], host="other.example").status == 403


@pytest.mark.parametrize("style", ["reset", "503"])
def test_the_entry_of_a_lost_region_refuses_in_the_style_of_the_loss(
    world: World, style: Style
) -> None:
    world.outage.lose(PRIMARY, Loss("entry", style))
    stream = world.ask("/items", CONFIG.entries[PRIMARY], host=NAME)
    assert stream.status == (503 if style == "503" else None)
    assert world.outage.swallowed == {f"{PRIMARY} request at its entry": 1}
    assert world.ask("/items", CONFIG.entries[SECONDARY], host=NAME).status == 200


def test_a_slow_entry_answers_late_and_tells_nobody_that_it_is_lost(world: World) -> None:
    world.outage.lose(PRIMARY, Loss("entry", late=5.0))
    assert world.ask("/items", CONFIG.entries[PRIMARY], host=NAME).status == 200
    assert world.slept == [5.0]
    assert world.ask("/items", CONFIG.entries[SECONDARY], host=NAME).status == 200
    assert world.slept == [5.0]
    assert world.outage.swallowed == {}


TRICKLES = Loss("entry", "trickle", frozenset({"apigateway"}))


def test_an_entry_that_trickles_sends_the_answer_a_byte_a_second(world: World) -> None:
    world.outage.lose(PRIMARY, TRICKLES)
    stream = world.ask("/items", CONFIG.entries[PRIMARY], host=NAME)
    assert (stream.status, stream.connection.sent) == (200, [b"{", b"}"])
    assert world.slept == [1.0, 0]
    assert world.ask("/items", CONFIG.entries[SECONDARY], host=NAME).connection.sent == [b"{}"]


def test_what_is_left_of_an_answer_comes_at_once_when_the_outage_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def heal_meanwhile(_: float) -> None:
        world.outage.heal()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"whole"})

    world.aws.app.app = app
    world.outage.lose(PRIMARY, TRICKLES)
    monkeypatch.setattr(proxy_module.asyncio, "sleep", heal_meanwhile)
    stream = world.ask("/items", CONFIG.entries[PRIMARY], host=NAME)
    assert stream.connection.sent == [b"w", b"hole"]


def test_a_client_that_has_left_gets_no_more_bytes(world: World) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        stream = send.__self__
        await stream.connection.send(Updated(idle=False))
        stream.closed = True
        await send({"type": "http.response.body", "body": b"whole"})

    world.aws.app.app = app
    world.outage.lose(PRIMARY, TRICKLES)
    stream = world.ask("/items", CONFIG.entries[PRIMARY], host=NAME)
    assert stream.connection.sent == [Updated(idle=False)]


def test_where_nothing_runs_behind_it_a_503_trickles(world: World) -> None:
    world.outage.lose(PRIMARY, Loss("region", "trickle"))
    for port in (CONFIG.entries[PRIMARY], CONFIG.api_port):
        stream = world.ask("/", port, host=NAME, authorization=signed("dynamodb"))
        assert stream.status == 503
        assert len(stream.connection.sent) == len(stream.messages[1]["body"])
    assert world.reached == []


def test_a_grey_entry_fails_every_other_request_of_each_client(world: World) -> None:
    world.outage.lose(PRIMARY, Loss("entry", "503", every_other=True))
    port = CONFIG.entries[PRIMARY]
    for client in ("user", "checker"):
        found = [world.ask("/", port, host=NAME, user_agent=client).status for _ in range(4)]
        assert found == [503, 200, 503, 200]


def test_functions_of_a_region_that_is_cut_off_are_refused_and_users_are_not(world: World) -> None:
    world.outage.cut(PRIMARY, SECONDARY, "reset")
    crossing = CONFIG.cross_region_ports[SECONDARY, PRIMARY]
    assert world.ask("/", crossing, host=NAME).status is None
    assert world.ask("/", CONFIG.entries[PRIMARY], host=NAME).status == 200
    world.outage.heal()
    assert world.ask("/", crossing, host=NAME).status == 200


def test_the_front_door_leads_where_dns_leads(world: World) -> None:
    assert world.ask("/", CONFIG.browser_port).status == 200
    assert world.reached[0]["path"] == f"/{PRIMARY}/"


def test_the_front_door_keeps_an_answer_for_its_ttl(world: World) -> None:
    world.aws.clock.speed = 2
    world.ask("/", CONFIG.browser_port)
    world.leads_to = SECONDARY
    world.now += 4.9
    world.ask("/", CONFIG.browser_port)
    world.now += 0.1
    world.ask("/", CONFIG.browser_port)
    assert [r["path"] for r in world.reached] == [f"/{PRIMARY}/", f"/{PRIMARY}/", f"/{SECONDARY}/"]
    assert world.questions == 2


@pytest.mark.parametrize("silent", ["no answer", "lost"])
def test_the_front_door_says_that_the_name_leads_nowhere(world: World, silent: str) -> None:
    if silent == "lost":
        world.outage.lose(PRIMARY, Loss())
    else:
        world.leads_to = None
    stream = world.ask("/", CONFIG.browser_port)
    assert stream.status == 502
    assert stream.body["error"]["code"] == "NoAnswer"
    assert NAME in stream.body["error"]["message"]


def test_the_page_is_served_while_every_region_is_lost(world: World) -> None:
    for region in CONFIG.regions:
        world.outage.lose(region, Loss())
    stream = world.ask("/state.json", CONFIG.page_port, method="GET")
    assert (stream.status, stream.messages[1]["body"]) == (200, b"page /state.json")
    headers = dict(stream.messages[0]["headers"])
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
    assert headers[b"cache-control"] == b"no-store"


@pytest.mark.parametrize("path", ["/", "/_lab/lose"])
def test_the_page_s_port_takes_no_orders(world: World, path: str) -> None:
    assert world.ask(path, CONFIG.page_port, body=b'{"region": "us-west-2"}').status == 405
    assert world.reached == []


def test_an_action_of_the_switchboard_is_done_and_answered(world: World) -> None:
    stream = world.ask("/_lab/lose", body=b'{"region": "us-west-2"}')
    assert (stream.status, stream.body) == (200, {"lost": PRIMARY})


def test_the_switchboard_answers_while_every_region_is_lost(world: World) -> None:
    for region in CONFIG.regions:
        world.outage.lose(region, Loss())
    assert world.ask("/_lab/lose", body=b'{"region": "r"}').status == 200


def test_an_unknown_action_is_named(world: World) -> None:
    stream = world.ask("/_lab/explode")
    assert stream.status == 404
    assert "/_lab/explode" in stream.body["error"]


@pytest.mark.parametrize("body", [b"not json", b'{"nonsense": 1}', b"[]", b""])
def test_a_request_that_the_action_cannot_take_is_the_callers_fault(
    world: World, body: bytes
) -> None:
    stream = world.ask("/_lab/lose", body=body)
    assert stream.status == 400
    assert stream.body["error"]


def test_an_action_that_refuses_says_why(world: World) -> None:
    def refuse() -> None:
        raise ValueError("There is no Region 'mars' in this lab.")

    world.actions["refuse"] = refuse
    assert world.ask("/_lab/refuse").body == {"error": "There is no Region 'mars' in this lab."}


def test_what_is_not_http_goes_straight_to_the_application(world: World) -> None:
    async def receive() -> Any:
        return {"body": b""}

    run(world.proxy({"type": "lifespan"}, receive, Stream().reply))
    assert world.reached == [{"type": "lifespan"}]
