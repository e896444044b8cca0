"""Who signs, under what chain: roles, names, shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.evidence_maker import Identity, issue
from tests.evidence_maker.pki import BEGIN, END
from tests.vector_maker.bases import OURS, THEIRS
from tests.vector_maker.evidence import Scenario
from tests.vector_maker.forging import CAMERA, FLUSH, MANIFEST, OPENING, RECEIPT, SESSION, session_of, signing
from tests.vector_maker.scenarios.making import forged

FILES = {OPENING: "journal.jwsl", FLUSH: "journal.jwsl", MANIFEST: "manifest.jws", RECEIPT: "receipt.jws"}
MINTED_DOCK = issue("dock", "dock-1", CAMERA, "minted dock")

SIGNERS: dict[str, tuple[str, Identity, str, str]] = {
    "manifest-by-session": (MANIFEST, session_of(CAMERA), "a session key signs a manifest", "chain has 3"),
    "manifest-by-dock": (MANIFEST, OURS.dock, "a dock signs a manifest", "exact shape of a device"),
    "manifest-by-another-device": (MANIFEST, OURS.device("cam-0043"), "another camera signs the manifest", "certificate is cam-0043's"),
    "manifest-by-twin": (MANIFEST, issue("device", "cam-0042", OURS.device_ca, "twin"),
                         "a second device certificate of the same name", "another device key"),
    "manifest-under-stranger": (MANIFEST, THEIRS.device("cam-0042"), "another authority's camera of that name", "not issued by"),
    "opening-by-device": (OPENING, CAMERA, "the device key signs an opening", "chain has 2"),
    "opening-by-another-session": (OPENING, session_of(OURS.device("cam-0043")), "another camera's session", "certificate is cam-0043's"),
    "opening-under-stranger": (OPENING, session_of(THEIRS.device("cam-0042")), "another authority's session", "not issued by"),
    "opening-below-dock-ca": (OPENING, session_of(issue("device", "cam-0042", OURS.dock_ca, "odd", shape="device")),
                              "a session below a device below the dock-ca", "exact shape of a device-ca"),
    "opening-below-session": (OPENING, issue("session", "cam-0042", session_of(CAMERA), "deep"),
                              "a session below a session", "no chain of the format"),
    "opening-shape-of-device": (OPENING, issue("session", "cam-0042", CAMERA, "l", shape="device"),
                                "a session certificate in the shape of a device's", "exact shape"),
    "opening-other-name": (OPENING, issue("session", "cam-9", CAMERA, "n"), "a session of another name than its device",
                           "another name than its device"),
    "opening-session-that-ends": (OPENING, issue("session", "cam-0042", CAMERA, "s", end=END), "a session certificate that ends",
                                  "does not end"),
    "receipt-by-minted-dock": (RECEIPT, MINTED_DOCK, "a dock's certificate that a camera issued", "chain has 3"),
    "receipt-below-device-ca": (RECEIPT, issue("dock", "dock-1", OURS.device_ca, "x"), "a dock below the device-ca",
                                "exact shape of a dock-ca"),
    "receipt-by-camera": (RECEIPT, CAMERA, "a camera signs its own receipt", "exact shape of a dock"),
    "receipt-by-dock-ca": (RECEIPT, OURS.dock_ca, "the dock-ca signs a receipt", "chain has 1"),
    "receipt-by-settings": (RECEIPT, OURS.settings, "the settings key signs a receipt", "chain has 1"),
    "receipt-by-desk": (RECEIPT, OURS.desk, "an export desk signs a receipt", "chain has 1"),
    "receipt-under-stranger": (RECEIPT, THEIRS.dock, "another authority's dock", "not issued by"),
    "receipt-other-name": (RECEIPT, issue("dock", "dock-2", OURS.dock_ca, "y"), "a dock of another name than the receipt says",
                           "certificate is dock-2's"),
}  # fmt: skip


def _named(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


_SAN = [(x509.SubjectAlternativeName([x509.DNSName("cam")]), False)]
_UNKNOWN = [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False)]
_COMMON, _ORGANISATION = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME
_BELOW = OURS.device_ca


def _device(name: str = "cam-0042", above: Identity = _BELOW, **forged: object) -> Callable[[], Identity]:
    return lambda: issue("device", name, above, "1", **forged)


DEVICES: dict[str, tuple[str, Callable[[], Identity]]] = {
    "shape-dock": ("in the shape of a dock's", _device(shape="dock")),
    "shape-session": ("in the shape of a session's", _device(shape="session")),
    "shape-device-ca": ("in the shape of a device-ca's", _device(shape="device-ca")),
    "shape-root": ("in the shape of a root", _device(shape="root")),
    "extension": ("with an extension more", _device(extra=_SAN)),
    "unknown-extension": ("with an unknown extension", _device(extra=_UNKNOWN)),
    "high-s": ("whose signature has a high s", _device(high_s=True)),
    "capitals": ("whose name has capitals and a blank", _device("Cam 1")),
    "long-name": ("whose name has 33 characters", _device("c" * 33)),
    "two-names": ("with two common names", _device(subject=_named((_COMMON, "cam-0042"), (_COMMON, "b")))),
    "organisation": ("with an organisation beside the name",
                     _device(subject=_named((_COMMON, "cam-0042"), (_ORGANISATION, "b")))),
    "p-384": ("with a key on another curve", _device(curve_key=ec.derive_private_key(42, ec.SECP384R1()))),
    "wrong-issuer": ("signed by another key than its issuer's", _device(signer=OURS.dock_ca.key)),
    "begins-later": ("that begins a day after its issuer", _device(begin=BEGIN + timedelta(days=1))),
    "below-root": ("that the root itself issued", _device(above=OURS.root)),
    "below-session": ("below a device-ca that a camera issued",
                      _device(above=issue("device-ca", "Devices", CAMERA, "ca"))),
    "below-p-384": ("below a device-ca on another curve",
                    _device(above=issue("device-ca", "Devices", OURS.root, "c",
                                                curve_key=ec.derive_private_key(43, ec.SECP384R1())))),
    "device-ca-shape": ("below a device-ca in the shape of a dock-ca",
                        _device(above=issue("device-ca", "Devices", OURS.root, "c", shape="dock-ca"))),
    "device-ca-extension": ("below a device-ca with an extension more",
                            _device(above=issue("device-ca", "Devices", OURS.root, "c", extra=_SAN))),
}  # fmt: skip


def _scenarios() -> Iterator[Scenario]:
    for name, (typ, identity, about, reason) in SIGNERS.items():
        make = forged("card", partial(signing, typ, identity, at=0))
        yield Scenario(name, about, "3", "card", make, problems=(f"{FILES[typ]}: {reason}",))
    for name, (about, device) in DEVICES.items():
        make = forged("card", partial(signing, MANIFEST, device(), at=0))
        yield Scenario(
            f"device-{name}", f"a device certificate {about}", "3", "card", make, problems=("manifest.jws: ",)
        )
    for name in ("shape-dock", "extension", "high-s", "device-ca-shape"):
        about, device = DEVICES[name]
        make = forged("card", partial(signing, OPENING, session_of(device()), at=0))
        yield Scenario(
            f"session-below-{name}",
            f"a session below a device certificate {about}",
            "3",
            "card",
            make,
            problems=("journal.jwsl: ",),
        )
    yield Scenario(
        "another-session", "the journal's lines are of another session of the same camera", "6.2", "card",
        forged("card", lambda: signing(FLUSH, issue("session", "cam-0042", CAMERA, "later boot"), at=0)),
        problems=("journal.jwsl: line 1: the line names another certificate",),
    )  # fmt: skip
    for typ, chained, words in (
        (FLUSH, True, "x5c in a line"),
        (OPENING, False, "kid in an opening"),
        (MANIFEST, False, "kid in a manifest"),
    ):
        identity = CAMERA if typ == MANIFEST else SESSION
        make = forged("card", partial(signing, typ, identity, chained=chained, at=0))
        name = words.replace(" ", "-")
        yield Scenario(name, words, "2", "card", make, problems=(f"{FILES[typ]}: ",))
    yield Scenario(
        "root-of-another", "the root is another authority's", "3", "card", forged("card", lambda: signing("none", CAMERA)),
        root="stranger.crt.pem", problems=("journal.jwsl: ", "manifest.jws: ", "receipt.jws: "),
    )  # fmt: skip


SCENARIOS = tuple(_scenarios())
