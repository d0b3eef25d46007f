"""REST APIs as API Gateway imports and serves them, on MiniStack's own module."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ministack.services import apigateway_v1

from lab.engine import rest_apis
from tests.unit.lab.engine.fakes import Anything, run

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION = {
    rest_apis.INTEGRATION: {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": "arn:aws:apigateway:us-west-2:lambda:path/2015-03-31/functions/app/invocations",
    }
}
# As SAM writes it for `Cors`.
PREFLIGHT = {
    rest_apis.INTEGRATION: {
        "type": "mock",
        "requestTemplates": {"application/json": '{\n  "statusCode" : 200\n}\n'},
        "responses": {
            "default": {
                "statusCode": "200",
                "responseTemplates": {"application/json": "{}\n"},
                "responseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": "'https://shop.example'",
                    "method.response.header.Access-Control-Allow-Methods": "'GET,PUT'",
                },
            }
        },
    }
}
CHANGED = (
    "_OPENAPI_HTTP_METHODS",
    "_import_path_item",
    "_import_operation",
    "_import_security_schemes",
    "_build_lambda_event_v1",
    "_lambda_proxy_response",
    "_call_lambda_raw",
)


class Api:
    """A REST API with a stage, and what its function was given and answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in CHANGED:
            monkeypatch.setattr(apigateway_v1, name, getattr(apigateway_v1, name))
        self.handlers: dict[str, Any] = {rest_apis.REST_API: {"update": self._replace}}
        provisioners = Anything(_RESOURCE_HANDLERS=self.handlers)
        aws: Any = Anything(apigateway=apigateway_v1, provisioners=provisioners)
        rest_apis.install(aws)
        monkeypatch.setattr(apigateway_v1, "_call_lambda_raw", self._invoke)
        self.events: list[dict[str, Any]] = []
        self.result: dict[str, Any] = {"body": {"statusCode": 200, "body": "well"}}
        self.id = ""

    @staticmethod
    def _replace(api: str, old: dict[str, Any], new: dict[str, Any], *_: Any, **__: Any) -> Any:
        return (api if old["Body"] == new["Body"] else "another"), {}

    async def _invoke(self, _function: str, event: dict[str, Any], **_: Any) -> Any:
        self.events.append(event)
        return self.result, None

    def make(self, paths: dict[str, Any], **more: Any) -> None:
        self.id = apigateway_v1._import_rest_api({"paths": paths, **more})
        apigateway_v1._create_stage(self.id, {"stageName": "prod", "deploymentId": "d"})

    def ask(
        self, method: str, path: str, query: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any], str]:
        headers = {"host": "a1b2.execute-api.us-west-2.amazonaws.com", **headers}
        status, found, body = run(
            apigateway_v1.handle_execute(self.id, "prod", method, path, headers, b"", query or {})
        )
        return status, found, body.decode() if isinstance(body, bytes) else body


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    yield Api(monkeypatch)
    apigateway_v1.reset()


def test_the_method_of_all_methods_serves_those_that_no_other_does(api: Api) -> None:
    api.make({"/{proxy+}": {rest_apis.ANY: FUNCTION}, "/orders": {"get": FUNCTION}})
    assert api.ask("PATCH", "/orders/1/lines")[0] == 200
    assert api.events[-1]["resource"] == "/{proxy+}"
    assert api.events[-1]["httpMethod"] == "PATCH"
    assert api.events[-1]["pathParameters"] == {"proxy": "orders/1/lines"}
    api.ask("GET", "/orders")
    assert api.events[-1]["resource"] == "/orders"
    assert api.ask("DELETE", "/orders")[0] == 200
    assert api.events[-1]["resource"] == "/{proxy+}"


def test_a_preflight_is_answered_by_the_api_with_the_headers_of_its_template(api: Api) -> None:
    api.make({"/orders": {"get": FUNCTION, "options": PREFLIGHT}})
    status, headers, body = api.ask("OPTIONS", "/orders", origin="https://shop.example")
    assert (status, body.strip()) == (200, "{}")
    assert headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert headers["Access-Control-Allow-Methods"] == "GET,PUT"
    assert api.events == []


def test_the_api_s_own_errors_have_the_headers_of_its_template(api: Api) -> None:
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    responses = {"DEFAULT_4XX": {"responseParameters": {header: "'*'"}}}
    api.make({"/orders": {"get": FUNCTION}}, **{rest_apis.GATEWAY_RESPONSES: responses})
    status, headers, _ = api.ask("GET", "/nothing")
    assert (status, headers["Access-Control-Allow-Origin"]) == (403, "*")


def test_an_event_has_the_fields_of_a_rest_api(api: Api) -> None:
    api.make({"/orders/{id}": {"get": FUNCTION}})
    api.ask("GET", "/orders/7", {"tag": ["a", "b"]}, **{"user-agent": "curl"})
    event = api.events[0]
    assert "version" not in event, "only an HTTP API's event has one"
    assert event["resource"] == "/orders/{id}"
    assert event["path"] == "/orders/7"
    assert event["pathParameters"] == {"id": "7"}
    assert event["queryStringParameters"] == {"tag": "b"}
    assert event["multiValueQueryStringParameters"] == {"tag": ["a", "b"]}
    assert event["multiValueHeaders"]["user-agent"] == ["curl"]
    context = event["requestContext"]
    assert context["requestTimeEpoch"] > 1e12
    assert (context["stage"], context["path"]) == ("prod", "/prod/orders/7")
    assert context["domainName"] == "a1b2.execute-api.us-west-2.amazonaws.com"
    assert context["domainPrefix"] == "a1b2"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userArn"] is None


def test_at_a_custom_domain_an_event_s_paths_have_the_base_path_and_no_stage(api: Api) -> None:
    api.make({"/orders": {"get": FUNCTION}})
    token = rest_apis.PATH.set("/v1/orders")
    api.ask("GET", "/orders", host="shop.example")
    rest_apis.PATH.reset(token)
    event = api.events[0]
    assert event["path"] == event["requestContext"]["path"] == "/v1/orders"
    assert event["resource"] == "/orders"


def test_an_event_without_a_query_has_none(api: Api) -> None:
    api.make({"/": {"get": FUNCTION}})
    api.ask("GET", "/")
    assert api.events[0]["queryStringParameters"] is None
    assert api.events[0]["multiValueQueryStringParameters"] is None


@pytest.mark.parametrize(
    "result",
    [
        {"error": True, "body": {"errorType": "KeyError", "errorMessage": "a secret"}},
        {"body": {"orders": []}},
        {"body": {"statusCode": 200, "body": {"orders": []}}},
        {"body": {"statusCode": 200, "orders": []}},
        {"body": "text"},
        {"body": None},
    ],
    ids=["raised", "no answer", "body is no text", "unknown field", "text", "nothing"],
)
def test_a_function_that_fails_or_answers_amiss_is_a_502_that_tells_users_nothing(
    api: Api, result: dict[str, Any]
) -> None:
    api.make({"/": {"get": FUNCTION}})
    api.result = result
    status, _, body = api.ask("GET", "/")
    assert (status, json.loads(body)) == (502, {"message": "Internal server error"})


def test_a_function_s_own_502_and_a_throttled_function_are_passed_on(api: Api) -> None:
    api.make({"/": {"get": FUNCTION}})
    api.result = {"body": {"statusCode": 502, "body": "mine"}}
    assert api.ask("GET", "/")[::2] == (502, "mine")
    api.result = {"throttle": True, "error": True, "body": {"Reason": "limit"}}
    assert api.ask("GET", "/")[0] == 429


def test_an_api_keeps_its_id_when_its_paths_change(api: Api) -> None:
    api.make({"/old": {"get": FUNCTION}})
    update = api.handlers[rest_apis.REST_API]["update"]
    new = {"paths": {"/new": {"get": FUNCTION}}}
    changed = update(api.id, {"Body": {"paths": {}}}, {"Body": new}, "stack", logical_id="Api")
    assert changed == (api.id, {})
    assert api.ask("GET", "/new")[0] == 200
    assert api.ask("GET", "/old")[0] == 403
