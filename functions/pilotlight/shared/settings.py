"""Settings: environment variables, read and parsed when a handler's module is imported.

So what template.yaml forgets or garbles fails the first warm ping, and no branch in a disaster.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from pilotlight.shared.choice import choice

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")
WithoutQuorum = Literal["refuse", "continue"]


class InvalidSetting(Exception):
    """An environment variable of a function is missing, empty or not of its type."""


@overload
def variable(name: str) -> str: ...
@overload
def variable(name: str, parse: Callable[[str], Value]) -> Value: ...
def variable(name: str, parse: Callable[[str], Any] = str) -> Any:
    """Return the value of an environment variable.

    Raises
    ------
    InvalidSetting
        It is missing or empty, or `parse` raised ValueError.
    """
    text = os.environ.get(name, "")
    try:
        if not text:
            raise ValueError("missing or empty")
        return parse(text)
    except (ValueError, OverflowError) as error:
        raise InvalidSetting(
            f"The environment variable {name} is invalid: {str(error).rstrip('.')}. "
            "The function's resource in template.yaml must set it."
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


def comma_separated(text: str) -> list[str]:
    """Parse a list."""
    return text.split(",")


def one_of(literal: Any) -> Callable[[str], Any]:
    """Return a parser that accepts the words of a `Literal` only."""
    return partial(choice, "value", literal=literal)


@dataclass(frozen=True)
class Deployment:
    """The deployment that every function belongs to."""

    region: str
    app_name: str
    primary_region: str
    secondary_region: str
    zone_name: str
    public_name: str
    items_table: str
    control_table: str
    last_resort_table: str
    fence_seconds: float
    without_quorum: WithoutQuorum
    release: str

    @classmethod
    def from_environment(cls) -> Deployment:
        """Read the variables that the template's Globals set."""
        return cls(
            region=variable("AWS_REGION"),
            app_name=variable("APP_NAME"),
            primary_region=variable("PRIMARY_REGION"),
            secondary_region=variable("SECONDARY_REGION"),
            zone_name=variable("ZONE_NAME"),
            public_name=variable("PUBLIC_NAME"),
            items_table=variable("ITEMS_TABLE"),
            control_table=variable("CONTROL_TABLE"),
            last_resort_table=variable("LAST_RESORT_TABLE"),
            fence_seconds=variable("FENCE_SECONDS", float),
            without_quorum=variable("WITHOUT_QUORUM", one_of(WithoutQuorum)),
            release=variable("RELEASE"),
        )

    def region_name(self, region: str) -> str:
        """Return the DNS name that belongs to one Region alone."""
        return f"{region}.{self.zone_name}"

    def origin_name(self, region: str) -> str:
        """Return the DNS name to which the failover record of a Region points."""
        return f"origin-{region}.{self.zone_name}"

    @property
    def beacon_name(self) -> str:
        """The DNS name whose TXT record is the verdict of Route 53's checkers on the Primary."""
        return f"beacon.{self.zone_name}"
