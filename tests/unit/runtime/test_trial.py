"""A new system on trial: what the camera does about it, what its log says, and when it restarts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from firmware.evidence.bundle import Bundle, verify_bundle
from firmware.runtime.bundles import BundleParts
from firmware.runtime.trial import AGAIN_LOOKS, PATIENCE_NS, RESTED, Trials
from hal.interface import File, Trial
from hal.sim.memory import MemoryStorage
from hal.sim.power import SimPower
from tests.pki import Pki
from tests.unit.runtime.test_bundles import paper

SECOND = 1_000_000_000


@dataclass
class Slots:
    """An updater whose standing a test sets; ``mute``: how often nobody answers."""

    stands: Trial = Trial.NONE
    waits: bool = False
    mute: int = 0
    asked: list[str] = field(default_factory=list)

    def board(self) -> str:
        """Any."""
        return "sim"

    def version(self) -> str:
        """Any."""
        return "1"

    def pending(self) -> bool:
        """Whether the other slot boots next."""
        self._answer("pending")
        return self.waits

    def confirm(self) -> None:
        """What runs stays."""
        self._answer("confirm")
        self.stands = Trial.NONE

    def trial(self) -> Trial:
        """As it was set."""
        self._answer("trial")
        return self.stands

    def restart(self) -> None:
        """It is counted."""
        self._answer("restart")

    def install(self, bundle: File, pause: object) -> None:
        """Nobody does here."""
        raise AssertionError(bundle, pause)

    def _answer(self, what: str) -> None:
        self.asked.append(what)
        if self.mute:
            self.mute -= 1
            raise OSError("rauc does not answer")


def never(*_: object) -> Any:
    """Trust and log are the bundles' own."""
    raise AssertionError


@dataclass
class Camera:
    """A camera, what it was last updated to, and whatever it says of that."""

    bundle: Bundle
    slots: Slots = field(default_factory=Slots)
    kept: bool = True
    able: bool = False
    resting: bool = False
    writing: bool = False
    now_ns: int = 0
    said: list[tuple[str, int]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    full: bool = False

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Switch it on."""
        known = (MemoryStorage(), self.slots, SimPower(), never, never)
        parts = BundleParts(*known, lambda: self.writing, lambda: self.now_ns)
        self.trials = Trials(parts, self, self.say)

    def tried(self) -> Bundle | None:
        """What was installed."""
        return self.bundle if self.kept else None

    def settled(self) -> None:
        """It is known."""
        self.kept = False

    def say(self, state: str, bundle: Bundle, reason: str) -> None:
        """Into the log, unless that cannot be written."""
        if self.full:
            raise OSError("no log")
        self.said.append((state, bundle.serial))
        self.reasons.append(reason)

    def looks(self, number: int = 1) -> Camera:
        """So many seconds pass."""
        for _ in range(number):
            self.now_ns += SECOND
            self.trials.look(self)
        return self


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """What was installed."""
    pki = Pki.create()
    return verify_bundle(paper(pki, serial=7), pki.trust)


@pytest.fixture
def camera(bundle: Bundle) -> Camera:
    """One on which it runs, on trial."""
    return Camera(bundle, Slots(Trial.RUNNING))


def test_a_system_is_called_good_once_it_has_shown_that_it_can_record(camera: Camera) -> None:
    """Not before, and not again; the log says so once."""
    camera.looks(5)
    assert "confirm" not in camera.slots.asked
    camera.able = True
    camera.looks(200)
    assert camera.slots.asked == ["trial", "confirm"]
    assert camera.said == [("confirmed", 7)]
    camera.start()
    assert camera.looks(3).said == [("confirmed", 7)]


def test_an_updater_that_does_not_answer_is_asked_ever_more_rarely(camera: Camera) -> None:
    """Each question is a process that is started."""
    camera.able, camera.slots.mute = True, 3
    looks = []
    for look in range(1, 40):
        before = len(camera.slots.asked)
        camera.looks()
        if len(camera.slots.asked) > before:
            looks.append(look)
    assert looks == [1, 3, 7, 15]
    assert camera.slots.asked == ["trial"] * 4 + ["confirm"]


def test_a_system_that_cannot_record_is_left_by_itself(camera: Camera) -> None:
    """Within its time it may still come right; then it restarts, and the log says why."""
    camera.looks(PATIENCE_NS // SECOND - 1)
    assert "restart" not in camera.slots.asked
    camera.looks()
    assert camera.slots.asked[-1] == "restart"
    assert camera.said == [("given-up", 7)]
    assert "has not shown that it can record" in camera.reasons[0]
    camera.looks(AGAIN_LOOKS)
    assert camera.slots.asked.count("restart") == 2  # nobody took the first order
    assert camera.said == [("given-up", 7)]


def test_no_recording_is_broken_off_for_it(camera: Camera) -> None:
    """However long it takes: what is recorded is recorded."""
    camera.writing = True
    camera.looks(500)
    assert "restart" not in camera.slots.asked
    camera.writing = False
    assert camera.looks().slots.asked[-1] == "restart"


def test_a_log_that_cannot_be_written_keeps_nobody_on_such_a_system(camera: Camera) -> None:
    """It restarts; the old system finds the paper, and says what it knows."""
    camera.full = True
    camera.looks(PATIENCE_NS // SECOND)
    assert camera.slots.asked[-1] == "restart"
    assert camera.kept
    camera.full, camera.able, camera.slots.stands = False, True, Trial.FAILED
    camera.start()
    camera.looks(3)
    assert camera.said == [("given-up", 7)]
    assert camera.reasons == ["the system before it was started again"]
    assert not camera.kept


def test_a_cut_behind_the_confirmation_costs_no_line(camera: Camera) -> None:
    """The system was called good, and the power went before the log had it: the next start says so."""
    camera.slots.stands = Trial.NONE
    assert camera.looks().said == [("confirmed", 7)]


def test_what_waits_for_its_trial_is_not_settled(camera: Camera) -> None:
    """It was installed, and not started yet."""
    camera.slots.stands, camera.slots.waits, camera.able = Trial.NONE, True, True
    assert camera.looks(50).said == []
    assert camera.kept
    assert "restart" not in camera.slots.asked


def test_an_update_is_started_where_the_camera_rests_in_its_dock(camera: Camera) -> None:
    """Nowhere else: who wears it must not find it starting anew.  A moment between two requests of a dock is no rest."""
    camera.slots.stands, camera.slots.waits, camera.able = Trial.NONE, True, True
    for _ in range(5):
        camera.resting = True
        camera.looks(RESTED - 1)
        camera.resting = False
        camera.looks()
    assert "restart" not in camera.slots.asked
    camera.resting, camera.writing = True, True
    assert "restart" not in camera.looks(20).slots.asked
    camera.writing = False
    camera.looks(RESTED)
    assert camera.slots.asked[-1] == "restart"
    assert camera.slots.asked.count("restart") == 1


def test_nothing_is_asked_where_nothing_was_installed(camera: Camera) -> None:
    """A camera that rests in its dock starts no process a second."""
    camera.slots.stands, camera.able, camera.kept, camera.resting = Trial.NONE, True, False, True
    assert camera.looks(100).slots.asked == ["trial", "confirm"]
