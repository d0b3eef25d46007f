"""An application's contract, pilotlight.toml: read, checked, and as parameters of the template.

It lies beside the application's template and is reviewed with it. CloudFormation needs parameters:
they follow from it, so that nothing is written down twice.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator

from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema import ValidationError

FILE = "pilotlight.toml"
SCHEMA = json.loads(Path(__file__).with_name("contract.schema.json").read_text("utf-8"))
# The tables of Pilot Light's own that a pattern of names must not cover.
OWN_TABLES = ("control-quorum", "journal", "last-resort", "ledger", "recoveries")
# The parameter of each phase's hook.
HOOKS = {
    "ready": "ReadyHook",
    "before_claim": "BeforeClaimHook",
    "after_claim": "AfterClaimHook",
    "before_failback": "BeforeFailbackHook",
}


@dataclass(frozen=True)
class Contract:
    """What an application declares. `lab` is what only the lab reads."""

    level: int
    names: str
    stack: str
    api_output: str = ""
    api_stage: str = "$default"
    target_output: str = ""
    health: str = "/health"
    max_write_seconds: float = 2.0
    functions: tuple[str, ...] = ()
    warm_paths: tuple[str, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    hooks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lab: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> str:
        """The parameter that only the stack of a Region knows: where its users are led to."""
        return "TargetName" if self.target_output else "ApiId"

    def parameters(self, entry: str) -> dict[str, str]:
        """Return the template's parameters of the application, by its entry in a Region."""
        tables = [f"{name}:{key}" for name, key in sorted(self.tables.items())]
        return {
            "ExampleApp": "false",
            "AppLevel": str(self.level),
            "AppNames": self.names,
            "AppTables": ",".join(tables) or "none",
            "AppFunctions": ",".join(self.functions) or "none",
            "WarmPaths": ",".join(self.warm_paths) or "none",
            "ApiId": "",
            "ApiStage": self.api_stage,
            "TargetName": "",
            "HealthPath": self.health,
            "MaxWriteSeconds": f"{self.max_write_seconds:g}",
            **{name: _hook(self.hooks.get(phase, {})) for phase, name in HOOKS.items()},
            self.entry: entry,
        }


def read(folder: Path) -> Contract:
    """Read and check the contract of the application in a folder.

    Raises
    ------
    ConfigError
        It is missing or invalid. Each fault names file, key and remedy.
    """
    path = folder / FILE
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{folder} has no {FILE}, the application's contract. See docs/adopt.md."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} is no TOML: {error}.") from error
    faults = _faults(document)
    if faults:
        raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults))
    return Contract(
        level=int(document["level"]),
        names=document["names"],
        stack=document["stack"],
        api_output=document.get("api", {}).get("id", ""),
        api_stage=document.get("api", {}).get("stage", "$default"),
        target_output=document.get("target", {}).get("name", ""),
        health=document.get("health", "/health"),
        max_write_seconds=float(document.get("max_write_seconds", 2)),
        functions=tuple(document.get("functions", [])),
        warm_paths=tuple(document.get("warm_paths", [])),
        tables=document.get("tables", {}),
        hooks=document.get("hooks", {}),
        lab=document.get("lab", {}),
    )


def key_of(declared: str) -> dict[str, str]:
    """Return a table's key as it is declared, from an attribute's name to S or N: hash, range."""
    parts = (part.partition("=") for part in declared.split("/"))
    return {name: kind or "S" for name, _, kind in parts}


def entry(contract: Contract, cloudformation: Any) -> str:
    """Return the API's id or the target's name in a Region, by a client of CloudFormation there.

    `api.id` is an output of the stack, or the logical id of the API, such as SAM's own
    ServerlessRestApi. `target.name` is an output: no resource's id is a DNS name to rely on.

    Raises
    ------
    ConfigError
        The stack has none of them, or has the API and no such stage.
    """
    (stack,) = cloudformation.describe_stacks(StackName=contract.stack)["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
    listed = ", ".join(sorted(outputs)) or "none"
    if contract.target_output:
        if contract.target_output in outputs:
            return str(outputs[contract.target_output])
        raise ConfigError(
            f"{FILE}: target.name is {contract.target_output!r}, and the stack {contract.stack} "
            f"has no such output. Add it, or name another. Its outputs: {listed}."
        )
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=contract.stack)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    ids = {r["LogicalResourceId"]: r.get("PhysicalResourceId", "") for r in resources}
    known = {**ids, **outputs}
    if contract.api_output not in known:
        raise ConfigError(
            f"{FILE}: api.id is {contract.api_output!r}, and the stack {contract.stack} has "
            f"neither an output nor a resource of this name. Its outputs: {listed}."
        )
    api = str(known[contract.api_output])
    if api in ids.values():
        _check_stage(contract, {ids[r["LogicalResourceId"]] for r in resources if _is_stage(r)})
    return api


def _is_stage(resource: Mapping[str, Any]) -> bool:
    return resource["ResourceType"] in ("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage")


def _check_stage(contract: Contract, stages: set[str]) -> None:
    """Check that the stage is one of the stack's, which has the API."""
    # A deployment of SAM's REST APIs makes one more, which is no resource of the stack.
    if stages and contract.api_stage not in (*stages, "Stage"):
        raise ConfigError(
            f"{FILE}: api.stage is {contract.api_stage!r}, and the stack {contract.stack} has no "
            f"such stage. Write one of: {', '.join(sorted(stages))}."
        )


def check_names(contract: Contract, app_name: str) -> None:
    """Check that the names do not cover Pilot Light's own tables, which roles may not write.

    Raises
    ------
    ConfigError
        They do.
    """
    covered = [f"{app_name}-{t}" for t in OWN_TABLES if _covers(contract.names, f"{app_name}-{t}")]
    if covered:
        raise ConfigError(
            f"{FILE}: names is {contract.names!r} and covers Pilot Light's own {covered[0]}. "
            "Choose names that begin otherwise."
        )


def _hook(hook: Mapping[str, Any]) -> str:
    """Return a hook as its parameter has it: the function, and its options in this order."""
    if not hook:
        return ""
    options = [f"timeout={hook['timeout']}"] if "timeout" in hook else []
    options += [f"modes={'+'.join(hook['modes'])}"] if "modes" in hook else []
    options += ["required"] if hook.get("required") else []
    return " ".join([hook["function"], *options])


def _faults(document: Mapping[str, Any]) -> list[str]:
    """Return every fault of a contract, each with its key and what to write."""
    found = sorted(Draft7Validator(SCHEMA).iter_errors(document), key=lambda e: list(e.path))
    return [_in_words(error) for error in found] or list(_beyond_schema(document))


def _in_words(error: ValidationError) -> str:
    if error.validator == "oneOf":
        document: Any = error.instance
        there = "both are" if "api" in document else "neither is"
        return f"api, target: {there} there. Write one of them. " + (
            f"api: {SCHEMA['properties']['api']['description']} "
            f"target: {SCHEMA['properties']['target']['description']}"
        )
    key = ".".join(map(str, error.absolute_path)) or "the file"
    message = error.message if len(error.message) < 200 else f"{error.message[:200]}..."
    return f"{key}: {message}. {_remedy(error)}".strip()


def _remedy(error: ValidationError) -> str:
    """Return what to write: the description that is nearest to the fault in the schema."""
    schema: Any = error.schema
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    if error.validator == "additionalProperties":
        return f"It may have: {', '.join(properties)}."
    if error.validator == "required":
        missing = next(n for n in properties if error.message.startswith(f"'{n}'"))
        return str(properties[missing].get("description") or schema["description"])
    node, remedy = SCHEMA, ""
    for step in error.absolute_schema_path:
        node = node[step]
        if isinstance(node, dict):
            # The path does not name references; the schema has one definition.
            node = SCHEMA["definitions"]["hook"] if "$ref" in node else node
            remedy = node.get("description", remedy)
    return remedy


def _beyond_schema(document: Mapping[str, Any]) -> list[str]:
    """Return what a schema cannot say."""
    names = document["names"]
    tables, functions = document.get("tables", {}), document.get("functions", [])
    faults = [
        f"tables.{table}: names is {names!r}, which does not cover it. Roles reach only what names "
        "covers."
        for table in tables
        if not _covers(names, table)
    ]
    faults += [
        f"functions: names is {names!r}, which does not cover {function}."
        for function in functions
        if not _covers(names, function.partition(":")[0])
    ]
    if document["level"] >= 1 and not tables:
        level = document["level"]
        faults.append(f"tables: level {level} needs the tables. Name each with its key.")
    for phase, hook in document.get("hooks", {}).items():
        if not _covers(names, hook["function"].partition(":")[0]):
            faults.append(f"hooks.{phase}: names is {names!r}, which does not cover the function.")
        if "modes" in hook and phase == "before_failback":
            faults.append(f"hooks.{phase}.modes: the phase is of a failback only. Remove it.")
        if hook.get("required") and phase != "ready":
            faults.append(f"hooks.{phase}.required: only ready may veto. Remove it, or use ready.")
    return faults


def _covers(names: str, name: str) -> bool:
    return name.startswith(names[:-1]) if names.endswith("*") else name == names
