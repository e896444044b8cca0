"""What a camera's settings take of its memory, and how much that may be.

A board has 512 MB at least, which system, encoder and camera buffers share.  What the settings ask for is counted at its worst: encoders
overshoot to twice their target, and the buffer and both queues may be full at once, although they share what is in them.
"""

from __future__ import annotations

from typing import Final

SPARE_BYTES: Final = 160 << 20
"""What the pre-event buffer and the queues may hold together."""
OVERSHOOT: Final = 2
QUEUES: Final = 2
"""One into the controller, one into the writer."""
SLACK_S: Final = 2
"""The buffer holds whole groups of pictures: the one being filled and the oldest come on top."""


def captured(seconds: int, bitrate: int) -> int:
    """The most bytes that so many seconds of an encoder's stream are, at ``bitrate`` bit/s."""
    return OVERSHOOT * seconds * bitrate // 8


def buffer_bytes(pre_event_s: int, bitrate: int) -> int:
    """The most bytes that the pre-event buffer holds."""
    return captured(pre_event_s + SLACK_S, bitrate)


def asked(pre_event_s: int, queue_s: int, bitrate: int) -> int:
    """Bytes of memory that such settings ask for."""
    return buffer_bytes(pre_event_s, bitrate) + QUEUES * captured(queue_s, bitrate)
