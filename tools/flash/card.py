"""A camera's card: what goes onto it is laid out in a file first, for the size that this card has."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.vm import disk
from tools.vm.layout import MIB, SECTOR, Partition, card_bytes, parse, script
from tools.vm.trouble import VmError, run

TABLE: Final = Path(__file__).parents[2] / "buildroot" / "partitions.toml"
CONFIG: Final = "config"
SUMS: Final = "SHA256SUMS"
"""Beside an image: what sha256sum says of it."""
_SUM: Final = re.compile(r"^([0-9a-f]{64}) [ *](.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Layout:
    """A card's partitions, the last one being what is left for evidence."""

    partitions: Sequence[Partition]

    @classmethod
    def least(cls) -> Layout:
        """The smallest card."""
        return cls(parse(TABLE.read_text(encoding="utf-8")))

    def on(self, size: int) -> Layout:
        """The same on a card of so many bytes."""
        return Layout(parse(TABLE.read_text(encoding="utf-8"), last_mib=(size - self.evidence.offset) // MIB))

    @property
    def evidence(self) -> Partition:
        """What recordings are kept on."""
        return self.partitions[-1]

    @property
    def size(self) -> int:
        """How many bytes it needs."""
        return card_bytes(self.partitions)


def check(image: Path) -> None:
    """``VmError`` where this is no image of a camera, or is not what its sum says."""
    if (told := _told(image)) is not None:
        with image.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != told:
                raise VmError(f"{image}: is not what {SUMS} says: build it or fetch it again")
    least = Layout.least()
    wanted = [(each.offset // SECTOR, each.size // SECTOR) for each in least.partitions[:-1]]
    if _table(image)[: len(wanted)] != wanted or image.stat().st_size < least.evidence.offset:
        raise VmError(f"{image}: is no image of a Lapel camera: its partitions are not those of {TABLE.name}")


def _told(image: Path) -> str | None:
    """What its sum is by the list beside it; None where there is none.  ``VmError`` where the list leaves it out."""
    sums = image.with_name(SUMS)
    if not sums.exists():
        return None
    listed: dict[str, str] = {
        name: told for told, name in _SUM.findall(sums.read_text(encoding="ascii", errors="replace"))
    }
    if image.name not in listed:
        raise VmError(f"{sums}: has no sum of {image.name}")
    return listed[image.name]


def _table(image: Path) -> list[tuple[int, int]]:
    """First sector and sectors of each partition that holds something."""
    try:
        told: dict[str, Any] = json.loads(run(["sfdisk", "--json", image]))["partitiontable"]
    except VmError:
        return []
    rows = told.get("partitions", [])
    return [(row["start"], row["size"]) for row in rows if row["type"] not in ("5", "f")]


@contextmanager
def planned(image: Path, size: int, enrolment: Mapping[str, bytes] | None) -> Iterator[tuple[Path, Layout]]:
    """A file with all that goes before the evidence of a card of so many bytes, and the card's layout.  ``VmError`` where it fails."""
    layout = Layout.least().on(size)
    with tempfile.TemporaryDirectory(prefix="lapel-flash-") as at:
        plan, tree = Path(at, "card"), Path(at, "config")
        disk.copy(image, plan)
        with plan.open("r+b") as file:
            file.truncate(layout.evidence.offset - MIB)  # nothing of the image's own evidence
            file.truncate(layout.size)
        run(
            ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--wipe", "never", plan],
            given=script(layout.partitions),
        )
        if enrolment is not None:
            tree.mkdir(mode=0o700)
            for name, data in enrolment.items():
                (tree / name).touch(mode=0o600)
                (tree / name).write_bytes(data)
            config = next(each for each in layout.partitions if each.label == CONFIG)
            disk.ext4(plan, CONFIG, config.size, offset=config.offset, tree=tree)
        yield plan, layout


def make_evidence(card: Path, layout: Layout) -> None:
    """Make the partition for recordings on the card itself, empty and sound.  ``VmError`` where it fails."""
    evidence = layout.evidence
    disk.ext4(card, evidence.label, evidence.size, offset=evidence.offset)
    run(["e2fsck", "-fn", f"{card}?offset={evidence.offset}"])
