"""A board's card: what genimage is told, what chooses a slot, what mounts a root by its hashes, what RAUC knows of it.

All of it is made from ``buildroot/partitions.toml``, which the virtual machine's card is made from too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.image.trouble import TREE, ImageError
from tools.vm.layout import FILESYSTEMS, Partition, parse

DISK = "/dev/mmcblk0"
"""The card, or a Compute Module's eMMC: the first of its kind on each of these boards."""
SIGNATURE = 0x4C61706C
SLOTS = {"A": "a", "B": "b"}
"""RAUC's name of a slot, and what its partitions' labels end with."""
BLOCK = 4096
_SECTOR = 512
_HEX = re.compile(r"[0-9a-f]{64}")
_EXTENDED = 4

AUTOBOOT = """\
[all]
tryboot_a_b=1
boot_partition={default}
[tryboot]
boot_partition={other}
[all]
# trial: {trial}
"""
"""What the firmware reads first, all of it in one sector: it never changes its length.  ``slot`` in the overlay writes it on a camera."""


def partitions() -> list[Partition]:
    """The card's partitions, as the table has them."""
    return parse((TREE / "partitions.toml").read_text(encoding="utf-8"))


def by_label(label: str) -> Partition:
    """One of them."""
    return next(each for each in partitions() if each.label == label)


def device(label: str) -> str:
    """Where a partition is on a camera."""
    return f"{DISK}p{by_label(label).number}"


def autoboot() -> str:
    """The first sector's worth of a new card: slot A, nothing to be tried."""
    return AUTOBOOT.format(default=by_label("boot-a").number, other=by_label("boot-b").number, trial="none")


def sizes() -> str:
    """What the partitions have that are made as files, in MiB, as a shell sets variables."""
    wanted = {"boot": "boot", "boot-a": "slot", "config": "config", "evidence": "evidence"}
    return "".join(f"{name}_mib={by_label(label).size >> 20}\n" for label, name in wanted.items())


def genimage(table: Sequence[Partition]) -> str:
    """What genimage is told: each partition where the table puts it, filled from the file of its content's name."""
    source = {
        "boot": "boot.vfat",
        "boot-a": "slot.img",
        "boot-b": "slot.img",
        "root-a": "root.img",
        "root-b": "root.img",
    }
    lines = ["image card.img {", "  hdimage {", '    partition-table-type = "mbr"']
    lines += [f"    disk-signature = {SIGNATURE:#x}", f"    extended-partition = {_EXTENDED}", "  }"]
    for each in table:
        lines += [f"  partition {each.label} {{", f"    partition-type = 0x{FILESYSTEMS[each.filesystem]}"]
        lines += [f'    image = "{source.get(each.label, f"{each.label}.ext4")}"']
        lines += [f"    offset = {each.offset}", f"    size = {each.size}", "  }"]
    return "\n".join([*lines, "}"]) + "\n"


@dataclass(frozen=True, slots=True)
class Hashed:
    """A root with the tree of its hashes behind it: blocks of data, root hash, salt."""

    blocks: int
    root: str
    salt: str

    def __post_init__(self) -> None:
        """ImageError where a hash is none, or the root does not fit its slot."""
        for name, value in (("root", self.root), ("salt", self.salt)):
            if _HEX.fullmatch(value) is None:
                raise ImageError(f"verity: {name}: {value!r} is no SHA-256")
        if not 0 < self.blocks * BLOCK < by_label("root-a").size:
            raise ImageError(f"verity: blocks: {self.blocks} do not fit a slot")


def command_line(slot: str, hashed: Hashed) -> str:
    """The kernel's command line for a slot.  A block that is not what it was is an error for whoever reads it, and no more: a camera that
    records goes on.  There is no console.  Source: the kernel's admin-guide/device-mapper/dm-init.rst and verity.rst."""
    place = device(f"root-{SLOTS[slot]}")
    sectors = hashed.blocks * BLOCK // _SECTOR
    verity = (
        f"verity 1 {place} {place} {BLOCK} {BLOCK} {hashed.blocks} {hashed.blocks} sha256 {hashed.root} {hashed.salt}"
    )
    words = [
        f'dm-mod.create="root,,,ro,0 {sectors} {verity}"',
        f"dm-mod.waitfor={place}",
        *("root=/dev/dm-0", "rootfstype=squashfs", "ro", "rootwait"),
        f"rauc.slot={slot}",
        *(
            "panic=5",
            "quiet",
            "loglevel=3",
            "systemd.show_status=false",
            "systemd.firstboot=off",
            "systemd.getty_auto=no",
        ),
    ]
    return " ".join(words) + "\n"


def rauc(board: str) -> str:
    """RAUC's system.conf for a board."""
    lines = [
        "[system]",
        f"compatible=lapel-{board}",
        "bootloader=custom",
        "bundle-formats=verity",
        "mountprefix=/run/rauc",
    ]
    lines += ["statusfile=/run/rauc/status", "", "[handlers]", "bootloader-custom-backend=/usr/lib/lapel/slot", ""]
    # A clock that is not set must not decide: what counts is when the signature was made, as it says itself.
    lines += ["[keyring]", "path=/etc/rauc/keyring.pem", "check-purpose=codesign", "use-bundle-signing-time=true"]
    for number, (slot, end) in enumerate(SLOTS.items()):
        lines += ["", f"[slot.rootfs.{number}]", f"device={device(f'root-{end}')}", "type=raw", f"bootname={slot}"]
        lines += ["", f"[slot.boot.{number}]", f"device={device(f'boot-{end}')}", "type=raw", f"parent=rootfs.{number}"]
    return "\n".join(lines) + "\n"


def manifest(board: str, version: str) -> str:
    """What a bundle says of itself to RAUC."""
    lines = ["[update]", f"compatible=lapel-{board}", f"version={version}", "", "[bundle]", "format=verity"]
    lines += ["", "[image.rootfs]", "filename=root.img", "", "[image.boot]", "filename=slot.img"]
    return "\n".join(lines) + "\n"
