"""The designs, and the record sets of two of them, deployed beside the deployed one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    `failures` is after how many failed requests in a row a checker finds the Primary unhealthy.
    """

    key: str
    title: str
    summary: str
    failures: int
    label: str = ""

    @property
    def deployed(self) -> bool:
        """Whether it is the template's own, whose writes wait for the claim."""
        return not self.label

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


STANDARD = Design(
    "standard",
    "Pilot Light",
    "As deployed: the sentinel starts the machine, which waits for the endpoint check (10 s, "
    "2 failures), verifies, and makes one conditional write, which the switch's checks see. CNAME, "
    "TTL 5 s.",
    2,
)
FAST = Design(
    "fast",
    "Pilot Light, Detection=Fast",
    "The same with an endpoint check of 1 failure. CNAME, TTL 5 s.",
    1,
)
TUNED = Design(
    "tuned",
    "Tuned Route 53 failover",
    "An endpoint check (10 s, 3 failures, the same checkers) on the PRIMARY record. Nothing is "
    "verified, nothing keeps the lost Region from writing. CNAME, TTL 10 s.",
    3,
    "bench-tuned",
)
TUNED_FAST = Design(
    "tuned-fast",
    "Tuned Route 53 failover, 1 failure",
    "The same with an endpoint check of 1 failure: it moves users for every outage of ten seconds. "
    "CNAME, TTL 10 s.",
    1,
    "bench-tuned-fast",
)
PLAIN = Design(
    "plain",
    "Plain Route 53 failover",
    "An endpoint check (30 s, 3 failures, all checkers) on the PRIMARY alias record. Alias, "
    "TTL 60 s.",
    3,
    "bench-plain",
)
# In an outage one of ours is deployed, and every rival stands beside it.
OURS, RIVALS = (STANDARD, FAST), (TUNED, TUNED_FAST, PLAIN)
DESIGNS = (*OURS, *RIVALS)


def deploy(config: LabConfig, lab: Control) -> None:
    """Create the stack of the record sets in the Secondary's Region, and wait for it.

    Raises
    ------
    DesignsFailed
        The stack was not created.
    """
    check = endpoint_check(config, lab)
    parameters = {
        "AppName": config.app_name,
        "PrimaryRegion": config.primary_region,
        "SecondaryRegion": config.secondary_region,
        "ZoneName": config.zone_name,
        "HostedZoneId": config.hosted_zone_id,
        "CheckerRegions": ",".join(check["HealthCheckConfig"]["Regions"]),
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


def endpoint_check(config: LabConfig, lab: Control) -> dict[str, Any]:
    """Return the deployed check of the Primary's endpoint."""
    ids = {c["name"]: c["id"] for c in lab.act("health")}
    route53 = lab.client("route53", config.secondary_region)
    found = route53.get_health_check(HealthCheckId=ids[f"{config.app_name}-endpoint"])
    return dict(found["HealthCheck"])


def choose(config: LabConfig, lab: Control, design: Design) -> None:
    """Let the endpoint check be that of one of ours: in it alone their deployments differ."""
    lab.client("route53", config.secondary_region).update_health_check(
        HealthCheckId=endpoint_check(config, lab)["Id"], FailureThreshold=design.failures
    )
