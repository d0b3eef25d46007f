"""Other people's SAM applications, built and deployed to an engine of their own."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import applications
from tests.e2e.applications import EXAMPLES, needs_sdk
from tests.e2e.engines import engine, until
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with engine(tmp_path_factory.mktemp("engine")) as (config, _):
        yield lambda name, *regions: applications.deploy(config, EXAMPLES / name, *regions)


@needs_sdk
def test_orders_of_a_rest_api_in_node_js_in_two_regions(deploy: Any) -> None:
    orders, elsewhere = deploy("orders-node", PRIMARY, SECONDARY)
    assert orders.ask("GET", "/health") == (200, {"status": "ok", "region": PRIMARY})
    status, order = orders.ask("POST", "/orders", {"product": "tea", "quantity": 2})
    assert (status, order["status"]) == (201, "NEW")
    path = f"/orders/{order['id']}"
    assert orders.ask("GET", path) == (200, order)
    paid = {**order, "status": "PAID"}
    assert orders.ask("PUT", path, paid) == (200, paid)
    assert orders.ask("GET", path) == (200, paid)
    assert orders.ask("PUT", "/orders/own", paid) == (200, {**paid, "id": "own"})
    assert orders.ask("PUT", path, {"status": "PAID"})[0] == 400
    assert orders.ask("DELETE", path)[0] == 403

    orders.control.act("outage", mode="region", region=PRIMARY)
    with pytest.raises((OSError, http.client.HTTPException)):
        orders.ask("GET", "/health")
    assert elsewhere.ask("POST", "/orders", {"product": "tea", "quantity": 1})[0] == 201
    orders.control.act("heal")
    assert orders.ask("GET", path)[0] == 200

    # The function calls as its role, and nothing else.
    (role,) = orders.client("cloudformation").describe_stack_resources(
        StackName=orders.stack, LogicalResourceId="FunctionRole"
    )["StackResources"]
    name = role["PhysicalResourceId"]
    for policy in orders.client("iam").list_role_policies(RoleName=name)["PolicyNames"]:
        orders.client("iam").delete_role_policy(RoleName=name, PolicyName=policy)
    assert orders.ask("GET", path) == (502, {"message": "Internal server error"})
    assert orders.ask("GET", "/health")[0] == 200


def test_jobs_of_a_queue_in_python_of_which_only_those_that_failed_come_again(deploy: Any) -> None:
    jobs, _ = deploy("queue-worker", PRIMARY, SECONDARY)
    assert jobs.ask("GET", "/health")[1]["region"] == jobs.region
    done = jobs.ask("POST", "/jobs", {"text": "one two three"})[1]["id"]
    failing = jobs.ask("POST", "/jobs", {"text": ""})[1]["id"]
    until("the job is done", lambda: jobs.ask("GET", f"/jobs/{done}")[0] == 200)
    assert jobs.ask("GET", f"/jobs/{done}")[1]["words"] == 3
    assert jobs.ask("GET", f"/jobs/{failing}")[0] == 404
    sqs = jobs.client("sqs")
    (queue,) = sqs.list_queues(QueueNamePrefix=f"{jobs.stack}-Queue")["QueueUrls"]

    def waiting() -> tuple[str, str]:
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        return (
            found["ApproximateNumberOfMessages"],
            found["ApproximateNumberOfMessagesNotVisible"],
        )

    until("only the job that failed is kept", lambda: waiting() == ("0", "1"))
