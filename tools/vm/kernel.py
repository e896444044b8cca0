"""The kernel's part of the virtual camera: the modules that it needs, and the first file system, which mounts the root and steps aside."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools.vm.trouble import VmError, run

FIRST = ("virtio_pci", "virtio_blk", "squashfs", "crc32c_generic", "ext4")
"""Modules for finding the root, and what ext4 asks for by a name that no dependency shows."""
LATER = (
    "cdc_acm",
    "cdc_ncm",
    "configfs",
    "dm_verity",
    "dummy_hcd",
    "i2c_dev",
    "i2c_tiny_usb",
    "libcomposite",
    "loop",
    "nls_ascii",
    "nls_cp437",
    "sha2_ce",
    "usb_f_acm",
    "usb_f_fs",
    "usb_f_ncm",
    "vfat",
    "virtio_console",
    "virtio_net",
)
"""Modules for the USB gadget, both its ends, the way out of the machine, an I2C bus behind another gadget, and for updates: the boot partition,
and a bundle that is read by its hashes."""
_SUFFIXES = (".ko", ".ko.xz", ".ko.zst")
_DIRECTORY, _FILE = 0o040755, 0o100755

INIT = """#!/bin/busybox sh
# Mount the root that the kernel's command line names, and hand over to systemd.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
while read -r module; do
  $b insmod "/modules/$module" || echo "first: $module does not load"
done </modules/order
for word in $($b cat /proc/cmdline); do
  case $word in root=*) root=${word#root=} ;; esac
done
tries=0
until [ -b "$root" ] || [ $tries = 200 ]; do
  $b sleep 0.05
  tries=$((tries + 1))
done
$b mount -t squashfs -o ro "$root" /new || { echo "first: cannot mount $root"; $b poweroff -f; }
$b mount --move /dev /new/dev
$b umount /proc /sys
exec $b switch_root /new /lib/systemd/systemd
"""


def parse_dependencies(text: str) -> dict[str, list[str]]:
    """``modules.dep``: for each module's path those of the modules that have to be there before it, the last one first."""
    lines = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {path: rest.split() for path, rest in lines}


def module_name(path: str) -> str:
    """A module's name, as ``lsmod`` shows it."""
    return PurePosixPath(path).name.split(".ko", 1)[0].replace("-", "_")


def order(dependencies: Mapping[str, Sequence[str]], builtin: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Paths of all modules that are needed for those that are wanted, in an order in which they load.  What is built in needs none;
    VmError where the kernel has no such module."""
    paths = {module_name(path): path for path in dependencies}
    present = {module_name(path) for path in builtin}
    needed: list[str] = []
    for name in wanted:
        if name in present:
            continue
        if name not in paths:
            raise VmError(f"this kernel has no module {name}")
        for path in [*reversed(dependencies[paths[name]]), paths[name]]:
            if path not in needed:
                needed.append(path)
    return needed


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an archive: mode with type, content."""

    mode: int
    data: bytes = b""


def archive(entries: Mapping[str, Entry]) -> bytes:
    """A cpio archive in the form that the kernel unpacks (``newc``), the same for the same entries.

    Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
    """
    packed = bytearray()
    for number, (name, entry) in enumerate([*entries.items(), ("TRAILER!!!", Entry(0))], 1):
        encoded = name.encode() + b"\0"
        fields = (number, entry.mode, 0, 0, 1, 0, len(entry.data), 0, 0, 0, 0, len(encoded), 0)
        packed += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        packed += bytes(-len(packed) % 4)
        packed += entry.data
        packed += bytes(-len(packed) % 4)
    return bytes(packed)


def trim(unpacked: Path, root: Path) -> tuple[Path, Path]:
    """Move the modules that are needed from an unpacked kernel package below ``root``.  The kernel, and its folder of modules there."""
    kernels = sorted((unpacked / "boot").glob("vmlinuz-*"))
    if len(kernels) != 1:
        raise VmError(f"the kernel's package holds {len(kernels)} kernels")
    version = kernels[0].name.removeprefix("vmlinuz-")
    run(["depmod", "-b", unpacked, version])
    source = next(path for path in (unpacked / "usr/lib/modules", unpacked / "lib/modules") if path.is_dir()) / version
    target = root / "usr/lib/modules" / version
    target.mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")  # depmod looks there
    for path in order(*tables(source), (*FIRST, *LATER)):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copyfile(source / name, target / name)
    run(["depmod", "-b", root, version])
    return kernels[0], target


def tables(modules: Path) -> tuple[dict[str, list[str]], list[str]]:
    """What depends on what among a kernel's modules, and which are built in."""
    builtin = (modules / "modules.builtin").read_text().splitlines()
    return parse_dependencies((modules / "modules.dep").read_text()), builtin


def first(busybox: bytes, modules: Path) -> bytes:
    """The first file system, packed."""
    paths = order(*tables(modules), FIRST)
    if any(not path.endswith(_SUFFIXES[0]) for path in paths):
        raise VmError("this kernel's modules are packed: its first file system could not load them")
    listed = "".join(f"{PurePosixPath(path).name}\n" for path in paths)
    entries = {name: Entry(_DIRECTORY) for name in ("bin", "dev", "modules", "new", "proc", "sys")}
    entries |= {"bin/busybox": Entry(_FILE, busybox), "init": Entry(_FILE, INIT.encode())}
    entries["modules/order"] = Entry(_FILE, listed.encode())
    entries |= {f"modules/{PurePosixPath(path).name}": Entry(_FILE, (modules / path).read_bytes()) for path in paths}
    return gzip.compress(archive(entries), compresslevel=1, mtime=0)
