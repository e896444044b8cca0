"""Second signatures under manifests."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cryptography import x509

from tests.evidence_maker import Camera
from tests.evidence_maker.second import PqIdentity, sign_again
from tests.vector_maker.bases import FIRST, SMALL, recording, tell
from tests.vector_maker.evidence import OPEN, WHOLE, Scenario
from tests.vector_maker.pinned import pq_device, pq_issue, pq_root
from tests.vector_maker.scenarios.making import Change, Make, changed, edit, flip, put, remove

NAME, ROOT, PATH = "manifest.pq.jws", "pq-root.crt.pem", f"{FIRST}/manifest.pq.jws"
_small = partial(recording, plan=SMALL)


def again(identity: PqIdentity | None = None) -> dict[str, bytes]:
    """The smallest recording, whose manifest is signed twice."""
    return tell(_small, second=identity or pq_device())


def _der(*identities: PqIdentity) -> list[str]:
    return [base64.b64encode(each.der).decode() for each in identities]


FORGED: dict[str, tuple[str, dict[str, Any], str]] = {
    "device": ("for another device", {"device": "cam-0043"}, "device is not this recording's"),
    "volume": ("for another volume", {"volume": "0" * 32}, "volume is not this recording's"),
    "number": ("for another number", {"number": 2}, "number is not this recording's"),
    "manifest": ("under another manifest", {"manifest": "0" * 64}, "it signs another manifest"),
    "member": ("with a member more", {"more": 1}, "more"),
    "number-text": ("whose number is text", {"number": "1"}, "number"),
    "alg-es256": ("with alg ES256", {"header": {"alg": "ES256"}}, "header is not that of ML-DSA-65"),
    "alg-87": ("with alg ML-DSA-87", {"header": {"alg": "ML-DSA-87"}}, "header is not that of ML-DSA-65"),
    "alg-none": ("with alg none", {"header": {"alg": "none"}}, "header is not that of ML-DSA-65"),
    "typ": ("with a manifest's typ", {"header": {"typ": "lapel.manifest.1"}}, "header is not that of"),
    "kid": ("with kid", {"header": {"kid": "x"}}, "header is not that of"),
    "no-certificate": ("without a certificate", {"header": {"x5c": []}}, "the device's certificate alone"),
    "two-certificates": ("with its root", {"header": {"x5c": _der(pq_device(), pq_root())}}, "alone"),
    "root": ("by the pq-root itself", {"header": {"x5c": _der(pq_root())}}, "not the one that the manifest names"),
}  # fmt: skip


def _issued(
    seed: str, name: str = "cam-0042", above: PqIdentity | None = None, **forged: Any
) -> Callable[[], PqIdentity]:
    return lambda: pq_issue(name, above or pq_root(), f"pq {seed}", **forged)


DEVICES: dict[str, tuple[str, Callable[[], PqIdentity], str]] = {
    "stranger": ("of another pq-root", _issued("x1", above=pq_issue("Test pq-root", None, "pq other")), "not issued by"),
    "name": ("of another name", _issued("x2", "cam-0043"), "certificate is cam-0043's"),
    "no-purpose": ("without its role", _issued("x3", purpose=None), "exact shape"),
    "other-purpose": ("of another role", _issued("x4", purpose=x509.ObjectIdentifier("1.2.3")), "exact shape"),
    "usage": ("that may certify", _issued("x5", usages=("key_cert_sign",)), "exact shape"),
    "ca": ("that is an authority", _issued("x6", ca=True), "exact shape"),
    "extension": ("with an extension more", _issued("x7", extra=[(x509.OCSPNoCheck(), False)]), "exact shape"),
    "ends": ("that ends", _issued("x8", end=pq_root().certificate.not_valid_before_utc.replace(year=2050)), "exact shape"),
    "begins": ("that begins later than its root", _issued(
        "x9", begin=pq_root().certificate.not_valid_before_utc.replace(year=2027)), "begin"),
}  # fmt: skip


def _forged(**forged: Any) -> Make:
    def story(camera: Camera) -> None:
        _small(camera)
        (camera.directory(1) / "receipt.jws").unlink()
        sign_again(camera.directory(1), camera.recorders[1].who, pq_device(), **forged)

    return lambda: tell(story, second=pq_device())


def _changed(*changes: Change) -> Make:
    def make() -> dict[str, bytes]:
        tree = again()
        for change in (remove(f"{FIRST}/receipt.jws"), *changes):
            change(tree)
        return tree

    return make


def _added() -> dict[str, bytes]:
    return changed("card", put(PATH, again()[PATH]))()


def _scenarios() -> Iterator[Scenario]:
    def row(name: str, about: str, make: Make, *problems: str, **options: Any) -> Scenario:
        return Scenario(name, about, "8.1", "card", make, problems=problems, **{"pq_root": ROOT, **options})

    yield row("proven", "proven by the pq-root", again, verdict=WHOLE, proven=("signed with ML-DSA-65, too",))
    yield row(
        "not-asked",
        "no pq-root was given: it fits, and proves nothing",
        again,
        verdict=WHOLE,
        pq_root=None,
        unproven=("no post-quantum root was given",),
    )
    yield row(
        "none",
        "asked for, and the camera has no such key",
        changed("card"),
        verdict=WHOLE,
        exit=1,
        unproven=("its manifest has no second signature",),
    )
    yield row("gone", "the manifest names one that is gone", _changed(remove(PATH)), f"{NAME}: is missing")
    yield row(
        "gone-not-asked", "the same, with no pq-root", _changed(remove(PATH)), f"{NAME}: is missing", pq_root=None
    )
    yield row("added", "the manifest names none, and one is there", _added, f"{NAME}: the manifest names no second")
    yield row("flipped", "a changed bit in its signature", _changed(flip(PATH, -99)), f"{NAME}: ", pq_root=None)
    yield row(
        "padding", "padding behind it", _changed(edit(PATH, lambda data: data[:-1] + b"=\n")), f"{NAME}: ", pq_root=None
    )
    yield row("no-lf", "without its LF", _changed(edit(PATH, lambda data: data[:-1])), f"{NAME}: ", pq_root=None)
    yield row(
        "left-by-a-cut",
        "one without a manifest is what a cut left",
        _changed(remove(f"{FIRST}/manifest.jws")),
        verdict=OPEN,
    )
    for name, (about, forged, reason) in FORGED.items():
        yield row(name, f"a second signature {about}", _forged(**forged), f"{NAME}: {reason}")
    for name, (about, device, reason) in DEVICES.items():
        yield row(
            f"certificate-{name}",
            f"under a certificate {about}",
            partial(again, device()),
            f"{NAME}: {reason}",
        )


SCENARIOS = tuple(_scenarios())
