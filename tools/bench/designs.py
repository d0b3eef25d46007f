"""The designs, and the record sets of two of them, deployed beside the deployed one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import WaiterError

from lab.config import LabError

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control

TEMPLATE = Path(__file__).with_name("designs.yaml")


class DesignsFailed(LabError):
    """The record sets that the benchmark compares could not be made."""


@dataclass(frozen=True)
class Design:
    """One way to move users.

    `label` names its record sets and the health check on its PRIMARY; the deployed design has none.
    `fenced` is whether its writes wait for the claim.
    """

    key: str
    title: str
    summary: str
    label: str = ""
    fenced: bool = False

    @property
    def check(self) -> str:
        """The name of the health check that moves it, without the application's."""
        return self.label or "switch"

    def name(self, config: LabConfig) -> str:
        """Return the name under which its users look for the application."""
        return f"{self.label}.{config.zone_name}" if self.label else config.public_name

    def moved(self, config: LabConfig) -> str:
        """Return what the lab's journal calls the check that moves it."""
        return f"health check {config.app_name}-{self.check}"


ORCHESTRATED = Design(
    "orchestrated",
    "Pilot Light, orchestrated",
    "As deployed: verify first, then one conditional write, which the switch's checks see; the "
    "lease passes while the name moves. CNAME, TTL 5 s.",
    fenced=True,
)
IMMEDIATE = Design(
    "immediate",
    "Pilot Light, immediate",
    "The endpoint check (10 s, 2 failures) moves the name at once, the switch keeps it from moving "
    "back; writes wait for the claim and its lease. CNAME, TTL 5 s.",
    "bench-immediate",
    fenced=True,
)
PLAIN = Design(
    "plain",
    "Plain Route 53 failover",
    "An endpoint check (30 s, 3 failures) on the PRIMARY alias record, no check on the SECONDARY. "
    "Alias, TTL 60 s.",
    "bench-plain",
)
DESIGNS = (ORCHESTRATED, IMMEDIATE, PLAIN)


def deploy(config: LabConfig, lab: Control) -> None:
    """Create the stack of the record sets in the Secondary's Region, and wait for it.

    Raises
    ------
    DesignsFailed
        The stack was not created.
    """
    checks = {c["name"]: c["id"] for c in lab.act("health")}
    parameters = {
        "AppName": config.app_name,
        "PrimaryRegion": config.primary_region,
        "SecondaryRegion": config.secondary_region,
        "ZoneName": config.zone_name,
        "HostedZoneId": config.hosted_zone_id,
        "EndpointCheck": checks[f"{config.app_name}-endpoint"],
        "NotOnCheck": checks[f"{config.app_name}-not-on"],
    }
    cloudformation = lab.client("cloudformation", config.secondary_region)
    stack = f"{config.app_name}-bench"
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    except WaiterError as error:
        raise DesignsFailed(f"The stack {stack} was not created: {error}") from error
