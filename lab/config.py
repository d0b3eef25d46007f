"""What a lab is made of: Regions, names, ports, and how fast AWS's own intervals run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT = "000000000000"


class LabError(Exception):
    """An error that a person can correct. Its text names what is wrong, where, and what to do."""


@dataclass(frozen=True)
class LabConfig:
    """One lab. Everything binds to loopback."""

    app_name: str
    primary_region: str
    secondary_region: str
    zone_name: str
    hosted_zone_id: str
    public_label: str
    state_dir: str
    config_envs: tuple[str, ...]
    samconfig: str = str(ROOT / "samconfig.toml")
    witness_region: str = "us-east-1"
    api_port: int = 4566
    dns_port: int = 5354
    browser_port: int = 8080
    page_port: int = 8081
    entry_port: int = 8441
    speed: float = 1.0
    replication_lag: float = 0.5
    # Zones of other deployments beside this one. The account's owner creates them in Route 53.
    other_zones: tuple[str, ...] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions of the lab: the pair, and us-east-1, where Route 53's metrics are."""
        return tuple(dict.fromkeys((self.primary_region, self.secondary_region, "us-east-1")))

    @property
    def entries(self) -> dict[str, int]:
        """The TLS port of each Region's entry."""
        return {region: self.entry_port + i for i, region in enumerate(self.regions)}

    @property
    def cross_region_ports(self) -> dict[tuple[str, str], int]:
        """The TLS ports at which functions of one Region of the pair reach the other's entry.

        Ports of their own, so that a partition between the Regions leaves users alone.
        """
        pair, first = (self.primary_region, self.secondary_region), len(self.regions)
        return {(a, b): self.entry_port + first + i for i, (a, b) in enumerate((pair, pair[::-1]))}

    def entries_from(self, region: str) -> dict[str, int]:
        """Return the TLS port of each Region's entry as functions of a Region use it."""
        crossed = {b: port for (a, b), port in self.cross_region_ports.items() if a == region}
        return self.entries | crossed

    @property
    def addresses(self) -> dict[str, str]:
        """The first address that DNS answers for each Region. The others count on from it."""
        return {region: f"127.0.{i + 1}.1" for i, region in enumerate(self.regions)}

    @property
    def region_of_address(self) -> dict[str, str]:
        """The Region of each first address that DNS answers."""
        return {address: region for region, address in self.addresses.items()}

    @property
    def endpoint(self) -> str:
        """The URL of the AWS APIs."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def public_name(self) -> str:
        """The name that users know."""
        return f"{self.public_label}.{self.zone_name}"

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones whose names lead to the Regions' entries."""
        return (self.zone_name, *self.other_zones)

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that signs the entries' certificates."""
        return Path(self.state_dir) / "ca.pem"

    def save(self, path: Path) -> None:
        """Write the configuration, so that other commands find the lab."""
        path.write_text(json.dumps(asdict(self), indent=2))

    @classmethod
    def load(cls, path: Path) -> LabConfig:
        """Read a configuration that `save` wrote."""
        values = json.loads(path.read_text())
        lists = {name: tuple(values[name]) for name in ("config_envs", "other_zones")}
        return cls(**{**values, **lists})

    def with_options(self, **options: Any) -> LabConfig:
        """Return a copy with these options, except those that are None."""
        return replace(self, **{k: v for k, v in options.items() if v is not None})


def from_samconfig(path: Path, state_dir: Path) -> LabConfig:
    """Describe the lab that samconfig.toml deploys to: the zone it names is what the account has.

    Raises
    ------
    ConfigError
        A config environment or a parameter is missing, or the template does not accept a value.
    """
    # Not at the top: the engine imports this module too, and reads no template with it.
    from tools.reader import parameters, template

    secondary = template.deployment("secondary", path)
    values = parameters.with_defaults(template.source(), secondary.parameters)
    envs = ["secondary-first", "primary", "secondary"]
    pair = (values["PrimaryRegion"], values["SecondaryRegion"])
    if "us-east-1" not in pair:
        envs.append("monitor")
    for env in envs:
        template.deployment(env, path)
    return LabConfig(
        app_name=values["AppName"],
        primary_region=pair[0],
        secondary_region=pair[1],
        zone_name=values["ZoneName"],
        hosted_zone_id=values["HostedZoneId"],
        public_label=values["PublicLabel"],
        state_dir=str(state_dir),
        witness_region=values["WitnessRegion"],
        config_envs=tuple(envs),
        samconfig=str(path),
    )
