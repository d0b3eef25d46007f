"""A sample of mutants of the product's code, and how many of them its unit tests catch.

    .venv/bin/python -m tests.mutants [--count 100] [--seed 1] [--package failover]

`make mutants` runs it. Each mutant changes one thing in one module of the product, in a copy
of the checkout; the unit tests of its package run first, then all of functions/. What none of them
notices is printed with its line.
"""

from __future__ import annotations

import ast
import copy
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = Path("functions") / "pilotlight"
TESTS = Path("tests") / "unit" / "functions"
SECONDS = 240
COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult}


@dataclass(frozen=True)
class Mutant:
    """One module with one thing changed."""

    path: Path
    line: int
    change: str
    text: str


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Return what may be changed in a node: how it reads, and the node that takes its place."""
    other = copy.deepcopy(node)
    match other:
        case ast.Compare(ops=[op]) if type(op) in COMPARED:
            other.ops = [COMPARED[type(op)]()]
        case ast.BoolOp(op=op):
            other.op = ast.And() if isinstance(op, ast.Or) else ast.Or()
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            other = operand
        case ast.BinOp(op=op) if type(op) in COMPUTED and not _is_text(other):
            other.op = COMPUTED[type(op)]()
        case ast.IfExp(test=test):
            other.test = ast.UnaryOp(ast.Not(), test)
        case ast.Constant(value=bool(value)):
            other.value = not value
        case ast.Constant(value=int() | float() as value):
            other.value = value + 1
        case _:
            return
    yield f"{ast.unparse(node)}  ->  {ast.unparse(other)}", other


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(n, ast.JoinedStr | ast.Set | ast.List) for n in (node.left, node.right))


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Return every mutant of a module."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    for parent in ast.walk(tree):
        if isinstance(parent, ast.If) and getattr(parent.test, "id", "") == "TYPE_CHECKING":
            continue
        for field, value in ast.iter_fields(parent):
            for place, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(node, ast.expr):
                    continue
                for change, other in changes(node):
                    _put(parent, field, place, other)
                    yield Mutant(path, node.lineno, change, ast.unparse(tree))
                    _put(parent, field, place, node)


def _put(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


def is_caught(mutant: Mutant, checkout: Path) -> bool:
    """Run the unit tests on a mutant, and return whether one of them fails."""
    file = checkout / mutant.path
    before = file.read_text("utf-8")
    file.write_text(mutant.text, "utf-8")
    near = TESTS / mutant.path.parent.name
    try:
        return any(
            _fails(checkout, tests) for tests in (near, TESTS) if (checkout / tests).is_dir()
        )
    finally:
        file.write_text(before, "utf-8")


def _fails(checkout: Path, tests: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", str(tests)]
    try:
        run = subprocess.run(command, cwd=checkout, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return run.returncode != 0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--count", default=100, show_default=True, help="How many mutants to try.")
@click.option("--seed", default=1, show_default=True, help="Which sample.")
@click.option("--jobs", default=2, show_default=True, help="How many at once.")
@click.option("--package", "packages", multiple=True, help="Only this package. Repeatable.")
def main(*, count: int, seed: int, jobs: int, packages: tuple[str, ...]) -> None:
    """Try a sample of mutants, and exit 1 if fewer than 93 % are caught."""
    folders = [ROOT / PRODUCT / package for package in packages or ("",)]
    modules = sorted(p.relative_to(ROOT) for folder in folders for p in folder.rglob("*.py"))
    every = [mutant for path in modules for mutant in mutants_of(path)]
    sample = Random(seed).sample(every, min(count, len(every)))
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        for number in range(jobs):
            checkout = Path(folder) / str(number)
            ignored = shutil.ignore_patterns(".git", ".venv", ".lab", ".aws-sam", "reports")
            shutil.copytree(ROOT, checkout, ignore=ignored)
            copies.put(checkout)

        def tried(mutant: Mutant) -> bool:
            checkout = copies.get()
            try:
                return is_caught(mutant, checkout)
            finally:
                copies.put(checkout)

        caught = 0
        results = zip(sample, pool.map(tried, sample), strict=True)
        for number, (mutant, failed) in enumerate(results, 1):
            caught += failed
            if not failed:
                click.echo(f"not caught: {mutant.path}:{mutant.line}: {mutant.change}")
            if number % 10 == 0:
                click.echo(f"{caught} of {number} caught")
    click.echo(
        f"{caught} of {len(sample)} mutants caught, of {len(every)} that there are; seed {seed}"
    )
    sys.exit(caught < 0.93 * len(sample))


if __name__ == "__main__":
    main()
