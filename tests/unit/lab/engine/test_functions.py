"""What workers inherit of the shell in which a lab was started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lab.engine import functions
from tests.unit.lab.engine.fakes import CONFIG, Anything

if TYPE_CHECKING:
    import pytest


def test_workers_inherit_nothing_that_a_shell_has_set_for_other_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shell = {
        "POWERTOOLS_METRICS_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": "another",
        "AWS_PROFILE": "work",
        "https_proxy": "http://127.0.0.1:1",
        "LANG": "C.UTF-8",
    }
    monkeypatch.setattr(os, "environ", dict(shell))
    functions.environment(Anything(config=CONFIG))
    assert set(shell) & set(os.environ) == {"LANG"}
    assert os.environ["LAB_ZONE"] == CONFIG.zone_name
