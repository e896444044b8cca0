"""A Raspberry Pi's firmware, as far as a virtual camera's start needs it: which slot ``autoboot.txt`` names, and what that slot's partition starts.

Source: Raspberry Pi's documentation of ``autoboot.txt``, of ``tryboot`` and of ``config.txt``.  Only what our cards use is understood, and anything
else is refused.  The machine starts nothing by itself: each start goes through here, from what then lies on the card.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.vm.layout import Partition
from tools.vm.trouble import VmError, found

CHOOSER = "autoboot.txt"
RESTARTED = re.compile(r"reboot: Restarting system(?: with command '(?P<word>[^']*)')?")
_SECTION = re.compile(r"\[(?P<name>[a-z_=0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Started:
    """What a start loads: from which partition; kernel, first file system, and the kernel's command line."""

    partition: int
    kernel: Path
    first: Path
    line: str


def sections(text: str) -> Iterator[tuple[str, str, str]]:
    """The settings of a file of the firmware's, in order: the filter that they stand behind, name, value."""
    section = "all"
    for line in text.splitlines():
        if (match := _SECTION.fullmatch(line)) is not None:
            section = match["name"]
        elif line and not line.startswith("#"):
            name, _, value = line.replace(" ", "=", 1).partition("=")
            yield section, name, value


def chosen(autoboot: str, *, trial: bool) -> int:
    """The partition that is started; ``trial``: the restart asked for one.  VmError where none is named."""
    settings = list(sections(autoboot))
    wanted = "tryboot" if trial and ("all", "tryboot_a_b", "1") in settings else "all"
    for section, name, value in settings:
        if (section, name) == (wanted, "boot_partition") and value.isdigit():
            return int(value)
    raise VmError(f"{CHOOSER} names no partition to start")


def start(card: Path, partitions: Sequence[Partition], into: Path, *, trial: bool) -> Started:
    """Load what the card says is to be started.  VmError where something of it is not there."""
    by_number = {each.number: each for each in partitions}
    number = chosen(text(card, by_number[1], CHOOSER), trial=trial)
    if number not in by_number:
        raise VmError(f"{CHOOSER}: there is no partition {number}")
    part = by_number[number]
    told = {
        name: value
        for section, name, value in sections(text(card, part, "config.txt"))
        if section in {"all", f"boot_partition={number}"}
    }
    kernel, first = into / f"kernel-{number}", into / f"first-{number}"
    kernel.write_bytes(read(card, part, told["kernel"]))
    first.write_bytes(read(card, part, told["initramfs"].split()[0]))
    return Started(number, kernel, first, text(card, part, told["cmdline"]).strip())


def text(card: Path, part: Partition, name: str) -> str:
    """A file of text on one of the card's FAT partitions."""
    return read(card, part, name).decode()


def read(card: Path, part: Partition, name: str) -> bytes:
    """A file on one of the card's FAT partitions.  VmError where it is not there."""
    done = subprocess.run(
        [found("mtype"), "-i", f"{card}@@{part.offset}", f"::{name}"], capture_output=True, check=False, timeout=60
    )
    if done.returncode:
        raise VmError(f"{part.label}: {name}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
