"""A `sam` that was made up, in a checkout that is a temporary folder."""

from __future__ import annotations

import subprocess
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from lab import deployment, process
from lab.config import ROOT
from lab.deployment import build, deploy
from tests.unit.lab.engine.fakes import CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


SAMCONFIG = (ROOT / "samconfig.toml").read_text()
BUILT = {
    "template.yaml": """
Resources:
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref B}}
  Example: {Type: AWS::Serverless::Application, Properties: {Location: Example/template.yaml}}
  Other:
    Type: AWS::Serverless::Application
    Properties: {Location: {ApplicationId: id, SemanticVersion: 1.0.0}}
""",
    "Example/template.yaml": """
Resources:
  C: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref D}}
""",
}


def started(engine: Any, meanwhile: Callable[[], None]) -> Any:
    """Do what an engine does beside its start, and end it after an error, as the real one."""
    try:
        meanwhile()
    except BaseException as error:
        engine.stop(error)
        raise
    return engine


class Steps:
    """What a person was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def step(self, what: str) -> Any:
        self.shown.append(what)
        return nullcontext()

    def event(self, what: str) -> None:
        self.shown.append(what)


class Sam:
    """A checkout that is a temporary folder, and a `sam` that is told how to end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.root, self.steps = root, Steps()
        self.calls: list[tuple[list[str], dict[str, Any]]] = []
        self.fails: dict[str, str] = {}
        state = root / ".lab"
        for name, value in {"ROOT": root, "STATE": state, "RUN": state / "run"}.items():
            monkeypatch.setattr(deployment, name, value)
        monkeypatch.setattr(process, "RUN", state / "run")
        monkeypatch.setattr(deployment, "BUILD", state / "build")
        monkeypatch.setattr(deployment, "SAM", root / "bin" / "sam")
        monkeypatch.setattr(deployment.subprocess, "run", self._run)
        for source in ("functions/app/app.py", "statemachines/failover.asl.yaml"):
            self.write(source, "source")
        self.write("template.yaml", "Resources: {}")
        self.write("requirements/lab.txt", "boto3")
        self.write("samconfig.toml", SAMCONFIG)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def _run(self, command: list[str], **given: Any) -> subprocess.CompletedProcess[bytes]:
        self.calls.append((command, given))
        name = command[1] if command[1] == "build" else command[3]
        given["stdout"].write(self.fails.get(name, "").encode())
        if command[1] == "build" and name not in self.fails:
            for path, text in BUILT.items():
                self.write(f".lab/build/out/{path}", text)
        return subprocess.CompletedProcess(command, int(name in self.fails))

    def build(self) -> None:
        build()

    def deploy(self, *envs: str, more: tuple[str, ...] = ()) -> None:
        config = CONFIG.with_options(config_envs=envs, samconfig=str(self.root / "samconfig.toml"))
        deploy(config, self.steps, *more)  # type: ignore[arg-type]

    @property
    def builds(self) -> int:
        return sum(command[1] == "build" for command, _ in self.calls)
