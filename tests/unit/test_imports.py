"""The packages of functions/pilotlight: who may import whom, and which modules are pure."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "functions" / "pilotlight"
# Each may import those before it, and none behind it.
ORDER = (
    *("shared", "recoveries", "control", "replication", "sentinel", "warming", "conditions"),
    *(
        "readiness",
        "rehearsal",
        "failover",
        "switchover",
        "items",
        "journal",
        "ledger",
        "reporting",
    ),
)
# Decisions: the same answer for the same arguments. Whatever they import is pure, too.
PURE = {
    "recoveries": {"schema"},
    "conditions": {"condition", "evidence", "recorded"},
    "control": {"item", "transitions"},
    "failover": {
        "aborted_notice",
        "alarm_window",
        "approval",
        "confirmation",
        "decision",
        "request",
    },
    "items": {"writes"},
    "journal": {"comparison", "history"},
    "ledger": {"entry", "epoch_end"},
    "readiness": {"inspection", "verdict"},
    "rehearsal": {"aborted_run", "verdict"},
    "replication": {"heartbeat", "rpo"},
    "reporting": {"markup", "overview", "page", "past_recoveries", "report", "widget"},
    "sentinel": {"level", "observation"},
    "switchover": {"decision", "request"},
    "warming": {"waves"},
}
IMPURE = {
    *("aws_lambda_powertools", "boto3", "botocore", "concurrent", "dns", "http", "os"),
    *("socket", "threading", "time", "urllib3"),
}
PACKAGES = sorted(p.name for p in PRODUCT.iterdir() if (p / "__init__.py").is_file())


@cache
def imports(file: Path, *, typing: bool) -> frozenset[str]:
    """Return the modules that a file imports, those for type checkers only if asked."""
    tree = ast.parse(file.read_text("utf-8"))
    if not typing:
        tree.body = [n for n in tree.body if not _is_for_types(n)]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    return frozenset(found)


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"


def packages_of(modules: frozenset[str]) -> set[str]:
    return {m.split(".")[1] for m in modules if m.startswith("pilotlight.")}


def test_every_package_has_its_place_in_the_order() -> None:
    assert sorted(ORDER) == PACKAGES


@pytest.mark.parametrize("package", ORDER)
def test_a_package_imports_only_those_before_it(package: str) -> None:
    allowed = set(ORDER[: ORDER.index(package) + 1])
    for file in (PRODUCT / package).glob("*.py"):
        behind = packages_of(imports(file, typing=True)) - allowed
        assert not behind, f"{file.name} imports {sorted(behind)}"


@pytest.mark.parametrize("package", sorted(PURE))
def test_a_pure_module_imports_neither_aws_nor_a_clock(package: str) -> None:
    for name in PURE[package]:
        reached = _reached(PRODUCT / package / f"{name}.py")
        assert not reached & IMPURE, f"{name} reaches {sorted(reached & IMPURE)}"


def _reached(file: Path) -> set[str]:
    """Return the names of the outermost modules that a file reaches, through this project's own."""
    todo, seen, found = [file], set(), set()
    while todo:
        here = todo.pop()
        seen.add(here)
        for module in imports(here, typing=False):
            own = PRODUCT.parent.joinpath(*module.split(".")).with_suffix(".py")
            if own.is_file():
                todo += [own] if own not in seen else []
            found.add(module.split(".")[0])
    return found


@pytest.mark.parametrize("tree", ["lab", "cost", "tests"])
def test_nothing_of_the_product_imports_what_does_not_ship(tree: str) -> None:
    for file in (ROOT / "functions").rglob("*.py"):
        outermost = {m.split(".")[0] for m in imports(file, typing=True)}
        assert tree not in outermost, file
