"""Handlers at level 1: who is refused, what is checked meanwhile, and which answers count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from pilot_light_client import handlers
from pilot_light_client.connection_check import checks_when_connected
from pilot_light_client.fence import AnswerTooLate, Fence, Stamp
from pilot_light_client.handlers import WriteRefused, consumer, health_answer, protected
from pilot_light_client.settings import InvalidSetting
from pilot_light_client.warm_ping import ping

from tests.unit.functions.client.listening import Table
from tests.unit.functions.client.scripted import CLAIMED, PRIMARY, SERVING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, THERE = PRIMARY, "eu-west-1"
AT_MS = 1_800_000_000_000


def http_api(method: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "requestContext": {"http": {"method": method}, "timeEpoch": AT_MS},
    }


def rest_api(method: str) -> dict[str, Any]:
    return {"httpMethod": method, "requestContext": {"requestTimeEpoch": AT_MS}}


REQUESTS = [http_api, rest_api]
POST = rest_api("POST")
BATCH = {"Records": [{"messageId": "a"}, {"messageId": "b"}]}
ALL_FAILED = {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}


@pytest.fixture(autouse=True)
def network_attempts() -> list[str]:
    """Loopback is this machine: these tests may use it."""
    return []


class World:
    """A fence of one Region; a test moves its clock, and changes what its table says."""

    def __init__(self, region: str = HERE) -> None:
        self.item, self.at = SERVING, 1000.0
        self.asked: list[float | None] = []
        self.fence = Fence(lambda: self.item, region, fence_seconds=3, clock=self._clock)

    def _clock(self, request: float | None) -> Stamp:
        self.asked.append(request)
        return Stamp(self.at, self.at)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def table() -> Iterator[Table]:
    found = Table()
    yield found
    found.close()


def client_of(table: Table) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    made = boto3.client("dynamodb", endpoint_url=f"http://{table.address}", config=config)
    return checks_when_connected(made)


def handled(event: Any, context: Any) -> Any:
    return {"statusCode": 201, "of": event, "context": context}


def never(_event: Any, _context: Any) -> Any:
    raise AssertionError("The handler was called.")


def code_of(answer: Any) -> str:
    assert answer["statusCode"] == 503
    assert answer["headers"]["Retry-After"] == "1"
    return str(json.loads(answer["body"])["error"]["code"])


@pytest.mark.parametrize("request_of", REQUESTS)
def test_the_active_region_takes_writes(world: World, request_of: Any) -> None:
    event = request_of("PUT")
    assert protected(world.fence)(handled)(event, "c") == handled(event, "c")
    assert AT_MS / 1000 in world.asked


@pytest.mark.parametrize("request_of", REQUESTS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_passive_region_refuses_writes(request_of: Any, method: str) -> None:
    assert code_of(protected(World(THERE).fence)(never)(request_of(method), None)) == "NotActive"


@pytest.mark.parametrize("request_of", REQUESTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_passive_region_serves_reads(request_of: Any, method: str) -> None:
    answer = protected(World(THERE).fence)(handled)(request_of(method), None)
    assert answer["statusCode"] == 201


@pytest.mark.parametrize("request_of", REQUESTS)
@pytest.mark.parametrize(("region", "status"), [(HERE, 200), (THERE, 503)])
def test_a_read_for_writes_is_served_only_where_writes_are_taken(
    request_of: Any, region: str, status: int
) -> None:
    asked = {**request_of("GET"), "queryStringParameters": {"for": "writes"}}
    handler = protected(World(region).fence)(lambda *_: {"statusCode": 200})
    assert handler(asked, None)["statusCode"] == status


def test_a_write_that_was_forwarded_is_not_for_here() -> None:
    event = {**POST, "headers": {"X-Forwarded-By-Region": HERE}}
    answer = protected(World(THERE).fence)(never)(event, None)
    assert "forwarded" in json.loads(answer["body"])["error"]["message"]


def test_which_events_write_may_be_told() -> None:
    fenced = protected(World(THERE).fence, is_write=lambda event: event["path"] == "/report")
    assert code_of(fenced(never)({**rest_api("GET"), "path": "/report"}, None)) == "NotActive"


def test_an_event_that_is_no_request_ends_in_an_error_where_it_may_not_write() -> None:
    with pytest.raises(WriteRefused) as refusal:
        protected(World(THERE).fence)(never)({"Records": []}, None)
    assert refusal.value.code == "NotActive"


@pytest.mark.parametrize(("seconds", "status"), [(4.9, 201), (5.1, 503)])
def test_an_answer_after_the_lease_is_unknown(world: World, seconds: float, status: int) -> None:
    @protected(world.fence)
    def slow(event: Any, context: Any) -> Any:
        world.at += seconds
        return handled(event, context)

    answer = slow(POST, None)
    assert answer["statusCode"] == status
    assert status == 201 or code_of(answer) == "WriteUnknown"


def test_the_handlers_own_errors_are_its_own(world: World) -> None:
    @protected(world.fence)
    def broken(_event: Any, _context: Any) -> Any:
        raise KeyError("broken")

    with pytest.raises(KeyError):
        broken(POST, None)


def test_a_send_within_the_lease_is_made(world: World, table: Table) -> None:
    client = client_of(table)

    @protected(world.fence)
    def write(event: Any, context: Any) -> Any:
        client.put_item(TableName="t", Item={"pk": {"S": "a"}})
        return handled(event, context)

    assert write(POST, None)["statusCode"] == 201
    assert b"PutItem" in table.sent[0]


def test_a_send_that_is_too_late_is_not_made(world: World, table: Table) -> None:
    client = client_of(table)

    @protected(world.fence)
    def write(_event: Any, _context: Any) -> Any:
        world.at += 4.6
        client.put_item(TableName="t", Item={"pk": {"S": "a"}})

    assert code_of(write(POST, None)) == "WriteTooLate"
    assert b"".join(table.sent) == b""


def test_a_handler_that_sent_something_before_may_have_written(world: World, table: Table) -> None:
    client = client_of(table)

    @protected(world.fence)
    def write(_event: Any, _context: Any) -> Any:
        client.put_item(TableName="t", Item={"pk": {"S": "a"}})
        world.at += 4.6
        client.put_item(TableName="t", Item={"pk": {"S": "b"}})

    assert code_of(write(POST, None)) == "WriteUnknown"


def test_no_send_is_checked_after_the_request(world: World, table: Table) -> None:
    client = client_of(table)
    protected(world.fence)(handled)(POST, None)
    world.at += 100
    client.put_item(TableName="t", Item={"pk": {"S": "a"}})


@pytest.mark.parametrize("decorator", [protected, consumer])
def test_a_warm_ping_asks_nobody_and_reaches_no_handler(decorator: Any) -> None:
    world = World(THERE)
    assert set(decorator(world.fence)(never)(ping(0), None)) == {"environment"}
    assert world.asked == []


def test_a_consumer_in_a_passive_region_works_on_no_message_and_fails() -> None:
    with pytest.raises(WriteRefused):
        consumer(World(THERE).fence)(never)(BATCH, None)


def test_a_consumer_that_may_report_partial_failures_reports_every_message() -> None:
    fenced = consumer(World(THERE).fence, partial_failures=True)
    assert fenced(never)(BATCH, None) == ALL_FAILED


def test_a_consumer_in_the_active_region_works(world: World) -> None:
    assert consumer(world.fence)(handled)(BATCH, "c") == handled(BATCH, "c")


def test_each_send_of_a_batch_asks_the_fence(world: World, table: Table) -> None:
    client = client_of(table)

    @consumer(world.fence)
    def long(_event: Any, _context: Any) -> Any:
        for number in range(3):
            world.at += 60
            client.put_item(TableName="t", Item={"pk": {"S": str(number)}})
        world.at += 60
        world.item = CLAIMED
        client.put_item(TableName="t", Item={"pk": {"S": "late"}})

    with pytest.raises(Exception, match="taking over"):
        long(BATCH, None)
    assert b"".join(table.sent).count(b"PutItem") == 3
    assert b"late" not in b"".join(table.sent)


def test_an_answer_to_a_consumer_counts_only_within_the_lease(world: World, table: Table) -> None:
    client = client_of(table)
    # Time goes on between the request and its answer.
    client.meta.events.register_first("after-call", lambda **_: setattr(world, "at", 1005.1))

    @consumer(world.fence)
    def write(_event: Any, _context: Any) -> Any:
        client.put_item(TableName="t", Item={"pk": {"S": "a"}})

    with pytest.raises(AnswerTooLate):
        write(BATCH, None)


def test_a_health_answer_names_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", HERE)
    good = health_answer(release="7")
    assert good["statusCode"] == 200
    assert json.loads(good["body"]) == {"region": HERE, "status": "healthy", "release": "7"}
    bad = health_answer(failed="orders")
    assert bad["statusCode"] == 503
    assert json.loads(bad["body"]) == {"region": HERE, "status": "unhealthy", "failed": "orders"}


@pytest.mark.parametrize(("region", "status"), [(HERE, 200), (THERE, 503)])
def test_a_health_answer_for_writes_asks_the_fence_and_no_other_does(
    monkeypatch: pytest.MonkeyPatch, region: str, status: int
) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    world = World(region)
    asked = {**http_api("GET"), "queryStringParameters": {"for": "writes"}}
    plain = {**http_api("GET"), "queryStringParameters": None}
    assert health_answer(plain, world.fence)["statusCode"] == 200
    assert world.asked == []
    answer = health_answer(asked, world.fence)
    assert answer["statusCode"] == status
    assert json.loads(answer["body"]).get("failed") == (None if status == 200 else "NotActive")


@pytest.mark.parametrize("decorator", [protected, consumer])
def test_without_a_fence_the_environment_names_the_deployment(
    monkeypatch: pytest.MonkeyPatch, decorator: Any
) -> None:
    monkeypatch.delenv("PILOT_LIGHT_NAME", raising=False)
    with pytest.raises(InvalidSetting, match="PILOT_LIGHT_NAME"):
        decorator()
    made = list[Any]()
    monkeypatch.setenv("PILOT_LIGHT_NAME", "pl")
    monkeypatch.setenv("AWS_REGION", HERE)
    monkeypatch.setattr(handlers, "fence_of", lambda settings: made.append(settings))
    decorator()
    assert made[0].control_table == "pl-control-quorum"


@pytest.mark.parametrize("event", [{}, None, [], {"requestContext": {"timeEpoch": "soon"}}])
def test_a_time_that_is_none_is_not_believed(event: Any) -> None:
    assert handlers.received_at(event) is None
