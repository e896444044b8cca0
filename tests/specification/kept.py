"""Every file that a camera, a dock and a desk keep: what it says of people, in which form, who can read it, and until when."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware.evidence import recall
from firmware.runtime import bundles, enrolment, names, pending, timekeeping
from hal.pi.build import NOTE
from tests.specification.tables import code, table
from tools.dock import store
from tools.dock.copying import copies
from tools.dock.face import roster
from tools.dock.rack import refusals
from tools.dock.shifts import badges, register

ROOT: Final = Path(__file__).resolve().parents[2]
WRITERS: Final = ("firmware", "hal/pi", "tools/dock", "tools/export")
"""Whose program text is searched for names of files."""
FILE: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*\.(age|damaged|id|json|jsonl|jws|jwsl|mp4|part|pem|tsr|txt|html|zip|sig)"
)

KEYS: Final = "authority's or escrow's key"
CARD: Final = "whoever has the card, or a copy"
STORE: Final = "whoever may read the store"
DOCK: Final = "the dock's own account (mode 0600)"
RECEIPT: Final = "erased against a receipt"
CLEARED: Final = "cleared against a receipt"
NO_END: Final = "no end"


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of file: its names, what it says of people, its form, who can read it, until when."""

    names: tuple[str, ...]
    says: str
    form: str
    readers: str
    until: str


_NUMBER, _SEGMENT = "NNNNNNNN", "NNNNNN"
CAMERA: Final = (
    Kept((names.segment(0).replace("000000", _SEGMENT),), "picture and sound, the part before the press too, with what is burnt in: everybody in front of the camera, and who wears it", "encrypted", KEYS, RECEIPT),
    Kept((names.PRIVATE,), "shift, what began it, bookmarks, mute, why it ended", "encrypted", KEYS, RECEIPT),
    Kept((names.JOURNAL,), "when it was recorded and how much, second by second; hashes", "clear, signed", CARD, RECEIPT),
    Kept((names.MANIFEST, names.SECOND), "which files there are; whether anything was bookmarked (one bit)", "clear, signed", CARD, RECEIPT),
    Kept((names.RECEIPT,), "that a dock has it", "clear, signed", CARD, RECEIPT),
    Kept((names.audit(0).replace("00000000", _NUMBER),), "when the camera ran, stood in a dock, recorded: the next table", "clear, signed", CARD, CLEARED),
    Kept((names.audit_private(0).replace("00000000", _NUMBER),), "shift, presses, sensors, mutes, refusals: the next table", "encrypted", KEYS, CLEARED),
    Kept((names.VOLUME, names.ANCHOR, names.LOG_RECEIPT), "nothing: which card, what docks have countersigned", "clear, signed", CARD, "as long as the volume"),
    Kept((names.RECORDINGS, names.AUDIT), "nothing: directories of the above", "-", CARD, "as long as the volume"),
    Kept((names.ERASING,), "a recording whose erasure has begun", "as above", "as above", "minutes; after a cut, to the next start"),
    Kept((names.QUARANTINE,), "whatever the log does not know, or another camera left: as it was", "as above", "as above", "until a person looks"),
    Kept((names.RESERVE, f"NAME{names.UNFINISHED}"), "nothing: room that is kept free; what a cut left of a file", "-", CARD, "as long as the volume"),
)  # fmt: skip
SMALL: Final = (
    Kept((enrolment.ASSIGNMENT, enrolment.ON_DUTY), "the shift's id, and when it began", "clear, signed", "whoever opens the camera", "the next docking, at most 14 h; one that was not taken out with, until another is given"),
    Kept(tuple(recall.FILES.values()), "nothing of people: that the authority recalled the camera, and why; that two released it", "clear, signed", "whoever opens the camera", "replaced by a newer recall"),
    Kept((enrolment.SETTINGS, enrolment.ROOT, enrolment.DEVICE, enrolment.SECOND[0]), "nothing: policies, recipients' public keys, certificates", "clear, signed", "whoever opens the camera", "replaced by newer ones"),
    Kept((enrolment.SECOND[1], "device.key.pem"), "nothing: keys that sign, and none that decrypts (the second one where no hardware keeps it)", "secret", "whoever opens the camera", "as long as the enrolment"),
    Kept((NOTE,), "nothing: what time a dock said last, and in which boot", "clear", "whoever opens the camera", "the next word of a dock"),
    Kept((timekeeping.NAME, pending.NAME), "nothing: when the clock was set; that a press is owed a recording (an empty file)", "clear", "whoever opens the camera", "the next docking; the next start"),
    Kept((bundles.DIRECTORY, bundles.OFFER, bundles.PART, bundles.WHOLE, bundles.INSTALLED, bundles.TRIAL), "nothing: firmware on its way, and on trial", "clear, signed", "whoever opens the camera", "until it is installed"),
)  # fmt: skip
STORED: Final = (
    Kept((register.FILE,), "**whose shift is which: officers by name or number**, cameras, times", "clear", DOCK, NO_END),
    Kept((badges.FILE,), "**which badge is whose**", "clear", DOCK, NO_END),
    Kept((store.ATTRIBUTIONS, "NNNNNNNN-HASH16.jwsl"), "whose shift a recording was made in, by its id, and why that is said late: free text, so no names in it", "clear, signed", STORE, NO_END),
    Kept((roster.FILE,), "which camera was taken from which slot, when, too early or not", "clear", STORE, NO_END),
    Kept((refusals.FILE, f"{refusals.FILE}.damaged"), "which camera, or stranger, was refused in which slot, and why", "clear", STORE, f"the newest {refusals.MOST}"),
    Kept((store.CONFLICTS,), "which cameras contradicted what is stored", "clear", STORE, NO_END),
    Kept((store.STAMP, store.ANCHORS, store.OTHERS), "nothing: time stamps, what docks countersigned", "clear, signed", STORE, NO_END),
    Kept((copies.RECORD, "store.id"), "nothing: which copies are where", "clear", STORE, NO_END),
    Kept((store.INCOMING,), "what has not arrived in full, as on the card", "as on the card", "as on the card", "until it has"),
    Kept(("NAME.conflict-HASH8", "NNNNNNNN.damaged-..."), "the same place, claimed by other bytes, or what reads badly now", "as on the card", "as on the card", NO_END),
    Kept(store.TRANSIENT, "nothing: a file that is being written, or waited for", "-", STORE, "moments"),
    Kept(("dock.crt.pem", "dock.key.pem"), "nothing: who the dock is", "secret", DOCK, "as long as the dock"),
)  # fmt: skip
GIVEN: Final = (
    Kept(("film.mp4", "NNNNNN.mp4"), "picture and sound, and subtitles that say the shift", "**open to everybody**", "whoever is given it", NO_END),
    Kept(("private.jsonl",), "shift, what began it, bookmarks, mute (not with `--without-private`)", "**open to everybody**", "whoever is given it", NO_END),
    Kept(("report.html", "report.json", "report.txt"), "what the checks found; what the private part says, where the key was given", "clear", "whoever is given it", NO_END),
    Kept(("NAME.derived.jws",), "what was taken out, by which desk, and why: free text, so no names in it", "clear, signed", "whoever is given it", NO_END),
    Kept(("verify.txt", "SHA256SUMS", "SHA256SUMS.sig"), "nothing: how to check it", "clear", "whoever is given it", NO_END),
    Kept(("desk.crt.pem", "desk.key.pem"), "nothing: who the desk is; no key that decrypts", "secret", "the desk's own account", "as long as the desk"),
)  # fmt: skip
TABLES: Final = {
    "On the camera's card, and under the same names in a dock's store and its copies": CAMERA,
    "On the camera's small partition": SMALL,
    "In a dock's store besides (and not in its copies: the first two, and what a dock notes for itself)": STORED,
    "What a desk gives out": GIVEN,
}


def files() -> str:
    """A table for each place."""
    parts = []
    for place, kept in TABLES.items():
        rows = [(code(each.names), each.says, each.form, each.readers, each.until) for each in kept]
        parts += [f"**{place}**", table(("name", "what it says of people", "form", "who can read it", "until"), rows)]
    return "\n\n".join(parts)


def explained() -> set[str]:
    """Every name in the tables."""
    return {name for kept in TABLES.values() for each in kept for name in each.names}


def written(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Every name of a file that stands in the text of a program that writes some, and where it stands."""
    for folder in WRITERS:
        for path in sorted((root / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and FILE.fullmatch(node.value):
                    yield node.value, str(path.relative_to(root))
