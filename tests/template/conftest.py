"""One fixture for each stack."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-2")

from tests.template.stacks import CONFIG_ENVS, Stack, parts, stack

PARTS = dict(part for env in CONFIG_ENVS for part in parts(env))


@pytest.fixture(params=CONFIG_ENVS)
def any_stack(request: pytest.FixtureRequest) -> Stack:
    return stack(request.param)


@pytest.fixture(params=PARTS)
def any_part(request: pytest.FixtureRequest) -> Stack:
    """Each stack, and each nested application: for what must hold for both."""
    return PARTS[request.param]


@pytest.fixture
def primary() -> Stack:
    return stack("primary")


@pytest.fixture
def secondary() -> Stack:
    return stack("secondary")


@pytest.fixture
def monitor() -> Stack:
    return stack("monitor")
