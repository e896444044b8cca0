"""Firmware on a camera against a model: whatever docks offer and send, in whatever order, with cuts, troubles, presses and withdrawals between."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from firmware.dock.bundlerule import UnwantedError
from firmware.dock.shelf import Intake
from firmware.evidence.bundle import Bundle, verify_bundle
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import hash_of
from firmware.evidence.roles import Role
from hal.sim.memory import MemoryStorage
from tests.pki import Pki
from tests.unit.runtime.test_bundles import Camera, paper, revoked

SIZES = {1: 900, 2: 2500, 4: 1, 5: 4096}
NEEDS = {4: 2, 5: 1}


@functools.cache
def pki() -> Pki:
    """Our authority."""
    return Pki.create()


@functools.cache
def papers() -> dict[bytes, bytes]:
    """What may be offered, with its bytes: four bundles of ours, one for another board, one that a dock signed, one of a stranger."""
    made = {}
    for serial, size in SIZES.items():
        data = random.Random(serial).randbytes(size)
        made[paper(pki(), data, serial=serial, needs=NEEDS.get(serial, 0))] = data
    made[paper(pki(), b"other", serial=9, board="other")] = b"other"
    made[paper(pki(), b"dock", serial=9, role=Role.DOCK)] = b"dock"
    made[paper(Pki.create(), b"stranger", serial=9)] = b"stranger"
    return made


def refusal(attempt: Callable[[], object]) -> str | None:
    """The code with which something was refused."""
    try:
        attempt()
    except UnwantedError as error:
        return error.code
    return None


class Firmware(RuleBasedStateMachine):
    """The camera, and what the model knows: what was installed, and what may be under way."""

    def __init__(self) -> None:
        super().__init__()
        self.camera = Camera(MemoryStorage(), pki().trust)
        self.intake: Intake | None = None
        self.data = b""
        self.serial = 0
        self.withdrawn = False

    @initialize()
    def begin(self) -> None:
        """Nothing was ever installed."""
        assert self.camera.bundles.facts().serial == 0

    @rule(which=st.integers(0, len(SIZES) + 2))
    def offer(self, which: int) -> None:
        """A dock offers one; the camera takes it only if the model would."""
        line = [*papers()][which]
        try:
            self.intake = self.camera.bundles.offer(line)
        except (EvidenceError, UnwantedError):
            self.intake = None
            return
        assert not self.withdrawn
        bundle = verify_bundle(line, pki().trust)
        assert bundle.board == "sim"
        assert bundle.needs <= self.serial < bundle.serial
        self.data = papers()[line]
        if self.intake is not None:
            for _ in self.intake.catch_up():
                pass
            self.finish()

    @precondition(lambda self: self.intake is not None)
    @rule(size=st.integers(0, 3000), good=st.booleans())
    def piece(self, size: int, good: bool) -> None:  # noqa: FBT001 - drawn
        """A dock sends some of it, or something else."""
        assert self.intake is not None
        at = self.intake.offset
        data = self.data[at : at + size] if good else b"?" * size
        fits = 0 < len(data) <= len(self.data) - at
        code = refusal(lambda: self.intake.take(data))  # type: ignore[union-attr]  # one is being received
        assert code == (None if fits else "range")
        if fits:
            self.finish()

    def finish(self) -> None:
        """Whether that was all of it; then it is right, or gone."""
        assert self.intake is not None
        whole = self.intake.offset >= len(self.data)
        code = refusal(self.intake.complete)
        assert code in (None, "hash")
        if whole:
            self.intake = None
            assert self.camera.bundles.facts().state == "waiting" or code == "hash"

    @rule()
    def pull_out(self) -> None:
        """The link is gone; what was sent stays for another time."""
        self.intake = None

    @rule()
    def cut(self) -> None:
        """The power is gone: what was not synced is, too."""
        self.intake = None
        self.camera.storage = self.camera.storage.crash()
        self.camera.start()

    @rule(on=st.booleans())
    def press(self, on: bool) -> None:  # noqa: FBT001 - drawn
        """A recording begins, or ends."""
        self.camera.writing = on

    @rule()
    def withdraw(self) -> None:
        """The authority withdraws the update signer."""
        self.withdrawn = True
        self.camera.trust = revoked(pki())

    @rule(trouble=st.booleans())
    def install(self, trouble: bool) -> None:  # noqa: FBT001 - drawn
        """The installing thread looks, and the updater may refuse."""
        before = len(self.camera.slots.handed)
        self.camera.slots.trouble = [OSError("refused")] if trouble else []
        done = self.camera.bundles.step(self.camera.stopping)
        handed = self.camera.slots.handed[before:]
        assert len(handed) <= (not trouble and not self.camera.writing and not self.withdrawn)
        if handed:
            (bundle,) = [each for each in self.ours() if each.hash == hash_of(handed[0])]
            assert done
            assert bundle.needs <= self.serial < bundle.serial
            self.serial = bundle.serial

    @staticmethod
    def ours() -> list[Bundle]:
        """The bundles that may be installed at all."""
        found = []
        for line in papers():
            try:
                found.append(verify_bundle(line, pki().trust))
            except EvidenceError:
                continue
        return found

    @invariant()
    def serial_is_known(self) -> None:
        """The camera knows what it has, and nothing else lies in its directory than the format has names for."""
        if not self.withdrawn:
            assert self.camera.bundles.facts().serial == self.serial
        names: set[str] = set()
        if "update" in self.camera.storage.root().names():
            names = set(self.camera.names())
        assert names <= {"offer.jws", "bundle.part", "bundle", "installed.jws", "trial.jws"}
        assert not {"bundle.part", "bundle"} <= names


Firmware.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFirmware = Firmware.TestCase
