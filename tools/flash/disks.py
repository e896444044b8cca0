"""What stands at a path that is to be written over: facts from the kernel, and what they forbid."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECTOR: Final = 512
LARGEST: Final = 256 << 30
"""Bytes.  What is larger is rather somebody's backup than a camera's card."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk, or a file in the place of one.  ``whole``: the disk that it is a partition of, itself where it is none.  ``mounts``: where anything
    of it is mounted, through encryption and volumes too; ``swaps``: what of it the running system swaps to."""

    path: Path
    kind: str
    size: int
    whole: str
    removable: bool
    readonly: bool
    model: str
    mounts: tuple[str, ...] = ()
    swaps: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The disk in a person's words."""
        model = f"{self.model}, " if self.model else ""
        return f"{self.path} ({model}{gigabytes(self.size)})"


@dataclass(frozen=True, slots=True)
class Rule:
    """What keeps a disk from being written over.  ``forced``: whether who insists may do it all the same."""

    broken: Callable[[Disk, int], bool]
    says: Callable[[Disk, int], str]
    forced: bool = False


_ESCAPED: Final = re.compile(r"\\([0-7]{3})")  # how the kernel tells a blank in a name
_OF_THE_SYSTEM: Final = ("/", "/boot", "/boot/efi", "/boot/firmware", "/home", "/usr", "/var")

RULES: Final[Sequence[Rule]] = (
    Rule(
        lambda disk, _: disk.whole != disk.path.name,
        lambda disk, _: f"is a partition of {disk.whole}: name the whole disk, /dev/{disk.whole}",
    ),
    Rule(
        lambda disk, _: bool(disk.swaps) or any(mount in _OF_THE_SYSTEM for mount in disk.mounts),
        lambda disk, _: f"carries the system that runs here ({', '.join(disk.mounts + disk.swaps)})",
    ),
    Rule(
        lambda disk, _: disk.readonly,
        lambda *_: "is read-only: look at the small switch at the card's side, or at its adapter's",
    ),
    Rule(
        lambda disk, least: disk.size < least,
        lambda disk, least: f"is too small: it has {gigabytes(disk.size)}, a camera needs {gigabytes(least)}",
    ),
    Rule(
        lambda disk, _: bool(disk.mounts),
        lambda disk, _: f"is mounted at {', '.join(disk.mounts)}; FORCE=1 (--force) unmounts it",
        forced=True,
    ),
    Rule(
        lambda disk, _: not disk.removable,
        lambda disk, _: f"is no removable disk but a {disk.kind}; FORCE=1 (--force) where it is a card all the same",
        forced=True,
    ),
    Rule(
        lambda disk, _: disk.size > LARGEST,
        lambda disk, _: (
            f"is larger than any camera's card should be ({gigabytes(disk.size)}); FORCE=1 (--force) where it is one all the same"
        ),
        forced=True,
    ),
)


def refusals(disk: Disk, least: int, *, force: bool = False) -> list[str]:
    """Why this disk is not written over: sentences without their subject, none where it may be.  ``least``: bytes that are needed."""
    return [rule.says(disk, least) for rule in RULES if rule.broken(disk, least) and not (force and rule.forced)]


def gigabytes(size: int) -> str:
    """As cards are sold."""
    return f"{size / 1e9:.1f} GB"


def look(path: Path) -> Disk:
    """What is there.  ``OSError`` where nothing is, or where it is neither a disk nor a file."""
    real = path.resolve(strict=True)
    found = real.stat()
    if stat.S_ISREG(found.st_mode):
        return Disk(real, "file", found.st_size, real.name, removable=False, readonly=False, model="")
    if not stat.S_ISBLK(found.st_mode):
        raise OSError(f"{path} is neither a disk nor a file")
    return block(real, f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}")


def block(path: Path, number: str, *, sys: Path = Path("/sys"), proc: Path = Path("/proc")) -> Disk:
    """What the kernel tells of the disk of this number."""
    here = (sys / "dev" / "block" / number).resolve(strict=True)
    top = here.parent if (here / "partition").exists() else here
    numbers = {_word(each / "dev"): each.name for each in _below(top)}
    return Disk(
        path,
        _kind(top),
        int(_word(here / "size")) * SECTOR,
        top.name,
        removable=_word(top / "removable") == "1" or _word(top / "device" / "type") == "SD",
        readonly=_word(here / "ro") == "1",
        model=" ".join(_named(top / "device")),
        mounts=tuple(_mounts(proc, set(numbers))),
        swaps=tuple(_swaps(proc, set(numbers.values()))),
    )


def _below(top: Path) -> Iterator[Path]:
    """A disk, its partitions, and whatever is built upon these: encryption, volumes, arrays."""
    for each in (top, *(part.parent for part in sorted(top.glob("*/partition")))):
        yield each
        for holder in sorted(each.glob("holders/*")):
            yield from _below(holder.resolve())


def _kind(top: Path) -> str:
    if top.name.startswith("loop"):
        return "file in the place of a disk"
    return "built-in memory" if _word(top / "device" / "type") == "MMC" else "fixed disk"


def _named(device: Path) -> Iterator[str]:
    """What it calls itself; a number of its maker's tells a person nothing."""
    words = (_word(device / name) for name in ("vendor", "model", "name"))
    yield from (word for word in words if word and not word.startswith("0x"))


def _mounts(proc: Path, numbers: set[str]) -> Iterator[str]:
    """Mount points, from what the kernel tells of this process's: the third word is the device's number, the fifth where it is."""
    for line in (proc / "self" / "mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        words = line.split()
        if words[2] in numbers:
            yield _ESCAPED.sub(lambda found: chr(int(found[1], 8)), words[4])


def _swaps(proc: Path, names: set[str]) -> Iterator[str]:
    for line in (proc / "swaps").read_text(encoding="utf-8").splitlines()[1:]:
        if line and Path(line.split()[0]).resolve().name in names:
            yield f"swap on {line.split()[0]}"


def _word(path: Path) -> str:
    """What a file of the kernel's says; nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
