"""Answers without which a command has nothing to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import exits
from cli.asking.problem import sentences

if TYPE_CHECKING:
    from cli.asking.problem import Problem
    from cli.asking.together import Answers


class NotRead(click.ClickException):
    """Something that a command is about could not be read. It is unknown, not empty."""

    exit_code = exits.UNKNOWN


class NotDeployed(click.ClickException):
    """There is no such table, bucket or machine: nothing is deployed by that name."""

    exit_code = exits.USAGE


class NotFound(click.ClickException):
    """Everything was read, and it is not there."""

    exit_code = exits.ATTENTION


def needed(answers: Answers, *names: str) -> dict[str, Any]:
    """Return the answers to these calls.

    Raises
    ------
    NotRead, NotDeployed
        One has none. The text says why, and what to do.
    """
    problems = [answers.problems[name] for name in names if name in answers.problems]
    if problems:
        raise failure(problems)
    return {name: answers.values[name] for name in names if name in answers.values}


def failure(problems: list[Problem]) -> click.ClickException:
    """Return the error for problems, each said once."""
    text = "\n".join(sentences(problems))
    if all(problem.kind == "missing" for problem in problems):
        hint = "Is it the right account (--profile) and environment (--config-env)?"
        return NotDeployed(f"{text}\n{hint}")
    return NotRead(text)
