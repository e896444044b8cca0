"""The virtual camera as its tests have it: a card of its own, switched on with a log of what the card is told, and what they keep of the story."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from firmware.runtime.names import ERASING, QUARANTINE, RECORDINGS
from tests.fault.power.bench import place as quick_place
from tests.vm.cuts import EVIDENCE, Held, Run
from tools.vm import disk, medium
from tools.vm.blocklog import kept
from tools.vm.build import BOARD, PLACE, Built
from tools.vm.firmware import Started
from tools.vm.guest.report import MARK
from tools.vm.hands import Hands, read_board
from tools.vm.layout import Partition, card_bytes
from tools.vm.machine import Machine, Parts
from tools.vm.trouble import VmError

BOOT_S, LIGHT_S = 900.0, 300.0
"""A boot takes 20 s on a machine of its own, and five minutes and more on one that seven others share."""
STAND_DOWN_S = 120.0
DARK_S = 3.0
"""Longer than the dark part of any pattern of a light that says that it records."""
STOPS, ASKED_S = 3, 20.0
"""A stop that is not confirmed within five seconds is none."""
TROUBLE = re.compile(r".*(?:Failed to start|Failed with result|ordering cycle|Dependency failed|Oops|Call trace).*")


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that is switched on, and the log of what its card is told."""

    machine: Machine
    hands: Hands
    log: Path
    size: int

    def entries(self) -> int:
        """How much the card was told so far."""
        return medium.count(self.log, self.size)

    def wait_flushes(self, number: int) -> None:
        """Until the card was told so often more to keep what it was given."""
        with medium.opened(self.log, self.size) as log:
            wanted = log.flushes + number
        until = time.monotonic() + LIGHT_S
        while True:
            with medium.opened(self.log, self.size) as log:
                if log.flushes >= wanted:
                    return
            assert time.monotonic() < until, f"after {LIGHT_S:g} s there were not {number} flushes more"
            time.sleep(0.2)

    def end(self) -> None:
        """End the recording, as an officer would: whoever is asked to confirm and was not heard asks again."""
        for _ in range(STOPS - 1):
            self.hands.stop()
            try:
                self.hands.wait_dark("front", DARK_S, ASKED_S)
            except VmError:
                continue
            return
        self.hands.stop()
        self.hands.wait_dark("front", DARK_S, LIGHT_S)

    def report(self) -> Mapping[str, Any]:
        """What it says of this boot (tools/vm/guest/report.py)."""
        told: Mapping[str, Any] = json.loads(self.machine.console.wait(rf"{MARK} (\{{.*\}})\s*\n", BOOT_S)[1])
        return told


@dataclass
class Story:
    """What the tests have of each other: files of the host, and what came of it so far.

    ``before`` is what the card was, ``lit`` the entries of its log after which the light showed a recording, ``kept`` what the last flush left.
    """

    built: Built
    place: Path
    lit: dict[int, int] = field(default_factory=dict)
    ready: int = 0
    kept: Mapping[int, Held] = field(default_factory=dict)
    store: Path | None = None

    @property
    def size(self) -> int:
        """Of the card, in bytes."""
        return card_bytes(self.built.partitions)

    @property
    def authority(self) -> Path:
        """Who the camera belongs to."""
        return self.built.people / "authority"

    def partition(self, label: str) -> Partition:
        """By its label."""
        return next(each for each in self.built.partitions if each.label == label)

    @contextmanager
    def run(self) -> Iterator[Run]:
        """The first boot, as its card was told it."""
        with medium.opened(self.place / "first.img", self.size) as log:
            root, key = self.authority / "root.crt.pem", self.authority / "authority.agekey"
            yield Run(self.place / "before.img", log, self.built.partitions, self.lit, root, key)


FIGURES: dict[str, object] = {}
"""What is worth to know of a run beside that it went well; kept in ``build/vm/boots.json``."""


KEPT = ["boots.json"]


def figures_into(name: str) -> None:
    """Begin with figures of another story."""
    KEPT[:] = [name]
    FIGURES.clear()


def figure(**figures: object) -> None:
    """Keep some of them."""
    FIGURES.update(figures)
    (PLACE / KEPT[0]).write_text(json.dumps(FIGURES, indent=1) + "\n", encoding="utf-8")


@contextmanager
def switched_on(story: Story, name: str, started: Started | None = None) -> Iterator[Camera]:
    """Until the test is over, or it is cut off; what its evidence partition was before stays beside it.  ``started``: what the firmware loaded,
    where that is not the first slot's."""
    log = story.place / f"{name}.img"
    disk.copy(story.place / "card.img", story.place / f"{name}.{EVIDENCE}", story.partition(EVIDENCE))
    medium.begin(log)
    parts: Parts = replace(story.built.parts, card=story.place / "card.img", board=story.place / "board.img", log=log)
    if started is not None:
        parts = replace(parts, kernel=started.kernel, first=started.first, line=started.line)
    with Machine(parts, PLACE / f"{name}.log") as machine:
        yield Camera(machine, Hands(machine.wires, read_board(BOARD.read_text(encoding="utf-8"))), log, story.size)


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder where files are quickest to write."""
    with tempfile.TemporaryDirectory(prefix="lapel-vm-", dir=quick_place()) as folder:
        yield Path(folder)


@contextmanager
def serving(
    identity: Path, store: Path, port: str, *more: str | Path, program: str = "tools"
) -> Iterator[queue.Queue[Mapping[str, Any]]]:
    """A reference dock at the end of a cable, and what it tells; it stays until it is told to go, and then all has to have been well."""
    command: Sequence[str | Path] = (
        *(sys.executable, "-m", program, "dock", "serve", "--json"),
        *("--identity", identity, "--store", store, "--port", port),
        *more,
    )
    told: queue.Queue[Mapping[str, Any]] = queue.Queue()
    seen: list[Mapping[str, Any]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dock:
        assert dock.stdout is not None
        lines = dock.stdout

        def listen() -> None:
            for line in lines:
                seen.append(json.loads(line))
                told.put(seen[-1])

        ear = threading.Thread(target=listen, name="dock", daemon=True)
        ear.start()
        try:
            yield told
        finally:
            dock.terminate()
            ear.join(STAND_DOWN_S)
    assert dock.returncode == 0, seen


def sound(camera: Camera) -> None:
    """Hold against a camera what it says of its boot."""
    told = camera.report()
    assert (told["settled"], told["failed"], told["tainted"], told["swaps"]) == (True, [], 0, [])
    assert [line for line in told["errors"] if TROUBLE.match(line)] == []
    assert TROUBLE.findall(camera.machine.console.text) == []
    assert told["ports"] == []
    assert (told["service"]["state"], told["service"]["restarts"]) == ("active", 0)
    assert told["user"] not in {"0", "root"}
    mounts = {each["at"]: (each["kind"], set(each["options"].split(","))) for each in told["mounts"]}
    kind, options = mounts["/"]
    assert (kind, "ro" in options, "rw" in options) == ("squashfs", True, False)
    for label in ("config", "evidence"):
        kind, options = mounts[f"/var/lib/lapel/{label}"]
        assert kind == "ext4"
        assert options >= {"rw", "nodev", "nosuid", "noexec", "noatime", "errors=remount-ro"}
    on_disks = {
        at for at, (kind, options) in mounts.items() if kind in {"ext4", "vfat", "squashfs"} and "rw" in options
    }
    assert on_disks <= {f"/var/lib/lapel/{label}" for label in ("board", "config", "evidence")}
    assert len(told["accounts"]) > 1
    for name, account in told["accounts"].items():
        assert account["password"] in {"*", "!", "!*"}, name
        assert account["shell"] in {"/usr/sbin/nologin", "/bin/false", "/bin/sync"}, name


def remains(camera: Camera, story: Story) -> list[str]:
    """Files of footage on the card, as it would be if the power went now."""
    with medium.opened(camera.log, story.size) as log, quick_folder() as folder:
        image, files = folder / "evidence.img", folder / "files"
        disk.copy(story.place / f"second.{EVIDENCE}", image)
        medium.write(image, kept(log.entries, 0, len(log.entries)), log.data, story.partition(EVIDENCE))
        medium.mount(image)
        medium.extract(image, files)
        named = [path for name in (RECORDINGS, ERASING, QUARANTINE) for path in sorted((files / name).rglob("*"))]
        return [
            f"{path.relative_to(files)}: {path.stat().st_size}"
            for path in named
            if path.is_file() and path.stat().st_size
        ]
