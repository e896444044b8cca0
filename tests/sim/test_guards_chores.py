"""The guards of what the writer does behind the flushes: how much at once, what is tried again, and what is erased when."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, NoReturn, cast

import pytest

from firmware.core.ledger import Opening
from firmware.core.recovery import Action, Step
from firmware.evidence.errors import FormatError
from hal.interface import ClockQuality
from tests.rig import NONCE, Rig, receipt_for

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, Self

    from firmware.runtime.chores import Chores
    from hal.interface import Directory

KIB = 1 << 10
HOUR_MS = 3_600_000


class Shelf:
    """A directory whose every file is one of so many bytes, and what was done to it.  Where ``fails``, reading does."""

    def __init__(self, size: int, *, fails: bool = False) -> None:
        self.done: list[tuple[str, int]] = []
        self._size, self._fails = size, fails

    def open(self, _name: str) -> Self:
        """The file, which this is too."""
        return self

    def size(self) -> int:
        """Its bytes."""
        return self._size

    def read(self, offset: int, size: int) -> bytes:
        """Bytes that mean nothing."""
        if self._fails:
            self.refuse()
        self.done.append(("read", size))
        return bytes(min(size, self._size - offset))

    def refuse(self, *_: object) -> NoReturn:
        """What a broken card says."""
        raise OSError(errno.EIO, "a bad sector")

    def reserve(self, size: int) -> None:
        """Room."""
        self.done.append(("reserve", size))

    def sync(self) -> None:
        """A sync."""
        self.done.append(("sync", 0))

    def close(self) -> None:
        """The end of it."""
        self.done.append(("close", 0))


def pieces(work: Generator[None, None, object]) -> int:
    """After how many pieces it is done."""
    return sum(1 for _ in work)


def chores(rig: Rig) -> Chores:
    """The chores of a camera."""
    return rig.camera.writer.due


def opening(due: Chores, directory: Directory) -> Generator[None, None, object]:
    """Read an opening, which is one piece."""
    yield
    return due._opening(directory)


WORK: dict[str, tuple[Callable[[Chores, Directory], Generator[None, None, object]], int, list[tuple[str, int]]]] = {
    "extent": (
        lambda due, directory: due._extent(directory, "a"),
        2048 * KIB + 1,
        [("sync", 0), *[("read", 1024 * KIB)] * 3, ("reserve", 0), ("close", 0)],
    ),
    "journal": (
        lambda due, directory: due._read_journal(directory, 1),
        128 * KIB + 1,
        [("sync", 0), *[("read", 64 * KIB)] * 3, ("close", 0)],
    ),
    "opening": (opening, 128 * KIB + 1, [("read", 64 * KIB), ("close", 0)]),
}
"""What reads, of a file of so many bytes, and how it does."""


@pytest.mark.parametrize("what", WORK)
def test_a_flush_never_waits_for_more_than_a_piece(what: str) -> None:
    """A MiB that is hashed, 64 KiB of lines that are verified; and the file is synced before and let go behind."""
    work, size, done = WORK[what]
    shelf = Shelf(size)
    count = pieces(work(chores(Rig.new()), cast("Directory", shelf)))
    assert shelf.done == done
    assert count == sum(name == "read" for name, _ in done)


@pytest.mark.parametrize("what", WORK)
def test_a_file_that_cannot_be_read_is_let_go(what: str) -> None:
    """A card with many of them would leave no handle for the next recording."""
    work, size, _ = WORK[what]
    shelf = Shelf(size, fails=True)
    with pytest.raises(OSError, match="bad sector"):
        pieces(work(chores(Rig.new()), cast("Directory", shelf)))
    assert shelf.done[-1] == ("close", 0)


def test_a_journal_that_is_refused_is_not_signed() -> None:
    """There is nothing that it vouches for."""
    rig = Rig.new().run(1)
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    directory.open("journal.jwsl").append(b"nonsense\n")
    with pytest.raises(FormatError, match="journal"):
        pieces(cast("Any", chores(rig)._recover(Step(Action.RECOVER, "00000001", 1))))
    assert "manifest.jws" not in directory.names()


def test_what_failed_once_is_left_to_the_next_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed sync nobody knows what is on the card: a second try in this boot could sign what is not."""
    rig = Rig.new().run(3).tap().run(2)
    with monkeypatch.context() as patched:
        patched.setattr("firmware.runtime.chores.Chores._extent", Shelf(1).refuse)
        again = rig.power_cut().run(1)
    assert list(chores(again).troubles) == ["00000001"]
    again.stop().run(70)
    assert [line["data"]["number"] for line in again.audit() if line["kind"] == "closing"] == [2]
    last = again.power_cut().run(1)
    assert [line["data"]["number"] for line in last.audit() if line["kind"] == "closing"] == [2, 1]


def test_a_closing_that_is_missing_is_made_up_for() -> None:
    """A recording on the shelf that the log holds for open gets its line."""
    rig = Rig.new().run(3).tap().run(1).stop()
    ledger = rig.camera.vault.volume.audit.ledger
    (opening,) = [line["data"]["opening"] for line in rig.audit() if line["kind"] == "opening"]
    ledger.unclosed[1] = Opening(opening, ledger.boot)
    rig.camera.writer.sweep()
    rig.run(1)
    assert [line["data"]["number"] for line in rig.audit() if line["kind"] == "closing"] == [1, 1]
    assert ledger.unclosed == {}


def test_only_the_opening_of_what_was_cut_off_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger is put away whatever it says, and whether that can be read or not."""
    rig = Rig.new().run(1)
    strange = rig.evidence.root().enter("recordings").enter("00000009", create=True)
    strange.create("journal.jwsl").append(b"who knows\n")
    monkeypatch.setattr(chores(rig), "_opening", Shelf(1).refuse)
    rig.camera.writer.sweep()
    rig.run(1)
    assert chores(rig).troubles == {}
    (aside,) = rig.evidence.root().enter("quarantine").names()
    assert aside.startswith("00000009")


@pytest.mark.parametrize("action", ["_keep", "_close"])
def test_what_is_on_the_shelf_is_on_the_card(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest whose name may never have reached the card is offered to no dock, and the log does not build on it."""
    rig = Rig.new().run(3).tap().run(1).stop()
    inventory, lines = rig.camera.vault.custody.inventory, len(rig.audit())
    inventory.drop(1)
    directory = type(rig.evidence.root())
    with monkeypatch.context() as patched:
        patched.setattr(directory, "sync", Shelf(1).refuse)
        with pytest.raises(OSError, match="bad sector"):
            pieces(getattr(chores(rig), action)(Step(Action.KEEP, "00000001", 1)))
    assert (inventory.get(1), len(rig.audit())) == (None, lines)


def receipted(keep_h: int = 24) -> Rig:
    """A camera with one recording that a dock has."""
    rig = Rig.new(keep_after_receipt_h=keep_h).run(3).tap().run(1).stop()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    return rig


def swept(rig: Rig) -> bool:
    """Whether the recording is still there after the chores."""
    rig.camera.writer.sweep()
    rig.run(0.1)
    return "00000001" in rig.evidence.root().enter("recordings").names()


def test_only_a_clock_that_a_dock_set_erases_by_age() -> None:
    """Any other one may be wrong by years."""
    rig = receipted()
    now_ms = rig.clock.utc().utc_ms
    for quality, later_h, there in (
        (ClockQuality.RTC, 25, True),
        (ClockQuality.DOCK, 23, True),
        (ClockQuality.DOCK, 25, False),
    ):
        rig.clock.put(now_ms + later_h * HOUR_MS, quality)
        assert swept(rig) == there


def test_room_is_made_below_what_has_to_be_free_and_not_at_it() -> None:
    """To the byte; what no dock has stays."""
    rig = receipted().tap().run(1).stop()
    emptying = rig.camera.vault.budget.emptying
    rig.evidence.trouble.fill(emptying)
    assert swept(rig)
    rig.evidence.trouble.fill(emptying - 1)
    assert not swept(rig)
    assert "00000002" in rig.evidence.root().enter("recordings").names()


def test_what_is_being_erased_is_no_room_that_could_still_be_made() -> None:
    """Not for a single piece: it would be promised twice.  And once it is gone nobody looks for it any more."""
    rig = receipted(keep_h=0)
    counted = [chores(rig).returnable for _ in chores(rig).erase()]
    assert counted == [0] * len(counted)
    assert counted
    assert not swept(rig)
    assert chores(rig).troubles == {}


def test_an_erasure_stands_behind_its_receipt_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The power went between the receipt's file and its line: the line is made up for before anything goes."""
    rig = Rig.new(keep_after_receipt_h=0).run(3).tap().run(1).stop()
    rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here
    with monkeypatch.context() as patched:
        patched.setattr(rig.camera.vault.custody, "note_receipt", lambda *_: None)
        rig.camera.shelf.receipt(1, receipt_for(rig, 1), NONCE)
    again = rig.power_cut().run(1)
    kinds = [line["kind"] for line in again.audit() if line["kind"] in {"receipt", "erasure"}]
    assert kinds == ["receipt", "erasure"]


def test_an_erasure_that_cannot_end_is_told_and_keeps_nobody_from_recording() -> None:
    """A folder lies where only files belong: the next recording is prepared all the same."""
    rig = Rig.new().run(1)
    erasing = rig.evidence.root().enter("erasing")
    erasing.enter("00000009", create=True).enter("deep", create=True).create("a")
    rig.camera.writer.sweep()
    rig.run(1)
    assert list(chores(rig).troubles) == ["erasing 00000009"]
    assert rig.camera.vault._prepared is not None


def test_receipted_footage_counts_as_room_but_for_what_cannot_go() -> None:
    """Nothing is promised that cannot be given back."""
    rig = receipted()
    assert chores(rig).returnable > 0
    chores(rig).troubles["00000001"] = "trouble"
    assert chores(rig).returnable == 0
