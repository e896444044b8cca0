"""Good inputs to begin with: a small volume as the second writer makes it, and what lies in no volume."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import av
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from firmware.evidence import bech32
from firmware.media.sei import GopFacts, Signatory, signed_sei
from tests import samples
from tests.evidence_maker import RECIPIENTS, Camera, Plan, TimeAuthority, mp4
from tests.evidence_maker.clips import clip
from tests.evidence_maker.jose import canonical, digest
from tests.fuzz import resigning, signing
from tests.fuzz.resigning import STAMPED
from tests.fuzz.signing import NAME, authority, identities

_AUDITED: Final[Mapping[str, dict[str, Any]]] = {
    "opening": {"number": 1, "opening": samples.HASH},
    "closing": {"number": 1, "manifest": samples.HASH, "state": "sealed"},
    "receipt": {"number": 1, "receipt": samples.HASH},
    "erasure": {"number": 1, "receipt": samples.HASH},
    "void": {"number": 1},
    "missing": {"number": 1},
    "quarantine": {"name": "00000007"},
    "dock": {"dock": "dock-1", "outcome": "believed"},
    "clock": {"before_ms": -1, "after_ms": 1, "source": "dock", "drift_ppm": -7},
    "settings": {"serial": 1, "hash": samples.HASH},
    "fault": {"code": "storage"},
    "stop": {"reason": "shutdown", "resume": False},
}


@cache
def volume() -> Mapping[str, bytes]:
    """Every file of a small volume, by its path there: recording 1 sealed and receipted, recording 2 cut off."""
    with tempfile.TemporaryDirectory() as folder:
        camera = Camera(Path(folder) / "card", name=NAME)
        camera.record(Plan(segments=1, before=0))
        camera.receipt(1)
        camera.countersign()
        camera.cut(after=3)
        return {
            str(path.relative_to(camera.path)): path.read_bytes() for path in camera.path.rglob("*") if path.is_file()
        }


def recording(name: str) -> bytes:
    """A file of recording 1."""
    return volume()[f"recordings/00000001/{name}"]


def journal() -> list[bytes]:
    """The beginning of a journal."""
    return [b"".join(recording("journal.jwsl").splitlines(keepends=True)[:4])]


@cache
def audit_files() -> list[bytes]:
    """Two audit files, with all kinds of lines between them."""
    boot = signing.take_apart(volume()["audit/00000001.jwsl"].split(b"\n")[0])
    assert boot is not None
    files = []
    for kinds in (list(_AUDITED)[::2], list(_AUDITED)[1::2]):
        rows: list[bytes] = []
        head, payload = "0" * 64, boot[1]
        for kind in ("boot", *kinds):
            data = _AUDITED.get(kind, boot[1]["data"])
            payload = {**payload, "line": len(rows) + 1, "prev": head, "kind": kind, "data": data}
            rows.append(signing.line("lapel.audit.1", payload, chained=kind == "boot"))
            head = digest(rows[-1])
        files.append(b"".join(row + b"\n" for row in rows))
    return files


def settings() -> dict[str, Any]:
    """The payload of the authority's settings."""
    return samples.settings([recipient.address for recipient in RECIPIENTS])


def settings_line() -> bytes:
    """The authority's settings."""
    return signing.line("lapel.settings.1", settings())


def log_receipt_line() -> bytes:
    """A dock's receipt for the log."""
    return signing.line("lapel.log-receipt.1", samples.log_receipt(device=NAME))


def second_line() -> bytes:
    """The second signature of recording 1."""
    manifest = recording("manifest.jws")[:-1]
    _, payload = signing.take_apart(manifest) or ({}, {})
    who = {name: payload[name] for name in ("device", "volume", "number")}
    return resigning.second_line({**who, "manifest": digest(manifest)})


def derived_line() -> bytes:
    """The paper of a derivative."""
    span = {"from": 0, "until": 90_000}
    payload = {
        "device": NAME,
        "volume": samples.VOLUME,
        "number": 1,
        "opening": samples.HASH,
        "manifest": samples.HASH,
        "span": span,
        "asked": {"from": None, "until": 90_000},
        "silenced": [span],
        "film": samples.extent(9),
        "reason": "disclosure",
        "desk": "desk-1",
        "tool": "lapel export",
        "utc_ms": samples.anchor()["utc_ms"],
    }
    return signing.line("lapel.derived.1", payload)


def hybrid_header() -> bytes:
    """The beginning of an age file of the post-quantum class: what its stanzas hold opens with no key."""
    noise = hashlib.shake_256(b"stanzas").digest(2 * (1120 + 32) + 32)
    text = b"age-encryption.org/v1\n"
    for at in (0, 1152):
        body = base64.b64encode(noise[at + 1120 : at + 1152]).rstrip(b"=")
        text += b"-> mlkem768x25519 " + base64.b64encode(noise[at : at + 1120]).rstrip(b"=") + b"\n" + body + b"\n"
    return text + b"--- " + base64.b64encode(noise[-32:]).rstrip(b"=") + b"\n"


def hybrid_key() -> bytes:
    """A key of that class."""
    return bech32.encode("age-secret-key-pq-", bytes(range(32))).upper().encode()


def assignment_line() -> bytes:
    """An assignment."""
    payload = {"device": NAME, "shift": "S-1", "utc_ms": samples.anchor()["utc_ms"]}
    return signing.line("lapel.assignment.1", payload)


def order_lines() -> list[bytes]:
    """A recall, and the two words that undo it."""
    about = {"device": NAME, "utc_ms": samples.anchor()["utc_ms"]}
    undo = {**about, "recall": samples.anchor()["audit"]["head"]}
    recall = signing.line("lapel.recall.1", {**about, "reason": "lost"})
    return [recall, signing.line("lapel.release.1", undo), signing.line("lapel.consent.1", undo)]


def attribution_line() -> bytes:
    """The dock's line of a late attribution."""
    told = {key: value for key, value in samples.receipt().items() if key in ("device", "volume", "number", "manifest")}
    more = {"shift": "S-1", "reason": "x", "dock": "dock-1", "desk": "desk-1", "utc_ms": samples.anchor()["utc_ms"]}
    return signing.line("lapel.attribution.1", {**told, **more})


def time_line(nonce: str) -> bytes:
    """The authority's word for the time."""
    return signing.line("lapel.time.1", {"nonce": nonce, "utc_ms": samples.anchor()["utc_ms"]})


def bundle_line() -> bytes:
    """The paper of a firmware bundle."""
    return signing.line("lapel.bundle.1", samples.bundle())


def chains() -> list[bytes]:
    """The chain of every role, and one of a camera that would be a dock."""
    found = [signing.chain_input(role, each.x5c) for role in range(1, 8) for each in identities().values() if each.x5c]
    return [*dict.fromkeys(found)]


def private_rows() -> list[bytes]:
    """An entry of each kind of the private part, without its padding."""
    clock = samples.clock()
    more: Mapping[str, dict[str, Any]] = {
        "assignment": {"shift": "S-1"},
        "start": {"trigger": "button", "press": clock},
        "bookmark": {"label": "Zelle 12"},
        "sound": {"state": "muted"},
        "standby": {"began": clock, "ended": clock},
        "fault": {"text": "lens"},
        "stop": {"reason": "officer"},
    }
    return [canonical({"kind": kind, "at": 90_000, "clock": clock, **each}) for kind, each in more.items()]


@cache
def fragments() -> bytes:
    """The head of a segment: ``ftyp``, ``moov`` and a fragment with sound."""
    made = clip(2)
    return mp4.init(made, sound=True) + mp4.fragment(1, made.video[:3], made.audio[:4])


@cache
def film() -> bytes:
    """The same as an ordinary film, as an export makes it."""
    made = io.BytesIO()
    with av.open(io.BytesIO(fragments()), "r") as source, av.open(made, "w", format="mp4") as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux_one(packet)
    return made.getvalue()


@cache
def access_units() -> list[bytes]:
    """The first pictures of a clip in Annex B, with parameter sets in front of the first."""
    made = clip(2)
    avcc = made.avcc
    size = int.from_bytes(avcc[6:8], "big")
    sps, rest = avcc[8 : 8 + size], avcc[8 + size :]
    pps = rest[3 : 3 + int.from_bytes(rest[1:3], "big")]
    units = [b"".join(b"\0\0\0\1" + nal for nal in _nals(sample.data)) for sample in made.video[:2]]
    return [b"\0\0\0\1" + sps + b"\0\0\0\1" + pps + units[0][:600], units[1][:600]]


def sample() -> bytes:
    """A picture as a film holds it."""
    return clip(2).video[1].data[:600]


def seis() -> list[bytes]:
    """Signatures in the picture: with the signer's certificates, and without."""
    session = identities()["session"]
    chain = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in session.certificates[:-1])
    sign = partial(
        session.key.sign, signature_algorithm=ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True)
    )
    signer = Signatory(sign, chain, "0.1.0", NAME, 1 << 50)
    digests = tuple(hashlib.sha256(bytes((index,))).digest() for index in range(3))
    gop = GopFacts(0, 1 << 50, 1 << 51, 3, hashlib.sha256(b"".join(digests)).digest(), digests, bytes(32))
    return [signed_sei(gop, signer, certificates=each) for each in (True, False)]


@cache
def stamps() -> list[bytes]:
    """A time stamp over ``STAMPED``."""
    return [TimeAuthority().stamp(STAMPED, samples.anchor()["utc_ms"])]


def _nals(sample: bytes) -> list[bytes]:
    found = []
    while sample:
        size = int.from_bytes(sample[:4], "big")
        found.append(sample[4 : 4 + size])
        sample = sample[4 + size :]
    return found


def key_files() -> list[bytes]:
    """Private keys in PEM."""
    plain = serialization.NoEncryption()
    key = identities()["device"].key
    forms = (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL)
    return [key.private_bytes(serialization.Encoding.PEM, form, plain) for form in forms]


def public_keys(encoding: serialization.Encoding) -> list[bytes]:
    """A public key."""
    public = identities()["device"].key.public_key()
    return [public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)]


def certificates_pem() -> list[bytes]:
    """Certificate files: the root alone, and a chain."""
    chain = identities()["device"].certificates
    return [authority().root_pem, b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)]
