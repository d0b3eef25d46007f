"""The contract of an application: what it gives, and what is said of one that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pilot_light_client.journal import Ref
from pilotlight.shared.app_tables import AppTables

from tests.made_up_stack import MadeUpStack
from tools.reader import template
from tools.reader.contract import FILE, OWN_TABLES, check_names, entry, read
from tools.reader.samconfig import ConfigError, as_argument

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = """
level = 0
names = "orders*"
stack = "orders"
"""
API = """
[api]
id = "OrdersApi"
"""
TARGET = """
[target]
name = "LoadBalancer"
"""
FULL = """
level = 2
names = "orders*"
stack = "orders"
health = "/live/health"
max_write_seconds = 2.5
functions = ["orders-api:live", "orders-jobs:blue"]
warm_paths = ["/orders", "/carts"]

[api]
id = "OrdersApi"
stage = "prod"

[tables]
orders = "customer/number=N"
orders-carts = "id"

[hooks.ready]
function = "orders-ready:live"
required = true

[lab]
primary = {OwnsTable = "false"}
secondary = {OwnsTable = "true"}
write = "PUT /orders/{id}"
body = {quantity = 1}
read = "GET /orders/{id}"
"""


def contract(folder: Path, text: str) -> Path:
    (folder / FILE).write_text(text)
    return folder


def refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        read(contract(folder, text))
    return str(error.value).splitlines()


# --- A contract that is good ----------------------------------------------------------------------
def test_a_contract_gives_exactly_the_template_s_parameters_of_the_application(
    tmp_path: Path,
) -> None:
    found = read(contract(tmp_path, FULL)).parameters("a1b2c3")
    assert found == {
        "ExampleApp": "false",
        "AppLevel": "2",
        "AppNames": "orders*",
        "AppTables": "orders:customer/number=N,orders-carts:id",
        "AppFunctions": "orders-api:live,orders-jobs:blue",
        "WarmPaths": "/orders,/carts",
        "ApiId": "a1b2c3",
        "ApiStage": "prod",
        "TargetName": "",
        "HealthPath": "/live/health",
        "MaxWriteSeconds": "2.5",
        "ReadyHook": "orders-ready:live required",
        **dict.fromkeys(("BeforeClaimHook", "AfterClaimHook", "BeforeFailbackHook"), ""),
    }
    groups = template.source()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    (application,) = [g for g in groups if g["Label"]["default"] == "The application"]
    assert sorted(found) == sorted(application["Parameters"])


def test_a_target_is_given_instead_of_an_api_and_empties_one_that_was_given_before(
    tmp_path: Path,
) -> None:
    """sam keeps the previous value of a parameter that is left out."""
    found = read(contract(tmp_path, NEEDED + TARGET))
    parameters = found.parameters("lb.example.com")
    assert (found.entry, parameters["TargetName"], parameters["ApiId"]) == (
        *("TargetName", "lb.example.com"),
        "",
    )
    of_api = read(contract(tmp_path, NEEDED + API))
    assert (of_api.entry, of_api.parameters("a1b2c3")["TargetName"]) == ("ApiId", "")
    region, given = template.config("primary")
    template.check(region, {**given, **parameters}, "primary")


@pytest.mark.parametrize("text", [NEEDED + API, FULL])
@pytest.mark.parametrize("env", ["secondary-first", "primary", "secondary"])
def test_the_template_accepts_a_deployment_with_them(tmp_path: Path, env: str, text: str) -> None:
    region, parameters = template.config(env)
    own = read(contract(tmp_path, text)).parameters("a1b2c3")
    template.check(region, {**parameters, **own}, env)


def test_what_a_contract_leaves_out_has_the_template_s_own_defaults(tmp_path: Path) -> None:
    found = read(contract(tmp_path, NEEDED + API))
    defaults = {n: str(p.get("Default")) for n, p in template.source()["Parameters"].items()}
    left_out = (
        *("AppTables", "AppFunctions", "WarmPaths", "ApiStage"),
        *("TargetName", "HealthPath", "MaxWriteSeconds"),
    )
    parameters = found.parameters("a1b2c3")
    assert {n: parameters[n] for n in left_out} == {n: defaults[n] for n in left_out}
    assert (found.hooks, found.lab) == ({}, {})


def test_the_tables_of_a_contract_are_those_that_the_functions_read(tmp_path: Path) -> None:
    declared = read(contract(tmp_path, FULL)).parameters("a1b2c3")["AppTables"].split(",")
    found = AppTables.parse(declared)
    assert [(table.name, dict(table.key)) for table in found] == [
        ("orders", {"customer": "S", "number": "N"}),
        ("orders-carts", {"id": "S"}),
    ]
    assert found.holds(Ref.of("orders", {"customer": {"S": "c"}, "number": {"N": "1"}}))
    assert not found.holds(Ref.of("orders", {"customer": {"S": "c"}, "number": {"S": "1"}}))


def test_hooks_and_what_the_lab_reads_are_kept(tmp_path: Path) -> None:
    found = read(contract(tmp_path, FULL))
    assert found.hooks == {"ready": {"function": "orders-ready:live", "required": True}}
    assert found.lab["primary"] == {"OwnsTable": "false"}
    assert (found.stack, found.api_output) == ("orders", "OrdersApi")


def test_a_level_that_is_written_as_a_decimal_is_that_level(tmp_path: Path) -> None:
    text = FULL.replace("level = 2", "level = 2.0")
    assert read(contract(tmp_path, text)).parameters("a1b2c3")["AppLevel"] == "2"


def test_sam_reads_each_value_as_it_is(tmp_path: Path) -> None:
    from samcli.cli.types import CfnParameterOverridesType

    found = read(contract(tmp_path, FULL)).parameters("a1b2c3")
    line = " ".join(as_argument(name, value) for name, value in found.items())
    assert CfnParameterOverridesType().convert(line, None, None) == found


# --- A contract that is not -----------------------------------------------------------------------
def test_a_folder_without_a_contract_is_named_with_where_to_read_about_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path)
    assert str(error.value) == (
        f"{tmp_path} has no pilotlight.toml, the application's contract. See docs/adopt.md."
    )
    assert error.value.exit_code == 2


@pytest.mark.parametrize("text", ["level = ", "[api", "level = 0\nlevel = 1\n"])
def test_what_is_no_toml_is_said_with_the_line(tmp_path: Path, text: str) -> None:
    (fault,) = refused(tmp_path, text)
    assert fault.startswith(f"{tmp_path / FILE} is no TOML: ")
    assert "(at " in fault


def test_a_file_that_is_no_text_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"level = \xff")
    with pytest.raises(ConfigError, match="is no TOML"):
        read(tmp_path)


# The contract, the key that is named, and what is said: the fault and what to write.
BAD: dict[str, tuple[str, str, str, str]] = {
    "unknown key": (
        f"levle = 0\n{NEEDED}{API}",
        "the file",
        "'levle' was unexpected",
        "It may have: level, names, stack, ",
    ),
    "unknown key of a section": (
        f"{NEEDED}{API}stages = 1",
        "api",
        "'stages' was unexpected",
        "It may have: id, stage.",
    ),
    "missing key": (
        NEEDED.replace('stack = "orders"', "") + API,
        "the file",
        "'stack' is a required property",
        "The name of the application's stack, the same in both Regions.",
    ),
    "missing section": (
        NEEDED,
        "api, target",
        "neither is there",
        "Write one of them. api: Where the stack has its API",
    ),
    "both sections": (
        NEEDED + API + TARGET,
        "api, target",
        "both are there",
        "Write one of them.",
    ),
    "target without a name": (
        f"{NEEDED}[target]",
        "target",
        "'name' is a required property",
        "An output of the stack that has a DNS name of its Region",
    ),
    "target with a stage": (
        f'{NEEDED}{TARGET}stage = "prod"',
        "target",
        "'stage' was unexpected",
        "It may have: name.",
    ),
    "missing key of a section": (
        f'{NEEDED}[api]\nstage = "prod"',
        "api",
        "'id' is a required property",
        "An output of the stack that has the API's id, or the API's logical id",
    ),
    "wrong level": (
        NEEDED.replace("0", "3") + API,
        "level",
        "3 is not one of [0, 1, 2]",
        "Write 0, 1 or 2.",
    ),
    "level as a text": (
        NEEDED.replace("0", '"1"') + API,
        "level",
        "'1' is not one of [0, 1, 2]",
        "Write 0, 1 or 2.",
    ),
    "every name": (
        NEEDED.replace("orders*", "*") + API,
        "names",
        "'*' does not match",
        'a star, such as "orders*".',
    ),
    "health with a query": (
        f'{NEEDED}health = "/health?deep=1"{API}',
        "health",
        "does not match",
        "without a query, such as",
    ),
    "too long writes": (
        f"{NEEDED}max_write_seconds = 31{API}",
        "max_write_seconds",
        "31 is greater than the maximum of 30",
        "from 1 to 30.",
    ),
    "bad key syntax": (
        f'{NEEDED}{API}[tables]\norders = "customer number"',
        "tables.orders",
        "'customer number' does not match",
        "hash or hash/range, =N behind a number",
    ),
    "key of three attributes": (
        f'{NEEDED}{API}[tables]\norders = "a/b/c"',
        "tables.orders",
        "'a/b/c' does not match",
        "hash or hash/range, =N behind a number",
    ),
    "bad name of a table": (
        f'{NEEDED}{API}[tables]\n"orders table" = "pk"',
        "tables",
        "'orders table' does not match",
        "The global tables with their keys",
    ),
    "function without alias": (
        f'{NEEDED}functions = ["orders-api"]{API}',
        "functions.0",
        "'orders-api' does not match",
        "each with its alias, such as",
    ),
    "warm path with a query": (
        f'{NEEDED}warm_paths = ["/orders?all=1"]{API}',
        "warm_paths.0",
        "'/orders?all=1' does not match",
        "up to five paths to request before a promotion",
    ),
    "too many warm paths": (
        f'{NEEDED}warm_paths = ["/1", "/2", "/3", "/4", "/5", "/6"]{API}',
        "warm_paths",
        "is too long",
        "up to five paths to request before a promotion",
    ),
    "hook without function": (
        f"{NEEDED}{API}[hooks.ready]\ntimeout = 5",
        "hooks.ready",
        "'function' is a required property",
        "The function with its alias",
    ),
    "hook of a phase that there is not": (
        f'{NEEDED}{API}[hooks.later]\nfunction = "orders-x:live"',
        "hooks",
        "'later' was unexpected",
        "It may have: ready, before_claim, after_claim, before_failback.",
    ),
    "hook that takes too long": (
        f'{NEEDED}{API}[hooks.ready]\nfunction = "orders-x:live"\ntimeout = 11',
        "hooks.ready.timeout",
        "11 is greater than the maximum of 10",
        "The function with its alias",
    ),
    "table that names do not cover": (
        f'{NEEDED}{API}[tables]\ncarts = "pk"',
        "tables.carts",
        "names is 'orders*', which does not cover it",
        "Roles reach only what names covers.",
    ),
    "names without a star": (
        f'{NEEDED.replace("orders*", "orders")}{API}[tables]\norders-2 = "pk"',
        "tables.orders-2",
        "names is 'orders', which does not cover it",
        "Roles reach only what names covers.",
    ),
    "function that names do not cover": (
        f'{NEEDED}functions = ["shop-api:live"]{API}',
        "functions",
        "names is 'orders*'",
        "which does not cover shop-api:live.",
    ),
    "level 1 without tables": (
        NEEDED.replace("0", "1") + API,
        "tables",
        "level 1 needs the tables",
        "Name each with its key.",
    ),
    "hook that names do not cover": (
        f'{NEEDED}{API}[hooks.ready]\nfunction = "shop-ready:live"',
        "hooks.ready",
        "names is 'orders*'",
        "which does not cover the function.",
    ),
    "hook that may not veto": (
        f'{NEEDED}{API}[hooks.before_claim]\nfunction = "orders-x:live"\nrequired = true',
        "hooks.before_claim.required",
        "only ready may veto",
        "Remove it, or use ready.",
    ),
}


@pytest.mark.parametrize(("text", "key", "fault", "remedy"), BAD.values(), ids=BAD)
def test_a_fault_is_named_with_file_key_and_remedy(
    tmp_path: Path, text: str, key: str, fault: str, remedy: str
) -> None:
    (said,) = refused(tmp_path, text)
    assert said.startswith(f"{tmp_path / FILE}: {key}: ")
    assert fault in said
    assert remedy in said.partition(fault)[2]


def test_a_hook_that_is_not_required_may_be_at_every_phase(tmp_path: Path) -> None:
    hooks = "".join(
        f'[hooks.{phase}]\nfunction = "orders-x:live"\nrequired = false\n'
        for phase in ("before_claim", "after_claim", "before_failback")
    )
    assert len(read(contract(tmp_path, f"{NEEDED}{API}{hooks}")).hooks) == 3


def test_several_faults_of_form_are_all_named(tmp_path: Path) -> None:
    text = f'level = 5\nnames = "a b"\nhealth = "health"\nfunctions = ["f"]{API}'
    said = refused(tmp_path, text)
    keys = [line.removeprefix(f"{tmp_path / FILE}: ").partition(":")[0] for line in said]
    assert keys == ["the file", "functions.0", "health", "level", "names"]


def test_several_faults_of_meaning_are_all_named(tmp_path: Path) -> None:
    text = (
        f'{NEEDED}functions = ["a-b:live", "c-d:live"]{API}'
        '[tables]\none = "pk"\ntwo = "pk"\n[hooks.after_claim]\nfunction = "e:f"\nrequired = true'
    )
    said = refused(tmp_path, text)
    keys = [line.removeprefix(f"{tmp_path / FILE}: ").partition(":")[0] for line in said]
    hook = "hooks.after_claim"
    assert keys == [*("tables.one", "tables.two"), *["functions"] * 2, hook, f"{hook}.required"]


# --- Names that cover what is not the application's -----------------------------------------------
def tables_of_the_template() -> set[str]:
    data = template.load("secondary").nested["Data"]
    kinds = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
    names = [t["TableName"] for kind in kinds for t in data.of_type(kind).values()]
    return {name.removeprefix("pilot-light-") for name in names}


def test_pilot_light_s_own_tables_are_those_of_its_template() -> None:
    assert set(OWN_TABLES) == tables_of_the_template()


@pytest.mark.parametrize("table", OWN_TABLES)
@pytest.mark.parametrize("app_name", ["pilot-light", "shop"])
def test_names_that_cover_one_of_them_are_refused(
    tmp_path: Path, app_name: str, table: str
) -> None:
    for names in (f"{app_name}-{table}", f"{app_name}-{table[:3]}*"):
        found = read(contract(tmp_path, NEEDED.replace("orders*", names) + API))
        with pytest.raises(ConfigError) as error:
            check_names(found, app_name)
        assert str(error.value) == (
            f"pilotlight.toml: names is '{names}' and covers Pilot Light's own {app_name}-{table}. "
            "Choose names that begin otherwise."
        )


@pytest.mark.parametrize("names", ["pilot-light-app*", "pilot-light", "orders*"])
def test_names_that_cover_none_of_them_pass(tmp_path: Path, names: str) -> None:
    found = read(contract(tmp_path, NEEDED.replace("orders*", names) + API))
    check_names(found, "pilot-light")


# --- The API of a stack ---------------------------------------------------------------------------
def test_the_api_is_an_output_of_the_stack_or_a_resource_of_it(tmp_path: Path) -> None:
    found = read(contract(tmp_path, NEEDED + API))
    name = found.api_output
    others = {"Function": "orders-api"}
    assert entry(found, MadeUpStack({name: "a1"}, {name: "b2"})) == "a1"
    assert entry(found, MadeUpStack({"Url": "-"}, {**others, name: "b2"})) == "b2"
    with pytest.raises(ConfigError, match="neither an output nor a resource of this name"):
        entry(found, MadeUpStack({"Url": "-"}, others))


@pytest.mark.parametrize("stages", [["Prod"], ["beta", "v1"]])
def test_a_stage_that_the_stack_does_not_have_is_an_error_that_names_those_it_has(
    tmp_path: Path, stages: list[str]
) -> None:
    found = read(contract(tmp_path, NEEDED + API))
    resources = {"Api": "a1"} | {f"{n}Stage": name for n, name in enumerate(stages)}
    with pytest.raises(ConfigError) as error:
        entry(found, MadeUpStack({found.api_output: "a1"}, resources))
    assert str(error.value) == (
        f"pilotlight.toml: api.stage is '{found.api_stage}', and the stack orders has no such "
        f"stage. Write one of: {', '.join(stages)}."
    )
    there = {**resources, "OwnStage": found.api_stage}
    assert entry(found, MadeUpStack({found.api_output: "a1"}, there)) == "a1"
    assert entry(found, MadeUpStack({found.api_output: "of-another-stack"}, resources))


def test_a_target_is_an_output_of_the_stack_and_no_resource_of_it(tmp_path: Path) -> None:
    """A load balancer's physical id is an ARN, a custom domain's its own name."""
    found = read(contract(tmp_path, NEEDED + TARGET))
    name = found.target_output
    assert entry(found, MadeUpStack({name: "lb.example.com"})) == "lb.example.com"
    with pytest.raises(ConfigError) as error:
        entry(found, MadeUpStack({"Url": "-"}, {name: "arn:aws:x"}))
    assert str(error.value) == (
        "pilotlight.toml: target.name is 'LoadBalancer', and the stack orders has no such output. "
        "Add it, or name another. Its outputs: Url."
    )
