"""The deployment that a command is about, by samconfig.toml alone: every name follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.reader import ROOT, samconfig
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.reader.samconfig import Deployment as Environment

SAMCONFIG = "samconfig.toml"
PAIR = ("AppName", "PrimaryRegion", "SecondaryRegion")


@dataclass(frozen=True)
class Deployment:
    """A pair of Regions, and the parameters of its stacks with the template's defaults."""

    parameters: Mapping[str, str]
    stacks: Mapping[str, str]
    profile: str | None = None

    @property
    def app_name(self) -> str:
        """The beginning of every name."""
        return self.parameters["AppName"]

    @property
    def primary(self) -> str:
        """The Primary's Region."""
        return self.parameters["PrimaryRegion"]

    @property
    def secondary(self) -> str:
        """The Secondary's Region."""
        return self.parameters["SecondaryRegion"]

    @property
    def witness(self) -> str:
        """The witness's Region."""
        return self.parameters["WitnessRegion"]

    @property
    def regions(self) -> dict[str, str]:
        """The role of each Region of the pair."""
        return {self.primary: "Primary", self.secondary: "Secondary"}

    @property
    def public_name(self) -> str:
        """The DNS name that users know."""
        return f"{self.parameters['PublicLabel']}.{self.parameters['ZoneName']}"

    @property
    def level(self) -> int:
        """The contract level of the application."""
        example = self.parameters.get("ExampleApp") == "true"
        return 2 if example else int(self.parameters["AppLevel"])

    @property
    def lease_seconds(self) -> float:
        """How long after a claim a write of the Region before may still be acknowledged."""
        return sum(float(self.parameters[n]) for n in ("FenceSeconds", "MaxWriteSeconds"))

    def name(self, what: str) -> str:
        """Return a derived name, as of a table or a function."""
        return f"{self.app_name}-{what}"

    def region_name(self, region: str) -> str:
        """Return the DNS name that belongs to one Region alone."""
        return f"{region}.{self.parameters['ZoneName']}"

    def bucket(self, account: str, region: str) -> str:
        """Return the name of a Region's bucket."""
        return f"{self.app_name}-{account}-{region}"

    def machine(self, name: str, account: str, region: str, partition: str = "aws") -> str:
        """Return the ARN of a state machine."""
        return f"arn:{partition}:states:{region}:{account}:stateMachine:{self.name(name)}"


def find(file: Path | None, env: str | None) -> Deployment:
    """Return the deployment of a samconfig.toml.

    Without an environment, all that name a pair have to name the same one. The Secondary's
    parameters count, because its stack owns what is asked.

    Raises
    ------
    ConfigError
        The file or the environment is wrong, or names more than one deployment.
    """
    # Not at the top: YAML is not needed for help.
    from tools.reader import declared, parameters

    path = file or default_file()
    if not path.is_file():
        raise ConfigError(
            f"There is no {SAMCONFIG if file is None else path}. Run this in the folder that has "
            "the samconfig.toml of your deployment, or name it with --config-file."
        )
    names = samconfig.environments(path)
    if env is not None and env not in names:
        samconfig.read(path, env)  # It says what is wrong.
    environments = [samconfig.read(path, name) for name in names]
    template = path.parent / "template.yaml"
    template = template if template.is_file() else ROOT / "template.yaml"
    defaults = {"Parameters": declared.parameters(template)}
    with_defaults = [(e, parameters.with_defaults(defaults, e.parameters)) for e in environments]
    paired = [(e, p) for e, p in with_defaults if all(p.get(name) for name in PAIR)]
    return _one_of(paired, path, env)


def default_file() -> Path:
    """Return samconfig.toml of the folder that one is in, or else of this checkout."""
    here = Path(SAMCONFIG)
    return here if here.is_file() else ROOT / SAMCONFIG


def _one_of(
    found: Sequence[tuple[Environment, dict[str, str]]], path: Path, env: str | None
) -> Deployment:
    named = [(e, p) for e, p in found if env in (None, e.env)]
    if not named:
        where = f", environment {env}" if env else ""
        raise ConfigError(f"{path.name}{where}: PrimaryRegion and SecondaryRegion are missing.")
    pairs = {tuple(p[name] for name in PAIR) for _, p in named}
    if len(pairs) > 1:
        several = ", ".join(e.env for e, _ in named)
        raise ConfigError(
            f"{path.name} names several deployments ({several}). Choose one with --config-env."
        )
    (pair,) = pairs
    of_pair = [(e, p) for e, p in found if tuple(p[name] for name in PAIR) == pair]
    # The last one is what stands: samconfig.toml has the Secondary's first deployment before it.
    secondary = [p for _, p in of_pair if p.get("Role") == "Secondary"]
    chosen = named[-1][0]
    return Deployment(
        parameters=secondary[-1] if secondary else named[-1][1],
        stacks={p.get("Role", ""): e.stack_name for e, p in of_pair},
        profile=chosen.profile,
    )
