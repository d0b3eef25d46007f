"""The command `lab` as a shell runs it, with a lab that was made up."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lab import cli, process
from lab.commands import running
from lab.control import Control
from tests.unit.lab.engine.fakes import CONFIG, SECONDARY, Anything

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

ITEM = {
    "active_region": {"S": SECONDARY},
    "epoch": {"N": "2"},
    "revision": {"N": "3"},
    "state": {"S": "serving"},
}
MISSING: dict[str, Any] = {}


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Shell:
    """Runs `lab` as its console script does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.setenv("COLUMNS", "200")

    def __call__(self, *arguments: str) -> Ended:
        self._monkeypatch.setattr(sys, "argv", ["lab", *arguments])
        code: Any = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        said = self._capsys.readouterr()
        return Ended(code, said.out, said.err)


def signals_as_they_were() -> Iterator[None]:
    """Undo what `main` does to signals."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


class MadeUpLab(Control):
    """A lab that is up: its admin API, and the control item in each Region that answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        super().__init__(CONFIG)
        self.run = folder / "run"
        self.run.mkdir()
        self.done: list[tuple[str, Any]] = []
        self.lost: dict[str, Any] = {}
        self.outages: list[str] = []
        self.items: dict[str, Any] = dict.fromkeys(CONFIG.regions, ITEM)
        self.asked: list[str] = []
        self.interrupts, self.drills = False, 0
        self.addresses = [CONFIG.addresses[SECONDARY]]
        monkeypatch.setattr(process, "RUN", self.run)
        monkeypatch.setattr(process, "deployed", lambda: CONFIG)
        monkeypatch.setattr(running, "Control", lambda config: self)

    def act(self, action: str, **given: Any) -> Any:
        if self.interrupts:
            raise KeyboardInterrupt
        answers: dict[str, Any] = {
            "state": {"pid": 7, "lost": self.lost, "outages": self.outages},
            "dns": [{"value": address} for address in self.addresses],
            "health": [
                {"name": "pilot-light-endpoint", "healthy": False},
                {"name": "pilot-light-off", "healthy": True},
            ],
            "replication": {"lag": 0.5, "links": {"a->b": {"waiting": 3}}},
        }
        if action not in answers:
            self.done.append((action, given))
        return answers.get(action, {})

    def client(self, service: str, region: str) -> Any:
        def get_item(TableName: str, Key: Any, ConsistentRead: bool) -> dict[str, Any]:
            assert (service, TableName, ConsistentRead) == (
                "dynamodb",
                "pilot-light-control-quorum",
                False,
            )
            self.asked.append(region)
            item = self.items[region]
            if item is None:
                raise ClientError({"Error": {"Code": "503"}}, "GetItem")
            return {"Item": item} if item else {}

        def update_item(TableName: str, Key: Any, UpdateExpression: str, **more: Any) -> None:
            assert (service, region, TableName) == ("dynamodb", SECONDARY, "pilot-light-recoveries")
            assert (Key, UpdateExpression) == (
                {"pk": {"S": "sentinel"}},
                "SET drill_until = :until",
            )
            until = int(more["ExpressionAttributeValues"][":until"]["N"])
            assert 600 < until - time.time() < 86_400
            self.drills += 1
            if region in self.lost:
                raise ClientError({"Error": {"Code": "503"}}, "UpdateItem")

        return Anything(get_item=get_item, update_item=update_item)
