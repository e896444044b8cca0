"""The card's layout: one table for images and virtual machine, and what it means in sectors."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.vm.trouble import VmError

SECTOR = 512
MIB = 1 << 20
FILESYSTEMS: Mapping[str, str] = {"vfat": "c", "squashfs": "83", "ext4": "83"}
"""The file systems that a partition may have, with the type that the partition table gives it."""
_PRIMARY = 3  # the fourth entry of a DOS partition table holds all others
_LABEL = re.compile(r"[a-z][a-z0-9-]{0,10}")
_KEYS = {"label": str, "filesystem": str, "mib": int}
_MORE = {"mount": str}


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: its number as the kernel counts, label, file system, first byte and bytes, and where it is mounted, if it is."""

    number: int
    label: str
    filesystem: str
    offset: int
    size: int
    mount: str | None


def parse(text: str, *, last_mib: int | None = None) -> list[Partition]:
    """The partitions, in order.  ``last_mib``: what the last one has, where it shall be more than the least.  VmError where the table is
    wrong: an unknown key or file system, a label that is used twice, a size that is none."""
    rows: Sequence[Mapping[str, Any]] = tomllib.loads(text).get("partition", [])
    if len(rows) <= _PRIMARY:
        raise VmError(f"partitions: {len(rows)} are too few for one layout of all cameras")
    found: list[Partition] = []
    at = MIB
    for index, row in enumerate(rows):
        _check(row, [each.label for each in found])
        logical = index >= _PRIMARY
        at += MIB if logical else 0  # the table of a logical partition stands before it
        mib = row["mib"]
        if index == len(rows) - 1 and last_mib is not None:
            if last_mib < mib:
                raise VmError(f"partitions: {row['label']}: needs {mib} MiB, not {last_mib}")
            mib = last_mib
        number = index + 2 if logical else index + 1
        found.append(Partition(number, row["label"], row["filesystem"], at, mib * MIB, row.get("mount")))
        at += mib * MIB
    return found


def _check(row: Mapping[str, Any], taken: Sequence[str]) -> None:
    label = row.get("label")
    if not isinstance(label, str) or _LABEL.fullmatch(label) is None:
        raise VmError(f"partitions: label: {label!r} is none")
    for key, kind in _KEYS.items():
        if type(row.get(key)) is not kind:
            raise VmError(f"partitions: {label}: {key}: {row.get(key)!r} is no {kind.__name__}")
    for key in row.keys() - _KEYS.keys():
        if type(row[key]) is not _MORE.get(key):
            raise VmError(f"partitions: {label}: {key}: is not known, or no text")
    if label in taken:
        raise VmError(f"partitions: {label}: is there twice")
    if row["filesystem"] not in FILESYSTEMS:
        raise VmError(f"partitions: {label}: filesystem: one of {', '.join(FILESYSTEMS)}, not {row['filesystem']}")
    if row["mib"] < 1:
        raise VmError(f"partitions: {label}: mib: {row['mib']} is no size")


def card_bytes(partitions: Sequence[Partition]) -> int:
    """How large a card has to be."""
    return partitions[-1].offset + partitions[-1].size


def script(partitions: Sequence[Partition]) -> str:
    """What ``sfdisk`` is told."""
    lines = ["label: dos", "label-id: 0x4c61706c", "unit: sectors"]
    for index, each in enumerate(partitions):
        if index == _PRIMARY:
            start = each.offset - MIB
            size = card_bytes(partitions) - start
            lines.append(f"start={start // SECTOR}, size={size // SECTOR}, type=5")
        size = each.size // SECTOR
        lines.append(f"start={each.offset // SECTOR}, size={size}, type={FILESYSTEMS[each.filesystem]}")
    return "\n".join(lines) + "\n"
