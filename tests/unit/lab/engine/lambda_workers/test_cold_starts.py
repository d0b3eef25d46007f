"""What a new environment waits for."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from ministack.core import lambda_runtime

from lab.engine.lambda_workers import cold_starts
from lab.engine.lambda_workers.cold_starts import SLOWER, ColdStarts
from tests.unit.lab.engine.fakes import Anything

SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT


@pytest.mark.parametrize(
    ("memory", "slower"), [("1769", 0.0), ("3008", 0.0), ("512", 2.455), ("128", 12.82)]
)
def test_a_first_invocation_is_slower_by_what_its_memory_lacks_to_a_vcpu(
    memory: str, slower: float
) -> None:
    colds = ColdStarts()
    assert colds.switch(on=True) == {"on": True}
    found = colds.variables({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory})
    assert float(found[SLOWER]) == pytest.approx(slower, abs=0.01)


def test_environments_have_none_until_it_is_switched_on_nor_after_it_is_switched_off() -> None:
    colds = ColdStarts()
    assert colds.variables({}) == {}
    colds.switch(on=True)
    assert colds.variables({}) == {SLOWER: "0.0"}
    colds.switch(on=False)
    assert colds.variables({}) == {}


def test_the_worker_waits_before_it_is_ready_and_after_its_first_invocation() -> None:
    aws: Any = Anything(lambda_runtime=Anything(_PYTHON_WORKER_SCRIPT=SCRIPT))
    cold_starts.install(aws)
    script = aws.lambda_runtime._PYTHON_WORKER_SCRIPT
    ast.parse(script)
    imports, ready = script.index("LAB_IMPORTS_SECONDS"), script.index('"status": "ready"')
    handled, late = script.index("handler_fn(event, context)"), script.index(SLOWER)
    assert imports < ready < handled < late < script.index('"status": "ok"')


def test_another_version_of_the_worker_s_script_is_noticed() -> None:
    aws: Any = Anything(lambda_runtime=Anything(_PYTHON_WORKER_SCRIPT="other"))
    with pytest.raises(AssertionError, match="not the version"):
        cold_starts.install(aws)
