"""What asks beside the users: a Region by its own name, and the control item by strong reads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import urllib3
from botocore.exceptions import EndpointConnectionError

from lab.drill.observations import ControlItem
from lab.drill.users import by_name, control_history
from lab.drill.users.by_name import ByName, write_by_name
from lab.drill.users.control_history import ControlHistory
from tests.unit.lab.drill.users.web import FakeHttps, answer
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_a_write_is_told_with_its_region_its_epoch_and_when_it_was_sent() -> None:
    https = FakeHttps(answer(201, X_Served_By=PRIMARY, X_Write_Id="w", X_Epoch="4"))
    found = write_by_name(https, PRIMARY, "zone", "item")  # type: ignore[arg-type]
    assert found.taken_by(PRIMARY)
    assert (found.write_id, found.epoch) == ("w", 4)
    assert 0 < found.started <= found.at
    assert found.as_write.acknowledged == found.at


def test_a_region_that_does_not_answer_took_nothing() -> None:
    https = FakeHttps(urllib3.exceptions.ProtocolError("gone"))
    found = write_by_name(https, PRIMARY, "zone", "item")  # type: ignore[arg-type]
    assert (found.status, found.acknowledged, found.code) == (0, False, "")


class Region:
    """Answers every request as a Region that refuses writes does."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()

    def request(
        self, region: str, host: str, method: str, path: str, body: Any = None
    ) -> urllib3.HTTPResponse:
        self.hosts.add(host)
        if method == "GET":
            return answer(200, X_Served_By=region)
        return answer(503, {"error": {"code": "NoQuorum", "message": "-"}}, X_Served_By=region)


def test_it_writes_and_reads_by_name_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    https = Region()
    monkeypatch.setattr(by_name, "Https", lambda config, timeout: https)
    monkeypatch.setattr(by_name, "EVERY_SECONDS", 0.001)
    asker = ByName(CONFIG, PRIMARY)
    asker.start()
    assert eventually(lambda: len(asker.writes) > 1 and len(asker.reads) > 1)
    asker.stop()
    count = len(asker.writes)
    assert {a.code for a in asker.writes} == {"NoQuorum"}
    assert all(r.good and r.region == PRIMARY for r in asker.reads)
    assert https.hosts == {f"{PRIMARY}.{CONFIG.zone_name}"}
    threading.Event().wait(0.02)
    assert len(asker.writes) == count


def test_what_was_never_started_is_stopped_without_a_word() -> None:
    ByName(CONFIG, PRIMARY).stop()
    ControlHistory(CONFIG).stop()


def test_the_control_item_is_read_strongly_in_both_regions_and_silence_is_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = {"active_region": {"S": PRIMARY}, "epoch": {"N": "1"}, "revision": {"N": "2"}}
    whole = {**item, "state": {"S": "claimed"}}

    def get_item(region: str) -> Callable[..., Any]:
        def answered(TableName: str, Key: Any, ConsistentRead: bool) -> dict[str, Any]:
            assert (TableName, ConsistentRead) == ("pilot-light-control-quorum", True)
            if region == PRIMARY:
                raise EndpointConnectionError(endpoint_url="-")
            return {"Item": whole}

        return answered

    class Lab:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def client(self, service: str, region: str) -> Any:
            return Anything(get_item=get_item(region))

    monkeypatch.setattr(control_history, "Lab", Lab)
    monkeypatch.setattr(control_history, "EVERY_SECONDS", 0.001)
    history = ControlHistory(CONFIG)
    history.start()
    assert eventually(lambda: {r.region for r in history.reads} == {PRIMARY, SECONDARY})
    history.stop()
    found = {r.region: r.item for r in history.reads}
    assert found == {PRIMARY: None, SECONDARY: ControlItem(PRIMARY, 1, 2, "claimed")}
