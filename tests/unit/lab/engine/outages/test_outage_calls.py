"""What the proxy reads from a request, as botocore makes them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.session import get_session

from lab.engine.outages.outage import Call, read_call

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIA1/20250101/us-west-2/{}/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=00"
)


class Sent:
    """The requests that botocore would have sent."""

    def __init__(self, service: str, region: str = "us-west-2") -> None:
        self.client: Any = get_session().create_client(
            service,
            region_name=region,
            endpoint_url="http://lab.test",
            aws_access_key_id="AKIA1",
            aws_secret_access_key="secret",
            config=Config(signature_version="v4" if service != "s3" else "s3v4"),
        )
        self.client.meta.events.register("before-send", self._take)

    def _take(self, request: Any, **_: Any) -> AWSResponse:
        self.request = request
        return AWSResponse(request.url, 200, {}, _Raw())

    def read(self, operation: str, **parameters: Any) -> Call:
        try:
            getattr(self.client, operation)(**parameters)
        except Exception:
            assert self.request
        headers = {
            k.lower(): v.decode() if isinstance(v, bytes) else v
            for k, v in self.request.headers.items()
        }
        path, _, query = self.request.url.removeprefix("http://lab.test").partition("?")
        return read_call(path, query, headers)


class _Raw:
    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [b""]


def test_the_signature_tells_key_region_and_service() -> None:
    found = read_call("/", "", {"authorization": SIGNED.format("dynamodb")})
    assert (found.key, found.region, found.service) == ("AKIA1", "us-west-2", "dynamodb")


def test_a_presigned_request_tells_them_in_its_query() -> None:
    client = Sent("s3", "us-east-2").client
    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a/b"})
    path, _, query = url.removeprefix("http://lab.test").partition("?")
    found = read_call(path, query, {})
    assert found == Call("AKIA1", "us-east-2", "s3", "bucket")


def test_a_request_without_a_signature_is_nobodys() -> None:
    assert read_call("/anything", "", {}) == Call("", "", "", None)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("put_object", {"Bucket": "bucket", "Key": "a/b", "Body": b"x"}),
        ("get_object", {"Bucket": "bucket", "Key": "a/b"}),
        ("list_objects_v2", {"Bucket": "bucket"}),
    ],
)
def test_an_s3_request_tells_its_bucket(operation: str, parameters: dict[str, Any]) -> None:
    assert Sent("s3").read(operation, **parameters).bucket == "bucket"


def test_listing_all_buckets_names_none() -> None:
    assert not Sent("s3").read("list_buckets").bucket


def test_other_services_paths_are_not_taken_for_buckets() -> None:
    assert Sent("lambda").read("get_function", FunctionName="f").bucket is None
