"""The users of an application's drill, from the first item that they write."""

from __future__ import annotations

import pytest

from lab.config import LabError
from lab.drill import watching
from lab.drill.application import users
from lab.drill.application.users import AppTraffic, Call
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY


class Queued:
    """An application that acknowledges at once, and has the item after some reads."""

    def __init__(self, readable_at: int, written: int = 202) -> None:
        self.readable_at, self.written, self.reads = readable_at, written, 0

    def write(self, region: str, _host: str, item_id: str) -> Call:
        return Call("write", item_id, 0, 0, region, self.written)

    def read(self, region: str, _host: str, item_id: str) -> Call:
        self.reads += 1
        return Call("read", item_id, 0, 0, region, 200 if self.reads >= self.readable_at else 404)


def begun(monkeypatch: pytest.MonkeyPatch, application: Queued) -> AppTraffic:
    monkeypatch.setattr(users, "ask", lambda *_: None)
    monkeypatch.setattr(AppTraffic, "resolved", lambda _self: PRIMARY)
    monkeypatch.setattr(watching, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(users, "READABLE_SECONDS", 0.2)
    traffic = AppTraffic(CONFIG, application)  # type: ignore[arg-type]
    try:
        traffic.start()
    finally:
        traffic.stop()
    return traffic


def test_users_begin_once_the_first_item_is_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    traffic = begun(monkeypatch, Queued(readable_at=5))
    assert traffic.calls[0].kind == "write"
    assert all(c.good for c in traffic.calls)


def test_an_item_that_is_never_readable_is_an_error_that_names_the_contract(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(LabError, match=r"not readable within 0\.2 s: is \[lab\] read"):
        begun(monkeypatch, Queued(readable_at=10**9))


def test_a_first_write_that_is_refused_is_kept_for_the_baseline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = Queued(readable_at=10**9, written=503)
    assert begun(monkeypatch, application).calls[0].status == 503
