"""Time stamps, trusted times, and what was withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from tests.evidence_maker import DOCK_MS, Camera, TimeAuthority
from tests.evidence_maker.pki import key_of
from tests.evidence_maker.tsp import der, integer, sequence
from tests.vector_maker.bases import FIRST, OURS, SMALL, THEIRS
from tests.vector_maker.evidence import REFUSED, REVOKED, UNPROVEN, WHOLE, Scenario
from tests.vector_maker.scenarios.making import Make, changed, edit, put, remove, then

HOUR = 3_600_000
EARLY = DOCK_MS - HOUR
STAMP, TSA, SETTINGS = "manifest.tsr", "tsa-root.crt.pem", "settings.jws"
AT = datetime.fromtimestamp(EARLY / 1000, UTC)

FORGED: dict[str, tuple[str, dict[str, Any], str]] = {
    "other-manifest": ("over another manifest", {"imprint": bytes(32)}, "another manifest"),
    "refused": ("that was refused", {"status": 2}, "gave no time stamp"),
    "with-changes": ("that was granted with changes", {"status": 1}, "gave no time stamp"),
    "other-hash": ("with SHA-512", {"hash_oid": "2.16.840.1.101.3.4.2.3"}, "hashAlgorithm"),
    "digest": ("whose content was changed", {"digest": bytes(32)}, "messageDigest"),
    "named": ("that names another certificate", {"named": bytes(32)}, "another certificate signed"),
    "key": ("signed with another key", {"key": key_of("stranger")}, "the signature is wrong"),
    "content": ("of another content", {"content_type": "1.2.840.113549.1.7.1"}, "another type"),
    "attribute": ("with an attribute for other content", {"signed_type": "1.2.840.113549.1.7.1"}, "contentType"),
    "no-attributes": ("without signed attributes", {"attributes": []}, "contentType"),
    "info-version": ("of another version", {"info_version": 2}, "TSTInfo: version"),
    "version": ("whose CMS has another version", {"version": 1}, "signed data: version"),
    "no-certificate": ("without a certificate", {"certificates": []}, "carries 0 certificates"),
    "two-signers": ("with two signers", {"signers": 2}, "2 signers"),
    "no-signer": ("without a signer", {"signers": 0}, "0 signers"),
    "accuracy": ("with an accuracy out of range", {"accuracy": sequence(integer(1000, 0x80))}, "accuracy is out of range"),
    "no-date": ("whose time is none", {"time": der(0x18, b"20269921000000Z")}, "genTime is no time"),
    "local-time": ("in local time", {"time": der(0x18, b"20260921000000+0100")}, "genTime is not in the form"),
}  # fmt: skip

UNBELIEVED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "purpose": ("for something else than time", {"purposes": (Purpose.CODE_SIGNING,)}, {}),
    "purposes": ("for more than time", {"purposes": (Purpose.TIME_STAMPING, Purpose.CODE_SIGNING)}, {}),
    "not-critical": ("whose purpose is not critical", {"critical": False}, {}),
    "expired": ("that had ended", {"end": AT - timedelta(days=1)}, {}),
    "issuer": ("of an issuer that may not certify", {}, {"authority": False}),
}

SETTINGS_FORGED: dict[str, tuple[str, dict[str, Any], str]] = {
    "dock": ("signed by a dock", {"signer": OURS.dock}, "a settings chain has"),
    "stranger": ("signed by another authority", {"signer": THEIRS.settings}, "not issued by"),
    "twice": ("that withdraw a certificate twice", {"revoked": [{"hash": "1" * 64, "since_ms": 1}] * 2}, "not sorted"),
    "no-date": ("that do not say since when", {"revoked": [{"hash": "1" * 64}]}, "since_ms: missing"),
    "hashes-alone": ("that list hashes alone", {"revoked": ["1" * 64]}, "is not an object"),
    "own-signer": ("that withdraw their own signer", {"revoked": [{"hash": OURS.settings.kid, "since_ms": 1}]}, "withdraws the certificate that"),
    "values": ("with a list among the values", {"values": {"x": [1]}}, "values.x"),
    "member": ("with a member more", {"extra": 1}, "extra: no member"),
}  # fmt: skip


def _stamped(tsa: TimeAuthority | None = None, at: int = EARLY, **forged: Any) -> Make:
    return then("card", lambda camera: camera.stamp(1, at, tsa, **forged))


def _withdrawn(since: dict[str, int], more: Callable[[Camera], object] = lambda _camera: None, **forged: Any) -> Make:
    """The base's story, something more, and settings that withdraw these."""

    def story(camera: Camera) -> None:
        more(camera)
        authority = camera.authority
        who = {
            "device": camera.device,
            "session": camera.session,
            "device-ca": authority.device_ca,
            "dock": authority.dock,
        }
        hashes = {who[name].kid if name in who else name: ms for name, ms in since.items()}
        camera.withdraw(camera.path.parent / SETTINGS, hashes, **forged)

    return then("card", story)


def _scenario(name: str, about: str, make: Make, *problems: str, section: str = "16", **options: Any) -> Scenario:
    return Scenario(name, about, section, "card", make, problems=problems, **options)


def _contradicting(camera: Camera) -> None:
    """A recording stamped before the docking that it names."""
    camera.record(SMALL)
    camera.stamp(4, EARLY)


def _stamps() -> Iterator[Scenario]:
    yield _scenario(
        "stamped",
        "a time stamp says by when",
        _stamped(),
        section="15",
        verdict=WHOLE,
        tsa_root=TSA,
        proven=("time stamp of CN=tsa authority",),
    )
    yield _scenario(
        "stamped-later",
        "a time stamp that is later than the receipt",
        _stamped(at=DOCK_MS + HOUR),
        verdict=WHOLE,
        tsa_root=TSA,
        proven=("receipt of dock dock-1",),
    )
    yield _scenario(
        "stamped-no-root",
        "a time stamp, and no certificate to believe it by",
        _stamped(),
        section="15",
        verdict=WHOLE,
        unproven=("time stamp of CN=tsa authority",),
    )
    yield _scenario(
        "stamped-by-stranger",
        "a time stamp of an authority that nobody believes",
        _stamped(TimeAuthority("stranger")),
        section="15",
        verdict=WHOLE,
        tsa_root=TSA,
        unproven=("time stamp of CN=stranger authority",),
    )
    for name, (about, forged, reason) in FORGED.items():
        yield _scenario(
            f"stamp-{name}",
            f"a time stamp {about}",
            _stamped(**forged),
            f"{STAMP}: {reason}",
            section="15",
            tsa_root=TSA,
        )
    for name, (about, leaf, middle) in UNBELIEVED.items():
        make = _stamped(TimeAuthority(forged=leaf, middle=middle))
        yield _scenario(
            f"stamp-unbelieved-{name}",
            f"a time stamp under a certificate {about} proves no time and does no harm",
            make,
            section="15",
            verdict=WHOLE,
            tsa_root=TSA,
            unproven=("is no trusted time",),
        )
    yield _scenario(
        "stamp-junk",
        "a file that is no time stamp",
        changed("card", put(f"{FIRST}/{STAMP}", b"no token\n")),
        f"{STAMP}: ",
        section="15",
        tsa_root=TSA,
    )
    yield _scenario(
        "stamp-cut",
        "a time stamp without its last byte",
        _then_edit(_stamped(), lambda data: data[:-1]),
        f"{STAMP}: ",
        section="15",
        tsa_root=TSA,
    )
    yield _scenario(
        "stamp-longer",
        "a byte behind a time stamp",
        _then_edit(_stamped(), lambda data: data + b"\0"),
        f"{STAMP}: ",
        section="15",
        tsa_root=TSA,
    )
    yield _scenario(
        "stamp-flipped",
        "a changed bit in a time stamp",
        _then_edit(_stamped(), lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]),
        f"{STAMP}: ",
        section="15",
        tsa_root=TSA,
    )
    yield _scenario(
        "stamp-without-manifest",
        "a time stamp beside no manifest",
        _without(_stamped(), "manifest.jws", "receipt.jws"),
        f"{STAMP}: a time stamp stands here, and no manifest",
        section="15",
        tsa_root=TSA,
    )
    yield _scenario(
        "stamp-before-certificates",
        "a time stamp from before the camera had a certificate",
        _without(_stamped(at=1_700_000_000_000), "receipt.jws"),
        "",
        section="15",
        tsa_root=TSA,
    )
    yield _scenario(
        "contradiction",
        "stamped before the docking that its opening names: one clock was wrong",
        then("card", _contradicting),
        path="card",
        verdict=UNPROVEN,
        tsa_root=TSA,
        unproven=("by a trusted time it was there before",),
    )


def _withdrawals() -> Iterator[Scenario]:
    options: dict[str, Any] = {"revoked": SETTINGS}
    yield _scenario(
        "withdrawn-others",
        "settings that withdraw somebody else",
        _withdrawn({"0" * 64: 1}),
        verdict=WHOLE,
        **options,
        proven=("no certificate that signed it is withdrawn",),
    )
    for who in ("device", "session", "device-ca"):
        yield _scenario(
            f"{who}-withdrawn-later",
            f"the {who} was withdrawn from after the receipt on",
            _withdrawn({who: DOCK_MS + 1}),
            verdict=WHOLE,
            **options,
        )
        yield _scenario(
            f"{who}-withdrawn-before",
            f"the {who} was withdrawn from the receipt's time on",
            _withdrawn({who: DOCK_MS}),
            verdict=REVOKED,
            **options,
            unproven=("signed by a revoked device",),
        )
    yield _scenario(
        "device-withdrawn-always",
        "the device was withdrawn, and nobody knows since when",
        _withdrawn({"device": 0}),
        verdict=REVOKED,
        **options,
    )
    yield _scenario(
        "device-withdrawn-no-time",
        "the device was withdrawn, and no trusted time is there",
        _without(_withdrawn({"device": DOCK_MS + HOUR}), "receipt.jws"),
        verdict=REVOKED,
        **options,
    )
    stamped = _withdrawn({"device": EARLY + 1001}, lambda camera: camera.stamp(1, EARLY))
    yield _scenario(
        "stamp-saves",
        "a time stamp from before the withdrawal saves what the receipt does not",
        stamped,
        verdict=WHOLE,
        tsa_root=TSA,
        **options,
    )
    yield _scenario(
        "stamp-saves-unbelieved",
        "the same, with no certificate to believe the stamp by",
        stamped,
        verdict=REVOKED,
        **options,
    )
    yield _scenario(
        "stamp-a-millisecond-late",
        "the end of the stamp's uncertainty is not before the withdrawal",
        _withdrawn({"device": EARLY + 1000}, lambda camera: camera.stamp(1, EARLY)),
        verdict=REVOKED,
        tsa_root=TSA,
        **options,
    )
    yield _scenario(
        "dock-withdrawn",
        "a withdrawn dock's receipt proves no time; the recording stays whole",
        _withdrawn({"dock": DOCK_MS + HOUR}),
        verdict=WHOLE,
        **options,
        unproven=("its word proves no time",),
    )
    yield _scenario(
        "dock-and-device-withdrawn",
        "and it does not save what a withdrawn camera signed",
        _withdrawn({"dock": DOCK_MS + HOUR, "device": DOCK_MS + HOUR}),
        verdict=REVOKED,
        **options,
    )
    yield _scenario(
        "withdrawn-and-broken",
        "broken is worse than withdrawn",
        _without(_withdrawn({"device": 1}), "000000.mp4.age"),
        "000000.mp4.age: is missing",
        **options,
    )
    yield _scenario(
        "log-behind-anchor",
        "lines of the log that no dock countersigned before the withdrawal",
        _withdrawn({"device": DOCK_MS + 1}, lambda camera: camera.log("fault", {"code": "x"})),
        path="card",
        verdict=REVOKED,
        **options,
        unproven=("behind line",),
    )
    for name, (about, forged, reason) in SETTINGS_FORGED.items():
        yield _scenario(
            f"settings-{name}",
            f"settings {about}",
            _withdrawn({}, **forged),
            f"{SETTINGS}: {reason}",
            section="13",
            verdict=REFUSED,
            **options,
        )


def _then_edit(make: Make, how: Callable[[bytes], bytes]) -> Make:
    def edited() -> dict[str, bytes]:
        tree = dict(make())
        edit(f"{FIRST}/{STAMP}", how)(tree)
        return tree

    return edited


def _without(make: Make, *files: str) -> Make:
    def less() -> dict[str, bytes]:
        tree = dict(make())
        remove(*(f"{FIRST}/{file}" for file in files))(tree)
        return tree

    return less


SCENARIOS = (*_stamps(), *_withdrawals())
