"""Evidence for the desk's tests: made once a run, copied for whoever wants to damage it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tests.evidence_maker import RECIPIENTS, Authority, Camera, Identity, Plan
from tests.object_store import ObjectStore, running
from tests.pki import Pki
from tools.verify.report import Report
from tools.verify.verifier import verify_path


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Our authority, for docks and cameras."""
    return Pki.create()


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A Swift that speaks S3 as well, for tests that need ``COMMANDS``."""
    with running(tmp_path_factory.mktemp("swift") / "server") as store:
        yield store


@dataclass(frozen=True)
class Desk:
    """A desk with its root certificate and keys, and a camera's card.

    On the card: recording 1 sealed and receipted; 2 sealed, with a lost frame and a sound gap; 3 cut off and recovered
    in boot 2; 4, without sound, resumes it.  A dock countersigned the log after recording 2.
    """

    path: Path

    @property
    def root(self) -> Path:
        """The root certificate."""
        return self.path / "root.crt.pem"

    @property
    def key(self) -> Path:
        """The authority's key; ``escrow.key`` and ``stranger.key`` lie beside it."""
        return self.path / "authority.key"

    @property
    def signer(self) -> Path:
        """The directory of the export desk."""
        return self.path / "signer"

    @property
    def card(self) -> Path:
        """The volume."""
        return self.path / "card"

    def recording(self, number: int) -> Path:
        """A recording's directory."""
        return self.card / "recordings" / f"{number:08d}"

    def judge(self, path: Path, *, key: bool = False) -> Report:
        """Verify a path."""
        return verify_path(path, self.root, [self.key] if key else [])


def write_desk(directory: Path, desk: Identity, root_pem: bytes) -> None:
    """A desk's directory, as ``lapel provision desk`` makes it."""
    directory.mkdir()
    key = desk.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "desk.key.pem").write_bytes(key)
    (directory / "desk.crt.pem").write_bytes(desk.certificates[0].public_bytes(serialization.Encoding.PEM))
    (directory / "root.crt.pem").write_bytes(root_pem)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The desk.  Not to be changed."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    authority = Authority()
    desk.root.write_bytes(authority.root_pem)
    write_desk(desk.signer, authority.desk, authority.root_pem)
    for recipient in RECIPIENTS:
        (desk.path / f"{recipient.seed}.key").write_text(recipient.key_file)
    (desk.path / "stranger.key").write_text(type(RECIPIENTS[0])("stranger").key_file)
    camera = Camera(desk.card)
    camera.record()
    camera.receipt(1)
    camera.record(Plan(lost=(33,), silent=(4.5, 5.0), priority=True))
    camera.countersign()
    camera.cut()
    cut = camera.recorders[3]
    camera.boot()
    camera.recover(3)
    resumed = {"number": 3, "opening": camera.previous, "ended": cut.flushes[-1]["clock"]}
    camera.record(Plan(segments=2, before=0, sound=False, continues=resumed))
    return desk


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A copy of the desk, to be damaged."""
    shutil.copytree(made.path, tmp_path / "desk")
    return Desk(tmp_path / "desk")
