"""Which API calls a loss refuses, by its mode and by where the call goes and comes from."""

from __future__ import annotations

import pytest

from lab.engine.outages.losses import MODES, STYLES, Loss, Mode, Style
from lab.engine.outages.outage import Call, Outage
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA


def call(
    service: str = "dynamodb",
    region: str = PRIMARY,
    key: str = "KEY",
    bucket: str | None = None,
) -> Call:
    return Call(key, region, service, bucket)


def no_bucket(_name: str) -> str | None:
    return None


def lost(region: str = PRIMARY, mode: Mode = "region", *services: str) -> Outage:
    outage = Outage()
    outage.lose(region, Loss(mode, services=frozenset(services)))
    return outage


def refuses(outage: Outage, given: Call) -> bool:
    return outage.refusal(given, no_bucket) is not None


def test_nothing_is_refused_while_no_region_is_lost() -> None:
    assert not refuses(Outage(), call())


@pytest.mark.parametrize("mode", ["region", "global"])
def test_a_lost_region_refuses_calls(mode: Mode) -> None:
    assert refuses(lost(mode=mode), call())


@pytest.mark.parametrize("mode", MODES)
def test_the_other_region_goes_on(mode: Mode) -> None:
    assert not refuses(lost(mode=mode), call(region=SECONDARY))


def test_a_lost_entry_refuses_no_api_call() -> None:
    assert not refuses(lost(mode="entry"), call())


def test_the_loss_of_one_service_spares_the_others() -> None:
    outage = lost(PRIMARY, "region", "dynamodb")
    assert refuses(outage, call("dynamodb"))
    assert not refuses(outage, call("sns"))


@pytest.mark.parametrize("service", ["route53", "iam"])
def test_a_global_service_is_lost_with_us_east_1s_global_control_planes(service: str) -> None:
    outage = lost(VIRGINIA, "global")
    assert refuses(outage, call(service, region=SECONDARY))


@pytest.mark.parametrize("service", ["route53", "iam"])
def test_a_global_service_survives_the_regional_loss_of_us_east_1(service: str) -> None:
    assert not refuses(lost(VIRGINIA), call(service, region=VIRGINIA))


def test_a_global_service_survives_the_loss_of_the_region_that_signed_for_it() -> None:
    assert not refuses(lost(PRIMARY), call("route53", region=PRIMARY))


def test_an_s3_call_goes_where_the_bucket_is_whatever_region_signs_it() -> None:
    outage = lost(PRIMARY)
    there = call("s3", region=SECONDARY, bucket="b")
    here = call("s3", region=PRIMARY, bucket="b")
    assert outage.refusal(there, {"b": PRIMARY}.get) is not None
    assert outage.refusal(here, {"b": SECONDARY}.get) is None


def test_a_bucket_that_nobody_knows_is_where_the_call_is_signed_for() -> None:
    assert refuses(lost(PRIMARY), call("s3", bucket="new"))


def test_a_caller_that_runs_in_a_lost_region_reaches_no_region() -> None:
    outage = lost(PRIMARY)
    outage.home["WORKER"] = PRIMARY
    assert refuses(outage, call(region=SECONDARY, key="WORKER"))
    assert not refuses(outage, call(region=SECONDARY, key="OTHER"))


def test_a_caller_whose_region_still_runs_reaches_the_others() -> None:
    outage = lost(PRIMARY, "entry")
    outage.home["WORKER"] = PRIMARY
    assert not refuses(outage, call(region=SECONDARY, key="WORKER"))


def test_a_caller_whose_region_lost_one_service_reaches_the_others() -> None:
    outage = lost(PRIMARY, "region", "dynamodb")
    outage.home["WORKER"] = PRIMARY
    assert not refuses(outage, call(region=SECONDARY, key="WORKER"))


@pytest.mark.parametrize("style", STYLES)
def test_a_refusal_comes_in_the_style_of_the_loss(style: Style) -> None:
    outage = Outage()
    outage.lose(PRIMARY, Loss(style=style))
    assert outage.refusal(call(), no_bucket) == style


def test_a_healed_region_serves_again() -> None:
    outage = lost(PRIMARY)
    outage.heal()
    assert not refuses(outage, call())


def test_refusals_are_counted_by_region_service_and_reason() -> None:
    outage = lost(PRIMARY)
    outage.home["WORKER"] = PRIMARY
    refuses(outage, call())
    refuses(outage, call())
    refuses(outage, call("sns", region=SECONDARY, key="WORKER"))
    assert outage.refused == {
        f"{PRIMARY} dynamodb (it goes there)": 2,
        f"{PRIMARY} sns (its caller runs there)": 1,
    }


@pytest.mark.parametrize(
    ("mode", "runs", "entry"),
    [
        ("region", False, False),
        ("global", False, False),
        ("entry", True, False),
    ],
)
def test_a_mode_stops_the_machinery_the_entry_both_or_none(
    mode: Mode, runs: bool, entry: bool
) -> None:
    outage = lost(mode=mode)
    assert (outage.runs(PRIMARY), outage.entry_open(PRIMARY)) == (runs, entry)
    assert outage.runs(SECONDARY)
    assert outage.entry_open(SECONDARY)


def test_a_region_without_one_service_runs_and_answers() -> None:
    outage = lost(PRIMARY, "region", "dynamodb")
    assert outage.runs(PRIMARY)
    assert outage.entry_open(PRIMARY)
