"""Writes to the returned Primary by its own name, from the moment that the outage ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from lab.drill.users import by_name, returned
from lab.drill.users.returned import BEHIND_SECONDS, FORWARDED_ENOUGH, LIMIT_SECONDS
from tests.unit.lab.drill.users.web import FakeHttps, answer
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY

if TYPE_CHECKING:
    from lab.drill.observations import WriteByName


class Lab:
    """A admin API and its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.done: list[tuple[str, float]] = []
        self.link = (SECONDARY, PRIMARY)

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def act(self, action: str, **given: Any) -> None:
        if action == "pause":
            assert (given["src"], given["dst"]) == self.link
            action = "pause" if given.get("on", True) else "resume"
        else:
            assert given == {}, "a named outage ends as a whole"
        self.done.append((action, self.now))


def forwarded() -> urllib3.HTTPResponse:
    return answer(201, X_Served_By=SECONDARY, X_Forwarded_By_Region=PRIMARY)


def refused() -> urllib3.HTTPResponse:
    return answer(503, {"error": {"code": "NoQuorum", "message": "-"}}, X_Served_By=PRIMARY)


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    found = Lab()
    monkeypatch.setattr(returned, "time", found)
    monkeypatch.setattr(by_name, "time", found)
    return found


def written(lab: Lab, https: FakeHttps) -> list[WriteByName]:
    return returned.write_from_its_return(https, CONFIG, lab)  # type: ignore[arg-type]


def test_a_write_that_is_refused_lost_or_taken_does_not_end_the_others(lab: Lab) -> None:
    lost = urllib3.exceptions.ProtocolError("gone")
    taken = answer(201, X_Served_By=PRIMARY)
    some = [lost, OSError(), refused(), taken]
    https = FakeHttps(*some, *(forwarded() for _ in range(FORWARDED_ENOUGH)))
    found = written(lab, https)
    assert [(a.status, a.served_by, a.forwarded_by, a.code) for a in found[:5]] == [
        (0, None, None, ""),
        (0, None, None, ""),
        (503, PRIMARY, None, "NoQuorum"),
        (201, PRIMARY, None, ""),
        (201, SECONDARY, PRIMARY, ""),
    ]
    assert sum(a.forwarded for a in found) == FORWARDED_ENOUGH
    region, host, method, path, _ = https.asked[0]
    assert (region, host) == (PRIMARY, "us-west-2.pilotlight.example")
    assert (method, path) == ("POST", "/items")
    assert len({item["id"] for *_, item in https.asked}) == len(found)


def test_replication_stands_still_before_the_outage_ends_and_for_a_while_after(lab: Lab) -> None:
    count = round(LIMIT_SECONDS / returned.EVERY_SECONDS) + 2
    found = written(lab, FakeHttps(*(refused() for _ in range(count))))
    assert [what for what, _ in lab.done][:3] == ["pause", "heal", "resume"]
    resumed = next(at for what, at in lab.done if what == "resume")
    assert resumed == pytest.approx(BEHIND_SECONDS, abs=0.2)
    assert found[0].at == 0.0
    assert lab.now == pytest.approx(LIMIT_SECONDS, abs=0.2), "it is not waited for for ever"


def test_replication_goes_on_even_if_the_drill_is_interrupted(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lab, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        written(lab, FakeHttps(refused()))
    assert lab.done[-1][0] == "resume"


def test_the_secondary_may_be_the_one_that_returns_and_an_item_be_written_by_both(lab: Lab) -> None:
    lab.link = (PRIMARY, SECONDARY)
    passed_on = [
        answer(201, X_Served_By=PRIMARY, X_Forwarded_By_Region=SECONDARY, X_Write_Id=f"w{n}")
        for n in range(FORWARDED_ENOUGH)
    ]
    https = FakeHttps(*passed_on)
    found = returned.write_from_its_return(
        https,  # type: ignore[arg-type]
        CONFIG,
        lab,  # type: ignore[arg-type]
        region=SECONDARY,
        contested="both",
    )
    asked = [(region, method, path) for region, _, method, path, _ in https.asked]
    assert asked[:2] == [(SECONDARY, "PUT", "/items/both"), (SECONDARY, "POST", "/items")]
    assert [a.write_id for a in found] == [f"w{n}" for n in range(FORWARDED_ENOUGH)]
    assert {a.item_id for a in found[::2]} == {"both"}
    assert len({a.item_id for a in found[1::2]}) == FORWARDED_ENOUGH / 2
