"""The price table and the usage table: complete, or an error that says where."""

from __future__ import annotations

import pytest

from cost import CostError, prices


def test_every_price_has_a_source_and_a_date():
    for price in prices.load().prices.values():
        assert price.source
        assert price.tag in prices.TAGS
        assert price.date.year >= 2025


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('tag = "D"', 'tag = "X"', r"prices.toml, \[prices\.\w+\]: tag 'X'"),
        ('unit = "traces"\n', "", r"\[prices.trace\]: 'unit' is missing"),
        ('unit = "traces"', 'unit = "traces"\ncolour = 1', r"unknown key 'colour'"),
        ("usd = 3.50", "usd = -1", r"\[prices.api_rest\]: usd must be"),
        ("[costs_nothing]", "[costs_something]", "costs_nothing"),
        ("[prices.trace]", "[prices.traces]", "no price 'trace'"),
    ],
)
def test_a_faulty_price_is_an_error_that_says_where(repository, old, new, message):
    repository.edit("prices.toml", old, new)
    with pytest.raises(CostError, match=message):
        repository.computed()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("billed_ms = 48\n", "", r"usage.toml, \[functions.AppFunction\].*billed_ms"),
        ("billed_ms = 48\n", 'billed_ms = "long"\n', r"AppFunction\]: billed_ms must be a number"),
        ("billed_ms = 48\n", "billed_ms = 48\nspeed = 1\n", "unknown key 'speed'"),
        ('invoked_by = "checks"', 'invoked_by = "magic"', "invoked_by 'magic' is none of"),
        ("Claim = 1\n", "Promotion = 1\n", "has no state 'Promotion'"),
        ("[failover]", "[failover", "usage.toml cannot be read"),
    ],
)
def test_a_faulty_usage_is_an_error_that_says_where(repository, old, new, message):
    repository.edit("usage.toml", old, new)
    with pytest.raises(CostError, match=message):
        repository.computed()
