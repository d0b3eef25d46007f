"""Reports in the Region's bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client


class ReportNotStored(Exception):
    """The bucket did not take a file."""


def store(client: S3Client, bucket: str, prefix: str, files: Mapping[str, tuple[str, str]]) -> str:
    """Put files, each a type and a text, under a prefix, and return its address.

    Raises
    ------
    ReportNotStored
        With the name of the file.
    """
    for name, (kind, text) in files.items():
        try:
            client.put_object(
                Bucket=bucket, Key=f"{prefix}/{name}", Body=text.encode(), ContentType=kind
            )
        except (BotoCoreError, ClientError) as error:
            raise ReportNotStored(f"{prefix}/{name}: {error}") from error
    return f"s3://{bucket}/{prefix}/"
