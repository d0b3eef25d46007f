"""The section `Parameters` of a template, without the rest of it.

Parsing the whole template takes half a second, and an operator waits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from tools.reader.samconfig import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

# A section ends where the next line begins with neither a blank, a comment nor nothing.
_SECTION = re.compile(r"^Parameters:\n((?:[ #][^\n]*\n|\n)*)", re.MULTILINE)


def parameters(path: Path) -> dict[str, Any]:
    """Return the definitions of a template's parameters.

    Raises
    ------
    ConfigError
        The file cannot be read, or has no such section.
    """
    try:
        section = _SECTION.search(path.read_text("utf-8"))
        found = yaml.safe_load(section[1]) if section else None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path} has no section Parameters.")
    return found
