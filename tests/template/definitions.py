"""The definitions of the state machines, read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.template.stacks import source
from tools.reader.definitions import read, states

ROOT = Path(__file__).resolve().parents[2]
parsed = cache(read)


@dataclass(frozen=True)
class Definition:
    """One state machine: its file, and the resources of the template that belong to it."""

    name: str
    resource: str
    role: str
    stacks: tuple[str, ...] = ("secondary",)

    @property
    def stack(self) -> str:
        """The stack in which it is tried: the first that has it."""
        return self.stacks[0]

    @property
    def path(self) -> Path:
        return ROOT / "statemachines" / f"{self.name}.asl.yaml"

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def machine(self) -> dict[str, Any]:
        return parsed(self.text)

    @property
    def states(self) -> dict[str, dict[str, Any]]:
        return states(self.machine)

    @property
    def tasks(self) -> dict[str, dict[str, Any]]:
        return {name: s for name, s in self.states.items() if s["Type"] == "Task"}

    @property
    def substitutions(self) -> dict[str, Any]:
        return source()["Resources"][self.resource]["Properties"]["DefinitionSubstitutions"]


FAILOVER = Definition("failover", "FailoverMachine", "FailoverRole")
SWITCHOVER = Definition("switchover", "SwitchoverMachine", "SwitchoverRole")
EMERGENCY = Definition("emergency", "EmergencyMachine", "EmergencyRole", ("primary", "secondary"))
DEFINITIONS = (FAILOVER, SWITCHOVER, EMERGENCY)
# Each with each of its stacks.
DEPLOYED = [(d, env) for d in DEFINITIONS for env in d.stacks]
EVERY_STATE = [(d, name) for d in DEFINITIONS for name in d.states]
EVERY_TASK = [(d, name) for d in DEFINITIONS for name in d.tasks]
