"""How a place is named on the command line: ``dir:PATH``, ``s3://BUCKET/PREFIX?endpoint=URL``, ``swift://CONTAINER/PREFIX``.

An address holds no credentials: whoever lists processes, or reads a log, would see them.
"""

from __future__ import annotations

import importlib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import parse_qsl, urlsplit

from tools.dock.places.place import AddressError, Place

LONGEST = 1024
_SETTINGS: Mapping[str, frozenset[str]] = {
    "dir": frozenset({"disk"}),
    "s3": frozenset({"endpoint", "region"}),
    "swift": frozenset({"region"}),
}
_MODULES: Mapping[str, str] = {"dir": "directory", "s3": "s3", "swift": "swift"}
_CONTAINER = re.compile(r"[A-Za-z0-9._-]{1,255}")
_PREFIX = re.compile(r"([A-Za-z0-9._-]{1,255}(/[A-Za-z0-9._-]{1,255})*)?")


@dataclass(frozen=True, slots=True)
class Address:
    """A place's kind, the directory, bucket or container, the prefix of all its keys (``""`` or ending in a slash), and settings."""

    text: str
    kind: str
    root: str
    prefix: str
    settings: Mapping[str, str]


class Opener(Protocol):
    """What each kind's module offers as ``open_place``."""

    def __call__(self, address: Address, store: Path | None) -> Place:
        """Open it; ``AddressError`` if that cannot be.  ``store``: the directory of which it keeps copies, None for reading alone."""


def parse(text: str) -> Address:
    """Take an address apart; ``AddressError`` says what is wrong with it."""
    if len(text) > LONGEST or not text.isprintable():
        raise AddressError(
            "the address is too long" if len(text) > LONGEST else "the address has unprintable characters"
        )
    kind, separator, _ = text.partition(":")
    if not separator or kind not in _SETTINGS:
        raise AddressError(f"{text!r} is no place: dir:PATH, s3://BUCKET/PREFIX or swift://CONTAINER/PREFIX")
    path, _, query = text.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise AddressError(f"{text}: what stands behind the ? is no NAME=VALUE") from None
    settings = dict(pairs)
    if len(settings) != len(pairs) or (odd := settings.keys() - _SETTINGS[kind]):
        known = ", ".join(sorted(_SETTINGS[kind]))
        raise AddressError(
            f"{text}: {'a setting stands twice' if len(settings) != len(pairs) else f'unknown: {min(odd)}'} (there is {known})"
        )
    if kind == "dir":
        return Address(text, kind, path.removeprefix("dir:"), "", settings)
    root, _, prefix = path.removeprefix(f"{kind}://").partition("/")
    prefix = prefix.rstrip("/")
    if not path.startswith(f"{kind}://") or not _CONTAINER.fullmatch(root):
        raise AddressError(f"{kind}://BUCKET/PREFIX has letters, digits, . _ - alone, and credentials stand elsewhere")
    if not _PREFIX.fullmatch(prefix) or ".." in prefix.split("/"):
        raise AddressError(f"{text}: {prefix!r} is no prefix (letters, digits, . _ - and / between names)")
    return Address(text, kind, root, f"{prefix}/" if prefix else "", settings)


def open_place(text: str, store: Path | None = None) -> Place:
    """Open the place of this address; ``AddressError`` where it cannot be used as it is named."""
    address = parse(text)
    try:
        module = importlib.import_module(f"tools.dock.places.{_MODULES[address.kind]}")
    except ImportError as error:
        raise AddressError(f"{text}: {error.name} is not installed (requirements/desk-dev.txt has it)") from None
    return cast("Opener", module.open_place)(address, store)


def check_endpoint(url: str, what: str) -> str:
    """The same URL; ``AddressError`` unless it is ``https``, or ``http`` on this machine, and holds no credentials."""
    if "@" in url:
        raise AddressError(f"{what} holds credentials: they belong into the environment")
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise AddressError(f"{what} {url!r} is no http:// or https:// URL")
    if parts.scheme == "http" and not _is_here(host):
        raise AddressError(f"{what} {url}: without TLS only on this machine itself")
    return url


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
