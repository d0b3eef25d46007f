"""Who may import whom: the packages of functions/pilotlight, the lab and the tools."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "functions" / "pilotlight"
SOURCES = (ROOT / "functions", ROOT / "clients" / "python" / "src")
CLIENT = SOURCES[1] / "pilot_light_client"
# Each may import those before it, and none behind it.
ORDER = (
    *("shared", "messages", "recoveries", "control", "replication", "sentinel", "warming", "hooks"),
    *(
        "conditions",
        "readiness",
        "rehearsal",
        "failover",
        "switchover",
        "journal",
        "ledger",
        "reporting",
    ),
)
# Decisions: the same answer for the same arguments. Whatever they import is pure, too.
PURE = {
    "recoveries": {"rto", "schema"},
    "conditions": {"condition", "conformance", "evidence", "hook", "recorded"},
    "control": {"epoch", "transitions"},
    "failover": {
        *("aborted_notice", "approval", "confirmation", "decision", "distribution", "forecast"),
        "request",
    },
    "hooks": {"hook"},
    "journal": {"comparison", "expiry", "history"},
    "ledger": {"entry", "epoch_end"},
    "messages": {"message"},
    "readiness": {"inspection", "journaled_writes", "verdict"},
    "rehearsal": {"aborted_run", "verdict"},
    "replication": {"rpo"},
    "reporting": {"markup", "overview", "page", "past_recoveries", "report", "rto", "widget"},
    "sentinel": {"level", "observation", "probe_result"},
    "switchover": {"decision", "request"},
    "warming": {"waves"},
}
IMPURE = {
    *("aws_lambda_powertools", "boto3", "botocore", "concurrent", "dns", "http", "os"),
    *("socket", "threading", "time", "urllib3"),
}
PACKAGES = sorted(p.name for p in PRODUCT.iterdir() if (p / "__init__.py").is_file())
HANDLERS = {file.parent.name: file for file in (ROOT / "functions").glob("*/app.py")}
# dnspython, which takes a tenth of a cold start, is imported where DNS is asked.
ASK_DNS = {"confirm", "preflight", "sentinel", "traffic"}


@cache
def imports(file: Path, *, typing: bool, later: bool = True) -> frozenset[str]:
    """Return the modules that a file imports.

    Those for type checkers only with `typing`, those of functions that run later with `later`.
    """
    tree = ast.parse(file.read_text("utf-8"))
    if not typing:
        tree.body = [n for n in tree.body if not _is_for_types(n)]
    found: set[str] = set()
    for node in ast.walk(tree) if later else tree.body:
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


@pytest.mark.parametrize(
    "name", ["attributes", "control_item", "heartbeat", "journal", "timestamps"]
)
def test_what_the_client_decides_with_imports_neither_aws_nor_a_clock(name: str) -> None:
    assert not _reached(CLIENT / f"{name}.py") & IMPURE


def test_the_client_needs_boto3_and_nothing_else() -> None:
    for file in CLIENT.glob("*.py"):
        outermost = {m.split(".")[0] for m in imports(file, typing=False)}
        others = outermost - set(sys.stdlib_module_names) - {"pilot_light_client"}
        assert others <= {"boto3", "botocore"}, f"{file.name} imports {sorted(others)}"


# What the example application may import besides the standard library: it is as any other one.
APP = ROOT / "app" / "src"
APP_IMPORTS = {"aws_lambda_powertools", "boto3", "botocore", "items", "pilot_light_client"}


def test_the_example_imports_the_client_and_nothing_of_the_product() -> None:
    for file in APP.rglob("*.py"):
        names = {m.split(".")[0] for m in imports(file, typing=False)}
        others = names - set(sys.stdlib_module_names) - APP_IMPORTS
        assert not others, f"{file.name} imports {sorted(others)}"
        typed = {m.split(".")[0] for m in imports(file, typing=True)}
        assert "pilotlight" not in typed, file


def test_nothing_of_the_product_or_the_client_imports_the_example() -> None:
    own = {p.stem for p in APP.iterdir() if p.suffix == ".py" or p.is_dir()} - {"__pycache__"}
    assert own == {"app", "items"}
    for tree in SOURCES:
        for file in tree.rglob("*.py"):
            names = {m.split(".")[0] for m in imports(file, typing=True)}
            assert not names & own, f"{file} imports {sorted(names & own)}"


def test_what_the_example_makes_an_item_of_asks_nobody() -> None:
    assert not _reached(APP / "items" / "item.py") & IMPURE


@pytest.mark.parametrize("name", HANDLERS)
def test_a_cold_start_imports_no_library_that_its_function_does_not_need(name: str) -> None:
    reached = _reached(HANDLERS[name], later=False)
    assert ("dns" in reached) == (name in ASK_DNS)
    assert ("aws_lambda_powertools" in reached) == (name != "switch"), "the switch logs nothing"


@pytest.mark.parametrize(
    ("feature", "name"),
    [("switch", "keeper"), ("confirm", "keeper"), ("preflight", "observation")],
)
def test_a_cold_start_on_the_way_imports_no_feature_of_others(feature: str, name: str) -> None:
    assert name not in {file.stem for file in _files(HANDLERS[feature], later=False)}


def test_whatever_a_function_imports_of_the_product_garbage_is_collected_seldom() -> None:
    found = {name for name, f in HANDLERS.items() if packages_of(imports(f, typing=False))}
    assert found == set(HANDLERS)
    code = "import gc, pilotlight; print(gc.get_threshold()[0])"
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, cwd=ROOT / "functions", capture_output=True, check=True)
    assert int(printed.stdout) == 20_000


def test_the_settings_of_every_function_do_not_import_the_journal() -> None:
    assert CLIENT / "journal.py" not in _files(PRODUCT / "shared" / "settings.py", later=False)


def _reached(file: Path, *, later: bool = True) -> set[str]:
    """Return the names of the outermost modules that a file reaches, through this project's own."""
    files = _files(file, later=later)
    return {m.split(".")[0] for f in files for m in imports(f, typing=False, later=later)}


def _files(file: Path, *, later: bool = True) -> set[Path]:
    """Return this project's own files that a file reaches, itself among them."""
    todo, seen = [file], set[Path]()
    while todo:
        here = todo.pop()
        seen.add(here)
        for module in imports(here, typing=False, later=later):
            own = [tree.joinpath(*module.split(".")).with_suffix(".py") for tree in SOURCES]
            todo += [file for file in own if file.is_file() and file not in seen]
    return seen


@pytest.mark.parametrize("tree", ["cli", "lab", "tools", "tests"])
def test_nothing_of_the_product_imports_what_does_not_ship(tree: str) -> None:
    for file in (ROOT / "functions").rglob("*.py"):
        outermost = {m.split(".")[0] for m in imports(file, typing=True)}
        assert tree not in outermost, file


TOOLS = ROOT / "tools"
# What a tool may import besides itself. The benchmark runs in a lab; what grows has a cost.
TOOL_IMPORTS = {
    "reader": set(),
    "audit": {"tools.reader"},
    "cost": {"tools.reader"},
    "drawing": {"tools.reader"},
    "growth": {"tools.reader", "tools.cost"},
    "bench": {"tools.reader", "lab"},
}
# A drill judges its calls by the audit's table of planes.
LAB_IMPORTS = {"tools.reader", "tools.audit"}


def own_trees(file: Path) -> set[str]:
    """Return which tools, and whether cli, lab or tests, a file imports."""
    names = (m.split(".") for m in imports(file, typing=True))
    return {
        ".".join(name[:2]) if name[0] == "tools" else name[0]
        for name in names
        if name[0] in ("cli", "lab", "tests") or (name[0] == "tools" and len(name) > 1)
    }


def test_every_tool_is_listed() -> None:
    names = {p.stem for p in TOOLS.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    assert names - {"__init__"} == set(TOOL_IMPORTS)


@pytest.mark.parametrize("tool", sorted(TOOL_IMPORTS))
def test_a_tool_imports_no_other_but_the_reader(tool: str) -> None:
    module = TOOLS / f"{tool}.py"
    for file in [module] if module.is_file() else (TOOLS / tool).rglob("*.py"):
        others = own_trees(file) - TOOL_IMPORTS[tool] - {f"tools.{tool}"}
        assert not others, f"{file.name} imports {sorted(others)}"


def test_the_lab_imports_no_tool_but_the_reader_and_the_audit() -> None:
    for file in (ROOT / "lab").rglob("*.py"):
        others = own_trees(file) - LAB_IMPORTS - {"lab"}
        assert not others, f"{file} imports {sorted(others)}"


def test_the_console_program_imports_no_tool_but_the_reader() -> None:
    for file in (ROOT / "cli").rglob("*.py"):
        others = own_trees(file) - {"tools.reader", "cli"}
        assert not others, f"{file} imports {sorted(others)}"


def test_the_console_program_imports_only_what_is_pure_of_the_product() -> None:
    pure = {f"pilotlight.{package}.{name}" for package, names in PURE.items() for name in names}
    pure.add("pilotlight.shared.contract")
    for file in (ROOT / "cli").rglob("*.py"):
        names = (m.split(".") for m in imports(file, typing=True))
        modules = {".".join(n[:3]) for n in names if n[0] == "pilotlight" and len(n) > 2}
        assert not modules - pure, f"{file} imports {sorted(modules - pure)}"


@pytest.mark.parametrize(
    "module",
    [
        *("check/judgements", "check/planned", "check/result", "asking/call"),
        *("status/facts", "status/judgements", "status/reads", "status/readings"),
    ],
)
def test_what_the_console_program_judges_with_asks_nobody(module: str) -> None:
    found = {m.split(".")[0] for m in imports(ROOT / f"cli/{module}.py", typing=False)}
    assert not found & IMPURE
