"""One spelling of everything that is signed; any other is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as oracle
from joserfc.jwk import ECKey

from tests.evidence_maker.jose import b64, sign
from tests.evidence_maker.jose import canonical as spell
from tests.evidence_maker.pki import Authority
from tools.verify import canonical, jws
from tools.verify.findings import Refused

DEVICE = Authority().device("cam-0042")
PAYLOAD = {"device": "cam-0042", "number": 17, "text": 'Zelle 12 → "Hof"\\\x1f\n'}
LINE = sign(PAYLOAD, "lapel.test.1", DEVICE, chained=True)
SHORT = sign({"a": 1}, "t", DEVICE, chained=False)
PUBLIC = DEVICE.key.public_key()
_text = st.text(st.characters(codec="utf-8"), max_size=20)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.LARGEST, canonical.LARGEST) | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(_text, _values, max_size=4))
def test_canonical_round_trip(value: dict[str, Any]) -> None:
    """What is spelt once is read back, and means the same to any JSON reader."""
    data = canonical.encode(value)
    assert json.loads(data) == value
    if canonical._depth(value) <= canonical.DEEPEST:
        assert canonical.decode(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1, "b":2}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u001F"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":"\x00"}',
        b"[]",
        b"null",
        b"",
        b"{",
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}\n',
        b'{"a":' + b"[" * 9 + b"]" * 9 + b"}",
        b'{"a":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
    ],
)
def test_other_spellings(data: bytes) -> None:
    """Anything but the one spelling of one object is refused, in bounded time."""
    with pytest.raises(Refused):
        canonical.decode(data)


@pytest.mark.parametrize("text", [b"QQ==", b"QR", b"Q", b"Q Q", b"+/", b"QQ\n", "Ä".encode()])
def test_base64url(text: bytes) -> None:
    """Padding, spare bits, other alphabets and blanks are refused."""
    with pytest.raises(Refused):
        canonical.base64url(text)


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", "Q-==", "ÄÄÄÄ"])
def test_base64_padded(text: str) -> None:
    """So they are in certificates, which have padding."""
    with pytest.raises(Refused):
        canonical.base64_padded(text)


def test_signature_of_an_outside_library() -> None:
    """A line that we take verifies with a library by others too."""
    jws.verify(jws.parse(LINE, jws.MAX_LINE), PUBLIC)
    line = sign(PAYLOAD, "lapel.test.1", DEVICE, chained=False)  # the library bounds its headers to 512 bytes
    key = ECKey.import_key(PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert json.loads(oracle.deserialize_compact(line, key).payload) == PAYLOAD


def test_every_byte_counts() -> None:
    """Whichever byte of a line changes, and however, the line is refused."""
    for at in range(len(SHORT)):
        for mask in (1, 2, 4, 8, 16, 32, 64, 128):
            changed = SHORT[:at] + bytes([SHORT[at] ^ mask]) + SHORT[at + 1 :]
            with pytest.raises(Refused):
                jws.verify(jws.parse(changed, jws.MAX_LINE), PUBLIC)


def header(**members: object) -> bytes:
    """A line with this header."""
    return b".".join((jws_part(members), *SHORT.split(b".")[1:]))


def jws_part(value: dict[str, Any]) -> bytes:
    """One part of a line."""
    return b64(spell(value))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"..",
        b"a.b",
        SHORT + b".",
        header(alg="none", typ="t", kid="x"),
        header(alg="ES384", typ="t", kid="x"),
        header(alg="ES256", kid="x"),
        header(alg="ES256", typ=1, kid="x"),
        header(alg="ES256", typ="t"),
        header(alg="ES256", typ="t", kid=1),
        header(alg="ES256", typ="t", kid="x", x5c=["QQ=="]),
        header(alg="ES256", typ="t", kid="x", crit=["b64"]),
        header(alg="ES256", typ="t", jwk={}),
        header(alg="ES256", typ="t", x5c=[]),
        header(alg="ES256", typ="t", x5c="QQ=="),
        header(alg="ES256", typ="t", x5c=[1]),
        header(alg="ES256", typ="t", x5c=["QQ"]),
        header(alg="ES256", typ="t", x5c=["QQ=="] * 4),
        SHORT[:-4],
        SHORT + b"AAAA",
        SHORT.rsplit(b".", 1)[0] + b"." + b"A" * 86,
        SHORT.rsplit(b".", 1)[0] + b"." + b"_" * 85 + b"w",
        b"x" * (jws.MAX_LINE + 1),
    ],
)
def test_malformed(line: bytes) -> None:
    """Other headers, lengths and ranges are refused before any key is asked."""
    with pytest.raises(Refused):
        jws.parse(line, jws.MAX_LINE)
