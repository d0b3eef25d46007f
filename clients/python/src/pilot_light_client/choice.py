"""Values that have to be one of a few, as a `Literal` lists them."""

from __future__ import annotations

from typing import Any, get_args


def choice(name: str, value: object, literal: Any, error: type[Exception] = ValueError) -> Any:
    """Return a value that a `Literal` allows, or raise an error that names it and the others."""
    allowed = get_args(literal)
    if value not in allowed:
        raise error(f"The {name} {value!r} is none of {', '.join(allowed)}.")
    return value
