"""samconfig.toml, read as `sam deploy --config-env` reads it.

A config environment has the parameters of its sections `global` and `deploy`; the second wins. It
inherits nothing from the environment `default`, which is only the one that sam takes if none is
named:
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_UNQUOTED = re.compile(r"[^\s\"'\\]+")


class ConfigError(click.ClickException):
    """A value that a person has to correct. The text names file, environment, key and rule."""

    exit_code = 2


@dataclass(frozen=True)
class Deployment:
    """One config environment: the stack that it deploys, where, and the parameters it gives."""

    env: str
    stack_name: str
    region: str
    parameters: Mapping[str, str]
    profile: str | None = None


def environments(path: Path) -> list[str]:
    """Return the config environments that deploy something, in the order of the file.

    Raises
    ------
    ConfigError
        The file is missing, or is not TOML.
    """
    return [env for env, sections in _document(path).items() if "stack_name" in _given(sections)]


def read(path: Path, env: str) -> Deployment:
    """Return a config environment. Its parameters are not judged by the template here.

    Raises
    ------
    ConfigError
        The file or the environment is missing, or a value cannot be read.
    """
    where, document = f"{path.name}, environment {env}", _document(path)
    if env not in document:
        raise ConfigError(
            f"{path.name} has no config environment {env}. "
            f"It has: {', '.join(environments(path)) or 'none that deploys a stack'}."
        )
    given = _given(document[env])
    for key in ("stack_name", "region"):
        if not isinstance(given.get(key), str):
            raise ConfigError(f"{where}: {key} is missing, or is not a text.")
    return Deployment(
        env=env,
        stack_name=given["stack_name"],
        region=given["region"],
        parameters=_overrides(given.get("parameter_overrides", ""), where),
        profile=given.get("profile"),
    )


def as_argument(name: str, value: str) -> str:
    """Return `Name=value` for the command line of sam, whose own parser splits it at blanks."""
    if _UNQUOTED.fullmatch(value):
        return f"{name}={value}"
    escaped = value.replace('"', r"\"")
    return f'{name}="{escaped}"'


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"{path.name} is not TOML: {error}.") from error


def _given(sections: Any) -> dict[str, Any]:
    """Return the parameters of an environment's sections `global` and `deploy`."""
    given: dict[str, Any] = {}
    for name in ("global", "deploy"):
        section = sections.get(name) if isinstance(sections, dict) else None
        found = section.get("parameters") if isinstance(section, dict) else None
        given |= found if isinstance(found, dict) else {}
    return given


def _overrides(value: Any, where: str) -> dict[str, str]:
    # Not at the top: it needs YAML, and most commands read no samconfig.toml.
    from tools.reader import overrides

    try:
        return overrides.read(value)
    except overrides.InvalidOverrides as error:
        raise ConfigError(f"{where}: parameter_overrides: {error}") from error
