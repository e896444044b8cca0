"""Firmware bundles on the camera: nothing but a whole bundle that its paper vouches for ever reaches the updater."""

from __future__ import annotations

import errno
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

import pytest

from firmware.dock.bundlerule import KEPT_FREE, UnwantedError
from firmware.dock.shelf import Intake
from firmware.evidence import documents
from firmware.evidence.certs import Trust
from firmware.evidence.errors import ChainError, FormatError, RevokedError
from firmware.evidence.kinds import BUNDLE
from firmware.evidence.log_kinds import AUDIT
from firmware.evidence.roles import Role
from firmware.runtime.bundles import MOST_SAID, MOST_WRONG, UNKNOWN, BundleParts, Bundles
from firmware.runtime.intake import PIECE
from hal.interface import File, Trial
from hal.sim.crashes import Image, Survival
from hal.sim.memory import MemoryStorage
from hal.sim.power import SimPower
from tests import samples
from tests.pki import Pki
from tests.rig import read

DATA = random.Random(5).randbytes(300_000)
STEP = 70_000


@dataclass
class Slots:
    """An updater that keeps what it was handed; ``trouble`` is what it raises instead."""

    handed: list[bytes] = field(default_factory=list)
    trouble: list[OSError] = field(default_factory=list)
    booted: int = 0

    def board(self) -> str:
        """The samples' board."""
        return "sim"

    def version(self) -> str:
        """Of no importance."""
        return "0.1.0"

    def pending(self) -> bool:
        """Whether something was installed since the start."""
        return len(self.handed) > self.booted

    def confirm(self) -> None:
        """The running one stays."""

    def trial(self) -> Trial:
        """Nothing is tried here: tests/unit/runtime/test_trial.py does that."""
        return Trial.NONE

    def restart(self) -> None:
        """Nobody asks."""
        raise AssertionError

    def install(self, bundle: File, pause: Any) -> None:
        """Keep it, whole."""
        data = b""
        while piece := bundle.read(len(data), 1 << 16):
            pause()
            data += piece
        if self.trouble:
            raise self.trouble.pop()
        self.handed.append(data)


@dataclass
class Tried:
    """What a self-test found."""

    able: bool = False
    resting: bool = False


@dataclass
class Camera:
    """What bundles know of a camera, and what they say."""

    storage: MemoryStorage
    trust: Trust
    slots: Slots = field(default_factory=Slots)
    power: SimPower = field(default_factory=SimPower)
    said: list[dict[str, Any]] = field(default_factory=list)
    writing: bool = False
    now_ns: int = 0
    stopping: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.bundles = self.start()

    def start(self) -> Bundles:
        """Switch it on."""
        self.slots.booted = len(self.slots.handed)
        parts = BundleParts(
            self.storage,
            self.slots,
            self.power,
            lambda: self.trust,
            lambda kind, data: self.said.append({"kind": kind, **data}),
            lambda: self.writing,
            lambda: self.now_ns,
        )
        self.bundles = Bundles(parts)
        return self.bundles

    def states(self) -> list[str]:
        """What was noted, in short."""
        return [each["state"] for each in self.said]

    def names(self) -> list[str]:
        """What lies in its directory."""
        return self.storage.root().enter("update").names()


@pytest.fixture(scope="module")
def pki() -> Pki:
    """Our authority."""
    return Pki.create()


@pytest.fixture
def camera(pki: Pki) -> Camera:
    """A camera that never had a bundle."""
    return Camera(MemoryStorage(), pki.trust)


def paper(pki: Pki, data: bytes = DATA, role: Role = Role.UPDATE, **changes: Any) -> bytes:
    """A signed paper for ``data``."""
    signer = pki.holder(role)
    return documents.sign(BUNDLE, samples.bundle(data, **changes), signer.sign, signer.chain.ders)


def caught_up(intake: Intake | None) -> Intake:
    """An intake that has read what was there."""
    assert intake is not None
    for _ in intake.catch_up():
        pass
    return intake


def fill(intake: Intake, data: bytes, step: int = STEP) -> None:
    """Give it all that it lacks."""
    while not intake.complete():
        intake.take(data[intake.offset : intake.offset + step])


def give(camera: Camera, line: bytes, data: bytes = DATA, step: int = STEP) -> None:
    """A dock's whole part."""
    intake = camera.bundles.offer(line)
    if intake is not None:
        fill(caught_up(intake), data, step)


def test_whole_way(camera: Camera, pki: Pki) -> None:
    """Offered, received, handed over, installed: each noted in its place; nothing is left but the paper; facts follow."""
    line = paper(pki)
    assert camera.bundles.facts() == replace(camera.bundles.facts(), board="sim", serial=0, state="none")
    give(camera, line)
    assert camera.bundles.facts().state == "waiting"
    assert camera.slots.handed == []
    assert camera.bundles.offer(line) is None
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [DATA]
    assert camera.states() == ["offered", "received", "handed-over", "installed"]
    assert {(each["serial"], each["version"], each["reason"]) for each in camera.said} == {(4, "0.2.0", "")}
    for each in camera.said:
        each.pop("kind")
        documents.check(AUDIT, samples.audit("update", each))
    assert camera.names() == ["installed.jws", "trial.jws"]
    assert (camera.bundles.facts().serial, camera.bundles.facts().state) == (4, "installed")
    assert not camera.bundles.step(camera.stopping)
    assert (camera.start().facts().serial, camera.bundles.facts().state) == (4, "none")


def test_resumed_at_any_byte(camera: Camera, pki: Pki) -> None:
    """A docking that ends anywhere is gone on with, by the next and after a restart, and nothing is asked for twice."""
    line, chance = paper(pki), random.Random(3)
    asked = 0
    while True:
        intake = caught_up(camera.bundles.offer(line))
        assert intake.offset == asked
        piece = DATA[asked : asked + chance.randrange(1, 60_000)]
        intake.take(piece)
        asked += len(piece)
        if intake.complete():
            break
        if chance.random() < 0.3:
            camera.start()
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [DATA]
    assert camera.states().count("offered") == 1


def test_cut_before_the_last_step(camera: Camera, pki: Pki) -> None:
    """All bytes were there when the link went: nothing is asked for, and it is taken."""
    line = paper(pki)
    caught_up(camera.bundles.offer(line)).take(DATA)
    assert caught_up(camera.bundles.offer(line)).complete()
    assert camera.bundles.step(camera.stopping)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"board": "other"}, "board", "the bundle is for other"),
        ({"serial": 3, "needs": 1}, "serial", "needs: 1 has to be installed"),
    ],
)
def test_unwanted(camera: Camera, pki: Pki, changes: dict[str, Any], error: str, words: str) -> None:
    """A good paper of a bundle that is nothing for this camera: refused with its code, noted once, nothing kept."""
    for _ in range(3):
        with pytest.raises(UnwantedError, match=words) as refused:
            camera.bundles.offer(paper(pki, **changes))
        assert refused.value.code == error
    assert camera.names() == []
    (note, *_) = camera.said
    assert (note["state"], note["serial"]) == ("refused", samples.bundle(**changes)["serial"])
    assert words in note["reason"]


def test_noted_once(camera: Camera, pki: Pki) -> None:
    """A dock that asks again and again does not fill the log, neither with one paper nor with many."""
    line = paper(pki, board="other")
    for _ in range(5):
        with pytest.raises(UnwantedError):
            camera.bundles.offer(line)
    assert camera.states() == ["refused"]
    for number in range(2 * MOST_SAID):
        with pytest.raises(UnwantedError):
            camera.bundles.offer(paper(pki, board="other", serial=number + 5))
    assert len(camera.said) == MOST_SAID
    caught_up(camera.bundles.offer(paper(pki)))
    assert len(camera.said) == MOST_SAID


def test_serial_never_goes_back(camera: Camera, pki: Pki) -> None:
    """What was installed, and all before it, is refused, also after a restart."""
    line = paper(pki)
    give(camera, line)
    camera.bundles.step(camera.stopping)
    for start in (False, True):
        if start:
            camera.start()
        for serial in (4, 3, 1):
            with pytest.raises(UnwantedError, match=f"{serial} is not above 4"):
                camera.bundles.offer(paper(pki, serial=serial))
    give(camera, paper(pki, DATA[:5], serial=5, needs=4), DATA[:5])
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [DATA, DATA[:5]]


@pytest.mark.parametrize("role", [Role.SETTINGS, Role.DOCK, Role.DEVICE])
def test_signed_by_somebody_else(camera: Camera, pki: Pki, role: Role) -> None:
    """A dock, a camera, a settings signer cannot let firmware in, nor can another authority's update signer."""
    for line in (paper(pki, role=role), paper(Pki.create())):
        with pytest.raises(ChainError):
            camera.bundles.offer(line)
    with pytest.raises(FormatError):
        camera.bundles.offer(paper(pki)[:-1])
    assert camera.said == []
    assert camera.storage.root().names() == []


def revoked(pki: Pki) -> Trust:
    """The trust once the update signer was withdrawn."""
    return replace(pki.trust, revoked=frozenset({pki.holder(Role.UPDATE).chain.fingerprint}))


def test_signer_withdrawn(camera: Camera, pki: Pki) -> None:
    """From then on nothing of that signer is taken; what waits of it is not installed; what was in the middle is not gone on with."""
    line = paper(pki)
    caught_up(camera.bundles.offer(line)).take(DATA[:100])
    camera.trust = revoked(pki)
    with pytest.raises(RevokedError):
        camera.bundles.offer(line)
    camera.trust = pki.trust
    give(camera, line)
    camera.trust = revoked(pki)
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == []
    assert camera.states() == ["offered", "received", "failed"]
    assert "withdrawn" in camera.said[-1]["reason"]
    assert camera.names() == []


def test_waiting_bundle_whose_signer_was_withdrawn_meanwhile(camera: Camera, pki: Pki) -> None:
    """A start finds a whole bundle that nobody may vouch for any more: it is removed, and no serial of that signer holds anybody back."""
    give(camera, paper(pki))
    camera.bundles.step(camera.stopping)
    give(camera, paper(pki, serial=5))
    camera.trust = revoked(pki)
    assert (camera.start().facts().serial, camera.bundles.facts().state) == (0, "waiting")
    assert camera.bundles.step(camera.stopping)
    assert (camera.slots.handed, camera.said[-1]["state"]) == ([DATA], "failed")
    assert camera.names() == ["installed.jws", "trial.jws"]


def test_other_bytes(camera: Camera, pki: Pki) -> None:
    """Bytes that are not the paper's are thrown away, all of them, and asked for anew."""
    line = paper(pki)
    wrong = DATA[:100] + b"?" + DATA[101:]
    with pytest.raises(UnwantedError, match="thrown away") as refused:
        give(camera, line, wrong)
    assert refused.value.code == "hash"
    assert camera.names() == []
    assert not camera.bundles.step(camera.stopping)
    give(camera, line)
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [DATA]


def test_other_bytes_again_and_again(camera: Camera, pki: Pki) -> None:
    """Somebody who sends rubbish under a good paper does not wear the card out, nor fill the log; a start forgets it."""
    line, wrong = paper(pki), DATA[::-1]
    for _ in range(MOST_WRONG):
        with pytest.raises(UnwantedError, match="thrown away"):
            give(camera, line, wrong)
    with pytest.raises(UnwantedError) as refused:
        camera.bundles.offer(line)
    assert refused.value.code == "failed"
    assert camera.states() == ["offered", "refused"]
    camera.start()
    give(camera, line)
    assert camera.bundles.step(camera.stopping)


def test_too_many_bytes(camera: Camera, pki: Pki) -> None:
    """No byte more than the paper says is kept, and none at all is no piece; what was there before stays."""
    intake = caught_up(camera.bundles.offer(paper(pki)))
    intake.take(DATA[:-1])
    for data in (DATA[-2:], b""):
        with pytest.raises(UnwantedError) as refused:
            intake.take(data)
        assert refused.value.code == "range"
    assert intake.offset == len(DATA) - 1
    intake.take(DATA[-1:])
    assert intake.complete()


def test_what_lay_there_was_altered(camera: Camera, pki: Pki) -> None:
    """A whole bundle that is no longer what was received is never installed, nor is a longer rest gone on with."""
    line = paper(pki)
    give(camera, line)
    folder = camera.storage.root().enter("update")
    folder.open("bundle").append(b"more")
    camera.start()
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == []
    assert camera.said[-1]["state"] == "failed"
    assert "not what was received" in camera.said[-1]["reason"]
    camera.start()
    caught_up(camera.bundles.offer(line)).take(DATA[:9])
    folder.open("bundle.part").append(DATA)
    assert caught_up(camera.bundles.offer(line)).offset == 0


def test_another_bundle_takes_the_place(camera: Camera, pki: Pki) -> None:
    """A rest of one bundle never becomes part of another."""
    caught_up(camera.bundles.offer(paper(pki))).take(DATA[:1000])
    other = DATA[::-1]
    intake = caught_up(camera.bundles.offer(paper(pki, other, serial=5)))
    assert intake.offset == 0
    give(camera, paper(pki, other, serial=5), other)
    with pytest.raises(UnwantedError) as refused:
        camera.bundles.offer(paper(pki, serial=6))
    assert refused.value.code == "waiting"
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [other]
    assert camera.storage.held.total() <= 2  # the intakes that links left behind


def test_room(pki: Pki) -> None:
    """It never takes the room that settings need; what an earlier attempt took already counts as had."""
    line = paper(pki)
    tight = Camera(MemoryStorage(capacity=KEPT_FREE + len(DATA)), pki.trust)
    tight.storage.root().create("settings.jws").append(b"x")
    with pytest.raises(UnwantedError) as refused:
        tight.bundles.offer(line)
    assert refused.value.code == "space"
    assert (tight.said[-1]["state"], tight.names()) == ("refused", [])
    fits = Camera(MemoryStorage(capacity=KEPT_FREE + len(DATA) + (1 << 16)), pki.trust)
    caught_up(fits.bundles.offer(line)).take(DATA[:-1])
    intake = caught_up(fits.bundles.offer(line))
    intake.take(DATA[-1:])
    assert intake.complete()
    assert fits.storage.space().free >= KEPT_FREE


def test_battery(camera: Camera, pki: Pki) -> None:
    """With little charge and no charger nothing is taken and nothing installed; with either it is."""
    line = paper(pki)
    camera.power.put(29)
    with pytest.raises(UnwantedError) as refused:
        camera.bundles.offer(line)
    assert refused.value.code == "battery"
    camera.power.put(30)
    give(camera, line)
    camera.power.put(5)
    assert not camera.bundles.step(camera.stopping)
    camera.power.touch(on=True)
    assert camera.bundles.step(camera.stopping)


def test_gauge_that_fails(camera: Camera, pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """Firmware waits where nobody knows the charge."""

    def broken() -> None:
        raise OSError(errno.EIO, "the gauge does not answer")

    monkeypatch.setattr(camera.power, "battery", broken)
    with pytest.raises(UnwantedError, match="battery"):
        camera.bundles.offer(paper(pki))


@pytest.mark.parametrize("part", ["storage", "updater"])
def test_trouble_keeps_no_evidence_waiting(
    camera: Camera, pki: Pki, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the small partition or the updater fails, a camera still says how it is, and nobody offers it firmware; the thread gives the
    storage a minute each time, and does not end."""

    def broken(*_anything: object) -> None:
        raise OSError(errno.EIO, "no medium found")

    if part == "storage":
        monkeypatch.setattr(camera.storage, "root", broken)
    else:
        monkeypatch.setattr(camera.slots, "board", broken)
    assert camera.bundles.facts() == UNKNOWN
    with pytest.raises(OSError, match="no medium"):
        camera.bundles.offer(paper(pki))
    naps: list[float] = []

    class Stopping(Event):
        """Counts the naps."""

        def wait(self, timeout: float | None = None) -> bool:
            naps.append(timeout or 0.0)
            if len(naps) == 3:
                self.set()
            return self.is_set()

    camera.bundles.run(Stopping(), Tried())
    assert naps == ([60.0] * 3 if part == "storage" else [1.0] * 3)


def test_nothing_is_written_for_a_look(camera: Camera) -> None:
    """A camera that never met a bundle leaves its small partition as it is."""
    assert camera.bundles.facts().state == "none"
    assert not camera.bundles.step(camera.stopping)
    assert camera.storage.log == []


def test_recording_goes_first(camera: Camera, pki: Pki) -> None:
    """Nothing is handed over while a recording is written; one that begins meanwhile is waited for, piece by piece."""
    give(camera, paper(pki))
    camera.writing = True
    assert not camera.bundles.step(camera.stopping)
    camera.writing = False
    waits: list[float] = []

    class Stopping(Event):
        """Counts the naps, and lets the recording end."""

        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            camera.writing = len(waits) < 3
            return False

    install = camera.slots.install

    def recorded(bundle: File, pause: Any) -> None:
        camera.writing = True
        install(bundle, pause)

    camera.slots.install = recorded  # type: ignore[method-assign]  # in its place for this test
    assert camera.bundles.step(Stopping())
    assert len(waits) == 3
    assert camera.slots.handed == [DATA]


def test_service_that_ends_meanwhile(camera: Camera, pki: Pki) -> None:
    """The end of the service breaks an installation off; the next start begins it anew, and installs it once."""
    give(camera, paper(pki))
    camera.stopping.set()
    camera.bundles.run(camera.stopping, Tried())
    ended = Event()
    install = camera.slots.install

    def stopped(bundle: File, pause: Any) -> None:
        ended.set()
        install(bundle, pause)

    camera.slots.install = stopped  # type: ignore[method-assign]  # in its place for this test
    camera.bundles.run(ended, Tried())
    assert (camera.slots.handed, camera.states()[-1]) == ([], "handed-over")
    camera.slots.install = install  # type: ignore[method-assign]  # in its place for this test
    assert camera.start().step(Event())
    assert camera.slots.handed == [DATA]


def test_updater_refuses(camera: Camera, pki: Pki) -> None:
    """A bundle whose own signature does not hold is noted, thrown away, not taken again in this boot, and tried anew in the next."""
    line = paper(pki)
    give(camera, line)
    camera.slots.trouble.append(OSError(errno.EBADMSG, "the bundle's signature does not hold"))
    assert camera.bundles.step(camera.stopping)
    assert camera.said[-1]["state"] == "failed"
    assert "signature does not hold" in camera.said[-1]["reason"]
    assert (camera.bundles.facts().serial, camera.bundles.facts().state) == (0, "failed")
    with pytest.raises(UnwantedError) as refused:
        camera.bundles.offer(line)
    assert refused.value.code == "failed"
    camera.start()
    give(camera, line)
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [DATA]


def test_installed_once(camera: Camera, pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what was installed cannot be removed, it is not installed again and again; the next start removes it."""
    give(camera, paper(pki))

    def broken(*_anything: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    with monkeypatch.context() as failing:
        failing.setattr(Bundles, "_remove", staticmethod(broken))
        for _ in range(2):
            with suppress(OSError):
                camera.bundles.step(camera.stopping)
    assert not camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [DATA]
    assert not camera.start().step(camera.stopping)
    assert camera.slots.handed == [DATA]
    assert camera.names() == ["installed.jws", "trial.jws"]


@pytest.mark.parametrize("fault", ["sync", "write", "full"])
def test_storage_fails(camera: Camera, pki: Pki, fault: str) -> None:
    """Trouble with the storage ends the attempt and leaves nothing of it; the next one begins anew."""
    line, large = paper(pki, DATA * 8), DATA * 8
    intake = caught_up(camera.bundles.offer(line))
    intake.take(large[:100])
    trouble = camera.storage.trouble
    {
        "sync": lambda: trouble.fail_syncs(1),
        "write": lambda: trouble.fail_writes(on=True),
        "full": lambda: setattr(trouble, "capacity", trouble.used),
    }[fault]()
    with pytest.raises(OSError, match="."):
        fill(intake, large)
    trouble.fail_writes(on=False)
    trouble.capacity = None
    assert camera.names() == []
    assert caught_up(camera.bundles.offer(line)).offset == 0
    give(camera, line, large)
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [large]


def test_the_last_sync_fails(camera: Camera, pki: Pki) -> None:
    """All bytes are here, and nobody knows whether they stay: it is not called whole, and the next attempt begins anew."""
    line = paper(pki)
    intake = caught_up(camera.bundles.offer(line))
    intake.take(DATA)
    camera.storage.trouble.fail_syncs(1)
    with pytest.raises(OSError, match="Input/output") as failed:
        intake.complete()
    assert failed.value.errno == errno.EIO, "the sync's own error"
    assert camera.names() == []
    assert not +camera.storage.held, "an open file would keep its room"
    assert not camera.bundles.step(camera.stopping)
    give(camera, line)
    assert not +camera.storage.held
    assert camera.bundles.step(camera.stopping)
    assert camera.slots.handed == [DATA]


def test_syncs_are_small(camera: Camera, pki: Pki) -> None:
    """No more than a mebibyte and a piece ever waits for a sync: a recording that begins waits for no more."""
    line, large = paper(pki, DATA * 12), DATA * 12
    waiting, most = 0, 0
    intake = caught_up(camera.bundles.offer(line))
    seen = len(camera.storage.log)
    while not intake.complete():
        intake.take(large[intake.offset : intake.offset + 65_536])
        for operation in camera.storage.log[seen:]:
            waiting = 0 if type(operation).__name__ == "Sync" else waiting + len(getattr(operation, "data", b""))
            most = max(most, waiting)
        seen = len(camera.storage.log)
    assert PIECE <= most < PIECE + 65_536
    assert PIECE == 1 << 20


def states(storage: MemoryStorage, begin: int, most: int) -> Iterator[Image]:
    """What cuts at every operation of this storage may leave."""
    survival, chance = Survival(), random.Random(11)
    for index, operation in enumerate(storage.log):
        survival.follow(operation)
        if index >= begin:
            yield from survival.images(most, chance)


def test_power_cuts(pki: Pki) -> None:
    """A cut at any operation, in every state that it may leave: the updater gets all of the bundle or nothing, and the next docking, or the
    next start, brings it there."""
    before = Camera(MemoryStorage(), pki.trust)
    give(before, paper(pki, b"old", serial=3), b"old")
    before.bundles.step(before.stopping)
    begin = len(before.storage.log)
    small, line = DATA[:9000], paper(pki, DATA[:9000])
    give(before, line, small, step=4000)
    before.bundles.step(before.stopping)
    seen = again = 0
    for image in states(before.storage, begin, 60):
        camera = Camera(MemoryStorage.holding(image), pki.trust)
        camera.bundles.step(camera.stopping)
        assert camera.slots.handed in ([], [small])
        assert camera.bundles.facts().serial in (3, 4)
        if camera.bundles.facts().serial == 3:
            assert camera.slots.handed == []
            tries = 0
            while (
                "received" not in camera.states()
            ):  # of what was not synced anything may be there: found at the end, and thrown away
                tries += 1
                with suppress(UnwantedError):
                    give(camera, line, small, step=4000)
            assert tries <= 2
            again += tries == 2
            assert camera.bundles.step(camera.stopping)
            assert camera.slots.handed == [small]
        with pytest.raises(UnwantedError, match="is not above 4"):
            camera.bundles.offer(line)
        assert {*camera.names()} - {"offer.jws"} == {"installed.jws", "trial.jws"}
        assert read(camera.storage.root().enter("update").open("installed.jws")) == line + b"\n"
        seen += 1
    assert seen > 100
    assert 0 < again < seen
