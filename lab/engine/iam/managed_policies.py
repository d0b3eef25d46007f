"""AWS's managed policies: MiniStack has some thirty of them, moto all, with their documents.

A role with one that is not known would be allowed nothing.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from lab.engine.aws import Aws

PREFIX = "arn:aws:iam::aws:policy/"


def install(aws: Aws) -> None:
    """Let MiniStack find every managed policy. A name that AWS does not have stays unknown."""
    iam = aws.iam

    @wrap(iam, "_lookup_policy")
    def look_up(original: Any, arn: str) -> Any:
        found = original(arn)
        if found is None and (document := document_of(arn)):
            name = arn.removeprefix(PREFIX)
            found = iam._make_aws_managed_record(name, json.dumps(document))
            iam._aws_managed_policies[arn] = found
        return found


def document_of(arn: str) -> dict[str, Any] | None:
    """Return the document of a managed policy, or None where AWS has none of this name."""
    if not isinstance(arn, str) or not arn.startswith(PREFIX):
        return None
    path, _, name = arn.removeprefix(PREFIX).rpartition("/")
    policy = _policies().get(name)
    if policy is None or policy["Path"].strip("/") != path:
        return None
    document: dict[str, Any] = policy["Document"]
    return document


@cache
def _policies() -> dict[str, Any]:
    # Megabytes, of which most labs need nothing.
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies
