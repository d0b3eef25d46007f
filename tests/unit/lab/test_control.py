"""How commands talk to a lab: what it answers, and what may answer in its place."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from email.message import Message
from io import BytesIO
from typing import Any

import pytest

from lab import control
from lab.config import LabError
from lab.control import Control, NotAnswering, Refused
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY


class Engine:
    """What answers at the port of the lab's AWS APIs."""

    def __init__(self, said: bytes | Exception = b"{}", status: int = 200) -> None:
        self.said, self.status = said, status
        self.asked: list[tuple[str, str, Any]] = []

    def open(self, request: Any, timeout: float) -> BytesIO:
        self.asked.append((request.get_method(), request.full_url, json.loads(request.data)))
        if isinstance(self.said, Exception):
            raise self.said
        if self.status != 200:
            url, body = request.full_url, BytesIO(self.said)
            raise urllib.error.HTTPError(url, self.status, "no", Message(), body)
        return BytesIO(self.said)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    found = Engine()
    monkeypatch.setattr(control, "_DIRECT", found)
    return found


def test_an_action_is_posted_to_the_switchboard_with_what_is_given(engine: Engine) -> None:
    engine.said = b'[{"name": "pilot-light-endpoint"}]'
    assert Control(CONFIG).act("health", region=PRIMARY) == [{"name": "pilot-light-endpoint"}]
    url = "http://127.0.0.1:4566/_lab/health"
    assert engine.asked == [("POST", url, {"region": PRIMARY})]


def test_no_proxy_of_the_user_stands_between() -> None:
    handlers = control._DIRECT.handlers  # type: ignore[attr-defined]
    assert not [h for h in handlers if isinstance(h, urllib.request.ProxyHandler)]


def test_a_refusal_gives_the_switchboards_reason(engine: Engine) -> None:
    engine.said, engine.status = b'{"error": "There is no Region \'mars\'."}', 400
    with pytest.raises(Refused, match="There is no Region 'mars'"):
        Control(CONFIG).act("lose", region="mars")


@pytest.mark.parametrize(
    "error",
    [
        urllib.error.URLError(ConnectionRefusedError()),
        TimeoutError(),
        ConnectionResetError(),
        http.client.RemoteDisconnected(),
        http.client.BadStatusLine("SSH-2.0-OpenSSH_9.2"),
        http.client.IncompleteRead(b"{"),
    ],
)
def test_what_cannot_be_talked_to_does_not_answer(engine: Engine, error: Exception) -> None:
    engine.said = error
    with pytest.raises(NotAnswering, match=r"at http://127\.0\.0\.1:4566 does not answer"):
        Control(CONFIG).state()


# Another program that listens on the same port, such as another AWS on a laptop.
STRANGERS: dict[str, tuple[bytes, int]] = {
    "a page": (b"<html>It works!</html>", 200),
    "a page that is not found": (b"<html>404</html>", 404),
    "an empty error": (b"", 502),
    "an error in JSON of its own": (b'{"message": "not found"}', 404),
    "a list as an error": (b"[]", 404),
    "JSON of its own": (b'{"services": {}}', 200),
    "a list": (b"[]", 200),
    "null": (b"null", 200),
}


@pytest.mark.parametrize(("said", "status"), STRANGERS.values(), ids=STRANGERS)
def test_another_program_at_the_port_is_no_lab(engine: Engine, said: bytes, status: int) -> None:
    engine.said, engine.status = said, status
    with pytest.raises(NotAnswering, match=r"http://127\.0\.0\.1:4566"):
        Control(CONFIG).state()
    assert not Control(CONFIG).answers(7)


def test_an_engine_answers_only_for_itself(engine: Engine) -> None:
    engine.said = b'{"pid": 7, "lost": {}}'
    assert Control(CONFIG).state() == {"pid": 7, "lost": {}}
    assert Control(CONFIG).answers(7)
    assert not Control(CONFIG).answers(8), "another checkout's lab has the port"
    assert not Control(CONFIG).answers(None)


def test_a_lab_that_refuses_to_tell_its_state_does_not_answer(engine: Engine) -> None:
    engine.said, engine.status = b'{"error": "not now"}', 400
    assert not Control(CONFIG).answers(7)


@pytest.mark.parametrize(
    ("answers", "region"),
    [
        (["127.0.1.1"], PRIMARY),
        (["origin.us-east-2.pilotlight.example", "127.0.2.1"], SECONDARY),
        (["127.0.9.9"], None),
        ([], None),
    ],
)
def test_the_public_name_leads_to_the_region_of_its_address(
    engine: Engine, answers: list[str], region: str | None
) -> None:
    engine.said = json.dumps([{"value": value} for value in answers]).encode()
    assert Control(CONFIG).leads_to() == region
    assert engine.asked[0][2] == {"name": "app.pilotlight.example"}


def test_a_client_is_the_labs_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    client = Control(CONFIG).client("dynamodb", SECONDARY)
    assert (client.meta.endpoint_url, client.meta.region_name) == (CONFIG.endpoint, SECONDARY)
    credentials = client._request_signer._credentials
    assert (credentials.access_key, credentials.secret_key) == ("test", "test")
    assert client.meta.config.retries["total_max_attempts"] == 2
    assert client._endpoint.http_session._proxy_config._proxies == {}


def test_everything_that_goes_wrong_here_is_told_to_a_person_in_a_line() -> None:
    assert issubclass(NotAnswering, LabError) and issubclass(Refused, LabError)
