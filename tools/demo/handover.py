"""The second part of the story: what is on the camera, and how it comes off."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.demo.stage import OFFICER, Stage
from tools.dock.events import DockEvent, Kind
from tools.sim.bay import Bay
from tools.verify.times import size

RECORDINGS: Final = 3

_LABEL: Final = "bookmark"  # what the default settings call one
_NAME: Final = re.compile(r"[A-Za-z]{5,}")  # shorter words turn up in any ciphertext
_ENCODED: Final = re.compile(rb"[A-Za-z0-9_-]{16,}")
_PULLED_S: Final = 0.7


def look_for_names(stage: Stage) -> None:
    """Search every file of the camera, also what is Base64 in it, for what is about people."""
    files = [path for path in sorted(stage.home.camera.rglob("*")) if path.is_file()]
    needles = [word.encode() for word in (*_NAME.findall(OFFICER), _LABEL)]
    found = [path.name for path in files if _holds(path, needles)]
    total = size(sum(path.stat().st_size for path in files))
    stage.checks.hold(
        "kept secret",
        "neither the officer's name nor the bookmark can be read on the camera",
        f"found in {', '.join(found)}" if found else f"in none of its {len(files)} files ({total})",
        not found,
    )


def offload(stage: Stage) -> None:
    """Hand everything over, with a break in the middle, and wait until it is erased."""
    bay = stage.dock()
    before = len(bay.events)
    with stage.screen.bar("offload") as bar:
        stage.offload = bar
        stage.camera.tell("plug", port=bay.port)
        _wait_for_the_middle(bay, before)
        stage.camera.tell("unplug")
        stage.say("pulled out, in the middle of a file")
        stage.let(_PULLED_S)
        kept, again, mark = _arrived(stage.home.dock), len(bay.events), stage.mark
        stage.camera.tell("plug", port=bay.port)
        bay.wait(Kind.LOST, before)
        bay.wait(Kind.DONE, again)
        stage.offload = None
    events = bay.events.items
    _check(stage, events[before:], events[again:], kept)
    _wait_for_erasure(stage)
    stage.mirror.wait_for_cue("docked", mark)
    stage.camera.tell("unplug")
    stage.camera.stop()
    stage.mirror.off()


def _holds(path: Path, needles: Sequence[bytes]) -> bool:
    data = path.read_bytes()
    inside = b" ".join(base64.urlsafe_b64decode(part[: len(part) // 4 * 4]) for part in _ENCODED.findall(data))
    return any(needle.lower() in text for needle in needles for text in (data.lower(), inside.lower()))


def _wait_for_the_middle(bay: Bay, before: int) -> None:
    """Until some of the second recording has arrived."""
    for kind in (Kind.FETCHING, Kind.RECEIPTED, Kind.FETCHING, Kind.PROGRESS, Kind.PROGRESS):
        before = bay.next(kind, before)


def _arrived(store: Path) -> int:
    """Bytes of a recording that has not arrived in full."""
    return sum(path.stat().st_size for path in (store / "incoming").rglob("*.age"))


def _check(stage: Stage, events: Sequence[DockEvent], later: Sequence[DockEvent], kept: int) -> None:
    stock = next(event for event in events if event.kind is Kind.STOCK)
    receipts = [event for event in events if event.kind is Kind.RECEIPTED]
    stage.checks.hold(
        "offloaded",
        "every recording arrives, and the dock signs a receipt for it",
        f"{stock.facts['items']} recordings, {size(int(stock.facts['size']))}, {len(receipts)} receipts",
        len(receipts) == stock.facts["items"] == RECORDINGS,
    )
    went_on = next((int(event.facts["done"]) for event in later if event.kind is Kind.PROGRESS), 0)
    stage.checks.hold(
        "offloaded",
        "pulled out in the middle, it goes on where it was",
        f"went on behind the {size(kept)} that the dock had of a recording",
        0 < kept <= went_on,
    )


def _wait_for_erasure(stage: Stage) -> None:
    """Until no recording is left on the card, and the dock has the log that says so."""
    recordings = stage.home.card / "recordings"
    stage.camera.wait("the recordings' erasure", lambda _state: not any(recordings.glob("*/manifest.jws")))
    stage.say("the camera has erased what the dock has receipted")
    log = stage.home.card / "audit"
    stage.camera.wait("the dock's copy of the log", lambda _state: _logs(stage.home.dock) >= _logs(log))


def _logs(below: Path) -> set[tuple[str, int]]:
    """The audit log's files and their lengths."""
    return {(path.name, path.stat().st_size) for path in below.rglob("0*.jwsl")}
