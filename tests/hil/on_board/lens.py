"""The board's lens, as its file describes it.  Apart from the other parts, since it takes seconds to load."""

from __future__ import annotations

from hal.interface import Clock, VideoFormat
from hal.pi.board import Board
from hal.pi.camera import PiCamera


def opened(board: Board, video: VideoFormat, clock: Clock) -> PiCamera:
    """The board's lens.  OSError where its file has none."""
    if board.camera is None:
        raise OSError("the board's file has no camera")
    how = board.camera
    return PiCamera(video, clock, how.number, turned=how.turned, hardware=how.hardware)
