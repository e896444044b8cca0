"""Small guards of the modules that write evidence: what each flush counts, what is let go of and when, whose card it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.core.machine import Recording
from firmware.evidence.age import CHUNK, AgeWriter
from firmware.runtime.beside import Beside
from firmware.runtime.recording import OpenRecording
from firmware.runtime.sealedfile import SealedFile
from firmware.runtime.volume import keep_room
from hal.sim.clock import VirtualClock
from hal.sim.faulty import FaultyStorage, Op
from hal.sim.memory import MemoryStorage
from tests.rig import VALUES, PkiSigner, Rig, enrol, payload, read

if TYPE_CHECKING:
    from hal.interface import File, Storage
    from hal.sim.memory import MemoryDirectory

MIB = 1 << 20


# What a flush counts: the forecast of how long the card lasts rests on it.


def flushes(monkeypatch: pytest.MonkeyPatch) -> tuple[list[tuple[bool, int, int]], Rig]:
    """A recording with a gap in the picture, half a second into its third live segment.  Of each flush whether it was live, bytes, ticks."""
    found: list[tuple[bool, int, int]] = []
    flush = OpenRecording.flush

    def watched(self: OpenRecording, origin: object, piece: object, gaps: object, following: object) -> object:
        result = flush(self, origin, piece, gaps, following)  # type: ignore[arg-type]  # handed on as it came
        found.append((gaps is not None, result.size, result.ticks))
        return result

    monkeypatch.setattr(OpenRecording, "flush", watched)
    rig = Rig.new().run(6).tap().run(1.02)
    rig.video.disturbance.drop(6)
    return found, rig.run(6)


def test_the_ticks_of_all_live_flushes_are_the_live_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """From its first frame to its end, a gap included; the minute before counts none."""
    found, rig = flushes(monkeypatch)
    journal = rig.evidence.root().enter("recordings").enter("00000001").open("journal.jwsl")
    lines = [each for each in map(payload, read(journal).splitlines()) if each.get("tracks")]
    live = [each for each in lines if each["file"] >= "000003"]
    assert sum(ticks for _, _, ticks in found) == live[-1]["until"] - live[0]["tracks"]["video"]["from"]
    assert {ticks for is_live, _, ticks in found if not is_live} == {0}
    assert all(ticks >= 0 for _, _, ticks in found)


def test_the_bytes_of_all_flushes_are_what_the_recording_takes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of its files and of their lines in the journal once; what was noted goes with the next live flush."""
    found, rig = flushes(monkeypatch)
    (take,) = rig.camera.writer.takes.values()
    directory = rig.evidence.root().enter("recordings").enter("00000001")
    there = {True: 0, False: 0}
    for line in read(directory.open("journal.jwsl")).splitlines(keepends=True)[1:]:
        there[payload(line)["file"] >= "000003"] += len(line)
    for name in directory.names():
        if name.endswith(".age"):
            there[name >= "000003"] += directory.open(name).size()
    sizes = {live: sum(size for is_live, size, _ in found if is_live is live) for live in (True, False)}
    assert sizes == {True: there[True] - take._noted, False: there[False]}


def test_a_segment_that_has_ended_is_let_go_of() -> None:
    """However long a recording is, it holds the keys of what is open and of nothing else."""
    rig = Rig.new(segment_s=2).run(3).tap().run(7)
    (take,) = rig.camera.writer.takes.values()
    assert len(take._files) == 2
    assert "private.age" in take._files


def test_room_is_given_back_only_behind_the_last_byte() -> None:
    """A card that is full takes the last lines of a recording: their room was set aside."""
    config, card = MemoryStorage(), FaultyStorage(MemoryStorage())
    enrol(config, VALUES)
    rig = Rig.start(card, config, VirtualClock(), PkiSigner(), VALUES)
    rig.run(3).tap().run(4).stop()
    files = {call.path for call in card.calls if call.op is Op.APPEND and call.path[:2] == ("recordings", "00000001")}
    for path in files:
        done = [call.op for call in card.calls if call.path == path and call.op in {Op.APPEND, Op.SYNC, Op.RESERVE}]
        if ".new" not in path[-1]:
            assert done[0] in {Op.RESERVE, Op.APPEND}
            assert done[-2:] == [Op.SYNC, Op.RESERVE], path
            assert done.count(Op.RESERVE) == 2, path


# What is let go of when storage fails.


class Unclosable:
    """A file that cannot even be closed."""

    def close(self) -> None:
        """Fail."""
        raise OSError("gone")


def sealed(file: File) -> tuple[SealedFile, AgeWriter]:
    """A file that is written, and its cipher."""
    rig = Rig.new()
    age = AgeWriter(rig.camera.vault.enrolment.recipients, rig.camera.vault._random)
    return SealedFile("private.age", file, age, Beside("hashing")), age


class Unhashable:
    """A hash that fails."""

    def update(self, data: object) -> None:
        """Fail."""
        raise MemoryError


@pytest.mark.parametrize("which", ["_plain", "_cipher"])
@pytest.mark.parametrize("chunks", [1, 3])
def test_a_hash_that_was_not_made_is_noticed(which: str, chunks: int) -> None:
    """Be it made here or beside: no line ever vouches for the hash of less."""
    writing, _ = sealed(MemoryStorage().root().create("private.age"))
    setattr(writing, which, Unhashable())
    with pytest.raises(MemoryError):
        writing.append(bytes(chunks * CHUNK))


def test_an_abandoned_file_forgets_its_key() -> None:
    """Nobody can decrypt or go on with what storage took away; also where the file cannot be closed."""
    for file in (MemoryStorage().root().create("private.age"), Unclosable()):
        writing, age = sealed(file)  # type: ignore[arg-type]  # handed on as it came
        try:
            writing.abandon()
        except OSError:
            assert isinstance(file, Unclosable)
        with pytest.raises(ValueError, match="closed"):
            age.chunks(bytes(CHUNK))
        assert not any(age._key)


# Whose card it is.


def without_log(storage: MemoryStorage, *, there: bool) -> None:
    """Take the audit log away, with its directory or without."""
    audit = storage.root().enter("audit")
    for name in audit.names():
        audit.remove(name)
    if not there:
        storage.root().remove("audit")


def put(directory: MemoryDirectory, name: str) -> None:
    """A file with something in it."""
    directory.create(name).append(b"something\n")


def remains(storage: MemoryStorage, what: str) -> None:
    """Leave some evidence, or traces of it, on a card that has none."""
    root = storage.root()
    recordings = root.enter("recordings")
    for name in recordings.names():
        inner = recordings.enter(name)
        for each in inner.names():
            inner.remove(each)
        recordings.remove(name)
    if what in {"recordings", "quarantine"}:
        put(root.enter(what).enter("00000001", create=True), "journal.jwsl")
    elif what:
        put(root, what)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("what", ["recordings", "quarantine", "anchor.jws", ""])
def test_a_card_that_lost_its_log_gives_no_number_out_twice(what: str, there: bool) -> None:  # noqa: FBT001 - a case
    """With evidence on it, or traces of any, a new volume begins; an empty one stays what it is.  The camera records on either."""
    rig = Rig.new().run(1)
    before = rig.camera.vault.volume.id
    without_log(rig.evidence, there=there)
    remains(rig.evidence, what)
    again = rig.restart()
    assert (again.camera.vault.volume.id != before) is bool(what)
    assert again.run(1).tap().run(1).state is Recording.RECORDING


@pytest.mark.parametrize("gone", ["recordings", "quarantine", "erasing"])
def test_a_card_without_one_of_its_directories_gets_it_anew(gone: str) -> None:
    """Its log is there, so it is the same volume."""
    rig = Rig.new().run(1)
    before = rig.camera.vault.volume.id
    FaultyStorage(rig.evidence).vanish((gone,))
    again = rig.restart()
    assert again.camera.vault.volume.id == before
    assert gone in again.evidence.root().names()


def test_a_card_with_its_log_keeps_its_volume_whatever_else_is_there() -> None:
    """Recordings, an anchor and things in quarantine are what a volume has."""
    rig = Rig.new().run(1)
    before = rig.camera.vault.volume.id
    put(rig.evidence.root().enter("quarantine").enter("x", create=True), "y")
    assert rig.restart().camera.vault.volume.id == before


# The reserve.


def reserved(storage: Storage) -> bool:
    """Whether there is one."""
    return "reserve" in storage.root().names()


def card(free: int) -> MemoryStorage:
    """An empty one with so much room."""
    return MemoryStorage(capacity=free)


def test_room_is_kept_where_as_much_again_as_a_manifest_takes_is_left() -> None:
    """Eight mebibytes have to be left beside it; and it is as large as it should be, durable, and open to nobody."""
    small, large = card(40 * MIB - 4096), card(40 * MIB)
    keep_room(small, 32 * MIB)
    keep_room(large, 32 * MIB)
    assert (reserved(small), reserved(large)) == (False, True)
    assert large.space().free == 8 * MIB
    assert not large.held
    assert reserved(large.crash())


def test_room_is_set_aside_before_that_is_made_durable() -> None:
    """A file without its room would be durable otherwise."""
    storage = FaultyStorage(card(100 * MIB))
    keep_room(storage, 32 * MIB)
    done = [call.op for call in storage.calls if call.path == ("reserve",)]
    assert done == [Op.CREATE, Op.RESERVE, Op.SYNC]


def test_room_is_given_back_when_less_than_eight_mebibytes_are_left() -> None:
    """Not a byte sooner, durably, and not twice."""
    storage = card(100 * MIB)
    keep_room(storage, 32 * MIB)
    storage.trouble.fill(8 * MIB)
    keep_room(storage, 32 * MIB)
    assert reserved(storage)
    storage.trouble.fill(8 * MIB - 4096)
    keep_room(storage, 32 * MIB)
    assert storage.space().free == 40 * MIB - 4096
    assert not reserved(storage.crash())


def test_room_that_is_kept_is_not_kept_twice() -> None:
    """A start finds it, and leaves it as it is."""
    storage = card(100 * MIB)
    keep_room(storage, 32 * MIB)
    done = len(storage.log)
    keep_room(storage, 32 * MIB)
    assert len(storage.log) == done
    keep_room(empty := card(4 * MIB), 32 * MIB)
    assert empty.log == []
