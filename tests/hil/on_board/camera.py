"""Runs a board's lens for some seconds, keeps what it gives in a file, and tells the times."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from hal.interface import Unit, VideoFormat
from tests.hil.on_board import lens, parts, talk

MOST = 64 << 20
"""Bytes that are kept, in memory."""


@talk.program
def start(given: Mapping[str, Any]) -> None:
    """So many ``seconds`` into the file ``into``; capture times and how late each came, in ms from the first one's."""
    video = VideoFormat(*(int(given[name]) for name in ("width", "height", "fps", "bitrate", "fps")))
    desk = talk.Desk()
    kept: list[tuple[int, int, bool, int]] = []
    data = bytearray()

    def sink(unit: Unit) -> None:
        kept.append((unit.time_ns, parts.boottime_ns(), unit.key, len(unit.data)))
        if len(data) < MOST:
            data.extend(unit.data)

    with parts.clock() as clock, closing(lens.opened(parts.board(given), video, clock)) as camera:
        talk.say("ready")
        camera.start(sink)
        desk.gone(given["seconds"])
        camera.stop()
        unburnt = camera.unburnt
    Path(given["into"]).write_bytes(data)
    first = kept[0][0] if kept else 0
    talk.say(
        "frames",
        times_ms=[round((time_ns - first) / 1e6, 3) for time_ns, *_ in kept],
        late_ms=[round((arrived - time_ns) / 1e6, 3) for time_ns, arrived, *_ in kept],
        keys=[index for index, each in enumerate(kept) if each[2]],
        bytes=sum(each[3] for each in kept),
        unburnt=unburnt,
    )
