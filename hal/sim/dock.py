"""The simulated dock port: a serial line or a TCP connection that is plugged in and pulled out from outside."""

from __future__ import annotations

import errno
import threading

from hal.interface import PortKind
from hal.lines import Line, TcpLine, is_tcp
from hal.sim.calls import Call, Number
from hal.sim.noise import Chances, Fuse, Noise
from hal.sim.watchers import Watchers
from hal.tty import SerialLine


class SimDock:
    """A ``DockPort`` that reaches whatever was plugged in: the path of a tty, or ``tcp:HOST:PORT``.

    What is plugged in stays so until it is pulled out.  A line whose peer went away is opened anew after ``reset``.  Whoever was using
    what was pulled out gets ``OSError`` until ``reset``, also where something is plugged in again by then.
    ``watchers`` are told what is plugged in, or None.
    """

    def __init__(self) -> None:
        """Nothing plugged in."""
        self.watchers: Watchers[str | None] = Watchers()
        self._lock = threading.Lock()
        self._path: str | None = None
        self._line: Line | None = None
        self._broken = self._used = self._replaced = False
        self._fuse = Fuse()
        self._inward, self._outward = _noise(Chances(), 0)

    @property
    def path(self) -> str | None:
        """What is plugged in."""
        return self._path

    @property
    def kind(self) -> PortKind:
        """A tty is serial, TCP a stream."""
        path = self._path
        return PortKind.STREAM if path is not None and is_tcp(path) else PortKind.SERIAL

    def plug(self, path: str) -> None:
        """Plug something in, in place of what was; ``OSError`` or ``ValueError`` where it cannot be opened."""
        self.unplug()
        line = _open(path)
        with self._lock:
            self._path, self._line, self._broken = path, line, False
        self.watchers.tell(path)

    def unplug(self) -> None:
        """Pull it out: whoever reads gets ``OSError`` at once."""
        with self._lock:
            was, line = self._path, self._line
            self._path = self._line = None
            self._replaced = self._used
        if line is not None:
            line.close()
        if was is not None:
            self.watchers.tell(None)

    def connected(self) -> bool:
        """Whether something is plugged in and, as far as the system knows, answers."""
        try:
            return self._present().alive()
        except OSError:
            return False

    def read(self, limit: int, timeout_s: float) -> bytes:
        """Up to ``limit`` bytes as soon as any are there; empty after the timeout."""
        if limit <= 0 or timeout_s < 0:
            raise ValueError(f"limit must be positive and the timeout not negative: {limit}, {timeout_s}")
        line = self._use()
        try:
            data = self._fuse.let(self._inward.spoil(line.read(limit, timeout_s)))
        except OSError:
            self._break(line)
            raise
        self._mind_fuse()
        return data

    def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the line."""
        line = self._use()
        try:
            line.write(self._fuse.let(self._outward.spoil(data)))
        except OSError:
            self._break(line)
            raise
        self._mind_fuse()

    def reset(self) -> None:
        """Drop what is buffered.  A line that broke, or a TCP connection that was used, is opened anew when needed."""
        with self._lock:
            line = self._line
            self._broken = self._used = self._replaced = False
            if line is not None and line.renew():
                return
            self._line = None
        if line is not None:
            line.close()

    def disturb(self, seed: int, drop: float, flip: float, invent: float) -> None:
        """Lose, alter or add bytes with these chances, both ways, until told otherwise."""
        self._inward, self._outward = _noise(Chances(drop, flip, invent), seed)

    def cut(self, after: int) -> None:
        """Pull it out after ``after`` bytes more, counted both ways."""
        self._fuse = Fuse(after)

    def clear(self) -> None:
        """Behave again."""
        self._fuse = Fuse()
        self._inward, self._outward = _noise(Chances(), 0)

    def faults(self) -> dict[str, Call]:
        """What can be asked for on the control socket."""
        chance = Number(0, 1, 0, real=True)
        noise = {"seed": Number(0, 1 << 32, 0), "drop": chance, "flip": chance, "invent": chance}
        return {
            "noise": Call(self.disturb, noise),
            "cut": Call(self.cut, {"after": Number(0, 1 << 50, 0)}),
            "clear": Call(self.clear),
        }

    def _use(self) -> Line:
        line = self._present()
        with self._lock:
            self._used = self._used or self._line is line
        return line

    def _present(self) -> Line:
        with self._lock:
            if self._path is None or self._broken or self._replaced:
                raise OSError(errno.ENOTCONN, "nothing is plugged in" if self._path is None else "the dock is gone")
            if self._line is None:
                self._line = _open(self._path)
            return self._line

    def _break(self, line: Line) -> None:
        with self._lock:
            self._broken = self._broken or self._line is line

    def _mind_fuse(self) -> None:
        if self._fuse.broken:
            self._fuse = Fuse()
            self.unplug()
            raise OSError(errno.EIO, "the cable was pulled out")


def _open(path: str) -> Line:
    return TcpLine(path) if is_tcp(path) else SerialLine(path)


def _noise(chances: Chances, seed: int) -> tuple[Noise, Noise]:
    return Noise(chances, f"in {seed}"), Noise(chances, f"out {seed}")
