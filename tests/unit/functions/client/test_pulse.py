"""The pulse: beaten every ten seconds by whoever serves, by one environment of many."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_light_client.pulse import Pulse, PulseWriter
from pilot_light_client.table_errors import TableUnavailable

from tests.unit.functions.client.scripted import PRIMARY, SILENT, Scripted, error


class Item:
    """The pulse item. Knows the one update that there is."""

    def __init__(self) -> None:
        self.beat: int | None = None
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failing: Exception | None = None

    def get_item(self, **asked: Any) -> dict[str, Any]:
        self._called("get_item", asked)
        return {} if self.beat is None else {"Item": {"beat": {"N": str(self.beat)}}}

    def update_item(self, **asked: Any) -> None:
        self._called("update_item", asked)
        assert asked["UpdateExpression"].startswith("SET beat = if_not_exists(beat, :zero) + :one")
        self.beat = (self.beat or 0) + 1

    def _called(self, name: str, asked: dict[str, Any]) -> None:
        self.calls.append((name, asked))
        if self.failing:
            raise self.failing

    @property
    def beats(self) -> int:
        return sum(name == "update_item" for name, _ in self.calls)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("consistent", [True, False])
def test_a_pulse_is_read_as_it_is_asked(consistent: bool) -> None:
    client = Scripted({"Item": {"beat": {"N": "17"}}})
    assert Pulse(client, "control").read(consistent=consistent) == 17
    assert client.calls[0][1]["ConsistentRead"] is consistent


@pytest.mark.parametrize("answer", [{}, {"Item": {}}, {"Item": {"beat": {"N": "many"}}}])
def test_there_is_no_pulse_where_none_can_be_told(answer: dict[str, Any]) -> None:
    assert Pulse(Scripted(answer), "control").read(consistent=True) is None


def test_a_table_that_does_not_answer_is_not_a_pulse_that_stands_still() -> None:
    with pytest.raises(TableUnavailable):
        Pulse(Scripted(SILENT), "control").read(consistent=True)


def test_one_environment_beats_every_ten_seconds() -> None:
    item, clock = Item(), Clock()
    writer = PulseWriter(Pulse(item, "control"), PRIMARY, clock)
    for _ in range(60):
        writer.serve()
        clock.now += 1
    assert item.beat == 6


def test_several_environments_beat_about_as_often_as_one() -> None:
    item, clock = Item(), Clock()
    writers = [PulseWriter(Pulse(item, "control"), PRIMARY, clock) for _ in range(4)]
    stood, longest, last = 0.0, 0.0, None
    for _ in range(120):
        for writer in writers:
            writer.serve()
        stood = stood + 1 if item.beat == last else 0.0
        longest, last = max(longest, stood), item.beat
        clock.now += 1
    assert longest <= 20
    assert item.beats <= 12 + len(writers)


@pytest.mark.parametrize("failure", [SILENT, error("InternalServerError", 500)])
def test_a_pulse_that_cannot_be_written_keeps_no_answer_waiting_and_is_tried_again(
    failure: Exception,
) -> None:
    item, clock = Item(), Clock()
    writer = PulseWriter(Pulse(item, "control"), PRIMARY, clock)
    item.failing = failure
    writer.serve()
    writer.serve()
    assert len(item.calls) == 1, "and not before ten seconds have passed"
    item.failing, clock.now = None, clock.now + 10
    writer.serve()
    assert item.beat == 1


def test_a_clock_that_went_back_does_not_silence_it() -> None:
    item, clock = Item(), Clock()
    writer = PulseWriter(Pulse(item, "control"), PRIMARY, clock)
    writer.serve()
    clock.now -= 3600
    writer.serve()
    assert item.beat == 2
