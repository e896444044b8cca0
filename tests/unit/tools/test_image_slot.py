"""Which slot is started: RAUC's backend, with stand-ins for mounting, and the firmware's part played by the tests.

Source of the firmware's part: Raspberry Pi's documentation of autoboot.txt and of tryboot.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.oracles import needs
from tools.image import card
from tools.image.check import shell_scripts
from tools.image.trouble import ROOT, TREE
from tools.vm import firmware

SCRIPT = TREE / "board/overlay/usr/lib/lapel/slot"
MOUNT = """#!/bin/sh
# In place of mount: what is mounted to be read is a copy, so that whoever writes to it changes nothing.
echo "mount $*" >>"$LAPEL_ROOT/log"
for place; do :; done
rmdir "$place"
case "$*" in *" rw,"*) ln -s "$LAPEL_ROOT/fat" "$place" ;; *) cp -r "$LAPEL_ROOT/fat" "$place" ;; esac
"""
UMOUNT = """#!/bin/sh
echo "umount $*" >>"$LAPEL_ROOT/log"
rm -rf "$1" && mkdir "$1"
"""


@dataclass
class Board:
    """A board: a card's first partition, and the slot that runs."""

    root: Path

    def on_trial(self) -> bool:
        """What the timer asks that gives up a trial which never comes up."""
        return self.ask("on-trial").returncode == 0

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        """One call of the script."""
        told = {**os.environ, "LAPEL_ROOT": str(self.root), "PATH": f"{self.root}/bin:{os.environ['PATH']}"}
        return subprocess.run([SCRIPT, *command], capture_output=True, text=True, check=False, env=told)

    def run(self, *command: str, fails: str = "") -> str:
        """One call of the script; ``fails`` is what it has to say when it refuses."""
        done = self.ask(*command)
        assert (done.returncode != 0) == bool(fails), done.stderr
        assert fails in done.stderr
        return done.stdout.strip()

    @property
    def text(self) -> str:
        """The file that the firmware reads."""
        return (self.root / "fat/autoboot.txt").read_text()

    def start(self, slot: str) -> None:
        """Run this slot's system."""
        (self.root / "proc/cmdline").write_text(f"quiet rauc.slot={slot} root=/dev/dm-0\n")
        (self.root / "run/systemd/reboot-param").unlink(missing_ok=True)

    def restart(self, *, asked: bool = True) -> str:
        """Restart as the firmware does: a trial where it was asked for one, the default elsewhere.  ``asked``: an orderly restart, no cut."""
        if asked:
            self.run("arm")
        argument = self.root / "run/systemd/reboot-param"
        trial = argument.exists() and argument.read_text() == "0 tryboot\n"
        number = firmware.chosen(self.text, trial=trial)
        slot = {card.by_label("boot-a").number: "A", card.by_label("boot-b").number: "B"}[number]
        self.start(slot)
        return slot

    def states(self) -> tuple[str, str, str]:
        """What RAUC is told: the primary slot, the state of A, and of B."""
        return self.run("get-primary"), self.run("get-state", "A"), self.run("get-state", "B")


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """One that was flashed and started."""
    for name in ("bin", "fat", "proc", "dev", "run/systemd"):
        (tmp_path / name).mkdir(parents=True)
    for name, text in (("mount", MOUNT), ("umount", UMOUNT)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "fat/autoboot.txt").write_text(card.autoboot())
    made = Board(tmp_path)
    made.start("A")
    return made


def install(board: Board, slot: str) -> None:
    """What RAUC does around writing a slot."""
    board.run("set-state", slot, "bad")
    assert board.run("get-state", slot) == "bad"
    board.run("set-primary", slot)


def test_a_new_card_starts_its_first_slot(board: Board) -> None:
    """And has nothing to try."""
    assert board.run("get-current") == "A"
    assert board.states() == ("A", "good", "good")
    before = board.text
    assert board.restart() == "A"
    assert board.text == before


def test_an_update_is_tried_once_and_kept_when_it_is_well(board: Board) -> None:
    """From A to B and back again."""
    for old, new in (("A", "B"), ("B", "A")):
        install(board, new)
        assert board.run("get-primary") == new
        assert board.restart() == new
        assert board.run("get-state", new) == "bad"
        assert board.on_trial()
        board.run("set-state", new, "good")
        assert board.run("get-state", new) == "good"
        assert not board.on_trial()
        assert board.run("get-primary") == new
        assert board.restart(asked=False) == new
        assert board.run("get-state", old) == "good"


def test_an_update_that_hangs_is_given_up(board: Board) -> None:
    """The watchdog cuts it off, the firmware starts the old one, which stays, however often it is started."""
    install(board, "B")
    assert board.restart() == "B"
    assert board.restart(asked=False) == "A"
    assert board.states() == ("A", "good", "bad")
    assert board.restart() == "A"
    assert board.states() == ("A", "good", "bad")


def test_an_update_that_fails_its_check_is_given_up(board: Board) -> None:
    """It says so itself, and restarts."""
    install(board, "B")
    assert board.restart() == "B"
    board.run("set-state", "B", "bad")
    assert board.run("get-primary") == "A"
    assert board.restart() == "A"
    assert board.states() == ("A", "good", "bad")


def test_a_cut_while_it_is_written_leaves_the_old_system(board: Board) -> None:
    """What was begun is marked before its first byte, and no restart tries it."""
    board.run("set-state", "B", "bad")
    assert board.restart(asked=False) == "A"
    assert board.restart() == "A"
    assert board.states() == ("A", "good", "bad")


def test_a_cut_before_the_trial_loses_no_update(board: Board) -> None:
    """The battery was pulled: the next orderly restart tries it."""
    install(board, "B")
    assert board.restart(asked=False) == "A"
    assert board.run("get-primary") == "B"
    assert board.restart() == "B"


def test_going_back_by_hand(board: Board) -> None:
    """What waits is taken back; a slot that was given up may be called good again, and is tried only if it is asked for."""
    install(board, "B")
    board.run("set-primary", "A")
    assert board.restart() == "A"
    board.run("set-state", "B", "bad")
    board.run("set-state", "B", "good")
    assert board.states() == ("A", "good", "good")


def test_what_must_not_be_is_refused(board: Board) -> None:
    """Slots that are none, the last system given up, an update of what is on trial itself."""
    before = board.text
    board.run("set-state", "A", "bad", fails="A is what a camera starts with: it has nothing else")
    board.run("set-primary", "C", fails="C is no slot")
    board.run("get-state", "C", fails="C is no slot")
    board.run("set-state", "B", "perhaps", fails="set-state: B perhaps")
    board.run(fails="get-current, get-primary")
    assert board.text == before
    install(board, "B")
    board.restart()
    board.run("set-primary", "A")  # away from the trial: that is allowed
    assert board.restart() == "A"
    install(board, "B")
    board.restart()
    board.run("set-primary", "B", fails="B is on trial itself")
    (board.root / "proc/cmdline").write_text("quiet\n")
    board.run("get-current", fails="the kernel was not told which slot it is")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("trial: none", "trial: some"),
        ("boot_partition=3", "boot_partition=2"),
        ("[all]\ntryboot", "[none]\ntryboot"),
        ("2", "7"),
    ],
)
def test_a_file_that_somebody_else_wrote_is_left_alone(board: Board, old: str, new: str) -> None:
    """Whoever guesses what it means could start nothing at all."""
    (board.root / "fat/autoboot.txt").write_text(board.text.replace(old, new, 1))
    before = board.text
    board.run("set-primary", "B", fails="autoboot.txt")
    board.run("arm", fails="autoboot.txt")
    assert board.text == before


def test_the_file_keeps_its_length_and_its_place(board: Board) -> None:
    """One sector, written over in place: a cut leaves the old one or the new one, and the file system as it was."""
    there = (board.root / "fat/autoboot.txt").stat()
    seen = {board.text}
    install(board, "B")
    seen.add(board.text)
    board.restart()
    seen.add(board.text)
    board.run("set-state", "B", "good")
    seen.add(board.text)
    after = (board.root / "fat/autoboot.txt").stat()
    assert len(seen) == 4
    assert {len(text) for text in seen} == {there.st_size} == {after.st_size}
    assert there.st_size < 512
    assert there.st_ino == after.st_ino


def test_nothing_is_left_mounted(board: Board) -> None:
    """Also where it refuses; and it is written to only where something changes."""
    install(board, "B")
    board.run("set-state", "A", "bad", fails="nothing else")
    (board.root / "fat/autoboot.txt").write_text("x")
    board.run("get-primary", fails="autoboot.txt")
    log = (board.root / "log").read_text().splitlines()
    assert [line.split()[0] for line in log] == ["mount", "umount"] * (len(log) // 2)
    assert all(
        {"nodev", "nosuid", "noexec"} <= set(line.split()[4].split(",")) for line in log if line.startswith("mount")
    )


@needs("shellcheck")
def test_all_scripts_of_the_images_are_sound() -> None:
    """As `make image-check` sees them, without a Buildroot."""
    done = subprocess.run(["shellcheck", *shell_scripts()], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout == ""
