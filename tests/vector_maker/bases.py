"""What the vectors of evidence are edits of: small trees that the maker writes, and the keys that go with them.

Every path in a base begins with the folder that a judge is shown: ``card/`` is a camera's card.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.evidence_maker import RECIPIENTS, Authority, Camera, Plan, TimeAuthority
from tests.evidence_maker.agefile import Recipient
from tests.evidence_maker.recording import Forge, honest
from tests.vector_maker.files import VECTORS
from tests.vector_maker.hybrid import HYBRID
from tests.vector_maker.pinned import pq_device, pq_root
from tests.vector_maker.tree import read_folder, read_tar

BASES = VECTORS / "bases"
KEYS = VECTORS / "keys"
CARD = "card/"
FIRST = "card/recordings/00000001"

OURS = Authority()
THEIRS = Authority("stranger")
SMALL = Plan(segments=1, before=0, steps=1, sound=False, private=())
"""The smallest recording: a segment of one flush, and the end of the private part."""

FULL = Plan(
    segments=3,
    before=1,
    steps=2,
    private=({"kind": "bookmark", "at": 300_000, "label": "Zelle 12 \u2192 Hof"},),
)
"""One with sound and a part from before the press.  Its lines: 1 private part, 2 and 3 segment 1, 4 and 5 segment 2, 6 and
7 segment 0, 8 private part."""

Story = Callable[[Camera], None]


def tell(story: Story, forge: Forge = honest, **options: Any) -> dict[str, bytes]:
    """The card that a camera writes while a story happens."""
    with tempfile.TemporaryDirectory() as folder:
        story(Camera(Path(folder, "card"), forge=forge, **options))
        return read_folder(Path(folder))


def recording(camera: Camera, plan: Plan = FULL) -> None:
    """One recording, receipted."""
    camera.record(plan)
    camera.receipt(1)


def card(camera: Camera) -> None:
    """Three small recordings, the first two receipted, all countersigned; then a second boot."""
    for number in (1, 2, 3):
        camera.record(SMALL)
        if number < 3:
            camera.receipt(number)
    camera.countersign()


def recovered(camera: Camera) -> None:
    """A recording that was cut off within its second flush, recovered in the next boot and resumed by another."""
    camera.cut(after=2, plan=FULL)
    cut = camera.recorders[1]
    camera.boot()
    camera.recover(1)
    resumed = {"number": 1, "opening": camera.previous, "ended": cut.flushes[-1]["clock"]}
    camera.record(Plan(segments=1, before=0, steps=1, sound=False, private=(), continues=resumed))


def hybrid(camera: Camera) -> None:
    """A small recording with sound, receipted."""
    recording(camera, Plan(segments=1, before=0, steps=1, private=()))


def gaps(camera: Camera) -> None:
    """A marked recording with lost frames and a gap in the sound, whose lowest segment numbers are not used."""
    recording(
        camera,
        Plan(segments=1, before=0, steps=1, private=(), lost=(5, 6, 13), silent=(1.2, 1.6), skipped=2, priority=True),
    )


PRESS = {"kind": "press", "button": "record", "gesture": "press"}


def kept(camera: Camera) -> None:
    """Two recordings in two boots, the second with a private part of the log; docked after all of it."""
    camera.record(SMALL)
    camera.log("stop", {"reason": "shutdown", "resume": False})
    camera.boot()
    camera.record(SMALL)
    camera.remark({"kind": "shift", "shift": "S-9"}, PRESS, last=True)
    camera.log("stop", {"reason": "shutdown", "resume": False})
    camera.countersign()


def tiny(camera: Camera) -> None:
    """A recording that was cut off before its first flush, recovered in a second boot: what fits into a conversation."""
    camera.cut(after=0, plan=SMALL, torn=b"", tail=0)
    camera.boot()
    camera.recover(1)


def overlap(camera: Camera, seen: int = 2) -> None:
    """Two recordings without sound, the second of which begins with the last two seconds of the first, or with what the clip shows at ``seen``
    seconds."""
    plan = Plan(segments=2, before=0, steps=2, sound=False, private=(), start_ms=60_000)
    camera.record(plan)
    shared = {"number": 1, "opening": camera.previous, "first": 0, "last": 171_000, "at": 180_000}
    camera.record(replace(plan, before=1, start_ms=64_000, overlaps=(shared,), skip=seen))


STORIES: Mapping[str, tuple[Story, Mapping[str, Any]]] = {
    "recording": (recording, {}),
    "card": (card, {}),
    "recovered": (recovered, {}),
    "gaps": (gaps, {}),
    "kept": (kept, {}),
    "tiny": (tiny, {}),
    "overlap": (overlap, {}),
    "hybrid": (hybrid, {"recipients": HYBRID}),
}


def make_base(name: str) -> dict[str, bytes]:
    """Make a base anew."""
    story, options = STORIES[name]
    return tell(story, **options)


@cache
def base(name: str) -> Mapping[str, bytes]:
    """A base as it stands in the repository."""
    return read_tar(BASES / f"{name}.tar")


def key_files() -> dict[str, bytes]:
    """The files that a judge may be given: roots and age keys.  All of these keys are made up, and known to everybody."""
    return {
        "root.crt.pem": OURS.root_pem,
        "stranger.crt.pem": THEIRS.root_pem,
        "tsa-root.crt.pem": TimeAuthority().root_pem,
        "pq-root.crt.pem": pq_root().pem,
        "pq-device.crt.pem": pq_device().pem,
        **{f"{each.seed}.agekey": each.key_file.encode() for each in (*RECIPIENTS, Recipient("stranger"))},
        **{f"{each.seed}.agekey": each.key_file.encode() for each in HYBRID},
    }
