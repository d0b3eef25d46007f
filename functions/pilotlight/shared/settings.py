"""The deployment that every function belongs to, read when a handler's module is imported."""

from __future__ import annotations

from dataclasses import dataclass

from pilot_light_client.settings import Settings, WithoutQuorum, journal_days, one_of, variable

from pilotlight.shared.app_tables import AppTables

# A contract that names no table, or no function.
NONE = "none"


def declared(text: str) -> list[str]:
    """Parse a list of the application's contract, which may be none."""
    return [] if text == NONE else text.split(",")


@dataclass(frozen=True, kw_only=True)
class Deployment(Settings):
    """The deployment: both Regions, the names, the release, and the application's contract."""

    primary_region: str
    secondary_region: str
    zone_name: str
    public_name: str
    level: int
    app_tables: AppTables
    health_path: str
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
            level=variable("APP_LEVEL", int),
            health_path=variable("HEALTH_PATH"),
            app_tables=variable("APP_TABLES", lambda text: AppTables.parse(declared(text))),
            fence_seconds=variable("FENCE_SECONDS", float),
            max_write_seconds=variable("MAX_WRITE_SECONDS", float),
            without_quorum=variable("WITHOUT_QUORUM", one_of(WithoutQuorum)),
            journal_days=variable("JOURNAL_DAYS", journal_days),
            release=variable("RELEASE"),
        )

    def region_name(self, region: str) -> str:
        """Return the DNS name that belongs to one Region alone."""
        return f"{region}.{self.zone_name}"

    def health_url(self, name: str) -> str:
        """Return the URL of the application's health at one of the deployment's names."""
        return f"https://{name}{self.health_path}"

    @property
    def journaled(self) -> bool:
        """Whether the application journals its writes: only then can anything be proven."""
        return self.level >= 2

    def origin_name(self, region: str) -> str:
        """Return the DNS name to which the failover record of a Region points."""
        return f"origin-{region}.{self.zone_name}"

    @property
    def beacon_name(self) -> str:
        """The DNS name whose TXT record is the verdict of Route 53's checkers on the Primary."""
        return f"beacon.{self.zone_name}"
