"""The commands of the AWS CLI that a page gives, and whether the CLI would accept them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name

# Where the CLI's name is not botocore's.
SERVICES = {"s3api": "s3"}
OPTIONS = {"output": "task-output"}
# Written for the CLI: no operation of the service has this name.
OWN = {("s3", "cp"), ("s3", "rm"), ("logs", "tail")}
GLOBAL = {"region", "query", "output", "no-paginate", "max-items"}
GLOBAL |= {"cli-binary-format", "cli-read-timeout"}


def commands(page: str) -> list[str]:
    """Return every command of a page on one line, with Q for what is quoted."""
    code = "\n".join(re.findall(r"```console\n(.*?)```", page, re.DOTALL))
    statements = _statements(code) + re.findall(r"`(aws [^`\n]*)`", page)
    found = (re.search(r"(?:^|\s)(aws [a-z].*)", " ".join(s.split())) for s in statements)
    return [command[1] for command in found if command]


def _statements(code: str) -> list[str]:
    code = re.sub(r"<\w[^<>\n]*>", "X", code.replace("\\\n", " "))
    code = re.sub(r"'[^']*'", "Q", code)
    code = re.sub(r'"(\$\([^"]*\))"', r"\1", code)
    code = re.sub(r'"[^"]*"', "Q", code).replace("$(date +%s)", "N")
    code = re.sub(r"\$\(\(.*?\)\)", "N", code)
    inner = []
    while match := re.search(r"\$\(([^()]*)\)", code):
        inner.append(match[1])
        code = code.replace(match[0], "V", 1)
    return [s for part in (*inner, code) for s in re.split(r"\n|\||;|&&|>", part)]


@cache
def _loaded(service: str, kind: str) -> Any:
    session = botocore.session.get_session()
    if kind == "waiters":
        return session.get_component("data_loader").load_service_model(service, "waiters-2")
    return session.get_service_model(SERVICES.get(service, service))


def wrong(command: str) -> str | None:
    """Return what is wrong with a command, by botocore's models of the services, or None."""
    _, service, name, *rest = command.split()
    given = {o.removeprefix("--") for o in rest if o.startswith("--")}
    if (service, name) in OWN:
        return None
    if name == "wait":
        names = {xform_name(w, "-") for w in _loaded(service, "waiters")["waiters"]}
        return None if rest[0] in names else f"there is no waiter {rest[0]}"
    model = _loaded(service, "service")
    operation = {xform_name(o, "-"): o for o in model.operation_names}.get(name)
    if operation is None:
        return "there is no such operation"
    shape = model.operation_model(operation).input_shape
    members = shape.members if shape else {}
    options = {OPTIONS.get(o := xform_name(m, "-"), o): m for m in members}
    unknown = given - GLOBAL - set(options) - {f"no-{o}" for o in options}
    required = set(shape.required_members if shape else ())
    required -= {m for m in required if members[m].metadata.get("idempotencyToken")}
    missing = {o for o, m in options.items() if m in required} - given
    return f"unknown: {sorted(unknown)}, missing: {sorted(missing)}" if unknown | missing else None
