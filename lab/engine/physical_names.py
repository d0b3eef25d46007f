"""Names that CloudFormation makes: another suffix in each Region.

MiniStack's suffix is a hash of the stack's name and the resource's. Two stacks of one name in two
Regions, as an application in both has them, would share their roles, which are global: the second
deployment would take the first one's permissions away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.engine.patching import edit

if TYPE_CHECKING:
    from lab.engine.aws import Aws


def install(aws: Aws) -> None:
    """Let the Region be part of what the suffix is made of."""
    edit(
        aws.provisioners,
        "_physical_name",
        ("hashlib.sha256(key.encode())", 'hashlib.sha256(f"{get_region()}:{key}".encode())'),
    )
