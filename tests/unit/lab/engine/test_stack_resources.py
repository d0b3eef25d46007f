"""CloudFormation types that the lab adds to MiniStack."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from lab.engine import stack_resources
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, Anything, FakeAws

if TYPE_CHECKING:
    from collections.abc import Callable


def with_registry(**parts: Any) -> tuple[FakeAws, dict[str, dict[str, Any]]]:
    registry: dict[str, dict[str, Any]] = {}
    return FakeAws(provisioners=Anything(_RESOURCE_HANDLERS=registry), **parts), registry


def health_checks() -> tuple[Any, dict[str, Any]]:
    ids = iter(["hc-1", "hc-2"])
    route53 = Anything(_tags={}, _health_checks={}, _hc_caller_refs={}, _hc_id=lambda: next(ids))
    aws, registry = with_registry(route53=route53)
    stack_resources._health_checks(aws)
    return route53, registry["AWS::Route53::HealthCheck"]


CONFIGURED = {
    "HealthCheckConfig": {
        "Type": "HTTPS",
        "Port": "443",
        "RequestInterval": "10",
        "Inverted": "true",
        "Disabled": "False",
        "FullyQualifiedDomainName": "us-east-2.pilotlight.example",
    },
    "HealthCheckTags": [{"Key": "Name", "Value": "not-on"}],
}


def test_a_health_checks_numbers_and_truths_are_numbers_and_truths() -> None:
    route53, handlers = health_checks()
    assert handlers["create"]("Check", CONFIGURED, "stack") == ("hc-1", {"HealthCheckId": "hc-1"})
    assert route53._health_checks["hc-1"]["config"] == {
        "Type": "HTTPS",
        "Port": 443,
        "RequestInterval": 10,
        "Inverted": True,
        "Disabled": False,
        "FullyQualifiedDomainName": "us-east-2.pilotlight.example",
    }
    assert route53._tags["healthcheck", "hc-1"] == {"Name": "not-on"}


def test_an_update_keeps_the_health_checks_id_and_raises_its_version() -> None:
    route53, handlers = health_checks()
    handlers["create"]("Check", CONFIGURED, "stack")
    changed = {"HealthCheckConfig": {"Type": "HTTPS", "Inverted": False}}
    assert handlers["update"]("hc-1", CONFIGURED, changed, "stack")[0] == "hc-1"
    found = route53._health_checks["hc-1"]
    assert (found["version"], found["config"]["Inverted"]) == (2, False)
    assert route53._tags["healthcheck", "hc-1"] == {}


def test_a_deleted_health_check_is_gone_and_may_be_deleted_again() -> None:
    route53, handlers = health_checks()
    handlers["create"]("Check", CONFIGURED, "stack")
    for _ in range(2):
        handlers["delete"]("hc-1", CONFIGURED)
    assert route53._health_checks == {}


def record_sets() -> tuple[list[Any], dict[str, Any]]:
    done: list[Any] = []
    aws, registry = with_registry()
    registry["AWS::Route53::RecordSet"] = {
        "create": lambda name, record, _stack: done.append(("create", name, record)),
        "delete": lambda name, _record: done.append(("delete", name)),
    }
    stack_resources._record_sets(aws)
    return done, registry["AWS::Route53::RecordSetGroup"]


GROUP = {"HostedZoneId": "Z1", "RecordSets": [{"Name": "a."}, {"Name": "b."}]}


def test_a_record_set_group_makes_each_record_in_its_zone() -> None:
    done, handlers = record_sets()
    handlers["create"]("Group", GROUP, "stack")
    assert done == [
        ("create", "Group0", {"HostedZoneId": "Z1", "Name": "a."}),
        ("create", "Group1", {"HostedZoneId": "Z1", "Name": "b."}),
    ]


def test_an_updated_record_set_group_takes_the_old_records_away_first() -> None:
    done, handlers = record_sets()
    handlers["update"]("id", GROUP, {**GROUP, "RecordSets": [{"Name": "c."}]}, "stack")
    assert [d[:2] for d in done] == [("delete", "a."), ("delete", "b."), ("create", "updated0")]


REPLICAS = {"Replicas": [{"Region": SECONDARY}, {"Region": PRIMARY}]}


class GlobalTables:
    """What stacks do with a global table of the Secondary's stack."""

    def __init__(self, answer: int = 200) -> None:
        self.updates: list[Any] = []
        self.ended: list[str] = []
        self.aws, registry = with_registry(
            dynamodb=Anything(
                _tables={"items": "a table"},
                _replica_group=lambda table: [PRIMARY, SECONDARY] if table else [],
                _update_table=lambda asked: self.updates.append(asked) or (answer, {}, "refused"),
            )
        )
        registry["AWS::DynamoDB::GlobalTable"] = {
            "create": lambda *_: ("items", {"Arn": "arn"}),
            "delete": lambda *_: self.ended.append(self.aws.region()),
        }
        stack_resources._global_tables(self.aws)
        self.registry = registry["AWS::DynamoDB::GlobalTable"]

    def do(self, action: str, *given: Any) -> Any:
        return self.aws.within(SECONDARY, self.registry[action], *given)


def test_a_global_table_gets_its_replicas_in_the_other_regions_only() -> None:
    tables = GlobalTables()
    assert tables.do("create", "Items", REPLICAS, "stack") == ("items", {"Arn": "arn"})
    change = {"Create": {"RegionName": PRIMARY}}
    assert tables.updates == [{"TableName": "items", "ReplicaUpdates": [change]}]


def test_a_global_table_that_gets_no_replica_fails_and_leaves_nothing() -> None:
    tables = GlobalTables(answer=400)
    with pytest.raises(ValueError, match="refused"):
        tables.do("create", "Items", REPLICAS, "stack")
    assert set(tables.ended) == {PRIMARY, SECONDARY}


def test_a_global_table_ends_in_all_its_regions() -> None:
    tables = GlobalTables()
    tables.do("delete", "items", REPLICAS)
    assert set(tables.ended) == {PRIMARY, SECONDARY}


def test_a_global_table_is_imported_as_a_table_of_one_region_is() -> None:
    aws, registry = with_registry()
    registry["AWS::DynamoDB::Table"] = {"import": len}
    stack_resources._imports_of_global_tables(aws)
    assert registry["AWS::DynamoDB::GlobalTable"] == {"import": len}
    module = importlib.import_module("ministack.services.cloudformation.changesets")
    keys, _ = module._IMPORT_LOOKUPS["AWS::DynamoDB::GlobalTable"]
    assert keys == ("TableName",)


REPLICATION = {"Role": "role", "Rules": [{"Id": "all", "Status": "Enabled"}]}
KEPT = {"Role": "role", "Rules": [{"ID": "all", "Status": "Enabled"}]}


@pytest.fixture
def buckets() -> tuple[dict[str, Any], dict[str, Callable[..., Any]]]:
    aws, registry = with_registry(s3=Anything(_bucket_replication={}))
    registry["AWS::S3::Bucket"] = {
        "create": lambda *_: ("bucket", {}),
        "update": lambda *_, **__: ("bucket", {}),
    }
    stack_resources._bucket_replication(aws)
    return aws.s3._bucket_replication, registry["AWS::S3::Bucket"]


def test_a_bucket_is_made_with_its_replication(buckets: Any) -> None:
    configured, handlers = buckets
    handlers["create"]("Bucket", {"ReplicationConfiguration": REPLICATION}, "stack")
    assert configured == {"bucket": KEPT}


def test_an_update_adds_replication_and_takes_it_away(buckets: Any) -> None:
    configured, handlers = buckets
    handlers["create"]("Bucket", {}, "stack")
    assert configured == {}
    handlers["update"]("bucket", {}, {"ReplicationConfiguration": REPLICATION}, "stack")
    assert configured == {"bucket": KEPT}
    handlers["update"]("bucket", {}, {}, "stack")
    assert configured == {}


def backups(status: int) -> tuple[list[Any], dict[str, Any]]:
    deleted: list[Any] = []
    answer = json.dumps({"SelectionId": "s-1"})
    backup = Anything(
        _create_selection=lambda _plan, _body: (status, {}, answer),
        _delete_selection=lambda *ids: deleted.append(ids),
    )
    aws, registry = with_registry(backup=backup)
    stack_resources._backup_selections(aws)
    return deleted, registry["AWS::Backup::BackupSelection"]


SELECTION = {"BackupPlanId": "plan", "BackupSelection": {}}


def test_a_backup_selections_id_names_its_plan_for_the_deletion() -> None:
    deleted, handlers = backups(200)
    made, _ = handlers["create"]("Selection", SELECTION, "stack")
    handlers["delete"](made, SELECTION)
    assert deleted == [("plan", "s-1")]


def test_a_backup_selection_that_is_refused_fails_the_stack() -> None:
    with pytest.raises(ValueError, match="s-1"):
        backups(400)[1]["create"]("Selection", SELECTION, "stack")


@pytest.mark.parametrize("name", ["engine", "changesets", "handlers", "stacks"])
def test_conditions_know_the_region_that_is_deployed_to(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    package = "ministack.services.cloudformation"
    for each in ("engine", "changesets", "handlers", "stacks"):
        module = importlib.import_module(f"{package}.{each}")
        monkeypatch.setattr(module, "_evaluate_conditions", module._evaluate_conditions)
    aws = FakeAws()
    stack_resources._conditions(aws)
    template = {"Conditions": {"Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, SECONDARY]}}}
    evaluate = importlib.import_module(f"{package}.{name}")._evaluate_conditions
    assert aws.within(SECONDARY, evaluate, template, {}) == {"Here": True}
    assert aws.within(PRIMARY, evaluate, template, {}) == {"Here": False}


class HttpApis:
    """Routes and integrations as MiniStack keeps them: by API, and by an id that it makes."""

    def __init__(self) -> None:
        self._routes: dict[str, dict[str, Any]] = {"api": {}}
        self._integrations: dict[str, dict[str, Any]] = {"api": {}}
        self._apis: dict[str, dict[str, Any]] = {"api": {}}

    def _create_integration(self, api: str, given: dict[str, Any]) -> Any:
        return self._kept(self._integrations[api], "integrationId", given)

    def _create_route(self, api: str, given: dict[str, Any]) -> Any:
        if " " not in given["routeKey"] and given["routeKey"] != "$default":
            return 400, {}, b"no method"
        return self._kept(self._routes[api], "routeId", given)

    def _kept(self, there: dict[str, Any], name: str, given: dict[str, Any]) -> Any:
        there[f"{name}-{len(there)}"] = given
        return 201, {}, json.dumps({name: f"{name}-{len(there) - 1}"}).encode()

    def routes(self) -> dict[str, str]:
        """Return the function of each route."""
        return {
            route["routeKey"]: self._integrations["api"][
                route["target"].removeprefix("integrations/")
            ]["integrationUri"]
            for route in self._routes["api"].values()
        }


def http_apis() -> tuple[HttpApis, dict[str, Any]]:
    service = HttpApis()
    aws, registry = with_registry(http_apis=service)
    registry["AWS::ApiGatewayV2::Api"] = {
        "create": lambda *_: ("api", {"ApiId": "api"}),
        "update": lambda *_: ("api", {"ApiId": "api"}),
    }
    stack_resources._http_apis(aws)
    return service, registry["AWS::ApiGatewayV2::Api"]


def body(payload: str = "2.0", **functions: str) -> dict[str, Any]:
    def operation(function: str) -> dict[str, Any]:
        asked = {"type": "aws_proxy", "uri": function, "payloadFormatVersion": payload}
        return {"x-amazon-apigateway-integration": asked}

    return {"Body": {"paths": {"/items": {m: operation(f) for m, f in functions.items()}}}}


def test_an_http_api_has_the_routes_of_its_body() -> None:
    service, handlers = http_apis()
    made = handlers["create"]("Api", body(get="reader", post="writer"), "stack")
    assert made == ("api", {"ApiId": "api"})
    assert service.routes() == {"GET /items": "reader", "POST /items": "writer"}


def test_an_http_api_may_have_a_route_for_any_method_and_one_for_all_else() -> None:
    service, handlers = http_apis()
    any_method = "x-amazon-apigateway-any-method"
    given = body(**{any_method: "all"})
    given["Body"]["paths"]["$default"] = body(**{any_method: "rest"})["Body"]["paths"]["/items"]
    handlers["create"]("Api", given, "stack")
    assert service.routes() == {"ANY /items": "all", "$default": "rest"}


def test_an_http_api_has_the_cors_of_its_body() -> None:
    service, handlers = http_apis()
    given = body(get="reader")
    given["Body"]["x-amazon-apigateway-cors"] = {"allowOrigins": ["*"]}
    handlers["create"]("Api", given, "stack")
    assert service._apis["api"]["corsConfiguration"] == {"allowOrigins": ["*"]}


def test_an_http_api_without_a_body_keeps_the_routes_that_its_stack_makes() -> None:
    service, handlers = http_apis()
    service._routes["api"] = {"r": {}}
    handlers["update"]("api", {}, {"Name": "x"}, "stack")
    assert service._routes["api"] == {"r": {}}


def test_an_update_leaves_no_route_of_the_former_body() -> None:
    service, handlers = http_apis()
    handlers["create"]("Api", body(get="reader", post="writer"), "stack")
    handlers["update"]("api", {}, body(get="another"), "stack")
    assert service.routes() == {"GET /items": "another"}


def test_an_http_api_that_the_lab_cannot_serve_fails_the_stack() -> None:
    _, handlers = http_apis()
    with pytest.raises(ValueError, match=r"get /items: MiniStack speaks only format 2\.0"):
        handlers["create"]("Api", body(payload="1.0", get="reader"), "stack")
