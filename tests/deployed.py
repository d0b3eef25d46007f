"""A deployed lab, and what a person who owns the account can do with it."""

from __future__ import annotations

import json
import os
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import urllib3
from botocore.exceptions import ClientError

from lab import deployment, process
from lab.config import ROOT, from_samconfig
from lab.control import Control, control_table
from lab.drill.users.traffic import Https
from lab.progress import Progress
from tests import hooked_pair
from tests.permissions.permissions import Permission, without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.config import LabConfig

# The ports of the lab, where the usual ones are taken: API, DNS, door, first entry.
PORTS = os.environ.get("LAB_PORTS", "4566,5354,8080,8441")
# The fence keeps the control item for a second.
CACHED_SECONDS = 1.1
# A writer of the control item may be overtaken: keepers look every few seconds of the lab.
TRIES = 5
# A write waits for the quorum for seconds before it goes by a last resort.
PATIENT = urllib3.Timeout(connect=1.0, read=6.0)
# Within which a Region that is back answers strong reads again.
CATCH_UP_SECONDS = 10


@contextmanager
def lab(*parameters: str) -> Iterator[DeployedLab]:
    """Run a lab that is quick, deployed with these parameters of the Secondary's stack."""
    api, dns, door, entry = map(int, PORTS.split(","))
    config = from_samconfig(ROOT / "samconfig.toml", process.RUN).with_options(
        api_port=api,
        dns_port=dns,
        browser_port=door,
        page_port=door + 1,
        entry_port=entry,
        speed=20.0,
        replication_lag=0.05,
    )
    progress = Progress()
    engine = process.start(config, owned=True, meanwhile=deployment.build)
    try:
        # Without it a planned move waits until the Primary has been well for some minutes.
        hooks = (f"{name}={hook}" for name, hook in hooked_pair.HOOKS.items())
        given = ("HealthyMinutes=0", *hooks, *parameters)
        deployment.deploy(config, progress, *given)
        found = DeployedLab(config, Control(config))
        hooked_pair.deploy_function(found)
        found.let_nothing_start_by_itself()
        yield found
    finally:
        engine.stop()


class DeployedLab:
    """The lab, as the account's root."""

    def __init__(self, config: LabConfig, control: Control) -> None:
        self.config, self.control = config, control
        self.primary, self.secondary = config.primary_region, config.secondary_region
        self.app, self.https = config.app_name, Https(config, PATIENT)
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
        return self._physical(permission.stack, permission.grant.holder)

    def _physical(self, stack: str, logical: str) -> str:
        region = self.secondary if stack == "secondary" else self.primary
        application, _, own = hooked_pair.stack(stack).place(logical)
        name, client = f"{self.app}-{stack}", self.client("cloudformation", region)
        # A nested application is asked by the physical id of its stack.
        for part in filter(None, (application, own)):
            found = client.describe_stack_resource(StackName=name, LogicalResourceId=part)
            name = found["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def let_nothing_start_by_itself(self) -> None:
        """No recovery but those that a test starts: neither the alarm's nor the sentinel's."""
        self.client("events").disable_rule(Name=f"{self.app}-start-failover")
        role, iam = self._physical("secondary", "SentinelRole"), self.client("iam")
        (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        found = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        # Each statement keeps its place, by which the trial of permissions finds it.
        instead = {"Action": "states:StartExecution", "Resource": "arn:aws:states:::nothing"}
        statements = [
            {**s, **instead} if s["Action"] == "states:StartExecution" else s
            for s in found["Statement"]
        ]
        self._put(role, policy, {**found, "Statement": statements})

    @contextmanager
    def not_keeping(self, *keepers: tuple[str, str]) -> Iterator[None]:
        """Let keepers finish nothing meanwhile, named by stack and role: another one is tried."""
        iam, whole = self.client("iam"), []
        for stack, logical in keepers:
            role = self._physical(stack, logical)
            (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
            found = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            whole.append((role, policy, found))
            kept = [s for s in found["Statement"] if not _finishes(s)]
            self._put(role, policy, {**found, "Statement": kept})
        try:
            yield
        finally:
            for role, policy, found in whole:
                self._put(role, policy, found)

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
        ended = {"status": found["status"], "cause": found.get("cause", ""), "execution": arn}
        return {**ended, **output}

    def failed_tasks(self, execution: str, region: str = "") -> list[str]:
        """The causes of what failed in an execution, although it went on."""
        events = self.client("stepfunctions", region).get_execution_history(
            executionArn=execution, maxResults=1000
        )["events"]
        failed = [e.get("taskFailedEventDetails") for e in events]
        return [f.get("cause", "") for f in failed if f]

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

    def who_is_active(self, region: str = "", *, strong: bool = True) -> dict[str, Any]:
        """The control item, its values plain; empty where there is none."""
        found = self.client("dynamodb", region).get_item(
            TableName=control_table(self.config),
            Key={"pk": {"S": "control"}},
            ConsistentRead=strong,
        )
        return {k: next(iter(v.values())) for k, v in found.get("Item", {}).items()}

    def serve(self, region: str, epoch: int, state: str = "serving", **more: str | int) -> None:
        """Write the control item whole, as a person would: compare and set on its revision."""
        for _ in range(TRIES):
            before = self.who_is_active()
            item = {
                "pk": "control",
                "revision": int(before.get("revision", 0)) + 1,
                "active_region": region,
                "epoch": epoch,
                "state": state,
                "changed_at": "-",
                "changed_by": "a person",
                **more,
            }
            unchanged: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
            if before:
                seen = {":seen": {"N": before.get("revision", "0")}}
                unchanged = {"ConditionExpression": "revision = :seen"}
                unchanged["ExpressionAttributeValues"] = seen
            values = {k: {"N" if isinstance(v, int) else "S": str(v)} for k, v in item.items()}
            try:
                self.client("dynamodb").put_item(
                    TableName=control_table(self.config), Item=values, **unchanged
                )
            except ClientError as error:
                if "ConditionalCheckFailed" not in str(error):
                    raise
                continue
            return
        raise AssertionError(f"The control item was changed {TRIES} times meanwhile.")

    def forget_control(self) -> None:
        """There is no control item."""
        self.client("dynamodb").delete_item(
            TableName=control_table(self.config), Key={"pk": {"S": "control"}}
        )

    def lend(self, region: str, seconds: int = 600) -> None:
        """Put a last resort where a Region reads it, as its emergency machine does."""
        item = {
            "pk": {"S": "last-resort"},
            "until": {"N": str(int(time.time()) + seconds)},
            "epoch": {"N": "1"},
            "by": {"S": "a person"},
        }
        self.client("dynamodb", region).put_item(TableName=f"{self.app}-last-resort", Item=item)

    def is_lent(self, region: str) -> bool:
        """Whether a Region holds a last resort."""
        return "Item" in self.client("dynamodb", region).get_item(
            TableName=f"{self.app}-last-resort",
            Key={"pk": {"S": "last-resort"}},
            ConsistentRead=True,
        )

    def take_back(self) -> None:
        """No Region holds a last resort."""
        for region in (self.primary, self.secondary):
            self.client("dynamodb", region).delete_item(
                TableName=f"{self.app}-last-resort", Key={"pk": {"S": "last-resort"}}
            )

    @contextmanager
    def isolated(self, region: str) -> Iterator[None]:
        """Cut a Region off from both other members of the control table; users reach it."""
        self.control.act("outage", mode="isolated", region=region, style="503")
        try:
            yield
        finally:
            self.heal()

    def heal(self) -> None:
        """End every outage, and wait until strong reads are answered: who is back catches up."""
        self.control.act("heal")
        end = time.monotonic() + CATCH_UP_SECONDS
        for region in (self.primary, self.secondary):
            while True:
                try:
                    self.who_is_active(region)
                    break
                except ClientError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.05)

    def forget(self, key: str) -> None:
        """Delete an item of the recoveries table: the lock, or a record."""
        table = f"{self.app}-recoveries"
        self.client("dynamodb").delete_item(TableName=table, Key={"pk": {"S": key}})

    def reset(self) -> None:
        """Nobody has failed over: the Primary is active, no lock, no record."""
        for key in ("lock", "recovery#2"):
            self.forget(key)
        who = self.who_is_active()
        now = (who.get("active_region"), who.get("epoch"), who.get("state"))
        if now != (self.primary, "1", "serving"):
            self.serve(self.primary, 1)
            time.sleep(CACHED_SECONDS)


def _finishes(statement: dict[str, Any]) -> bool:
    """Whether a statement lets a keeper change the control item, or end a last resort."""
    resource, action = str(statement["Resource"]), str(statement["Action"])
    changes = "-control-quorum" in resource and "UpdateItem" in action
    return changes or "-last-resort" in resource


class FunctionFailed(Exception):
    """A function raised."""
