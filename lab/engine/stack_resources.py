"""CloudFormation types that MiniStack does not make, or makes in part."""

from __future__ import annotations

import importlib
import json
import time
from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT
from lab.engine.patching import replace_everywhere, wrap
from tools.reader.definitions import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.engine.aws import Aws

Attributes = tuple[str, dict[str, Any]]
NUMBERS = {"Port", "RequestInterval", "FailureThreshold", "HealthThreshold"}
ANY_METHOD = "x-amazon-apigateway-any-method"
BOOLEANS = {"Inverted", "Disabled", "EnableSNI", "MeasureLatency"}


def install(aws: Aws) -> None:
    """Add them to MiniStack's registry."""
    _conditions(aws)
    _definitions(aws)
    _health_checks(aws)
    _record_sets(aws)
    _backup_selections(aws)
    _global_tables(aws)
    _imports_of_global_tables(aws)
    _bucket_replication(aws)
    _http_apis(aws)


def _register(aws: Aws, kind: str, **handlers: Callable[..., Any]) -> None:
    registry = aws.provisioners._RESOURCE_HANDLERS
    registry[kind] = {**registry.get(kind, {}), **handlers}


def _conditions(aws: Aws) -> None:
    """Let conditions refer to pseudo parameters, such as AWS::Region."""
    package = "ministack.services.cloudformation"
    original = importlib.import_module(f"{package}.engine")._evaluate_conditions

    def evaluate(template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, bool]:
        pseudo = {"AWS::Region": aws.region(), "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}
        pseudo_parameters = {name: {"Value": value} for name, value in pseudo.items()}
        conditions: dict[str, bool] = original(template, {**pseudo_parameters, **parameters})
        return conditions

    replace_everywhere(package, original, evaluate)


def _definitions(aws: Aws) -> None:
    """Let the file of a state machine's definition be YAML: Step Functions itself takes JSON.

    A stack's definition is judged as that of an API call is; MiniStack judges only the latter.
    """

    @wrap(aws.provisioners, "_sfn_definition")
    def definition(original: Any, properties: dict[str, Any]) -> str:
        text: str = original(properties)
        if "DefinitionS3Location" in properties:
            text = json.dumps(read(text))
        if refused := aws.stepfunctions._validate_definition_jsonata(text):
            raise ValueError(f"Invalid State Machine Definition: {refused}")
        return text


def _health_checks(aws: Aws) -> None:
    route53 = aws.route53

    def config_of(properties: dict[str, Any]) -> dict[str, Any]:
        def value(name: str, setting: Any) -> Any:
            if name in NUMBERS:
                return int(setting)
            return str(setting).lower() == "true" if name in BOOLEANS else setting

        return {k: value(k, v) for k, v in properties["HealthCheckConfig"].items()}

    def tag(check_id: str, properties: dict[str, Any]) -> None:
        tags = {t["Key"]: t["Value"] for t in properties.get("HealthCheckTags", [])}
        route53._tags["healthcheck", check_id] = tags

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Attributes:
        check_id, reference = route53._hc_id(), f"{stack}-{logical_id}-{time.time()}"
        route53._health_checks[check_id] = {
            "id": check_id,
            "caller_reference": reference,
            "config": config_of(properties),
            "version": 1,
        }
        route53._hc_caller_refs[reference] = check_id
        tag(check_id, properties)
        return check_id, {"HealthCheckId": check_id}

    def update(
        check_id: str, _old: Any, properties: dict[str, Any], _stack: str, *_: Any, **__: Any
    ) -> Attributes:
        check = route53._health_checks[check_id]
        check["config"] = config_of(properties)
        check["version"] += 1
        tag(check_id, properties)
        return check_id, {"HealthCheckId": check_id}

    def delete(check_id: str, _properties: Any, *_: Any, **__: Any) -> None:
        route53._health_checks.pop(check_id, None)

    _register(aws, "AWS::Route53::HealthCheck", create=create, update=update, delete=delete)


def _record_sets(aws: Aws) -> None:
    single = aws.provisioners._RESOURCE_HANDLERS["AWS::Route53::RecordSet"]

    def each(properties: dict[str, Any]) -> list[dict[str, Any]]:
        names = ("HostedZoneId", "HostedZoneName")
        zone: dict[str, Any] = {k: properties[k] for k in names if k in properties}
        return [{**zone, **record} for record in properties["RecordSets"]]

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Attributes:
        for i, record in enumerate(each(properties)):
            single["create"](f"{logical_id}{i}", record, stack)
        return f"{stack}-{logical_id}", {}

    def delete(_id: str, properties: dict[str, Any], *_: Any, **__: Any) -> None:
        for record in each(properties):
            single["delete"](record["Name"], record)

    def update(
        physical_id: str,
        old: dict[str, Any],
        new: dict[str, Any],
        stack: str,
        *_: Any,
        **__: Any,
    ) -> Attributes:
        delete(physical_id, old)
        create("updated", new, stack)
        return physical_id, {}

    _register(aws, "AWS::Route53::RecordSetGroup", create=create, update=update, delete=delete)


def _backup_selections(aws: Aws) -> None:
    def create(_logical_id: str, properties: dict[str, Any], _stack: str) -> Attributes:
        plan = properties["BackupPlanId"]
        body = {"BackupSelection": properties["BackupSelection"]}
        status, _headers, answer = aws.backup._create_selection(plan, body)
        if status >= 400:
            raise ValueError(str(answer))
        selection = json.loads(answer)["SelectionId"]
        return f"{plan}_{selection}", {"SelectionId": selection, "BackupPlanId": plan}

    def delete(physical_id: str, _properties: Any, *_: Any, **__: Any) -> None:
        aws.backup._delete_selection(*physical_id.split("_", 1))

    _register(aws, "AWS::Backup::BackupSelection", create=create, delete=delete)


def _global_tables(aws: Aws) -> None:
    """Make a global table in each Region of its replicas, and end it in all of them."""
    handlers = aws.provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::GlobalTable"]
    single, delete_table = handlers["create"], handlers["delete"]

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Attributes:
        made: Attributes = single(logical_id, properties, stack)
        for replica in properties.get("Replicas", []):
            if replica["Region"] != aws.region():
                change = {"Create": {"RegionName": replica["Region"]}}
                added = {"TableName": made[0], "ReplicaUpdates": [change]}
                status, _headers, answer = aws.dynamodb._update_table(added)
                if status >= 400:
                    delete(made[0], properties)
                    raise ValueError(str(answer))
        return made

    def delete(name: str, properties: Any, *more: Any) -> None:
        for region in aws.dynamodb._replica_group(aws.dynamodb._tables.get(name) or {}):
            aws.within(region, delete_table, name, properties, *more)
        delete_table(name, properties, *more)

    _register(aws, "AWS::DynamoDB::GlobalTable", create=create, delete=delete)


def _imports_of_global_tables(aws: Aws) -> None:
    """Let a stack import a global table that is there already, as it can a table of one Region."""
    single, both = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"
    change_sets = importlib.import_module("ministack.services.cloudformation.changesets")
    lookups = change_sets._IMPORT_LOOKUPS
    lookups[both] = lookups[single]
    _register(aws, both, **{"import": aws.provisioners._RESOURCE_HANDLERS[single]["import"]})


def _complete(aws: Aws, kind: str, finish: Callable[[str, dict[str, Any]], None]) -> None:
    """Do what is missing after a resource was created or updated, with its id and properties."""
    handlers = aws.provisioners._RESOURCE_HANDLERS[kind]

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Attributes:
        made: Attributes = handlers["create"](logical_id, properties, stack)
        finish(made[0], properties)
        return made

    def update(
        physical_id: str, old: Any, new: dict[str, Any], stack: str, *args: Any, **kwargs: Any
    ) -> Any:
        made = handlers["update"](physical_id, old, new, stack, *args, **kwargs)
        finish(made[0] if isinstance(made, tuple) else physical_id, new)
        return made

    _register(aws, kind, create=create, update=update)


def _bucket_replication(aws: Aws) -> None:
    """Set ReplicationConfiguration, also when a stack update adds or removes it."""

    def configure(bucket: str, properties: dict[str, Any]) -> None:
        configuration = properties.get("ReplicationConfiguration")
        if not configuration:
            aws.s3._bucket_replication.pop(bucket, None)
            return
        rules = [
            {("ID" if k == "Id" else k): v for k, v in rule.items()}
            for rule in configuration["Rules"]
        ]
        aws.s3._bucket_replication[bucket] = {"Role": configuration["Role"], "Rules": rules}

    _complete(aws, "AWS::S3::Bucket", configure)


def _http_apis(aws: Aws) -> None:
    """Make the routes of an HTTP API from its OpenAPI body, without which it answers 404."""
    service = aws.http_apis

    def made(answer: tuple[int, Any, Any], name: str) -> str:
        status, _headers, body = answer
        if status >= 400:
            raise ValueError(str(body))
        return str(json.loads(body)[name])

    def route(api: str, properties: dict[str, Any]) -> None:
        body = properties.get("Body")
        if body is None:
            return
        if cors := body.get("x-amazon-apigateway-cors"):
            service._apis[api]["corsConfiguration"] = cors
        service._routes[api], service._integrations[api] = {}, {}
        for path, methods in body["paths"].items():
            for method, operation in methods.items():
                backend = operation["x-amazon-apigateway-integration"]
                if backend["payloadFormatVersion"] != "2.0":
                    raise ValueError(f"{method} {path}: MiniStack speaks only format 2.0.")
                to = {"integrationType": "AWS_PROXY", "integrationUri": backend["uri"]}
                integration = made(service._create_integration(api, to), "integrationId")
                key = {"routeKey": _route_key(method, path)}
                target = {"target": f"integrations/{integration}"}
                made(service._create_route(api, {**key, **target}), "routeId")

    _complete(aws, "AWS::ApiGatewayV2::Api", route)


def _route_key(method: str, path: str) -> str:
    if path == "$default":
        return path
    return f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"
