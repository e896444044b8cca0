"""A package index, as pip is set up to use it: whether it has the files of our packages, under the same hashes and where they say."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.image.packages import Package
from tools.image.trouble import ImageError, run

_ACCEPT = "application/vnd.pypi.simple.v1+json"
_TIMEOUT_S = 60
_LIMIT = 64 << 20  # bytes of one answer


def configured() -> str:
    """The index that pip is set up with, or that pip itself looks at where nobody told it otherwise.  ImageError for one that is no web address."""
    told = _ask("-m", "pip", "config", "list")
    found = re.findall(r"(?m)^(?:global|install|download|:env:)\.index-url='(.+)'$", told)
    address = found[-1] if found else _ask("-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)")
    if not address.startswith(("https://", "http://")):
        raise ImageError(f"the index that pip is set up with is {address}")
    return address.strip().rstrip("/")


def _ask(*arguments: str) -> str:
    return run([sys.executable, *arguments])[0]


def listing(index: str, name: str) -> Mapping[str, Mapping[str, Any]]:
    """What the index has of one package, by file name.  ImageError where it cannot be asked, or does not answer in JSON (PEP 691)."""
    request = urllib.request.Request(f"{index}/{name}/", headers={"Accept": _ACCEPT})  # noqa: S310 - looked at by configured
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - the same
            told = json.loads(answer.read(_LIMIT))
        return {file["filename"]: file for file in told["files"]}
    except (OSError, ValueError, KeyError, urllib.error.URLError) as error:
        raise ImageError(f"{name}: the index does not tell: {error}") from error


def bring(package: Package, into: Path) -> Path:
    """The file of a package, fetched from where the package says, unless it is there already.  ImageError where it cannot be had, or is another one."""
    path = into / package.source
    if not path.exists():
        try:
            with urllib.request.urlopen(f"{package.site}/{package.source}", timeout=_TIMEOUT_S) as answer:  # noqa: S310 - its recipe names it
                held = answer.read(_LIMIT)
        except OSError as error:
            raise ImageError(f"{package.source}: cannot be fetched: {error}") from error
        into.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)
    if hashlib.sha256(path.read_bytes()).hexdigest() != package.hashes[package.source]:
        raise ImageError(f"{path}: is not what {package.name} names")
    return path


def differences(package: Package, files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Where a package of ours and the index part: each a line."""
    file = files.get(package.source)
    if file is None:
        return [f"{package.name}: {package.source}: the index has none"]
    found = []
    if file["hashes"].get("sha256") != package.hashes[package.source]:
        found.append(f"{package.name}: {package.source}: the index has another hash")
    if not file["url"].split("#")[0].endswith("/".join((*package.site.split("/")[3:], package.source))):
        found.append(f"{package.name}: {package.source}: the index has it elsewhere than {package.site}")
    if file.get("yanked"):
        found.append(f"{package.name}: {package.version}: was withdrawn: {file['yanked']}")
    return found
