"""Parts that may be missing: what cannot be opened, or goes on failing, is told by its name, closed, and opened anew.

Whoever uses a part gets an ``OSError`` while it is not there, and waits for nothing: opening is done at once as the camera is put together, and
from then on by one thread of its own, at first after a second, and then ever more rarely.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, Generic, Protocol, TypeVar

from hal.interface import PartName

NS: Final = 1_000_000_000
PATIENCE_NS: Final = 5 * NS
"""A part that failed for so long, with no success between, is closed and opened anew."""
FIRST_NS: Final = NS
LONGEST_NS: Final = 60 * NS
"""When a part is opened again: after the first, then after twice as long each time, up to the longest."""
STOOD_NS: Final = 60 * NS
"""A part that worked for so long is as good as one that never failed."""
LOOK_S: Final = 0.5

T = TypeVar("T")


class Looked(Protocol):
    """What the keeper looks after."""

    def poll(self) -> None:
        """See to it."""

    def close(self) -> None:
        """Give it back for good."""


class Keeper:
    """Knows which parts are missing and why, and sees to it that they come back."""

    def __init__(self, now: Callable[[], int], *, paced: bool = True) -> None:
        """Nothing is kept yet.  ``now`` is the monotonic clock, in ns; without ``paced`` there is no thread, and somebody calls ``poll``."""
        self.now = now
        self._kept: tuple[Looked, ...] = ()
        self._missing: Mapping[PartName, str] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pi-keeper", daemon=True) if paced else None

    def start(self) -> None:
        """Begin to look, once all threads may run."""
        if self._thread is not None:
            self._thread.start()

    def add(self, part: Looked) -> None:
        """Look after this, too."""
        self._kept += (part,)

    def missing(self) -> Mapping[PartName, str]:
        """The parts that are missing, and why, in words."""
        return self._missing

    def tell(self, name: PartName, why: str | None) -> None:
        """A part is missing, or with None is there.  From any thread."""
        if self._missing.get(name) == why:
            return
        with self._lock:
            rest = {each: said for each, said in self._missing.items() if each is not name}
            self._missing = rest if why is None else {**rest, name: why}

    def poll(self) -> None:
        """Look after each part once."""
        for part in self._kept:
            part.poll()

    def close(self) -> None:
        """Look after nothing any more, and give back what is open, the last one first."""
        self._closed.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()
        kept, self._kept = self._kept, ()
        for part in reversed(kept):
            part.close()

    def _run(self) -> None:
        while not self._closed.wait(LOOK_S):
            self.poll()


class Held(Generic[T]):
    """One part."""

    def __init__(
        self,
        keeper: Keeper,
        name: PartName,
        open_: Callable[[], T],
        close: Callable[[T], object],
        opened: Callable[[T], object] | None = None,
    ) -> None:
        """Open it at once.  ``open_`` and ``close`` raise ``OSError``; ``opened`` is told of each part that was opened."""
        self._keeper, self._name = keeper, name
        self._open, self._close, self._opened = open_, close, opened
        self._part: T | None = None
        self._worn: T | None = None
        self._lock = threading.Lock()
        self._failing_ns: int | None = None
        self._due_ns = self._since_ns = keeper.now()
        self._pause_ns = FIRST_NS
        self.poll()
        keeper.add(self)

    def get(self) -> T:
        """The part; ``OSError`` while it is not there."""
        part = self._part
        if part is None:
            why = self._keeper.missing().get(self._name, "is being opened")
            raise OSError(errno.ENODEV, f"{self._name.value}: {why}")
        return part

    @contextmanager
    def used(self) -> Iterator[T]:
        """The part, while it is used: an ``OSError`` that comes of it counts as a failure, and anything else as success."""
        part = self.get()
        try:
            yield part
        except OSError as error:
            self._failed(part, error)
            raise
        self._failing_ns = None

    def poll(self) -> None:
        """Close what is worn out, and open it where that is due."""
        now_ns = self._keeper.now()
        with self._lock:
            worn, self._worn = self._worn, None
        if worn is not None:
            with suppress(OSError):
                self._close(worn)
        if self._part is not None or now_ns < self._due_ns:
            return
        try:
            part = self._open()
        except OSError as error:
            self._lost(now_ns, error)
            return
        self._since_ns, self._failing_ns, self._part = now_ns, None, part
        self._keeper.tell(self._name, None)
        if self._opened is not None:
            with suppress(OSError):  # what fails again is seen at its next use
                self._opened(part)

    def close(self) -> None:
        """Give it back."""
        with self._lock:
            part, self._part = self._part, None
        if part is not None:
            with suppress(OSError):
                self._close(part)

    def _failed(self, part: T, error: OSError) -> None:
        now_ns = self._keeper.now()
        if self._failing_ns is None:
            self._failing_ns = now_ns
        if now_ns - self._failing_ns < PATIENCE_NS:
            return
        with self._lock:
            if self._part is not part:
                return
            self._worn, self._part = part, None
        if self._failing_ns - self._since_ns >= STOOD_NS:
            self._pause_ns = FIRST_NS
        self._lost(now_ns, error)

    def _lost(self, now_ns: int, error: OSError) -> None:
        self._keeper.tell(self._name, error.strerror or str(error))
        self._due_ns, self._pause_ns = now_ns + self._pause_ns, min(2 * self._pause_ns, LONGEST_NS)


class Watched:
    """Something that nobody opens but when it is needed, looked at now and then."""

    def __init__(self, keeper: Keeper, name: PartName, look: Callable[[], str | None], every_ns: int = 10 * NS) -> None:
        """``look`` says what is wrong, or None.  The first look is taken at once."""
        self._keeper, self._name, self._look, self._every_ns = keeper, name, look, every_ns
        self._due_ns = keeper.now()
        self.poll()
        keeper.add(self)

    def poll(self) -> None:
        """Look, where it is due."""
        now_ns = self._keeper.now()
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + self._every_ns
            self._keeper.tell(self._name, self._look())

    def close(self) -> None:
        """Nothing is open."""
