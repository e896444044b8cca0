"""The packages that our tree adds to Buildroot's: versions, files and hashes, held against the lock that the service is tested with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.image.trouble import TREE, ImageError

PREFIX = "lapel-"
NOT_OF_AN_INDEX = frozenset({"lapel", "lapel-libpisp", "lapel-names"})
"""Packages of ours that no package index has."""
IN_BUILDROOT: Mapping[str, str] = {
    "cffi": "python-cffi",
    "colorzero": "python-colorzero",
    "numpy": "python-numpy",
    "packaging": "python-packaging",
    "piexif": "python-piexif",
    "pillow": "python-pillow",
    "pycparser": "python-pycparser",
    "pyserial": "python-serial",
    "smbus2": "python-smbus2",
}
"""What the service needs of Python's packages and takes from Buildroot: the index's name, and Buildroot's."""
NOT_NEEDED = frozenset(
    [
        *("attrs", "jsonschema", "jsonschema-specifications", "referencing", "rpds-py"),
        *("libarchive-c", "openexr", "tqdm"),
        *("colorama", "python-prctl", "setuptools", "typing-extensions"),
    ]
)
"""What the lock has and no image: for the IMX500's networks; for other systems, or where a module of ours stands in (``lapel-names``)."""
_HASH = re.compile(r"sha256 {2}([0-9a-f]{64}) {2}(\S+)")
_VARIABLE = re.compile(r"^([A-Z0-9_]+) = (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Package:
    """A package: name, version, the file that it is fetched as, from where, and the SHA-256 of each file that it names."""

    name: str
    version: str
    source: str
    site: str
    hashes: Mapping[str, str]

    @property
    def index_name(self) -> str:
        """What a package index calls it."""
        return self.name.removeprefix(PREFIX)


def hashes(text: str, name: str) -> dict[str, str]:
    """What a ``.hash`` file says: SHA-256 by the name of a file.  ImageError for a line that says something else."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = _HASH.fullmatch(line)
        if match is None:
            raise ImageError(f"{name}: {line!r} is no sha256")
        found[match[2]] = match[1]
    return found


def read(directory: Path) -> Package:
    """A package of an index, from its folder.  ImageError where its ``.mk`` lacks something, or the fetched file has no hash."""
    name = directory.name
    text = (directory / f"{name}.mk").read_text(encoding="utf-8")
    said = {key: value.strip() for key, value in _VARIABLE.findall(text)}
    upper = name.upper().replace("-", "_")
    try:
        version, source, site = (said[f"{upper}_{key}"] for key in ("VERSION", "SOURCE", "SITE"))
    except KeyError as missing:
        raise ImageError(f"{name}.mk: {missing.args[0]}: is missing") from None
    source = source.replace(f"$({upper}_VERSION)", version)
    told = hashes((directory / f"{name}.hash").read_text(encoding="utf-8"), f"{name}.hash")
    if source not in told:
        raise ImageError(f"{name}.hash: has none of {source}")
    return Package(name, version, source, site, told)


def ours(tree: Path = TREE) -> list[Package]:
    """Our packages that an index has."""
    folders = sorted(path for path in (tree / "package").iterdir() if path.is_dir())
    return [read(path) for path in folders if path.name not in NOT_OF_AN_INDEX]


def locked(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """A lock's requirements: version and hashes by name."""
    blocks = [block for block in re.split(r"\n(?=[a-z0-9])", lock.strip()) if "==" in block]
    found = {}
    for block in blocks:
        name, rest = block.split("==", 1)
        digests = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", block))
        found[re.sub(r"\[.*\]", "", name)] = (re.split(r"[\s;\\]", rest, maxsplit=1)[0], digests)
    return found


def fits(version: str, wanted: str) -> bool:
    """Whether a version is what ``==1.2.*`` or ``==1.2.3`` allows.  ImageError for any other condition."""
    match = re.fullmatch(r"==\s*([0-9][\w.]*?)(\.\*)?", wanted)
    if match is None:
        raise ImageError(f"{wanted!r}: only == is understood")
    return version == match[1] or (match[2] is not None and version.startswith(f"{match[1]}."))


def against_lock(packages: list[Package], lock: str) -> list[str]:
    """Where our packages and the lock part: each a line.  Their files' hashes are the lock's, or nothing tested is what is built."""
    pinned = locked(lock)
    found = []
    for package in packages:
        version, digests = pinned.get(package.index_name, ("none", frozenset()))
        if package.version != version:
            found.append(f"{package.name}: is {package.version}, the lock has {version}")
        elif package.hashes[package.source] not in digests:
            found.append(f"{package.name}: {package.source}: the lock has other hashes")
    have = {package.index_name for package in packages}
    found += [
        f"{name}: is in the lock, and in no image" for name in pinned if name not in have | {*IN_BUILDROOT, *NOT_NEEDED}
    ]
    return found
