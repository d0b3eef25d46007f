"""docs/recovery-path.md, made from the template and the definition."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.audit import calls, code, path as path_module, planes
from tools.reader import ROOT
from tools.reader.template import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tools.audit.calls import Possible

PAGE = ROOT / "docs" / "recovery-path.md"
NAMES = Path(__file__).with_name("names.toml")

INTRO = """# The recovery path, call by call

Made by `make audit` from `template.yaml`, the failover machine's definition and `tools/audit/`.
Do not edit it; a test fails when it is stale.

A failover may need nothing that a lost Region, or us-east-1, could take along: no call to another
Region than the Secondary's, and no control plane, not even in the Secondary's own Region. This page
lists **every call that a role on the recovery path is allowed to make**, whether or not a failover
makes it. Who is on the path is derived from the definition of the failover machine. Each drill of
the lab checks the calls that were made against the same tables.

**On**: what the role's policy names. Regions are those of `samconfig.toml`: the Primary's is
{primary}, the Secondary's is {secondary}, and the control table's witness is in {witness}.
"""
QUORUM = """The control table has members in three Regions: {primary}, {secondary} and the
witness in {witness}. A strong read or a write of it is **one call, to the endpoint in
{secondary}**, and counts as such here; DynamoDB itself then reaches one more member, whichever
answers. So a failover survives the loss of {primary} or of {witness}, and not of both at once:
without a quorum nobody is made active, and what is left is a person's last resort. No client names
another Region for it, and an eventual read of it stays in {secondary}.
"""
EMERGENCY = """Only a person starts it, so it is not on the path. It is in the Primary's stack too,
for the loss of a Secondary that is active. Its role may make these calls, all data plane, and all
in the Region in which it runs (its calls of the control table count as above).
"""
DEFINITION = "AWS's definition of planes, applied: no page names the action"


def names() -> dict[str, dict[str, Any]]:
    """Return the names that functions ask over HTTPS and DNS."""
    return tomllib.loads(NAMES.read_text())


def unlisted_names() -> set[str]:
    """Return functions on the path that can ask something and are not listed, or the reverse."""
    functions = path_module.walk(load("secondary")).functions
    return {f for f in functions if code.asks_by_network(f)} ^ set(names())


def render() -> str:
    """Return the page."""
    stack = load("secondary")
    every, on_it = calls.possible(), path_module.walk(stack)
    places = {
        p.lower(): stack.parameters[f"{p}Region"] for p in ("Primary", "Secondary", "Witness")
    }
    sources = list(dict.fromkeys((c.plane.source, c.plane.stated) for c in every))
    parts = [
        INTRO.format(**places),
        _verdict(every, stack.region),
        "## Calls\n",
        _calls(every, sources),
        "## Calls of the control table\n",
        QUORUM.format(**places),
        "## Beside the work\n",
        _noted(every, sources),
        "## Asked over HTTPS and DNS\n",
        "Public endpoints, as a user sees them. None of it is an API call.\n",
        _asked(stack.parameters),
        "## Why each role is on the path\n",
        "What begins with `Example` is of the example application, what begins with `Data` is\n"
        "retained when the stack goes: both are nested stacks.\n",
        _list(f"**{role}** {why}." for role, why in dict.fromkeys((c.role, c.why) for c in every)),
    ]
    if on_it.not_waited_for:
        started = on_it.not_waited_for.items()
        parts += ["## Started, and not waited for\n", _list(f"`{n}` {why}." for n, why in started)]
    parts += ["## The emergency machine\n", EMERGENCY, _list(_in_an_emergency())]
    functions = stack.every(path_module.FUNCTION)
    off = ", ".join(f"`{f}`" for f in functions if f not in on_it.functions) or "none"
    parts += [
        "## Off the path\n",
        f"Functions of the Secondary's stack that no recovery waits for: {off}.\n",
        "## Sources\n",
        "".join(f"{i}. {_source(*s)}\n" for i, s in enumerate(sources, 1)),
    ]
    return "\n".join(parts)


def _verdict(every: list[Possible], secondary: str) -> str:
    if faults := calls.faults(secondary):
        return "**Faults**\n\n" + _list(faults)
    late = sum(bool(c.plane.only_at) for c in every)
    spared = _grouped(every, lambda c: planes.spared(c.role, c.action, c.region, secondary))
    working = len(every) - late - sum(len(made) for made in spared.values())
    return (
        f"**{len({c.role for c in every})} roles, {working} permissions: all of them "
        f"data plane, all of them in {secondary}.** {late} more are control plane, in {secondary} "
        "too, and nothing but a deployment uses them. Without these the path goes on:\n\n"
        + _list(
            f"{', '.join(dict.fromkeys(f'`{c.action}` of {c.role} in {c.region}' for c in made))}: "
            f"{why[0].lower()}{why[1:]}"
            for why, made in spared.items()
        )
    )


def _grouped(
    every: Iterable[Possible], key: Callable[[Possible], Any]
) -> dict[Any, list[Possible]]:
    """Return calls by what they have in common, without those for which that is empty."""
    groups: dict[Any, list[Possible]] = {}
    for call in every:
        groups.setdefault(key(call), []).append(call)
    return {common: made for common, made in groups.items() if common}


def _calls(every: list[Possible], sources: list[tuple[str, bool]]) -> str:
    working = [c for c in every if not c.plane.note]
    rows = [
        (
            role,
            f"`{action}`",
            _on(made),
            made[0].plane.plane,
            ", ".join(dict.fromkeys(c.region for c in made)),
            _number(made[0], sources),
        )
        for (role, action), made in _grouped(working, lambda c: (c.role, c.action)).items()
    ]
    return table(("role", "call", "on", "plane", "Region", "source"), rows)


def _in_an_emergency() -> Iterable[str]:
    """Describe what the emergency machine may do in each Region."""
    for role in ("Primary", "Secondary"):
        by_action = _grouped(calls.in_an_emergency(role.lower()), lambda c: c.action)
        allowed = "; ".join(f"`{action}` on {_on(made)}" for action, made in by_action.items())
        yield f"{role}: {allowed}."


def _noted(every: list[Possible], sources: list[tuple[str, bool]]) -> str:
    """List the calls that no step waits for, with the note of their classification."""
    parts = []
    for note, noted in _grouped(every, lambda c: c.plane.note).items():
        rows = [
            (
                f"`{action}`",
                made[0].plane.plane,
                ", ".join(dict.fromkeys(c.region for c in made)),
                ", ".join(dict.fromkeys(c.role for c in made)),
                _number(made[0], sources),
            )
            for action, made in _grouped(noted, lambda c: c.action).items()
        ]
        parts.append(f"{note}\n\n{table(('call', 'plane', 'Region', 'roles', 'source'), rows)}")
    return "\n".join(parts)


def _asked(values: dict[str, str]) -> str:
    rows = [
        (function, ", ".join(f"`{a.format(**values)}`" for a in entry["asks"]), entry["lost"])
        for function, entry in names().items()
    ]
    return table(("function", "asks", "when the other side is lost"), rows)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _list(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def _on(made: Iterable[Possible]) -> str:
    shorts = (c.resource.split(":", 5)[-1].replace(".Arn>", "").strip("<>") for c in made)
    return ", ".join(f"`{short}`" for short in dict.fromkeys(shorts))


def _number(call: Possible, sources: list[tuple[str, bool]]) -> str:
    return str(sources.index((call.plane.source, call.plane.stated)) + 1)


def _source(url: str, stated: bool) -> str:
    return url if stated else f"{url} ({DEFINITION})"
