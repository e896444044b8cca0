"""Audit logs and anchors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.evidence_maker import Camera, Identity, issue
from tests.evidence_maker.recording import Line
from tests.vector_maker.bases import OURS, SMALL, THEIRS, tell
from tests.vector_maker.evidence import Scenario
from tests.vector_maker.forging import (
    ANCHOR,
    AUDIT,
    CAMERA,
    OPENING,
    VOLUME,
    Edit,
    Forger,
    editing,
    having,
    lines,
    signing,
)
from tests.vector_maker.scenarios.making import Change, Make, changed, edit, flip, forged, put, remove, then

LOG, ANCHOR_FILE = "card/audit/00000001.jwsl", "anchor.jws"
ANCHOR_PATH = f"card/{ANCHOR_FILE}"


def _data(**members: object) -> Edit:
    return lambda old: {**old, "data": {**old["data"], **members}}


def _kind(kind: str, **data: object) -> Edit:
    return having(kind=kind, data=data)


# The log of the base ``card``: 1 boot, 2 opening 1, 3 closing 1, 4 receipt 1, 5 opening 2, 6 closing 2, 7 receipt 2,
# 8 opening 3, 9 closing 3.  Here without its anchor.
EDITS: dict[str, tuple[str, int, Edit, str]] = {
    "boot-next": ("a boot that names another next number", 0, _data(next=2), "next is not"),
    "boot-opening": ("a first boot that names an opening", 0, _data(opening="1" * 64), "opening is not"),
    "boot-open": ("a boot that names an open recording that is none", 0,
                  _data(open=[{"number": 9, "opening": "1" * 64, "boot": 1}]), "open is not"),
    "opening-skips": ("an opening that skips a number", 4, _data(number=3), "opened where 2 must follow"),
    "opening-hash": ("an opening of another hash", 1, _data(opening="1" * 64), "another opening for this number"),
    "closing-unknown": ("a closing of what was not open", 2, _data(number=7), "recording 7 was closed, and was not open"),
    "closing-manifest": ("a closing with another manifest", 2, _data(manifest="1" * 64), "another manifest"),
    "closing-recovered": ("a closing as recovered", 2, _data(state="recovered"), "another manifest"),
    "receipt-before-closing": ("a receipt before the closing", 2, _kind("receipt", number=1, receipt="1" * 64), "was not closed"),
    "receipt-other": ("another receipt than the one that lies there", 3, _data(receipt="1" * 64), "another receipt"),
    "missing-not-open": ("a missing recording that was not open", 2, _kind("missing", number=4), "was not open"),
    "void-not-open": ("a void recording that was not open", 2, _kind("void", number=4), "voided, and was not open"),
    "void-a-recording": ("a void recording that was recorded", 2, _kind("void", number=1), ""),
    "erasure-unreceipted": ("an erasure without that receipt", 5, _kind("erasure", number=1, receipt="2" * 64), ""),
    "unknown-kind": ("a kind that the format does not have", 2, having(kind="party"), "kind is none of"),
    "unknown-member": ("a member that its kind does not have", 2, _data(officer="x"), "data.officer"),
    "line": ("a line's number is another", 2, having(line=7), "missing, doubled or out of order"),
    "prev": ("a line that does not continue the one before", 2, having(prev="1" * 64), "prev is not"),
    "clock-back": ("the monotonic clock runs back", 2,
                   lambda old: {**old, "clock": {**old["clock"], "mono_ms": 0}}, "clock runs back"),
    "boot-number": ("a line of another boot", 2, having(boot=7), "not the number that the file bears"),
    "device": ("a line of another device", 2, having(device="cam-1"), "device is cam-1"),
    "volume": ("a line of another volume", 2, having(volume="8" * 32), "volume is another"),
    "volume-throughout": ("a log whose first line is of another volume", 0, having(volume="8" * 32), "volume is another"),
    "boot-twice": ("a second boot in the same file", 2,
                   _kind("boot", firmware="x", signer="software", counter=None, start="power", power=None, next=2,
                         opening="1" * 64, open=[], contested=False), "a second boot"),
    "no-boot-first": ("a log that does not begin with its boot", 0, _kind("stop", reason="x", resume=False), "not its boot"),
    "float": ("a float", 1, _data(number=1.0), ""),
}  # fmt: skip

LINES: dict[str, tuple[str, Callable[[list[bytes]], list[bytes]]]] = {
    "removed": ("a line is taken out", lambda rows: rows[:2] + rows[3:]),
    "removed-in-front": ("the first line is taken away", lambda rows: rows[1:]),
    "reordered": ("two lines change places", lambda rows: [rows[0], rows[2], rows[1], *rows[3:]]),
    "doubled": ("a line stands twice", lambda rows: [*rows[:2], *rows[1:]]),
}

ANCHORS: dict[str, tuple[str, Edit, str]] = {
    "volume": ("over another volume", having(volume="8" * 32), "volume is not"),
    "device": ("over another device", having(device="cam-1"), "device is not"),
    "head": ("over another line", having(audit={"line": 3, "head": "1" * 64}), "another"),
    "line": ("over a line that is not there: the log was turned back", having(audit={"line": 30, "head": "1" * 64}), ""),
    "number": ("over more recordings", having(number=9), "a dock saw recording 9"),
    "dock": ("of another dock than signed it", having(dock="dock-7"), "certificate is dock-1's"),
    "member": ("with a member more", having(officer="x"), "officer"),
}  # fmt: skip

ANCHOR_SIGNERS = {
    "minted": ("by a dock that a camera issued", issue("dock", "dock-1", CAMERA, "minted"), "chain has 3"),
    "stranger": ("by another authority's dock", THEIRS.dock, "not issued by"),
    "camera": ("by a camera", CAMERA, "exact shape of a dock"),
    "settings": ("by the settings key", OURS.settings, "chain has 1"),
}


def _log(how: Callable[[list[bytes]], list[bytes]]) -> Change:
    return edit(LOG, lambda data: lines(data, how))


def _card(name: str, about: str, make: Make, *problems: str, section: str = "11", **options: Any) -> Scenario:
    return Scenario(name, about, section, "card", make, path="card", problems=problems, **options)


def _two_boots(camera: Camera) -> None:
    camera.boot()
    camera.record(SMALL)


def _foreign_volume() -> dict[str, bytes]:
    other = tell(lambda _camera: None, name="cam-0043")
    return changed("card", remove(ANCHOR_PATH), put("card/volume.jws", other["card/volume.jws"]))()


def _scenarios() -> Iterator[Scenario]:
    bare = remove(ANCHOR_PATH)
    for name, (about, at, how, reason) in EDITS.items():
        make = forged("card", partial(editing, AUDIT, how, at), bare)
        yield _card(f"log-{name}", about, make, f": {reason}" if reason else "audit")
    for name, (about, move) in LINES.items():
        yield _card(
            f"log-line-{name}", f"the audit log: {about}", changed("card", bare, _log(move)), "audit/00000001.jwsl: "
        )
    yield _card(
        "log-flipped", "a changed bit in the audit log", changed("card", bare, flip(LOG, 0.3)), "audit/00000001.jwsl: "
    )
    yield _card(
        "log-cut",
        "the log's last line was taken away",
        changed("card", _log(lambda rows: rows[:-1])),
        "anchor.jws: ",
        section="10",
    )
    yield _card(
        "log-by-another-session",
        "a line of another session",
        forged("card", lambda: signing(AUDIT, issue("session", "cam-0042", CAMERA, "other"), at=2), bare),
        "audit/00000001.jwsl: ",
    )
    yield _card(
        "log-chained-line",
        "x5c in a line that is not the first",
        forged(
            "card",
            lambda: signing(
                AUDIT, issue("session", "cam-0042", CAMERA, "authority cam-0042 session 1"), chained=True, at=2
            ),
            bare,
        ),
        "audit/00000001.jwsl: ",
    )
    yield _card("log-gone", "no file of the log is there", changed("card", bare, remove("card/audit")), "audit: ")
    yield _card(
        "log-other-name",
        "a file that is none of the log",
        changed("card", put("card/audit/1.jwsl", b"x")),
        "audit/1.jwsl: is no file of the audit log",
    )
    yield _card("log-first-boot-gone", "the first boot's file is gone", _without_boot(1), "audit/00000002.jwsl: ")
    yield _card(
        "log-last-boot-gone",
        "the last boot's file is gone: the recording that it opened is unknown",
        _without_boot(2),
        "recordings/00000004/journal.jwsl: ",
    )
    yield _card(
        "openings-unchained",
        "an opening that does not follow the one before it",
        forged("card", lambda: editing(OPENING, having(previous="1" * 64), 1), bare),
        "recordings/00000002/journal.jwsl: the recording 1 that is known here is not the one before it",
        section="6.1",
    )
    yield _card(
        "volume-gone",
        "volume.jws is gone",
        changed("card", remove("card/volume.jws")),
        "volume.jws: is missing",
        section="12",
    )
    yield _card(
        "volume-by-session",
        "volume.jws, signed by a session",
        forged("card", lambda: signing(VOLUME, issue("session", "cam-0042", CAMERA, "x"))),
        "volume.jws: ",
        section="12",
    )
    yield _card(
        "volume-flipped",
        "a changed bit in volume.jws",
        changed("card", flip("card/volume.jws", 0.9)),
        "volume.jws: ",
        section="12",
    )
    yield _card(
        "volume-of-another",
        "volume.jws of another camera",
        _foreign_volume,
        "audit: device is not that of volume.jws",
        section="12",
    )
    for name, (about, how, reason) in ANCHORS.items():
        yield _card(
            f"anchor-{name}",
            f"an anchor {about}",
            forged("card", partial(editing, ANCHOR, how)),
            f"anchor.jws: {reason}",
            section="10",
        )
    for name, (about, identity, reason) in ANCHOR_SIGNERS.items():
        make = forged("card", partial(_by, identity))
        yield _card(f"anchor-by-{name}", f"an anchor {about}", make, f"anchor.jws: {reason}", section="10")
    yield _card(
        "anchor-flipped",
        "a changed bit in an anchor",
        changed("card", flip(ANCHOR_PATH, 0.9)),
        "anchor.jws: ",
        section="10",
    )
    yield _card(
        "anchor-gone-and-log-cut",
        "log, newest recording and anchor are gone together: the verdict says that nobody outside knows",
        changed("card", bare, _log(lambda rows: rows[:-2]), remove("card/recordings/00000003")),
        section="10",
        verdict="not proven since the last docking",
        unproven=("no dock has ",),
    )


def _by(identity: Identity) -> Forger:
    """An anchor that somebody else signs, under his own name."""
    sign, change = signing(ANCHOR, identity), editing(ANCHOR, having(dock=identity.name))

    def forge(typ: str, payload: dict[str, Any], signer: Identity, chained: bool) -> Line:  # noqa: FBT001
        return sign(typ, change(typ, payload, signer, chained)[0], signer, chained)

    return forge


def _without_boot(number: int) -> Make:
    def make() -> dict[str, bytes]:
        tree = dict(then("card", _two_boots)())
        remove(ANCHOR_PATH, f"card/audit/{number:08d}.jwsl")(tree)
        return tree

    return make


SCENARIOS = tuple(_scenarios())
