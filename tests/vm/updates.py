"""The virtual camera is updated: `make vm-update`.

Docks deliver, RAUC judges and writes, and the host plays the firmware's part: at each start it reads from the card which slot is named, and loads
what lies there.  Systems that must not stay, bundles that must not be taken, and a cut in the middle of writing each leave a system running that
records, and a line in the audit log.  The tests are one story, in order.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from tests.oracles import missing
from tests.vm.camera import BOOT_S, LIGHT_S, TROUBLE, Camera, Story, figure, figures_into, serving, sound, switched_on
from tests.vm.systems import Bundle, Maker, begun, offer
from tools.image import card
from tools.vm import disk, firmware, medium, signers
from tools.vm.build import Build, Built
from tools.vm.firmware import Started

GREEN, RED, DARK = frozenset({"green"}), frozenset({"red"}), frozenset[str]()
WORK_S = 900.0
"""How long RAUC may take to write a slot, or a docking: an emulated processor on a busy host."""
WRITTEN = 8 << 20
"""So many bytes of a slot are written when the power goes."""
SLOT_A, SLOT_B = (card.by_label(f"boot-{end}").number for end in card.SLOTS.values())
UNFIT, WELL, FOREIGN, BROKEN = 2, 3, 4, 5
"""Serials of the bundles: one that boots and cannot record, one that is well, one of a foreign signature, one with a bit that is not what was signed."""
pytestmark = pytest.mark.timeout(3600)


@dataclass
class Update:
    """The camera and what it is updated with; ``shelf`` is what docks offer."""

    story: Story
    bundles: Mapping[int, Bundle]
    shelf: Path
    store: Path
    told: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def image(self) -> Path:
        """The card."""
        return self.story.place / "card.img"

    def load(self, *, trial: bool = False) -> Started:
        """What the firmware does at a start."""
        return firmware.start(self.image, self.story.built.partitions, self.story.place, trial=trial)

    def prepare(self, serial: int) -> None:
        """Have all but the end of a bundle be on the camera already, and let docks offer it."""
        begun(self.bundles[serial], self.image, self.story.partition("config"), self.story.place)
        offer(self.bundles[serial], self.shelf)

    @contextmanager
    def docked(
        self, camera: Camera, program: str = "tools"
    ) -> Iterator[Callable[[Callable[[Mapping[str, Any]], bool]], None]]:
        """Stand in a dock; what is given waits for one of its events."""
        with serving(
            self.story.built.people / "dock",
            self.store,
            camera.machine.cable(),
            "--bundles",
            self.shelf,
            program=program,
        ) as events:

            def wait(wanted: Callable[[Mapping[str, Any]], bool]) -> None:
                until = time.monotonic() + WORK_S
                while True:
                    try:
                        self.told.append(events.get(timeout=max(0.0, until - time.monotonic())))
                    except Empty:
                        raise AssertionError(self.told[-20:]) from None
                    if wanted(self.told[-1]):
                        return

            yield wait

    def lines(self, kind: str = "update") -> list[Mapping[str, Any]]:
        """What the camera's log says, as the dock has it."""
        found = []
        for path in sorted(self.store.rglob("audit/*.jwsl")):
            for line in path.read_bytes().splitlines():
                payload = line.split(b".")[1]
                said = json.loads(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
                found += [said["data"]] if said["kind"] == kind else []
        return found


def states(serial: int, state: str) -> Callable[[Mapping[str, Any]], bool]:
    """A dock's word on a bundle."""
    return lambda event: event["event"] == "bundle" and (event["state"], event["serial"]) == (state, serial)


def receipted(event: Mapping[str, Any]) -> bool:
    """A dock has signed for a recording."""
    return bool(event["event"] == "receipted")


def done(event: Mapping[str, Any]) -> bool:
    """A dock has all that there was."""
    return bool(event["event"] == "done")


@pytest.fixture(scope="module")
def built() -> Built:
    """The virtual camera; VmError says what is missing."""
    return Build(mirror=os.environ.get("VM_MIRROR") or None).run()


@pytest.fixture(scope="module")
def update(request: pytest.FixtureRequest, built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Update]:
    """A card and bundles of these tests' own; they take a gigabyte, and stay where something failed."""
    place, began = tmp_path_factory.mktemp("update"), time.monotonic()
    figures_into("updates.json")
    disk.copy(built.parts.card, place / "card.img")
    disk.copy(built.parts.board, place / "board.img")
    maker, slot = Maker(built, place), built.parts.card.parent / "slot.img"
    small = maker.small()
    bundles = {
        1: maker.bundle(1, small),
        UNFIT: maker.bundle(UNFIT, maker.root("unfit", blind=True), slot=slot),
        WELL: maker.bundle(WELL, maker.root("well"), slot=slot),
        FOREIGN: maker.bundle(FOREIGN, small, signers.OTHER),
        BROKEN: maker.bundle(BROKEN, small, flip=True),
    }
    (place / "shelf").mkdir()
    figure(bundles_made_s=round(time.monotonic() - began, 1), bundle_bytes=bundles[WELL].path.stat().st_size)
    yield Update(Story(built, place), bundles, place / "shelf", place / "store")
    if not request.session.testsfailed:
        shutil.rmtree(place)


def restarted(camera: Camera, *, trial: bool) -> None:
    """Wait until it has restarted by itself; ``trial``: with the word that asks for one."""
    began = time.monotonic()
    assert camera.machine.ends_within(WORK_S) == 0, camera.machine.console.text[-2000:]
    camera.machine.cut()
    said = [match["word"] for match in firmware.RESTARTED.finditer(camera.machine.console.text)]
    assert said == ["0 tryboot" if trial else None]
    figure(**{f"{'trial' if trial else 'old'}_after_s": round(time.monotonic() - began, 1)})


def record(camera: Camera, flushes: int = 10) -> None:
    """A short recording."""
    camera.hands.press()
    camera.hands.wait_lit("front", RED, LIGHT_S)
    camera.wait_flushes(flushes)
    camera.end()


def test_rauc_itself_says_what_the_bundles_are(update: Update) -> None:
    """Before any camera sees them: stock RAUC refuses a signature of whom the same root has for something else; a broken bundle's own is
    good, and what it signs is looked at when it is installed."""
    assert not missing(["rauc"])
    keyring = update.story.built.parts.card.parent / "signers" / signers.ROOT
    config = update.story.place / "system.conf"
    config.write_text(card.rauc("virtual"))
    said = {
        serial: subprocess.run(
            ["rauc", "-c", config, f"--keyring={keyring}", "info", bundle.path],
            capture_output=True,
            text=True,
            check=False,
        )
        for serial, bundle in update.bundles.items()
    }
    assert [serial for serial, done in said.items() if done.returncode] == [FOREIGN]
    assert "unsuitable certificate purpose" in said[FOREIGN].stderr


def test_a_dock_brings_an_update_and_the_camera_restarts_into_it(update: Update) -> None:
    """What was recorded goes first; the bundle comes, the end of it, since the rest came before; RAUC writes the other slot; and as the camera rests
    in its dock it restarts, and asks the firmware for a trial."""
    update.prepare(UNFIT)
    started = update.load()
    assert started.partition == SLOT_A
    with switched_on(update.story, "update-1", started) as camera:
        camera.hands.wait_lit("top", GREEN, BOOT_S)
        record(camera)
        sound(camera)
        with update.docked(camera) as wait:
            wait(receipted)
            wait(states(UNFIT, "taken"))
            restarted(camera, trial=True)
    whole = [each for each in update.told if each["event"] == "bundle" and each["state"] == "offered"]
    assert "from byte" in str(whole[0]["text"])
    assert "from byte 0 of" not in str(whole[0]["text"])
    assert written(update, "root-b") == update.bundles[UNFIT].root.read_bytes()


def written(update: Update, label: str) -> bytes:
    """What lies in a slot, as long as the root that was meant for it."""
    part = update.story.partition(label)
    with update.image.open("rb") as file:
        file.seek(part.offset)
        return file.read(update.bundles[UNFIT].root.stat().st_size)


def test_a_system_that_cannot_record_goes_by_itself(update: Update) -> None:
    """It boots, and nothing comes of its lens: it restarts without a hand, and the firmware starts the old one."""
    started = update.load(trial=True)
    assert started.partition == SLOT_B
    with switched_on(update.story, "update-2", started) as camera:
        restarted(camera, trial=False)
        assert camera.hands.lit("front") == DARK
    assert update.load().partition == SLOT_A


def test_a_cut_while_a_slot_is_written_leaves_the_old_system(update: Update) -> None:
    """The old system records as before, takes another update, and writes it; somebody presses, and the power goes in the middle of both."""
    update.prepare(WELL)
    with switched_on(update.story, "update-3", update.load()) as camera:
        camera.hands.wait_lit("top", GREEN, BOOT_S)
        with update.docked(camera) as wait:
            wait(states(WELL, "taken"))
            wait_written(update, camera)
            camera.hands.press()
            camera.hands.wait_lit("front", RED, LIGHT_S)
            camera.wait_flushes(6)
        assert 0 < slot_bytes(update, camera) < update.bundles[WELL].root.stat().st_size
        camera.machine.cut()
    assert update.load().partition == SLOT_A
    assert update.load(trial=True).partition == SLOT_B  # and nobody asks for it
    assert "trial: none" not in firmware.text(update.image, update.story.partition("boot"), firmware.CHOOSER)


def slot_bytes(update: Update, camera: Camera) -> int:
    """How much was written to the other slot's root."""
    part = update.story.partition("root-b")
    with medium.opened(camera.log, camera.size) as log:
        pieces = [each.piece for each in log.entries if each.piece is not None]
    return sum(each.length for each in pieces if part.offset <= each.offset < part.offset + part.size)


def wait_written(update: Update, camera: Camera) -> None:
    """Until RAUC writes."""
    until = time.monotonic() + WORK_S
    while slot_bytes(update, camera) < WRITTEN:
        assert time.monotonic() < until, camera.machine.console.text[-2000:]
        time.sleep(0.2)


def test_it_goes_on_with_both(update: Update) -> None:
    """Switched on again it records at once; ended, it writes the slot anew, with no dock; and in a dock it restarts into it."""
    with switched_on(update.story, "update-4", update.load()) as camera:
        camera.hands.wait_lit("front", RED, BOOT_S)
        camera.wait_flushes(10)
        camera.end()
        wait_written(update, camera)
        with update.docked(camera) as wait:
            wait(receipted)
            restarted(camera, trial=True)
    assert written(update, "root-b")[: 1 << 20] == update.bundles[WELL].root.read_bytes()[: 1 << 20]


def test_a_system_that_is_well_stays(update: Update) -> None:
    """It shows that frames flow, that storage takes them and that signatures hold; then it is what the card starts with.  It takes no bundle of a
    foreign signature, none with a bit that is not what was signed, and none that is older."""
    with switched_on(update.story, "update-5", update.load(trial=True)) as camera:
        camera.hands.wait_lit("top", GREEN, BOOT_S)
        record(camera)
        for serial in (FOREIGN, BROKEN):
            offer(update.bundles[serial], update.shelf)
            with update.docked(camera) as wait:
                wait(states(serial, "taken"))
        for path in list(update.shelf.iterdir()):
            path.unlink()
        offer(update.bundles[1], update.shelf)
        with update.docked(camera, "tests.vm.insistent") as wait:
            wait(states(1, "declined"))
        (update.shelf / update.bundles[1].paper.name).unlink()
        with update.docked(camera) as wait:
            wait(done)  # the log was fetched before its last line was written
        sound(camera)
        assert TROUBLE.findall(camera.machine.console.text) == []
        camera.machine.cut()
    assert update.load().partition == SLOT_B
    assert "trial: none" in firmware.text(update.image, update.story.partition("boot"), firmware.CHOOSER)


def test_the_log_has_all_of_it(update: Update) -> None:
    """In order, and by a verifier that shares no code with the camera nothing was lost, and every recording is whole or recovered."""
    said: dict[int, list[str]] = {}
    for line in update.lines():
        said.setdefault(line["serial"], []).append(line["state"])
    figure(log={serial: " ".join(each) for serial, each in said.items()})
    assert said[UNFIT] == ["received", "handed-over", "installed", "given-up"]
    assert said[WELL] == ["received", "handed-over", "handed-over", "installed", "confirmed"]
    for serial in (FOREIGN, BROKEN):
        assert said[serial] == ["offered", "received", "handed-over", "failed"]
    assert said[1] == ["refused"]
    root, key = update.story.authority / "root.crt.pem", update.story.authority / "authority.agekey"
    judged = subprocess.run(
        [sys.executable, "-m", "tools.verify", "--root", root, "--key", key, update.store],
        capture_output=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout.decode()
    assert sorted(int(path.parent.name) for path in update.store.rglob("*/journal.jwsl")) == [1, 2, 3, 4]
