"""An application and Pilot Light in a lab: what is deployed, where, in which order, with what."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from lab.config import LabError
from lab.drill.application import protected
from lab.progress import Progress
from tests.made_up_stack import MadeUpStack
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY
from tests.unit.lab.made_up_sam import started
from tools.reader import contract as contracts
from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = """
level = 1
names = "orders*"
stack = "orders"
health = "/live"
api = {id = "OrdersApi"}
tables = {orders = "pk"}

[lab]
write = "PUT /orders/{id}"
read = "GET /orders/{id}"
primary = {OwnsTable = "false"}
secondary = {OwnsTable = "true"}
"""
API_IDS = {PRIMARY: "west1", SECONDARY: "east2"}


class World:
    """What is built, deployed and started, in its order."""

    def __init__(self) -> None:
        self.outputs = {region: {"OrdersApi": api_id} for region, api_id in API_IDS.items()}
        self.done: list[Any] = []
        self.given: dict[str, list[str]] = {}
        self.fails = False

    def deploy_app(
        self, _config: Any, _progress: Any, built: str, region: str, stack: str, own: list[str]
    ) -> None:
        assert (built, stack) == ("built orders", "orders")
        self.done.append((region, own))

    def deploy_stack(self, _config: Any, env: str, given: list[str]) -> None:
        self.done.append(env)
        self.given[env] = list(given)
        if self.fails:
            raise LabError("sam deploy failed.")

    def start(self, config: Any, *, owned: bool, meanwhile: Callable[[], None]) -> Any:
        assert config.speed == 1.0, "AWS's pace is for deployments"
        self.done.append("owned engine" if owned else "engine")
        return started(self, meanwhile)

    def stop(self, error: BaseException | None = None) -> None:
        self.done.append("stopped" if error is None else f"stopped: {error}")

    # --- the lab ---------------------------------------------------------------------------------
    def client(self, service: str, region: str) -> MadeUpStack:
        assert service == "cloudformation"
        return MadeUpStack(self.outputs[region])

    def act(self, action: str, **given: Any) -> None:
        self.done.append((action, given))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    for module, name, stand_in in (
        (protected.application, "build", lambda folder, _progress: f"built {folder.name}"),
        (protected.application, "deploy", made.deploy_app),
        (protected.deployment, "build", lambda: made.done.append("build")),
        (protected.deployment, "deploy_stack", made.deploy_stack),
        (protected.process, "start", made.start),
        (protected.process, "mark_deployed", lambda: made.done.append("deployed")),
        (protected.ignored, "report", lambda _progress: None),
        (protected, "Control", lambda _config: made),
    ):
        monkeypatch.setattr(module, name, stand_in)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / contracts.FILE).write_text(TEXT)
    return tmp_path / "orders"


def up(folder: Path, *parameters: str, keep: bool = False) -> int:
    """Let a lab be up once, and return the level of its contract."""
    progress = Progress(Console(file=StringIO()))
    config = CONFIG.with_options(speed=10.0)
    with protected.own_lab(config, progress, folder, *parameters, keep=keep) as (_, contract):
        return contract.level


def test_the_application_is_deployed_first_and_in_the_secondary_before_the_primary(
    world: World, folder: Path
) -> None:
    assert up(folder) == 1
    assert world.done[:4] == [
        "owned engine",
        "build",
        (SECONDARY, ["OwnsTable=true"]),
        (PRIMARY, ["OwnsTable=false"]),
    ]
    assert world.done[4] == "secondary-first"
    assert world.done[-3:] == ["deployed", ("speed", {"factor": 10.0}), "stopped"]


def test_each_stack_gets_the_contract_s_parameters_with_the_api_of_its_region(
    world: World, folder: Path
) -> None:
    up(folder, "Approval=hold")
    contract = contracts.read(folder)
    assert set(world.given) == set(CONFIG.config_envs)
    for env, region in (
        ("secondary-first", SECONDARY),
        ("primary", PRIMARY),
        ("secondary", SECONDARY),
    ):
        own = contract.parameters(API_IDS[region])
        assert world.given[env] == [*(f"{k}={v}" for k, v in own.items()), "Approval=hold"]


def test_the_monitor_gets_the_health_path_only(world: World, folder: Path) -> None:
    up(folder, "Approval=hold")
    assert world.given["monitor"] == ["HealthPath=/live"]


@pytest.mark.parametrize(("outputs", "named"), [({"Url": "u", "Id": "i"}, "Id, Url"), ({}, "none")])
def test_a_stack_without_the_api_s_id_is_an_error_that_names_its_outputs(
    world: World, folder: Path, outputs: dict[str, str], named: str
) -> None:
    world.outputs[PRIMARY] = outputs
    with pytest.raises(ConfigError) as error:
        up(folder)
    assert error.value.message == (
        "pilotlight.toml: api.id is 'OrdersApi', and the stack orders has neither an output nor a "
        f"resource of this name. Its outputs: {named}."
    )
    assert str(world.done[-1]).startswith("stopped: ")
    assert world.given == {}


def test_a_deployment_that_fails_ends_the_lab_even_if_it_was_to_be_kept(
    world: World, folder: Path
) -> None:
    world.fails = True
    with pytest.raises(LabError, match="sam deploy failed"):
        up(folder, keep=True)
    assert world.done[-1] == "stopped: sam deploy failed."
    assert "deployed" not in world.done


def test_a_lab_that_is_to_be_kept_outlives_the_command(world: World, folder: Path) -> None:
    up(folder, keep=True)
    assert world.done[0] == "engine"
    assert "stopped" not in world.done


@pytest.mark.parametrize(
    ("names", "says"),
    [("pilot-light*", "covers Pilot Light's own pilot-light-control"), ("or ders*", "match")],
)
def test_a_contract_that_is_invalid_ends_before_anything_is_started(
    world: World, folder: Path, names: str, says: str
) -> None:
    text = TEXT.replace("orders*", names).replace('{orders = "pk"}', '{pilot-light-x = "pk"}')
    (folder / contracts.FILE).write_text(text)
    with pytest.raises(ConfigError, match=says):
        up(folder)
    assert world.done == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('write = "PUT /orders/{id}"\n', "needs write and read"),
        ('read = "GET /orders/{id}"\n', "needs write and read"),
    ],
)
def test_a_contract_without_a_drill_s_users_is_refused_before_anything_starts(
    world: World, folder: Path, line: str, wrong: str
) -> None:
    file = folder / "pilotlight.toml"
    file.write_text(file.read_text().replace(line, ""))
    with pytest.raises(LabError, match=wrong):
        up(folder)
    assert world.done == []


def test_requests_that_name_no_item_are_refused_before_anything_starts(
    world: World, folder: Path
) -> None:
    file = folder / "pilotlight.toml"
    file.write_text(file.read_text().replace("GET /orders/{id}", "GET /orders"))
    with pytest.raises(LabError, match=r"read has no \{id\}"):
        up(folder)
    assert world.done == []
