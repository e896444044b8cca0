"""Update signers, and the papers that they sign."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from firmware.evidence.bundle import Bundle, verify_bundle
from firmware.evidence.certs import Trust
from firmware.evidence.errors import RevokedError
from firmware.evidence.jws import from_file
from firmware.evidence.settings_doc import trust_under
from tests.unit.tools.test_provision import Run, lapel
from tools.provision import Authority, ProvisionError, create_authority, enrol_update
from tools.provision.authority import Changes
from tools.provision.bundles import UpdateSigner

__all__ = ["lapel"]

SAYS = {"board": "sim", "version": "0.2.0", "serial": 4, "needs": 0, "utc_ms": 1_790_000_000_000}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A fresh authority."""
    return create_authority(tmp_path / "authority", "Test")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """What is to be signed: larger than one read of it."""
    path = tmp_path / "lapel.raucb"
    path.write_bytes(bytes(range(256)) * 8193)
    return path


def paper_of(image: Path, trust: Trust) -> Bundle:
    """The paper beside a file, verified as a dock and a camera do."""
    paper = image.with_name(f"{image.name}.jws")
    return verify_bundle(from_file(paper.read_bytes(), paper.name), trust)


def test_whole_way(
    authority: Authority, image: Path, tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """An update signer is enrolled, and signs what the authority's root vouches for; so does the authority itself."""
    out, home = tmp_path / "build-1", authority.directory
    assert lapel("update", "build-1", "--authority", home, "--out", out) == 0
    assert {path.name for path in out.iterdir()} == {"update.crt.pem", "update.key.pem", "root.crt.pem"}
    assert (out / "update.key.pem").stat().st_mode & 0o777 == 0o600
    sign = ("bundle", image, "--board", "pi-zero-2", "--version", "1.4.0")
    assert lapel(*sign, "--signer", out, "--serial", 12, "--needs", 7) == 0
    assert "version 1.4.0, serial 12" in capsys.readouterr().out
    trust = Trust.load(authority.root_pem)
    bundle, data = paper_of(image, trust), image.read_bytes()
    assert (bundle.board, bundle.version, bundle.serial, bundle.needs) == ("pi-zero-2", "1.4.0", 12, 7)
    assert (bundle.length, bundle.hash) == (len(data), hashlib.sha256(data).hexdigest())
    assert lapel(*sign, "--signer", home, "--serial", 13) == 0
    assert paper_of(image, trust).serial == 13


def test_signers_are_withdrawn_by_name(authority: Authority, image: Path, tmp_path: Path) -> None:
    """The authority's own update signer is ``update``, any other ``update/NAME``: each alone, and its papers with it."""
    authority = enrol_update(authority, "build-1", tmp_path / "build-1")
    papers = {}
    for name, directory in (("update", authority.directory), ("update/build-1", tmp_path / "build-1")):
        UpdateSigner.open(directory).sign(image, SAYS)
        papers[name] = paper_of(image, Trust.load(authority.root_pem)).line
        image.with_name(f"{image.name}.jws").unlink()
    for name, line in papers.items():
        changed = authority.change_settings(Changes(revoke=(name,)))
        trust = trust_under(changed.settings, Trust.load(authority.root_pem))
        with pytest.raises(RevokedError):
            verify_bundle(line, trust)
        (other,) = {*papers} - {name}
        assert verify_bundle(papers[other], trust).serial == 4


def test_serials_never_go_back(authority: Authority, image: Path) -> None:
    """A paper is replaced by one with a higher serial, and by nothing else; a paper that is none is left alone."""
    signer, paper = UpdateSigner.open(authority.directory), image.with_name("lapel.raucb.jws")
    signer.sign(image, SAYS)
    before = paper.read_bytes()
    for serial in (3, 4):
        with pytest.raises(ProvisionError, match="serials never go back"):
            signer.sign(image, {**SAYS, "serial": serial})
    assert paper.read_bytes() == before
    assert signer.sign(image, {**SAYS, "serial": 5}).serial == 5
    paper.write_bytes(b"something else\n")
    with pytest.raises(ProvisionError, match=r"lapel.raucb.jws is there"):
        signer.sign(image, {**SAYS, "serial": 6})


def test_what_cannot_be_signed(
    authority: Authority, image: Path, tmp_path: Path, lapel: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each trouble is said with its name, and leaves no paper."""
    sign = ("bundle", image, "--version", "1", "--serial", 1)
    assert lapel(*sign, "--signer", tmp_path / "nowhere", "--board", "sim") == 1
    assert "nowhere is no update signer, update.crt.pem is missing" in capsys.readouterr().err
    assert lapel(*sign, "--signer", authority.directory, "--board", "a/b") == 1
    assert "lapel.bundle.1: board" in capsys.readouterr().err
    assert lapel(*sign, "--signer", authority.directory, "--board", "sim", "--needs", 1) == 1
    assert "lapel.bundle.1: needs" in capsys.readouterr().err
    assert lapel("bundle", tmp_path / "none", *sign[2:], "--signer", authority.directory, "--board", "sim") == 1
    assert "none: No such file" in capsys.readouterr().err
    assert lapel("bundle", image, "--signer", "x", "--board", "b", "--version", "1", "--serial", "-1") == 2
    assert "'-1'" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(ProvisionError, match="length"):
        UpdateSigner.open(authority.directory).sign(empty, SAYS)
    assert not list(tmp_path.glob("*.jws"))


def test_damaged_signer(authority: Authority, tmp_path: Path) -> None:
    """A signer whose key, certificate or root is another's is refused by name."""
    out = tmp_path / "build-1"
    authority = enrol_update(authority, "build-1", out)
    whole = {path.name: path.read_bytes() for path in out.iterdir()}
    for name, wrong, match in (
        ("update.key.pem", (authority.directory / "settings.key.pem").read_bytes(), "is not the key of"),
        ("update.crt.pem", (authority.directory / "settings.crt.pem").read_bytes(), r"update.crt.pem"),
        ("root.crt.pem", b"", "root certificate"),
    ):
        (out / name).write_bytes(wrong)
        with pytest.raises(ProvisionError, match=match):
            UpdateSigner.open(out)
        (out / name).write_bytes(whole[name])
    assert UpdateSigner.open(out).chain.name == "build-1"
