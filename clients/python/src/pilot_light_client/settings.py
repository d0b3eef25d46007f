"""Settings: environment variables, read and parsed when a handler's module is imported.

So what a template forgets or garbles fails the first warm ping, and no branch in a disaster.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from pilot_light_client.choice import choice
from pilot_light_client.journal_days import LEAST_DAYS, checked_days

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")
WithoutQuorum = Literal["refuse", "continue"]


class InvalidSetting(Exception):
    """An environment variable of a function is missing, empty or not of its type."""


@overload
def variable(name: str, *, default: str = "") -> str: ...
@overload
def variable(name: str, parse: Callable[[str], Value], *, default: str = "") -> Value: ...
def variable(name: str, parse: Callable[[str], Any] = str, *, default: str = "") -> Any:
    """Return the value of an environment variable.

    Raises
    ------
    InvalidSetting
        It is missing or empty and has no default, or `parse` raised ValueError.
    """
    text = os.environ.get(name, "") or default
    try:
        if not text:
            raise ValueError("missing or empty")
        return parse(text)
    except (ValueError, OverflowError) as error:
        raise InvalidSetting(
            f"The environment variable {name} is invalid: {str(error).rstrip('.')}. "
            "The function's resource in its template must set it."
        ) from error


def seconds(text: str) -> timedelta:
    """Parse a number of seconds."""
    return timedelta(seconds=float(text))


def minutes(text: str) -> timedelta:
    """Parse a number of minutes."""
    return timedelta(minutes=float(text))


def days(text: str) -> timedelta:
    """Parse a number of days."""
    return timedelta(days=float(text))


def journal_days(text: str) -> int:
    """Parse for how many days journal entries are kept; 0 is for ever."""
    return checked_days(int(text))


def comma_separated(text: str) -> list[str]:
    """Parse a list."""
    return text.split(",")


def one_of(literal: Any) -> Callable[[str], Any]:
    """Return a parser that accepts the words of a `Literal` only."""
    return partial(choice, "value", literal=literal)


@dataclass(frozen=True)
class Settings:
    """What an application's function knows of Pilot Light: its AppName, and how the fence is set.

    The names of the tables follow from the AppName.
    """

    app_name: str
    region: str
    fence_seconds: float = 3.0
    max_write_seconds: float = 2.0
    without_quorum: WithoutQuorum = "refuse"
    journal_days: int = LEAST_DAYS

    @classmethod
    def from_environment(cls) -> Settings:
        """Read PILOT_LIGHT_NAME, and the deployment's parameters that are not the defaults.

        They are PILOT_LIGHT_FENCE_SECONDS, PILOT_LIGHT_MAX_WRITE_SECONDS,
        PILOT_LIGHT_WITHOUT_QUORUM and PILOT_LIGHT_JOURNAL_DAYS.

        Raises
        ------
        InvalidSetting
            PILOT_LIGHT_NAME is missing, or another one is invalid.
        """
        return cls(
            app_name=variable("PILOT_LIGHT_NAME"),
            region=variable("AWS_REGION"),
            fence_seconds=variable("PILOT_LIGHT_FENCE_SECONDS", float, default="3"),
            max_write_seconds=variable("PILOT_LIGHT_MAX_WRITE_SECONDS", float, default="2"),
            without_quorum=variable(
                "PILOT_LIGHT_WITHOUT_QUORUM", one_of(WithoutQuorum), default="refuse"
            ),
            journal_days=variable(
                "PILOT_LIGHT_JOURNAL_DAYS", journal_days, default=str(LEAST_DAYS)
            ),
        )

    @property
    def control_table(self) -> str:
        """The table whose quorum decides who is active."""
        return f"{self.app_name}-control-quorum"

    @property
    def last_resort_table(self) -> str:
        """The Region's own table of what a person granted."""
        return f"{self.app_name}-last-resort"

    @property
    def journal_table(self) -> str:
        """The global table of journal entries and heartbeats."""
        return f"{self.app_name}-journal"
