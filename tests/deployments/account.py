"""An account of the lab with nothing in it but a hosted zone, and its stacks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lab import deployment, process
from lab.config import ROOT, LabError, from_samconfig
from lab.control import Control
from tests.deployments.inventory import inventory
from tests.e2e.engines import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.config import LabConfig


@contextmanager
def account(samconfig: Path = ROOT / "samconfig.toml", speed: float = 1.0) -> Iterator[Account]:
    """Run a lab that has the application built, and nothing deployed."""
    config = from_samconfig(samconfig, process.RUN).with_options(speed=speed)
    engine = process.start(config, owned=True, meanwhile=deployment.build)
    try:
        yield Account(config)
    finally:
        engine.stop()


class Account:
    """The account, as its root."""

    def __init__(self, config: LabConfig) -> None:
        self.config, self.lab = config, Control(config)

    def stack(self, env: str) -> tuple[Any, str]:
        """Return a client of the Region of a config environment's stack, and the stack's name."""
        role = env.removesuffix("-first")
        regions = {"primary": self.config.primary_region, "secondary": self.config.secondary_region}
        client = self.lab.client("cloudformation", regions.get(role, "us-east-1"))
        return client, f"{self.config.app_name}-{role}"

    def status(self, env: str) -> str | None:
        client, name = self.stack(env)
        try:
            return str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        except ClientError:
            return None

    def deploy(self, env: str, *parameters: str) -> None:
        deployment.deploy_stack(self.config, env, parameters)

    def fails(self, env: str, *resources: str) -> str | None:
        """Deploy an environment while these resources fail; return sam's error."""
        self.lab.act("deployments", failing=resources)
        try:
            self.deploy(env)
        except LabError as error:
            return str(error)
        finally:
            self.lab.act("deployments")
        return None

    def delete(self, env: str) -> None:
        client, name = self.stack(env)
        client.delete_stack(StackName=name)
        until(f"{name} is deleted", lambda: self.status(env) is None)

    def holds(self) -> set[str]:
        return inventory(self.lab, self.config)
