"""Certificate requests: openssl believes them, and there is one spelling of each."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from firmware.evidence.der import spell
from firmware.evidence.errors import EvidenceError, FormatError, SignatureError
from firmware.evidence.keys import new_key, public_der, software_sign
from firmware.evidence.request import LARGEST, make_request, read_request
from tests.oracles import needs

KEY = new_key()


def made(name: str = "cam-1") -> bytes:
    """A good one."""
    return make_request(name, public_der(KEY.public_key()), software_sign(KEY))


@needs("openssl")
@pytest.mark.parametrize("name", ["a", "cam-1", "x" * 32])
def test_openssl_believes_it(tmp_path: Path, name: str) -> None:
    """The signature is the key's, the subject the name, and nothing else is in it."""
    (tmp_path / "request.der").write_bytes(made(name))
    command = ["openssl", "req", "-inform", "DER", "-in", "request.der", "-verify", "-noout", "-subject", "-text"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30)
    assert "verify OK" in said.stdout + said.stderr
    assert f"CN = {name}\n" in said.stdout
    assert "ASN1 OID: prime256v1" in said.stdout
    assert "(none)" in said.stdout, "attributes"
    assert "X509v3" not in said.stdout


def test_it_is_read_back() -> None:
    """Name and key."""
    request = read_request(made("cam-0042"))
    assert request.name == "cam-0042"
    assert request.key.public_numbers() == KEY.public_key().public_numbers()
    assert len(made("x" * 32)) < LARGEST


def test_a_high_s_is_made_low() -> None:
    """A signer may answer with either s; the request has the lower one, so that it has one spelling."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    def high(digest: bytes) -> bytes:
        r, s = utils.decode_dss_signature(software_sign(KEY)(digest))
        return utils.encode_dss_signature(r, max(s, order - s))

    der = make_request("cam-1", public_der(KEY.public_key()), high)
    _, s = utils.decode_dss_signature(x509.load_der_x509_csr(der).signature)
    assert s <= order // 2
    assert read_request(der).name == "cam-1"


@pytest.mark.parametrize("name", ["", "CAM", "cam_1", "x" * 33, "cam 1", "cäm"])
def test_no_camera_has_such_a_name(name: str) -> None:
    """Neither made nor read: a desk that took it could not certify it."""
    with pytest.raises(FormatError, match="subject"):
        made(name)
    builder = x509.CertificateSigningRequestBuilder()
    common = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
    der = builder.subject_name(x509.Name(common)).sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)
    with pytest.raises(FormatError, match="subject"):
        read_request(der)


def test_a_signer_whose_answer_is_not_its_keys_makes_none() -> None:
    """A broken signer is found by the camera, and not by the desk."""
    with pytest.raises(SignatureError, match="request: signature"):
        make_request("cam-1", public_der(KEY.public_key()), software_sign(new_key()))


def test_every_byte_counts() -> None:
    """Whatever is changed, added or cut off is refused."""
    der = made()
    for at in range(len(der)):
        for bit in (1, 0x80):
            with pytest.raises(EvidenceError):
                read_request(der[:at] + bytes((der[at] ^ bit,)) + der[at + 1 :])
    for wrong in (b"", der[:-1], der + b"\0", der * 5):
        with pytest.raises(EvidenceError):
            read_request(wrong)


def test_what_is_too_long_is_not_parsed() -> None:
    """Its size is all that is looked at."""
    with pytest.raises(FormatError, match=r"^request: 1025 bytes, at most 1024 are allowed$"):
        read_request(bytes(1025))
    with pytest.raises(FormatError, match="not a certificate request"):
        read_request(bytes(1024))


def other_shapes() -> dict[str, bytes]:
    """Requests that others' tools would take."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cam-1")])
    two = x509.Name([*subject, x509.NameAttribute(NameOID.ORGANIZATION_NAME, "us")])
    plain = x509.CertificateSigningRequestBuilder().subject_name(subject)
    names = x509.SubjectAlternativeName([x509.DNSName("cam-1")])
    challenge = plain.add_attribute(x509.ObjectIdentifier("1.2.840.113549.1.9.7"), b"secret")
    other, edwards = ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()
    printable = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cam-1", x509.name._ASN1Type.PrintableString)])
    asked = {
        "an extension": plain.add_extension(names, critical=False).sign(KEY, hashes.SHA256()),
        "an attribute": challenge.sign(KEY, hashes.SHA256()),
        "two names": x509.CertificateSigningRequestBuilder().subject_name(two).sign(KEY, hashes.SHA256()),
        "another alphabet": x509.CertificateSigningRequestBuilder().subject_name(printable).sign(KEY, hashes.SHA256()),
        "another digest": plain.sign(KEY, hashes.SHA384()),
        "another curve": plain.sign(other, hashes.SHA256()),
        "another algorithm": plain.sign(edwards, None),
    }
    return {name: each.public_bytes(Encoding.DER) for name, each in asked.items()}


@pytest.mark.parametrize("shape", other_shapes())
def test_other_shapes_are_refused(shape: str) -> None:
    """What a camera never says is not taken from one."""
    with pytest.raises(FormatError, match="^request: "):
        read_request(other_shapes()[shape])


def test_somebody_elses_signature_is_refused() -> None:
    """The right spelling, signed by another key: whoever sent it does not hold the one that is in it."""
    der, stranger = made(), new_key()
    told = x509.load_der_x509_csr(der).tbs_certrequest_bytes
    while True:
        raw = software_sign(stranger)(hashlib.sha256(told).digest())
        _, s = utils.decode_dss_signature(raw)
        if s < 1 << 254:  # low, as ours are
            break
    forged = spell(0x30, told, bytes.fromhex("300a06082a8648ce3d040302"), spell(0x03, b"\0", raw))
    with pytest.raises(SignatureError, match="^request: signature"):
        read_request(forged)
