"""The judgement on a whole card, by the independent verifier: only whole or recovered, and every number accounted for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from firmware.runtime import names
from tests.fault.soak.dockings import GOOD, told
from tests.fault.soak.watch import BrokenError
from tests.rig import Rig, judge
from tools.verify.report import Verdict

if TYPE_CHECKING:
    from tests.fault.soak.watch import Watch


def verify(rig: Rig, watch: Watch, folder: Path, *, running: bool) -> None:
    """Judge a copy of the card; ``BrokenError`` if anything is wrong.

    ``running``: the shift goes on, so that recordings may be open, and what is in them is looked at later.
    """
    try:
        found = list(_problems(rig, watch, folder, running=running))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if found:
        raise BrokenError("; ".join(found))


def _problems(rig: Rig, watch: Watch, folder: Path, *, running: bool) -> Iterator[str]:
    report = judge(rig, folder, key=not running)
    (volume,) = report.volumes
    allowed = GOOD | {Verdict.OPEN} if running else GOOD
    yield from (f"{each.path}: {told(each)}" for each in report.every_recording if each.verdict not in allowed)
    yield from (f"volume: {each.file}: {each.reason}" for each in volume.problems)
    here = {each.number for each in report.every_recording}
    log = watch.rack.log(rig)
    quarantined = {line["data"]["name"] for line in log if line["kind"] == "quarantine"}
    settled = {line["data"]["number"] for line in log if line["kind"] in {"erasure", "void"}}
    for number in range(1, watch.number + 1):
        known = number in here or number in settled
        if not known and names.recording(number) not in quarantined:
            yield f"recording {number} is accounted for nowhere"
    yield from (
        f"recording {each} was erased, and no dock had it" for each in set(volume.erased) - watch.rack.receipted
    )
    if not running:
        said = watch.rack.said | {
            each.number: {entry.kind for entry in each.private or ()} for each in report.every_recording if each.number
        }
        silent = {each for each in watch.lacking if each in said and "standby" not in said[each]}
        yield from (f"recording {each} lacks what was before it, and does not say why" for each in sorted(silent))
        yield from watch.footage.lost()
        yield from (f"recording {each} never came back" for each in watch.owed)
