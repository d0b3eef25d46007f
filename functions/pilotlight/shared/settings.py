"""The deployment that every function belongs to, read when a handler's module is imported."""

from __future__ import annotations

from dataclasses import dataclass

from pilot_light_client.settings import Settings, WithoutQuorum, one_of, variable


@dataclass(frozen=True, kw_only=True)
class Deployment(Settings):
    """The deployment: both Regions, the names, and the release."""

    primary_region: str
    secondary_region: str
    zone_name: str
    public_name: str
    items_table: str
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
