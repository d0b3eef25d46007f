"""An execution as a person names it: by its ARN, or by its name."""

from __future__ import annotations

import re

import click

_NAME = re.compile(r"[^\s:]{1,80}")


def name_of(text: str) -> str:
    """Return the name of an execution.

    Raises
    ------
    click.BadParameter
        It is neither an ARN of an execution nor a name.
    """
    name = text.rsplit(":", 1)[-1]
    if not _NAME.fullmatch(name) or (":" in text and ":execution:" not in text):
        raise click.BadParameter(f"{text!r} is neither the ARN nor the name of an execution.")
    return name
