"""A deployed lab, and what a person who owns the account can do with it."""

from __future__ import annotations

import json
import os
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lab import deployment, process
from lab.config import ROOT, from_samconfig
from lab.control import Control
from lab.drill.traffic import Https
from lab.progress import Progress
from tests.permissions.permissions import Permission, without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.config import LabConfig

# The ports of the lab, where the usual ones are taken: API, DNS, door, first entry.
PORTS = os.environ.get("LAB_PORTS", "4566,5354,8080,8441")
# The app and the switch keep the control item for a second.
CACHED_SECONDS = 1.1


@contextmanager
def lab(*parameters: str) -> Iterator[DeployedLab]:
    """Run a lab that is quick, deployed with these parameters of the Secondary's stack."""
    api, dns, door, entry = map(int, PORTS.split(","))
    config = from_samconfig(ROOT / "samconfig.toml", process.RUN).with_options(
        api_port=api,
        dns_port=dns,
        door_port=door,
        page_port=door + 1,
        entry_port=entry,
        speed=20.0,
        replication_lag=0.05,
    )
    progress = Progress()
    engine = process.start(config, owned=True)
    try:
        deployment.build(progress)
        # Without the first a promotion requests no capacity, and needs no permission to. Without
        # the second a planned move waits until the Primary has been well for some minutes.
        given = ("ProvisionedConcurrency=1", "HealthyMinutes=0", *parameters)
        deployment.deploy(config, progress, *given)
        found = DeployedLab(config, Control(config))
        # No recovery but those that somebody starts.
        found.client("events").disable_rule(Name=f"{config.app_name}-start-failover")
        yield found
    finally:
        engine.stop()


class DeployedLab:
    """The lab, as the account's root."""

    def __init__(self, config: LabConfig, control: Control) -> None:
        self.config, self.control = config, control
        self.primary, self.secondary = config.primary_region, config.secondary_region
        self.app, self.https = config.app_name, Https(config)
        self._clients: dict[tuple[str, str], Any] = {}
        self._machines = {
            (region, m["name"]): m["stateMachineArn"]
            for region in (self.primary, self.secondary)
            for m in self.client("stepfunctions", region).list_state_machines()["stateMachines"]
        }

    def client(self, service: str, region: str = "") -> Any:
        key = (service, region or self.secondary)
        if key not in self._clients:
            self._clients[key] = self.control.client(*key)
        return self._clients[key]

    # --- permissions ------------------------------------------------------------------------------

    def role(self, permission: Permission) -> str:
        """The name that the deployment gave a role."""
        region = self.secondary if permission.stack == "secondary" else self.primary
        found = self.client("cloudformation", region).describe_stack_resource(
            StackName=f"{self.app}-{permission.stack}", LogicalResourceId=permission.grant.holder
        )
        return found["StackResourceDetail"]["PhysicalResourceId"]

    @contextmanager
    def lacking(self, permission: Permission) -> Iterator[None]:
        """Remove a permission, and give it back."""
        iam, role, policy = self.client("iam"), self.role(permission), permission.grant.place[0]
        whole = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        self._put(role, policy, without(whole, permission))
        try:
            yield
        finally:
            self._put(role, policy, whole)

    def _put(self, role: str, policy: str, document: dict[str, Any]) -> None:
        iam = self.client("iam")
        if document["Statement"]:
            text = json.dumps(document)
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=text)
        else:
            iam.delete_role_policy(RoleName=role, PolicyName=policy)

    def refusals(self, permission: Permission, since: float) -> set[str]:
        """The actions that were refused to a permission's role."""
        role, found = self.role(permission), self.control.act("refusals", since=since)
        return {r["action"] for r in found if r["role"] == role}

    # --- functions and machines -------------------------------------------------------------------

    def invoke(self, function: str, payload: Any) -> Any:
        """What a function of the Secondary answers; its error is raised."""
        answer = self.client("lambda").invoke(
            FunctionName=f"{self.app}-{function}:live", Payload=json.dumps(payload).encode()
        )
        found = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise FunctionFailed(f"{function}: {found}")
        return found

    def start(self, function: str) -> None:
        """Start a function of the Secondary, and do not wait for its answer."""
        self.client("lambda").invoke(
            FunctionName=f"{self.app}-{function}:live", InvocationType="Event", Payload=b"{}"
        )

    def renew(self, function: str, region: str) -> None:
        """Publish a function anew: its next answer comes from a fresh environment."""
        client, name = self.client("lambda", region), f"{self.app}-{function}"
        client.update_function_configuration(FunctionName=name, Description=uuid.uuid4().hex)
        version = client.publish_version(FunctionName=name)["Version"]
        client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)

    def machine(self, name: str, region: str = "") -> str:
        """The ARN of a state machine, of the Secondary where no Region is named."""
        return self._machines[region or self.secondary, f"{self.app}-{name}"]

    def run(
        self, machine: str, given: dict[str, Any], seconds: float = 60, region: str = ""
    ) -> dict[str, Any]:
        """Run a machine to its end: its output, or its error, with the status."""
        client = self.client("stepfunctions", region)
        arn = client.start_execution(
            stateMachineArn=self.machine(machine, region), input=json.dumps(given)
        )["executionArn"]
        end = time.monotonic() + seconds
        while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            if time.monotonic() > end:
                client.stop_execution(executionArn=arn)
                return {"status": "RUNNING", "cause": f"did not end within {seconds} s"}
            time.sleep(0.05)
        output = json.loads(found.get("output") or "{}")
        return {"status": found["status"], "cause": found.get("cause", ""), **output}

    # --- data -------------------------------------------------------------------------------------

    def item(self, table: str, key: str, sort_key: str = "") -> dict[str, Any]:
        """An item of the Secondary, its values plain; empty where there is none."""
        keys = {"pk": {"S": key}} | ({"sk": {"S": sort_key}} if sort_key else {})
        found = self.client("dynamodb").get_item(
            TableName=f"{self.app}-{table}", Key=keys, ConsistentRead=True
        )
        return {k: next(iter(v.values())) for k, v in found.get("Item", {}).items()}

    def put(self, table: str, **values: str | int) -> None:
        item = {k: {"N" if isinstance(v, int) else "S": str(v)} for k, v in values.items()}
        self.client("dynamodb").put_item(TableName=f"{self.app}-{table}", Item=item)

    def forget(self, key: str) -> None:
        """Delete an item of the recoveries table: the lock, or a record."""
        table = f"{self.app}-recoveries"
        self.client("dynamodb").delete_item(TableName=table, Key={"pk": {"S": key}})

    def reset(self) -> None:
        """Nobody has failed over: the Primary is active, no lock, no record."""
        for key in ("lock", "recovery#2"):
            self.forget(key)
        if self.item("control", "control").get("active_region") != self.primary:
            who = {"active_region": self.primary, "epoch": 1, "state": "serving"}
            self.put("control", pk="control", changed_at="-", changed_by="a person", **who)
            # An echo of a later epoch would keep the Primary from writing.
            self.client("dynamodb").delete_item(
                TableName=f"{self.app}-control", Key={"pk": {"S": f"echo#{self.primary}"}}
            )
            self.invoke("echo", {})
            time.sleep(CACHED_SECONDS)


class FunctionFailed(Exception):
    """A function raised."""
