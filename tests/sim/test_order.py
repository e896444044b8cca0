"""What is done to storage in each step of a recording's life, and in which order: operation by operation.

Everything rests on this order: data before the line that vouches for it, the log before the deed, a name before what builds on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.evidence.age import CHUNK
from hal.files import blocks
from tests.rig import NONCE, Rig, anchor_for, receipt_for
from tests.steps import Watched, started

if TYPE_CHECKING:
    from collections.abc import Callable

    from hal.sim.memory import MemoryStorage

LOG = "write audit/00000001.jwsl"
NEXT_LOG = "write audit/00000002.jwsl"


def replaced(folder: str, name: str) -> list[str]:
    """A small file that is there whole or not at all."""
    path = f"{folder}/{name}".removeprefix("./")
    return [f"create {path}.new", f"write {path}.new", f"rename {path}.new -> {path}", f"sync {folder}"]


def prepared(number: int) -> list[str]:
    """The next recording, made while idle."""
    folder = f"recordings/{number:08d}"
    return [
        f"create {folder}",
        f"create {folder}/journal.jwsl",
        f"create {folder}/000002.mp4.age",
        f"sync {folder}",
        "sync recordings",
    ]


def flushed(number: int, name: str, *, new: bool = False) -> list[str]:
    """One flush: data, then the journal's line."""
    folder = f"recordings/{number:08d}"
    created = [f"create {folder}/{name}.age", f"sync {folder}"] if new else []
    return [*created, f"write {folder}/{name}.age", f"write {folder}/journal.jwsl"]


MOUNTED = [
    "create reserve",
    "sync reserve",
    "sync .",
    *replaced(".", "volume.jws"),
    "create audit",
    "create recordings",
    "create erasing",
    "create quarantine",
    "sync .",
    "sync audit",
    "create audit/00000001.jwsl",
    "sync audit",
    LOG,
    *prepared(1),
]
MOUNTED_AGAIN = [
    "sync .",
    "sync audit",
    "sync audit/00000001.jwsl",
    "create audit/00000002.jwsl",
    "sync audit",
    NEXT_LOG,
]
PRESSED = [
    LOG,
    "write recordings/00000001/journal.jwsl",
    *flushed(1, "000002.mp4"),
    *flushed(1, "private", new=True),
    *flushed(1, "000001.mp4", new=True),
    *flushed(1, "000001.mp4"),
]
SEALED = [
    *flushed(1, "private"),
    *flushed(1, "private"),
    *replaced("recordings/00000001", "manifest.jws"),
    LOG,
    *prepared(2),
]
RECEIPTED = [*replaced("recordings/00000001", "receipt.jws"), LOG]
ERASED = [
    LOG,
    "rename recordings/00000001 -> erasing/00000001",
    "sync erasing",
    "sync recordings",
    *(f"remove erasing/00000001/{name}" for name in ("000001.mp4.age", "000002.mp4.age", "000003.mp4.age", "journal.jwsl")),
    *(f"remove erasing/00000001/{name}" for name in ("manifest.jws", "private.age", "receipt.jws")),
    "sync erasing/00000001",
    "remove erasing/00000001",
    "sync erasing",
]  # fmt: skip
TIDIED = ["sync recordings/00000001"]
RECOVERED = [
    *TIDIED,
    *(
        f"sync recordings/00000001/{name}"
        for name in ("journal.jwsl", "000001.mp4.age", "000002.mp4.age", "private.age")
    ),
    *replaced("recordings/00000001", "manifest.jws"),
    NEXT_LOG,
]


IDLE = ["000002.mp4.age", "journal.jwsl"]
"""What is open while nothing is recorded: what the next press needs."""


def fresh() -> Watched:
    """A camera that keeps nothing back after a receipt."""
    return Watched(Rig.new(pre_event_s=2, segment_s=3, keep_after_receipt_h=0))


def test_a_life_without_trouble() -> None:
    """From the empty card to the erasure, each step in its order; and no file stays open behind it."""
    watched = fresh()
    rig = watched.rig
    assert watched.since() == MOUNTED
    rig.run(3)
    assert watched.since() == []
    rig.tap()
    assert watched.since() == PRESSED
    assert rig.signer.count == 1  # the hardware counts the openings
    rig.run(0.5)
    assert watched.since() == flushed(1, "000002.mp4")
    rig.stop()
    assert watched.since()[-len(SEALED) :] == SEALED
    assert watched.held() == IDLE
    assert rig.camera.vault.writing == set()  # while anything is being written, the log goes on in no other file
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    assert watched.since() == RECEIPTED
    rig.camera.writer.sweep()
    rig.run(0.2)
    assert watched.since() == ERASED
    rig.camera.shelf.anchor(anchor_for(rig), NONCE)
    assert watched.since() == replaced(".", "anchor.jws")
    assert watched.held() == IDLE


def test_a_recording_that_storage_took_away_leaves_nothing_open() -> None:
    """Neither its journal nor its segments: a camera that goes on for weeks would run out of handles."""
    watched = fresh()
    watched.rig.run(3).tap().run(0.5)
    watched.rig.evidence.trouble.fail_syncs(1)
    watched.rig.run(2).stop().run(1)
    assert [each["kind"] for each in watched.rig.audit()].count("opening") == 2
    assert watched.held() == IDLE


def test_room_is_set_aside_before_it_is_needed() -> None:
    """The reserve, the next recording's files, each new segment: in whole blocks, given back when the file is closed."""
    watched = fresh()
    rig = watched.rig
    mebibyte = 1 << 20
    idle = {"reserve": 32 * mebibyte, "journal.jwsl": mebibyte, "000002.mp4.age": 8 * mebibyte}
    assert {name: room for name, room in watched.room().items() if name in idle} == idle
    rig.run(3).tap().run(3.5)
    room = watched.room()
    assert room["000003.mp4.age"] == 8 * mebibyte
    assert room["private.age"] >= CHUNK
    assert room["000002.mp4.age"] < mebibyte
    rig.stop()
    recording = rig.evidence.root().enter("recordings").enter("00000001")
    sizes = {name: recording.open(name).size() for name in recording.names() if name != "manifest.jws"}
    assert {name: watched.room(0)[name] for name in sizes} == {name: blocks(size) for name, size in sizes.items()}


def test_a_recording_that_was_cut_off() -> None:
    """What is there is synced before it is signed, and the manifest is durable before the log closes."""
    watched = fresh()
    watched.rig.run(3).tap()
    again = started(watched.rig.evidence.crash(), watched.rig)
    done = again.since()
    assert done[: len(MOUNTED_AGAIN)] == MOUNTED_AGAIN
    at = done.index(RECOVERED[0])
    assert done[at : at + len(RECOVERED)] == RECOVERED
    again.rig.stop()
    assert again.held() == IDLE


def nothing(storage: MemoryStorage) -> None:
    """Leave the card as it is."""


def write(storage: MemoryStorage, folder: str, name: str, data: bytes) -> None:
    """Put a file into a folder, durably, without a change to the names around it."""
    directory = storage.root().enter("recordings").enter(folder, create=True)
    file = directory.create(name)
    file.append(data)
    for each in (file, directory, storage.root().enter("recordings")):
        each.sync()
    file.close()


def stranger(storage: MemoryStorage) -> None:
    """A directory that the log does not know."""
    write(storage, "00000009", "journal.jwsl", b"who knows\n")


def half_written(storage: MemoryStorage) -> None:
    """A receipt that a cut left half written."""
    write(storage, "00000001", "receipt.jws.new", b"ha")


QUARANTINED = [
    NEXT_LOG,
    "rename recordings/00000009 -> quarantine/00000009-{}",
    "sync quarantine",
    "sync recordings",
]


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        (nothing, TIDIED),
        (stranger, [*QUARANTINED, *TIDIED]),
        (half_written, ["remove recordings/00000001/receipt.jws.new", *TIDIED]),
    ],
)
def test_what_a_boot_finds(change: Callable[[MemoryStorage], None], steps: list[str]) -> None:
    """A sealed recording is tidied up and kept; a stranger is told, then put away, with both ends of the way synced.  The newest first."""
    watched = fresh()
    watched.rig.run(3).tap().run(0.5).stop()
    survivor = watched.rig.evidence.crash()
    change(survivor)
    again = started(survivor, watched.rig)
    line = again.rig.camera.vault.volume.audit.ledger.line
    wanted = [each.format(line) for each in steps]
    done = again.since()
    assert done[: len(MOUNTED_AGAIN)] == MOUNTED_AGAIN
    assert done[len(MOUNTED_AGAIN) :][: len(wanted)] == wanted
    assert again.held() == IDLE


def test_an_opening_that_was_never_used() -> None:
    """The log has it as void, and then its directory goes as in an erasure."""
    watched = fresh()
    watched.rig.camera.vault.volume.audit.write("opening", {"number": 1, "opening": "a" * 64})
    again = started(watched.rig.evidence.crash(), watched.rig)
    done = again.since()
    moved = done.index("rename recordings/00000001 -> erasing/00000001")
    assert done[moved - 1 : moved + 8] == [
        NEXT_LOG,
        "rename recordings/00000001 -> erasing/00000001",
        "sync erasing",
        "sync recordings",
        "remove erasing/00000001/000002.mp4.age",
        "remove erasing/00000001/journal.jwsl",
        "sync erasing/00000001",
        "remove erasing/00000001",
        "sync erasing",
    ]
    assert again.rig.stop().evidence.root().enter("recordings").names() == ["00000002", "00000003"]
    assert again.held() == IDLE


def test_a_manifest_whose_closing_is_missing() -> None:
    """Its names are synced before the log builds on it, and it is not made again."""
    watched = fresh()
    watched.rig.run(3).tap().run(0.5)
    watched.rig.camera.vault.note_closing = lambda manifest: None  # type: ignore[method-assign]  # the cut comes before it
    again = started(watched.rig.stop().evidence.crash(), watched.rig)
    done = again.since()
    at = done.index("sync recordings/00000001")
    assert done[at : at + 2] == [*TIDIED, NEXT_LOG]
    assert not any("recordings/00000001/manifest" in each for each in done)


def test_a_card_that_is_not_ours() -> None:
    """Everything goes into quarantine, each name synced on its way, what says whose it is last; then a volume is made."""
    watched = fresh()
    storage = watched.rig.evidence.crash()
    storage.root().remove("volume.jws")
    file = storage.root().create("volume.jws")
    file.append(b"nonsense\n")
    for each in (file, storage.root()):
        each.sync()
    again = started(storage, watched.rig)
    shelf = f"quarantine/before-{again.rig.camera.vault.volume.id}"
    moved = [
        (f"rename {name} -> {shelf}/{name}", f"sync {shelf}", "sync .")
        for name in ("recordings", "audit", "erasing", "volume.jws")
    ]
    wanted = [f"create {shelf}", "sync quarantine", "sync .", *(step for steps in moved for step in steps)]
    done = again.since()
    assert done[: len(wanted)] == wanted
    made = MOUNTED[MOUNTED.index("create volume.jws.new") :]
    assert done[len(wanted) :] == [each for each in made if each != "create quarantine"]


def test_a_card_that_is_full_to_the_brim() -> None:
    """The reserve is given back before anything else, and set aside again once there is room."""
    watched = fresh()
    storage = watched.rig.evidence
    storage.trouble.fill(0)
    again = started(storage, watched.rig)
    assert again.since()[:2] == ["remove reserve", "sync ."]
    storage.trouble.capacity = None
    assert started(storage, again.rig).since()[:3] == ["create reserve", "sync reserve", "sync ."]
