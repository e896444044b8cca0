"""What an index has of our packages, and what is in an image: both as lists, from answers that the tests make up."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.image import bom, index
from tools.image.packages import Package
from tools.image.trouble import ImageError

BYTES = b"a wheel"
DIGEST = hashlib.sha256(BYTES).hexdigest()


def package(digest: str = DIGEST) -> Package:
    """A package of ours."""
    return Package("lapel-it", "1", "it-1.whl", "https://files.example/packages/ab/cd", {"it-1.whl": digest})


def file(**change: object) -> Mapping[str, Mapping[str, Any]]:
    """What an index says of its file; a mirror's address has another host."""
    told = {"hashes": {"sha256": DIGEST}, "url": "https://mirror.example/packages/ab/cd/it-1.whl#x", "yanked": False}
    return {"it-1.whl": told | change}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "the index has none"),
        (file(hashes={"sha256": "0" * 64}), "the index has another hash"),
        (file(hashes={}), "the index has another hash"),
        (file(url="https://mirror.example/packages/ab/ce/it-1.whl"), "the index has it elsewhere"),
        (file(yanked="broken"), "was withdrawn: broken"),
    ],
)
def test_where_an_index_parts_from_us_is_named(files: Mapping[str, Mapping[str, Any]], says: str) -> None:
    """A file that is not there, other bytes, another place, a version that its makers took back."""
    (line,) = index.differences(package(), files)
    assert says in line
    assert index.differences(package(), file()) == []


def test_a_file_that_is_another_one_is_refused(tmp_path: Path) -> None:
    """What lies there is held against its hash before it is used, and nothing is fetched over it."""
    (tmp_path / "it-1.whl").write_bytes(BYTES)
    assert index.bring(package(), tmp_path) == tmp_path / "it-1.whl"
    with pytest.raises(ImageError, match="is not what lapel-it names"):
        index.bring(package("0" * 64), tmp_path)


BUILT: Mapping[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"bom-ref": "buildroot", "name": "buildroot", "type": "firmware"}},
    "components": [
        {"bom-ref": "zlib", "name": "zlib", "type": "library"},
        {"bom-ref": "lapel-it", "name": "lapel-it", "type": "library", "licenses": [{"license": {"name": "MIT"}}]},
    ],
    "dependencies": [{"ref": "buildroot", "dependsOn": ["lapel-it", "zlib"]}, {"ref": "zlib"}],
}


def wheel(place: Path, nested: object) -> Path:
    """A wheel that says what is inside."""
    path = place / "it-1.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("it-1.dist-info/sboms/auditwheel.cdx.json", json.dumps(nested))
    return path


def test_what_is_inside_a_wheel_is_in_the_bill(tmp_path: Path) -> None:
    """Buildroot's list stays, with the image as its subject; the package has the index's name, its hash and its parts."""
    parts = [
        {
            "type": "library",
            "bom-ref": "x264",
            "name": "x264",
            "version": "165",
            "licenses": [{"license": {"id": "GPL-2.0"}}],
        }
    ]
    path = wheel(tmp_path, {"bomFormat": "CycloneDX", "components": parts})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    told = bom.bill(("lapel-pi9", "cafe"), BUILT, [package(digest)], {"lapel-it": path})
    (ours,) = (each for each in told["components"] if each["name"] == "lapel-it")
    assert ours["purl"] == "pkg:pypi/it@1"
    assert ours["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert ours["licenses"] == [{"license": {"name": "MIT"}}]
    assert ours["components"] == [{"type": "library", "name": "x264", "version": "165", "bom-ref": "lapel-it#x264"}]
    assert told["metadata"]["component"]["name"] == "lapel-pi9"
    assert told["dependencies"][0] == {"ref": "lapel-pi9", "dependsOn": ["lapel-it", "zlib"]}
    assert told == bom.bill(("lapel-pi9", "cafe"), BUILT, [package(digest)], {"lapel-it": path})
    assert told["serialNumber"] != bom.bill(("lapel-pi9", "cafd"), BUILT, [], {})["serialNumber"]


def test_a_bill_of_another_wheel_is_refused(tmp_path: Path) -> None:
    """So is what a wheel says in another language."""
    path = wheel(tmp_path, {"spdxVersion": "SPDX-2.3"})
    with pytest.raises(ImageError, match="is not what lapel-it names"):
        bom.described(BUILT["components"][1], package(), path)
    with pytest.raises(ImageError, match="is no CycloneDX"):
        bom.described(BUILT["components"][1], package(hashlib.sha256(path.read_bytes()).hexdigest()), path)
