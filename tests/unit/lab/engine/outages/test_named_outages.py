"""What each named outage refuses, and what it leaves alone."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lab.engine.outages import losses, named_outages
from lab.engine.outages.named_outages import NAMED, begin
from lab.engine.outages.outage import Call, Outage
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, VIRGINIA, Anything

PAIR = (PRIMARY, SECONDARY)
HERE, THERE = (PRIMARY, SECONDARY), (SECONDARY, PRIMARY)


@dataclass(frozen=True)
class Left:
    """What is left during an outage, as the lab's doors say."""

    users_enter_primary: bool = True
    users_enter_secondary: bool = True
    functions_cross: bool = True
    dynamodb_in_primary: bool = True
    sns_in_primary: bool = True
    apigateway_in_primary: bool = True
    dynamodb_in_secondary: bool = True
    calls_across: bool = True
    dynamodb_in_virginia: bool = True
    route53_changes: bool = True
    primary_runs: bool = True
    virginia_runs: bool = True
    tables_replicate: bool = True
    objects_replicate: bool = True
    events_to_secondary_from_virginia: bool = True


ALL = Left()
EXPECTED = {
    "region": Left(
        users_enter_primary=False,
        functions_cross=False,
        dynamodb_in_primary=False,
        sns_in_primary=False,
        apigateway_in_primary=False,
        calls_across=False,
        primary_runs=False,
        tables_replicate=False,
        objects_replicate=False,
    ),
    "us-east-1": Left(dynamodb_in_virginia=False, route53_changes=False, virginia_runs=False),
    "api": Left(users_enter_primary=False, functions_cross=False, apigateway_in_primary=False),
    "table": Left(dynamodb_in_primary=False, calls_across=False, tables_replicate=False),
    "read-only": ALL,
    "partition": Left(
        functions_cross=False, calls_across=False, tables_replicate=False, objects_replicate=False
    ),
    "slow": ALL,
    "witness": Left(dynamodb_in_virginia=False),
    "isolated": Left(
        functions_cross=False, calls_across=False, tables_replicate=False, objects_replicate=False
    ),
    "two-regions": Left(
        users_enter_primary=False,
        functions_cross=False,
        dynamodb_in_primary=False,
        sns_in_primary=False,
        apigateway_in_primary=False,
        calls_across=False,
        dynamodb_in_virginia=False,
        route53_changes=False,
        primary_runs=False,
        virginia_runs=False,
        tables_replicate=False,
        objects_replicate=False,
    ),
    "stall": ALL,
    "long-stall": ALL,
}


def looked_at(outage: Outage) -> Left:
    outage.home["SECONDARYS"] = SECONDARY

    def call(service: str, region: str, key: str = "PERSON") -> bool:
        return outage.refusal(Call(key, region, service, None), lambda _: None) is None

    def enters(region: str, caller: str | None = None) -> bool:
        return outage.refusal_at_entry(region, caller, "client") is None

    return Left(
        users_enter_primary=enters(PRIMARY),
        users_enter_secondary=enters(SECONDARY),
        functions_cross=enters(PRIMARY, SECONDARY),
        dynamodb_in_primary=call("dynamodb", PRIMARY),
        sns_in_primary=call("sns", PRIMARY),
        apigateway_in_primary=call("apigateway", PRIMARY),
        dynamodb_in_secondary=call("dynamodb", SECONDARY, key="SECONDARYS"),
        calls_across=call("dynamodb", PRIMARY, key="SECONDARYS"),
        dynamodb_in_virginia=call("dynamodb", VIRGINIA),
        route53_changes=call("route53", SECONDARY),
        primary_runs=outage.runs(PRIMARY),
        virginia_runs=outage.runs(VIRGINIA),
        tables_replicate=outage.carries(HERE, "dynamodb") and outage.carries(THERE, "dynamodb"),
        objects_replicate=outage.carries(HERE, "s3") and outage.carries(THERE, "s3"),
        events_to_secondary_from_virginia=outage.reaches(VIRGINIA, SECONDARY),
    )


def begun(name: str, **given: object) -> Outage:
    outage = Outage()
    begin(outage, name, pair=PAIR, **{"region": PRIMARY, **given})  # type: ignore[arg-type]
    return outage


@pytest.mark.parametrize("name", EXPECTED)
def test_an_outage_takes_exactly_what_it_says(name: str) -> None:
    assert looked_at(begun(name)) == EXPECTED[name]


@pytest.mark.parametrize("name", NAMED)
def test_healing_ends_every_outage_whole(name: str) -> None:
    outage = begun(name)
    outage.heal()
    assert looked_at(outage) == ALL
    assert outage.late(PRIMARY) == 0
    assert outage.named == []


@pytest.mark.parametrize("link", [HERE, THERE])
def test_a_partition_works_both_ways(link: tuple[str, str]) -> None:
    outage = begun("partition")
    source, target = link
    outage.home["FUNCTION"] = source
    call = Call("FUNCTION", target, "dynamodb", None)
    assert outage.refusal(call, lambda _: None) == "hang"
    assert outage.refusal_at_entry(target, source, "f") == "hang"
    assert not outage.reaches(source, target)
    assert not outage.carries(link, "s3")


def test_a_partition_does_not_cut_a_region_off_from_itself() -> None:
    outage = begun("partition")
    assert outage.refusal_at_entry(SECONDARY, SECONDARY, "f") is None
    assert outage.reaches(PRIMARY, PRIMARY)


def test_what_is_slow_answers_later_than_route_53_waits() -> None:
    outage = begun("slow", speed=10)
    assert outage.late(PRIMARY) == 5.0
    assert outage.late(SECONDARY) == 0
    assert outage.entry_open(PRIMARY)


def test_what_is_read_only_refuses_writes_of_the_table_there_and_nowhere_else() -> None:
    outage = begun("read-only", style="hang")
    here, there = (Call("", region, "dynamodb", None) for region in PAIR)
    assert [outage.refuses_writes(call) for call in (here, there)] == [True, False]
    assert not outage.refuses_writes(Call("", PRIMARY, "sns", None))
    assert [outage.refusal_of_write(call) for call in (here, there)] == ["hang", None]
    assert outage.refused == {f"{PRIMARY} dynamodb (it writes to the items table)": 1}
    outage.heal()
    assert not outage.refuses_writes(here)
    assert outage.refusal_of_write(here) is None


def test_what_is_grey_fails_every_other_request_of_each_client_and_nothing_else() -> None:
    outage = begun("grey")
    found = [outage.refusal_at_entry(PRIMARY, None, who) for who in "aabab"]
    assert found == ["503", None, "503", "503", None]
    assert outage.refusal_at_entry(SECONDARY, None, "a") is None
    outage = begun("grey")
    left = looked_at(outage)
    assert (left.dynamodb_in_primary, left.primary_runs, left.tables_replicate) == (True,) * 3


def test_grey_never_shows_a_checker_its_threshold_of_failures() -> None:
    outage = begun("grey")
    seen = [outage.refusal_at_entry(PRIMARY, None, "checker") is None for _ in range(40)]
    assert not any(not any(seen[i : i + 2]) for i in range(39))


@pytest.mark.parametrize("first", range(27))
def test_flap_never_shows_a_checker_its_threshold_of_failures(first: int) -> None:
    flapping = losses.Loss("region", flaps=named_outages.FLAP_SECONDS, began=0.0)
    seen = [not flapping.in_force(first + 10.0 * n) for n in range(40)]
    assert not any(not any(seen[i : i + 2]) for i in range(39))


@pytest.mark.parametrize(("speed", "phase"), [(1.0, 9.0), (10.0, 0.9)])
def test_what_flaps_is_lost_first_and_back_after_its_phase(
    monkeypatch: pytest.MonkeyPatch, speed: float, phase: float
) -> None:
    clock = Anything(time=lambda: now)
    now = 1000.0
    for module in (losses, named_outages):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr("lab.engine.outages.outage.time", clock)
    outage = begun("flap", speed=speed)
    found = []
    for step in range(12):
        now = 1000.0 + step * phase / 2 + 0.01
        found.append(outage.runs(PRIMARY))
        assert outage.entry_open(PRIMARY) is outage.carries(HERE, "s3") is outage.runs(PRIMARY)
    assert found == [False, False, True, True, True, True] * 2


def test_outages_add_up() -> None:
    outage = begun("us-east-1")
    begin(outage, "region", pair=PAIR, region=PRIMARY)
    left = looked_at(outage)
    assert not (left.virginia_runs or left.primary_runs)
    assert outage.named == ["us-east-1", "region"]


def test_a_region_that_is_lost_is_not_lost_in_another_way_on_top() -> None:
    outage = begun("table")
    with pytest.raises(ValueError, match="us-west-2 already"):
        begin(outage, "api", pair=PAIR, region=PRIMARY)
    assert outage.named == ["table"]
    outage.heal()
    assert outage.named == []
    begin(outage, "api", pair=PAIR, region=PRIMARY)


def styles_used(outage: Outage) -> set[str]:
    return {loss.style for loss in outage.lost.values()} | set(outage.cuts.values())


@pytest.mark.parametrize("name", NAMED)
def test_an_outage_refuses_in_its_usual_style_or_the_one_that_is_asked_for(name: str) -> None:
    styles = NAMED[name].styles
    for style in styles:
        assert styles_used(begun(name, style=style)) == {style}
    usual = {"slow": {"reset"}}.get(name, set(styles[:1]))
    assert styles_used(begun(name)) == usual


MUNICH = "eu-central-1"


@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
def test_an_isolated_region_is_cut_off_from_both_other_members_and_they_are_not(
    region: str,
) -> None:
    outage = begun("isolated", region=region, witness=MUNICH)
    other = SECONDARY if region == PRIMARY else PRIMARY
    for member in (other, MUNICH):
        assert not outage.reaches(region, member)
        assert not outage.reaches(member, region)
    assert outage.reaches(other, MUNICH)
    assert outage.reaches(region, VIRGINIA)
    assert outage.runs(region)


@pytest.mark.parametrize(("style", "network"), [("503", "hang"), ("hang", "hang")])
def test_a_network_that_is_cut_says_nothing_whatever_a_table_says(style: str, network: str) -> None:
    outage = begun("isolated", style=style)
    outage.home["FUNCTION"] = PRIMARY
    for target in (SECONDARY, VIRGINIA):
        call = Call("FUNCTION", target, "dynamodb", None)
        assert outage.refusal(call, lambda _: None) == network
    assert outage.refusal_at_entry(SECONDARY, PRIMARY, "f") == network
    own = Call("FUNCTION", PRIMARY, "dynamodb", None)
    assert outage.refusal(own, lambda _: None) is None


def test_the_witness_is_where_the_table_has_it() -> None:
    outage = begun("witness", witness=MUNICH)
    assert not outage.serves(MUNICH, "dynamodb")
    assert outage.serves(MUNICH, "s3")
    assert outage.serves(VIRGINIA, "dynamodb")
    outage = begun("two-regions", witness=MUNICH)
    assert [outage.runs(r) for r in (PRIMARY, SECONDARY, MUNICH)] == [False, True, False]


@pytest.mark.parametrize(("name", "seconds"), [("stall", 1.5), ("long-stall", 20.0)])
def test_a_stall_lasts_its_real_seconds_at_any_speed_and_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch, name: str, seconds: float
) -> None:
    clock = Anything(monotonic=lambda: now, time=lambda: now)
    monkeypatch.setattr("lab.engine.outages.outage.time", clock)
    now = 1000.0
    outage = begun(name, speed=10)
    now = 1000.0 + seconds - 0.1
    assert outage.stalled_for() == pytest.approx(0.1)
    assert outage.named == [name]
    now = 1000.0 + seconds
    assert (outage.stalled_for(), outage.named) == (0.0, [])
    begin(outage, name, pair=PAIR, region=PRIMARY)


def test_a_stall_does_not_begin_within_another() -> None:
    outage = begun("stall")
    with pytest.raises(ValueError, match="stalled already"):
        begin(outage, "long-stall", pair=PAIR, region=PRIMARY)
    assert outage.named == ["stall"]


@pytest.mark.parametrize("name", ["two-regions", "witness"])
def test_an_outage_of_several_regions_begins_whole_or_not_at_all(name: str) -> None:
    outage = begun("us-east-1")
    with pytest.raises(ValueError, match="us-east-1 already"):
        begin(outage, name, pair=PAIR, region=PRIMARY)
    assert list(outage.lost) == [VIRGINIA]


def test_the_functions_of_a_region_cross_by_a_port_of_their_own() -> None:
    crossed = CONFIG.entries_from(SECONDARY)
    assert crossed[PRIMARY] == CONFIG.cross_region_ports[SECONDARY, PRIMARY]
    assert crossed[SECONDARY] == CONFIG.entries[SECONDARY]
    assert CONFIG.entries_from(VIRGINIA) == CONFIG.entries
    ports = [*CONFIG.entries.values(), *CONFIG.cross_region_ports.values()]
    assert len(ports) == len(set(ports)) == 5


@pytest.mark.parametrize("name", ["region", "api"])
def test_packets_to_an_entry_that_is_lost_by_drop_vanish_whoever_sends_them(name: str) -> None:
    outage = begun(name, style="drop")
    assert outage.drops(PRIMARY, None)
    assert outage.drops(PRIMARY, SECONDARY)
    assert not outage.drops(SECONDARY, None)
    assert not begun(name, style="hang").drops(PRIMARY, None)
    outage.heal()
    assert not outage.drops(PRIMARY, None)


def test_in_a_partition_by_drop_only_packets_between_the_pair_vanish() -> None:
    outage = begun("partition", style="drop")
    crossing = [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)]
    assert all(outage.drops(region, caller) for region, caller in crossing)
    assert not any(outage.drops(region, caller) for region in PAIR for caller in (None, region))
