"""Requests to the app while nobody uses it: where they come from, and what each makes.

A request to a function URL costs what the function costs, and nothing else:
https://docs.aws.amazon.com/lambda/latest/dg/apig-http-invoke-decision.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cost import CostError
from cost.bill import Line
from cost.checks import FUNCTION_URL
from cost.traces import recorded, rules
from lab.intrinsics import referred

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.checks import Check
    from cost.settings import Settings
    from cost.standing import Deployment
    from cost.template import Resource, Stack
    from cost.usage import Usage

API_PRICES = {"AWS::Serverless::Api": "api_rest", "AWS::Serverless::HttpApi": "api_http"}
API_EVENTS = ("Api", "HttpApi")
# Others, such as queues and streams, are polled, and polling costs.
UNPOLLED_EVENTS = ("Schedule", "ScheduleV2", "EventBridgeRule", "CloudWatchEvent", "SNS", "S3")


@dataclass(frozen=True)
class Route:
    """One method of an API or function URL, and the function behind it."""

    method: str
    path: str
    api: Resource
    function: str


@dataclass(frozen=True)
class Flow:
    """Requests of one kind in a month, by the name that is asked for."""

    where: str
    route: Route
    number: float
    cause: str
    host: str = ""

    @property
    def by_url(self) -> bool:
        """Whether they come by a function URL, past every API."""
        return self.route.api.kind == FUNCTION_URL


def routes(stack: Stack) -> list[Route]:
    """Return what the APIs of a stack answer."""
    found = []
    for function in stack.of("AWS::Serverless::Function"):
        for event in function.properties.get("Events", {}).values():
            if event["Type"] not in API_EVENTS:
                if event["Type"] not in UNPOLLED_EVENTS:
                    kind = event["Type"]
                    raise CostError(
                        f"{function.name} has an event of type {kind}, not priced here."
                    )
                continue
            given = event["Properties"]
            api = stack.resources.get(referred(given.get("RestApiId", given.get("ApiId", ""))))
            if api is None:
                raise CostError(f"An event of {function.name} names no API of the template.")
            found.append(Route(given["Method"].upper(), given["Path"], api, function.name))
    return found


def route(stack: Stack, method: str, path: str, asker: str) -> Route:
    """Return the route that a request takes.

    Raises
    ------
    CostError
        Nothing answers it.
    """
    for candidate in routes(stack):
        if candidate.method in (method, "ANY", "*") and candidate.path == path:
            return candidate
    raise CostError(f"{asker} asks for {method} {path} in the {stack.role}; no function answers.")


def of_checks(checks: Iterable[Check], deployment: Deployment) -> Iterable[Flow]:
    """Return the requests of the health checks to the APIs of the stacks."""
    stacks = {s.role: s for s in deployment.stacks}
    for check in checks:
        number = check.requests(deployment.usage.month_seconds)
        if number and check.target:
            stack = stacks[check.target]
            url = stack.resources.get(referred(check.host))
            if url is None:
                found = route(stack, "GET", check.path, check.name)
            else:
                asked = referred(url.properties["TargetFunctionArn"])
                found = Route("GET", check.path, url, asked)
            yield Flow(check.target, found, number, check.name, check.host)


def of_users(deployment: Deployment) -> Iterable[Flow]:
    """Return the requests of users, none by default, to the Region that serves in normal times."""
    usage = deployment.usage
    requests, writes = usage.assumed("user_requests"), usage.assumed("user_write_share")
    if writes > 1:
        raise CostError("The assumption user_write_share must be from 0 to 1.")
    primary = next(s for s in deployment.stacks if s.role == "Primary")
    if requests:
        for method, path, share in (("GET", "/items/{id}", 1 - writes), ("POST", "/items", writes)):
            found = route(primary, method, path, "The user")
            given = primary.parameters
            name = f"{given['PublicLabel']}.{given['ZoneName']}"
            yield Flow("Primary", found, requests * share, "users", name)


def of_probes(
    function: str, invocations: float, stacks: Iterable[Stack], usage: Usage
) -> Iterable[Flow]:
    """Return the requests that a function makes itself, such as a sentinel's probes."""
    by_role = {s.role: s for s in stacks}
    for target, number in usage.function(function).probes.items():
        role, _, path = target.partition(" ")
        if role not in by_role:
            raise CostError(f"{function} probes {target!r}; write a role and a path.")
        stack = by_role[role]
        found = route(stack, "GET", path, function)
        name = f"{stack.region}.{stack.parameters['ZoneName']}"
        yield Flow(role, found, invocations * number, function, name)


def lines(flows: list[Flow], deployment: Deployment) -> Iterable[Line]:
    """Return what API Gateway asks for the requests, and the answers cost, without functions."""
    prices, kilobytes = deployment.prices, deployment.usage.assumed("response_kb")
    for flow in flows:
        if not flow.by_url:
            price = prices[API_PRICES[flow.route.api.kind]]
            what = f"{flow.route.method} {flow.route.path} for {flow.cause}"
            yield Line("API Gateway", flow.where, what, flow.number, price, (flow.cause,))
        sent, size = prices["transfer_out"], flow.number * kilobytes / 1_000_000
        service = "Lambda" if flow.by_url else "API Gateway"
        yield Line(service, flow.where, "responses sent out", size, sent, (flow.cause,))


def metric_lines(flows: list[Flow], deployment: Deployment, settings: Settings) -> Iterable[Line]:
    """Return the metrics that the APIs keep for each method that gets requests."""
    if "method-metrics" in settings.without:
        return
    methods = {(f.where, f.route.api.name, f.route.method, f.route.path): f for f in flows}
    for (where, _, method, path), flow in methods.items():
        if _detailed(flow.route):
            number = deployment.usage.assumed("metrics_per_method")
            price, cause = deployment.prices["custom_metric"], (f"{method} {path}",)
            yield Line("CloudWatch", where, "API's metrics by method", number, price, cause)


def _detailed(asked: Route) -> bool:
    """Tell whether the API keeps metrics of a method: the most specific setting decides."""
    default = asked.api.properties.get("DefaultRouteSettings", {})
    decided = (-1, bool(default.get("DetailedMetricsEnabled")))
    for given in asked.api.properties.get("MethodSettings", []):
        path, method = given.get("ResourcePath", "/*"), given.get("HttpMethod", "*")
        if path in ("/*", asked.path) and method in ("*", asked.method):
            rank = 2 * (path == asked.path) + (method == asked.method)
            decided = max(decided, (rank, bool(given.get("MetricsEnabled"))))
    return decided[1]


def trace_lines(flows: list[Flow], deployment: Deployment, settings: Settings) -> Iterable[Line]:
    """Return the traces of the requests that X-Ray samples.

    A traced REST API decides for its function, too; behind any other API a traced function
    samples for itself, by the default rule (Lambda's rate cannot be configured).
    """
    seconds = deployment.usage.month_seconds
    for stack in deployment.stacks:
        groups: dict[str, list[Flow]] = {}
        for flow in (f for f in flows if f.where == stack.role):
            if flow.cause != "users" and "check-traces" in settings.without:
                continue
            by_api = flow.route.api.properties.get("TracingEnabled")
            tracer = flow.route.api if by_api else stack.resources[flow.route.function]
            if by_api or tracer.properties.get("Tracing") == "Active":
                groups.setdefault(tracer.name, []).append(flow)
        for tracer_name, group in groups.items():
            tracer = stack.resources[tracer_name]
            among = rules(stack) if tracer.kind in API_PRICES else rules(stack)[-1:]
            given = tracer.properties
            service = f"{given.get('Name', '')}/{given.get('StageName', '')}"
            asked = [(f.route.method, f.host, f.route.path, f.number) for f in group]
            number = recorded(asked, service, among, seconds)
            causes = tuple(dict.fromkeys(f.cause for f in group))
            what = "traces of requests"
            yield Line("X-Ray", stack.role, what, number, deployment.prices["trace"], causes)
