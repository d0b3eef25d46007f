"""Two deployed Regions in which tasks are made to fail, and what becomes of their executions."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.drill.watching import Watch
from tests.deployed import CACHED_SECONDS, DeployedLab
from tests.template.definitions import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.drill.observations import Notification

    Place = dict[str, str]

MACHINES = {d.name: d for d in DEFINITIONS}
# Machine and state, for each state that was entered; machine and end, for each end that was met.
ENTERED: set[tuple[str, str]] = set()
ENDS: set[tuple[str, str]] = set()


@dataclass(frozen=True)
class Run:
    """An execution that has ended."""

    arn: str
    status: str
    output: dict[str, Any]
    error: str
    cause: str
    states: list[str]

    @property
    def end(self) -> str:
        """The outcome of one that succeeded, or the error of one that failed."""
        return self.output.get("outcome", "") if self.status == "SUCCEEDED" else self.error


class Pair:
    """The pair of Regions, as the account's root. Each test begins in a known state."""

    def __init__(self, lab: DeployedLab) -> None:
        self.lab, self.primary, self.secondary = lab, lab.primary, lab.secondary
        self.watches = [self._watch(region) for region in (lab.secondary, lab.primary)]
        self._notices: list[Notification] = []
        # Who is active is written anew before each test, in an epoch that was never before.
        self.epoch = 1

    def _watch(self, region: str) -> Watch:
        """Whoever is told in a Region: the drill's watch hears the Secondary's topic alone."""
        watch = Watch(self.lab.config, self.lab.control)
        watch._sns, watch._sqs = self.lab.client("sns", region), self.lab.client("sqs", region)
        watch.subscribe()
        return watch

    # --- the known state --------------------------------------------------------------------------

    def settle(self) -> None:
        """Nothing is lost, halted or held, nothing runs, no lock is left, the Primary serves."""
        self.lab.control.act("halt")
        if self.lab.control.state()["lost"] or self.lab.control.state()["cut_off"]:
            self.heal()
        for machine in MACHINES:
            self._stop_all(machine)
        for item in ("lock", "outage", "sentinel"):
            self.lab.forget(item)
        self.lab.take_back()
        self.serve(self.primary)
        self.until("DNS to lead to the Primary", lambda: self.leads_to(self.primary))
        # A Primary that was never seen well is not failed away from.
        seen = self.watches[0].has_seen_primary_healthy
        self.until("the sentinel to see the Primary well", seen, seconds=90)

    def heal(self) -> None:
        """End every outage, and wait until Route 53 finds the Primary well again."""
        self.lab.heal()
        self.until("the Primary to be found well", lambda: self.endpoint_healthy() is True)

    def endpoint_healthy(self) -> bool:
        checks = {c["name"]: c["healthy"] for c in self.lab.control.act("health")}
        return checks[f"{self.lab.app}-endpoint"]

    def serve(self, region: str, state: str = "serving", **more: str | int) -> None:
        """Make a Region the active one in the next epoch, and let both copies know."""
        before = self.control()
        self.epoch = max(self.epoch, int(before.get("epoch", 0))) + 1
        self.lab.serve(region, self.epoch, state, **more)
        self.until("both copies to know", self.copies_agree)
        if (before.get("active_region"), before.get("state")) != (region, state):
            time.sleep(CACHED_SECONDS)

    def changes(self, **to: str | int) -> None:
        """The control item changes in the next revision, and stays as it is otherwise."""
        now = self.control()
        kept = {k: now[k] for k in ("changed_at", "changed_by") if k in now}
        for name in ("move", "drain_until"):
            if name in now and name not in to and to.get("state") != "serving":
                kept[name] = int(now[name]) if name == "drain_until" else now[name]
        region, epoch = now["active_region"], int(now["epoch"])
        state = str(to.pop("state", now["state"]))
        region, epoch = str(to.pop("active_region", region)), int(to.pop("epoch", epoch))
        self.lab.serve(region, epoch, state, **{**kept, **to})

    def copies_agree(self) -> bool:
        """Whether what each Region reads by itself is the latest version."""
        latest, regions = self.control(), (self.primary, self.secondary)
        return all(self.lab.who_is_active(r, strong=False) == latest for r in regions)

    def forget_control(self) -> None:
        """There is no control item."""
        self.lab.forget_control()
        self.until("both copies to know", self.copies_agree)

    def _stop_all(self, machine: str) -> None:
        client = self._client(machine)
        arn = self.lab.machine(machine, self.region_of(machine))
        found = client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
        for execution in found:
            client.stop_execution(executionArn=execution["executionArn"])

    # --- what is ----------------------------------------------------------------------------------

    def until(self, what: str, condition: Callable[[], Any], seconds: float = 30) -> Any:
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, f"{what}: not within {seconds} s"
            time.sleep(0.05)
        return found

    def control(self) -> dict[str, Any]:
        """The control item, as the quorum has it."""
        return self.lab.who_is_active()

    def lock(self) -> dict[str, Any]:
        return self.lab.item("recoveries", "lock")

    def leads_to(self, region: str) -> bool:
        return self.lab.control.leads_to() == region

    def written_in(self, entry: str) -> tuple[int, str]:
        """Write an item at a Region's entry: the status, and which Region took it, or why not."""
        answer = self.lab.https.request(
            entry, self.lab.config.public_name, "POST", "/items", {"text": "a failure"}
        )
        body = json.loads(answer.data)
        return answer.status, body.get("region") or body.get("error", {}).get("code", "")

    def notices(self, arn: str) -> list[Notification]:
        """What people were told of an execution so far."""
        self._notices += [n for watch in self.watches for n in watch.notifications()]
        return [n for n in self._notices if arn in n.message]

    # --- executions -------------------------------------------------------------------------------

    def region_of(self, machine: str) -> str:
        return self.primary if MACHINES[machine].stack == "primary" else self.secondary

    def _client(self, machine: str) -> Any:
        return self.lab.client("stepfunctions", self.region_of(machine))

    def start(self, machine: str, given: dict[str, Any], name: str = "") -> str:
        return self._client(machine).start_execution(
            stateMachineArn=self.lab.machine(machine, self.region_of(machine)),
            name=name or str(uuid.uuid4()),
            input=json.dumps(given),
        )["executionArn"]

    def wait(self, machine: str, arn: str, seconds: float = 100) -> Run:
        client, end = self._client(machine), time.monotonic() + seconds
        while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < end, f"still running: {self.states(machine, arn)}"
            time.sleep(0.05)
        output = json.loads(found.get("output") or "{}")
        states = self.states(machine, arn)
        ended = found["status"], output, found.get("error") or "", found.get("cause") or ""
        return Run(arn, *ended, states)

    def states(self, machine: str, arn: str) -> list[str]:
        events = self._client(machine).get_execution_history(executionArn=arn, maxResults=1000)
        details = [e.get("stateEnteredEventDetails") for e in events["events"]]
        return [d["name"] for d in details if d]

    # --- halts ------------------------------------------------------------------------------------

    def halt(self, machine: str, states: Iterable[str]) -> None:
        """Halt a machine's executions before and after these states, and at no other."""
        name = f"{self.lab.app}-{machine}"
        self.lab.control.act("halt", machine=name, states=list(states))

    def until_halted(self, arn: str, state: str, when: str) -> None:
        """Wait until an execution has halted, in each of its branches that gets there."""
        place = {"execution": arn, "state": state, "when": when}

        def halted() -> int:
            return self.lab.control.act("halted").count(place)

        before = self.until(f"{when} {state}", halted, seconds=120)
        time.sleep(0.1)
        while (now := halted()) != before:
            before = now
            time.sleep(0.1)

    def go(self, state: str) -> None:
        self.lab.control.act("go", state=state)
