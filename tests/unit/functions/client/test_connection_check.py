"""When a write is checked: once its connection stands. By real sockets, of this machine alone."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import HTTPClientError
from pilot_light_client import aws_clients, connection_check
from pilot_light_client.aws_clients import WRITE_PATH
from pilot_light_client.connection_check import checked, checks_when_connected
from pilot_light_client.fence import WriteTooLate
from pilot_light_client.transaction import WriteUnknown, send

from tests.unit.functions.client.listening import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def network_attempts() -> list[str]:
    """Loopback is this machine: these tests may use it."""
    return []


def listening(found: Table, scheme: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"{scheme}://{found.address}")
    # As impatient as it is, a busy machine would fail the tests.
    patient = WRITE_PATH.merge(Config(connect_timeout=10, read_timeout=10))
    monkeypatch.setattr(aws_clients, "WRITE_PATH", patient)
    aws_clients.write_path_client.cache_clear()
    yield found
    found.close()
    aws_clients.write_path_client.cache_clear()


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from listening(Table(), "http", monkeypatch)


@pytest.fixture
def tls_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Table]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    yield from listening(Table(context), "https", monkeypatch)


def lose_answers(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    table.answers = False
    monkeypatch.setattr(aws_clients, "WRITE_PATH", WRITE_PATH)
    aws_clients.write_path_client.cache_clear()


class Check:
    """A check that refuses once something is so, and counts how often it was asked."""

    def __init__(self, is_late: Callable[[], object] = lambda: False) -> None:
        self._is_late = is_late
        self.passed = self.refused = 0

    def __call__(self) -> None:
        if self._is_late():
            self.refused += 1
            raise WriteTooLate("too late")
        self.passed += 1


def write(check: Check) -> Check:
    items = [{"Put": {"TableName": "items", "Item": {"pk": {"S": "tea"}}}}]
    send(aws_clients.write_path_client(), items, token="01A", check=check)
    return check


def test_a_write_in_time_is_checked_before_the_call_and_when_connected_and_made(
    table: Table,
) -> None:
    assert write(Check()).passed >= 2
    assert b"TransactWriteItems" in table.sent[0]


def test_a_write_that_is_late_before_the_call_does_not_even_connect(table: Table) -> None:
    with pytest.raises(WriteTooLate):
        write(Check(lambda: True))
    assert table.sent == []


def test_of_a_write_whose_name_lookup_took_too_long_nothing_is_sent(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup, asked = socket.getaddrinfo, list[Any]()

    def slow(*given: Any, **more: Any) -> Any:
        asked.append(given)
        return lookup(*given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    check = Check(lambda: asked)
    with pytest.raises(WriteTooLate):
        write(check)
    assert (check.passed, check.refused) == (1, 1)
    assert b"".join(table.sent) == b""


def test_the_check_comes_after_a_handshake_that_takes_its_time(tls_table: Table) -> None:
    check = Check(lambda: tls_table.shakes_hands)
    with pytest.raises(WriteTooLate):
        write(check)
    assert (check.passed, check.refused) == (1, 1)
    assert tls_table.sent == [b""]
    write(Check())
    assert b"TransactWriteItems" in tls_table.sent[-1]


def test_a_connection_that_is_kept_is_checked_again_for_the_next_write(table: Table) -> None:
    write(Check())
    made = len(table.sent[0])
    check = Check()
    check._is_late = lambda: check.passed == 1
    with pytest.raises(WriteTooLate):
        write(check)
    assert [len(data) for data in table.sent] == [made]


def test_a_retry_that_is_too_late_is_unknown_for_the_first_attempt_was_sent(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is lost, and botocore tries once more."""
    lose_answers(table, monkeypatch)
    check = Check(lambda: table.sent and table.sent[0].endswith(b"}"))
    with pytest.raises(WriteUnknown):
        write(check)
    assert check.refused == 1
    assert [b"TransactWriteItems" in data for data in table.sent].count(True) == 1


def test_a_table_that_never_answers_is_unknown(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_answers(table, monkeypatch)
    with pytest.raises(WriteUnknown):
        write(Check())


def test_calls_outside_of_a_check_are_not_checked_by_it(table: Table) -> None:
    client = aws_clients.write_path_client()
    with checked(Check(lambda: True)), pytest.raises(HTTPClientError):
        client.describe_limits()
    client.describe_limits()
    assert b"DescribeLimits" in table.sent[-1]


def test_a_botocore_that_has_changed_inside_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(connection_check.logger, "warning", told.append)
    client = object()
    assert checks_when_connected(client) is client
    assert "checked before they connect, not after" in told[0]
