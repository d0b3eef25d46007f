"""Puts an application and Pilot Light into a lab: its stack in both Regions, then the product's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab import application, deployment, ignored, process
from lab.control import Control
from lab.drill.application import users
from tools.reader import contract as contracts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lab.config import LabConfig
    from lab.progress import Progress
    from tools.reader.contract import Contract


@contextmanager
def own_lab(
    config: LabConfig, progress: Progress, folder: Path, *parameters: str, keep: bool = False
) -> Iterator[tuple[Control, Contract]]:
    """Start a lab with the application under Pilot Light, and end it afterwards, unless `keep`.

    Raises
    ------
    ConfigError
        The contract is missing or invalid.
    LabError
        Something was not built or deployed.
    """
    contract = contracts.read(folder)
    contracts.check_names(contract, config.app_name)
    users.check(contract)
    with progress.step("Engine: a laptop AWS with two Regions. Beside its start, sam build"):
        slow = config.with_options(speed=1.0)
        engine = process.start(slow, owned=not keep, meanwhile=deployment.build)
    try:
        deploy(config, progress, folder, contract, parameters)
        lab = Control(config)
        lab.act("speed", factor=config.speed)
        yield lab, contract
    except BaseException as error:
        engine.stop(error)
        raise
    if not keep:
        engine.stop()


def deploy(
    config: LabConfig,
    progress: Progress,
    folder: Path,
    contract: Contract,
    parameters: Sequence[str] = (),
) -> None:
    """Build and deploy the application in both Regions, then Pilot Light with its contract.

    The Secondary first: its stack owns what is global.
    """
    built = application.build(folder, progress)
    roles = {"secondary": config.secondary_region, "primary": config.primary_region}
    for role, region in roles.items():
        own = [f"{name}={value}" for name, value in contract.lab.get(role, {}).items()]
        application.deploy(config, progress, built, region, contract.stack, own)
    by_env = {
        env: [*given(config, contract, region), *parameters]
        for role, region in roles.items()
        for env in config.config_envs
        if env.startswith(role)
    }
    for together in deployment.ordered(config.config_envs):
        with (
            progress.step(f"sam deploy --config-env {' and '.join(together)}"),
            ThreadPoolExecutor(len(together)) as pool,
        ):
            of_monitor = [f"HealthPath={contract.health}"]
            done = [
                pool.submit(deployment.deploy_stack, config, env, by_env.get(env, of_monitor))
                for env in together
            ]
            for each in done:
                each.result()
    process.mark_deployed()
    ignored.report(progress)


def given(config: LabConfig, contract: Contract, region: str) -> list[str]:
    """Return the parameters of the contract for one Region, each as `Name=value`.

    Raises
    ------
    ConfigError
        The application's stack has no such API or target.
    """
    client = Control(config).client("cloudformation", region)
    parameters = contract.parameters(contracts.entry(contract, client))
    return [f"{name}={value}" for name, value in parameters.items()]
