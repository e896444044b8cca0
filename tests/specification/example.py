"""One tiny volume, the same bytes each time: half a second of picture and sound, recorded, sealed, taken over by a dock.

The firmware's own code writes it.  What it draws at random on a camera comes from seeds here, so every key in it is known to everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from firmware.core.cutter import Flush, Fragment
from firmware.evidence import documents, private
from firmware.evidence.age import AgeWriter, Recipients
from firmware.evidence.audit import audit_line
from firmware.evidence.certs import Chain, Trust, read_certificate, verify_chain, write_pem
from firmware.evidence.journal import Journal
from firmware.evidence.jws import line_hash
from firmware.evidence.keys import hash_of
from firmware.evidence.kinds import ANCHOR, RECEIPT, SETTINGS, ZEROS
from firmware.evidence.manifest import sealed_manifest, verify_manifest
from firmware.evidence.receipt import receipt_facts
from firmware.evidence.roles import Role
from firmware.evidence.session import Session
from firmware.evidence.volume import volume_line
from firmware.media.mux import MuxedFlush, SegmentMuxer
from firmware.media.sei import Signatory
from firmware.media.signing import Origin
from hal.interface import AudioFormat, Track, Unit, VideoFormat
from tests.evidence_maker.agefile import Recipient
from tests.evidence_maker.pki import Authority, Identity, issue

DEVICE: Final = "cam-0042"
VOLUME: Final = hashlib.sha256(b"example volume").hexdigest()[:32]
NONCE: Final = hashlib.sha256(b"example nonce").hexdigest()[:32]
VERSION: Final = "0.1.0"
BOOTED_MS: Final = 1_772_366_400_000
"""2026-03-01 12:00:00 UTC, where the monotonic clock was 0."""
PRESSED_MS: Final = 100_000
MS: Final = 1_000_000
SINCE_1601: Final = 116_444_736_000_000_000

PARAMETERS: Final = ("6742c00ada25a1000003000100000300140f1226a0", "68ce039c80")
PICTURES: Final = (
    "6588843a26038001a038b6f489d6038001b030a6f49780",
    "419a22b043fff3f8",
    "419a42b043ffea",
    "419a62b043fe7ea0",
    "419a829410ea0878",
)
"""A white square that moves to the right, 32 by 32 pixels, as x264 encoded it once."""
SILENCE: Final = "01182007"
VIDEO: Final = VideoFormat(32, 32, 10, 250_000, 5)
AUDIO: Final = AudioFormat(16_000, 1, 1024, bytes.fromhex("1408"))
RECIPIENTS: Final = (Recipient("authority"), Recipient("escrow"))


@dataclass
class Example:
    """Files of the volume by name, and what the pages show of how they came to be."""

    files: dict[str, bytes] = field(default_factory=dict)
    plain: dict[str, bytes] = field(default_factory=dict)
    lines: dict[str, bytes] = field(default_factory=dict)
    muxed: MuxedFlush | None = None
    sei: bytes = b""
    session: Session | None = None
    dock: Identity | None = None
    proof: bytes = b""
    exporter: bytes = bytes(range(32))


class _Maker:
    """Writes the volume step by step, in the order in which a camera does."""

    def __init__(self) -> None:
        self.made = Example()
        self.authority = Authority("example")
        self.device = self.authority.device(DEVICE)
        own = issue("session", DEVICE, self.device, "example session")
        root = self.authority.root.certificates[0].public_bytes(serialization.Encoding.DER)
        self.trust = Trust(read_certificate(root, Role.ROOT, None, "root"))
        device_chain, chain = self._chain(self.device, Role.DEVICE), self._chain(own, Role.SESSION)
        self.session = Session(
            device_chain=device_chain,
            chain=chain,
            link_chain=chain,
            link_key=own.key,
            _sign=_signer(own),
            _device_sign=_signer(self.device),
        )
        self.audit_lines = 0
        self.head = ZEROS

    def _chain(self, identity: Identity, role: Role) -> Chain:
        return verify_chain(identity.x5c, self.trust, role)

    def put(self, name: str, line: bytes) -> str:
        """One more line of a file; its hash."""
        self.made.files[name] = self.made.files.get(name, b"") + line + b"\n"
        return line_hash(line)

    def log(self, seconds: int, kind: str, data: Mapping[str, Any]) -> None:
        """One line of the audit log."""
        self.audit_lines += 1
        payload = {"device": DEVICE, "volume": VOLUME, "boot": 1, "line": self.audit_lines, "prev": self.head}
        line = audit_line(self.session, {**payload, "clock": clock(1000 * seconds), "kind": kind, "data": data})
        self.head = self.put("card/audit/00000001.jwsl", line)

    def paper(self, name: str, kind: documents.Kind, signer: Identity, payload: Mapping[str, Any]) -> bytes:
        """What a dock or an authority signs."""
        line = documents.sign(kind, payload, _signer(signer), signer.x5c)
        self.put(name, line)
        return line


def clock(mono_ms: int) -> dict[str, Any]:
    """Both clocks."""
    return {"mono_ms": mono_ms, "utc_ms": BOOTED_MS + mono_ms, "quality": "rtc"}


def _signer(identity: Identity) -> Any:
    """Signs a digest, always the same (RFC 6979)."""

    def sign(digest: bytes) -> bytes:
        signed: bytes = identity.key.sign(
            digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()), deterministic_signing=True)
        )
        return signed

    return sign


def _seeded(seed: str) -> Any:
    drawn = [0]

    def random(size: int) -> bytes:
        drawn[0] += 1
        return hashlib.sha512(f"example {seed} {drawn[0]}".encode()).digest()[:size]

    return random


def _flush() -> Flush:
    frames = []
    for index, picture in enumerate(PICTURES):
        nals = [*PARAMETERS, picture] if index == 0 else [picture]
        data = b"".join(b"\0\0\0\1" + bytes.fromhex(nal) for nal in nals)
        frames.append(Unit(Track.VIDEO, (PRESSED_MS + 100 * index) * MS, data, key=index == 0))
    sounds = [Unit(Track.AUDIO, (PRESSED_MS + 64 * index) * MS, bytes.fromhex(SILENCE), key=True) for index in range(8)]
    fragment = Fragment(tuple(frames), tuple(sounds), (PRESSED_MS + 500) * MS)
    return Flush(0, first=True, last=True, fragments=(fragment,))


@cache
def example() -> Example:
    """The volume, made once a process."""
    maker = _Maker()
    made, session = maker.made, maker.session
    recipients = Recipients.parse([each.address for each in RECIPIENTS])
    settings = maker.paper("settings.jws", SETTINGS, maker.authority.settings, _settings())
    maker.put("card/volume.jws", volume_line(session, VOLUME, clock(9_000)))
    maker.log(10, "boot", _boot())
    journal = Journal(session, **_opening(line_hash(settings)))
    maker.log(100, "opening", {"number": 1, "opening": line_hash(journal.opening)})
    lines = [journal.opening]

    muxer = SegmentMuxer(Origin(PRESSED_MS * MS, 0), VIDEO, AUDIO, _signatory(session))
    flush = _flush()
    made.muxed = muxed = muxer.plain(flush)
    segment = _Sealed("000000.mp4.age", AgeWriter(recipients, _seeded("segment")))
    lines.append(
        journal.flush(
            file=segment.name,
            last=True,
            **segment.grow(muxed.data, muxed.end),
            tracks={"video": muxed.video and muxed.video.as_json(), "audio": muxed.audio and muxed.audio.as_json()},
            until=muxed.until,
            clock=clock(100_520),
            lag_ms=115,
            **_NO_GAPS,
        )
    )
    notes = _Sealed("private.age", AgeWriter(recipients, _seeded("private")))
    start = {"kind": "start", "clock": clock(100_010), "at": None, "trigger": "button", "press": clock(100_000)}
    for record, last in ((private.private_record(start), b""), (b"", private.END)):
        lines.append(
            journal.flush(
                file=notes.name,
                last=bool(last),
                **notes.grow(record, last),
                tracks=None,
                until=None,
                clock=clock(100_530),
                lag_ms=0,
                **_NO_GAPS,
            )
        )
    directory = "card/recordings/00000001"
    for line in lines:
        maker.put(f"{directory}/journal.jwsl", line)
    for file in (segment, notes):
        made.files[f"{directory}/{file.name}"], made.plain[file.name] = file.cipher, file.plain
    facts = {
        "priority": False,
        "settings": line_hash(settings),
        "signer": "software",
        "second": None,
        "clock": clock(100_540),
    }
    manifest = sealed_manifest(session, journal.transcript, journal.extent, **facts)
    maker.put(f"{directory}/manifest.jws", manifest)
    maker.log(101, "closing", {"number": 1, "manifest": line_hash(manifest), "state": "sealed"})

    dock = maker.authority.dock
    who = {"dock": dock.name, "nonce": NONCE}
    verified = verify_manifest(manifest, maker.trust)
    receipt = {**receipt_facts(verified), **who, "store": "store-1", "utc_ms": BOOTED_MS + 3_600_000}
    line = maker.paper(f"{directory}/receipt.jws", RECEIPT, dock, receipt)
    maker.log(3600, "receipt", {"number": 1, "receipt": line_hash(line)})
    head = {"audit": {"line": maker.audit_lines, "head": maker.head}}
    anchor = {
        "device": DEVICE,
        "volume": VOLUME,
        "boot": 1,
        "number": 1,
        **head,
        **who,
        "utc_ms": BOOTED_MS + 3_601_000,
    }
    made.lines = {
        "opening": lines[0],
        "flush": lines[1],
        "manifest": manifest,
        "receipt": line,
        "anchor": maker.paper("card/anchor.jws", ANCHOR, dock, anchor),
    }
    made.files["root.crt.pem"] = maker.authority.root_pem
    made.files["authority.key"] = RECIPIENTS[0].key_file.encode()
    made.files["x5c.pem"] = write_pem(session.chain.ders)
    made.sei = _sei_of(muxed)
    made.session, made.dock = session, dock
    made.proof = session.prove(made.exporter)
    made.files["exporter.bin"], made.files["proof.der"] = made.exporter, made.proof
    return made


class _Sealed:
    """An age file that grows, and its plaintext."""

    def __init__(self, name: str, age: AgeWriter) -> None:
        self.name = name
        self.cipher, self.plain = bytes(age.header), b""
        self._age = age

    def grow(self, plain: bytes, end: bytes) -> dict[str, Any]:
        """Both extents of a flush."""
        self.cipher += self._age.chunks(plain) + (self._age.close(end) if end else b"")
        self.plain += plain + end
        return {
            name: {"length": len(data), "hash": hash_of(data)}
            for name, data in (("cipher", self.cipher), ("plain", self.plain))
        }


_NO_GAPS: Final[Mapping[str, Any]] = {"gaps": {"video": 0, "audio": 0, "overflow": 0}}


def _settings() -> dict[str, Any]:
    roles = ("authority", "escrow")
    recipients = [{"role": role, "age": each.address} for role, each in zip(roles, RECIPIENTS, strict=True)]
    values = {"fps": 10, "pre_event_s": 0}
    return {
        "authority": "Example",
        "serial": 1,
        "utc_ms": BOOTED_MS - 86_400_000,
        "recipients": recipients,
        "revoked": [],
        "values": values,
    }


def _boot() -> dict[str, Any]:
    power = {"percent": 80, "charging": False, "celsius": 24}
    numbers: dict[str, Any] = {"counter": None, "next": 1, "opening": ZEROS, "open": [], "contested": False}
    return {"firmware": VERSION, "signer": "software", "start": "first", "power": power, **numbers}


def _opening(settings: str) -> dict[str, Any]:
    return {
        "volume": VOLUME,
        "boot": 1,
        "number": 1,
        "previous": ZEROS,
        "anchor": None,
        "settings": settings,
        "firmware": VERSION,
        "signer": "software",
        "clock": clock(PRESSED_MS),
        "live_from": 0,
        "continues": None,
        "overlaps": [],
        "video": {"width": VIDEO.width, "height": VIDEO.height, "fps": VIDEO.fps},
        "audio": {"rate": AUDIO.rate, "channels": AUDIO.channels},
    }


def _signatory(session: Session) -> Signatory:
    zero = BOOTED_MS * 10_000 + SINCE_1601
    return Signatory(session.sign_picture, write_pem(session.chain.ders), VERSION, DEVICE, zero)


def _sei_of(muxed: MuxedFlush) -> bytes:
    """The SEI that ends the picture: found by its UUID, cut out by its length."""
    at = muxed.data.index(bytes.fromhex("005bc93f2d715e95ada4796f90877a6f"))
    while muxed.data[at : at + 2] != b"\x06\x05":
        at -= 1
    length = int.from_bytes(muxed.data[at - 4 : at], "big")
    return muxed.data[at : at + length]
