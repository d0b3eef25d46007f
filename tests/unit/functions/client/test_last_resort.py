"""The last resort: what is not whole, is over, or is too far ahead grants nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_light_client.last_resort import LastResort, LastResortTable

from tests.unit.functions.client.scripted import SILENT, Scripted, error

NOW = 1_800_000_000
FAILURES = [SILENT, error("AccessDeniedException"), error("InternalServerError", 500)]


def item(until: int = NOW + 60) -> dict[str, Any]:
    return {"until": {"N": str(until)}, "epoch": {"N": "4"}, "by": {"S": "a person"}}


def table(client: Scripted) -> LastResortTable:
    return LastResortTable(client, "local", lambda: float(NOW))


def test_one_in_force_is_read_strongly() -> None:
    client = Scripted({"Item": item()})
    assert table(client).read() == LastResort(NOW + 60, 4, "a person")
    assert client.calls[0][1]["ConsistentRead"] is True


@pytest.mark.parametrize(
    ("until", "holds"),
    [
        (NOW - 1, False),
        (NOW, False),
        (NOW + 1, True),
        (NOW + 14_400, True),
        (NOW + 14_460, True),
        (NOW + 14_461, False),
        (NOW * 1000, False),
    ],
)
def test_it_holds_until_its_end_and_for_four_hours_at_most(until: int, holds: bool) -> None:
    assert (table(Scripted({"Item": item(until)})).read() is not None) is holds


@pytest.mark.parametrize(
    "broken",
    [{"until": {"S": "tomorrow"}}, {"until": None}, {"epoch": {"N": "four"}}, {"by": {}}],
)
def test_one_that_is_not_whole_grants_nothing(broken: dict[str, Any]) -> None:
    assert table(Scripted({"Item": {**item(), **broken}})).read() is None


@pytest.mark.parametrize("answer", [*FAILURES, {}])
def test_what_cannot_be_read_grants_nothing(answer: Any) -> None:
    assert table(Scripted(answer)).read() is None
    assert not table(Scripted(answer)).exists()


def test_it_is_there_in_force_or_not() -> None:
    assert table(Scripted({"Item": item(NOW - 1)})).exists()


def test_its_end_says_whether_there_was_one() -> None:
    assert table(Scripted({"Attributes": item()})).end()
    assert not table(Scripted({})).end()


@pytest.mark.parametrize("answer", FAILURES)
def test_an_end_that_fails_raises_nothing(answer: Exception) -> None:
    assert not table(Scripted(answer)).end()


def test_people_read_its_end_in_utc() -> None:
    assert LastResort(NOW, 4, "a person").until_text == "2027-01-15T08:00:00.000Z"
