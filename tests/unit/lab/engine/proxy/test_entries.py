"""Which API and stage a custom domain of a Region leads to."""

from __future__ import annotations

from typing import Any

import pytest

from lab.config import ACCOUNT
from lab.engine.proxy import entries as entries_module
from lab.engine.proxy.entries import Entries, addresses_of, region_of_function_url, sockets
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything, FakeAws

HOST = "app.pilotlight.example"


class Mappings:
    """Base path mappings as MiniStack keeps them: by account, Region and domain."""

    def __init__(self, known: dict[tuple[str, str], dict[str, Any]]) -> None:
        self._known = known

    def get_scoped(self, account: str, region: str, host: str, default: Any) -> Any:
        assert account == ACCOUNT
        return self._known.get((region, host), default)


def entries(*bases: str, region: str = PRIMARY) -> Entries:
    mappings = {base: {"restApiId": f"api-{base or 'root'}", "stage": "live"} for base in bases}
    gateway = Anything(_base_path_mappings=Mappings({(region, HOST): mappings}))
    return Entries(FakeAws(apigateway=gateway))


def routed(found: Entries, path: str, host: str = HOST, region: str = PRIMARY) -> str | None:
    route = found.route(region, host, path)
    return route and route.removeprefix("/_aws/execute-api/")


@pytest.mark.parametrize("base", ["", "(none)"])
def test_the_mapping_of_the_root_takes_every_path(base: str) -> None:
    api = f"api-{base or 'root'}"
    assert routed(entries(base), "/items/1") == f"{api}/live/items/1"
    assert routed(entries(base), "/") == f"{api}/live/"


@pytest.mark.parametrize("order", [("", "v1", "v1/items"), ("v1/items", "v1", "")])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/items/7", "api-v1/items/live/7"),
        ("/v1/items", "api-v1/items/live/"),
        ("/v1/users", "api-v1/live/users"),
        ("/v1", "api-v1/live/"),
        ("/v12", "api-root/live/v12"),
    ],
)
def test_the_longest_mapping_that_fits_whole_segments_wins(
    order: tuple[str, ...], path: str, expected: str
) -> None:
    assert routed(entries(*order), path) == expected


def test_a_mapping_without_a_stage_leaves_it_to_the_path() -> None:
    mappings = {"v1": {"restApiId": "api"}}
    gateway = Anything(_base_path_mappings=Mappings({(PRIMARY, HOST): mappings}))
    found = Entries(FakeAws(apigateway=gateway))
    assert routed(found, "/v1/prod/items") == "api/prod/items"


def test_a_wildcard_takes_the_names_one_label_below_that_have_no_domain_of_their_own() -> None:
    own = {"": {"restApiId": "own"}}
    all_names = {"": {"restApiId": "all"}}
    known = {(PRIMARY, HOST): own, (PRIMARY, "*.pilotlight.example"): all_names}
    found = Entries(FakeAws(apigateway=Anything(_base_path_mappings=Mappings(known))))
    assert routed(found, "/") == "own/"
    assert routed(found, "/", f"{PRIMARY}.pilotlight.example") == "all/"
    for other in (f"a.{HOST}", "pilotlight.example", "app.other.example"):
        assert routed(found, "/", other) is None
    # A domain name without a mapping leads nowhere, whatever the wildcard has.
    known[PRIMARY, HOST] = {}
    assert routed(found, "/") is None


def test_a_path_without_a_mapping_leads_nowhere() -> None:
    assert routed(entries("v1"), "/v2/items") is None


def test_a_domain_of_the_other_region_leads_nowhere() -> None:
    assert routed(entries("", region=SECONDARY), "/") is None


@pytest.mark.parametrize("host", [HOST.upper(), f"{HOST}:8441"])
def test_the_host_is_read_without_case_and_port(host: str) -> None:
    assert routed(entries(""), "/", host) == "api-root/live/"


def test_a_port_tells_whose_entry_a_request_came_to() -> None:
    found = entries("")
    for region, port in CONFIG.entries.items():
        assert found.region_of({"server": ("127.0.0.1", port)}) == region
    assert found.region_of({"server": ("127.0.0.1", CONFIG.api_port)}) is None
    assert found.region_of({"server": None}) is None


def test_a_function_url_leads_to_its_function_in_its_own_region_only() -> None:
    host = f"abc123.lambda-url.{PRIMARY}.on.aws"
    url = "/_aws/lambda-url/abc123/switch/on"
    assert entries("").route(PRIMARY, host.upper(), "/switch/on") == url
    assert entries("").route(SECONDARY, host, "/switch/on") is None


def test_an_api_s_own_name_leads_to_it_in_its_own_region_only() -> None:
    host = f"a1b2c3d4.execute-api.{PRIMARY}.amazonaws.com"
    found = entries("")
    assert routed(found, "/prod/orders/1", host.upper()) == "a1b2c3d4/prod/orders/1"
    assert routed(found, "/", f"{host}:443") == "a1b2c3d4/"
    assert routed(found, "/prod/orders", host, SECONDARY) is None
    assert routed(found, "/prod/orders", f"{host}.example.com") is None


@pytest.mark.parametrize("host", [HOST, f"a.lambda-url.{PRIMARY}.on.aws.example.com", ""])
def test_other_hosts_are_no_function_urls(host: str) -> None:
    assert region_of_function_url(host) is None


def test_a_port_tells_where_a_request_goes_and_which_functions_made_it() -> None:
    found = entries("")

    def at(port: int) -> tuple[str | None, str | None]:
        scope = {"server": ("127.0.0.1", port)}
        return found.caller_of(scope), found.region_of(scope)

    assert at(CONFIG.entries[PRIMARY]) == (None, PRIMARY)
    assert at(CONFIG.cross_region_ports[SECONDARY, PRIMARY]) == (SECONDARY, PRIMARY)
    assert at(CONFIG.api_port) == (None, None)


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_a_region_listens_at_all_its_addresses_where_the_system_has_them(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(entries_module, "sys", Anything(platform=system))
    own = ["127.0.2.1", "127.0.2.2", "127.0.2.3"] if system == "linux" else []
    found = sockets(CONFIG)
    for port in (CONFIG.entries[SECONDARY], CONFIG.cross_region_ports[PRIMARY, SECONDARY]):
        assert [host for host, at in found if at == port] == ["127.0.0.1", *own]
    assert len(found) == len(set(found))


def test_regions_share_no_address() -> None:
    found = [a for addresses in addresses_of(CONFIG).values() for a in addresses]
    assert len(found) == len(set(found)) == 9
