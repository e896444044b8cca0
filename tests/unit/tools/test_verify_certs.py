"""Only certificates of the exact shape, in the exact chain, are believed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.evidence_maker import Authority, Identity, issue
from tests.evidence_maker.pki import BEGIN, END, FOREVER
from tests.oracles import needs
from tools.verify.certs import Role, Trust, load_root, verify_chain
from tools.verify.findings import Refused

OURS = Authority()
CAMERA = OURS.device("cam-0042")
SESSION = issue("session", "cam-0042", CAMERA, "session")
TRUST = Trust(load_root(OURS.root_pem))
ROLES = {
    "session": (Role.SESSION, SESSION),
    "device": (Role.DEVICE, CAMERA),
    "dock": (Role.DOCK, OURS.dock),
    "export": (Role.EXPORT, OURS.desk),
}


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.timestamp() * 1000)


@pytest.mark.parametrize("role", ROLES)
def test_good_chain(role: str) -> None:
    """The chains of the format verify; the name is the device's or the dock's."""
    kind, identity = ROLES[role]
    chain = verify_chain(identity.x5c, kind, TRUST)
    assert chain.name == {"dock": "dock-1", "export": "desk-1"}.get(role, "cam-0042")
    assert chain.fingerprint == identity.kid


def test_session_names_its_device_key() -> None:
    """A session's chain tells which device key stands behind it."""
    behind = verify_chain(SESSION.x5c, Role.SESSION, TRUST).named_key
    assert behind == verify_chain(CAMERA.x5c, Role.DEVICE, TRUST).named_key


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("other", ROLES)
def test_every_role_in_every_place(role: str, other: str) -> None:
    """A certificate serves in the place of its own role alone."""
    if role == other:
        return
    with pytest.raises(Refused):
        verify_chain(ROLES[role][1].x5c, ROLES[other][0], TRUST)


@needs("openssl")
@pytest.mark.parametrize("role", ROLES)
def test_openssl_agrees(tmp_path: Path, role: str) -> None:
    """OpenSSL verifies the chains that we verify."""
    identity = ROLES[role][1]
    (tmp_path / "root.pem").write_bytes(OURS.root_pem)
    names = []
    for index, certificate in enumerate(identity.certificates[:-1]):
        (tmp_path / f"{index}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        names += ["-untrusted", f"{index}.pem"] if index else []
    command = ["openssl", "verify", "-x509_strict", "-CAfile", "root.pem", *names, "0.pem"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def _named(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


EXTRA = [(x509.SubjectAlternativeName([x509.DNSName("cam")]), False)]
UNKNOWN = [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False)]
BAD_DEVICES: dict[str, Callable[[], Identity]] = {
    "shape of a dock": lambda: issue("device", "cam", OURS.device_ca, "1", shape="dock"),
    "shape of a session": lambda: issue("device", "cam", OURS.device_ca, "1", shape="session"),
    "shape of a device-ca": lambda: issue("device", "cam", OURS.device_ca, "1", shape="device-ca"),
    "shape of a root": lambda: issue("device", "cam", OURS.device_ca, "1", shape="root"),
    "an extension more": lambda: issue("device", "cam", OURS.device_ca, "1", extra=EXTRA),
    "an unknown extension": lambda: issue("device", "cam", OURS.device_ca, "1", extra=UNKNOWN),
    "a high s": lambda: issue("device", "cam", OURS.device_ca, "1", high_s=True),
    "no name of the format": lambda: issue("device", "Cam 1", OURS.device_ca, "1"),
    "a long name": lambda: issue("device", "c" * 33, OURS.device_ca, "1"),
    "two names": lambda: issue(
        "device", "cam", OURS.device_ca, "1", subject=_named((NameOID.COMMON_NAME, "a"), (NameOID.COMMON_NAME, "b"))
    ),
    "an organisation": lambda: issue(
        "device",
        "cam",
        OURS.device_ca,
        "1",
        subject=_named((NameOID.COMMON_NAME, "a"), (NameOID.ORGANIZATION_NAME, "b")),
    ),
    "another curve": lambda: issue(
        "device", "cam", OURS.device_ca, "1", curve_key=ec.generate_private_key(ec.SECP384R1())
    ),
    "an RSA key": lambda: issue("device", "cam", OURS.device_ca, "1", curve_key=rsa.generate_private_key(65537, 2048)),
    "another issuer's signature": lambda: issue("device", "cam", OURS.device_ca, "1", signer=OURS.dock_ca.key),
    "another beginning": lambda: issue("device", "cam", OURS.device_ca, "1", begin=BEGIN + timedelta(days=1)),
    "another authority": lambda: Authority("x").device("cam"),
    "a root above that is none": lambda: issue("device", "cam", OURS.root, "1"),
}


@pytest.mark.parametrize("case", BAD_DEVICES)
def test_bad_device(case: str) -> None:
    """A device certificate that is off in anything is refused."""
    with pytest.raises(Refused):
        verify_chain(BAD_DEVICES[case]().x5c, Role.DEVICE, TRUST)


@pytest.mark.parametrize("case", ["shape of a dock", "an extension more", "a high s", "another curve"])
def test_bad_device_below_a_good_session(case: str) -> None:
    """So is a session below it."""
    with pytest.raises(Refused):
        verify_chain(issue("session", "cam", BAD_DEVICES[case](), "s").x5c, Role.SESSION, TRUST)


def test_session_that_ends() -> None:
    """A session certificate lasts for ever, so that old evidence does not age."""
    with pytest.raises(Refused, match="does not end"):
        verify_chain(issue("session", "cam-0042", CAMERA, "s", end=END).x5c, Role.SESSION, TRUST)


@pytest.mark.parametrize(
    ("moment", "good"),
    [
        (BEGIN - timedelta(days=1), False),
        (BEGIN, True),
        (END, True),
        (END + timedelta(days=1), False),
        (FOREVER, False),
    ],
)
def test_dates(moment: datetime, good: bool) -> None:  # noqa: FBT001
    """Dates are judged where there is a trusted time."""
    trust = Trust(TRUST.root, milliseconds(moment))
    if good:
        verify_chain(SESSION.x5c, Role.SESSION, trust)
        return
    with pytest.raises(Refused, match="at the trusted time"):
        verify_chain(SESSION.x5c, Role.SESSION, trust)


def test_no_calendar_goes_that_far() -> None:
    """A trusted time beyond all calendars is refused."""
    with pytest.raises(Refused, match="out of range"):
        verify_chain(SESSION.x5c, Role.SESSION, Trust(TRUST.root, 2**53 - 1))


@pytest.mark.parametrize(
    "ders",
    [
        [],
        list(CAMERA.x5c) * 2,
        [b"", b""],
        [b"\x30\x03\x02\x01\x00"] * 2,
        [CAMERA.x5c[0] + b"\0", CAMERA.x5c[1]],
        [b"\0" * 9000] * 2,
    ],
)
def test_malformed_chain(ders: list[bytes]) -> None:
    """What is no chain of certificates is refused."""
    with pytest.raises(Refused):
        verify_chain(ders, Role.DEVICE, TRUST)


def test_every_byte_of_a_certificate_counts() -> None:
    """A certificate has no second spelling."""
    leaf, above = CAMERA.x5c
    for at in range(len(leaf)):
        with pytest.raises(Refused):
            verify_chain([leaf[:at] + bytes([leaf[at] ^ 1]) + leaf[at + 1 :], above], Role.DEVICE, TRUST)


@pytest.mark.parametrize("identity", [CAMERA, OURS.device_ca, Authority("x").device("y")])
def test_not_a_root(identity: Identity) -> None:
    """A root file holds a root."""
    with pytest.raises(Refused):
        load_root(identity.certificates[0].public_bytes(serialization.Encoding.PEM))


def test_two_roots() -> None:
    """And one alone."""
    with pytest.raises(Refused, match="2 certificates"):
        load_root(OURS.root_pem * 2)


def test_root_with_dates_of_its_own() -> None:
    """Roots begin when they like."""
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    root = issue("root", "r", None, "r", begin=begin)
    assert load_root(root.certificates[0].public_bytes(serialization.Encoding.PEM)).not_valid_before_utc == begin
