"""What docks and the authority hand over: anchors, assignments, settings; and whose a volume is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from firmware.evidence import documents, jws
from firmware.evidence.anchor import verify_anchor
from firmware.evidence.assignment import verify_assignment
from firmware.evidence.bundle import verify_bundle
from firmware.evidence.certs import verify_chain
from firmware.evidence.errors import ChainError, FormatError, MismatchError, RecipientError, RevokedError, SequenceError
from firmware.evidence.kinds import ANCHOR, ASSIGNMENT, BUNDLE, MOST_BUNDLE, SETTINGS
from firmware.evidence.roles import Role
from firmware.evidence.session import Session
from firmware.evidence.settings_doc import recipients, trust_under, verify_settings
from firmware.evidence.volume import verify_volume, volume_line
from tests import samples
from tests.pki import Pki


def test_anchor(pki: Pki) -> None:
    """An anchor is taken if it countersigns a line of our own log, in this session."""
    line = documents.sign(ANCHOR, samples.anchor(), pki.dock.sign, pki.dock.chain.ders)
    ours = {11: samples.VOLUME, 12: samples.HASH}
    assert (
        verify_anchor(
            line, pki.trust, nonce=samples.NONCE, head_of=ours.get, device="cam-1", volume=samples.VOLUME
        ).payload["number"]
        == 7
    )
    assert verify_anchor(line, pki.trust, nonce=None, device="cam-1", volume=samples.VOLUME).payload["boot"] == 3
    for logged in ({12: samples.VOLUME}, {11: samples.HASH}):
        with pytest.raises(MismatchError, match="audit: line 12"):
            verify_anchor(
                line, pki.trust, nonce=samples.NONCE, head_of=logged.get, device="cam-1", volume=samples.VOLUME
            )
    with pytest.raises(MismatchError, match="nonce"):
        verify_anchor(line, pki.trust, nonce=samples.VOLUME, device="cam-1", volume=samples.VOLUME)
    with pytest.raises(MismatchError, match="device"):
        verify_anchor(line, pki.trust, nonce=samples.NONCE, device="cam-2", volume=None)


def test_assignment(pki: Pki, session: Session) -> None:
    """An assignment is a dock's, and of one device."""
    payload = {"device": "cam-1", "shift": "shift-9", "utc_ms": 1_790_000_000_000}
    line = documents.sign(ASSIGNMENT, payload, pki.dock.sign, pki.dock.chain.ders)
    assert verify_assignment(line, pki.trust, device="cam-1").payload["shift"] == "shift-9"
    with pytest.raises(MismatchError, match="device"):
        verify_assignment(line, pki.trust, device="cam-2")
    with pytest.raises(ChainError):
        verify_assignment(session.sign_as_device(payload, ASSIGNMENT.typ), pki.trust, device="cam-1")


def test_bundle(pki: Pki) -> None:
    """A bundle's paper is an update signer's and nobody else's, and counts for nothing once that one is withdrawn."""
    signer = pki.holder(Role.UPDATE)
    line = documents.sign(BUNDLE, samples.bundle(), signer.sign, signer.chain.ders)
    bundle = verify_bundle(line, pki.trust)
    assert (bundle.board, bundle.version, bundle.serial, bundle.needs) == ("sim", "0.2.0", 4, 0)
    assert (bundle.length, bundle.hash, bundle.line) == (8, samples.bundle()["hash"], line)
    for other in (pki.dock, pki.settings, pki.device):
        forged = documents.sign(BUNDLE, samples.bundle(), other.sign, other.chain.ders)
        with pytest.raises(ChainError):
            verify_bundle(forged, pki.trust)
    with pytest.raises(RevokedError):
        verify_bundle(line, replace(pki.trust, revoked=frozenset({signer.chain.fingerprint})))
    with pytest.raises(ChainError):
        verify_bundle(line, Pki.create().trust)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"needs": 4}, "needs"),
        ({"serial": 0}, "serial"),
        ({"length": 0}, "length"),
        ({"length": MOST_BUNDLE + 1}, "length"),
        ({"version": "1 2"}, "version"),
        ({"version": ""}, "version"),
        ({"board": "../x"}, "board"),
    ],
)
def test_bundles_that_nobody_signs(pki: Pki, changes: dict[str, Any], field: str) -> None:
    """A paper that says nonsense is refused where it is made and where it is read, and the member is named."""
    signer = pki.holder(Role.UPDATE)
    with pytest.raises(FormatError, match=f"lapel.bundle.1: {field}"):
        documents.sign(BUNDLE, samples.bundle(**changes), signer.sign, signer.chain.ders)
    line = jws.sign(samples.bundle(**changes), BUNDLE.typ, signer.sign, x5c=signer.chain.ders)
    with pytest.raises(FormatError, match=f"lapel.bundle.1: {field}"):
        verify_bundle(line, pki.trust)


LATER_MS = 4_000_000_000_000


def test_settings(pki: Pki) -> None:
    """Settings are the authority's, never go back, and say whom to encrypt to and whom not to believe: at once, also
    where what it signed counts until later."""
    dock = pki.dock.chain
    payload = samples.settings(pki.recipients, revoked=[{"hash": dock.fingerprint, "since_ms": LATER_MS}])
    line = documents.sign(SETTINGS, payload, pki.settings.sign, pki.settings.chain.ders)
    signed = verify_settings(line, pki.trust, newer_than=2)
    assert [item.text for item in recipients(signed).items] == pki.recipients
    for newer_than in (3, 4):
        with pytest.raises(SequenceError, match="serial: 3 is not newer"):
            verify_settings(line, pki.trust, newer_than=newer_than)
    under = trust_under(signed, pki.trust)
    assert verify_chain(pki.device.chain.ders, under, Role.DEVICE) == pki.device.chain
    with pytest.raises(RevokedError):
        verify_chain(dock.ders, under, Role.DOCK)


def test_settings_of_others(pki: Pki) -> None:
    """A dock cannot give settings, and settings without escrow or with a bad recipient are refused though they are
    signed."""
    good = samples.settings(pki.recipients)
    with pytest.raises(ChainError):
        verify_settings(documents.sign(SETTINGS, good, pki.dock.sign, pki.dock.chain.ders), pki.trust)
    for payload, error in (
        (samples.settings(pki.recipients[:1]), FormatError),
        (samples.settings([pki.recipients[0], "age1nonsense"]), RecipientError),
    ):
        with pytest.raises(error):
            documents.sign(SETTINGS, payload, pki.settings.sign, pki.settings.chain.ders)


def test_volume(pki: Pki, session: Session) -> None:
    """A volume is its device's."""
    line = volume_line(session, samples.VOLUME, samples.clock())
    assert verify_volume(line, pki.trust, device="cam-1").payload["volume"] == samples.VOLUME
    assert verify_volume(line, pki.trust, device=None).payload["device"] == "cam-1"
    with pytest.raises(MismatchError, match="device"):
        verify_volume(line, pki.trust, device="cam-2")
    with pytest.raises(FormatError, match="volume"):
        volume_line(session, "x", samples.clock())
