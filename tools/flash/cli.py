"""``lapel flash``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tools.flash import card, disks, enrolled, writing
from tools.vm.trouble import VmError, need

USAGE = 2
_ABOUT = """\
Write a camera's image onto a card, read it back and compare, lay out what is left of the card for recordings, and put
a device's enrolment on it.

  lapel flash /dev/sdb --image build/image/zero2w/images/card.img
  lapel flash /dev/sdb --image build/image/zero2w/images/card.img --enrolment cam-1/      what `lapel provision device` wrote

Everything on the card is lost.  A disk that is mounted, that is not removable or that is larger than a card should be is
refused; --force goes on all the same.  A disk that the running system lives on is refused in any case.  The first sector
is written last: a card that was pulled out half written does not start.

Exit status: 0 written and compared; 1 not, and the message says why; 2 the command was wrong."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``flash`` to the ``lapel`` command; the parsed arguments carry ``run``, which returns the exit status."""
    parser = subparsers.add_parser(
        "flash",
        help="write a camera's image onto a card, and read it back",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("disk", type=Path, metavar="DEV", help="the card: the whole disk, like /dev/sdb")
    parser.add_argument("--image", type=Path, required=True, help="what `make image` made")
    parser.add_argument("--enrolment", type=Path, metavar="DIR", help="a device's enrolment, to go onto the card")
    parser.add_argument("--force", action="store_true", help="write even where the disk does not look like a card")
    parser.add_argument("--yes", action="store_true", help="do not ask; needed where nobody can be asked")
    parser.add_argument("--json", action="store_true", help="for machines: what was done, as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Flash a card; the exit status."""
    try:
        done = _flash(arguments)
    except (VmError, enrolled.EnrolmentError) as error:
        return _told(str(error))
    except PermissionError as error:
        return _told(f"{error.filename or arguments.disk}: is not yours to write: run it as root (sudo)")
    except OSError as error:
        return _told(f"{error.filename or arguments.disk}: {error.strerror or error}")
    except KeyboardInterrupt:
        return _told(f"stopped: {arguments.disk} is of no use until it is flashed again") or 130
    if isinstance(done, str):
        return _told(done)
    sys.stdout.write(json.dumps(done, indent=2) + "\n" if arguments.json else "\n".join(_words(done)) + "\n")
    return 0


def _flash(arguments: argparse.Namespace) -> dict[str, Any] | str:
    """What was done, or why nothing was."""
    need("sfdisk", "mke2fs", "debugfs", "e2fsck")
    least = card.Layout.least().size
    disk = disks.look(arguments.disk)
    if wrong := disks.refusals(disk, least, force=arguments.force):
        return f"{disk.title} is left as it is.\n" + "\n".join(f"  It {each}." for each in wrong)
    who = enrolled.read(arguments.enrolment) if arguments.enrolment is not None else None
    card.check(arguments.image)
    if not arguments.yes and not _agreed(disk):
        return f"{disk.title} is left as it is."
    _unmount(disk)
    with (
        card.planned(arguments.image, disk.size, who.files if who else None) as (plan, layout),
        _progress(quiet=arguments.json) as step,
    ):
        size = layout.evidence.offset
        with writing.alone(disk.path) as handle:
            writing.write(plan, size, handle, step("writing", size))
            sha256 = writing.read_back(plan, size, handle, step("reading back", size))
        card.make_evidence(disk.path, layout)
    _tell_kernel(disk)
    return {
        "disk": str(disk.path),
        "image": str(arguments.image),
        "bytes": size,
        "sha256": sha256,
        "evidence_bytes": layout.evidence.size,
        "device": who.device if who else None,
        "key": None if who is None else "on the card" if who.software else "in the camera",
    }


def _agreed(disk: disks.Disk) -> bool:
    """Whether a person says so; nobody there is no."""
    if not sys.stdin.isatty():
        sys.stderr.write("lapel flash: nobody is there to be asked: --yes (make flash YES=1) goes on\n")
        return False
    sys.stderr.write(f"Everything on {disk.title} will be lost.  Its name, to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() in {disk.path.name, str(disk.path)}


def _unmount(disk: disks.Disk) -> None:
    """Take it out of use: who insists on a mounted disk means this."""
    for mount in reversed(disk.mounts):
        done = subprocess.run(["umount", mount], capture_output=True, text=True, check=False)
        if done.returncode:
            raise VmError(done.stderr.strip())


def _tell_kernel(disk: disks.Disk) -> None:
    """Let the kernel read the new table; where it cannot now, it does when the card is put in again."""
    if disk.kind != "file":
        os.sync()
        subprocess.run(["blockdev", "--rereadpt", str(disk.path)], capture_output=True, check=False)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Any]:
    """Bars on the terminal, one a step; each is called with the bytes that were done."""
    columns = (
        TextColumn("{task.description:>12}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet or not sys.stderr.isatty()) as shown:

        def step(title: str, total: int) -> writing.Progress:
            task: TaskID = shown.add_task(title, total=total)
            return lambda done: shown.advance(task, done)

        yield step


def _words(done: dict[str, Any]) -> Iterator[str]:
    yield f"{done['disk']}: {disks.gigabytes(done['bytes'])} written, read back and the same (SHA-256 {done['sha256']})"
    yield f"{disks.gigabytes(done['evidence_bytes'])} are left for recordings"
    if done["device"] is None:
        yield "Not enrolled: the camera will say so and record nothing (lapel provision device)"
    else:
        yield f"Enrolled as {done['device']}, its key {done['key']}"


def _told(words: str) -> int:
    sys.stderr.write(f"lapel flash: {words}\n")
    return 1
