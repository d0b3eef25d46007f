"""The requests of a drill's users, as a contract names them."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3

from lab.config import LabError
from lab.drill.application import users
from lab.drill.application.users import Requests
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, Anything
from tools.reader.contract import Contract

LAB = {
    "write": "PUT /orders/{id}",
    "body": {"id": "{id}", "lines": [{"note": "of {id}"}], "quantity": 1},
    "read": "GET /orders/{id}?full=true",
}
HOST = "us-west-2.pilotlight.example"


class Entry:
    """A Region's entry: what was sent is kept, and one answer is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.status, self.headers = 200, dict[str, str]()
        self.body: Any = {}
        self.error: Exception | None = None

    def request(self, *given: Any) -> Any:
        self.sent.append(given)
        if self.error:
            raise self.error
        return Anything(status=self.status, headers=self.headers, json=self._json)

    def _json(self) -> Any:
        if self.body is None:
            raise ValueError("no JSON")
        return self.body


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Entry:
    made = Entry()
    monkeypatch.setattr(users, "Https", lambda _config, _timeout: made)
    return made


def requests(**lab: Any) -> Requests:
    return Requests(CONFIG, Contract(0, "orders*", "orders", "ApiId", lab=lab or LAB))


@pytest.mark.parametrize("missing", ["write", "read"])
def test_a_contract_that_names_no_request_is_an_error_that_says_what_to_write(missing: str) -> None:
    with pytest.raises(LabError) as error:
        requests(**{k: v for k, v in LAB.items() if k != missing})
    assert str(error.value) == (
        "pilotlight.toml: [lab] needs write and read, the requests of a drill's users, such as "
        'write = "PUT /orders/{id}" and read = "GET /orders/{id}".'
    )


def test_a_write_has_the_id_in_its_path_and_everywhere_in_its_body(entry: Entry) -> None:
    call = requests().write(PRIMARY, HOST, "i-7")
    body = {"id": "i-7", "lines": [{"note": "of i-7"}], "quantity": 1}
    assert entry.sent == [(PRIMARY, HOST, "PUT", "/orders/i-7", body)]
    assert (call.kind, call.item_id, call.region, call.good) == ("write", "i-7", PRIMARY, True)


def test_each_write_has_its_own_id(entry: Entry) -> None:
    made = requests()
    for item_id in ("a", "b"):
        made.write(PRIMARY, HOST, item_id)
    assert [sent[4]["id"] for sent in entry.sent] == ["a", "b"]


def test_a_write_without_a_body_sends_an_empty_one(entry: Entry) -> None:
    requests(write="POST /orders/{id}", read="GET /orders/{id}").write(PRIMARY, HOST, "a")
    assert entry.sent == [(PRIMARY, HOST, "POST", "/orders/a", {})]


def test_a_read_has_the_id_in_its_path_and_no_body(entry: Entry) -> None:
    call = requests().read(PRIMARY, HOST, "i-7")
    assert entry.sent == [(PRIMARY, HOST, "GET", "/orders/i-7?full=true", None)]
    assert (call.kind, call.good) == ("read", True)


@pytest.mark.parametrize(
    ("status", "good"), [(200, True), (201, True), (299, True), (301, False), (404, False)]
)
def test_only_an_answer_of_200_to_299_is_good(entry: Entry, status: int, good: bool) -> None:
    entry.status = status
    assert requests().write(PRIMARY, HOST, "a").good is good


@pytest.mark.parametrize(
    "error", [urllib3.exceptions.ProtocolError("closed"), ConnectionResetError()]
)
def test_a_request_without_an_answer_has_the_status_0(entry: Entry, error: Exception) -> None:
    entry.error = error
    call = requests().write(PRIMARY, HOST, "a")
    assert (call.status, call.good, call.forwarded) == (0, False, False)
    assert requests().get(PRIMARY, HOST, "/health") == (0, None)


def test_a_write_that_the_region_had_made_elsewhere_is_forwarded(entry: Entry) -> None:
    assert not requests().write(PRIMARY, HOST, "a").forwarded
    entry.headers = {"X-Forwarded-By-Region": PRIMARY}
    assert requests().write(PRIMARY, HOST, "a").forwarded


def test_an_answer_that_is_no_json_has_its_status(entry: Entry) -> None:
    entry.status, entry.body = 200, None
    assert requests().get(PRIMARY, HOST, "/health") == (200, None)
    entry.body = {"region": PRIMARY}
    assert requests().get(PRIMARY, HOST, "/health") == (200, {"region": PRIMARY})
