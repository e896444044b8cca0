"""What a dock and a custodian say later about whose shift it was: shown, or refused by name, and no verdict ever changes by it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.evidence_maker import DOCK_MS
from tests.evidence_maker.jose import digest, sign
from tests.evidence_maker.pki import Identity
from tests.vector_maker.bases import FIRST, OURS, THEIRS, base
from tests.vector_maker.evidence import WHOLE, Scenario
from tests.vector_maker.forging import CAMERA
from tests.vector_maker.scenarios.making import Change, Make, changed, put

TYP = "lapel.attribution.1"
FOLDER = "card/attributions"


def said(**changes: Any) -> dict[str, Any]:
    """About the first recording of the card."""
    manifest = base("card")[f"{FIRST}/manifest.jws"]
    return {
        "device": CAMERA.name,
        "volume": digest(b"volume")[:32],
        "number": 1,
        "manifest": digest(manifest[:-1]),
        "shift": "S-4711",
        "reason": "took the spare camera",
        "dock": "dock-1",
        "desk": "desk-1",
        "utc_ms": DOCK_MS + 86_400_000,
        **changes,
    }


def lines(*signers: Identity, typ: str = TYP, second: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """The file, signed by these; ``second``: what differs in what the second one signs."""
    payloads = [said(**changes), said(**changes, **(second or {}))]
    return b"".join(
        sign(payload, typ, signer, chained=True) + b"\n" for payload, signer in zip(payloads, signers, strict=False)
    )


def name(data: bytes, number: int = 1) -> str:
    """Its place."""
    first, _, _ = data.partition(b"\n")
    return f"{FOLDER}/{number:08d}-{digest(first)[:16]}.jwsl"


def lying(data: bytes, number: int = 1) -> Change:
    """A file at its place."""
    return put(name(data, number), data)


BOTH = (OURS.dock, OURS.desk)
_late = partial(lines, *BOTH)

REFUSED: dict[str, tuple[str, Callable[[], Change], str]] = {
    "by-the-dock-alone": ("signed by the dock alone", lambda: lying(lines(OURS.dock)), "signed by 1 instead of a dock and a custodian"),
    "by-the-custodian-alone": ("signed by the custodian alone", lambda: lying(lines(OURS.desk)), "signed by 1 instead of"),
    "by-three": ("signed by three", lambda: lying(_late() + lines(OURS.desk)), "signed by 3 instead of"),
    "the-other-way-round": ("signed by custodian and dock", lambda: lying(lines(OURS.desk, OURS.dock)), "the line of the dock"),
    "by-two-docks": ("signed by the dock twice", lambda: lying(lines(OURS.dock, OURS.dock)), "the line of the custodian"),
    "by-the-camera": ("signed by the camera for the dock", lambda: lying(lines(CAMERA, OURS.desk)), "the line of the dock"),
    "by-a-strange-dock": ("of a dock of another authority", lambda: lying(lines(THEIRS.dock, OURS.desk)), "the line of the dock"),
    "by-a-strange-custodian": ("of a custodian of another authority", lambda: lying(lines(OURS.dock, THEIRS.desk)), "the line of the custodian"),
    "two-minds": ("whose signers name different shifts", lambda: lying(_late(second={"shift": "S-1"})), "signed different things"),
    "altered": ("with a byte altered", lambda: put(name(_late()), _late()[:-9] + b"A" + _late()[-8:]), "the line of the custodian"),
    "other-recording": ("about another recording than its name says", lambda: lying(_late(number=2)), "number is not this recording's"),
    "other-volume": ("about another volume", lambda: lying(_late(volume="0" * 32)), "volume is not this recording's"),
    "other-device": ("about another device", lambda: lying(_late(device="cam-1")), "device is not this recording's"),
    "other-manifest": ("about another manifest", lambda: lying(_late(manifest="0" * 64)), "about another manifest"),
    "renamed": ("that was renamed", lambda: put(f"{FOLDER}/00000001-{'0' * 16}.jwsl", _late()), "renamed"),
    "other-dock": ("that bears another dock's name", lambda: lying(_late(dock="dock-7")), "certificate is dock-1's"),
    "other-desk": ("that bears another custodian's name", lambda: lying(_late(desk="desk-7")), "custodian's certificate"),
    "before-the-certificates": ("from before the certificates", lambda: lying(_late(utc_ms=1)), "not yet valid"),
    "no-reason": ("without a reason", lambda: lying(_late(reason="")), "reason"),
    "more": ("with a member more", lambda: lying(_late(officer="x")), "officer"),
    "other-type": ("of another type", lambda: lying(_late(typ="lapel.derived.1")), "here stands lapel.attribution.1"),
    "no-lf": ("without an LF at its end", lambda: put(name(_late()), _late()[:-1]), "does not end with an LF"),
    "empty": ("that is empty", lambda: put(f"{FOLDER}/00000001-{'0' * 16}.jwsl", b""), "signed by 0 instead of"),
}  # fmt: skip


def _tree(make: Callable[[], Change]) -> Make:
    """The card with one more file; nothing is read before it is asked for."""

    def tree() -> dict[str, bytes]:
        return changed("card", make())()

    return tree


def _scenario(key: str, about: str, make: Callable[[], Change], reason: str) -> Scenario:
    return Scenario(
        key,
        about,
        "14.2",
        "card",
        _tree(make),
        verdict=WHOLE,
        unproven=("it is refused: ", reason),
    )


SCENARIOS = (
    Scenario("late", "a dock and a custodian said later whose shift it was", "14.2", "card", _tree(lambda: lying(_late())), verdict=WHOLE),
    *(_scenario(f"late-{key}", f"a late attribution {about}", make, reason) for key, (about, make, reason) in REFUSED.items()),
)  # fmt: skip
