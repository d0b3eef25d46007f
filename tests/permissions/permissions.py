"""Every permission of the template, and those that the lab cannot exercise."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hooked_pair import stack
from tools.audit.grants import Grant, of_stack
from tools.reader.template import as_list

if TYPE_CHECKING:
    from tools.reader.template import Template

# A role that several stacks make of the same lines is tried in the first of them, but for these. In
# the Primary, health checks write the heartbeats, and leave the function nothing to do.
STACKS = ("primary", "secondary", "monitor")
TRIED_IN = {"HeartbeatRole": "secondary"}
UNEXERCISED = Path(__file__).with_name("unexercised.toml")


@dataclass(frozen=True)
class Permission:
    """One action on one resource, granted by one role or shared policy."""

    stack: str
    grant: Grant
    # Which of the resources of its statement it is: a deployed policy names them otherwise.
    position: int

    def __str__(self) -> str:
        resource = re.sub(r"[<>]|\.Arn", "", self.grant.resource.split(":")[-1])
        return f"{self.grant.holder} {self.grant.action} {resource}"


def every_grant(whole: Template) -> list[Grant]:
    """The grants of a stack and of its nested applications, whose roles begin with their names."""
    parts = whole.parts().items()
    return [replace(g, holder=f"{name}{g.holder}") for name, part in parts for g in of_stack(part)]


def all_permissions() -> list[Permission]:
    """Every permission of the template, once."""
    found: dict[str, list[Permission]] = {}
    for env in STACKS:
        here: dict[str, list[Permission]] = {}
        for grant in every_grant(stack(env)):
            if TRIED_IN.get(grant.holder, env) != env:
                continue
            of_holder = here.setdefault(grant.holder, [])
            same = [p for p in of_holder if _statement(p.grant) == _statement(grant)]
            of_holder.append(Permission(env, grant, len(same)))
        found = here | found
    return [permission for of_holder in found.values() for permission in of_holder]


def unexercised(permission: Permission) -> list[str]:
    """The reasons on file for which the lab cannot exercise a permission."""
    grant = permission.grant
    return [
        entry["reason"]
        for entry in entries()
        if grant.holder in entry["of"]
        and grant.action in entry["actions"]
        # Where the other tables of the same grant are exercised.
        and entry.get("on", "") in grant.resource
    ]


@cache
def entries() -> list[dict]:
    return tomllib.loads(UNEXERCISED.read_text())["permission"]


def without(document: dict, permission: Permission) -> dict:
    """A deployed policy document without one permission, and with all the others."""
    _, at = permission.grant.place
    kept = []
    for i, statement in enumerate(document["Statement"]):
        actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
        if i != at:
            kept.append(statement)
            continue
        others = [a for a in actions if a != permission.grant.action]
        assert len(others) == len(actions) - 1, f"{permission} is not where it was deployed"
        if others:
            kept.append({**statement, "Action": others})
        elsewhere = [r for n, r in enumerate(resources) if n != permission.position]
        if elsewhere:
            kept.append({**statement, "Action": permission.grant.action, "Resource": elsewhere})
    return {**document, "Statement": kept}


def _statement(grant: Grant) -> tuple:
    return grant.place, grant.action
