"""What functions pass around does not change under their hands."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

import pilotlight


def test_every_dataclass_of_the_product_is_frozen() -> None:
    names = [m.name for m in pkgutil.walk_packages(pilotlight.__path__, "pilotlight.")]
    for module in map(importlib.import_module, names):
        for found in filter(dataclasses.is_dataclass, vars(module).values()):
            assert found.__dataclass_params__.frozen, found
