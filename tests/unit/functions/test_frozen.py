"""Values of the functions: none changes after it was made."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import is_dataclass

import pilotlight


def test_every_dataclass_is_frozen() -> None:
    modules = [
        importlib.import_module(m.name)
        for m in pkgutil.walk_packages(pilotlight.__path__, "pilotlight.")
    ]
    values = [v for m in modules for v in vars(m).values() if is_dataclass(v)]
    assert len(values) > 50
    assert {v.__name__ for v in values if not v.__dataclass_params__.frozen} == set()
