"""A bill of materials in CycloneDX: Buildroot's own list of what it builds, with what is inside the wheels that came built."""

from __future__ import annotations

import hashlib
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.image.packages import Package
from tools.image.trouble import ImageError

_NESTED = ".dist-info/sboms/"
_KEPT = ("type", "name", "version", "purl", "hashes")


def inside(wheel: Path) -> Iterator[Mapping[str, Any]]:
    """The bills of materials that a wheel carries (PEP 770).  ImageError for one that is no CycloneDX."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if _NESTED in name and name.endswith(".json"):
                told = json.loads(archive.read(name))
                if told.get("bomFormat") != "CycloneDX":
                    raise ImageError(f"{wheel.name}: {name}: is no CycloneDX")
                yield told


def described(theirs: Mapping[str, Any], package: Package, wheel: Path | None) -> dict[str, Any]:
    """Buildroot's word on a package of an index, with the index's name for it, its hash, and what its wheel says that it holds.

    ImageError where the wheel is not the one that the package names.
    """
    digest = package.hashes[package.source]
    purl = f"pkg:pypi/{package.index_name}@{package.version}"
    told = {**theirs, "purl": purl, "hashes": [{"alg": "SHA-256", "content": digest}]}
    if wheel is not None:
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != digest:
            raise ImageError(f"{wheel.name}: is not what {package.name} names")
        parts = [_part(part, package.name) for bom in inside(wheel) for part in bom.get("components", [])]
        if parts:
            told["components"] = list({part["bom-ref"]: part for part in parts}.values())
    return told


def _part(part: Mapping[str, Any], within: str) -> dict[str, Any]:
    """Of a nested component what names it; its reference made one of a kind."""
    own = part.get("bom-ref", f"{part['name']}@{part.get('version', '')}")
    return {key: part[key] for key in _KEPT if key in part} | {"bom-ref": f"{within}#{own}"}


def bill(
    subject: tuple[str, str], built: Mapping[str, Any], packages: Sequence[Package], wheels: Mapping[str, Path]
) -> dict[str, Any]:
    """The bill of an image.

    ``subject``: its name and version, of which its serial number is made, so that it is the same for the same image; ``built``: Buildroot's own bill;
    ``wheels``: where the wheels of ``packages`` are, by package.
    """
    name, version = subject
    ours = {package.name: package for package in packages}
    components = [
        described(each, ours[each["name"]], wheels.get(each["name"])) if each["name"] in ours else each
        for each in built["components"]
    ]
    root = built["metadata"]["component"]["bom-ref"]
    edges = [{**each, "ref": name} if each["ref"] == root else each for each in built["dependencies"]]
    subject_component = {"type": "firmware", "bom-ref": name, "name": name, "version": version}
    return {
        **built,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'lapel/{name}/{version}')}",
        "version": 1,
        "metadata": {**built["metadata"], "component": subject_component},
        "components": components,
        "dependencies": edges,
    }
