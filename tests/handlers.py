"""Loads the handlers: functions/<name>/app.py, which are all called `app`, and app/src/app.py."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions"
APPLICATION = FUNCTIONS.parent / "app" / "src" / "app.py"


def load_handler(name: str, **environment: str) -> ModuleType:
    """Import a fresh copy of one handler module under a name of its own.

    `app` is the example application, any other name a function of the product.
    """
    path = APPLICATION if name == "app" else FUNCTIONS / name / "app.py"
    return load_module(f"handler_{name}", path, **environment)


def load_module(module_name: str, path: Path, **environment: str) -> ModuleType:
    """Import a fresh copy of a module, with these variables of its environment."""
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    with patch.dict(os.environ, environment):
        spec.loader.exec_module(module)
    return module


def context(name: str = "function") -> Any:
    """What Powertools wants to see of a Lambda context."""
    return SimpleNamespace(
        function_name=name,
        function_version="1",
        memory_limit_in_mb=512,
        invoked_function_arn=f"arn:aws:lambda:us-east-2:123456789012:function:{name}:live",
        aws_request_id="00000000-0000-0000-0000-000000000000",
        get_remaining_time_in_millis=lambda: 10_000,
    )
