"""The drill's users: what counts as a good answer, and as an acknowledged write."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import urllib3

from lab.drill.users import traffic
from lab.drill.users.traffic import Https, Traffic
from tests.unit.lab.drill.users.web import FakeHttps, answer
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, eventually

NAME = "app.pilotlight.example"


@pytest.fixture(autouse=True)
def dns(monkeypatch: pytest.MonkeyPatch) -> dict[str, str | None]:
    """What the name server answers; it can be changed, and holds for no time."""
    says: dict[str, str | None] = {"address": CONFIG.addresses[PRIMARY]}
    monkeypatch.setattr(traffic, "ask", lambda name, port: (says["address"], 0.0))
    return says


def users(*answers: urllib3.HTTPResponse | Exception) -> tuple[Traffic, FakeHttps]:
    https = FakeHttps(*answers)
    return Traffic(CONFIG, https), https


def test_a_read_asks_for_the_first_item_through_the_public_name() -> None:
    found, https = users(answer(200, {}, X_Served_By=PRIMARY))
    found._write(0)
    found._read(7)
    (_, _, _, _, item), (region, host, method, path, body) = https.asked
    assert (region, host, method, path) == (PRIMARY, NAME, "GET", f"/items/{item['id']}")
    assert body is None


def test_users_go_where_dns_leads(dns: dict[str, str | None]) -> None:
    found, https = users(answer(200))
    found._read(0)
    dns["address"] = CONFIG.addresses[SECONDARY]
    found._read(1)
    assert [region for region, *_ in https.asked] == [PRIMARY, SECONDARY]


def test_an_acknowledged_write_is_kept_with_its_id_and_its_region() -> None:
    found, https = users(answer(201, {}, X_Served_By=SECONDARY, X_Write_Id="01J"))
    found._write(3)
    (write,) = found.writes
    assert https.asked[0][2:4] == ("POST", "/items")
    assert (write.item_id, write.write_id, write.region) == (
        https.asked[0][4]["id"],
        "01J",
        SECONDARY,
    )


def test_every_write_is_an_item_of_its_own_in_every_drill() -> None:
    found, https = users(answer(201))
    another, others = users(answer(201))
    for count in range(3):
        found._write(count)
        another._write(count)
    assert len({item["id"] for *_, item in https.asked + others.asked}) == 6


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_answer_of_the_two_hundreds_is_good(status: int) -> None:
    found, _ = users(answer(status, X_Served_By=PRIMARY))
    found._read(0)
    (request,) = found.requests
    assert (request.kind, request.good, request.region) == ("read", True, PRIMARY)
    assert request.started <= request.ended


@pytest.mark.parametrize("status", [301, 307, 403, 404, 429, 500, 502, 503])
def test_any_other_answer_is_a_failure_and_acknowledges_nothing(status: int) -> None:
    found, _ = users(answer(status, X_Served_By=PRIMARY))
    found._write(0)
    (request,) = found.requests
    assert (request.good, request.answer) == (False, f"HTTP status {status}")
    assert found.writes == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (urllib3.exceptions.ProtocolError("gone"), "ProtocolError"),
        (urllib3.exceptions.ReadTimeoutError(None, "/", "slow"), "ReadTimeoutError"),  # type: ignore[arg-type]
        (urllib3.exceptions.SSLError("not its certificate"), "SSLError"),
        (ConnectionResetError("gone"), "ConnectionResetError"),
    ],
)
def test_a_lost_connection_is_a_failure_in_the_region_that_was_asked(
    error: Exception, said: str
) -> None:
    found, _ = users(error)
    found._write(0)
    (request,) = found.requests
    assert (request.good, request.region, request.answer) == (False, PRIMARY, said)
    assert found.writes == []


def test_a_name_that_does_not_resolve_is_a_failure_in_no_region(
    dns: dict[str, str | None],
) -> None:
    dns["address"] = None
    found, https = users(answer(200))
    found._read(0)
    (request,) = found.requests
    assert (request.good, request.region) == (False, None)
    assert request.answer == "the name does not resolve"
    assert https.asked == []


def test_an_address_of_no_region_is_a_failure_and_the_users_go_on(
    dns: dict[str, str | None],
) -> None:
    dns["address"] = "127.0.9.1"
    found, _ = users(answer(200))
    found._read(0)
    dns["address"] = CONFIG.addresses[SECONDARY]
    found._read(1)
    assert [(r.good, r.region) for r in found.requests] == [(False, None), (True, None)]
    assert found.requests[0].answer == "the name leads to 127.0.9.1, which is no Region's"


def test_users_read_and_write_until_they_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "READS_A_SECOND", 200.0)
    monkeypatch.setattr(traffic, "WRITES_A_SECOND", 100.0)
    found, https = users(answer(201, {}, X_Served_By=PRIMARY))
    found.start()
    assert https.asked[0][2] == "POST", "the first write makes the item that is read"
    kinds = lambda: {r.kind for r in list(found.requests)}  # noqa: E731
    assert eventually(lambda: len(found.requests) > 6 and kinds() == {"read", "write"})
    found.stop()
    before = len(found.requests)
    threading.Event().wait(0.03)
    assert len(found.requests) == before


def test_users_that_never_began_can_be_stopped() -> None:
    found, _ = users(answer(200))
    found.stop()
    assert found.requests == []


def test_https_verifies_the_name_at_the_regions_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[dict[str, Any]] = []
    requests: list[tuple[Any, ...]] = []

    class Pool:
        def __init__(self, host: str, port: int, **given: Any) -> None:
            pools.append({"host": host, "port": port, **given})

        def request(self, *given: Any, **more: Any) -> str:
            requests.append((*given, more))
            return "answer"

    monkeypatch.setattr(traffic, "_Pool", Pool)
    https = Https(CONFIG)
    for _ in range(2):
        assert https.request(SECONDARY, NAME, "POST", "/items", {"id": "1"}) == "answer"
    (pool,) = pools
    assert (pool["host"], pool["port"]) == ("127.0.0.1", CONFIG.entries[SECONDARY])
    assert (pool["server_hostname"], pool["assert_hostname"]) == (NAME, NAME)
    assert (pool["ca_certs"], pool["retries"]) == (str(CONFIG.ca_file), False)
    method, path, more = requests[0]
    assert (method, path, more["body"]) == ("POST", "/items", b'{"id": "1"}')
    assert (more["headers"]["Host"], more["redirect"]) == (NAME, False)


def test_a_whole_answer_has_the_time_of_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[tuple[Any, float]] = []
    monkeypatch.setattr(traffic, "answer_within", lambda *given: waits.append(given))
    monkeypatch.setattr(urllib3.connection.HTTPSConnection, "getresponse", lambda _: "answer")
    connection: Any = traffic._Connection("127.0.0.1", timeout=2.0)
    connection.sock = "a socket"
    assert connection.getresponse() == "answer"
    assert waits == [("a socket", 2.0)]
    connection.sock = None


def test_one_item_is_replaced_again_and_again_and_each_write_is_kept() -> None:
    found, https = users(
        answer(200, {}, X_Served_By=PRIMARY, X_Write_Id="01A"),
        answer(200, {}, X_Served_By=SECONDARY, X_Write_Id="01B"),
        answer(503),
    )
    first, second, refused = (found.replace(text) for text in ("one", "two", "three"))
    assert refused is None
    assert found.writes == [first, second]
    assert [(w.write_id, w.region) for w in found.writes] == [("01A", PRIMARY), ("01B", SECONDARY)]
    asked = [(method, path, body) for _, _, method, path, body in https.asked]
    assert {method for method, _, _ in asked} == {"PUT"}
    assert len({path for _, path, _ in asked}) == 1
    assert [body for *_, body in asked] == [{"text": t} for t in ("one", "two", "three")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"code": "Draining"}}, "HTTP status 503 Draining"),
        ({"message": "Forbidden"}, "HTTP status 503"),
        ([], "HTTP status 503"),
    ],
)
def test_a_refusal_is_told_with_its_code(body: Any, said: str) -> None:
    found, _ = users(answer(503, body))
    found._read(0)
    assert [r.answer for r in found.requests] == [said]
