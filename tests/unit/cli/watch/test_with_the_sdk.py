"""What `watch` asks, by the real SDK: it takes every argument, and moto answers."""

from __future__ import annotations

import json

import boto3
from moto import mock_aws

from cli.asking.clients import Clients
from cli.watch import attaching, reads
from cli.watch.run import Run
from tests.unit.cli.made_up_pair import PRIMARY, SECONDARY, Pair
from tests.unit.cli.test_with_the_sdk import create_region, create_table
from tests.unit.cli.watch.test_command import asked


def test_every_call_is_one_that_the_sdk_knows() -> None:
    deployment, clients, pair = asked().deployment, Clients(), Pair()
    pair.fail_over()
    with mock_aws():
        for (region, table), rows in pair.tables.items():
            create_table(region, table, rows)
        for region in (PRIMARY, SECONDARY):
            create_region(region)
        client = boto3.client("stepfunctions", SECONDARY)
        machines = {
            m["name"]: m["stateMachineArn"] for m in client.list_state_machines()["stateMachines"]
        }
        request = json.dumps({"mode": "failover"})
        arn = machines["pilot-light-failover"]
        started = client.start_execution(stateMachineArn=arn, name="run-2", input=request)

        found = attaching.whatever_runs(clients, deployment)
        assert (found.arn, found.runs) == (started["executionArn"], True)
        assert attaching.named(clients, deployment, "run-2").arn == started["executionArn"]
        run = Run()
        read = reads.poll(clients, found.arn, run)
        run.take(read.events)
        assert read.problems == []
        assert read.description is not None
        assert run.visits
        # The record has no claim, so it is no measure.
        assert reads.past(clients, deployment) == []
