"""Other spellings: of signatures, of JSON, of headers; all but the first table signed by whoever may."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.evidence_maker import Identity
from tests.evidence_maker.jose import canonical
from tests.evidence_maker.pki import ORDER
from tests.vector_maker import forging
from tests.vector_maker.bases import FIRST
from tests.vector_maker.evidence import Scenario
from tests.vector_maker.forging import CAMERA, Respell, padded, part, signed_anew
from tests.vector_maker.scenarios.making import Change, changed, edit, remove


def _alphabet(line: bytes) -> bytes:
    """Base64's own two characters in the place of base64url's; one of them at the end of a line that happens to have neither."""
    other = line.replace(b"_", b"/").replace(b"-", b"+")
    return other if other != line else line[:-1] + b"+"


SIGNATURES: dict[str, tuple[str, Respell]] = {
    "high-s": ("a signature with a high s", part(2, forging.high_s)),
    "padding": ("padding behind the signature", lambda line: line + b"=="),
    "spare-bits": ("other unused bits in the last character", part(2, forging.spare_bits)),
    "blank": ("a blank behind the line", lambda line: line + b" "),
    "carriage-return": ("CR LF instead of LF", lambda line: line + b"\r"),
    "blank-line": ("an empty line behind it", lambda line: line + b"\n"),
    "alphabet": ("the alphabet of base64 instead of base64url", _alphabet),
    "der": ("a signature in DER", part(2, lambda text: padded(_der(forging.unpadded(text))))),
    "zeros": ("a signature of zeros", part(2, lambda _text: b"A" * 86)),
    "long-signature": ("a signature of 65 bytes", part(2, lambda text: padded(forging.unpadded(text) + b"\0"))),
    "fourth-part": ("a fourth part", lambda line: line + b"."),
    "detached": ("an empty payload", part(1, lambda _text: b"")),
}  # fmt: skip


def _der(data: bytes) -> bytes:
    return utils.encode_dss_signature(int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big"))


def _replace(old: bytes, new: bytes) -> Respell:
    def respelt(data: bytes) -> bytes:
        assert old in data, old
        return data.replace(old, new, 1)

    return respelt


def _member(**members: object) -> Respell:
    """Header members that are other ones, or more; None takes one away."""

    def respelt(data: bytes) -> bytes:
        value = {**json.loads(data), **members}
        return canonical({name: each for name, each in value.items() if each is not None})

    return respelt


def _upper(data: bytes) -> bytes:
    value = json.loads(data)
    return canonical({**value, "opening": value["opening"].upper()})


PAYLOADS: dict[str, tuple[str, Respell]] = {
    "white-space": ("white space in the JSON", _replace(b'{"boot":', b'{"boot": ')),
    "unsorted": ("members that are not sorted", lambda data: data[:-1].replace(b'{"boot":1,', b"{") + b',"boot":1}'),
    "duplicate": ("a member that stands twice", _replace(b'{"boot":1,', b'{"boot":1,"boot":1,')),
    "float": ("a number with a point", _replace(b'"boot":1,', b'"boot":1.0,')),
    "exponent": ("a number with an exponent", _replace(b'"boot":1,', b'"boot":1e0,')),
    "leading-zero": ("a number with a leading zero", _replace(b'"boot":1,', b'"boot":01,')),
    "minus-zero": ("minus zero", _replace(b'"video":0}', b'"video":-0}')),
    "too-large": ("a number above 2^53-1", _replace(b'"boot":1,', b'"boot":9007199254740992,')),
    "nan": ("no number", _replace(b'"boot":1,', b'"boot":NaN,')),
    "escape": ("an escape that JSON does not demand", _replace(b'"sealed"', b'"\\u0073ealed"')),
    "slash": ("an escaped slash", _replace(b'"sealed"', b'"sealed\\/"')),
    "not-utf-8": ("bytes that are not UTF-8", _replace(b'"sealed"', b'"sealed\xff"')),
    "byte-order-mark": ("a byte order mark", lambda data: b"\xef\xbb\xbf" + data),
    "trailing": ("bytes behind the object", lambda data: data + b"\n"),
    "array": ("an array instead of an object", lambda data: b"[" + data + b"]"),
    "deep": ("nine levels deep", _replace(b'"boot":1,', b'"boot":[[[[[[[[[1]]]]]]]]],')),
    "unknown-member": ("a member that the format does not have", _replace(b'{"boot":1,', b'{"boot":1,"bout":1,')),
    "missing-member": ("a member is missing", _replace(b'"state":"sealed",', b"")),
    "text-for-number": ("text where a number belongs", _replace(b'"boot":1,', b'"boot":"1",')),
    "true-for-number": ("true where a number belongs", _replace(b'"boot":1,', b'"boot":true,')),
    "null": ("null where none may stand", _replace(b'"boot":1,', b'"boot":null,')),
    "capitals": ("a hash in capitals", _upper),
    "out-of-range": ("boot 0", _replace(b'"boot":1,', b'"boot":0,')),
    "control-character": ("a control character in text", _replace(b'"software"', b'"soft\\nware"')),
}  # fmt: skip


def _root() -> bytes:
    return CAMERA.certificates[-1].public_bytes(serialization.Encoding.DER)


HEADERS: dict[str, tuple[str, Respell]] = {
    "alg-none": ("alg none", _member(alg="none")),
    "alg-es384": ("alg ES384", _member(alg="ES384")),
    "alg-lower": ("alg in lower case", _member(alg="es256")),
    "crit": ("a critical header member", _member(crit=["exp"], exp=1)),
    "jwk": ("a key of its own in the header", _member(jwk={"kty": "EC"})),
    "jku": ("an address in the header", _member(jku="https://example.org/keys")),
    "kid-too": ("kid beside x5c", _member(kid=CAMERA.kid)),
    "kid-instead": ("kid instead of x5c", _member(x5c=None, kid=CAMERA.kid)),
    "no-key": ("neither x5c nor kid", _member(x5c=None)),
    "no-typ": ("no typ", _member(typ=None)),
    "typ-of-another": ("the typ of a receipt", _member(typ="lapel.receipt.1")),
    "typ-version": ("a later version", _member(typ="lapel.manifest.2")),
    "typ-foreign": ("a typ of somebody else", _member(typ="JWT")),
    "x5c-empty": ("no certificate", _member(x5c=[])),
    "x5c-text": ("a certificate that is not in a list", _member(x5c=base64.b64encode(CAMERA.x5c[0]).decode())),
    "x5c-root": ("the root stands in the chain, too",
                 _member(x5c=[base64.b64encode(each).decode() for each in (*CAMERA.x5c, _root())])),
    "x5c-unpadded": ("certificates without padding",
                     _member(x5c=[base64.b64encode(each).decode().rstrip("=") + " " for each in CAMERA.x5c])),
    "x5c-reversed": ("the chain upside down",
                     _member(x5c=[base64.b64encode(each).decode() for each in reversed(CAMERA.x5c)])),
    "header-white-space": ("white space in the header", _replace(b'{"alg":', b'{ "alg":')),
}  # fmt: skip


def _hmac(line: bytes) -> bytes:
    """Signed with the public key as if it were a secret that both know."""
    head, payload, _ = line.split(b".")
    head = padded(_member(alg="HS256")(forging.unpadded(head)))
    public = CAMERA.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return head + b"." + payload + b"." + padded(hmac.new(public, head + b"." + payload, hashlib.sha256).digest())


def _sha384(line: bytes) -> bytes:
    head, payload, _ = line.split(b".")
    der = CAMERA.key.sign(head + b"." + payload, ec.ECDSA(hashes.SHA384(), deterministic_signing=True))
    r, s = utils.decode_dss_signature(der)
    low = min(s, ORDER - s)
    return head + b"." + payload + b"." + padded(r.to_bytes(32, "big") + low.to_bytes(32, "big"))


def _line(file: str, respell: Respell) -> Change:
    return edit(f"{FIRST}/{file}", lambda data: forging.last_line(data, respell))


def _anew(identity: Identity, **how: Respell) -> Respell:
    return lambda line: signed_anew(line, identity, **how)


def _scenarios() -> Iterator[Scenario]:
    for name, (about, respell) in SIGNATURES.items():
        for file in ("manifest.jws", "receipt.jws", "journal.jwsl"):
            stem = file.partition(".")[0]
            change = _line(file, respell)
            yield Scenario(f"{stem}-{name}", about, "2", "card", changed("card", change), problems=(f"{file}: ",))
    rest: list[tuple[str, str, Callable[[bytes], bytes]]] = [
        *((f"payload-{name}", about, _anew(CAMERA, payload=how)) for name, (about, how) in PAYLOADS.items()),
        *((f"header-{name}", about, _anew(CAMERA, header=how)) for name, (about, how) in HEADERS.items()),
        ("header-hs256", "alg HS256, with the public key as the secret", _hmac),
        ("sha384", "signed over SHA-384", _sha384),
    ]
    for name, about, respell in rest:
        make = changed("card", remove(f"{FIRST}/receipt.jws"), _line("manifest.jws", respell))
        yield Scenario(name, about, "2", "card", make, problems=("manifest.jws: ",))
    yield Scenario(
        "journal-line-too-long", "a line of more than 65 536 bytes", "2", "card",
        changed("card", edit(f"{FIRST}/journal.jwsl", lambda data: data + b"x" * 65_537 + b"\n")),
        problems=("journal.jwsl: ",),
    )  # fmt: skip
    yield Scenario(
        "no-last-lf", "the manifest without its LF", "2", "card",
        changed("card", edit(f"{FIRST}/manifest.jws", lambda data: data[:-1])), problems=("manifest.jws: ",),
    )  # fmt: skip


SCENARIOS = tuple(_scenarios())
