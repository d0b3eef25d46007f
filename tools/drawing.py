"""Draws each state machine beside its definition. `make drawings` runs it.

A solid arrow is what comes next, a dotted one where a failed task goes on. Where every failure of a
machine comes to the same state, these arrows are left out, and the page notes it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tools.reader import ROOT
from tools.reader.definitions import inner, read, states

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
    "Parallel": "[[{}]]",
    "Map": "[[{}]]",
}
PAGE = """\
# {name}

Made by `make drawings` from `{name}.asl.yaml`. Do not edit it; a test fails when it is stale.

{comment}

```mermaid
flowchart TD
{lines}
```

Rectangles are tasks, hexagons choices, slanted boxes waits. Thick lines lead to what runs side by
side. Dotted arrows: where a failed task goes on. Other failures go to `{failure}`.
"""


def drawing(path: Path) -> str:
    """Return the page of one definition."""
    machine = read(path.read_text("utf-8"))
    failure = Counter(
        catch["Next"] for state in states(machine).values() for catch in state.get("Catch", [])
    ).most_common(1)[0][0]
    lines = [f"  START(( )) --> {machine['StartAt']}", *_lines(machine, failure, "  ")]
    name = path.name.removesuffix(".asl.yaml")
    return PAGE.format(
        name=name, comment=machine["Comment"].strip(), lines="\n".join(lines), failure=failure
    )


def _lines(machine: dict[str, Any], failure: str, indent: str) -> Iterator[str]:
    for name, state in machine["States"].items():
        yield f"{indent}{name}{SHAPES.get(state['Type'], '[{}]').format(name)}"
        for part in inner(state):
            yield f"{indent}{name} === {part['StartAt']}"
            yield from _lines(part, failure, f"{indent}  ")
        targets = [c["Next"] for c in state.get("Choices", [])]
        targets += [state[key] for key in ("Default", "Next") if key in state]
        yield from (f"{indent}{name} --> {target}" for target in dict.fromkeys(targets))
        caught = dict.fromkeys(c["Next"] for c in state.get("Catch", []))
        yield from (
            f"{indent}{name} -.-> {target}"
            for target in caught
            if target != failure and target not in targets
        )


def main() -> None:
    """Write every page."""
    for path in sorted(FOLDER.glob("*.asl.yaml")):
        page = path.with_name(path.name.replace(".asl.yaml", ".md"))
        page.write_text(drawing(path), encoding="utf-8")
        print(f"Wrote {page.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
