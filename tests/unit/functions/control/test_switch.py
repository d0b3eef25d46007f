"""The switch: on by a strong read or a last resort, off by the Region's own copy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.fence import Stamp
from pilot_light_client.last_resort import LastResort
from pilotlight.control.switch import ON_SECONDS, Switch

from tests.unit.functions.client.scripted import CLAIMED, PRIMARY, SECONDARY, SERVING

if TYPE_CHECKING:
    from pilot_light_client.control_item import ControlItem

UNREAD = ControlUnread("no_quorum", "silent")
HERE = replace(CLAIMED, state="serving")
GRANTED = LastResort(1_800_003_600, 4, "a person")


class Scene:
    """A switch of the Secondary, and what it is answered."""

    def __init__(self) -> None:
        self.strong: ControlItem | ControlUnread = HERE
        self.local: ControlItem | ControlUnread = HERE
        self.granted: LastResort | None = None
        self.at = Stamp(1000.0, 10.0)
        self.takes = 0.0
        self.switch = Switch(
            self._strong, self._local, SECONDARY, lambda: self.granted, lambda: self.at
        )

    def _strong(self) -> ControlItem:
        self.wait(self.takes, self.takes)
        return self._or_raise(self.strong)

    def _local(self) -> ControlItem:
        return self._or_raise(self.local)

    def wait(self, wall: float, boot: float) -> None:
        self.at = Stamp(self.at.wall + wall, self.at.boot + boot)

    @staticmethod
    def _or_raise(answer: ControlItem | ControlUnread) -> ControlItem:
        if isinstance(answer, ControlUnread):
            raise answer
        return answer


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize("state", ["serving", "claimed", "draining"])
def test_it_is_on_where_a_strong_read_says_active_here_in_any_state(
    scene: Scene, state: str
) -> None:
    scene.strong = replace(HERE, state=state)  # type: ignore[arg-type]
    assert scene.switch.on()


def test_it_is_not_on_by_the_region_s_own_copy(scene: Scene) -> None:
    scene.strong = SERVING
    assert not scene.switch.on()
    scene.strong = UNREAD
    assert not scene.switch.on()


@pytest.mark.parametrize(
    ("wall", "boot", "on"),
    [
        (ON_SECONDS, ON_SECONDS, True),
        (ON_SECONDS + 1, ON_SECONDS + 1, False),
        (0.0, ON_SECONDS + 1, False),
        (ON_SECONDS + 1, 0.0, False),
        (-1.0, 1.0, False),
    ],
)
def test_it_stays_on_for_two_minutes_after_its_last_strong_read_by_any_clock(
    scene: Scene, wall: float, boot: float, on: bool
) -> None:
    assert scene.switch.on()
    scene.strong = UNREAD
    scene.wait(wall, boot)
    assert scene.switch.on() is on


def test_it_stays_on_for_as_long_as_the_design_says() -> None:
    assert ON_SECONDS == 120


def test_the_two_minutes_count_from_when_the_read_was_sent(scene: Scene) -> None:
    scene.takes = 30.0
    assert scene.switch.on()
    scene.strong, scene.takes = UNREAD, 0.0
    scene.wait(ON_SECONDS - 29, ON_SECONDS - 29)
    assert not scene.switch.on()


def test_a_strong_read_that_said_elsewhere_is_not_followed_by_two_minutes(scene: Scene) -> None:
    assert scene.switch.on()
    scene.strong = SERVING
    assert not scene.switch.on()
    scene.strong = UNREAD
    assert not scene.switch.on()


def test_a_last_resort_turns_it_on_while_no_strong_read_succeeds(scene: Scene) -> None:
    scene.granted, scene.strong = GRANTED, UNREAD
    assert scene.switch.on()
    scene.strong = SERVING
    assert not scene.switch.on()


@pytest.mark.parametrize(
    ("local", "off"), [(SERVING, True), (HERE, False), (CLAIMED, False), (UNREAD, False)]
)
def test_it_is_off_where_the_own_copy_says_active_elsewhere(
    scene: Scene, local: ControlItem | ControlUnread, off: bool
) -> None:
    scene.local = local
    assert scene.switch.off() is off


def test_it_is_not_off_while_a_last_resort_is_in_force(scene: Scene) -> None:
    scene.local, scene.granted = SERVING, GRANTED
    assert not scene.switch.off()


def test_off_asks_no_quorum(scene: Scene) -> None:
    scene.strong, scene.local = UNREAD, replace(SERVING, active_region=PRIMARY)
    assert scene.switch.off()
