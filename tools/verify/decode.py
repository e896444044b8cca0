"""Whether a segment plays alone: decoded by FFmpeg (through PyAV) without a word of complaint."""

from __future__ import annotations

import io
import threading

import av
import av.error
import av.logging

from tools.verify.findings import Refused, need


class _Listening:
    """FFmpeg says errors as long as anybody decodes: its level is the whole program's, what it says is told to the thread that it says it of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._many = 0
        self._level: int | None = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._many:
                self._level = av.logging.get_level()
                av.logging.set_level(av.logging.ERROR)
            self._many += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._many -= 1
            if not self._many:
                av.logging.set_level(self._level)  # none: nothing is said, which is where PyAV begins


_LISTENING = _Listening()


def check_plays(segment: io.BytesIO, video_samples: int, audio_samples: int) -> None:
    """Decode all of a plain segment; ``Refused`` with FFmpeg's own words where anything is amiss or frames are
    missing."""
    segment.seek(0)
    try:
        with _LISTENING, av.logging.Capture() as said:
            frames = _decode(segment)
    except av.error.FFmpegError as error:
        raise Refused(f"does not decode: {error.strerror}") from None
    need(not said, f"does not decode cleanly: {said[0][2].strip() if said else ''}")
    need(frames["video"] == video_samples, f"{video_samples} frames were signed, {frames['video']} decode")
    need(bool(frames["audio"]) == bool(audio_samples), "its sound does not decode")


def _decode(segment: io.BytesIO) -> dict[str, int]:
    frames = {"video": 0, "audio": 0}
    with av.open(segment, "r", format="mp4") as container:
        for stream in container.streams:
            if stream.codec_context is None:
                raise Refused("does not decode: nobody knows the codec of one of its tracks")
            # One thread: complaints of other threads would come too late to be heard.
            stream.codec_context.thread_count = 1
        for packet in container.demux():
            for frame in packet.decode():
                frames[packet.stream.type] += 1
                need(not getattr(frame, "is_corrupt", False), "a frame is damaged")
    return frames
