"""REST APIs: what the import of an OpenAPI body leaves out, and events and errors as on AWS.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from lab.engine.aws import Aws

ANY = "x-amazon-apigateway-any-method"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
INTEGRATION = "x-amazon-apigateway-integration"
REST_API = "AWS::ApiGateway::RestApi"
# What an event's identity has, null where nobody signed the request.
IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)
# The path of a request at a custom domain, which has the base path and not the stage.
PATH: ContextVar[str | None] = ContextVar("PATH", default=None)
_ANSWER = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
_OF_INTEGRATIONS = ("requestParameters", "requestTemplates", "passthroughBehavior", "credentials")


def install(aws: Aws) -> None:
    """Close the gaps."""
    _any_method(aws)
    _integrations(aws)
    _gateway_responses(aws)
    _updates_in_place(aws)
    _events(aws)
    _errors(aws)


def _any_method(aws: Aws) -> None:
    """Let the method of all methods be imported."""
    service = aws.apigateway
    service._OPENAPI_HTTP_METHODS = {*service._OPENAPI_HTTP_METHODS, "any"}

    @wrap(service, "_import_path_item")
    def import_with_any(
        original: Any, api: str, path: str, item: dict[str, Any], *more: Any
    ) -> None:
        original(api, path, {("any" if k == ANY else k): v for k, v in item.items()}, *more)


def _integrations(aws: Aws) -> None:
    """Import all of an integration: what answers OPTIONS for CORS is in its responses."""
    service = aws.apigateway

    @wrap(service, "_import_operation")
    def import_whole(
        original: Any, api: str, resource: str, method: str, operation: Any, *more: Any
    ) -> None:
        original(api, resource, method, operation, *more)
        given = (operation or {}).get(INTEGRATION)
        if not given:
            return
        made = service._resources[api][resource]["resourceMethods"][method]["methodIntegration"]
        made.update({name: given[name] for name in _OF_INTEGRATIONS if name in given})
        for pattern, response in (given.get("responses") or {}).items():
            selects = {} if pattern == "default" else {"selectionPattern": pattern}
            status = str(response.get("statusCode", 200))
            service._put_integration_response(api, resource, method, status, response | selects)


def _gateway_responses(aws: Aws) -> None:
    """Import how the API itself answers, such as the CORS headers of its errors."""
    service = aws.apigateway

    @wrap(service, "_import_security_schemes")
    def import_with_responses(original: Any, api: str, body: dict[str, Any]) -> Any:
        service._gateway_responses[api] = {}
        for kind, response in (body.get(GATEWAY_RESPONSES) or {}).items():
            service._put_gateway_response(api, kind, response)
        return original(api, body)


def _updates_in_place(aws: Aws) -> None:
    """Let an API keep its id, and so its URL, when its body changes. MiniStack makes another."""
    service, registry = aws.apigateway, aws.provisioners._RESOURCE_HANDLERS
    update = registry[REST_API]["update"]

    def import_again(api: str, body: dict[str, Any]) -> None:
        resources = service._resources[api]
        root = next(r for r in resources.values() if r["path"] == "/")
        service._resources[api] = {root["id"]: {**root, "resourceMethods": {}}}
        service._authorizers_v1[api] = {}
        schemes = service._import_security_schemes(api, body)
        for path, item in (body.get("paths") or {}).items():
            service._import_path_item(api, path, item, schemes, body.get("security"))

    def update_in_place(
        api: str, old: dict[str, Any], new: dict[str, Any], *more: Any, **options: Any
    ) -> Any:
        body = new.get("Body")
        if not isinstance(body, dict) or api not in service._rest_apis:
            return update(api, old, new, *more, **options)
        if body != old.get("Body"):
            import_again(api, body)
        return update(api, {**old, "Body": body}, new, *more, **options)

    registry[REST_API] = {**registry[REST_API], "update": update_in_place}


def _events(aws: Aws) -> None:
    """Give functions the event of a REST API, which has no version, and the name that was asked."""

    @wrap(aws.apigateway, "_build_lambda_event_v1")
    def build(original: Any, *args: Any, **options: Any) -> dict[str, Any]:
        event: dict[str, Any] = original(*args, **options)
        event.pop("version", None)
        for name, values in (event["multiValueQueryStringParameters"] or {}).items():
            event["queryStringParameters"][name] = values[-1]
        context = event["requestContext"]
        context["identity"] = {**dict.fromkeys(IDENTITY), **context["identity"]}
        host = event["headers"].get("host", "").partition(":")[0]
        context |= {"domainName": host, "domainPrefix": host.partition(".")[0]}
        if path := PATH.get():
            event["path"] = context["path"] = path
        return event


def _errors(aws: Aws) -> None:
    """Hide from users why a function failed, as API Gateway does, and refuse malformed answers."""

    @wrap(aws.apigateway, "_lambda_proxy_response")
    def response(original: Any, result: dict[str, Any]) -> tuple[Any, str | None]:
        answer, error = original(result)
        if error or not (result.get("throttle") or _well_formed(result.get("body"))):
            return None, "Internal server error"
        return answer, None


def _well_formed(answer: Any) -> bool:
    """Return whether API Gateway takes a function's answer."""
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            return False
    return (
        isinstance(answer, dict)
        and set(answer) <= _ANSWER
        and isinstance(answer.get("body"), str | None)
    )
