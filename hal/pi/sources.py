"""Lens, microphone and accelerometer of a board as the firmware sees them: each is opened when it is started, and one that failed anew."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from hal.interface import (
    Accelerometer,
    AudioFormat,
    AudioSource,
    Overlay,
    PartName,
    Samples,
    Unit,
    VideoFormat,
    VideoSource,
)
from hal.pi.keeper import Keeper


class Closable(VideoSource, Protocol):
    """A lens that can be given back."""

    def close(self) -> None:
        """Stop, and let another have it."""


class KeptVideo:
    """The lens.  ``start`` opens it where it is not open, and gives back one that does not begin: the next start opens it anew."""

    def __init__(self, keeper: Keeper, video: VideoFormat, open_: Callable[[], Closable]) -> None:
        """Nothing is opened yet."""
        self._keeper, self._format, self._open = keeper, video, open_
        self._part: Closable | None = None
        self._overlay: Overlay | None = None
        keeper.add(self)

    @property
    def format(self) -> VideoFormat:
        """The format of every unit."""
        return self._format

    def overlay(self, overlay: Overlay) -> None:
        """Burn this into the frames from now on."""
        self._overlay = overlay
        part = self._part
        if part is not None:
            part.overlay(overlay)

    def start(self, sink: Callable[[Unit], None]) -> None:
        """Deliver units until ``stop``; ``OSError`` where there is no lens, or it does not begin."""
        try:
            part = self._part or self._open()
            self._part = part
            if self._overlay is not None:
                part.overlay(self._overlay)
            part.start(sink)
        except OSError as error:
            self._keeper.tell(PartName.LENS, error.strerror or str(error))
            self._drop()
            raise
        self._keeper.tell(PartName.LENS, None)

    def stop(self) -> None:
        """Deliver nothing more once this returns.  ``OSError`` where that cannot be had: the next start opens the lens anew."""
        if self._part is None:
            return
        try:
            self._part.stop()
        except OSError:
            self._drop()
            raise

    def poll(self) -> None:
        """Whoever starts it sees to it."""

    def close(self) -> None:
        """Give it back."""
        self._drop()

    def _drop(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            with suppress(OSError):
                part.close()


class KeptAudio:
    """The microphone, which is opened by each start; told is whether that worked, and before that whether there is one at all: nobody should learn
    by the press that counts that there is not."""

    def __init__(self, keeper: Keeper, source: AudioSource, absent: Callable[[], str | None] = lambda: None) -> None:
        """``absent`` says why there is none, without opening it; None where there is one, or where only a start shows that."""
        self._keeper, self._source, self._absent = keeper, source, absent
        self._runs = self._gone = False
        keeper.add(self)
        self.poll()

    @property
    def format(self) -> AudioFormat:
        """The format of every unit."""
        return self._source.format

    def start(self, sink: Callable[[Unit], None]) -> None:
        """Deliver units until ``stop``."""
        try:
            self._source.start(sink)
        except OSError as error:
            self._keeper.tell(PartName.MICROPHONE, self._absent() or error.strerror or str(error))
            raise
        self._runs = True
        self._keeper.tell(PartName.MICROPHONE, None)

    def stop(self) -> None:
        """Deliver nothing more once this returns."""
        self._runs = False
        self._source.stop()

    def poll(self) -> None:
        """Look whether there is one, while it is closed.  What the last start found wrong with one that is there stands until the next."""
        if self._runs:
            return
        why = self._absent()
        if why is not None or self._gone:
            self._keeper.tell(PartName.MICROPHONE, why)
        self._gone = why is not None

    def close(self) -> None:
        """Whoever started it stops it."""


class KeptMotion:
    """The accelerometer: bus and chip are opened by each start, and given back by each stop."""

    def __init__(self, keeper: Keeper, open_: Callable[[], tuple[Accelerometer, Callable[[], None]]]) -> None:
        """``open_`` gives the part, and what gives its bus back."""
        self._keeper, self._open = keeper, open_
        self._part: tuple[Accelerometer, Callable[[], None]] | None = None

    def start(self, sink: Callable[[Samples], None]) -> None:
        """Deliver readings until ``stop``; ``ValueError`` while it runs, ``OSError`` where it does not answer."""
        if self._part is not None:
            raise ValueError("the accelerometer runs already")
        try:
            part, close = self._open()
            try:
                part.start(sink)
            except OSError:
                close()
                raise
        except OSError as error:
            self._keeper.tell(PartName.ACCELEROMETER, error.strerror or str(error))
            raise
        self._part = part, close
        self._keeper.tell(PartName.ACCELEROMETER, None)

    def stop(self) -> None:
        """Deliver nothing more, and let it sleep."""
        kept, self._part = self._part, None
        if kept is not None:
            part, close = kept
            part.stop()
            close()
