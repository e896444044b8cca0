"""Certificates: exact shapes, exact chains, nothing else."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware.evidence import keys
from firmware.evidence.certs import Chain, Trust, assemble, read_pem, verify_chain, write_pem
from firmware.evidence.errors import ChainError, DateError, EvidenceError, FormatError, RevokedError, SignatureError
from firmware.evidence.issue import issue
from firmware.evidence.roles import ARC, FOREVER, SHAPES, Role, extensions, path
from firmware.evidence.session import Session
from tests.oracles import needs
from tests.pki import NOT_BEFORE, Pki

BELOW_ROOT = [role for role in Role if role is not Role.ROOT]
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def chain_of(pki: Pki, session: Session, role: Role) -> Chain:
    """The chain of any role."""
    return {Role.SESSION: session.chain, Role.LINK: session.link_chain}.get(role) or pki.holder(role).chain


class Forge:
    """Makes certificates that the product does not: each part of a good one can be replaced."""

    def __init__(self, pki: Pki, role: Role = Role.DOCK) -> None:
        self.pki, self.role = pki, role
        self.parent = SHAPES[role].parent or Role.ROOT
        self.key: ec.EllipticCurvePrivateKey = keys.new_key()
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dock-9")])
        self.issuer = pki.certificates[self.parent].x509.subject
        self.extensions = list(extensions(role, self.key.public_key(), pki.keys[self.parent].public_key()).values())
        self.algorithm: hashes.SHA256 | hashes.SHA384 = hashes.SHA256()

    def replace(self, old: type[x509.ExtensionType], new: x509.ExtensionType | None, *, critical: bool = True) -> Forge:
        """Put another extension in the place of one, or none."""
        self.extensions = [extension for extension in self.extensions if not isinstance(extension.value, old)]
        return self if new is None else self.add(new, critical=critical)

    def add(self, value: x509.ExtensionType, *, critical: bool = True) -> Forge:
        """Add an extension."""
        self.extensions.append(x509.Extension(value.oid, critical, value))
        return self

    def named(self, *attributes: tuple[x509.ObjectIdentifier, str]) -> Forge:
        """Give it another subject."""
        self.subject = x509.Name([x509.NameAttribute(oid, text) for oid, text in attributes])
        return self

    def chain(self) -> list[bytes]:
        """The certificate, and those above it."""
        builder = x509.CertificateBuilder(self.issuer, self.subject, self.key.public_key(), 77, NOT_BEFORE, FOREVER)
        for extension in self.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        made = builder.sign(self.pki.keys[self.parent], self.algorithm)
        der = assemble(made.tbs_certificate_bytes, made.signature)
        return [der, *(self.pki.certificates[step].der for step in path(self.role)[1:])]

    def refused(self, reason: str, error: type[EvidenceError] = ChainError) -> None:
        """The chain is refused for this reason."""
        with pytest.raises(error, match=reason):
            verify_chain(self.chain(), self.pki.trust, self.role)


def test_forge_is_otherwise_good(pki: Pki) -> None:
    """What the other tests change is accepted while it is unchanged."""
    assert verify_chain(Forge(pki).chain(), pki.trust, Role.DOCK).name == "dock-9"


@pytest.mark.parametrize("role", BELOW_ROOT)
def test_every_role(pki: Pki, session: Session, role: Role) -> None:
    """Each role's chain is accepted as that role, and as no other."""
    chain = chain_of(pki, session, role)
    assert verify_chain(chain.ders, pki.trust, role) == chain
    assert chain.leaf.role is role
    assert chain.fingerprint == keys.hash_of(chain.ders[0])
    for other in BELOW_ROOT:
        if other is not role:
            with pytest.raises(ChainError):
                verify_chain(chain.ders, pki.trust, other)


@pytest.mark.parametrize("role", BELOW_ROOT)
def test_length_and_order(pki: Pki, session: Session, role: Role) -> None:
    """A level more, a level less, the root added or another order is refused."""
    ders = chain_of(pki, session, role).ders
    wrong: list[Sequence[bytes]] = [(), ders[:-1], ders[1:], (*ders, pki.root.der), (ders[0], *ders), ders[::-1]]
    for chain in wrong:
        if chain != ders:
            with pytest.raises(ChainError):
                verify_chain(chain, pki.trust, role)


def test_root_heads_nothing(pki: Pki) -> None:
    """Asking for the root as a signer is a mistake of the caller."""
    with pytest.raises(ValueError, match="root"):
        verify_chain([], pki.trust, Role.ROOT)


def test_names(pki: Pki, session: Session) -> None:
    """A chain answers with its leaf's name, and with each certificate by its role."""
    assert [chain.name for chain in (pki.device.chain, pki.dock.chain, session.chain)] == ["cam-1", "dock-1", "cam-1"]
    assert session.chain.issuer(Role.DEVICE) == pki.device.chain.leaf


def test_camera_cannot_mint_a_dock(pki: Pki) -> None:
    """A dock certificate that a camera's key signed is refused, however it is dressed up."""
    device, key = pki.device, keys.new_key()
    with pytest.raises(ChainError, match="does not issue"):
        issue(Role.DOCK, "dock-9", key.public_key(), device.chain.leaf, device.sign)
    forge = Forge(pki)
    forge.pki = Pki(
        pki.root,
        {**pki.keys, Role.DOCK_CA: device.key},
        {**pki.certificates, Role.DOCK_CA: device.chain.leaf},
        pki.authority_identity,
        pki.escrow_identity,
    )
    forge.issuer = device.chain.leaf.x509.subject
    forge.extensions = list(extensions(Role.DOCK, forge.key.public_key(), device.key.public_key()).values())
    minted = forge.chain()[0]
    below_dock_ca = [minted, pki.dock.chain.ders[1]]
    for chain in ([minted, device.chain.ders[0]], [minted, *device.chain.ders], below_dock_ca):
        with pytest.raises(EvidenceError):
            verify_chain(chain, pki.trust, Role.DOCK)


def test_device_cannot_mint_another_device(pki: Pki) -> None:
    """A session certificate in another device's name is refused."""
    device, key = pki.device, keys.new_key()
    with pytest.raises(ChainError, match="device's name"):
        issue(Role.SESSION, "cam-2", key.public_key(), device.chain.leaf, device.sign)


def test_other_authority(pki: Pki, rogue: Pki, session: Session) -> None:
    """Another authority's chains are refused, whole or in part, though every name is the same."""
    for role in BELOW_ROOT:
        with pytest.raises(EvidenceError):
            verify_chain(chain_of(rogue, rogue.session(), role).ders, pki.trust, role)
    mixed = [session.chain.ders[0], rogue.device.chain.ders[0], pki.device.chain.ders[1]]
    with pytest.raises(EvidenceError, match=r"x5c\[1\] \(device\)"):
        verify_chain(mixed, pki.trust, Role.SESSION)


def test_same_name_wrong_key(pki: Pki) -> None:
    """A certificate that names our authority and its key, but was signed by another, is refused for its signature."""
    forge = Forge(pki)
    forge.pki = Pki.create()
    leaf = forge.chain()[0]
    with pytest.raises(SignatureError, match=r"x5c\[0\] \(dock\): signature"):
        verify_chain([leaf, pki.dock.chain.ders[1]], pki.trust, Role.DOCK)


def test_issuer_name(pki: Pki) -> None:
    """A certificate that names another issuer than the one whose key signed it is refused."""
    forge = Forge(pki)
    forge.issuer = pki.root.x509.subject
    forge.refused("issuer")


@pytest.mark.parametrize("critical", [True, False])
def test_unknown_extension(pki: Pki, *, critical: bool) -> None:
    """An extension that the table does not have is refused, critical or not, known to the world or not."""
    oid = x509.ObjectIdentifier("1.2.3.4")
    Forge(pki).add(x509.UnrecognizedExtension(oid, b"\x05\x00"), critical=critical).refused("1.2.3.4")
    Forge(pki).add(x509.SubjectAlternativeName([x509.DNSName("a")]), critical=critical).refused("2.5.29.17")


def test_changed_extensions(pki: Pki) -> None:
    """Each extension is exactly that of the role: a leaf that is a CA, other usages and other purposes are refused."""
    usage = {name: name in ("digital_signature", "key_cert_sign") for name in (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )}  # fmt: skip
    dock, server = x509.ObjectIdentifier(f"{ARC}.6"), ExtendedKeyUsageOID.SERVER_AUTH
    Forge(pki).replace(x509.BasicConstraints, x509.BasicConstraints(ca=True, path_length=None)).refused(
        "basicConstraints"
    )
    Forge(pki).replace(
        x509.BasicConstraints, x509.BasicConstraints(ca=False, path_length=None), critical=False
    ).refused("basic")
    Forge(pki).replace(x509.KeyUsage, x509.KeyUsage(**usage)).refused("keyUsage")
    for purposes in ([dock], [server, dock], [dock, server, server], [x509.ObjectIdentifier(f"{ARC}.2"), server]):
        Forge(pki).replace(x509.ExtendedKeyUsage, x509.ExtendedKeyUsage(purposes)).refused("extendedKeyUsage")
    Forge(pki).replace(x509.SubjectKeyIdentifier, x509.SubjectKeyIdentifier(bytes(20)), critical=False).refused(
        "subjectKey"
    )
    Forge(pki).replace(
        x509.AuthorityKeyIdentifier, x509.AuthorityKeyIdentifier(bytes(20), None, None), critical=False
    ).refused("authorityKey")


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (x509.BasicConstraints, "basicConstraints"),
        (x509.KeyUsage, "keyUsage"),
        (x509.ExtendedKeyUsage, "extendedKeyUsage"),
        (x509.SubjectKeyIdentifier, "subjectKeyIdentifier"),
        (x509.AuthorityKeyIdentifier, "authorityKeyIdentifier"),
    ],
)
def test_missing_extension(pki: Pki, kind: type[x509.ExtensionType], title: str) -> None:
    """An extension that the table asks for is not left out."""
    Forge(pki).replace(kind, None).refused(f"{title}: missing")


@pytest.mark.parametrize("name", ["", "Dock", "dock_1", "dock 1", "d" * 33, "dock-\u00e9"])
def test_names_of_docks(pki: Pki, name: str) -> None:
    """A dock's or a device's name is 1 to 32 of a-z 0-9 -: refused when it is issued, and when it is read."""
    with pytest.raises(ChainError, match="subject"):
        pki.enrol(Role.DOCK, name)
    if name:
        Forge(pki).named((NameOID.COMMON_NAME, name)).refused("subject")


def test_subject_is_one_name(pki: Pki) -> None:
    """A subject is exactly one common name."""
    Forge(pki).named((NameOID.COMMON_NAME, "dock-1"), (NameOID.COMMON_NAME, "dock-2")).refused("exactly one")
    Forge(pki).named((NameOID.ORGANIZATION_NAME, "dock-1")).refused("exactly one")
    Forge(pki).named().refused("exactly one")


@pytest.mark.parametrize("number", [b"\x00", b"\x80"])
def test_serial_number(pki: Pki, number: bytes) -> None:
    """A serial number that is not positive is refused, also where the library merely warns of it."""
    good = x509.load_der_x509_certificate(Forge(pki).chain()[0]).tbs_certificate_bytes
    tbs = good.replace(b"\x02\x01\x4d", b"\x02\x01" + number, 1)
    der = assemble(tbs, keys.software_sign(pki.keys[Role.DOCK_CA])(keys.digest(tbs)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ChainError, match=r"x5c\[0\] \(dock\): serialNumber"):
            verify_chain([der, pki.dock.chain.ders[1]], pki.trust, Role.DOCK)


def test_algorithms(pki: Pki) -> None:
    """Another curve and another hash are refused."""
    curve = Forge(pki)
    curve.key = ec.generate_private_key(ec.SECP384R1())
    curve.refused("P-256")
    key = pki.keys[Role.ROOT]
    settings = Forge(pki, Role.SETTINGS)
    settings.algorithm = hashes.SHA384()
    tbs = x509.load_der_x509_certificate(settings.chain()[0]).tbs_certificate_bytes
    inside = assemble(tbs, key.sign(tbs, ec.ECDSA(hashes.SHA256())))
    outside = inside.replace(bytes.fromhex("2a8648ce3d040302"), bytes.fromhex("2a8648ce3d040303"))
    for der, reason in ((inside, "signature algorithms do not match"), (outside, "ecdsa-with-SHA256")):
        with pytest.raises(EvidenceError, match=reason):
            verify_chain([der], pki.trust, Role.SETTINGS)


def test_no_second_spelling(pki: Pki) -> None:
    """A withdrawn certificate cannot be spelled in another way: a high s and anything behind the end are refused."""
    good = pki.dock.chain.leaf.x509
    r, s = utils.decode_dss_signature(good.signature)
    high = utils.encode_dss_signature(r, ORDER - s)
    key = pki.certificates[Role.DOCK_CA].key
    keys.check_signature(key, high, keys.digest(good.tbs_certificate_bytes))
    der = pki.dock.chain.ders[0]
    unlike = der[: -len(good.signature) - 3]
    bits = bytes((3, len(high) + 1, 0)) + high
    other = b"\x30\x82" + (len(unlike) - 4 + len(bits)).to_bytes(2, "big") + unlike[4:] + bits
    assert x509.load_der_x509_certificate(other).signature == high
    for changed in (other, der + b"\0"):
        with pytest.raises(EvidenceError, match=r"x5c\[0\]"):
            verify_chain([changed, pki.dock.chain.ders[1]], pki.trust, Role.DOCK)


def test_junk(pki: Pki) -> None:
    """What is no certificate is refused as such."""
    for junk in (b"", b"junk", b"\x30\x00", bytes(5000)):
        with pytest.raises(FormatError, match=r"x5c\[0\] \(settings\)"):
            verify_chain([junk], pki.trust, Role.SETTINGS)


def test_version(pki: Pki) -> None:
    """Only version 3 is a certificate of ours, whatever else is right."""
    tbs = pki.settings.chain.leaf.x509.tbs_certificate_bytes
    version = b"\xa0\x03\x02\x01\x02"
    second = tbs.replace(version, b"\xa0\x03\x02\x01\x01", 1)
    first = tbs[:2] + (len(tbs) - 4 - len(version)).to_bytes(2, "big") + tbs[4:].removeprefix(version)
    for changed in (second, first):
        der = assemble(changed, pki.keys[Role.ROOT].sign(changed, ec.ECDSA(hashes.SHA256())))
        with pytest.raises(EvidenceError, match="version"):
            verify_chain([der], pki.trust, Role.SETTINGS)


@pytest.mark.parametrize("step", [Role.SESSION, Role.DEVICE, Role.DEVICE_CA, Role.ROOT])
def test_revoked_anywhere(pki: Pki, session: Session, step: Role) -> None:
    """A withdrawn certificate is refused wherever it stands in the chain, the root included."""
    fingerprint = pki.root.fingerprint if step is Role.ROOT else session.chain.issuer(step).fingerprint
    with pytest.raises(RevokedError, match=fingerprint):
        verify_chain(session.chain.ders, Trust(pki.root, frozenset({fingerprint})), Role.SESSION)
    other = Trust(pki.root, frozenset({pki.dock.chain.fingerprint}))
    assert verify_chain(session.chain.ders, other, Role.SESSION) == session.chain


@pytest.mark.parametrize(
    ("utc_ms", "said"),
    [
        (0, None),
        (2_082_758_400_000, None),
        (2_082_758_400_001, "dock-2 ended 2036-01-01"),
        (1 << 62, "dock-2 ended 2036-01-01"),
    ],
)
def test_what_had_ended_by_a_time(pki: Pki, utc_ms: int, said: str | None) -> None:
    """Told by name and day; times beyond the last date are times too."""
    assert pki.enrol(Role.DOCK, "dock-2", datetime(2036, 1, 1, tzinfo=UTC)).chain.ended(utc_ms) == said
    assert pki.dock.chain.ended(utc_ms) is None


def test_dates(pki: Pki, session: Session) -> None:
    """Dates are judged at the time that is given, and not at all without one."""
    ended = NOT_BEFORE + timedelta(days=1)
    leaf = issue(
        Role.SETTINGS, "old", keys.new_key().public_key(), pki.root, keys.software_sign(pki.keys[Role.ROOT]), ended
    )
    assert leaf.not_before == NOT_BEFORE
    assert verify_chain([leaf.der], pki.trust, Role.SETTINGS).leaf == leaf
    for at in (NOT_BEFORE, ended):
        assert verify_chain([leaf.der], Trust(pki.root, at=at), Role.SETTINGS).leaf == leaf
    with pytest.raises(DateError, match="notBefore"):
        verify_chain([leaf.der], Trust(pki.root, at=NOT_BEFORE - timedelta(seconds=1)), Role.SETTINGS)
    with pytest.raises(DateError, match="notAfter"):
        verify_chain([leaf.der], Trust(pki.root, at=ended + timedelta(seconds=1)), Role.SETTINGS)
    assert (session.chain.leaf.not_before, session.chain.leaf.not_after) == (NOT_BEFORE, FOREVER)
    assert (session.link_chain.leaf.not_before, session.link_chain.leaf.not_after) == (NOT_BEFORE, FOREVER)
    late = Trust(pki.root, at=datetime(9999, 1, 1, tzinfo=UTC))
    assert verify_chain(session.chain.ders, late, Role.SESSION) == session.chain
    with pytest.raises(ValueError, match="time zone"):
        Trust(pki.root, at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused


def test_trust_file(pki: Pki, rogue: Pki) -> None:
    """Trust is exactly one root, self-signed and with the shape of a root."""
    assert Trust.load(pki.root_pem).root == pki.root
    for pem, reason in (
        (b"", "not PEM"),
        (pki.root_pem + rogue.root_pem, "2 certificates"),
        (write_pem([pki.settings.chain.ders[0]]), "root certificate"),
    ):
        with pytest.raises(EvidenceError, match=reason):
            Trust.load(pem)
    assert read_pem(pki.device.pem) == pki.device.chain.ders


@needs("openssl")
def test_openssl_agrees(pki: Pki, session: Session, tmp_path: Path) -> None:
    """OpenSSL accepts every chain as we do, strictly and for the purpose that others know."""
    (tmp_path / "root.pem").write_bytes(pki.root_pem)
    purposes = {Role.LINK: "sslclient", Role.DOCK: "sslserver", Role.EXPORT: "smimesign"}
    for role in BELOW_ROOT:
        leaf, *above = chain_of(pki, session, role).ders
        (tmp_path / "leaf.pem").write_bytes(write_pem([leaf]))
        (tmp_path / "above.pem").write_bytes(write_pem(above or [pki.root.der]))
        purpose = purposes.get(role, "any")
        options = ["-x509_strict", "-purpose", purpose, "-CAfile", "root.pem", "-untrusted", "above.pem", "leaf.pem"]
        done = subprocess.run(["openssl", "verify", *options], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, (role, done.stderr)
