"""Settings from environment variables, read once and by name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class MissingSetting(Exception):
    """A function lacks an environment variable that the template should have given it."""


def required(name: str, environment: Mapping[str, str] | None = None) -> str:
    """Return an environment variable, or fail naming it.

    Raises
    ------
    MissingSetting
        The variable is absent or empty.
    """
    value = (os.environ if environment is None else environment).get(name, "")
    if not value:
        raise MissingSetting(
            f"The environment variable {name} is missing or empty. "
            "The function's resource in template.yaml must set it."
        )
    return value


@dataclass(frozen=True)
class Deployment:
    """What every function knows of the deployment it belongs to."""

    region: str
    primary_region: str
    secondary_region: str
    zone_name: str
    public_name: str
    items_table: str
    control_table: str
    last_resort_table: str
    release: str

    @classmethod
    def from_environment(cls) -> Deployment:
        """Read the variables that the template's Globals set."""
        return cls(
            region=required("AWS_REGION"),
            primary_region=required("PRIMARY_REGION"),
            secondary_region=required("SECONDARY_REGION"),
            zone_name=required("ZONE_NAME"),
            public_name=required("PUBLIC_NAME"),
            items_table=required("ITEMS_TABLE"),
            control_table=required("CONTROL_TABLE"),
            last_resort_table=required("LAST_RESORT_TABLE"),
            release=required("RELEASE"),
        )

    def region_name(self, region: str) -> str:
        """Return the DNS name that belongs to one Region alone."""
        return f"{region}.{self.zone_name}"

    def origin_name(self, region: str) -> str:
        """Return the DNS name to which the failover record of a Region points."""
        return f"origin-{region}.{self.zone_name}"

    @property
    def beacon_name(self) -> str:
        """The DNS name whose TXT record tells what Route 53's checkers think of the Primary."""
        return f"beacon.{self.zone_name}"
