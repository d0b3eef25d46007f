"""CloudFormation's type for nested stacks, and what happens to each as its parent's resource.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html

MiniStack makes nested stacks without transforms, and keeps what a failed one had created. Here they
run through the code that deploys, rolls back and deletes root stacks. MiniStack provisions this
type on a thread, which may block and has no event loop.
"""

from __future__ import annotations

import asyncio
import copy
import importlib
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT
from lab.engine.nested_stacks import cleanup, descriptions, source as source_module
from lab.engine.nested_stacks.cleanup import NESTED, PACKAGE

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from lab.engine.aws import Aws
    from lab.engine.nested_stacks.source import Source

KIND = "AWS::CloudFormation::Stack"
# What a rollback restores. ExecuteChangeSet keeps the same of a root stack.
_RESTORED = (
    *("_resources", "_template", "_template_body", "_resolved_params", "_conditions"),
    *("Parameters", "Tags", "Outputs"),
)
Stack = dict[str, Any]


def install(aws: Aws) -> None:
    """Deploy nested stacks as root stacks are deployed."""
    cleanup.install(aws)
    descriptions.install()
    source_module.one_transform_at_a_time()
    nested = NestedStacks(aws)
    handlers = {"create": nested.create, "update": nested.update, "delete": nested.delete}
    aws.provisioners._RESOURCE_HANDLERS[KIND] = handlers


class NestedStacks:
    """CloudFormation's type for nested stacks. Its physical id is the stack's ARN."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._cloudformation: Any = importlib.import_module(PACKAGE)
        self._lifecycle: Any = importlib.import_module(f"{PACKAGE}.stacks")

    def create(
        self, logical_id: str, properties: dict[str, Any], parent_name: str
    ) -> tuple[str, dict[str, str]]:
        """Create a stack; return its ARN and its outputs, by the names that Fn::GetAtt takes.

        Raises
        ------
        ValueError
            It was not created, with the reason, which AWS has in the nested stack's events only.
            What had been created is deleted.
        """
        parent = self._cloudformation._stacks[parent_name]
        source = source_module.read(self._aws, properties, parent_name)
        stack = self._new(f"{parent_name}-{logical_id}-{secrets.token_hex(6).upper()}", parent)
        stack |= {"_template": source.template, "_resolved_params": source.parameters}
        failure = self._deploy(stack, source, properties)
        if failure is not None:
            self._undo_creation(stack)
            raise ValueError(
                f"Embedded stack {stack['StackId']} was not successfully created: {failure}"
            )
        return stack["StackId"], _outputs(stack)

    def update(
        self, stack_id: str, _old: Any, properties: dict[str, Any], parent_name: str
    ) -> tuple[str, dict[str, str]]:
        """Update a stack, or undo its update while the parent's is rolled back.

        Raises
        ------
        ValueError
            It was not updated, with the reason. It is as it was before.
        """
        stack, parent = self._by_id(stack_id), self._cloudformation._stacks[parent_name]
        undo = stack.pop("_undo", None)
        if parent["StackStatus"] != "UPDATE_ROLLBACK_IN_PROGRESS":
            self._update(stack, source_module.read(self._aws, properties, parent_name), properties)
        elif undo:
            self._roll_back(stack, undo)
        if stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
            raise ValueError(stack["StackStatusReason"])
        return stack_id, _outputs(stack)

    def delete(self, stack_id: str, _properties: Any) -> None:
        """Delete a stack.

        Raises
        ------
        ValueError
            Some of its resources were not deleted.
        """
        stack = self._by_id(stack_id)
        if "ROLLBACK" in self._by_id(stack["ParentId"])["StackStatus"]:
            self._undo_creation(stack)
        else:
            self._delete(stack)
        if stack["StackStatus"] != "DELETE_COMPLETE":
            raise ValueError(
                f"Embedded stack {stack_id} was not successfully deleted: "
                f"{stack['StackStatusReason']}"
            )

    def _by_id(self, stack_id: str) -> Stack:
        stacks = list(self._cloudformation._stacks.values())
        return next(stack for stack in stacks if stack["StackId"] == stack_id)

    def _new(self, name: str, parent: Stack) -> Stack:
        region = self._aws.region()
        stack = {
            "StackName": name,
            "StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/{uuid.uuid4()}",
            "ParentId": parent["StackId"],
            "RootId": parent.get("RootId", parent["StackId"]),
            "StackStatus": "CREATE_IN_PROGRESS",
            "CreationTime": self._lifecycle.now_iso(),
            "Capabilities": parent["Capabilities"],
            "Outputs": [],
            "_region": region,
            "_resources": {},
        }
        self._cloudformation._stacks[name] = stack
        return stack

    def _update(self, stack: Stack, source: Source, properties: dict[str, Any]) -> None:
        previous = {key: copy.deepcopy(stack[key]) for key in _RESTORED}
        failure = self._deploy(stack, source, properties, previous)
        if failure is None:
            stack["_undo"] = self._operation(stack, previous)
            return
        if "_failed_operation" in stack:
            self._roll_back(stack, stack["_failed_operation"])
        raise ValueError(
            f"Embedded stack {stack['StackId']} was not successfully updated. "
            f"Currently in {stack['StackStatus']} with reason: {failure}"
        )

    def _deploy(
        self,
        stack: Stack,
        source: Source,
        properties: dict[str, Any],
        previous: Stack | None = None,
    ) -> str | None:
        """Create or update a stack, and leave it as it is if that fails: return the reason."""
        name, stack_id = stack["StackName"], stack["StackId"]
        verb = "UPDATE" if previous else "CREATE"
        status = f"{verb}_IN_PROGRESS"
        stack |= _described(source, properties)
        stack |= {"StackStatus": status, "StackStatusReason": ""}
        stack["LastUpdatedTime"] = self._lifecycle.now_iso()
        self._lifecycle._add_event(stack_id, name, name, KIND, status, physical_id=stack_id)
        deployed = self._lifecycle._deploy_stack_async(
            name,
            stack_id,
            source.template,
            source.parameters,
            True,
            stack["Tags"],
            is_update=previous is not None,
            previous_stack=previous,
        )
        self._run(deployed, nested=True)
        return None if stack["StackStatus"] == f"{verb}_COMPLETE" else _failure(stack)

    def _operation(self, stack: Stack, previous: Stack | None) -> dict[str, Any]:
        """Describe what a stack's last operation did, for MiniStack's rollback."""
        template = stack["_template"]
        ordered = self._lifecycle._topological_sort(template["Resources"], stack["_conditions"])
        return self._lifecycle._failed_operation(  # type: ignore[no-any-return]
            is_update=previous is not None,
            previous_stack=previous,
            created=[name for name in ordered if name in stack["_resources"]],
            failed_update=None,
            failed_logical_id=None,
            replaced_ids=[],
            cancelled=False,
            template=template,
            param_values=stack["_resolved_params"],
            retain_except_on_create=False,
            stack_tags=stack["Tags"],
            previous_tags=(previous or {}).get("Tags"),
        )

    def _undo_creation(self, stack: Stack) -> None:
        """Roll a creation back: what is retained except on creation goes too."""
        self._roll_back(stack, stack.get("_failed_operation") or self._operation(stack, None))
        if stack["StackStatus"] == "ROLLBACK_COMPLETE":
            self._delete(stack)

    def _roll_back(self, stack: Stack, operation: dict[str, Any]) -> None:
        named = (stack["StackName"], stack["StackId"])
        self._run(self._lifecycle._roll_back_operation(*named, stack, operation))

    def _delete(self, stack: Stack) -> None:
        self._run(self._lifecycle._delete_stack_async(stack["StackName"], stack["StackId"]))

    def _run(self, operation: Coroutine[Any, Any, None], *, nested: bool = False) -> None:
        """Wait for an operation of a stack."""

        async def run() -> None:
            NESTED.set(nested)
            await operation

        asyncio.run(run())


def _described(source: Source, properties: dict[str, Any]) -> Stack:
    parameters = source.parameters.items()
    tags = [t for t in properties.get("Tags", []) if not t["Key"].startswith("aws:")]
    return {
        "Description": source.template.get("Description", ""),
        "Parameters": [
            {"ParameterKey": k, "ParameterValue": p["Value"], "NoEcho": p["NoEcho"]}
            for k, p in parameters
        ],
        "Tags": tags,
        "_template_body": source.body,
        "_conditions": source.conditions,
    }


def _outputs(stack: Stack) -> dict[str, str]:
    return {f"Outputs.{o['OutputKey']}": o["OutputValue"] for o in stack["Outputs"]}


def _failure(stack: Stack) -> str:
    """Return why a stack failed. MiniStack has a failed validation in an event of its own."""
    events = stack.get("_operation_events", [])
    invalid = [e["ValidationStatusReason"] for e in events if "ValidationStatusReason" in e]
    return stack["StackStatusReason"] or "; ".join(invalid)
