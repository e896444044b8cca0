"""Copies in an S3-compatible object store, by botocore: Amazon's own client library, without what boto3 puts on top.

Credentials come from where botocore looks for them (``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, ``AWS_PROFILE``,
``~/.aws/credentials``, the machine's role), a private CA from ``AWS_CA_BUNDLE``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.session import Session

from tools.dock.places.address import Address, check_endpoint
from tools.dock.places.place import AWAY, BROKEN, CHUNK, SILENT, AddressError, PlaceError

CONNECT_S = 10
READ_S = 30
POOL = 8
PAGE = 1000
REGION = "us-east-1"
"""What stores that know no regions want to hear."""

_WORDS: Mapping[str, str] = {
    "AccessDenied": "it does not let these credentials do that",
    "EntityTooLarge": "it is full, or the file is too long for it",
    "ExpiredToken": "the credentials have expired",
    "InvalidAccessKeyId": "it does not know these credentials",
    "NoSuchBucket": "it has no such bucket",
    "QuotaExceeded": "it is full: the quota is used up",
    "RequestTimeTooSkewed": "its clock and this one differ too much",
    "SignatureDoesNotMatch": "it refuses these credentials: the secret is another one",
    "XAmzContentSHA256Mismatch": "what arrived there is not what was sent",
}
_BY_STATUS: Mapping[int, str] = {
    401: "it does not know these credentials",
    403: "it does not let these credentials do that",
    413: "it is full, or the file is too long for it",
    503: "it is not available, or has no room",
    507: "it is full",
}
_NOT_FOUND = 404
_FAILURES: Mapping[type[Exception], str] = {
    NoCredentialsError: "there are no credentials any more",
    ConnectTimeoutError: SILENT,
    ReadTimeoutError: SILENT,
    SSLError: "its certificate is not believed",
    EndpointConnectionError: AWAY,
    ConnectionClosedError: BROKEN,
    HTTPClientError: BROKEN,
    ResponseStreamingError: BROKEN,
    IncompleteReadError: BROKEN,
}


def open_place(address: Address, _store: Path | None) -> S3Place:
    """``s3://BUCKET/PREFIX``, with ``?endpoint=URL`` for any other store than Amazon's, and ``&region=NAME``."""
    endpoint = address.settings.get("endpoint")
    session = Session()
    settings = Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        max_pool_connections=POOL,
        retries={"total_max_attempts": 2, "mode": "standard"},
        # The SHA-256 of the whole body is part of what is signed, so the server checks it; younger checksums, which not every store knows, only where one must be.
        s3={"payload_signing_enabled": True, "addressing_style": "path" if endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    region = address.settings.get("region") or session.get_config_variable("region") or REGION
    try:
        if session.get_credentials() is None:
            raise AddressError(
                f"{address.text}: no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        client = session.create_client("s3", endpoint_url=endpoint, region_name=region, config=settings)
    except (BotoCoreError, ValueError) as error:
        raise AddressError(f"{address.text}: {error}") from None
    check_endpoint(client.meta.endpoint_url, "endpoint")
    return S3Place(address.text, client, address.root, address.prefix)


class S3Place:
    """A bucket, or what is under a prefix in it.  An object appears whole, by one PUT, or not at all."""

    def __init__(self, name: str, client: Any, bucket: str, prefix: str) -> None:
        """With a client of botocore's."""
        self.name = name
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def size(self, key: str) -> int | None:
        """Bytes of this object."""
        try:
            with _in_words():
                return int(self._client.head_object(**self._at(key))["ContentLength"])
        except NotThereError:
            pass
        try:
            with _in_words():
                self._client.head_bucket(
                    Bucket=self._bucket
                )  # a refusal without a body does not say which of both is missing
        except NotThereError:
            raise PlaceError(_WORDS["NoSuchBucket"]) from None
        return None

    def put(self, key: str, file: BinaryIO, length: int) -> None:
        """Send it; the server compares the SHA-256 of what arrives with the one that is signed into the request."""
        with _in_words():
            self._client.put_object(**self._at(key), Body=file, ContentLength=length)

    def read(self, key: str) -> Generator[bytes]:
        """Get it."""
        with _in_words(), closing(self._client.get_object(**self._at(key))["Body"]) as body:
            yield from body.iter_chunks(CHUNK)

    def set_aside(self, key: str, aside: str) -> None:
        """Have the server copy it."""
        with _in_words():
            self._client.copy_object(**self._at(aside), CopySource={"Bucket": self._bucket, "Key": self._prefix + key})

    def keys(self, prefix: str) -> Iterator[str]:
        """List the bucket, page by page."""
        pages = self._client.get_paginator("list_objects_v2")
        with _in_words():
            for page in pages.paginate(**self._at(prefix, "Prefix"), PaginationConfig={"PageSize": PAGE}):
                for entry in page.get("Contents", ()):
                    yield str(entry["Key"]).removeprefix(self._prefix)

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def _at(self, key: str, called: str = "Key") -> dict[str, str]:
        return {"Bucket": self._bucket, called: self._prefix + key}


class NotThereError(PlaceError):
    """There is no such object."""


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _said(error.response) from None
    except BotoCoreError as error:
        raise PlaceError(
            next((words for kind, words in _FAILURES.items() if isinstance(error, kind)), str(error))
        ) from None
    except OSError as error:
        raise PlaceError(error.strerror or str(error)) from None


def _said(response: Mapping[str, Any]) -> PlaceError:
    """The server's answer in words."""
    told = response.get("Error", {})
    code, status = str(told.get("Code", "")), int(response["ResponseMetadata"]["HTTPStatusCode"])
    if status == _NOT_FOUND and code != "NoSuchBucket":
        return NotThereError("it has no such object")
    words = _WORDS.get(code) or _BY_STATUS.get(status) or str(told.get("Message") or "it answers with an error")
    return PlaceError(
        f"{words} ({code}, HTTP {status})" if code and code != str(status) else f"{words} (HTTP {status})"
    )
