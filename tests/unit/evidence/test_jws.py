"""Strict JWS: what we make is what any JOSE library verifies, and no byte of it can change."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from cryptography.x509 import load_der_x509_certificate
from joserfc import jws as joserfc
from joserfc.jwk import ECKey

from firmware.evidence import jws, keys
from firmware.evidence.errors import ChainError, EvidenceError, FormatError, KeyFileError, SequenceError, SignatureError
from firmware.evidence.roles import Role
from firmware.evidence.session import Session
from tests.pki import Pki

TYP = "lapel.flush.1"
PAYLOAD = {"number": 17, "text": 'é " \\ \n', "list": [1, None, True]}
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def b64(data: bytes) -> bytes:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def make(pki: Pki, header: object, payload: bytes = b'{"a":1}', signature: bytes | None = None) -> bytes:
    """A line with any header and payload, signed as the settings key signs, s low."""
    head = header if isinstance(header, bytes) else json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    signed = b64(head) + b"." + b64(payload)
    return signed + b"." + b64(signature or keys.raw_signature(pki.settings.sign(keys.digest(signed))))


def x5c(ders: Sequence[bytes]) -> list[str]:
    """Certificates as a header holds them."""
    return [base64.b64encode(der).decode() for der in ders]


@pytest.fixture(scope="module")
def line(session: Session) -> bytes:
    """A line with the session's chain."""
    return session.sign_line(PAYLOAD, TYP, chained=True)


@pytest.fixture(scope="module")
def keyed(session: Session) -> bytes:
    """A line that names the session's certificate."""
    return session.sign_line(PAYLOAD, TYP, chained=False)


def test_verified(pki: Pki, session: Session, line: bytes, keyed: bytes) -> None:
    """A line is verified with all that it says, by its chain or by a chain known before."""
    signed = jws.verify_chained(line, TYP, trust=pki.trust, role=Role.SESSION)
    assert signed.payload == PAYLOAD
    assert signed.hash == jws.line_hash(line) == keys.hash_of(line)
    assert signed.certificate.name == session.device == "cam-1"
    again = jws.verify_keyed(keyed, TYP, certificate=signed.chain)
    assert again.payload == PAYLOAD
    assert again.chain == signed.chain
    assert jws.peek_typ(keyed) == TYP


def test_joserfc_verifies(line: bytes, keyed: bytes, session: Session) -> None:
    """A JOSE library that we did not write verifies our lines, with the key of the first x5c certificate."""
    header = jws.parse(line)
    leaf = load_der_x509_certificate(header.x5c[0])
    key = ECKey.import_key(keys.public_der(leaf.public_key()))  # type: ignore[arg-type]  # it takes DER, which its types do not say
    registry = joserfc.JWSRegistry(algorithms=["ES256"])
    registry.max_header_length = 16384  # the library's own bound of 512 bytes has no room for certificates
    for text in (line, keyed):
        done = joserfc.deserialize_compact(text, key, registry=registry)
        assert json.loads(done.payload) == PAYLOAD
        assert done.protected["typ"] == TYP
    assert jws.parse(keyed).kid == session.chain.fingerprint


@pytest.mark.parametrize("chained", [True, False])
@pytest.mark.no_cover
def test_any_changed_byte_is_refused(pki: Pki, session: Session, *, chained: bool) -> None:
    """Each byte of a line, changed in several ways, removed or doubled, makes it refused."""
    good = session.sign_line(PAYLOAD, TYP, chained=chained)

    def verify(text: bytes) -> None:
        if chained:
            jws.verify_chained(text, TYP, trust=pki.trust, role=Role.SESSION)
        else:
            jws.verify_keyed(text, TYP, certificate=session.chain)

    verify(good)
    for at, byte in enumerate(good):
        others = {byte ^ 1, byte ^ 0x20, byte ^ 0x80, ord("="), ord("A")} - {byte}
        for middle in (b"", bytes((byte, byte)), *(bytes((other,)) for other in others)):
            changed = good[:at] + middle + good[at + 1 :]
            with pytest.raises(EvidenceError):
                verify(changed)
    for changed in (good + b"\n", good + b"=", good + b" ", b" " + good, good + b".", b"." + good):
        with pytest.raises(EvidenceError):
            verify(changed)


def test_high_s_is_refused(pki: Pki, session: Session, keyed: bytes) -> None:
    """The other spelling of the same signature, which libraries accept, is refused."""
    signed, _, text = keyed.rpartition(b".")
    raw = base64.urlsafe_b64decode(text + b"==")
    high = raw[:32] + (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    public = session.chain.leaf.key
    r, s = int.from_bytes(high[:32], "big"), int.from_bytes(high[32:], "big")
    keys.check_signature(public, utils.encode_dss_signature(r, s), keys.digest(signed))
    with pytest.raises(FormatError, match="low"):
        jws.verify_keyed(signed + b"." + b64(high), TYP, certificate=session.chain)


def test_padding_bits(session: Session, keyed: bytes) -> None:
    """The unused bits of the signature's last character are zero: of 64 last characters one is accepted."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = []
    for last in alphabet:
        try:
            jws.verify_keyed(keyed[:-1] + bytes((last,)), TYP, certificate=session.chain)
            accepted.append(last)
        except EvidenceError:
            pass
    assert accepted == [keyed[-1]]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "ES256", "typ": TYP}, "^header"),
        ({"alg": "ES256", "typ": TYP, "kid": "a", "x5c": ["AA=="]}, "^header"),
        ({"alg": "ES256", "typ": TYP, "kid": "a", "crit": []}, "^header"),
        ({"alg": "none", "typ": TYP, "kid": "a"}, "^alg"),
        ({"alg": None, "typ": TYP, "kid": "a"}, "^alg"),
        ({"alg": "ES256", "typ": 1, "kid": "a"}, "^typ"),
        ({"alg": "ES256", "typ": TYP, "kid": 7}, "^kid"),
        ({"alg": "ES256", "typ": TYP, "x5c": []}, "^x5c"),
        ({"alg": "ES256", "typ": TYP, "x5c": "AA=="}, "^x5c"),
        ({"alg": "ES256", "typ": TYP, "x5c": ["AA=="] * 4}, "^x5c"),
        ({"alg": "ES256", "typ": TYP, "x5c": [7]}, "^x5c"),
        ({"alg": "ES256", "typ": TYP, "x5c": ["A"]}, "^x5c"),
        ({"alg": "ES256", "typ": TYP, "x5c": ["AB=="]}, "^x5c"),
        ('{"alg":"ES256","typ":"lapel.flush.1","x5c":["é"]}'.encode(), "^x5c"),
        ({"alg": "ES256", "typ": TYP, "x5c": [""]}, "^x5c"),
        (b'{"typ":"lapel.flush.1","alg":"ES256","kid":"a"}', "^header: not canonical"),
        (b"[]", "^header"),
    ],
)
def test_header(pki: Pki, header: object, reason: str) -> None:
    """The header has exactly its members, of the right type, spelled in the one way."""
    with pytest.raises(FormatError, match=reason):
        jws.parse(make(pki, header))


def test_payload_is_canonical(pki: Pki) -> None:
    """A signed payload that is not canonical JSON is refused all the same."""
    with pytest.raises(FormatError, match="^payload: not canonical"):
        jws.parse(make(pki, {"alg": "ES256", "typ": TYP, "kid": "a"}, b'{"a": 1}'))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "1 parts"),
        (b"a.b", "2 parts"),
        (b"a.b.c.d", "4 parts"),
        (b"..", "^header"),
        (b"e30..", "^payload"),
        (b"e30.e30.", "^signature"),
        (b"e30=.e30.AAAA", "^header"),
        (b"e+/=.e30.AAAA", "^header"),
        (b"e.e30.AAAA", "^header"),
        (b"\xff30.e30.AAAA", "^header"),
        (b"x" * (jws.LINE_LIMIT + 1), "^line"),
    ],
)
def test_form(text: bytes, reason: str) -> None:
    """What is no compact serialization is refused by the name of its part."""
    with pytest.raises(FormatError, match=reason):
        jws.parse(text)


def test_longest_line(pki: Pki) -> None:
    """A line is bounded by 64 KiB where it is read as one, and by 4 MiB where a file holds it."""
    settings = pki.settings
    long = jws.sign({"a": "x" * jws.LINE_LIMIT}, TYP, settings.sign, x5c=settings.chain.ders)
    with pytest.raises(FormatError, match="at most 65536"):
        jws.verify_chained(long, TYP, trust=pki.trust, role=Role.SETTINGS)
    assert jws.verify_chained(long, TYP, trust=pki.trust, role=Role.SETTINGS, limit=jws.FILE_LIMIT).hash
    with pytest.raises(FormatError, match="at most 4194304"):
        jws.sign({"a": "x" * jws.FILE_LIMIT}, TYP, settings.sign, kid="k")


def test_typ_is_fixed(pki: Pki, session: Session, line: bytes, keyed: bytes) -> None:
    """A line of one kind is never taken for another."""
    with pytest.raises(FormatError, match="^typ"):
        jws.verify_chained(line, "lapel.flush.2", trust=pki.trust, role=Role.SESSION)
    with pytest.raises(FormatError, match="^typ"):
        jws.verify_keyed(keyed, "lapel.opening.1", certificate=session.chain)


def test_signer_is_named_as_asked(pki: Pki, session: Session, line: bytes, keyed: bytes) -> None:
    """A line by kid does not pass for one with its chain, nor the other way round."""
    with pytest.raises(FormatError, match="^x5c: missing"):
        jws.verify_chained(keyed, TYP, trust=pki.trust, role=Role.SESSION)
    with pytest.raises(FormatError, match="^kid: missing"):
        jws.verify_keyed(line, TYP, certificate=session.chain)
    with pytest.raises(ValueError, match="x5c or by kid"):
        jws.sign(PAYLOAD, TYP, session.prove)
    with pytest.raises(ValueError, match="x5c or by kid"):
        jws.sign(PAYLOAD, TYP, session.prove, x5c=(b"x",), kid="k")


def test_role_is_fixed(pki: Pki, session: Session, line: bytes) -> None:
    """A genuine line of one role is refused where another role has to sign."""
    with pytest.raises(ChainError):
        jws.verify_chained(line, TYP, trust=pki.trust, role=Role.LINK)
    with pytest.raises(ChainError):
        jws.verify_chained(session.sign_as_device(PAYLOAD, TYP), TYP, trust=pki.trust, role=Role.DOCK)
    assert (
        jws.verify_chained(session.sign_as_device(PAYLOAD, TYP), TYP, trust=pki.trust, role=Role.DEVICE).payload
        == PAYLOAD
    )


def test_other_keys(pki: Pki, rogue: Pki, session: Session, keyed: bytes, line: bytes) -> None:
    """Another boot's certificate, another authority and a signature by another key are refused."""
    other = pki.session()
    with pytest.raises(SequenceError, match="^kid"):
        jws.verify_keyed(keyed, TYP, certificate=other.chain)
    with pytest.raises(EvidenceError):
        jws.verify_chained(line, TYP, trust=rogue.trust, role=Role.SESSION)
    forged = jws.sign(PAYLOAD, TYP, rogue.settings.sign, x5c=pki.settings.chain.ders)
    with pytest.raises(SignatureError, match="^signature"):
        jws.verify_chained(forged, TYP, trust=pki.trust, role=Role.SETTINGS)


def test_file_is_line_and_line_feed() -> None:
    """A .jws file is its line and one LF, nothing else."""
    assert jws.from_file(b"a.b.c\n") == b"a.b.c"
    for data in (b"", b"a.b.c"):
        with pytest.raises(FormatError, match="^volume.jws"):
            jws.from_file(data, "volume.jws")


def test_sessions_are_of_their_device(pki: Pki, rogue: Pki) -> None:
    """A session begins only with a device's chain and that device's key."""
    with pytest.raises(ChainError, match="dock"):
        Session.begin(pki.dock.chain, pki.dock.sign)
    with pytest.raises(KeyFileError, match="session"):
        Session.begin(pki.device.chain, rogue.device.sign)
