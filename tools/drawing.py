"""Draws each state machine beside its definition. `make drawings` runs it.

A solid arrow is what comes next, a dotted one where a failed task goes on. Where every failure of a
machine comes to the same state, these arrows are left out, and the page says so.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tools.reader import ROOT
from tools.reader.definitions import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ROOT / "statemachines"
SHAPES = {
    "Choice": "{{{{{}}}}}",
    "Succeed": "([{}])",
    "Fail": "([{}])",
    "Wait": "[/{}/]",
    "Pass": "({})",
}
PAGE = """\
# {name}

Made by `make drawings` from `{name}.asl.yaml`. Do not edit it; a test fails when it is stale.

{comment}

```mermaid
flowchart TD
{lines}
```

Rectangles are tasks, hexagons choices, slanted boxes waits. Dotted arrows: where a failed task goes
on. Other failures go to `{failure}`.
"""


def drawing(path: Path) -> str:
    """Return the page of one definition."""
    machine = read(path.read_text("utf-8"))
    failure = Counter(
        catch["Next"] for _, state in _states(machine) for catch in state.get("Catch", [])
    ).most_common(1)[0][0]
    lines = [f"  START(( )) --> {machine['StartAt']}", *_drawn(machine, failure, "  ")]
    name = path.name.removesuffix(".asl.yaml")
    return PAGE.format(
        name=name, comment=machine["Comment"].strip(), lines="\n".join(lines), failure=failure
    )


def _states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        for inner in _inner(state):
            yield from _states(inner)


def _inner(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]


def _drawn(machine: dict[str, Any], failure: str, indent: str) -> Iterator[str]:
    for name, state in machine["States"].items():
        inner = _inner(state)
        if inner:
            yield f"{indent}subgraph {name}"
            for part in inner:
                yield from _drawn(part, failure, f"{indent}  ")
            yield f"{indent}end"
        else:
            yield f"{indent}{name}{SHAPES.get(state['Type'], '[{}]').format(name)}"
        following = [c["Next"] for c in state.get("Choices", [])]
        following += [state[key] for key in ("Default", "Next") if key in state]
        yield from (f"{indent}{name} --> {after}" for after in dict.fromkeys(following))
        caught = dict.fromkeys(c["Next"] for c in state.get("Catch", []))
        yield from (
            f"{indent}{name} -.-> {after}"
            for after in caught
            if after != failure and after not in following
        )


def main() -> None:
    """Write every page."""
    for path in sorted(FOLDER.glob("*.asl.yaml")):
        page = path.with_name(path.name.replace(".asl.yaml", ".md"))
        page.write_text(drawing(path), encoding="utf-8")
        print(f"Wrote {page.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
