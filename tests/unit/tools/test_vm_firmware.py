"""The firmware's part in a virtual camera's start: what it reads of a card that others made."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.oracles import needs
from tools.image import card
from tools.image.trouble import TREE
from tools.vm import firmware, machine
from tools.vm.trouble import VmError, paths

NEW = card.autoboot()


@pytest.mark.parametrize(
    ("text", "trial", "number"),
    [
        (NEW, False, 2),
        (NEW, True, 3),
        (NEW.replace("tryboot_a_b=1\n", ""), True, 2),
        ("boot_partition=3\n", False, 3),
        ("# boot_partition=3\n[all]\nboot_partition=2\n", False, 2),
    ],
)
def test_which_slot_is_started(text: str, number: int, *, trial: bool) -> None:
    """The default, or the other one where the restart asked for a trial, and only where trials are told of."""
    assert firmware.chosen(text, trial=trial) == number


@pytest.mark.parametrize("text", ["", "[all]\n", "[all]\nboot_partition=two\n", "[tryboot]\nboot_partition=3\n"])
def test_a_chooser_that_names_nothing_starts_nothing(text: str) -> None:
    """A real board would look further, and must not have to."""
    with pytest.raises(VmError, match="names no partition"):
        firmware.chosen(text, trial=False)


@pytest.mark.parametrize("slot", [2, 3])
@needs("mkfs.vfat", "mcopy")
def test_what_a_slot_starts(tmp_path: Path, slot: int) -> None:
    """Kernel, first file system and command line are the ones that the slot's own config.txt names, by the partition that it lies in."""
    image, partitions = tmp_path / "card.img", card.partitions()
    with image.open("wb") as file:
        file.truncate(partitions[3].offset)
    told = {"autoboot.txt": NEW.replace("=2", "=9").replace("=3", "=2").replace("=9", "=3") if slot == 3 else NEW}
    files = {"Image": f"kernel {slot}", "first.gz": f"first {slot}", "config.txt": (TREE / "vm/config.txt").read_text()}
    files |= {f"cmdline-{end}.txt": f"{machine.line(name, 5)}\n" for name, end in card.SLOTS.items()}
    for number, content in ((1, told), (slot, files)):
        part = partitions[number - 1]
        fat(image, part.offset, content, tmp_path / f"{number}", part.size >> 20)
    started = firmware.start(image, partitions, tmp_path, trial=False)
    assert (started.partition, started.kernel.read_text(), started.first.read_text()) == (
        slot,
        f"kernel {slot}",
        f"first {slot}",
    )
    assert f"rauc.slot={'AB'[slot - 2]}" in started.line
    with pytest.raises(VmError, match="boot-"):  # the other slot is empty
        firmware.start(image, partitions, tmp_path, trial=True)


def fat(image: Path, offset: int, content: dict[str, str], place: Path, mib: int) -> None:
    """Lay a FAT file system into a card, made as the cards' are."""
    place.mkdir()
    for name, text in content.items():
        (place / name).write_text(text)
    made = place.with_suffix(".fat")
    told = {**os.environ, "PATH": paths(), "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run([TREE / "board/vfat.sh", place, made, "IT", str(mib), "4c61706d"], check=True, env=told)
    with image.open("r+b") as file:
        file.seek(offset)
        file.write(made.read_bytes())


def test_the_kernels_word_is_read() -> None:
    """As the kernel prints it (kernel/reboot.c), with a word and without."""
    said = "[  9.1] reboot: Restarting system with command '0 tryboot'\n[  9.1] reboot: Restarting system\n"
    assert [match["word"] for match in firmware.RESTARTED.finditer(said)] == ["0 tryboot", None]
