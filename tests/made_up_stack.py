"""A stack of an application, as CloudFormation describes it."""

from __future__ import annotations

from typing import Any


class MadeUpStack:
    """A client of CloudFormation that knows one stack."""

    def __init__(self, outputs: dict[str, str], resources: dict[str, str] | None = None) -> None:
        self._outputs, self._resources = outputs, resources or {}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in self._outputs.items()]
        return {"Stacks": [{"Outputs": outputs} if outputs else {}]}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_stack_resources"
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:
        """One resource on each page. Those that are named so are stages of an API."""
        kinds = {
            k: "AWS::ApiGateway::Stage" if k.endswith("Stage") else "-" for k in self._resources
        }
        return [
            {
                "StackResourceSummaries": [
                    {"LogicalResourceId": k, "PhysicalResourceId": v, "ResourceType": kinds[k]}
                ]
            }
            for k, v in self._resources.items()
        ]
