"""What ``make demo`` left in ``build/demo`` holds before tools that we did not write.

Run after it: ``make demo-check``.  Everything here is judged by stock ``age``, ffmpeg, a JOSE library and the independent verifier.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey
from joserfc.registry import Header

from tests.oracles import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = Path(__file__).resolve().parents[2] / "build" / "demo"
KEYS = ("authority", "escrow")
REGISTRY = jws.JWSRegistry(algorithms=["ES256"])
REGISTRY.max_header_length = 1 << 16
REGISTRY.max_payload_length = 1 << 23


def store_recordings() -> list[Path]:
    """The recordings in the dock's store."""
    return sorted(path.parent for path in (DEMO / "dock").rglob("manifest.jws"))


def exports() -> list[Path]:
    """The films."""
    return sorted((DEMO / "export").glob("*.mp4"))


def said(manifest: Path) -> dict[str, Any]:
    """The payload of a manifest, unverified."""
    part = manifest.read_bytes().split(b".")[1]
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    return payload


def run(*command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a stock tool."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=check, timeout=120)


def lapel(*arguments: object) -> int:
    """Run the verifier as anyone would; its exit status."""
    from tools.__main__ import main  # noqa: PLC0415 - imports what the verifier needs

    return main([str(argument) for argument in arguments])


@pytest.fixture(scope="module", params=KEYS)
def key(request: pytest.FixtureRequest) -> Path:
    """Each key that opens the footage."""
    return DEMO / "authority" / f"{request.param}.agekey"


def segments() -> Iterator[tuple[Path, bool]]:
    """Every segment, and whether it was closed."""
    for recording in store_recordings():
        recovered = said(recording / "manifest.jws")["state"] == "recovered"
        last = set()
        for line in (recording / "journal.jwsl").read_bytes().splitlines():
            part = line.split(b".")[1]
            payload = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
            if payload.get("last"):
                last.add(payload["file"])
        for segment in sorted(recording.glob("*.mp4.age")):
            yield segment, segment.name in last or not recovered


def test_there_is_something_to_check() -> None:
    """Three recordings, one of them recovered, each with a receipt and a film."""
    states = [said(recording / "manifest.jws")["state"] for recording in store_recordings()]
    assert len(states) >= 3
    assert "recovered" in states
    assert len(exports()) == len(states)


@needs("age", "ffmpeg", "ffprobe")
def test_stock_age_opens_every_segment_and_ffmpeg_plays_it(key: Path, tmp_path: Path) -> None:
    """Closed segments open without a word with either key; a cut one yields its authenticated prefix; all play."""
    for segment, closed in segments():
        plain = tmp_path / "plain.mp4"
        with plain.open("wb") as target:
            opened = subprocess.run(
                ["age", "-d", "-i", str(key), str(segment)], stdout=target, stderr=subprocess.PIPE, check=False
            )
        assert (opened.returncode == 0) is closed, (segment, opened.stderr)
        if plain.stat().st_size:
            played = run("ffmpeg", "-v", "error", "-i", plain, "-f", "null", "-")
            assert (played.stdout, played.stderr) == ("", ""), segment
            assert (
                float(run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", plain).stdout)
                > 0
            )


@needs("ffmpeg", "ffprobe")
def test_every_film_plays_and_is_as_long_as_it_should_be() -> None:
    """Pre-event and recording, without a complaint."""
    for film, recording in zip(exports(), store_recordings(), strict=True):
        played = run("ffmpeg", "-v", "error", "-i", film, "-f", "null", "-")
        assert (played.stdout, played.stderr) == ("", ""), film
        span = said(recording / "manifest.jws")["span"]
        length = float(run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", film).stdout)
        assert length >= (span["until"] - span["from"]) / 90000 - 0.1


def test_every_signature_verifies_with_a_library_that_we_did_not_write() -> None:
    """Journal, manifest, receipt, anchor, audit log: ES256 under the certificates that they carry."""
    checked = 0
    for path in [*DEMO.rglob("*.jws"), *DEMO.rglob("*.jwsl")]:
        keys: dict[str, ECKey] = {}
        for line in path.read_text().splitlines():
            header: Header = json.loads(base64.urlsafe_b64decode(line.split(".")[0] + "=="))
            for der in (base64.b64decode(text) for text in header.get("x5c", [])[:1]):
                certificate = x509.load_der_x509_certificate(der)
                pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                keys[hashlib.sha256(der).hexdigest()] = keys["x5c"] = ECKey.import_key(pem)
            jws.deserialize_compact(line, keys[header.get("kid", "x5c")], registry=REGISTRY)
            checked += 1
    assert checked > 100


@needs("openssl")
def test_openssl_believes_the_certificates() -> None:
    """The device's and the dock's chains lead to the root."""
    root = DEMO / "authority" / "root.crt.pem"
    for chain in (DEMO / "camera" / "config" / "device.crt.pem", *DEMO.glob("dock*/**/dock.crt.pem")):
        verified = run("openssl", "verify", "-CAfile", root, "-untrusted", chain, chain, check=False)
        assert verified.returncode == 0, verified.stderr


@needs("openssl")
def test_stock_openssl_verifies_every_time_stamp() -> None:
    """What the authority signed is about the very bytes of each manifest."""
    for recording in store_recordings():
        verified = run(
            *("openssl", "ts", "-verify", "-data", recording / "manifest.jws", "-in", recording / "manifest.tsr"),
            *("-CAfile", DEMO / "tsa" / "tsa-root.crt.pem"),
        )
        assert "Verification: OK" in verified.stdout, verified.stderr


def test_the_verifier_says_whole_and_notices_any_changed_byte(tmp_path: Path) -> None:
    """Exit 0 as it is; 1 after one byte of any file of a recording was changed."""
    root, identity = DEMO / "authority" / "root.crt.pem", DEMO / "authority" / "authority.agekey"
    chance = random.Random(20)
    for recording in store_recordings():
        assert lapel("verify", recording, "--root", root, "--key", identity) == 0
        copy = tmp_path / recording.name
        shutil.copytree(recording, copy)
        for path in sorted(copy.iterdir()):
            whole = path.read_bytes()
            for at in {0, len(whole) - 1, chance.randrange(len(whole)), chance.randrange(len(whole))}:
                path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
                assert lapel("verify", copy, "--root", root) == 1, (path.name, at)
            path.write_bytes(whole)
        assert lapel("verify", copy, "--root", root) == 0


def test_films_are_proven_without_a_key() -> None:
    """From the samples alone."""
    root = DEMO / "authority" / "root.crt.pem"
    for film, recording in zip(exports(), store_recordings(), strict=True):
        assert lapel("verify", film, "--evidence", recording, "--root", root) == 0


def test_nothing_in_the_camera_or_the_store_names_anybody() -> None:
    """``strings`` finds neither the officer nor the bookmark's label, in no spelling that the formats use."""
    register = [path for path in (DEMO / "dock").rglob("register*") if path.is_file()]
    entries = [json.loads(line) for path in register for line in path.read_text().splitlines()]
    officers = {entry["officer"] for entry in entries if "officer" in entry}
    assert officers
    secrets = [word.encode() for word in (*officers, "bookmark")]
    assert len(secrets) > 1
    for path in [*(DEMO / "camera" / "evidence").rglob("*"), *(DEMO / "dock").rglob("*")]:
        if path.is_file() and path not in register:
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret in data], path


def test_the_report_stands_alone() -> None:
    """One page, nothing fetched from anywhere."""
    page = (DEMO / "report.html").read_text()
    assert "data:image/" in page
    assert 'src="http' not in page
    assert "<script" not in page
