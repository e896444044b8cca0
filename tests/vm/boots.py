"""The virtual camera boots, is pressed, shows it, is cut off, is cut off 200 times more on the host, boots again and docks: `make vm-test`.

Everything is done and seen from outside the machine: the button is a level on a pin of the virtual chip, a light is the level of its lamps' pins,
and the dock talks to a USB serial gadget of the guest's kernel.  What is recorded is an encoded clip: the service, its parts, its units, the card and its
file systems are real.  The tests are one story, in order.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from firmware.runtime.names import RECORDINGS, recording, segment
from tests.fault.live.card import Journal, open_with_stock_tools
from tests.oracles import missing
from tests.vm.camera import (
    BOOT_S,
    LIGHT_S,
    TROUBLE,
    Camera,
    Story,
    figure,
    quick_folder,
    remains,
    serving,
    sound,
    switched_on,
)
from tests.vm.cuts import EVIDENCE, Cutter, held, wrong
from tools.vm import disk, medium
from tools.vm.build import Build, Built
from tools.vm.rootfs import PACKAGES

DOCK_S, ERASED_S = 600.0, 400.0
GREEN, RED, BLUE, DARK = frozenset({"green"}), frozenset({"red"}), frozenset({"blue"}), frozenset[str]()
FLUSHES = 60
"""So many of the card's flushes is a recording long before something is done to it."""
SEED, CUTS, RECOVERIES = 20, 200, 6
pytestmark = pytest.mark.timeout(2700)


@pytest.fixture(scope="module")
def built() -> Built:
    """The virtual camera; VmError says what is missing."""
    return Build(mirror=os.environ.get("VM_MIRROR") or None).run()


@pytest.fixture(scope="module")
def story(request: pytest.FixtureRequest, built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A card and a board of these tests' own; they take gigabytes, and stay where something failed."""
    place = tmp_path_factory.mktemp("camera")
    for name in ("before.img", "card.img"):
        disk.copy(built.parts.card, place / name)
    disk.copy(built.parts.board, place / "board.img")
    yield Story(built, place)
    if not request.session.testsfailed:
        shutil.rmtree(place)


@pytest.fixture(scope="module")
def first(story: Story) -> Iterator[Camera]:
    """The first boot."""
    with switched_on(story, "first") as camera:
        yield camera


@pytest.fixture(scope="module")
def second(story: Story) -> Iterator[Camera]:
    """The second, on what the last flush of the first one left, and with both superblocks torn."""
    for part in (each for each in story.built.partitions if each.mount is not None):
        medium.tear(story.place / "card.img", part)
    with switched_on(story, "second") as camera:
        yield camera


def test_the_light_turns_green(first: Camera, story: Story) -> None:
    """The camera buffers: read from the lamp's pin, with nothing of the guest's word for it."""
    began = time.monotonic()
    first.hands.wait_lit("top", GREEN, BOOT_S)
    assert first.hands.lit("front") == DARK
    story.ready = first.entries()
    figure(boot_to_buffering_s=round(time.monotonic() - began, 1))


def test_nothing_is_wrong_with_a_boot(first: Camera) -> None:
    """No failed unit, nothing that waits for itself, an untainted kernel, a root that nobody writes to, no open port, no password."""
    sound(first)
    figure(service_ready_s=round(first.report()["service"]["ready_us"] / 1e6, 1))


def test_a_press_records(first: Camera, story: Story) -> None:
    """An edge on the button's pin lights the front lamp, which says that it records; a long press and a short one end it; another one begins."""
    for number in (1, 2):
        began = time.monotonic()
        first.hands.press()
        first.hands.wait_lit("front", RED, LIGHT_S)
        figure(**{f"press_{number}_to_recording_s": round(time.monotonic() - began, 1)})
        story.lit[number] = first.entries()
        first.hands.wait_lit("top", RED, LIGHT_S)
        first.hands.wait_lit("top", DARK, LIGHT_S)  # it pulses
        first.hands.wait_lit("front", RED, LIGHT_S)
        first.wait_flushes(FLUSHES)
        if number == 1:
            first.end()


def test_it_is_cut_off_and_the_log_tells_all(first: Camera, story: Story) -> None:
    """The power goes while it records.  What the log says, done to what the card was, is the card: QEMU itself is witness of how it is read.
    Then the card is made into what the last flush left."""
    assert TROUBLE.findall(first.machine.console.text) == []
    first.machine.cut()
    real, rebuilt = story.place / "card.img", story.place / "rebuilt.img"
    disk.copy(story.place / "before.img", rebuilt)
    with story.run() as run:
        medium.write(rebuilt, [each.piece for each in run.log.entries if each.piece], run.log.data)
        for part in (each for each in story.built.partitions if each.mount is not None):
            copies = [story.place / f"{part.label}.{name}" for name in ("real", "rebuilt")]
            for source, copy in zip((real, rebuilt), copies, strict=True):
                disk.copy(source, copy, part)
            assert subprocess.run(["cmp", *copies], check=False).returncode == 0, part.label
        disk.copy(story.place / "before.img", real)
        lost = medium.rebuild(real, run.log)
        figure(log_entries=len(run.log.entries), flushes=run.log.flushes, not_flushed=lost)
    assert story.lit.keys() == {1, 2}


def test_what_the_last_flush_left(story: Story) -> None:
    """The file system needs nothing but its journal; both recordings that the light had shown are there, the first one sealed and whole."""
    image = story.place / "evidence.kept"
    disk.copy(story.place / "card.img", image, story.partition(EVIDENCE))
    assert not medium.mount(image)
    medium.extract(image, story.place / "kept")
    story.kept = {number: each for number, each in held(story.place / "kept").items() if each.lines}
    assert [(number, len(each.lines) > 2, bool(each.sealed)) for number, each in story.kept.items()] == [
        (1, True, True),
        (2, True, False),
    ]
    figure(most_at_risk_ms=at_risk_ms(Journal.read(story.place / "kept" / RECORDINGS / recording(2))))


def at_risk_ms(journal: Journal) -> int:
    """How much live footage was on no card yet, at the worst moment between two lines: from the last frame of one to when the next was made."""
    first_live = segment(journal.opening["live_from"])
    live = [
        each for each in journal.flushes if each["tracks"] and each["tracks"]["video"] and each["file"] >= first_live
    ]
    return max(
        int(after["clock"]["mono_ms"] - before["clock"]["mono_ms"] + before["lag_ms"])
        for before, after in pairwise(live)
    )


def test_a_card_that_lost_something_is_found(story: Story) -> None:
    """Else the next test would show nothing: an old state of the card is held against what was acknowledged since."""
    with story.run() as run, quick_folder() as folder:
        cut = story.lit[1]
        with Cutter(run, folder, SEED).left(cut) as camera:
            found = list(wrong(replace(run, lit={2: cut}), camera / EVIDENCE, cut, story.kept))
    assert [re.sub(r"\d+", "N", text).split(", ")[0] for text in found] == [
        "recording N: N lines were flushed",
        "recording N was sealed",
        "recording N: N lines were flushed",
        "recording N was shown as one",
    ]


def test_no_further_cut_loses_what_was_acknowledged(story: Story) -> None:
    """Wherever the power goes, and whatever becomes of what was not flushed: what was acknowledged is there, and all verifies.  From some of
    it the real service recovers, goes on, and leaves nothing that is not proven."""
    with story.run() as run, quick_folder() as folder:
        cutter = Cutter(run, folder, SEED)
        places, began = cutter.places(story.ready, CUTS), time.monotonic()
        found = [text for cut in places for text in cutter.judge(cut)]
        took = time.monotonic() - began
        figure(
            seed=SEED,
            cuts=len(places),
            different=len(cutter.states),
            bytes_not_flushed=cutter.written,
            bytes_lost=cutter.lost,
            torn_superblocks=cutter.torn,
            cuts_took_s=round(took, 1),
        )
    assert found == []
    assert len(places) >= 100
    assert len(cutter.states) >= 100
    assert 0 < cutter.lost < cutter.written


def test_the_service_recovers_from_further_cuts(story: Story) -> None:
    """It goes on by itself with what was cut off, and only that; all is proven then, and opens and plays with stock tools."""
    assert not missing(["age", "ffmpeg"])
    began = time.monotonic()
    with story.run() as run, quick_folder() as folder:
        cutter = Cutter(run, folder, SEED + 1)
        places = cutter.places(story.ready, RECOVERIES)
        assert [text for cut in places for text in cutter.recover(cut)] == []
    figure(recoveries=len(places), recoveries_took_s=round(time.monotonic() - began, 1))


def test_it_resumes_stops_and_docks(second: Camera, story: Story) -> None:
    """Switched on again, on what the last flush left, it records at once, without a press; stopped and docked over USB it hands all of it over."""
    began = time.monotonic()
    second.hands.wait_lit("front", RED, BOOT_S)
    figure(boot_to_resumed_s=round(time.monotonic() - began, 1))
    second.wait_flushes(FLUSHES // 3)
    second.end()
    sound(second)
    story.store = story.place / "store"
    began = time.monotonic()
    with serving(story.built.people / "dock", story.store, second.machine.cable()) as events:
        taken: list[Mapping[str, object]] = []
        while sum(event["event"] == "receipted" for event in taken) < 3:
            taken.append(events.get(timeout=DOCK_S))
        second.hands.wait_lit("top", BLUE, LIGHT_S)  # it has stood there for as long as a dock takes, and says so
    figure(docked_s=round(time.monotonic() - began, 1))


def test_everything_acknowledged_verifies_and_opens(story: Story) -> None:
    """By the independent verifier, with the authority's key, and by stock ``age``; and every line that a flush had kept is among it."""
    assert story.store is not None
    root, key = story.authority / "root.crt.pem", story.authority / "authority.agekey"
    verify: Sequence[str | Path] = (sys.executable, "-m", "tools.verify", "--root", root, "--key", key, story.store)
    judged = subprocess.run(verify, capture_output=True, check=False, timeout=DOCK_S)
    assert judged.returncode == 0, judged.stdout.decode()
    assert not missing(["age", "ffmpeg"])
    journals = {int(path.parent.name): path for path in story.store.rglob("*/journal.jwsl")}
    assert sorted(journals) == [1, 2, 3]
    for number, known in story.kept.items():
        assert journals[number].read_bytes().split(b"\n")[: len(known.lines)] == list(known.lines)
    segments = sorted(story.store.rglob("*.mp4.age"))
    played = [open_with_stock_tools(each, key, story.place / "plain.mp4") for each in segments]
    assert [each for each in played if each is not None] == []
    assert len(segments) >= len(journals)
    figure(segments_opened=len(segments))


def test_no_footage_is_left(second: Camera, story: Story) -> None:
    """The card is read as the last flush left it while the camera still runs: no recording, nothing half erased, and no segment but what is
    prepared for the next one, in which there is nothing yet."""
    until = time.monotonic() + ERASED_S
    while (left := remains(second, story)) and time.monotonic() < until:
        time.sleep(2)
    assert left == []
    assert TROUBLE.findall(second.machine.console.text) == []
    second.machine.cut()


def test_what_is_installed_is_the_wheel(built: Built) -> None:
    """Every file of the service in the root is the wheel's, bit for bit, and the desk's tools are not there."""
    place = built.root / PACKAGES
    rows = csv.reader(next(place.glob("lapel-*.dist-info/RECORD")).read_text().splitlines())
    listed = {name: digest for name, digest, _ in rows if name.startswith(("firmware/", "hal/"))}
    installed = {
        str(path.relative_to(place)): _recorded(path)
        for name in ("firmware", "hal", "tools")
        for path in (place / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert installed == listed
    assert not (place / "tools").exists()


def _recorded(path: Path) -> str:
    """A file's hash as a wheel's RECORD has it."""
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).decode().rstrip("=")
