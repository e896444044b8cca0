"""Copies in OpenStack Swift, by python-swiftclient, and by keystoneauth1 where OpenStack's Keystone says who may.

Credentials come from the environment alone, by the names that OpenStack's own command line takes: ``OS_AUTH_URL`` and what goes with it
(an application credential, or user, password and project), or ``ST_AUTH``, ``ST_USER``, ``ST_KEY`` for a Swift that asks for these itself.
A private CA comes from ``OS_CACERT``.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any, BinaryIO
from urllib.parse import quote

from keystoneauth1 import session as keystone
from keystoneauth1.exceptions import ClientException as KeystoneError
from keystoneauth1.exceptions import ConnectFailure, ConnectTimeout, EndpointNotFound, NotFound, Unauthorized
from keystoneauth1.identity import v3
from requests.exceptions import ChunkedEncodingError, RequestException, SSLError, Timeout
from requests.exceptions import ConnectionError as NoConnectionError
from swiftclient.client import Connection
from swiftclient.exceptions import ClientException

from tools.dock.places.address import Address, check_endpoint
from tools.dock.places.place import AWAY, BROKEN, CHUNK, SILENT, AddressError, PlaceError

TIMEOUT_S = 30.0
RETRIES = 1
PAGE = 1000
_NOT_FOUND = 404
_FAILURES: Mapping[type[Exception], str] = {
    Unauthorized: "it refuses these credentials",
    NotFound: "it does not know these credentials",
    EndpointNotFound: "the cloud has no object store in this region",
    ConnectTimeout: SILENT,  # Keystone's
    Timeout: SILENT,
    SSLError: "its certificate is not believed",
    ChunkedEncodingError: BROKEN,
    ConnectFailure: AWAY,
    NoConnectionError: AWAY,
}

_BY_STATUS: Mapping[int, str] = {
    401: "it refuses these credentials",
    403: "it does not let these credentials do that",
    404: "it has no such container or object",
    413: "it is full: the quota is used up, or the file is too long for it",
    422: "what arrived there is not what was sent",
    503: "it is not available, or has no room",
    507: "it is full",
}
_PASSWORD = (
    "username",
    "user_id",
    "user_domain_name",
    "user_domain_id",
    "project_name",
    "project_id",
    "project_domain_name",
    "project_domain_id",
)


def open_place(address: Address, _store: Path | None) -> SwiftPlace:
    """``swift://CONTAINER/PREFIX``, with ``?region=NAME`` where there are several."""
    logging.getLogger("swiftclient").setLevel(logging.CRITICAL)  # it logs what we say in words, and headers beside
    return SwiftPlace(address.text, _connector(address), address.root, address.prefix)


def _connector(address: Address) -> Callable[[], Any]:
    """What opens one more connection, by what the environment says."""
    given = os.environ
    ca, options = (
        given.get("OS_CACERT") or None,
        {"region_name": address.settings.get("region") or given.get("OS_REGION_NAME")},
    )
    more = {"timeout": TIMEOUT_S, "retries": RETRIES, "os_options": options, "cacert": ca}
    if "OS_AUTH_URL" in given:
        url = check_endpoint(given["OS_AUTH_URL"], "OS_AUTH_URL")
        session = keystone.Session(auth=_signing_in(address, url), verify=ca or True, timeout=TIMEOUT_S)
        return lambda: Connection(session=session, **more)
    if missing := [name for name in ("ST_AUTH", "ST_USER", "ST_KEY") if not given.get(name)]:
        raise AddressError(
            f"{address.text}: no credentials: set OS_AUTH_URL and what goes with it, or ST_AUTH, ST_USER, ST_KEY; {missing[0]} is missing"
        )
    url = check_endpoint(given["ST_AUTH"], "ST_AUTH")
    return lambda: Connection(authurl=url, user=given["ST_USER"], key=given["ST_KEY"], auth_version="1", **more)


def _signing_in(address: Address, url: str) -> Any:
    """An application credential, or a user's password, as the environment has it."""
    given = os.environ
    if not url.rstrip("/").endswith("/v3"):
        url = f"{url.rstrip('/')}/v3"
    if "OS_APPLICATION_CREDENTIAL_ID" in given:
        secret = given.get("OS_APPLICATION_CREDENTIAL_SECRET", "")
        return v3.ApplicationCredential(
            url, application_credential_id=given["OS_APPLICATION_CREDENTIAL_ID"], application_credential_secret=secret
        )
    if "OS_PASSWORD" not in given:
        raise AddressError(
            f"{address.text}: no credentials: OS_PASSWORD, or OS_APPLICATION_CREDENTIAL_ID and _SECRET, is missing"
        )
    who: dict[str, Any] = {name: given.get(f"OS_{name.upper()}") for name in _PASSWORD}
    return v3.Password(url, password=given["OS_PASSWORD"], **who)


class SwiftPlace:
    """A container, or what is under a prefix in it.  An object appears whole, by one PUT, or not at all."""

    def __init__(self, name: str, connect: Callable[[], Any], container: str, prefix: str) -> None:
        """With what opens a connection of swiftclient's."""
        self.name = name
        self._connect = connect
        self._idle: LifoQueue[Any] = LifoQueue()
        self._container = container
        self._prefix = prefix

    def size(self, key: str) -> int | None:
        """Bytes of this object."""
        with self._connection() as connection:
            try:
                return int(connection.head_object(self._container, self._prefix + key)["content-length"])
            except ClientException as error:
                if error.http_status != _NOT_FOUND:
                    raise
            connection.head_container(self._container)  # without a body nobody can say which of both is missing
            return None

    def put(self, key: str, file: BinaryIO, length: int) -> None:
        """Send it with its MD5, which is what Swift compares with what arrives."""
        md5 = hashlib.md5(usedforsecurity=False)
        while chunk := file.read(CHUNK):
            md5.update(chunk)
        file.seek(0)
        with self._connection() as connection:
            connection.put_object(
                self._container, self._prefix + key, file, content_length=length, chunk_size=CHUNK, etag=md5.hexdigest()
            )

    def read(self, key: str) -> Generator[bytes]:
        """Get it."""
        with self._connection() as connection:
            headers, body = connection.get_object(self._container, self._prefix + key, resp_chunk_size=CHUNK)
            length = 0
            for chunk in body:
                length += len(chunk)
                yield chunk
            if length != int(headers["content-length"]):
                raise PlaceError(f"{length} of {headers['content-length']} bytes came back")

    def set_aside(self, key: str, aside: str) -> None:
        """Have the server copy it."""
        with self._connection() as connection:
            connection.copy_object(
                self._container, self._prefix + key, f"/{self._container}/{quote(self._prefix + aside)}"
            )

    def keys(self, prefix: str) -> Iterator[str]:
        """List the container, page by page."""
        marker = ""
        while True:
            with self._connection() as connection:
                _, page = connection.get_container(
                    self._container, prefix=self._prefix + prefix, marker=marker, limit=PAGE
                )
            for entry in page:
                marker = str(entry["name"])
                yield marker.removeprefix(self._prefix)
            if not page:
                return

    def close(self) -> None:
        """Close what is idle."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """One that nobody else has; it is used again only if nothing went wrong with it."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        well = False
        try:
            if not connection.token:
                connection.url, connection.token = connection.get_auth()
                check_endpoint(connection.url, "its own address")  # the token goes there with each request
            yield connection
            well = True
        except ClientException as error:
            raise PlaceError(_words(error)) from None
        except (KeystoneError, RequestException) as error:
            words = next((words for kind, words in _FAILURES.items() if isinstance(error, kind)), str(error))
            raise PlaceError(words) from None
        except (AddressError, OSError) as error:
            raise PlaceError(str(error)) from None
        finally:
            if well:
                self._idle.put(connection)
            else:
                connection.close()


def _words(error: Any) -> str:
    """The server's answer in words."""
    status = error.http_status
    if status is None:
        return str(error)
    return f"{_BY_STATUS.get(status) or error.http_reason or 'it answers with an error'} (HTTP {status})"
