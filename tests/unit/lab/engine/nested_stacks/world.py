"""MiniStack's CloudFormation with a resource type of which every instance is seen."""

from __future__ import annotations

import asyncio
import importlib
import json
from typing import TYPE_CHECKING, Any

from lab.engine.deployments import Deployments
from lab.engine.nested_stacks import stacks as nested_stacks
from tests.unit.lab.engine.fakes import Anything

if TYPE_CHECKING:
    import pytest

PACKAGE = "ministack.services.cloudformation"
THING = "AWS::DynamoDB::Table"
KEPT = {"DeletionPolicy": "RetainExceptOnCreate"}
URL = "https://s3.us-east-2.amazonaws.com/bucket"


def module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}" if name else PACKAGE)


def thing(name: Any, **more: Any) -> dict[str, Any]:
    return {"Type": THING, "Properties": {"Name": name}, **more}


def nested(template: str, **properties: Any) -> dict[str, Any]:
    condition = properties.pop("Condition", None)
    properties["TemplateURL"] = f"{URL}/{template}"
    resource = {"Type": nested_stacks.KIND, "Properties": properties}
    return {**resource, "Condition": condition} if condition else resource


def template(*outputs: str, **resources: Any) -> dict[str, Any]:
    return {
        "Parameters": {"Prefix": {"Type": "String", "Default": "child"}},
        "Resources": resources,
        "Outputs": {name: {"Value": {"Fn::GetAtt": [name, "Arn"]}} for name in outputs},
    }


def prefixed(name: str) -> dict[str, Any]:
    return {"Fn::Sub": f"${{Prefix}}-{name}"}


def after(name: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "DependsOn": name}


class World:
    """The things there are, by name, each with the number of its making; and what was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.things: dict[str, int] = {}
        self.done: list[str] = []
        self.undeletable: set[str] = set()
        self.unchangeable: set[str] = set()
        self.status_at_deletion = ""
        self.templates: dict[str, dict[str, Any]] = {}
        self._monkeypatch = monkeypatch
        self._restore_later()
        aws: Any = Anything(
            region=importlib.import_module("ministack.core.responses").get_region,
            provisioners=module("provisioners"),
        )
        nested_stacks.install(aws)
        self.deployments = Deployments(Anything())  # type: ignore[arg-type]
        self.deployments.install()

    def _restore_later(self) -> None:
        for each in ("engine", "changesets", "handlers", "stacks", "provisioners"):
            for name, value in vars(module(each)).items():
                if callable(value) and name.startswith("_"):
                    self._monkeypatch.setattr(module(each), name, value)
        for name, handler in module("")._ACTION_HANDLERS.items():
            self._monkeypatch.setitem(module("")._ACTION_HANDLERS, name, handler)
        registry = module("provisioners")._RESOURCE_HANDLERS
        own = {"create": self._create, "update": self._update, "delete": self._delete}
        self._monkeypatch.setitem(registry, THING, own)
        self._monkeypatch.setitem(registry, nested_stacks.KIND, registry[nested_stacks.KIND])
        s3: Any = importlib.import_module("ministack.services.s3")
        self._monkeypatch.setattr(s3, "_get_object_data", self._read)

    def _read(self, _bucket: str, key: str) -> bytes | None:
        return json.dumps(self.templates[key]).encode() if key in self.templates else None

    def _create(self, _logical_id: str, properties: dict[str, Any], _stack: str) -> Any:
        name = properties.get("Name") or properties["TableName"]
        self.done.append(f"create {name}")
        assert name not in self.things, "a name is taken once"
        self.things[name] = len(self.done)
        return name, {"Arn": f"arn of {name}"}

    def _update(self, name: str, _old: Any, new: dict[str, Any], stack: str) -> Any:
        """Rename by replacement, as CloudFormation does."""
        if name in self.unchangeable and "Size" not in new:
            raise ValueError(f"{name} cannot shrink")
        if new["Name"] == name:
            self.done.append(f"update {name}")
            return name, {"Arn": f"arn of {name}"}
        made = self._create("", new, stack)
        module("provisioners")._delete_predecessor(self._delete, name, {})
        return made

    def _delete(self, name: str, _properties: Any) -> None:
        if name in self.undeletable:
            raise ValueError(f"{name} is in use")
        self.done.append(f"delete {name}")
        self.status_at_deletion = self.stack("root")["StackStatus"]
        self.things.pop(name, None)

    def act(self, action: str, **parameters: Any) -> str:
        """Call CloudFormation, wait for the root's end, and return its status."""

        async def call() -> str:
            given = {"StackName": ["root"], **parameters}
            if "Template" in given:
                given["TemplateBody"] = [json.dumps(given.pop("Template"))]
            code, _headers, body = module("")._ACTION_HANDLERS[action](given)
            assert code == 200, body
            status = "IN_PROGRESS"
            while "IN_PROGRESS" in status:
                await asyncio.sleep(0.01)
                status = self.stack("root")["StackStatus"]
            return status

        return asyncio.run(call())

    def create(self, **resources: Any) -> str:
        return self.act("CreateStack", Template={"Resources": resources})

    def update(self, **resources: Any) -> str:
        return self.act("UpdateStack", Template={"Resources": resources})

    def delete(self) -> str:
        return self.act("DeleteStack")

    def stack(self, name: str) -> dict[str, Any]:
        """Return the latest stack of a name, or of a name that begins like it and a hyphen."""
        stacks = list(module("")._stacks.values())
        named = [s for s in stacks if s["StackName"].rpartition("-")[0] == name]
        return ([s for s in stacks if s["StackName"] == name] or named)[-1]  # type: ignore[no-any-return]

    def reasons(self) -> str:
        events = module("")._stack_events[self.stack("root")["StackId"]]
        return "\n".join(e["ResourceStatusReason"] for e in events)
