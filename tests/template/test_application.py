"""The application: the product knows it by its contract alone, the example or any other one."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from pilotlight.shared.app_tables import AppTables
from pilotlight.shared.settings import declared
from samtranslator.yaml_helper import yaml_parse

from tests.template.policies import statements
from tests.template.stacks import (
    ACCOUNT,
    SHOP,
    TARGET,
    Stack,
    config,
    shop,
    source,
    stack,
    targeted,
)
from tools.reader.parameters import faults
from tools.reader.template import as_list

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = yaml_parse((ROOT / "app" / "template.yaml").read_text())
SERVING = ("primary", "secondary")
PRODUCT = [
    ROOT / "template.yaml",
    ROOT / "data" / "template.yaml",
    *sorted((ROOT / "statemachines").glob("*.asl.yaml")),
    *(p for p in sorted((ROOT / "functions").rglob("*")) if p.suffix in (".py", ".json", ".html")),
]
TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
# What the example's rows and requests are made of.
TEXT = ('"text"', "'text'")
FIELDS = (*TEXT, "I#", "ITEMS_TABLE", "items table", "from items", "import items")
# A message to people has a text as well.
MESSAGES = {ROOT / "template.yaml", *(ROOT / "functions/pilotlight/messages").iterdir()}


def names_of(found: Stack, *kinds: str) -> set[str]:
    keys = ("TableName", "FunctionName", "Name", "LogGroupName", "LayerName")
    properties = [p for kind in kinds for p in found.of_type(kind).values()]
    return {p[key] for p in properties for key in keys if isinstance(p.get(key), str)}


def routes() -> set[str]:
    """The paths of the example that are not of its contract."""
    events = EXAMPLE["Resources"]["Function"]["Properties"]["Events"].values()
    return {e["Properties"]["Path"] for e in events} - {"/", "/health"}


# --- the product and the example ------------------------------------------------------------------


def test_nothing_of_the_product_names_anything_of_the_example() -> None:
    """No table, function, log group, route or field of it, but the one resource that nests it."""
    kinds = {r["Type"] for r in stack("secondary").example.resources.values()}
    physical = names_of(stack("secondary").example, *kinds) - {"live"}
    assert {"pilot-light-app", "pilot-light-app-items"} <= physical
    own = {name.replace("pilot-light-", "${AppName}-") for name in physical}
    words = {*physical, *own, *routes(), *FIELDS, "-app*"}
    assert "/items/{id}" in words
    found = [
        f"{path.relative_to(ROOT)} names {word}"
        for path in PRODUCT
        for word in sorted(words)
        if word in path.read_text("utf-8") and not (word in TEXT and path in MESSAGES)
    ]
    assert found == []


def test_the_template_names_the_example_by_its_location_once_and_by_its_outputs() -> None:
    text = (ROOT / "template.yaml").read_text()
    assert re.findall(r".*\bapp/.*", text) == ["      Location: app/template.yaml"]
    used = set(re.findall(r"\bExample\.(\w+)\.(\w+)", text))
    assert used == {("Outputs", name) for name in EXAMPLE["Outputs"]}
    parts = {r for r in EXAMPLE["Resources"] if f"Example{r}" in text}
    assert parts == set()


def test_what_is_deployed_of_the_product_is_the_same_without_the_example() -> None:
    for env in SERVING:
        region, parameters = config(env)
        journaled = Stack(source(), region, {**parameters, **SHOP, "AppLevel": "2"})
        with_it, without = stack(env).resources, journaled.resources
        assert set(with_it) - set(without) == {"Example"}
        assert set(without) - set(with_it) == set()


@pytest.mark.parametrize("env", SERVING)
def test_the_contract_of_the_example_is_what_it_deploys(env: str) -> None:
    example = stack(env).example
    outputs = {name: output["Value"] for name, output in example.outputs.items()}
    functions = {f"{f['FunctionName']}:live" for f in of(example, "AWS::Lambda::Function")}
    assert set(declared(outputs["Functions"])) == functions
    tables = {table.name: dict(table.key) for table in AppTables.parse(declared(outputs["Tables"]))}
    made = stack("secondary").example.every("AWS::DynamoDB::GlobalTable").values()
    assert tables == {t["TableName"]: key_of(t) for t in made}
    named = [*tables, *(f.partition(":")[0] for f in functions)]
    assert all(fnmatchcase(name, outputs["Names"]) for name in named)


def test_no_name_of_the_product_is_one_that_the_example_may_have(secondary: Stack) -> None:
    """A role that reaches the application's tables reaches none of ours."""
    pattern = secondary.example.outputs["Names"]["Value"]
    ours = names_of(secondary, "AWS::Lambda::Function") | names_of(secondary.data, *TABLES)
    assert len(ours) > 15
    assert [name for name in ours if fnmatchcase(name, pattern)] == []


def of(found: Stack, kind: str) -> list[dict[str, Any]]:
    return list(found.of_type(kind).values())


def key_of(table: dict[str, Any]) -> dict[str, str]:
    kinds = {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]}
    return {k["AttributeName"]: kinds[k["AttributeName"]] for k in table["KeySchema"]}


# --- an application of another pipeline -----------------------------------------------------------


@pytest.mark.parametrize("env", SERVING)
def test_without_the_example_nothing_of_it_is_deployed_or_referred_to(env: str) -> None:
    found = shop(env)
    assert set(found.nested) == {"Data"}
    deployed = json.dumps([found.resources, found.outputs])
    assert "Example" not in deployed
    assert "pilot-light-app" not in deployed
    assert found.of_type("AWS::ApiGatewayV2::Api") == {}


@pytest.mark.parametrize("env", SERVING)
def test_both_names_lead_to_the_api_that_is_given(env: str) -> None:
    mappings = shop(env).of_type("AWS::ApiGatewayV2::ApiMapping").values()
    assert [(m["ApiId"], m["Stage"]) for m in mappings] == [("abc123", "prod")] * 2


@pytest.mark.parametrize("env", SERVING)
def test_of_a_target_the_stack_makes_nothing_but_the_names_that_lead_to_it(env: str) -> None:
    """Both are its own certificate's and host names'."""
    with_api, found = shop(env), targeted(env)
    made = {"Certificate", "PublicDomain", "RegionDomain"}
    made |= {f"{name}Mapping" for name in made - {"Certificate"}}
    assert set(with_api.resources) - set(found.resources) == made
    assert set(found.resources) <= set(with_api.resources)
    (group,) = [g for n, g in of_names(found).items() if n == "RegionRecords"]
    zone, leads_to = found.parameters["ZoneName"], TARGET["TargetName"]
    cname = {"Type": "CNAME", "TTL": "60", "ResourceRecords": [leads_to]}
    names = (f"origin-{found.region}.{zone}.", f"{found.region}.{zone}.")
    assert group["RecordSets"] == [{"Name": name, **cname} for name in names]
    assert not re.search(r"Certificate|(Public|Region)Domain", json.dumps(found.resources))


def test_a_target_changes_neither_the_failover_records_nor_any_health_check() -> None:
    for env in ("secondary", "monitor"):
        with_api, found = shop(env), targeted(env)
        for kind in ("AWS::Route53::HealthCheck", "AWS::CloudWatch::Alarm"):
            assert found.of_type(kind) == with_api.of_type(kind) != {}
        groups, own = of_names(found), {"RegionRecords"}
        others = {n: g for n, g in groups.items() if n not in own}
        assert others == {n: g for n, g in of_names(with_api).items() if n not in own}
        assert env == "monitor" or others


def of_names(found: Stack) -> dict[str, dict[str, Any]]:
    return found.of_type("AWS::Route53::RecordSetGroup")


def test_the_functions_get_the_contract_that_is_given() -> None:
    functions = shop("secondary").of_type("AWS::Lambda::Function")
    variables = {name: f["Environment"]["Variables"] for name, f in functions.items()}
    assert {v["APP_TABLES"] for v in variables.values()} == {SHOP["AppTables"]}
    paths = {name: v["WARM_PATHS"] for name, v in variables.items() if "WARM_PATHS" in v}
    assert paths == dict.fromkeys(("WarmFunction", "PreflightFunction"), SHOP["WarmPaths"])
    told = {name: v["APP_FUNCTIONS"] for name, v in variables.items() if "APP_FUNCTIONS" in v}
    assert told == dict.fromkeys(("WarmFunction", "PreflightFunction"), SHOP["AppFunctions"])


@pytest.mark.parametrize("env", SERVING)
def test_roles_reach_the_application_by_its_names_and_nothing_else(env: str) -> None:
    """Every ARN of a table or function is one of ours, or the pattern that was given."""
    ours = {name for e in SERVING for name in names_of(shop(e).data, *TABLES)}
    reached = set()
    for role, statement in statements(shop(env)):
        for arn in map(str, as_list(statement["Resource"])):
            service, place = arn.split(":")[2:3], arn.split(":")[5:]
            if service == ["dynamodb"] and place[0].removeprefix("table/") not in ours:
                reached.add((place[0], role))
            if service == ["lambda"]:
                reached.add((":".join(place), role))
    assert {place for place, _ in reached} <= {
        *("table/shop-*", "table/shop-*/stream/*", "function:shop-*:*")
    }
    if env == "secondary":
        assert {role for _, role in reached} == {
            *("ReadinessRole", "WarmRole", "PreflightRole", "ProofRole"),
            *("LedgerStreamRole", "LedgerRole", "ScheduledReadinessRole"),
        }
    else:
        assert reached == set()


def test_the_recovery_path_reaches_the_application_s_items_by_canaries_alone() -> None:
    """In the Primary only a planned move does, before it takes the Primary back.

    A rehearsal asks for the streams of its tables, and for nothing in the tables.
    """
    here, there = shop("secondary").region, shop("primary").region
    arn = "arn:aws:dynamodb:{}:{}:table/shop-*"
    canaries = {"ReadinessRole": here, "PreflightRole": there}
    for role, statement in statements(shop("secondary")):
        at = [r for r in as_list(statement["Resource"]) if str(r).endswith(":table/shop-*")]
        if role in canaries and at and statement["Action"] != "dynamodb:DescribeTable":
            assert at == [arn.format(canaries[role], ACCOUNT)]
            (keys,) = statement["Condition"]["ForAllValues:StringEquals"].values()
            # The key 0 is read of a table whose keys are numbers.
            assert set(keys) - {f"canary#{canaries[role]}"} <= {"0"}
            assert "0" not in keys or statement["Action"] == "dynamodb:GetItem"


def test_the_backup_takes_the_tables_that_are_given() -> None:
    (selection,) = of(shop("primary").data, "AWS::Backup::BackupSelection")
    tables = f"arn:aws:dynamodb:{shop('primary').region}:{ACCOUNT}:table/shop-*"
    assert tables in selection["BackupSelection"]["Resources"]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        ("ApiId", "ApiId must be the id of your application's API in this Region, or TargetName"),
        ("AppNames", "AppNames must be the beginning of your application's names"),
    ],
)
@pytest.mark.parametrize("env", SERVING)
def test_an_application_of_another_pipeline_needs_an_api_and_names(
    env: str, left_out: str, told: str
) -> None:
    region, parameters = config(env)
    given = {**parameters, **{k: v for k, v in SHOP.items() if k != left_out}}
    (fault,) = faults(source(), region, given)
    assert told in fault
    assert faults(source(), region, {**parameters, **SHOP}) == []


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ({**SHOP, **TARGET}, True),
        ({**SHOP, **TARGET, "ApiId": "abc123"}, False),
        ({**TARGET}, False),
        ({**TARGET, "ExampleApp": "true"}, False),
    ],
)
@pytest.mark.parametrize("env", SERVING)
def test_a_target_takes_the_place_of_an_api_and_of_the_example(
    env: str, given: dict[str, str], *, accepted: bool
) -> None:
    region, parameters = config(env)
    told = faults(source(), region, {**parameters, **given})
    assert (told == []) is accepted
    assert all("TargetName takes the place of ApiId and of the example" in t for t in told)


def test_a_monitor_needs_no_application() -> None:
    region, parameters = config("monitor")
    assert faults(source(), region, {**parameters, "ExampleApp": "false"}) == []


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        *(("AppNames", v, True) for v in ("shop-*", "shop", "")),
        *(("AppNames", v, False) for v in ("*", "shop-*-x", "a*b", "arn:aws:x")),
        *(("AppFunctions", v, True) for v in ("none", "shop:live", "shop-a:live,shop-b:v1")),
        *(("AppFunctions", v, False) for v in ("", "shop", "shop:live,", "shop*:live")),
        *(("WarmPaths", v, True) for v in ("none", "/", "/orders", "/a,/b,/c,/d,/e")),
        *(("WarmPaths", v, False) for v in ("", "orders", "/a,", "/a?b=1", "/a,/b,/c,/d,/e,/f")),
        *(("ApiId", v, True) for v in ("abc123", "")),
        *(("ApiId", v, False) for v in ("https://abc", "ABC")),
        *(("TargetName", v, True) for v in ("", TARGET["TargetName"], "_x.example.com")),
        *(
            ("TargetName", v, False)
            for v in ("example", "a.example.", "https://a.b", "a..b", "*.b.c")
        ),
        *(("ApiStage", v, True) for v in ("$default", "prod")),
        *(("ApiStage", v, False) for v in ("", "$other")),
    ],
)
def test_the_contract_s_parameters_take_what_they_mean(name: str, value: str, fits: bool) -> None:
    pattern = source()["Parameters"][name]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, value)) is fits


@pytest.mark.parametrize(
    ("tables", "fits"),
    [
        *((v, True) for v in ("none", "carts:id", "shop-orders:customer/order=N,shop-carts:id")),
        *((v, True) for v in ("a.b_c-d:pk=S/sk=N", f"{'x' * 255}:id")),
        *((v, False) for v in ("", "carts", "carts:", "carts:id=B", "carts:id/", "carts:a/b/c")),
        *((v, False) for v in ("carts:id,", "ab:id", f"{'x' * 256}:id", "carts:id=N=S")),
    ],
)
def test_the_template_takes_the_tables_that_the_functions_can_read(tables: str, fits: bool) -> None:
    """A function that cannot read them does not start."""
    pattern = source()["Parameters"]["AppTables"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, tables)) is fits
    try:
        AppTables.parse(declared(tables))
    except ValueError:
        assert not fits
    else:
        assert fits
